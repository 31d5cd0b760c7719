"""History is filled in: only what is missing, from source after source, within their limits."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from itertools import pairwise

import pytest

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Candle
from papertrader_tui.feeds.backfill import LATE, SETTLE, Backfill, usable
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.store import archive, prices
from papertrader_tui.store.database import connect_writer
from tests.feedkit import START, FakeSource, Rig, clock, run, steady, tokens, wall
from tests.unit.store.helpers import new_account

FIVE = 5 * MINUTE
ONE, TWO = tokens(2)


class Memory:
    """The account's archive without a thread."""

    def __init__(self, path):
        self.connection = connect_writer(path)
        self.kept = []

    def known(self, wanted):
        return [archive.merged(self.connection, *one) for one in wanted]

    async def candles(self, wanted):
        return self.known(wanted)

    async def missing(self, wanted):
        return [archive.missing(self.connection, *one) for one in wanted]

    async def keep(self, token, interval, span, candles, source):
        self.connection.execute("BEGIN")
        archive.put(self.connection, token, interval, span, candles, source)
        self.connection.execute("COMMIT")
        self.kept.append((token, interval, source, len(candles)))

    def price(self, token, since, until, step=30_000):
        rows = [(token, time, "50", -1.0) for time in range(since, until, step)]
        self.connection.execute("BEGIN")
        prices.put(self.connection, rows)
        self.connection.execute("COMMIT")


class Historian(FakeSource):
    """A source that remembers `past` milliseconds; a price is the time's own number of minutes."""

    def __init__(self, name, past=365 * DAY, **more):
        super().__init__(name, steady(), **more)
        self.past = past
        self.asked = []
        self.silent = set()

    async def candles(self, token, interval, since, until):
        self.asked.append((token.id, interval, since, until))
        await super().candles(token, interval, since, until)
        if token.id in self.silent:
            return []
        first = max(since, wall() - self.past)
        first += -first % interval
        return [Candle(t, *[t / MINUTE] * 4, 10.0) for t in range(first, until, interval)]


@pytest.fixture
def memory(tmp_path):
    kept = Memory(new_account(tmp_path))
    yield kept
    kept.connection.close()


def filler(memory, *sources, **more):
    rig = Rig(*sources)
    told, steps = [], []
    filling = Backfill(
        rig.feed, memory, wall=wall, clock=clock, progress=steps.append,
        order=[s.name for s in sources], **more,
    )  # fmt: skip
    filling.subscribe(told.append)
    return filling, told, steps


def fails(fault):
    return SourceError(fault, f"a test: {fault}")


def test_a_day_of_five_minutes_and_a_month_of_hours_come_whole_in_one_request_each(memory):
    async def story():
        source = Historian("a")
        filling, told, steps = filler(memory, source)
        filling.follow([ONE, TWO])
        state = await filling.fill()
        assert [(t, i) for t, i, _, _ in source.asked] == [
            (ONE.id, FIVE), (TWO.id, FIVE), (ONE.id, HOUR), (TWO.id, HOUR),
        ]  # fmt: skip
        assert (state.done, state.total, state.failed, state.eta) == (4, 4, 0, 0.0)
        assert [(s.done, s.over) for s in steps] == [
            (0, False), (1, False), (2, False), (3, False), (4, True),
        ]  # fmt: skip
        assert steps[0].eta is None
        assert all(s.eta > 0 for s in steps[1:-1])
        shape = [(h.token, h.interval, len(h.candles), h.charts) for h in told]
        # the two newest minutes are not asked for yet, so the candle that ended now is missing
        assert shape == [
            (ONE.id, FIVE, 287, False), (TWO.id, FIVE, 287, False),
            (ONE.id, HOUR, 719, True), (TWO.id, HOUR, 719, True),
        ]  # fmt: skip
        first = told[0].candles
        assert all(b.start - a.start == FIVE for a, b in pairwise(first))
        assert first[-1].start + FIVE <= wall()
        assert first[-1].close == first[-1].start / MINUTE

    run(story)


