"""How long an order takes to be stored, and how long a fill, on the disk and not in a cache.

Block times are market time and do not count: what is measured is the program and the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.busy_market import BusyMarket
from benchmarks.desks import new_kernel
from benchmarks.figures import Figure, percentile
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import PlaceOrder, SwitchGates
from papertrader_tui.domain.market import MINUTE, MarketInput, Quote
from papertrader_tui.domain.orders import OrderRequest, Side, SizeBy
from papertrader_tui.engine.candles import CandleBook

CASH = Decimal(1_000_000)
PRICE = Decimal("3000.5")


class PushedMarket(BusyMarket):
    """One token, whose prices come when the benchmark says so."""

    def __init__(self) -> None:
        super().__init__(tokens=1)
        self._queue: asyncio.Queue[Quote] = asyncio.Queue()

    def now(self) -> int:
        """The time of the last price."""
        return self._last

    def push(self) -> None:
        """A price, a minute of market time after the last one: every order lands on it."""
        token = self.watchlist[0]
        self._queue.put_nowait(
            Quote(token, self._last + MINUTE, PRICE, float(PRICE), "bench", 100.0)
        )

    def warm(self) -> Iterable[MarketInput]:
        """Depth and gas, no history."""
        return [item for item in super().warm() if not hasattr(item, "candles")]

    async def batches(self, until: int | None = None) -> AsyncIterator[Sequence[MarketInput]]:
        """What was pushed, one at a time."""
        while until is None or self._last <= until:
            quote = await self._queue.get()
            self._last = quote.time
            self._cursor += 1
            yield [quote]


class BareCommits:
    """The baseline: one row in a transaction of its own, WAL and synchronous FULL."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT)")

    def commit(self) -> float:
        """Seconds of one commit."""
        start = perf_counter()
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO rows (body) VALUES (?)", ("x" * 200,))
        self._connection.execute("COMMIT")
        return perf_counter() - start

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


async def measure(folder: Path, orders: int) -> dict[str, list[float]]:
    """Seconds of each bare commit, stored order and stored fill, taken in turn.

    Raises:
        RuntimeError: an order was not filled.
    """
    market = PushedMarket()
    token = market.watchlist[0]
    bare = BareCommits(folder / "bare.db")
    found: dict[str, list[float]] = {"bare": [], "order": [], "fill": []}
    async with new_kernel(folder, market, CandleBook(), cash=CASH) as kernel:
        filled, priced = asyncio.Event(), asyncio.Event()

        def listen(events: Sequence[ev.Event]) -> None:
            if any(isinstance(event, ev.Filled) for event in events):
                filled.set()

        kernel.subscribe(listen)
        no_more = kernel.subscribe_prices(lambda _: priced.set())
        running = asyncio.ensure_future(kernel.run())
        await kernel.submit(SwitchGates(False))  # else fifty trades a day are the most
        market.push()
        await priced.wait()
        no_more()
        for number in range(orders):
            found["bare"].append(bare.commit())
            command = PlaceOrder(
                OrderRequest(f"b{number}", token, Side.BUY, SizeBy.NOTIONAL, Decimal(100))
            )
            start = perf_counter()
            await kernel.submit(command)
            found["order"].append(perf_counter() - start)
            filled.clear()
            start = perf_counter()
            market.push()
            try:
                await asyncio.wait_for(filled.wait(), 30)
            except TimeoutError:
                msg = f"order {number} was not filled"
                raise RuntimeError(msg) from None
            found["fill"].append(perf_counter() - start)
        kernel.stop()
        await running
        if kernel.snapshot().totals.trades != orders:
            msg = f"{kernel.snapshot().totals.trades} of {orders} orders were filled"
            raise RuntimeError(msg)
    bare.close()
    return found


def run(orders: int = 300) -> list[Figure]:
    """Measure."""
    with TemporaryDirectory(prefix="papertrader-bench-", dir=Path.cwd()) as folder:
        found = asyncio.run(measure(Path(folder), orders))
    names = {
        "order": "order submitted to answered, stored",
        "fill": "landing price to published fill, stored",
    }
    return [
        Figure(
            f"{text} p{percent}", 1_000 * percentile(found[key], percent), "ms",
            "one-row SQLite commit, WAL, synchronous FULL, same folder",
            1_000 * percentile(found["bare"], percent),
            f"of {orders}, in turn with the bare commits" if percent == 50 else "",
        )
        for key, text in names.items()
        for percent in (50, 99)
    ]  # fmt: skip
