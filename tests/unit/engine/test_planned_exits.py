"""A position shows whose its exits are, and how much of it they sell."""

from __future__ import annotations

import pytest

from papertrader_tui.domain.commands import SwitchBot
from papertrader_tui.domain.orders import Kind, SizeBy
from papertrader_tui.engine.snapshot import PositionRow
from papertrader_tui.engine.view import View
from papertrader_tui.ports import MarketInfo
from tests.deskkit import D, Kit


class Described:
    info = MarketInfo("demo", "DEMO", "", "", "", 0, "")
    progress: float | None = None
    speed: float | None = 1.0


def row(kit: Kit) -> PositionRow:
    (position,) = View(kit.desk, Described(), lambda: kit.now).snapshot().positions
    return position


def test_a_stop_that_covers_part_of_a_holding_says_which() -> None:
    kit = Kit()
    held = kit.hold()
    kit.sell("10", kind=Kind.STOP, price="2900")
    kit.sell("25", kind=Kind.STOP, price="2900")
    kit.sell("0.01", kind=Kind.LIMIT, price="3500", by=SizeBy.QUANTITY)
    shown = row(kit)
    assert (shown.stop, shown.target) == (D(2900), D(3500))
    # a tenth of all, then a quarter of what was free
    assert shown.stop_part == pytest.approx(0.1 + 0.9 * 0.25)
    assert shown.target_part == pytest.approx(0.01 / float(held))
    assert not shown.stop_bot
    assert not shown.target_bot


def test_what_a_person_bought_gets_the_bots_exits_while_it_is_on() -> None:
    kit = Kit()
    kit.hold()
    assert (row(kit).stop, row(kit).stop_bot) == (None, False)
    kit.say(SwitchBot(True))
    kit.price("3001")
    shown = row(kit)
    assert shown.stop is not None
    assert shown.target is not None
    assert shown.stop < 3000 < shown.target
    assert (shown.stop_bot, shown.target_bot) == (True, True)
    assert (shown.stop_part, shown.target_part) == (1.0, 1.0)
    kit.say(SwitchBot(False))
    assert row(kit).stop is None


def test_the_nearest_exit_is_shown_whoever_planned_it() -> None:
    kit = Kit()
    kit.hold()
    kit.sell("50", kind=Kind.STOP, price="2990")
    kit.say(SwitchBot(True))
    kit.price("3001")
    shown = row(kit)
    assert (shown.stop, shown.stop_bot, shown.stop_part) == (D(2990), False, 0.5)
    assert shown.target_bot


def test_the_bot_has_no_exits_where_orders_have_reserved_all_of_it() -> None:
    kit = Kit()
    kit.hold()
    kit.sell("100", kind=Kind.STOP, price="2500")
    kit.say(SwitchBot(True))
    kit.price("3001")
    shown = row(kit)
    assert (shown.stop, shown.stop_bot, shown.stop_part) == (D(2500), False, 1.0)
    assert shown.target is None
