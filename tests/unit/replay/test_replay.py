"""A replay: the desk that `papertrader headless` runs, on tapes, without a loop or a file."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui import config
from papertrader_tui.bootstrap import open_desk
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import MarkAccount
from papertrader_tui.domain.market import DAY, MINUTE, Bar, Depth, Gas, History
from papertrader_tui.engine.rows import iso
from papertrader_tui.feeds.tape_report import TapeError
from papertrader_tui.feeds.tapes import Tapes
from papertrader_tui.intel.indicators import Series
from papertrader_tui.launch import Launch
from papertrader_tui.replay.prices import PriceSampler
from papertrader_tui.replay.run import Stage, Terms
from papertrader_tui.replay.venue import VENUES
from papertrader_tui.replaying import tape_recording
from papertrader_tui.store.load import load
from tests.tapekit import BEGAN, candles, trades

START = int(BEGAN.timestamp()) * 1000


def replay(tapes: Tapes, terms: Terms | None = None) -> tuple[Stage, list[ev.Event]]:
    log: list[ev.Event] = []
    warm, inputs = tapes.play()
    stage = Stage([terms or Terms(level=9)], tape_recording(tapes, warm), "papertrader 0",
                  [log.extend])  # fmt: skip
    stage.play(inputs)
    stage.end()
    return stage, log


async def headless(tape: Path, data: Path) -> None:
    flags = {
        "store.data_dir": ("--data-dir", str(data)), "market.kind": ("--market", "tape"),
        "market.speed": ("--speed", "max"),
    }  # fmt: skip
    launch = Launch(headless=True, tape=tape, level=9, bot=True)
    async with open_desk(config.load(flags=flags, env={}, must_exist=False), launch) as opened:
        said = [asyncio.ensure_future(opened.kernel.submit(c)) for c in launch.commands]
        await asyncio.sleep(0)
        await opened.kernel.run()
        await opened.kernel.finish(MarkAccount())
        await asyncio.gather(*said)


def test_it_comes_to_what_a_headless_session_stores(tmp_path: Path) -> None:
    tape = candles(tmp_path / "c.csv", 900)
    asyncio.run(headless(tape, tmp_path / "data"))
    with load(next(tmp_path.glob("data/accounts/*.db"))) as file:
        stored = list(file.events(factors=True))
    _, log = replay(Tapes([tape]))
    names = (ev.AccountOpened, ev.SessionStarted)  # they name the account and the market
    assert [e for e in log if not isinstance(e, names)] == [
        e for e in stored if not isinstance(e, names)
    ]
    assert any(isinstance(e, ev.Filled) for e in log)


def test_nothing_is_paid_where_costs_are_none(tmp_path: Path) -> None:
    tape = candles(tmp_path / "c.csv", 1_200, liquidity=True)
    free, _ = replay(Tapes([tape]), Terms(level=9, venue=VENUES["none"]))
    full, _ = replay(Tapes([tape]))
    assert free.report(0).fills
    costs = free.report(0).metrics.costs
    assert costs["lp_fees"] == costs["gas"] == costs["mev"] == 0
    # amounts are still whole numbers of a token's smallest unit, rounded against the trader
    assert 0 <= costs["impact"] <= free.report(0).fills * Decimal("1e-6")
    assert free.desks[0].account.ledger.reconciled()
    assert sum(v for k, v in full.report(0).metrics.costs.items() if k != "slippage") > 1


def test_a_month_a_file_is_the_same_as_one_file(tmp_path: Path) -> None:
    whole = candles(tmp_path / "whole.csv", 900)
    head, *rows = whole.read_text().splitlines()
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text("\n".join([head, *rows[:400]]) + "\n")
    second.write_text("\n".join([head, *rows[400:]]) + "\n")
    _, one = replay(Tapes([whole]))
    _, two = replay(Tapes([second, first]))  # in whatever order they are named
    assert one[3:] == two[3:]


def test_one_token_in_two_tapes_at_once_is_refused(tmp_path: Path) -> None:
    one, other = candles(tmp_path / "1.csv", 100), candles(tmp_path / "2.csv", 100, seed=2)
    with pytest.raises(TapeError, match=r"both have ETH at .*one after the other"):
        replay(Tapes([one, other]))


def test_inputs_of_several_tapes_come_in_order_bars_before_openings(tmp_path: Path) -> None:
    tapes = Tapes([
        candles(tmp_path / "1.csv", 60, "AAA-USD"),
        trades(tmp_path / "2.csv", 90, "BBB-USD"),
        candles(tmp_path / "3.csv", 60, "CCC-USD"),
    ])  # fmt: skip
    assert [tapes.registry.tokens[t].symbol for t in tapes.watchlist] == ["AAA", "BBB", "CCC"]
    _, inputs = tapes.play()
    found = list(inputs)
    assert len(found) == 60 * 2 + 90 + 60 * 2
    places = [(i.time, getattr(i, "opening", False)) for i in found]
    assert places == sorted(places)


def test_a_period_begins_warm_and_hears_nothing_of_later(tmp_path: Path) -> None:
    tape = candles(tmp_path / "c.csv", 600, liquidity=True)
    since, until = START + 200 * MINUTE, START + 300 * MINUTE
    warm, inputs = Tapes([tape], since=since, until=until).play()
    found = list(inputs)
    assert since <= found[0].time <= found[-1].time <= until
    assert isinstance(warm[0], Gas)
    assert any(isinstance(item, Depth) for item in warm)
    [history] = [item for item in warm if isinstance(item, History)]
    assert history.time <= since + MINUTE
    assert max(c.start for c in history.candles) < since
    series = Series()
    series.warm(history)
    assert series.rsi is not None
    ends = [item.end for item in found if isinstance(item, Bar)]
    assert ends == [since + n * MINUTE for n in range(101)]


def test_a_period_without_a_row_is_named(tmp_path: Path) -> None:
    tape = candles(tmp_path / "c.csv", 60)
    with pytest.raises(TapeError, match=r"'c\.csv': no row lies in that period; it begins at 2026"):
        Tapes([tape], since=START + 400 * DAY).play()


def test_holding_begins_and_ends_with_the_tape(tmp_path: Path) -> None:
    tape = candles(tmp_path / "c.csv", 900)
    stage, _ = replay(Tapes([tape]), Terms(level=1))
    hold = stage.report(0).hold
    assert hold is not None
    rows = [line.split(",") for line in tape.read_text().splitlines()[1:]]
    first, last = Decimal(rows[0][5]), Decimal(rows[-1][5])
    assert hold.metrics.total_return == pytest.approx(float(last / first) - 1, abs=1e-9)
    assert not hold.left_out


def test_holding_trades_begins_at_the_very_first_of_each_token(tmp_path: Path) -> None:
    tape = tmp_path / "t.csv"
    rows = [(0, "A", 100), (5, "A", 130), (30, "B", 50), (31, "A", 150), (59, "B", 70)]
    rows += [(150, "A", 200), (7_200, "B", 100), (7_200, "A", 200)]
    tape.write_text(
        "timestamp,symbol,price,volume\n"
        + "".join(f"{iso(START + s * 1_000)},{n},{p},1\n" for s, n, p in rows)
    )
    stage, _ = replay(Tapes([tape]), Terms(level=1))
    hold = stage.report(0).hold
    assert hold is not None
    assert hold.metrics.total_return == pytest.approx(1.0, abs=1e-9)  # 100 to 200 and 50 to 100


def test_a_sampler_keeps_a_long_tape_in_bounds() -> None:
    class Market:
        series = Series()

    market = Market()
    sampler = PriceSampler({"t": market}, most=64)  # type: ignore[dict-item]
    for minute in range(10_000):
        now = START + minute * MINUTE
        market.series.on_price(now, 100.0 + minute)
        if now >= sampler.due:
            sampler.sample(now)
    prices = sampler.prices()["t"]
    assert len(prices) <= 66
    assert prices[0] == (START, 100.0)
    assert prices[-1][0] > START + 9_000 * MINUTE
    assert all(price == 100.0 + (time - START) // MINUTE for time, price in prices)
