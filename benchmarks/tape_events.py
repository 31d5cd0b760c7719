"""How many events of a tape the bot trades through in a second, in memory and journaled.

One row of the tape is one event: for candles that is two inputs to the desk, the opening price
and the bar.  The clock runs from the first row that is parsed to the closing mark.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks.figures import Figure, interleaved, medians
from benchmarks.tapes import write_candles, write_trades
from papertrader_tui import config
from papertrader_tui.bootstrap import open_desk
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import MarkAccount, SetLevel, SwitchBot, SwitchGates
from papertrader_tui.engine.desk import Desk
from papertrader_tui.feeds.tape import TapeMarket
from papertrader_tui.feeds.tape_reader import TapeReader
from papertrader_tui.launch import Launch
from papertrader_tui.store.verify import verify

CASH = Decimal(10_000)
SEED = 7


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, to see that every way of running did the same work.

    Attributes:
        seconds, processor: How long it took, and of that on a core, whoever else was busy.
    """

    seconds: float
    processor: float
    equity: Decimal
    trades: int
    decisions: int
    reconciled: bool


def bare(tape: Path) -> tuple[float, float]:
    """The baseline: parse the rows, cross two float averages, all in or all out, no costs.

    Returns:
        Seconds, and final equity.
    """
    start = perf_counter()
    cash, held = 10_000.0, 0.0
    price = fast = slow = 0.0
    with tape.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        column = header.index("close") if "close" in header else header.index("price")
        for row in rows:
            price = float(row[column])
            if not slow:
                fast = slow = price
            fast += (price - fast) * 2 / 13
            slow += (price - slow) * 2 / 27
            if fast > slow:
                if not held:
                    held, cash = cash / price, 0.0
            elif held:
                cash, held = held * price, 0.0
    return perf_counter() - start, cash + held * price


def _bare_seconds(tape: Path) -> float:
    return bare(tape)[0]


def in_memory(tape: Path, level: int) -> Outcome:
    """Step a desk through the tape, with nothing around it."""
    market = TapeMarket(tape)
    account = Account()
    account.apply(ev.AccountOpened(1, market.now(), "bench", "tape", CASH, SEED, "bench"))
    desk = Desk(account, market.registry, stale_after=max(60_000, 3 * market.info.interval))
    for item in market.warm():
        desk.step(item)
    desk.start_session(market.now(), "bench", "bench", market.watchlist)
    for command in (SetLevel(level), SwitchGates(False), SwitchBot(True)):
        desk.command(command, market.now())
    start, processor = perf_counter(), process_time()
    step = desk.step
    for item in TapeReader(tape).inputs(desk.awaits):
        step(item)
    desk.command(MarkAccount(), desk.now)
    return _outcome(perf_counter() - start, process_time() - processor, desk)


def journaled(tape: Path, level: int, data: Path) -> Outcome:
    """The same through the kernel, each batch of facts in the account's file."""
    outcome = asyncio.run(_journaled(tape, level, data))
    report = verify(next(data.glob("accounts/*.db")))
    if not report.ok:
        msg = f"the journal does not verify: {report.difference}"
        raise RuntimeError(msg)
    return outcome


async def _journaled(tape: Path, level: int, data: Path) -> Outcome:
    flags = {
        "store.data_dir": ("--data-dir", str(data)),
        "market.kind": ("--market", "tape"),
        "market.seed": ("--seed", str(SEED)),
        "market.speed": ("--speed", "max"),
    }
    launch = Launch(headless=True, tape=tape, level=level, bot=True, gates=False)
    async with open_desk(config.load(flags=flags, env={}, must_exist=False), launch) as opened:
        kernel = opened.kernel
        starts = [asyncio.ensure_future(kernel.submit(c)) for c in launch.commands]
        await asyncio.sleep(0)
        start, processor = perf_counter(), process_time()
        await kernel.run()
        await kernel.finish(MarkAccount())
        took = perf_counter() - start, process_time() - processor
        await asyncio.gather(*starts)
        return _outcome(*took, kernel.desk)


def _outcome(seconds: float, processor: float, desk: Desk) -> Outcome:
    totals = desk.account.totals(desk.now)
    return Outcome(
        seconds,
        processor,
        totals.equity,
        totals.trades,
        totals.decisions,
        desk.account.ledger.reconciled(),
    )


def run(rows: int = 200_000, rounds: int = 3, levels: tuple[int, ...] = (7, 9)) -> list[Figure]:
    """Measure.

    Raises:
        RuntimeError: two ways of running the same tape ended differently, or nothing was traded.
    """
    with TemporaryDirectory(prefix="papertrader-bench-") as folder:
        root = Path(folder)
        candles = write_candles(root / "candles.csv", rows)
        trades = write_trades(root / "trades.csv", rows)
        outcomes: dict[str, Outcome] = {}
        fresh = count(1)

        def traded(name: str, tape: Path, level: int) -> float:
            outcomes[name] = (
                journaled(tape, level, root / f"data{next(fresh)}")
                if name.endswith("journaled")
                else in_memory(tape, level)
            )
            return outcomes[name].seconds

        works: dict[str, Callable[[], float]] = {}
        for kind, tape in (("candles", candles), ("trades", trades)):
            works[f"{kind} bare"] = partial(_bare_seconds, tape)
            for level in levels:
                for way in ("in memory", "journaled"):
                    name = f"{kind} level {level} {way}"
                    works[name] = partial(traded, name, tape, level)
        seconds = medians(interleaved(rounds, works))
    _check(outcomes)
    return [
        Figure(
            name=f"{key}, bot on",
            value=rows / seconds[key],
            unit="events/s",
            baseline="bare loop: csv module, float EMA cross",
            base=rows / seconds[f"{key.split()[0]} bare"],
            note=f"{outcome.trades} trades, {outcome.decisions:,} decisions kept, "
            f"equity {outcome.equity:.2f}, reconciled",
        )
        for key, outcome in outcomes.items()
    ]


def _check(outcomes: dict[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        if not outcome.reconciled:
            msg = f"{name}: the books do not reconcile"
            raise RuntimeError(msg)
        if not outcome.trades:
            msg = f"{name}: nothing was traded, so this measures no trading; use more rows"
            raise RuntimeError(msg)
        other = outcomes[name.replace("journaled", "in memory")]
        if (other.equity, other.trades) != (outcome.equity, outcome.trades):
            msg = f"{name}: {outcome} differs from {other} in memory"
            raise RuntimeError(msg)
