"""What comes of a level in a race is what comes of it alone, fact by fact and to the byte."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.market import HOUR, Bar, MarketInput
from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.engine.desk import Desk
from papertrader_tui.feeds.demo import DemoMarket
from papertrader_tui.feeds.tapes import Tapes
from papertrader_tui.replay.board import standings
from papertrader_tui.replay.run import Recording, Stage, Terms
from papertrader_tui.replay.venue import VENUES
from papertrader_tui.replaying import market_recording, tape_recording
from tests.marketkit import drive
from tests.tapekit import candles, trades

ALL = range(1, 11)
Log = list[list[ev.Event]]


def play(recording: Recording, inputs: Sequence[MarketInput], terms: Sequence[Terms]) -> Log:
    logs: Log = [[] for _ in terms]
    stage = Stage(terms, recording, "papertrader 0", [log.extend for log in logs])
    assert stage.play(inputs) == len(inputs)
    stage.end()
    return logs


def text(events: Sequence[ev.Event]) -> str:
    """As they would be stored, factors of decisions and all."""
    return "\n".join(
        f"{e.seq} {e.time} {type(e).__name__} {json.dumps(ev.to_record(e))}" for e in events
    )


def of_tape(*paths: Path) -> tuple[Recording, list[MarketInput]]:
    tapes = Tapes(paths)
    warm, inputs = tapes.play()
    return tape_recording(tapes, warm), list(inputs)


async def _of_demo(hours: int) -> tuple[Recording, list[MarketInput]]:
    market = DemoMarket(3, None)
    recording = market_recording(market)
    found: list[MarketInput] = []
    async with aclosing(market.batches(recording.began + hours * HOUR)) as batches:
        async for batch in batches:
            found += batch
    return recording, found


def check(
    recording: Recording, inputs: Sequence[MarketInput], terms: Sequence[Terms], fills: int = 1
) -> None:
    together = play(recording, inputs, terms)
    for one, log in zip(terms, together, strict=True):
        [alone] = play(recording, inputs, [one])
        assert text(alone) == text(log), f"level {one.level}"
    count = sum(isinstance(e, ev.Filled) for log in together for e in log)
    assert count >= fills, "nothing was traded, so this shows nothing"


@pytest.mark.parametrize("gates", [True, False])
def test_levels_on_candles_of_three_tokens_and_depth(tmp_path: Path, gates: bool) -> None:
    tapes = [
        candles(tmp_path / f"{n}.csv", 700, f"{n}-USD", liquidity=n == "AAA")
        for n in ("AAA", "BBB", "CCC")
    ]
    check(*of_tape(*tapes), [Terms(level=n, gates=gates) for n in (1, 3, 6, 9, 10)], fills=10)


def test_levels_on_trades(tmp_path: Path) -> None:
    check(
        *of_tape(trades(tmp_path / "t.csv", 2_400)),
        [Terms(level=n) for n in (2, 5, 8, 9, 10)],
        fills=10,
    )


def test_levels_on_the_demo_market() -> None:
    recording, inputs = drive(_of_demo(2))
    check(recording, inputs, [Terms(level=n) for n in (5, 9)], fills=4)


def test_accounts_may_differ_in_more_than_their_level(tmp_path: Path) -> None:
    usual = Terms(level=8)
    every = [
        usual,
        replace(usual, seed=11),
        replace(usual, limits=RiskLimits(daily_trades=3)),
        replace(usual, changes={"stop_pct": 1.0, "min_confidence": 60.0}),
        replace(usual, cash=usual.cash * 100),
    ]
    tape = candles(tmp_path / "c.csv", 1_400, liquidity=True)
    check(*of_tape(tape), every, fills=10)


def test_a_racer_whose_gate_is_closed_is_stepped_no_more_than_what_it_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = replace(Terms(level=9), limits=RiskLimits(min_liquidity_usd=Decimal(1_000_000_000)))
    recording, inputs = of_tape(candles(tmp_path / "c.csv", 1_400, liquidity=True))
    check(recording, inputs, [shut, replace(shut, level=5)], fills=0)
    steps = []
    step = Desk.step

    def counted(desk: Desk, item: MarketInput) -> Sequence[ev.Event]:
        if isinstance(item, Bar) and desk.account.name == "level-9":
            steps.append(item)
        return step(desk, item)

    monkeypatch.setattr(Desk, "step", counted)
    [log, _] = play(recording, inputs, [shut, replace(shut, level=5)])
    kept = [e.decision for e in log if isinstance(e, ev.Decided)]
    assert sum(d.rule == "skip.gate" and d.repeats > 10 for d in kept) > 50
    told = sum(isinstance(e, ev.Decided | ev.Scored | ev.AccountMarked) for e in log)
    assert len(steps) <= told + 20


def test_without_costs_too(tmp_path: Path) -> None:
    every = [Terms(level=n, venue=VENUES["none"]) for n in (3, 6, 9)]
    check(*of_tape(candles(tmp_path / "c.csv", 1_200, liquidity=True)), every, fills=6)


@pytest.mark.skipif("PAPERTRADER_EVIDENCE" not in os.environ, reason="needs recorded tapes")
@pytest.mark.parametrize("name", ["candles", "quotes", "swaps"])
def test_levels_on_real_tapes(name: str) -> None:
    folder = Path(os.environ["PAPERTRADER_EVIDENCE"], "tapes")
    recording, inputs = of_tape(next(folder.glob(f"{name}_*.csv")))
    check(recording, inputs, [Terms(level=n) for n in ALL], fills=0)


def test_the_board_ranks_by_return_and_counts_what_was_paid(tmp_path: Path) -> None:
    recording, inputs = of_tape(candles(tmp_path / "c.csv", 1_400))
    stage = Stage([Terms(level=n) for n in (9, 1, 5)], recording, "papertrader 0")
    stage.play(inputs)
    stage.end()
    board = standings(stage)
    assert [one.rank for one in board] == [1, 2, 3]
    returns = [one.total_return for one in board]
    assert returns == sorted(returns, reverse=True)
    by_level = {one.level: one for one in board}
    assert set(by_level) == {1, 5, 9}
    nine = by_level[9]
    ledger = stage.desks[0].account.ledger
    paid = sum(ledger.balances[name] for name in ("lp_fees", "impact", "mev", "gas"))
    assert nine.costs == paid > 0
    assert nine.equity == ledger.equity()
    assert nine.trades == stage.desks[0].account.trades > 0
