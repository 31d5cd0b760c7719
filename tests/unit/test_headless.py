"""The headless log: what each line says, in which order, and how a run ends."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from papertrader_tui.domain import commands as cmd
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.decision import Action, Decision
from papertrader_tui.domain.orders import Kind, Order, Origin, Side, SizeBy, Status
from papertrader_tui.domain.outcomes import Outcome
from papertrader_tui.engine import rows
from papertrader_tui.engine.snapshot import FeedHealth, Snapshot, SourceRow
from papertrader_tui.headless import HeadlessOptions, run_headless
from papertrader_tui.headless.lines import OUTCOME, TAGS, Lines
from papertrader_tui.headless.text import text_line
from papertrader_tui.ports import JournalError

T0 = 1_767_571_200_000  # 2026-01-05T00:00:00Z
WETH = "base:0x4200000000000000000000000000000000000006"
D = Decimal

ORDER = Order(
    "o1", "c1", T0, WETH, Side.BUY, Kind.MARKET, Origin.BOT, SizeBy.NOTIONAL, D(500), D(500),
    None, 50,
)  # fmt: skip
FILLED = ev.Filled(
    7, T0 + 2000, "o1", WETH, "WETH", Side.BUY, Origin.BOT, D("0.147403"), D(500), D("3392.06"),
    D("3390.11"), "demo", D("-0.02"), D("0.25"), D("0.11"), D("0.014"), 150_000, 6_000_000, 0,
    D("3390.11"), "demo", ev.Fidelity.LIQUIDITY, D("499.70"), D(0), "d1",
)  # fmt: skip
REVERTED = ev.Reverted(
    8, T0 + 2000, "o1", WETH, "WETH", Side.BUY, Origin.BOT, D("3400"), D("3390.11"), "demo",
    D("1.5"), D("0.014"), 150_000, 6_000_000, 0, D("3390.11"), "demo", ev.Fidelity.FLAT,
    "below the minimum", "reverted",
)  # fmt: skip
MARKED = ev.AccountMarked(
    9, T0 + 600_000, D(10000), D("9999.626"), D("9499.986"), D("499.64"), D(0), D(0),
    D("0.25"), D("0.11"), D("0.014"), D("5.00"), 1, 1, True,
)  # fmt: skip
DECIDED = ev.Decided(
    3, T0,
    Decision("d1", T0, WETH, Action.BUY, D("71.00"), D("28.50"), D("64"), 7, "Aggressive",
             D(500), "entry.buy", "trend up", D("3390.11"), "demo", 0),
)  # fmt: skip


def submitted(seq: int = 5) -> ev.OrderSubmitted:
    return ev.OrderSubmitted(
        seq, T0, "o1", 1, T0 + 2000, D("3390"), "demo", T0, D("0.1475"), D("0.1467"), 50
    )


class Scripted:
    """A desk that says what a test wrote down."""

    def __init__(self, script: Callable[[Scripted], Any]) -> None:
        self.script = script
        self.commands: list[cmd.Command] = []
        self.stopped = asyncio.Event()
        self._facts: list[Callable[[Sequence[ev.Event]], None]] = []
        self._prices: list[Callable[[Any], None]] = []
        self._snapshot = Snapshot(
            1, T0, "default", "demo", "DEMO", "20 tokens", "", None, None, MARKED, D(0), D(0),
            False, 5, "Balanced", "", ev.KillMode.OFF, "", True, (), (), (), (), (),
        )  # fmt: skip

    async def run(self) -> None:
        result = self.script(self)
        if asyncio.iscoroutine(result):
            await result

    def stop(self) -> None:
        self.stopped.set()

    def tell(self, *events: ev.Event) -> None:
        for listener in list(self._facts):
            listener(events)

    def price(self, *prices: tuple[str, int, Decimal, str, bool]) -> None:
        for listener in list(self._prices):
            listener(prices)

    async def submit(self, command: cmd.Command) -> Sequence[ev.Event]:
        self.commands.append(command)
        await asyncio.Event().wait()  # answered while the desk runs: nothing may wait for it
        return ()

    async def finish(self, command: cmd.Command) -> Sequence[ev.Event]:
        assert command == cmd.MarkAccount()
        self.tell(MARKED)
        return (MARKED,)

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def hold(self, *orders: Order) -> None:
        self._snapshot = replace(self._snapshot, orders=orders)

    def subscribe(self, listener: Callable[[Sequence[ev.Event]], None]) -> Callable[[], None]:
        self._facts.append(listener)
        return lambda: self._facts.remove(listener)

    def subscribe_prices(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        self._prices.append(listener)
        return lambda: self._prices.remove(listener)

    preview = candles = fills = latest = None


async def run(
    script: Callable[[Scripted], Any], **options: Any
) -> tuple[int, list[str], str, Scripted]:
    out, err = io.StringIO(), io.StringIO()
    desk = Scripted(script)
    defaults: dict[str, Any] = {"symbols": {WETH: "WETH"}, "signals": False}
    code = await run_headless(desk, HeadlessOptions(**{**defaults, **options}), out, err)
    return code, out.getvalue().splitlines(), err.getvalue(), desk


def trade(desk: Scripted) -> None:
    desk.price((WETH, T0, D("3390.11"), "demo", False))
    desk.tell(DECIDED, ev.OrderAccepted(4, T0, ORDER), submitted())
    desk.tell(FILLED)


async def test_text_lines_come_in_order_with_tags_and_market_time() -> None:
    code, lines, err, _ = await run(trade)
    assert code == 0
    assert [line[21:31].strip() for line in lines] == [
        "[PRICE]", "[DECISION]", "[ORDER]", "[ORDER]", "[TRADE]", "[ACCOUNT]",
    ]  # fmt: skip
    assert lines[4] == (
        "2026-01-05T00:00:02Z [TRADE]    buy 0.147403 WETH at 3392.06  lp fee 0.25  impact 0.11"
        "  gas 0.01  drift -0.02  liquidity  bot o1  on 3390.11 demo"
    )
    assert lines[1].endswith(
        "BUY  WETH     conf    71  risk  28.5  opp    64  L7   $500.00  entry.buy: trend up"
    )
    assert lines[5].startswith("2026-01-05T00:10:00Z [ACCOUNT]  equity 9,999.63  cash 9,499.99")
    assert "1 trade, equity $9,999.63 (-0.37, -0.00%), the books reconcile" in err


async def test_json_lines_have_the_documented_fields_and_numbers_as_text() -> None:
    _, lines, _, _ = await run(trade, style="json")
    rows = [json.loads(line) for line in lines]
    assert rows[0] == {
        "time": "2026-01-05T00:00:00.000Z", "tag": "PRICE", "token": WETH, "symbol": "WETH",
        "price": "3390.11", "source": "demo", "age_s": "0", "stale": False,
    }  # fmt: skip
    assert list(rows[1])[:2] == ["time", "tag"]
    assert rows[1]["confidence"] == "71"
    assert rows[1]["rule"] == "entry.buy"
    assert [(r["event"], r["status"]) for r in rows if r["tag"] == "ORDER"] == [
        ("accepted", "working"), ("submitted", "submitted"),
    ]  # fmt: skip
    filled = rows[4]
    assert filled["status"] == "filled"
    assert (filled["quantity"], filled["gas_usd"]) == ("0.147403", "0.014")
    account = rows[5]
    exact = D(account["initial"]) + D(account["realized"]) + D(account["unrealized"])
    exact -= D(account["lp_fees"]) + D(account["impact"]) + D(account["gas"])
    assert D(account["cash"]) + D(account["holdings"]) == exact == D(account["equity"])
    assert '"reconciled": true' in lines[5]


async def test_a_revert_is_a_trade_of_nothing_at_the_price_that_was_refused() -> None:
    _, lines, _, _ = await run(lambda desk: desk.tell(REVERTED), style="json", tags=["TRADE"])
    row = json.loads(lines[0])
    assert (row["status"], row["quantity"], row["price"]) == ("reverted", "0", "3400")


async def test_one_price_a_token_and_market_minute_with_its_age() -> None:
    other = "base:0x" + "1" * 40

    def script(desk: Scripted) -> None:
        for second in range(0, 130, 10):
            desk.price((WETH, T0 + second * 1000, D("3390") + second, "demo", False))
        desk.price((other, T0 + 100_000, D("0.00000123"), "slow", True))

    _, lines, _, _ = await run(script, style="json", tags=["PRICE"])
    rows = [json.loads(line) for line in lines]
    assert [r["time"][14:19] for r in rows] == ["00:00", "01:00", "02:00", "02:00"]
    assert [r["price"] for r in rows] == ["3390", "3450", "3510", "0.00000123"]
    assert (rows[3]["age_s"], rows[3]["stale"], rows[3]["symbol"]) == ("20", True, "")


async def test_tags_pick_lines() -> None:
    _, lines, _, _ = await run(trade, tags=["TRADE", "ACCOUNT"])
    assert len(lines) == 2
    _, lines, _, _ = await run(trade, tags=["ALERT"])
    assert lines == []


async def test_orders_that_rested_from_an_earlier_session_are_whole_when_they_move() -> None:
    desk = Scripted(lambda desk: desk.tell(ev.OrderCancelled(4, T0, "o1", "by hand")))
    desk.hold(ORDER)
    out = io.StringIO()
    options = HeadlessOptions(style="json", tags=["ORDER"], signals=False)
    await run_headless(desk, options, out, io.StringIO())  # type: ignore[arg-type]
    row = json.loads(out.getvalue())
    assert (row["event"], row["status"], row["reason"]) == ("cancelled", "cancelled", "by hand")
    assert (row["notional_usd"], row["client_id"]) == ("500", "c1")


def test_the_line_of_a_source_says_everything_that_is_counted() -> None:
    source = SourceRow(
        "coingecko", True, "half-open", 40, 3, 10.0, 95, 4, 1, 2, (("timeout", 3),), 5,
        0.25, 1.5, 12.0,
    )  # fmt: skip
    row = rows.source_row(source, FeedHealth((source,), 0.95, 7))
    assert text_line(0, "PRICE", row).split("[PRICE]")[1].strip() == (
        "source coingecko up (circuit half-open)  3 calls in a minute of 10  hits 95 misses 4 "
        "coalesced 1 stale 2  held back 5  p50 0.250 s  p95 1.500 s  last answer 12.000 s ago  "
        "errors: timeout × 3  feed: hit rate 0.950, 7 position updates a minute"
    )
    silent = replace(source, idle=None, p50=None, p95=None, throttled=0, errors=())
    text = text_line(0, "PRICE", rows.source_row(silent, FeedHealth((silent,))))
    assert text.strip().endswith("stale 2  feed: 0 position updates a minute")


def test_the_order_in_a_line_is_the_order_as_the_account_folds_it() -> None:
    from papertrader_tui.domain.account import Account
    from papertrader_tui.engine.rows import order_row

    held = replace(ORDER, id="o2", client_id="c2", side=Side.SELL, status=Status.HELD)
    story: list[ev.Event] = [
        ev.AccountOpened(1, T0, "a", "demo", D(10000), 7, "x"),
        ev.OrderAccepted(2, T0, ORDER),
        ev.OrderAccepted(3, T0, held),
        submitted(4),
        ev.OrderActivated(5, T0, "o2", D("0.147403")),
        ev.OrderExpired(6, T0, "o2"),
    ]
    account, lines = Account(), Lines("json", ["ORDER"])
    for event in story:
        account.apply(event)
        printed = lines.of_events([event])
        if printed:
            row = json.loads(printed[0])
            expected = order_row(account.orders[row["order_id"]])
            assert {k: row[k] for k in expected if k != "reason"} == {
                k: v for k, v in expected.items() if k != "reason"
            }


async def test_what_tokens_call_themselves_moves_no_cursor() -> None:
    evil = replace(FILLED, symbol="A\x1b[2J\nB\u202e")
    _, text, _, _ = await run(lambda desk: desk.tell(evil), tags=["TRADE"])
    assert len(text) == 1
    assert text[0].isprintable()
    _, lines, _, _ = await run(lambda desk: desk.tell(evil), tags=["TRADE"], style="json")
    assert len(lines) == 1
    assert lines[0].isascii()
    assert json.loads(lines[0])["symbol"] == evil.symbol


async def test_commands_are_in_the_inbox_before_the_desk_runs() -> None:
    commands = [cmd.SetLevel(7), cmd.SwitchBot(True)]
    seen: list[list[cmd.Command]] = []
    await run(lambda desk: seen.append(list(desk.commands)), commands=commands)
    assert seen == [commands]


async def test_a_reader_that_goes_away_ends_the_run_quietly() -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError(32, "Broken pipe")

    async def script(desk: Scripted) -> None:
        trade(desk)
        await asyncio.wait_for(desk.stopped.wait(), 5)

    err = io.StringIO()
    options = HeadlessOptions(signals=False)
    assert await run_headless(Scripted(script), options, Closed(), err) == 0  # type: ignore[arg-type]
    assert err.getvalue() == ""


async def test_a_full_disk_under_the_output_ends_the_run_and_says_so() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    async def script(desk: Scripted) -> None:
        trade(desk)
        await asyncio.wait_for(desk.stopped.wait(), 5)

    err = io.StringIO()
    options = HeadlessOptions(signals=False)
    assert await run_headless(Scripted(script), options, Full(), err) == 1  # type: ignore[arg-type]
    assert "cannot write the output: No space left on device" in err.getvalue()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_finishes_the_step_and_closes_the_account(number: signal.Signals) -> None:
    async def script(desk: Scripted) -> None:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(desk.stopped.wait(), 5)
        desk.tell(FILLED)  # the step in hand

    before = signal.getsignal(number)
    code, lines, err, _ = await run(script, signals=True)
    assert code == 0
    assert [line[21:31].strip() for line in lines] == ["[TRADE]", "[ACCOUNT]"]
    assert f"stopped by {number.name}" in err
    assert signal.getsignal(number) is before


async def test_a_failing_store_is_raised_after_what_was_stored_is_printed() -> None:
    def script(desk: Scripted) -> None:
        trade(desk)
        msg = "disk full"
        raise JournalError(msg)

    out = io.StringIO()
    with pytest.raises(JournalError):
        await run_headless(
            Scripted(script),
            HeadlessOptions(signals=False),
            out,
            io.StringIO(),  # type: ignore[arg-type]
        )
    assert out.getvalue().splitlines()[-1].startswith("2026-01-05T00:00:02Z [TRADE]")
    assert "[ACCOUNT]" not in out.getvalue()


async def test_every_kind_of_event_has_a_line() -> None:
    events: list[ev.Event] = [
        ev.AccountOpened(1, T0, "a", "demo", D(10000), 7, "x"),
        ev.SessionStarted(2, T0, "0.1", "demo"),
        ev.GateTripped(3, T0, "daily_loss", "lost 5 %", T0 + 1000),
        ev.GateTripped(4, T0, "peak_loss", "lost 10 %", None),
        ev.GateCleared(5, T0, "daily_loss", "time"),
        ev.BotSwitched(6, T0, True),
        ev.LevelChanged(7, T0, 7, "Aggressive"),
        ev.KillSwitched(8, T0, ev.KillMode.PAUSE),
        ev.GatesSwitched(9, T0, False),
        ev.WatchChanged(10, T0, WETH, True),
        ev.Alerted(11, T0, "warning", "look", WETH),
        ev.OrderRejected(12, T0, "c9", WETH, Side.BUY, Origin.MANUAL, "cash", "too little"),
        ev.PositionChanged(13, T0, WETH, "WETH", D(1), D(3390), D(3400), D(0), D(1)),
        ev.PositionChanged(14, T0, WETH, "WETH", D(0), D(0), D(3400), D(10), D(1)),
        ev.OrderAccepted(15, T0, replace(ORDER, id="o5", price=D(3300), trail_bps=50), ("big",)),
        ev.OrderAccepted(16, T0, ORDER), submitted(17), FILLED, REVERTED, MARKED, DECIDED,
        ev.OrderActivated(18, T0, "o1", D(1)), ev.OrderCancelled(19, T0, "o1", "x"),
        ev.NotIncluded(20, T0, "o5", WETH, "WETH", Side.BUY, Origin.MANUAL, 9, "why", "working"),
        ev.OrderExpired(21, T0, "o5"),
        ev.Scored(22, T0, WETH, (Outcome("d1", 900_000, T0, D(3400), D("0.002950"), True),)),
    ]  # fmt: skip
    assert {type(e).__name__ for e in events} == set(ev.KINDS)
    for style in ("text", "json"):
        lines = Lines(style, (*TAGS, OUTCOME)).of_events(events)
        assert len(lines) == len(events)
        assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    text = Lines("text").of_events(events)
    assert "big" in text[14]
    assert "closed  P&L +9.00" in text[13]


def test_what_became_of_decisions_is_told_where_it_is_asked_for() -> None:
    outcomes = (
        Outcome("d1", 900_000, T0, D("3410.2"), D("0.005959"), True),
        Outcome("d7", 14_400_000, T0, None, None, None),
    )
    event = ev.Scored(1, T0, WETH, outcomes)
    assert Lines("text").of_events([event]) == []
    text = Lines("text", [OUTCOME], {WETH: "WETH"}).of_events([event])
    assert [line.partition("] ")[2].split() for line in text] == [
        ["d1", "WETH", "after", "15", "min", "3410.2", "+0.60", "%", "right"],
        ["d7", "WETH", "after", "240", "min", "unknown:", "no", "price", "near", "that", "moment"],
    ]
    first, second = (json.loads(line) for line in Lines("json", [OUTCOME]).of_events([event]))
    assert (first["price"], first["move_pct"], first["result"]) == ("3410.2", "0.5959", "right")
    assert (second["price"], second["move_pct"], second["result"]) == ("", "", "unknown")


def test_a_symbol_that_two_watched_tokens_share_has_its_chain_in_text() -> None:
    weths = ["base:0x" + "42" * 20, "ethereum:0x" + "c0" * 20]
    symbols = dict.fromkeys(weths, "WETH")
    seen = [(token, T0, D(3_000), "a", False) for token in weths]

    def names(style: str, *watched: str) -> list[str]:
        lines = Lines(style, symbols=symbols, watched=watched[:1])
        lines.of_events([ev.WatchChanged(1, T0, token, True) for token in watched[1:]])
        return lines.of_prices(seen)

    assert "WETH@base" in names("text", *weths)[0]
    assert "WETH@ethereum" in names("text", *weths)[1]
    assert all("@" not in line for line in names("text", weths[0]))
    assert all(json.loads(line)["symbol"] == "WETH" for line in names("json", *weths))


def test_every_price_may_be_wanted() -> None:
    token = "base:0x" + "42" * 20
    seen = [(token, T0 + n, D(n + 1), "a", False) for n in range(3)]
    assert len(Lines("json").of_prices(seen)) == 1
    assert len(Lines("json", every_price=True).of_prices(seen)) == 3
