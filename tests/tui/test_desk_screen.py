"""How the Desk looks: sizes, notices, windows and failures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.ports import JournalError
from papertrader_tui.tui.settings import UiSettings
from tests.tui.driving import console, lines, press, settle, text
from tests.tui.fake_desk import NOW, FakeDesk, token

SIZES = [(140, 42), (200, 60), (120, 34), (100, 42), (80, 24), (60, 16)]


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_is_filled_and_nothing_overflows(size):
    desk = FakeDesk(notice="Demo market: prices are invented.")
    desk.hold(0)
    desk.rest(0)
    desk.decide()
    async with console(desk, size) as (app, _):
        drawn = lines(app)
        assert len(drawn) == size[1]
        assert drawn[0].startswith(" DEMO ")
        assert drawn[1].strip() == "Demo market: prices are invented."
        assert "Watchlist" in drawn[2]
        assert drawn[-1].startswith(" b Buy")
        screen = app.screen
        for widget in screen.query("*"):
            if widget.display and widget.region:
                assert screen.region.contains_region(widget.region) or widget.parent.is_scrollable
        assert screen.max_scroll_y == 0
        assert screen.max_scroll_x == 0


async def test_at_140_columns_every_panel_is_on_the_screen():
    desk = FakeDesk()
    desk.hold(0)
    desk.rest(0)
    desk.decide()
    async with console(desk) as (app, _):
        shown = text(app)
        for title in (
            "Watchlist",
            "WETH/USDC · 5m",
            "Positions",
            "Decisions",
            "Order",
            "Open orders",
            "Gates",
        ):
            assert f" {title} " in shown


async def test_at_80_columns_tabs_lead_to_every_panel():
    desk = FakeDesk()
    desk.rest(0)
    async with console(desk, (80, 24)) as (app, pilot):
        assert "Open orders 1" in text(app)
        strip = next(i for i, line in enumerate(lines(app)) if "Positions" in line)
        for word, part in (
            ("Positions", "No open positions"),
            ("Open orders", "3,300.00"),
            ("Gates", "daily trades"),
            ("Decisions", "No decisions yet"),
            ("Order", "Tolerance"),
            ("Chart", "WETH/USDC"),
        ):
            await pilot.click(offset=(lines(app)[strip].index(word) + 1, strip))
            await settle(app, pilot)
            assert part in text(app)
            assert lines(app)[strip + 1].endswith("╮")


async def test_resizing_keeps_what_was_typed():
    async with console(FakeDesk()) as (app, pilot):
        await press(app, pilot, *"b500")
        await pilot.resize_terminal(80, 24)
        await settle(app, pilot)
        assert "Tolerance" in text(app)
        assert app.desk_screen.ticket.entry.value == "500"
        await pilot.resize_terminal(50, 12)
        await settle(app, pilot)
        assert "too small" in text(app)
        await pilot.resize_terminal(140, 42)
        await settle(app, pilot)
        assert "Positions" in text(app)
        assert app.desk_screen.ticket.entry.value == "500"


async def test_a_failed_desk_says_what_happened_what_was_kept_and_what_to_press():
    desk = FakeDesk(fail=JournalError("the disk is full: /x/account.db"))
    async with console(desk) as (app, pilot):
        shown = text(app)
        assert "JournalError: the disk is full" in shown
        assert "Kept: every fill" in shown
        assert "Enter or q leaves" in shown
        await pilot.press("enter")
        await pilot.pause()
    assert app.return_code == 1


async def test_help_begins_with_the_panel_that_has_the_focus():
    async with console(FakeDesk()) as (app, pilot):
        app.desk_screen.show_panel("positions")
        await press(app, pilot, "?")
        shown = text(app)
        assert shown.index("What you hold") < shown.index("Write a buy order")
        await press(app, pilot, "escape")
        assert "Write a buy order" not in text(app)


async def test_help_shows_the_key_that_works():
    settings = UiSettings(keys={"order.buy": "n"})
    async with console(FakeDesk(), settings=settings) as (app, pilot):
        await press(app, pilot, "?")
        line = next(line for line in lines(app) if "Write a buy order" in line)
        assert line.partition("Write")[0].split()[-1] == "n"


async def test_the_palette_runs_commands():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await pilot.press("ctrl+p", *"switch the bot")
        for _ in range(200):
            if "Switch the bot on or off" in text(app):
                break
            await pilot.pause()
        await pilot.pause()
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert [type(c).__name__ for c in desk.commands] == ["SwitchBot"]


async def test_a_decision_opens_with_every_factor():
    desk = FakeDesk()
    desk.decide()
    async with console(desk) as (app, pilot):
        app.desk_screen.show_panel("decisions")
        await press(app, pilot, "enter")
        shown = text(app)
        for part in (
            "agreement",
            "volatility",
            "trend",
            "slope_1h +2.1σ",
            "not to be had: holders",
            "rule entry.score",
        ):
            assert part in shown


async def test_events_become_notices():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        desk.publish(desk.filled(0), ev.GateTripped(9, 0, "daily_loss", "Down 5% today.", None))
        await settle(app, pilot)
        assert [title for title, _, _ in app.told] == ["Filled", "Gate tripped: daily_loss"]


async def test_an_unknown_theme_falls_back_and_says_so():
    async with console(FakeDesk(), settings=UiSettings(theme="nope")) as (app, _):
        assert app.theme == "papertrader"
        assert "No theme is called 'nope'" in app.told[0][1]


@pytest.mark.parametrize("theme", ["papertrader-light", "papertrader-colorblind", "nord"])
async def test_other_themes_draw_the_same_words(theme):
    async with console(FakeDesk()) as (app, _):
        expected = text(app)
    async with console(FakeDesk(), settings=UiSettings(theme=theme)) as (app, _):
        assert app.theme == theme
        assert text(app) == expected


async def test_an_empty_market_is_no_crash():
    desk = FakeDesk()
    desk.change(tokens=())
    async with console(desk) as (app, pilot):
        assert "No tokens are watched" in text(app)
        await press(app, pilot, "x", "w", "c")
        assert desk.commands == []
        assert "no token yet" in app.told[1][1]


async def test_before_the_market_is_open_the_watchlist_says_what_will_be():
    desk = FakeDesk()
    desk.change(tokens=())
    desk.known = ()
    async with console(desk) as (app, pilot):
        assert "No tokens are watched" not in text(app)
        assert "A new account begins with the market's tokens" in text(app)
        desk.known = (token(0),)
        await settle(app, pilot)
        assert "No tokens are watched" in text(app)


@pytest.mark.parametrize("size", [(140, 42), (80, 24)])
async def test_an_empty_list_of_decisions_says_what_the_bot_does_now(size):
    desk = FakeDesk()
    async with console(desk, size) as (app, pilot):
        await press(app, pilot, "ctrl+o", "d")
        assert "The bot is off and judges nothing." in text(app)
        await press(app, pilot, "a")
        words = " ".join(text(app).split())
        assert "judges nothing" not in words
        assert "judges each watched token with its next price" in words


async def test_a_sources_whole_name_is_there_at_140_columns():
    desk = FakeDesk()
    rows = list(desk.snapshot().tokens)
    rows[4] = replace(rows[4], source="geckoterminal", time=NOW - 33_000)
    desk.change(tokens=tuple(rows))
    async with console(desk) as (app, _):
        assert "geckoterminal·33s" in text(app)


async def test_a_buy_begun_before_the_first_price_goes_on_when_there_is_one():
    desk = FakeDesk()
    rows = desk.snapshot().tokens
    desk.change(tokens=())
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"b500", "enter")
        assert "no token yet" in app.told[0][1]
        assert desk.commands == []
        desk.change(tokens=rows)
        await settle(app, pilot)
        assert "out" in text(app)
        await press(app, pilot, "enter", "enter")
        request = desk.commands[0].request
        assert (request.token, request.size) == (rows[0].token.id, 500)


async def test_at_140_columns_a_position_shows_everything():
    desk = FakeDesk()
    for index in (0, 2, 5):
        desk.hold(index)
    async with console(desk) as (app, _):
        shown = [line[49:95] for line in lines(app)]
        at = next(i for i, line in enumerate(shown) if "WETH" in line and "+" in line)
        for part in ("0.147403", "3,388.21", "+9.6", "+1.93%"):
            assert part in shown[at]
        for part in ("avg 3,320", "stop 3,218", "tgt 3,659", "1h"):
            assert part in shown[at + 1]
