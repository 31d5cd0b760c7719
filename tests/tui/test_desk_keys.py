"""Each key of the Desk does what the footer says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from textual import events

from papertrader_tui.domain import commands as cmd
from papertrader_tui.domain.events import KillMode
from papertrader_tui.domain.orders import Kind, Side, SizeBy
from papertrader_tui.engine.snapshot import GateRow
from papertrader_tui.tui.commands import KeymapError
from papertrader_tui.tui.settings import UiSettings
from tests.tui.driving import Recording, console, press, settle, text
from tests.tui.fake_desk import NOW, FakeDesk, token

SIZES = [(140, 42), (80, 24)]


@pytest.mark.parametrize("size", SIZES)
async def test_b_a_size_enter_enter_is_a_market_buy(size):
    desk = FakeDesk()
    async with console(desk, size) as (app, pilot):
        await press(app, pilot, *"b500", "enter")
        assert desk.commands == []
        assert "Enter to send" in text(app)
        await press(app, pilot, "enter")
        (command,) = desk.commands
        request = command.request
        assert (request.side, request.kind) == (Side.BUY, Kind.MARKET)
        assert (request.size_by, request.size) == (SizeBy.NOTIONAL, Decimal(500))
        assert request.token == token(0).id
        assert request.tolerance_bps == 50
        assert app.desk_screen.focused_panel == "watchlist"
        assert "o1 buy 500.00 USDC of WETH" in " ".join(text(app).split())


@pytest.mark.parametrize("size", SIZES)
async def test_keys_that_come_in_one_go_are_not_lost(size):
    desk = FakeDesk()
    async with console(desk, size) as (app, pilot):
        # as a terminal sends them: all are there before the first is handled
        for key in (*"b1500", "enter", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else "\r"))
        await settle(app, pilot)
        await settle(app, pilot)
        (command,) = desk.commands
        assert command.request.size == Decimal(1500)


async def test_keys_pressed_before_the_first_frame_are_not_lost():
    desk = FakeDesk()
    app = Recording(desk)
    for key in "b500":
        app.post_message(events.Key(key, key))
    async with app.run_test(size=(140, 42)) as pilot:
        await press(app, pilot, "enter", "enter")
        assert [c.request.size for c in desk.commands] == [Decimal(500)]


async def test_an_impatient_third_enter_is_still_one_order():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"b500", "enter")
        await pilot.press("enter", "enter", "enter")
        await settle(app, pilot)
        assert len(desk.commands) == 1


async def test_every_ticket_has_its_own_client_id():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        for _ in range(2):
            await press(app, pilot, *"b500", "enter", "enter")
        first, second = desk.commands
        assert first.request.client_id != second.request.client_id


async def test_a_sell_of_a_share_of_the_holding():
    desk = FakeDesk()
    desk.hold(0)
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"s25%", "enter", "enter")
        request = desk.commands[0].request
        assert (request.side, request.size_by, request.size) == (
            Side.SELL,
            SizeBy.PERCENT,
            Decimal(25),
        )


async def test_a_new_order_begins_as_a_market_order_whatever_the_last_one_was():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"b500", "up", "right", "down", "down", *"3300", "enter", "enter")
        await press(app, pilot, *"b700", "enter", "enter")
        limit, market = (command.request for command in desk.commands)
        assert (limit.kind, limit.price) == (Kind.LIMIT, Decimal(3300))
        assert (market.kind, market.price, market.size) == (Kind.MARKET, None, Decimal(700))


async def test_a_limit_order_with_a_bracket_from_the_keyboard():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        # up from the size to the kinds, one to the right, down through price, stop and target
        await press(
            app,
            pilot,
            *"b500",
            "up",
            "right",
            "down",
            "down",
            *"3300",
            "down",
            *"3200",
            "down",
            *"3600",
            "enter",
            "enter",
        )
        request = desk.commands[0].request
        assert (request.kind, request.price, request.stop, request.target) == (
            Kind.LIMIT,
            Decimal(3300),
            Decimal(3200),
            Decimal(3600),
        )


async def test_a_long_order_never_pushes_out_what_enter_does():
    desk = FakeDesk()
    rows = list(desk.snapshot().tokens)
    rows[0] = replace(rows[0], token=replace(rows[0].token, symbol="WWWWWWWWWW"))
    desk.change(tokens=tuple(rows))
    async with console(desk, (110, 40)) as (app, pilot):
        await press(app, pilot, *"b1234.56", "up", "right", "down", "down", *"3300.123456", "enter")
        shown = text(app)
        assert "buy $1,234.56 of WWWWWWWWWW" in shown
        assert "3,300.12   Enter to send" in shown


async def test_escape_goes_back_to_editing_and_then_to_the_watchlist():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"b500", "enter", "escape")
        assert app.desk_screen.focused is app.desk_screen.ticket.entry
        await press(app, pilot, "escape")
        assert app.desk_screen.focused_panel == "watchlist"
        assert app.desk_screen.ticket.entry.value == "500"
        assert desk.commands == []


async def test_bad_input_says_what_is_wrong_and_keeps_it():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"b5o0", "enter", "enter")
        assert desk.commands == []
        assert "'5o0' is not a" in text(app)
        assert app.desk_screen.ticket.entry.value == "5o0"


async def test_an_order_the_desk_would_refuse_is_not_sent():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"b90k", "enter", "enter")
        assert desk.commands == []
        assert "needs more cash" in text(app)


async def test_a_rejection_is_shown_in_words_and_keeps_the_fields():
    desk = FakeDesk()
    desk.rejects = "the daily loss gate stops entries"
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"b500", "enter", "enter")
        assert "the daily loss gate stops" in text(app)
        assert app.desk_screen.ticket.entry.value == "500"
        assert any(title == "Order rejected" for title, _, _ in app.told)


async def test_a_failing_desk_says_the_order_was_not_sent():
    desk = FakeDesk()

    async def broken(command):
        raise RuntimeError("the disk is full")

    desk.submit = broken
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"b500", "enter", "enter")
        assert "Not sent: the disk is full" in text(app)


async def test_moving_to_another_token_takes_the_review_back():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"b500", "enter")
        app.desk_screen.select(token(1).id)
        await press(app, pilot, "enter")
        assert desk.commands == []
        await press(app, pilot, "enter")
        assert desk.commands[0].request.token == token(1).id


async def test_x_closes_the_selected_position():
    desk = FakeDesk()
    desk.hold(0)
    async with console(desk) as (app, pilot):
        await press(app, pilot, "x")
        (command,) = desk.commands
        assert isinstance(command, cmd.ClosePosition)
        assert command.token == token(0).id


async def test_x_in_the_positions_closes_the_one_under_the_cursor():
    desk = FakeDesk()
    desk.hold(0)
    desk.hold(3)
    async with console(desk) as (app, pilot):
        app.desk_screen.show_panel("positions")
        await press(app, pilot, "down", "x")
        assert [c.token for c in desk.commands] == [token(3).id]


async def test_x_without_a_position_says_so():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, "x")
        assert desk.commands == []
        assert "No position" in app.told[-1][1]


async def test_close_all_asks_once():
    desk = FakeDesk()
    desk.hold(0)
    desk.hold(3)
    async with console(desk) as (app, pilot):
        await press(app, pilot, "X")
        assert "Sell all of 2 positions" in text(app)
        await press(app, pilot, "escape")
        assert desk.commands == []
        await press(app, pilot, "X", "enter")
        assert [c.token for c in desk.commands] == [token(0).id, token(3).id]


async def test_c_cancels_the_only_open_order():
    desk = FakeDesk()
    order = desk.rest(0)
    async with console(desk) as (app, pilot):
        await press(app, pilot, "c")
        assert desk.commands == [cmd.CancelOrder(order.id)]


async def test_c_lets_choose_among_several_orders_first():
    desk = FakeDesk()
    desk.rest(0)
    second = desk.rest(1)
    async with console(desk, (80, 24)) as (app, pilot):
        await press(app, pilot, "c")
        assert desk.commands == []
        assert app.desk_screen.focused_panel == "orders"
        await press(app, pilot, "down", "c")
        assert desk.commands == [cmd.CancelOrder(second.id)]


async def test_a_switches_the_bot_on_and_off():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, "a")
        assert "bot ON" in text(app)
        await press(app, pilot, "a")
        assert desk.commands == [cmd.SwitchBot(True), cmd.SwitchBot(False)]
        assert "bot OFF" in text(app)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ((), "The bot trades the watchlist."),
        ((0,), "manages the position that is open, with its own stops"),
        ((0, 3), "manages the 2 positions that are open, with its own stops"),
    ],
)
async def test_switching_the_bot_on_says_what_becomes_of_open_positions(held, said):
    desk = FakeDesk()
    for index in held:
        desk.hold(index)
    async with console(desk) as (app, pilot):
        await press(app, pilot, "a")
        assert said in app.told[-1][1]


@pytest.mark.parametrize("size", SIZES)
async def test_the_chart_says_which_exits_are_the_bots(size):
    desk = FakeDesk()
    desk.hold(0)
    async with console(desk, size) as (app, pilot):
        assert "stop bot" not in text(app)
        (row,) = desk.snapshot().positions
        desk.change(positions=(replace(row, stop_bot=True),))
        await settle(app, pilot)
        assert " stop bot " in text(app)
        desk.change(positions=(replace(row, stop_part=0.13),))
        await settle(app, pilot)
        assert " stop 13% " in text(app)


async def test_brackets_turn_the_level_within_its_range():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, "]")
        assert "L6 Growth" in text(app)
        await press(app, pilot, "[")
        assert desk.commands == [cmd.SetLevel(6), cmd.SetLevel(5)]
        desk.change(level=10)
        await press(app, pilot, "]")
        assert len(desk.commands) == 2
        assert "highest" in app.told[-1][1]


async def test_angle_brackets_turn_the_speed_of_a_market_that_has_one():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, ">", ">")
        assert desk.snapshot().speed == 5
        assert "×5 00:12" in text(app)
        await press(app, pilot, "<", "<", "<")
        assert desk.snapshot().speed == 1
        assert "slowest" in app.told[-1][1]
        desk.change(market="live")
        await press(app, pilot, ">")
        assert "has one speed" in app.told[-1][1]


async def test_k_shows_what_each_setting_does_and_sets_one():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, "k")
        assert "Exits only" in text(app)
        assert "Sell every position" in text(app)
        await press(app, pilot, "escape")
        assert desk.commands == []
        await press(app, pilot, "k", "down", "enter")
        assert desk.commands == [cmd.SetKill(KillMode.REDUCE_ONLY)]
        assert "KILL REDUCE ONLY" in text(app)


async def test_the_kill_switchs_list_ends_at_its_ends():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, "k", "down", "down", "down", "enter")
        assert "Sell 0 positions at market now" in text(app)
        await press(app, pilot, "escape")
        await press(app, pilot, "k", "up", "up", "up", "enter")
        assert desk.commands == []
        assert "at Off already" in app.told[-1][1]


async def test_flatten_asks_once():
    desk = FakeDesk()
    desk.hold(0)
    desk.rest(1)
    desk.rest(2)
    async with console(desk) as (app, pilot):
        await press(app, pilot, "k", "down", "down", "enter")
        assert "Sell 1 position at market now and cancel 2 open orders?" in text(app)
        assert desk.commands == []
        await press(app, pilot, "enter")
        assert desk.commands == [cmd.SetKill(KillMode.FLATTEN)]


async def test_ctrl_c_names_the_key_that_leaves():
    settings = UiSettings(keys={"app.quit": "Q"})
    async with console(FakeDesk(), settings=settings) as (app, pilot):
        await press(app, pilot, "ctrl+c")
        assert app.told[-1][1] == "Q saves and leaves."
        await press(app, pilot, "b", "ctrl+c")
        assert app.told[-1][1] == "Esc, then Q saves and leaves."


async def test_speed_is_not_offered_where_there_is_one_only():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        assert "< > Speed" in text(app)
        desk.change(market="live", badge="LIVE")
        await settle(app, pilot)
        assert "Speed" not in text(app)
        assert "q Quit" in text(app)


async def test_r_resets_the_tripped_gate_after_asking():
    desk = FakeDesk()
    gate = GateRow("loss_streak", 1.0, "5 losses in a row", True, NOW + 3_600_000)
    async with console(desk) as (app, pilot):
        await press(app, pilot, "r")
        assert "nothing to reset" in app.told[-1][1]
        desk.change(gates=(gate,))
        await settle(app, pilot)
        assert "Entries are stopped by loss streak" in text(app)
        await press(app, pilot, "r", "enter")
        assert desk.commands == [cmd.ResetGate("loss_streak")]


async def test_slash_finds_a_token_by_a_few_letters():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"/lido")
        await press(app, pilot, "enter")
        assert app.desk_screen.selected == token(17).id
        assert "LDO/USDC" in text(app)


async def test_w_unwatches_and_find_watches_again():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, "w")
        assert desk.commands == [cmd.Watch(token(0).id, False)]
        assert app.desk_screen.selected == token(0).id
        await press(app, pilot, "enter")
        assert app.desk_screen.selected == token(1).id
        await press(app, pilot, *"/weth")
        assert "not watched" in text(app)
        await press(app, pilot, "enter")
        assert "w puts it on the watchlist" in app.told[-1][1]
        assert "WETH/USDC" in text(app)
        assert app.desk_screen.watchlist.cursor == token(1).id
        await press(app, pilot, "w")
        assert desk.commands[1:] == [cmd.Watch(token(0).id, True)]
        assert app.desk_screen.watchlist.cursor == token(0).id


async def test_w_pressed_twice_takes_no_second_token_off():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, "down", "w", "w")
        assert desk.commands == [cmd.Watch(token(1).id, False), cmd.Watch(token(1).id, True)]
        assert app.desk_screen.watchlist.cursor == token(1).id
        await press(app, pilot, "w", "up")
        assert app.desk_screen.selected not in (None, token(1).id)


async def test_a_token_that_is_not_watched_can_be_bought_and_left_again():
    desk = FakeDesk()
    desk.change(tokens=desk.snapshot().tokens[1:])
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"/weth")
        await press(app, pilot, "enter")
        assert app.desk_screen.selected == token(0).id
        await press(app, pilot, *"b500", "enter", "enter")
        assert desk.commands[-1].request.token == token(0).id
        await press(app, pilot, "enter")
        assert app.desk_screen.selected == token(1).id


async def test_i_goes_through_the_intervals():
    async with console(FakeDesk()) as (app, pilot):
        assert "WETH/USDC · 5m" in text(app)
        await press(app, pilot, "i")
        assert "WETH/USDC · 15m" in text(app)


async def test_arrows_choose_the_token_that_chart_and_ticket_show():
    async with console(FakeDesk()) as (app, pilot):
        await press(app, pilot, "down", "down")
        assert "AERO/USDC" in text(app)
        await press(app, pilot, *"b500", "enter", "enter")
        assert app.desk.commands[0].request.token == token(2).id


async def test_tab_moves_on_and_digits_lead_home():
    async with console(FakeDesk()) as (app, pilot):
        await press(app, pilot, "tab")
        assert app.desk_screen.focused_panel == "chart"
        await press(app, pilot, "1")
        assert app.desk_screen.focused_panel == "watchlist"


@pytest.mark.parametrize("size", SIZES)
async def test_jump_goes_to_every_panel(size):
    async with console(FakeDesk(), size) as (app, pilot):
        for letter, panel in (
            ("p", "positions"),
            ("e", "orders"),
            ("d", "decisions"),
            ("g", "gates"),
            ("h", "chart"),
            ("o", "ticket"),
            ("w", "watchlist"),
        ):
            await press(app, pilot, "ctrl+o", letter)
            assert app.desk_screen.focused_panel == panel


async def test_letters_are_text_while_a_field_has_the_focus():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await press(app, pilot, *"baxkq")
        assert app.desk_screen.ticket.entry.value == "axkq"
        assert desk.commands == []


async def test_a_remapped_key_replaces_the_old_one_everywhere():
    desk = FakeDesk()
    settings = UiSettings(keys={"bot.toggle": "A", "order.buy": "n"})
    async with console(desk, settings=settings) as (app, pilot):
        await press(app, pilot, "a")
        assert desk.commands == []
        await press(app, pilot, "A")
        assert desk.commands == [cmd.SwitchBot(True)]
        assert "A Bot" in text(app)
        assert "n Buy" in text(app)


def test_a_key_given_twice_is_refused():
    with pytest.raises(KeymapError, match=r"'a' is given to both"):
        Recording(FakeDesk(), UiSettings(keys={"order.buy": "a"}))


async def test_q_lets_the_desk_finish_before_it_leaves():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert desk.stopped
    assert app.return_code == 0


async def test_an_ended_market_takes_no_orders():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        desk.stop()
        await pilot.pause()
        app.frame()
        await press(app, pilot, "a")
        assert desk.commands == []
        assert "market has ended" in app.told[-1][1]


async def test_a_click_on_a_row_and_on_the_footer():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        await pilot.click("#watchlist", offset=(5, 4))
        await settle(app, pilot)
        assert app.desk_screen.selected == token(2).id
        bar = text(app).splitlines()[-1]
        await pilot.click("#bar", offset=(bar.index("Bot"), 0))
        await settle(app, pilot)
        assert desk.commands == [cmd.SwitchBot(True)]


async def test_a_price_moves_between_snapshots():
    desk = FakeDesk()
    async with console(desk) as (app, pilot):
        desk._latest[token(0).id] = (Decimal("3401.55"), NOW + 1000)
        app.frame()
        await pilot.pause()
        assert "3,401.55" in text(app)


async def test_foreign_text_is_never_markup_or_control():
    desk = FakeDesk()
    rows = list(desk.snapshot().tokens)
    evil = replace(rows[0].token, symbol="[b]\x1b[31mX\u202e")
    rows[0] = replace(rows[0], token=evil)
    desk.change(tokens=tuple(rows), notice="[red]\x1b[2J see [/nothing]")
    async with console(desk) as (app, pilot):
        shown = text(app)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "[red]" in shown
        await press(app, pilot, *"b500", "enter")
        assert "\x1b" not in text(app)