def test_what_is_known_is_not_asked_for_again_and_begins_the_next_session(memory):
    async def story():
        source = Historian("a")
        filling, told, _ = filler(memory, source)
        filling.follow([ONE])
        await filling.fill()
        asked = len(source.asked)
        again, later, steps = filler(memory, source)
        again.follow([ONE])
        assert (await again.fill()).total == 0
        assert (len(source.asked), later, steps) == (asked, [], [])
        stored = again.stored()
        assert [(h.interval, h.charts) for h in stored] == [(HOUR, True), (FIVE, False)]
        assert stored[1].candles[-1].start == told[0].candles[-1].start

    run(story)


def test_after_an_outage_only_the_gap_is_asked_for(memory):
    async def story():
        source = Historian("a")
        filling, told, _ = filler(memory, source)
        filling.follow([ONE])
        await filling.fill()
        told.clear()
        source.asked.clear()
        await asyncio.sleep(3 * 3_600)
        memory.price(ONE.id, START - HOUR, START + HOUR)
        memory.price(ONE.id, START + 2 * HOUR, wall())
        await filling.fill()
        # an hour without a price, the hour candle with it, and nothing of what was recorded
        assert source.asked == [
            (ONE.id, FIVE, START + HOUR, START + 2 * HOUR),
            (ONE.id, HOUR, START + HOUR, START + 2 * HOUR),
        ]
        closes = {c.start: c.close for c in told[0].candles}
        assert closes[START] == 50.0 == closes[START + 2 * HOUR]
        gap = range(START + HOUR, START + 2 * HOUR, FIVE)
        assert [closes[t] for t in gap] == [t / MINUTE for t in gap]

    run(story)


def test_several_gaps_of_a_token_are_one_request_and_own_prices_stay(memory):
    async def story():
        memory.price(ONE.id, START - DAY - HOUR, START - 3 * HOUR)
        memory.price(ONE.id, START - 2 * HOUR, START - HOUR)
        source = Historian("a")
        filling, _, _ = filler(memory, source)
        filling.follow([ONE])
        await filling.fill()
        token, interval, since, until = source.asked[0]
        assert (since, until) == (START - 3 * HOUR, START - FIVE)
        assert memory.kept[0] == (ONE.id, FIVE, "a", 12 + 11)
        known = memory.known([(ONE.id, FIVE, START - 4 * HOUR, START)])[0]
        own = [c.start for c in known if c.close == 50.0]
        assert len(own) == 24
        assert (token, interval) == (ONE.id, FIVE)

    run(story)


def test_sources_are_asked_in_order_and_only_where_the_one_before_fails(memory):
    async def story():
        first, second = Historian("a"), Historian("b")
        first.silent.add(TWO.id)
        filling, told, _ = filler(memory, first, second)
        filling.follow([ONE, TWO])
        await filling.fill()
        assert {t for t, *_ in second.asked} == {TWO.id}
        assert {(h.token, h.source) for h in told} == {(ONE.id, "a"), (TWO.id, "b")}

    run(story)


def test_what_one_source_does_not_go_back_to_is_asked_of_the_next(memory):
    async def story():
        young, old = Historian("young", past=6 * HOUR), Historian("old")
        filling, told, _ = filler(memory, young, old)
        filling.follow([ONE])
        await filling.fill()
        assert old.asked[0] == (ONE.id, FIVE, START - DAY - FIVE, START - 6 * HOUR + FIVE)
        sources = memory.connection.execute(
            "SELECT source, count(*) FROM candles WHERE interval = ? GROUP BY 1 ORDER BY 1", (FIVE,)
        ).fetchall()
        assert sources == [("old", 218), ("young", 70)]
        assert len(told[0].candles) == 287

    run(story)


def test_a_token_that_nobody_knows_is_left_alone_for_an_hour(memory):
    async def story():
        source = Historian("a")
        source.silent.add(ONE.id)
        filling, told, _ = filler(memory, source)
        filling.follow([ONE])
        assert (await filling.fill()).failed == 2
        await asyncio.sleep(3_500)
        assert (await filling.fill()).total == 0
        await asyncio.sleep(200)
        assert (await filling.fill()).total == 2
        assert (len(source.asked), told) == (4, [])

    run(story)


