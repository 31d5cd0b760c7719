"""The list of commands is the only place where a key is written."""

from __future__ import annotations

import pytest

from papertrader_tui.tui import commands
from papertrader_tui.tui.app import PapertraderApp
from papertrader_tui.tui.commands import COMMANDS, KeymapError, effective, markdown
from papertrader_tui.tui.panels import PANELS
from papertrader_tui.tui.screens.desk import DeskScreen
from papertrader_tui.tui.widgets.command_bar import CommandBar


def test_ids_and_keys_are_unique():
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)
    assert effective({}) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_every_command_has_an_action_where_it_says(command):
    owner = PapertraderApp if command.scope == commands.APP else DeskScreen
    name = command.action.partition("(")[0]
    if name.startswith("app."):
        owner, name = PapertraderApp, name.removeprefix("app.")
    assert callable(getattr(owner, f"action_{name}"))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_every_command_is_in_the_readme_table(command):
    row = next(line for line in markdown().splitlines() if f"`{command.id}`" in line)
    assert command.help in row
    assert f"`{commands.first_key(command)}`" in row


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"order.by": "n"}, "did you mean 'order.buy'"),
        ({"nonsense": "n"}, "no command is called 'nonsense'"),
        ({"order.buy": " "}, "order.buy has no key"),
        ({"order.buy": "s"}, "'s' is given to both order.buy and order.sell"),
        ({"order.buy": "question_mark"}, "is given to both"),
    ],
)
def test_a_bad_keymap_names_the_key_and_the_remedy(keys, message):
    with pytest.raises(KeymapError, match=message):
        effective(keys)


def test_two_keys_can_change_places():
    swapped = {
        command.id: command.key for command in effective({"order.buy": "s", "order.sell": "b"})
    }
    assert (swapped["order.buy"], swapped["order.sell"]) == ("s", "b")


@pytest.mark.parametrize("width", range(0, 200, 7))
def test_the_footer_fits_and_keeps_what_matters_most(width):
    bar = CommandBar(COMMANDS, id="bar")
    entries = bar.entries(width)
    drawn = sum(len(key) + 1 + (len(label) + 2 if label else 0) for key, label, _ in entries)
    assert drawn <= width
    ranks = {command.id: command.footer for command in COMMANDS if command.footer}
    shown = {command_id for _, _, command_id in entries}
    missing = ranks.keys() - shown
    assert not shown or not missing or max(ranks[i] for i in shown) < min(ranks[i] for i in missing)


def test_at_80_columns_help_and_quit_are_on_the_footer():
    shown = {command_id for _, _, command_id in CommandBar(COMMANDS, id="bar").entries(80)}
    assert {"order.buy", "order.sell", "app.help", "app.quit"} <= shown


def test_panels_have_letters_of_their_own():
    assert len({panel.letter for panel in PANELS}) == len(PANELS)
