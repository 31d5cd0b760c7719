"""The loop: what is shown is stored, what fails stops it, what waits shares one write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import Command, MarkAccount, PlaceOrder, SwitchBot
from papertrader_tui.domain.market import MarketInput, Quote, Trust
from papertrader_tui.domain.orders import OrderRequest, Side, SizeBy
from papertrader_tui.domain.tokens import Registry, TokenId
from papertrader_tui.engine.candles import CandleBook
from papertrader_tui.engine.kernel import Kernel, Stopped
from papertrader_tui.ports import JournalError, MarketInfo
from tests.deskkit import REGISTRY, START, WETH, D, Kit


class FakeMarket:
    """Hands over a batch whenever the test says so."""

    def __init__(self) -> None:
        self.cursor = 0
        self.speed: float | None = None
        self.progress: float | None = None
        self.registry: Registry = REGISTRY
        self.watchlist: Sequence[TokenId] = [WETH]
        self.info = MarketInfo("demo", "DEMO", "fake", "", "demo:0", 10_000, "fake")
        self.queue: asyncio.Queue[list[MarketInput] | None] = asyncio.Queue()
        self.time = START
        self.closed = False

    def now(self) -> int:
        return self.time

    def set_speed(self, speed: float | None) -> bool:
        self.speed = speed
        return True

    def warm(self) -> Iterable[MarketInput]:
        return [self.quote("3000")]

    def quote(self, price: str) -> Quote:
        self.time += 10_000
        return Quote(WETH, self.time, D(price), float(price), "fake", 1.0)

    async def batches(self, until: int | None = None) -> AsyncIterator[Sequence[MarketInput]]:
        try:
            while (batch := await self.queue.get()) is not None:
                self.cursor += len(batch)
                yield batch
        finally:
            self.closed = True


class FakeJournal:
    """Remembers what it was given, and can be slow or broken."""

    def __init__(self) -> None:
        self.events: list[ev.Event] = []
        self.writes: list[tuple[int, bool, int]] = []  # events, durable, cursor
        self.inputs: list[tuple[int, int, Command]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = asyncio.Event()
        self.broken = False
        self.prices: list[tuple[TokenId, int, Decimal, float]] = []
        self.heard: list[tuple[list[MarketInput], int, bool, int]] = []

    async def append(
        self,
        events: Sequence[ev.Event],
        *,
        inputs: Sequence[tuple[int, int, Command]],
        checkpoint: str,
        cursor: int,
        durable: bool,
    ) -> None:
        self.waiting.set()
        await self.gate.wait()
        if self.broken:
            msg = "the disk is full"
            raise JournalError(msg)
        self.events += events
        self.inputs += inputs
        self.writes.append((len(events), durable, cursor))

    async def record_inputs(
        self, inputs: Sequence[MarketInput], cursor: int, *, warm: bool = False
    ) -> None:
        self.heard.append((list(inputs), cursor, warm, len(self.events)))

    async def record(self, quotes: Sequence[tuple[TokenId, int, Decimal, float]]) -> None:
        self.prices += quotes

    async def close(self) -> None:
        pass


class Rig:
    """A kernel on fakes, running."""

    def __init__(self) -> None:
        self.market = FakeMarket()
        self.journal = FakeJournal()
        self.desk = Kit(liquidity=None).desk
        self.kernel = Kernel(self.desk, self.market, self.journal, CandleBook())
        self.seen: list[ev.Event] = []
        self.kernel.subscribe(self.seen.extend)

    async def __aenter__(self) -> Rig:
        self.task = asyncio.ensure_future(self.kernel.run())
        await self.settled()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.kernel.stop()
        self.journal.gate.set()
        await asyncio.wait([self.task], timeout=5)
        assert self.task.done()

    async def settled(self) -> None:
        """Let everything that can go on go on: the thread that warms, then the loop."""
        for _ in range(200):
            await asyncio.sleep(0)
            if self.journal.writes and self.kernel._pending is not None:
                break
            await asyncio.sleep(0.001)
        for _ in range(20):
            await asyncio.sleep(0)

    def order(self, spend: str = "100", client: str = "c") -> PlaceOrder:
        return PlaceOrder(OrderRequest(client, WETH, Side.BUY, SizeBy.NOTIONAL, D(spend)))


async def test_a_fact_is_stored_before_anyone_sees_it() -> None:
    async with Rig() as rig:
        rig.journal.gate.clear()
        rig.journal.waiting.clear()
        before = rig.kernel.snapshot()
        answer = asyncio.ensure_future(rig.kernel.submit(rig.order()))
        await rig.journal.waiting.wait()
        assert rig.desk.account.orders  # the desk has taken it in …
        assert rig.kernel.snapshot().orders == before.orders == ()  # … and nobody knows
        assert not [e for e in rig.seen if isinstance(e, ev.OrderAccepted)]
        assert not answer.done()
        rig.journal.gate.set()
        events = await answer
        assert [type(e).__name__ for e in events] == ["OrderAccepted", "OrderSubmitted"]
        assert [o.id for o in rig.kernel.snapshot().orders] == ["o1"]
        assert rig.seen[-2:] == list(events)


async def test_a_failed_write_stops_the_desk_and_shows_nothing_of_it() -> None:
    rig = Rig()
    async with rig:
        before = rig.kernel.snapshot()
        rig.journal.broken = True
        with pytest.raises(JournalError, match="disk is full"):
            await rig.kernel.submit(rig.order())
        with pytest.raises(JournalError, match="disk is full"):
            await rig.task
        assert not [e for e in rig.seen if isinstance(e, ev.OrderAccepted)]
        assert rig.kernel.snapshot() is before
        with pytest.raises(Stopped):
            await rig.kernel.submit(rig.order(client="later"))


async def test_commands_that_wait_together_share_one_write() -> None:
    async with Rig() as rig:
        count = len(rig.journal.writes)
        answers = await asyncio.gather(
            *(rig.kernel.submit(rig.order("10", f"c{n}")) for n in range(20))
        )
        assert len(rig.journal.writes) == count + 1
        assert all(isinstance(a[0], ev.OrderAccepted) for a in answers)
        assert len(rig.journal.inputs) == 20


async def test_a_price_without_consequences_waits_for_no_disk() -> None:
    async with Rig() as rig:
        count = len(rig.journal.events)
        rig.journal.gate.clear()
        rig.market.queue.put_nowait([rig.market.quote("3001")])
        await rig.settled()
        assert rig.kernel.latest[WETH][0] == 3001
        assert len(rig.journal.events) == count


async def test_a_fill_is_durable_and_a_skip_is_not() -> None:
    async with Rig() as rig:
        await rig.kernel.submit(rig.order())
        rig.market.queue.put_nowait([rig.market.quote("3000"), rig.market.quote("3000")])
        await rig.settled()
        assert any(isinstance(e, ev.Filled) for e in rig.journal.events)
        assert rig.journal.writes[-1][1] is True
        await rig.kernel.submit(SwitchBot(True))
        rig.market.queue.put_nowait([rig.market.quote("3000")])
        await rig.settled()
        assert isinstance(rig.journal.events[-1], ev.Decided)
        assert rig.journal.writes[-1][1] is False


async def test_the_stored_cursor_counts_only_what_was_stepped() -> None:
    """A batch that was fetched while the disk works belongs to the time after the command."""
    async with Rig() as rig:
        rig.market.queue.put_nowait([rig.market.quote("3000")])
        await rig.settled()
        stepped = rig.desk.now
        rig.journal.gate.clear()
        rig.journal.waiting.clear()
        answer = asyncio.ensure_future(rig.kernel.submit(rig.order()))
        await rig.journal.waiting.wait()
        rig.market.queue.put_nowait([rig.market.quote("3001")])
        for _ in range(5):
            await asyncio.sleep(0)
        assert rig.market.cursor == 2
        assert rig.desk.now == stepped
        rig.journal.gate.set()
        await answer
        assert rig.journal.inputs[-1][:2] == (1, stepped)
        assert (2, True, 1) in rig.journal.writes  # the order's two events


async def test_the_end_of_the_market_ends_the_run_and_closes_it() -> None:
    rig = Rig()
    async with rig:
        rig.market.queue.put_nowait([rig.market.quote("3000")])
        rig.market.queue.put_nowait(None)
        await asyncio.wait_for(rig.task, 5)
        events = await rig.kernel.finish(MarkAccount())
    assert rig.market.closed
    assert isinstance(events[0], ev.AccountMarked)
    assert rig.journal.events[-1] is events[0]
    assert rig.journal.writes[-1][2] == 1


async def test_stop_writes_where_the_market_stands() -> None:
    rig = Rig()
    async with rig:
        rig.market.queue.put_nowait([rig.market.quote("3000"), rig.market.quote("3001")])
        await rig.settled()
        rig.kernel.stop()
        await asyncio.wait_for(rig.task, 5)
    assert rig.journal.writes[-1][2] == 2
    assert rig.market.closed


async def test_prices_and_facts_come_in_the_order_they_happened() -> None:
    async with Rig() as rig:
        told: list[str] = []
        rig.kernel.subscribe_prices(lambda prices: told.extend(str(p[2]) for p in prices))
        rig.kernel.subscribe(lambda events: told.extend(type(e).__name__ for e in events))
        await rig.kernel.submit(rig.order())
        rig.market.queue.put_nowait(
            [rig.market.quote("3000"), rig.market.quote("3001"), rig.market.quote("3002")]
        )
        await rig.settled()
        assert told[:2] == ["OrderAccepted", "OrderSubmitted"]
        assert told[2:6] == ["3000", "Filled", "PositionChanged", "3001"]


async def test_a_listener_can_leave() -> None:
    async with Rig() as rig:
        seen: list[ev.Event] = []
        leave = rig.kernel.subscribe(seen.extend)
        leave()
        await rig.kernel.submit(rig.order())
        assert seen == []


async def test_snapshots_are_the_same_object_until_something_changes() -> None:
    async with Rig() as rig:
        first = rig.kernel.snapshot()
        assert rig.kernel.snapshot() is first
        rig.market.queue.put_nowait([rig.market.quote("3050")])
        await rig.settled()
        assert rig.kernel.snapshot().version > first.version


async def test_prices_are_kept_at_most_every_half_minute() -> None:
    async with Rig() as rig:
        rig.market.queue.put_nowait([rig.market.quote("3000") for _ in range(12)])
        await rig.settled()
        times = [time for _, time, _, _ in rig.journal.prices]
        assert len(times) in (4, 5)
        assert all(b // 30_000 > a // 30_000 for a, b in pairwise(times))


async def test_a_front_end_sees_every_token_and_turns_the_speed() -> None:
    async with Rig() as rig:
        assert list(rig.kernel.tokens) == list(REGISTRY.tokens.values())
        before = rig.kernel.snapshot()
        assert rig.kernel.set_speed(60)
        assert rig.kernel.snapshot().speed == 60
        assert rig.kernel.snapshot().version > before.version


async def test_a_market_with_one_speed_says_so() -> None:
    async with Rig() as rig:
        rig.market.set_speed = lambda speed: False  # type: ignore[method-assign]
        before = rig.kernel.snapshot()
        assert not rig.kernel.set_speed(60)
        assert rig.kernel.snapshot() is before


async def test_a_row_says_how_far_its_price_is_trusted() -> None:
    async with Rig() as rig:
        row = rig.kernel.snapshot().tokens[0]
        assert (row.doubt, row.note) == ("", "")
        trust = Trust(WETH, rig.market.time, "disputed: a 3,000 vs b 2,700", 2, 1 << 60, note="odd")
        rig.market.queue.put_nowait([trust, rig.market.quote("3000")])
        await rig.settled()
        row = rig.kernel.snapshot().tokens[0]
        assert (row.doubt, row.note) == ("disputed: a 3,000 vs b 2,700", "odd")


async def test_what_nobody_could_ask_for_again_is_kept_before_what_follows_from_it() -> None:
    rig = Rig()
    rig.market.info = replace(rig.market.info, keeps_inputs=True)
    async with rig:
        (warm, cursor, was_warm, events) = rig.journal.heard[0]
        assert (len(warm), cursor, was_warm, events) == (1, 0, True, 0)
        batch = [rig.market.quote("3001"), rig.market.quote("3002")]
        rig.market.queue.put_nowait(batch)
        await rig.settled()
    assert rig.journal.heard[1][:3] == (batch, 2, False)


async def test_a_market_that_can_be_played_again_is_not_recorded() -> None:
    async with Rig() as rig:
        rig.market.queue.put_nowait([rig.market.quote("3001")])
        await rig.settled()
    assert rig.journal.heard == []