def test_quiet_times_are_asked_for_once(memory):
    class Quiet(Historian):
        async def candles(self, token, interval, since, until):
            return (await super().candles(token, interval, since, until))[::10]

    async def story():
        source = Quiet("a")
        filling, _, _ = filler(memory, source)
        filling.follow([ONE])
        await filling.fill()
        await asyncio.sleep(LATE / 1_000)
        memory.price(ONE.id, START, wall())
        await filling.fill()
        source.asked.clear()
        await asyncio.sleep(3_600)
        memory.price(ONE.id, START, wall())
        await filling.fill()
        assert source.asked == []

    run(story)


def test_without_a_network_it_gives_up_soon_and_fills_when_it_is_back(memory):
    async def story():
        source, other = Historian("a"), Historian("b")
        source.error = other.error = fails(Fault.CONNECTION)
        filling, told, steps = filler(memory, source, other)
        filling.follow(tokens(20))
        running = asyncio.create_task(filling.run())
        await asyncio.sleep(1_000)
        assert told == []
        assert {s.done for s in steps if s.over} == {2}
        assert {s.total for s in steps} == {40}
        source.error = None
        before = clock()
        while len(told) < 40:
            await asyncio.sleep(10)
            assert clock() - before < 400
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    run(story)


def test_limits_are_kept_and_prices_go_first(memory):
    async def story():
        source = Historian("a", per_minute=30)
        rig = Rig(source, Historian("b", per_minute=300))
        filling = Backfill(rig.feed, memory, wall=wall, clock=clock, order=["a"])
        rig.feed.follow(tokens(20))
        filling.follow(tokens(20))
        async with rig:
            state = await filling.fill()
            assert (state.done, state.failed) == (40, 0)
            assert 60 < clock() < 180
        assert source.per_minute() <= 30
        priced = {}
        for at, asked in source.calls:
            if len(asked) == 20:
                priced.setdefault(at // 35, []).append(at)
        # every cycle got its prices although history was waiting
        assert len(priced) >= clock() // 35

    run(story)


def test_a_token_that_is_let_go_is_not_asked_for(memory):
    async def story():
        source = Historian("a")
        filling, told, _ = filler(memory, source)
        filling.follow([ONE, TWO])
        filling.unfollow(ONE.id)
        await filling.fill()
        assert {h.token for h in told} == {TWO.id}

    run(story)


def test_new_tokens_are_filled_at_once(memory):
    async def story():
        filling, told, _ = filler(memory, Historian("a"))
        running = asyncio.create_task(filling.run())
        await asyncio.sleep(20)
        filling.follow([ONE])
        await asyncio.sleep(5)
        assert {h.interval for h in told} == {FIVE, HOUR}
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    run(story)


@pytest.mark.parametrize(
    "bad",
    [
        Candle(START, 1, 0.5, 0.4, 0.5), Candle(START, 1, 2, 1.5, 1.6), Candle(START, 1, 2, 0.5, 3),
        Candle(START, 0, 2, 0, 1), Candle(START, -1, 2, -1, 1), Candle(START, 1, math.inf, 1, 1),
        Candle(START, math.nan, 2, 1, 1), Candle(START, 1, 2, 1, 1, math.nan),
        Candle(START + 1, 1, 1, 1, 1), Candle(START - FIVE, 1, 1, 1, 1),
        Candle(START + HOUR, 1, 1, 1, 1),
    ],
)  # fmt: skip
def test_candles_that_cannot_be_true_are_left_out(bad):
    good = Candle(START + FIVE, 1.0, 2.0, 0.5, 1.5)
    assert usable([bad, good], FIVE, START, START + HOUR) == [good]


def test_candles_come_in_order_and_one_of_a_time():
    first, second, again = (Candle(START + n * FIVE, 1, 1, 1, 1) for n in (0, 1, 0))
    assert usable([second, first, again], FIVE, START, START + HOUR) == [first, second]
    # one whose end is not in the span is not whole yet
    assert usable([first, second], FIVE, START, START + FIVE + SETTLE) == [first]
