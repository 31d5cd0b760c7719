"""The live market: what the desk is told, in which order, and when."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.market import Candle, Depth, Gas, History, Quote, Timer, Trust
from papertrader_tui.domain.orders import Status
from papertrader_tui.feeds.live import LiveMarket
from papertrader_tui.feeds.source import Fault, SourceError
from tests.feedkit import START, FakeSource, Rig, clock, registry, run, steady, tokens, wall

D = Decimal

NATIVE, ONE, TWO = tokens(3)


def of(batch, kind):
    return [item for item in batch if type(item) is kind]


@dataclass
class Desk:
    """Takes batches as fast as it is told to, and keeps what it was handed."""

    market: LiveMarket
    pause: float = 0.0
    batches: list = field(default_factory=list)

    async def until(self, seconds):
        async with aclosing(self.market.batches(START + round(seconds * 1_000))) as batches:
            async for batch in batches:
                self.batches.append((clock(), batch))
                await asyncio.sleep(self.pause)

    def inputs(self, kind, token=None):
        return [
            item for _, batch in self.batches for item in of(batch, kind)
            if token is None or item.token == token
        ]  # fmt: skip


def market(*sources, watch=(ONE,), **more):
    rig = Rig(*sources)
    return rig, LiveMarket(
        rig.feed, registry(NATIVE, ONE, TWO), [t.id for t in watch], wall=wall, **more
    )


def pair():
    return FakeSource("a", steady(), pooled=True), FakeSource("b", steady())


def test_it_says_what_it_is():
    async def story():
        _, live = market(*pair())
        info = live.info
        assert (info.kind, info.badge, info.identity) == ("live", "LIVE", "live")
        assert (info.interval, info.notice) == (
            30_000, "No price source has answered yet: waiting for prices."
        )  # fmt: skip
        assert "a, b" in info.detail
        assert (live.speed, live.progress, live.cursor) == (1.0, None, 0)
        assert not live.set_speed(60)
        assert live.speed == 1.0
        with pytest.raises(ValueError, match="cursor -1"):
            market(*pair(), cursor=-1)

    run(story)


def test_it_waits_for_no_one_once_a_source_has_answered():
    async def story():
        rig, live = market(FakeSource("a", steady()), FakeSource("b", steady(), took=2))
        assert await rig.feed.probe()
        assert clock() < 1
        assert live.info.notice == ""
        await rig.feed.close()

    run(story)


def test_nothing_is_asked_before_its_batches_are_taken():
    async def story():
        rig, live = market(*pair())
        list(live.warm())
        await asyncio.sleep(60)
        assert rig.sources[0].calls == []

    run(story)


def test_trust_and_depth_come_before_the_price_that_they_are_about():
    async def story():
        rig, live = market(*pair())
        desk = Desk(live)
        await desk.until(5)
        batch = next(b for _, b in desk.batches if of(b, Quote))
        kinds = [type(item) for item in batch if getattr(item, "token", "") == ONE.id]
        assert kinds == [Depth, Trust, Quote]
        (quote,) = desk.inputs(Quote, ONE.id)
        (trust,) = desk.inputs(Trust, ONE.id)
        assert (quote.price, quote.value, quote.source) == (D(3000), 3000.0, "a+b")
        assert (trust.fault, trust.sources, trust.exit_price) == ("", 2, None)
        assert trust.stale_at == START + 200 + 60_000
        assert desk.inputs(Depth, ONE.id)[0].liquidity == D(5_000_000)
        await rig.feed.close()

    run(story)


def test_a_timer_comes_every_second_and_nothing_after_the_end():
    async def story():
        rig, live = market(*pair())
        desk = Desk(live)
        await desk.until(20)
        times = [t.time for t in desk.inputs(Timer)]
        assert times == [START + n * 1_000 for n in range(21)]
        assert live.cursor == sum(len(b) for _, b in desk.batches)
        assert all(item.time <= START + 20_000 for _, b in desk.batches for item in b)
        await rig.feed.close()

    run(story)


def test_a_desk_that_was_busy_gets_the_newest_price_only():
    async def story():
        a, b = pair()
        a.truth = b.truth = lambda token, at: D(3000) + D(int(at) // 30)
        rig, live = market(a, b)
        desk = Desk(live, pause=100)
        await desk.until(450)
        quotes = desk.inputs(Quote, ONE.id)
        assert 3 <= len(quotes) <= 5
        assert [q.price for q in quotes] == sorted({q.price for q in quotes})
        assert quotes[-1].price - quotes[-2].price >= 3
        await rig.feed.close()

    run(story)


def test_a_tokens_time_does_not_go_back_when_another_source_is_older():
    async def story():
        a, b = FakeSource("a", steady()), FakeSource("b", steady(), lag=50, stale_ms=180_000)
        rig, live = market(a, b)
        desk = Desk(live)
        b.error = SourceError(Fault.TIMEOUT, "late")
        task = asyncio.create_task(desk.until(120))
        await asyncio.sleep(20)
        a.error, b.error = SourceError(Fault.TIMEOUT, "gone"), None
        await task
        times = [q.time for q in desk.inputs(Quote, ONE.id)]
        assert len(times) >= 3
        assert times == sorted(times)
        await rig.feed.close()

    run(story)


def test_a_stale_token_is_told_once_without_a_price():
    async def story():
        a, b = pair()
        rig, live = market(a, b)
        desk = Desk(live)
        task = asyncio.create_task(desk.until(200))
        await asyncio.sleep(5)
        a.error = b.error = SourceError(Fault.CONNECTION, "no network")
        await task
        assert len(desk.inputs(Quote, ONE.id)) == 1
        faults = [t.fault for t in desk.inputs(Trust, ONE.id)]
        assert faults[0] == ""
        assert len(faults) == 2
        assert faults[1].startswith("stale: ")
        assert "No price source answers" in live.info.notice
        await rig.feed.close()

    run(story)


def test_gas_is_bundled_with_the_live_price_of_what_it_is_paid_in():
    async def story():
        a, b = pair()
        a.truth = b.truth = lambda token, at: D(3500) + D(int(at) // 30)
        rig, live = market(a, b)
        (warm,) = of(live.warm(), Gas)
        assert (warm.native_usd, warm.source) == (D(3000), "bundled gas, bundled native price")
        desk = Desk(live)
        await desk.until(600)
        gas = desk.inputs(Gas)
        assert gas[0].native_usd == D(3500)
        assert gas[0].source == "bundled gas, live native price"
        assert gas[0].price_wei == 10**7
        assert 5 <= len(gas) <= 10  # not at every price
        await rig.feed.close()

    run(story)


def test_depth_is_told_when_it_changes():
    async def story():
        rig, live = market(*pair())
        desk = Desk(live)
        await desk.until(300)
        assert len(desk.inputs(Depth, ONE.id)) == 1
        await rig.feed.close()

    run(story)


def test_warm_brings_history_and_the_last_prices_as_stale():
    async def story():
        history = History(ONE.id, START, 300_000, [Candle(START - 300_000, 1, 1, 1, 1)], "a")
        last = Quote(ONE.id, START - 3_600_000, D(2900), 2900.0, "a")
        gone = Quote("base:0x" + "f" * 40, START - 1, D(1), 1.0, "a")
        rig, live = market(*pair(), history=lambda: [history], last=lambda: [last, gone])
        warm = list(live.warm())
        assert history in warm
        assert of(warm, Quote) == [last]
        (trust,) = of(warm, Trust)
        assert trust.fault.startswith("stale: from an earlier session")
        assert trust.stale_at < live.now()
        assert warm.index(trust) < warm.index(last)
        await rig.feed.close()

    run(story)


def test_an_order_gets_a_price_of_its_own_when_its_block_has_come():
    async def story():
        a, b = pair()
        rig, live = market(a, b)
        desk = Desk(live)
        task = asyncio.create_task(desk.until(20))
        await asyncio.sleep(10.2)
        account = SimpleNamespace(
            ledger=SimpleNamespace(positions={ONE.id: None}),
            orders={"o1": SimpleNamespace(token=ONE.id)},
        )
        sent = ev.OrderSubmitted(
            1, wall(), "o1", 1, START + 12_000, D(3000), "a", START, D(1), D(1), 100
        )
        live.heed([sent], account)
        await task
        assert [(at, asked) for at, asked in a.calls[1:]] == [(pytest.approx(12.0), (ONE.id,))]
        quotes = [(at, q) for at, b in desk.batches for q in of(b, Quote) if q.token == ONE.id]
        assert quotes[-1][0] == pytest.approx(12.2)
        assert quotes[-1][1].fetched >= START + 12_000
        assert rig.feed.monitor.position_updates(clock()) == 1
        await rig.feed.close()

    run(story)


def test_orders_that_an_earlier_session_sent_still_land_in_their_blocks():
    async def story():
        landings = []
        chains = SimpleNamespace(
            subscribe=lambda _: None,
            follow=lambda _: None,
            land=lambda *asked: landings.append(asked),
        )
        rig, live = market(*pair(), chains=chains)
        sent = SimpleNamespace(status=Status.SUBMITTED, token=ONE.id, lands_block=120)
        orders = [
            sent,
            SimpleNamespace(status=Status.SUBMITTED, token=ONE.id, lands_block=0),
            SimpleNamespace(status=Status.WORKING, token=ONE.id, lands_block=99),
        ]
        account = SimpleNamespace(ledger=SimpleNamespace(positions={}), open_orders=lambda: orders)
        live.heed([ev.SessionStarted(1, wall(), "0", "live")], account)
        assert landings == [(ONE.id, 120)]
        await rig.feed.close()

    run(story)


def test_each_of_two_orders_of_one_token_gets_a_price_when_its_block_has_come():
    async def story():
        a, b = pair()
        rig, live = market(a, b)
        task = asyncio.create_task(Desk(live).until(28))
        await asyncio.sleep(10.2)
        account = SimpleNamespace(
            ledger=SimpleNamespace(positions={}),
            orders={name: SimpleNamespace(token=ONE.id) for name in ("o1", "o2", "o3")},
        )
        for name, lands in (("o1", 12), ("o2", 20), ("o3", 20)):
            sent = ev.OrderSubmitted(
                1, wall(), name, 1, START + lands * 1_000, D(3000), "a", START, D(1), D(1), 100
            )
            live.heed([sent], account)
        await task
        assert a.calls[1:] == [(pytest.approx(at), (ONE.id,)) for at in (12.0, 20.0)]
        await rig.feed.close()

    run(story)


def test_what_comes_onto_the_watchlist_is_followed_with_its_chains_native():
    async def story():
        rig, live = market(*pair())
        desk = Desk(live)
        task = asyncio.create_task(desk.until(10))
        await asyncio.sleep(3)
        nothing = SimpleNamespace(ledger=SimpleNamespace(positions={}), orders={})
        live.heed([ev.WatchChanged(1, wall(), TWO.id, True)], nothing)
        await task
        assert {q.token for q in desk.inputs(Quote)} == {NATIVE.id, ONE.id, TWO.id}
        await rig.feed.close()

    run(story)


def test_a_fault_of_the_feed_itself_is_not_swallowed():
    async def story():
        rig, live = market(*pair())

        def broken(trusted):
            raise ArithmeticError("listener")

        rig.feed.subscribe(broken)
        with pytest.raises(ArithmeticError, match="listener"):
            await Desk(live).until(60)
        await rig.feed.close()

    run(story)


def test_its_clock_never_goes_back():
    async def story():
        rig, live = market(*pair())
        times = iter([START + 5_000, START, START + 6_000])
        live._wall = lambda: next(times)
        assert [live.now() for _ in range(3)] == [START + 5_000, START + 5_000, START + 6_000]
        await rig.feed.close()

    run(story)


class Remembers:
    """Fills in history: some is stored, some comes after ten seconds."""

    def __init__(self, *, broken=False):
        self.followed, self.listeners, self.broken, self.ran = [], [], broken, 0

    def stored(self):
        return [past(ONE, 1)]

    def follow(self, tokens):
        self.followed += [t.id for t in tokens]

    def subscribe(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    async def run(self):
        self.ran += 1
        if self.broken:
            msg = "a test"
            raise RuntimeError(msg)
        await asyncio.sleep(10)
        for listener in self.listeners:
            listener(past(ONE, 2))
        await asyncio.sleep(1_000)


def past(token, count):
    candles = [Candle(START - n * 300_000, 1, 1, 1, 1) for n in range(count, 0, -1)]
    return History(token.id, START, 300_000, candles, "test")


def test_history_that_comes_late_is_handed_over_when_it_comes():
    async def story():
        filling = Remembers()
        _, live = market(*pair())
        live.fill_from(filling)
        assert set(filling.followed) == {ONE.id, NATIVE.id}
        assert [len(h.candles) for h in of(list(live.warm()), History)] == [1]
        desk = Desk(live)
        await desk.until(20)
        found = [(at, item) for at, batch in desk.batches for item in of(batch, History)]
        assert [(round(at), len(h.candles)) for at, h in found] == [(10, 2)]
        live.follow([TWO.id])
        assert filling.followed[-2:] == [TWO.id, NATIVE.id]

    run(story)


def test_trading_goes_on_where_history_fails(caplog):
    async def story():
        filling = Remembers(broken=True)
        _, live = market(*pair())
        live.fill_from(filling)
        desk = Desk(live)
        await desk.until(40)
        assert filling.ran == 1
        assert len(desk.inputs(Quote, ONE.id)) == 2

    run(story)
    assert "history is not filled in any more" in caplog.text
