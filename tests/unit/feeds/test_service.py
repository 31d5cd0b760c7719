"""The price feed in made-up time: how seldom it asks, whom, and what happens when they fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from papertrader_tui.feeds.feed_settings import FeedSettings
from papertrader_tui.feeds.health import feed_health
from papertrader_tui.feeds.policy import Breaker
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.trusted import Grade
from tests.feedkit import START, FakeSource, Rig, clock, run, steady, tokens, wall

D = Decimal

ONE, TWO = tokens(2)


def source(name, **more):
    return FakeSource(name, steady(), **more)


def followed(*sources, count=1, **more):
    rig = Rig(*sources, **more)
    rig.feed.follow(tokens(count))
    return rig


# ---------------------------------------------------------------------- how seldom


def test_a_hundred_askers_are_one_request():
    async def story():
        rig = followed(source("a"))
        prices = await asyncio.gather(*(rig.feed.price(ONE.id) for _ in range(100)))
        assert {p.price for p in prices} == {D(3000)}
        assert len(rig.sources[0].calls) == 1
        assert rig.feed.monitor.asked == {"misses": 1, "coalesced": 99}
        await rig.feed.close()

    run(story)


def test_twenty_tokens_cost_two_calls_a_minute_per_source_and_everyone_is_served():
    async def story():
        rig = followed(source("a"), source("b"), source("c"), count=20)
        every = tokens(20)

        async def asker(seconds):
            for _ in range(int(1_800 / seconds)):
                for token in every:
                    assert (await rig.feed.price(token.id)).price == D(3000)
                await asyncio.sleep(seconds)

        async with rig:
            await asyncio.gather(asker(1.0), asker(5.0), asker(60.0))  # console, bot, log
            await asyncio.sleep(1)
            a, b, c = rig.sources
            assert a.per_minute() <= 2
            assert b.per_minute() <= 2
            assert c.calls == []
            assert 55 <= len(a.calls) <= 61  # half an hour: none was left out either
            assert rig.feed.monitor.hit_rate() > 0.99

    run(story)


def test_without_a_loop_behind_it_a_price_is_asked_for_again_after_its_ttl():
    async def story():
        rig = followed(source("a"))
        await rig.feed.price(ONE.id)
        await asyncio.sleep(29)
        await rig.feed.price(ONE.id)
        assert len(rig.sources[0].calls) == 1
        await asyncio.sleep(5)
        await rig.feed.price(ONE.id)
        assert len(rig.sources[0].calls) == 2
        await rig.feed.close()

    run(story)


def test_cycles_do_not_come_in_step():
    async def story():
        async with followed(source("a")) as rig:
            await asyncio.sleep(600)
            times = [at for at, _ in rig.sources[0].calls]
            gaps = {round(b - a, 3) for a, b in pairwise(times)}
            assert min(gaps) >= 30
            assert max(gaps) <= 33.1
            assert len(gaps) > 5

    run(story)


def test_one_cancelled_asker_takes_nothing_from_the_others():
    async def story():
        rig = followed(source("a"))
        first = asyncio.create_task(rig.feed.price(ONE.id))
        second = asyncio.create_task(rig.feed.price(ONE.id))
        await asyncio.sleep(0.1)
        first.cancel()
        assert (await second).price == D(3000)
        await rig.feed.close()

    run(story)


@pytest.mark.parametrize("ttl", [4.9, 300.1, float("nan")])
def test_a_ttl_out_of_range_is_refused_by_name(ttl):
    with pytest.raises(ValueError, match="5 to 300"):
        FeedSettings(ttl=ttl)


# ---------------------------------------------------------------------- whom


def test_each_cycle_asks_the_primary_and_one_that_is_independent_of_it():
    async def story():
        rig = followed(
            source("coingecko", witness="cg"), source("geckoterminal", witness="cg"),
            source("dexscreener"), source("alchemy"),
        )  # fmt: skip
        trusted = await rig.feed.price(ONE.id)
        assert trusted.sources == ("coingecko", "dexscreener")
        assert [len(s.calls) for s in rig.sources] == [1, 0, 1, 0]
        await rig.feed.close()

    run(story)


def test_an_unknown_token_does_not_send_the_rest_elsewhere():
    async def story():
        a, b, c = source("a"), source("b"), source("c")
        a.truth = lambda token, at: None if token == TWO.id else D(3000)
        async with followed(a, b, c, count=5) as rig:
            await asyncio.sleep(300)
            # c is asked for that token only
            assert {asked for _, asked in c.calls} == {(TWO.id,)}
            assert rig.feed.peek(TWO.id).sources == ("b", "c")
            # a was asked for it once, and then not again for ten minutes
            assert sum(TWO.id in asked for _, asked in a.calls) == 1
            await asyncio.sleep(330)
            assert sum(TWO.id in asked for _, asked in a.calls) == 2
            assert max(a.per_minute(), b.per_minute()) <= 2

    run(story)


@pytest.mark.parametrize("at_first", [False, True])
def test_a_source_that_knows_nothing_for_a_moment_is_asked_again_in_the_next_cycle(at_first):
    async def story():
        a, b = source("a"), source("b")
        if at_first:
            a.truth = lambda token, at: None
        async with followed(a, b, count=3) as rig:
            await asyncio.sleep(5)
            assert rig.feed.peek(ONE.id).witnesses == (1 if at_first else 2)
            a.truth = lambda token, at: None
            await asyncio.sleep(65)
            assert rig.feed.peek(ONE.id).sources == ("b",)
            a.truth = steady()
            await asyncio.sleep(33)
            assert all(rig.feed.peek(t.id).sources == ("a", "b") for t in tokens(3))

    run(story)


def test_a_dropped_answer_goes_to_the_next_and_is_tried_again():
    async def story():
        a, b, c = source("a"), source("b"), source("c")
        a.drops[ONE.id] = "price is -1"
        async with followed(a, b, c) as rig:
            await asyncio.sleep(5)
            assert rig.feed.peek(ONE.id).sources == ("b", "c")
            a.drops.clear()
            await asyncio.sleep(33)
            assert "a" in rig.feed.peek(ONE.id).sources

    run(story)


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-3000", "0", "1e300"])
def test_a_price_that_is_none_is_not_taken_even_from_an_adapter(bad):
    async def story():
        a, b = source("a"), source("b")
        a.truth = lambda token, at: D(bad)
        rig = followed(a, b)
        trusted = await rig.feed.price(ONE.id)
        assert (trusted.price, trusted.sources) == (D(3000), ("b",))
        await rig.feed.close()

    run(story)


def test_a_token_that_no_source_covers_asks_no_one():
    async def story():
        a = source("a")
        a.uncovered.add(ONE.id)
        rig = followed(a)
        assert await rig.feed.price(ONE.id) is None
        assert await rig.feed.price("base:0x" + "f" * 40) is None
        assert a.calls == []
        await rig.feed.close()

    run(story)


def test_tokens_of_two_networks_go_in_one_request_each():
    async def story():
        a = source("a")
        rig = Rig(a)
        rig.feed.follow([*tokens(20), *tokens(20, "ethereum")])
        await rig.feed.price(ONE.id)
        assert sorted(len(asked) for _, asked in a.calls) == [20, 20]
        await rig.feed.close()

    run(story)


def test_a_dispute_brings_in_a_third_witness_at_once():
    async def story():
        a, b, c, d = source("a"), source("b"), source("c"), source("d")
        b.factor = D("0.7")
        async with followed(a, b, c, d) as rig:
            await asyncio.sleep(5)
            trusted = rig.feed.peek(ONE.id)
            assert (trusted.grade, trusted.price) == (Grade.DISPUTED, D(3000))
            assert trusted.fault == "disputed: a 3,000 vs b 2,100 (30 %)"
            await asyncio.sleep(595)
            assert c.per_minute() <= 2
            assert d.calls == []

    run(story)


def test_what_was_seen_long_ago_sends_to_the_next_source():
    async def story():
        a, b, c = source("a", lag=400, stale_ms=180_000), source("b"), source("c")
        rig = followed(a, b, c)
        assert (await rig.feed.price(ONE.id)).sources == ("b", "c")
        await rig.feed.close()

    run(story)


# ---------------------------------------------------------------------- when they fail


def test_the_second_carries_what_the_first_does_not_and_the_first_comes_back():
    async def story():
        a, b, c = source("a"), source("b"), source("c")
        a.error = SourceError(Fault.CONNECTION, "refused")
        async with followed(a, b, c) as rig:
            await asyncio.sleep(600)
            assert rig.feed.peek(ONE.id).sources == ("b", "c")
            assert rig.feed.health()[0].breaker is not Breaker.CLOSED
            assert len(a.calls) < 12  # it is not asked in every cycle any more
            a.error = None
            await asyncio.sleep(180)
            assert rig.feed.peek(ONE.id).sources == ("a", "b")
            assert rig.feed.health()[0].breaker is Breaker.CLOSED

    run(story)


def test_retry_after_is_obeyed():
    async def story():
        a, b = source("a"), source("b")
        a.error = SourceError(Fault.RATE_LIMITED, "slow down", retry_after=300)
        async with followed(a, b) as rig:
            await asyncio.sleep(299)
            assert len(a.calls) == 1
            assert rig.feed.peek(ONE.id).fault == ""
            await asyncio.sleep(60)
            assert len(a.calls) == 2

    run(story)


def test_when_all_fail_the_last_price_stays_and_is_stale_and_heals():
    async def story():
        a, b = source("a"), source("b")
        async with followed(a, b) as rig:
            await asyncio.sleep(10)
            for s in (a, b):
                s.error = SourceError(Fault.TIMEOUT, "gone")
            await asyncio.sleep(120)
            trusted = rig.heard[-1]
            assert (trusted.grade, trusted.price) == (Grade.STALE, D(3000))
            assert trusted.fault.startswith("stale: nothing newer than a+b's price of 00:00:00Z")
            assert rig.feed.all_stale()
            assert await rig.feed.price(ONE.id) == trusted
            assert rig.feed.monitor.asked["stale"] == 1
            for s in (a, b):
                s.error = None
            await asyncio.sleep(200)
            assert rig.heard[-1].grade is Grade.AGREED

    run(story)


def test_staleness_is_told_within_a_second():
    async def story():
        a = source("a")
        async with followed(a) as rig:
            await asyncio.sleep(10)
            a.error = SourceError(Fault.TIMEOUT, "gone")
            told = asyncio.Event()
            rig.feed.subscribe(lambda t: told.set() if t.grade is Grade.STALE else None)
            await told.wait()
            assert 60 <= clock() - (rig.heard[-1].fetched - START) / 1_000 <= 61.5

    run(story)


def test_a_slow_source_keeps_no_one_waiting_and_is_asked_last_from_then_on():
    async def story():
        slow, b, c = source("slow", took=7), source("b"), source("c")
        async with followed(slow, b, c) as rig:
            await asyncio.sleep(3.5)
            assert rig.feed.peek(ONE.id).sources == ("b", "c")
            await asyncio.sleep(4)
            # its answer counts when it comes
            assert rig.feed.peek(ONE.id).sources == ("slow", "b", "c")
            await asyncio.sleep(590)
            assert len(slow.calls) == 1

    run(story)


def test_history_that_takes_long_does_not_make_a_source_slow():
    async def story():
        a, b, c = source("a"), source("b"), source("c")
        async with followed(a, b, c) as rig:
            await asyncio.sleep(10)
            a.took = 5
            await rig.feed.ask("a", lambda s: s.candles(ONE, 300_000, 0, 1), wait=60)
            a.took = 0.2
            await asyncio.sleep(60)
            assert c.calls == []

    run(story)


def test_what_takes_longer_than_the_deadline_has_failed():
    async def story():
        stuck, b = source("stuck", took=1e6), source("b")
        async with followed(stuck, b) as rig:
            await asyncio.sleep(60)
            assert rig.feed.peek(ONE.id).sources == ("b",)
            assert rig.feed.health()[0].errors[Fault.TIMEOUT] >= 1

    run(story)


def test_an_adapter_that_trips_takes_no_one_with_it_and_tells_no_secret():
    async def story():
        a, b = source("a"), source("b")
        a.bug = KeyError("https://host/secret-key/prices")
        async with followed(a, b) as rig:
            await asyncio.sleep(120)
            assert rig.feed.peek(ONE.id).sources == ("b",)
            assert rig.feed.health()[0].errors[Fault.GARBAGE] >= 1

    run(story)


def test_a_limit_is_kept_whatever_is_asked_and_the_next_source_helps():
    async def story():
        tight, b, c = source("tight", per_minute=5, batch=1), source("b"), source("c")
        async with followed(tight, b, c, count=10) as rig:
            await asyncio.sleep(600)
            assert tight.per_minute() <= 5
            assert rig.feed.health()[0].throttled > 0
            assert all(rig.feed.peek(t.id).witnesses >= 2 for t in tokens(10))

    run(story)


def test_requests_that_took_several_count_as_several():
    async def story():
        a = source("a", per_minute=30)
        a.extra_requests = 5
        rig = followed(a)
        await rig.feed.price(ONE.id)
        assert rig.feed.health()[0].calls == 6
        await rig.feed.close()

    run(story)


# ---------------------------------------------------------------------- at once


def test_a_landing_asks_for_its_token_and_landings_at_one_time_go_together():
    async def story():
        a, b = source("a"), source("b")
        async with followed(a, b, count=20) as rig:
            await asyncio.sleep(10)
            before, heard = len(a.calls), len(rig.heard)
            await asyncio.gather(*(rig.feed.refresh(t.id) for t in tokens(3)))
            assert [set(asked) for _, asked in a.calls[before:]] == [{t.id for t in tokens(3)}]
            # the same price is news all the same: it is what the order lands on
            assert {t.token for t in rig.heard[heard:]} == {t.id for t in tokens(3)}

    run(story)


def test_a_token_that_is_new_does_not_wait_for_the_next_cycle():
    async def story():
        async with followed(source("a")) as rig:
            await asyncio.sleep(10)
            rig.feed.follow([TWO])
            await asyncio.sleep(1)
            assert rig.feed.peek(TWO.id).price == D(3000)
            assert rig.sources[0].calls[-1][1] == (TWO.id,)
            rig.feed.unfollow(TWO.id)
            assert await rig.feed.price(TWO.id) is None
            await asyncio.sleep(60)
            assert rig.sources[0].calls[-1][1] == (ONE.id,)

    run(story)


def test_an_asker_for_a_new_token_gets_it_while_a_cycle_runs_without_it():
    async def story():
        rig = followed(source("a", took=2))
        flight = asyncio.create_task(rig.feed.price(ONE.id))
        await asyncio.sleep(0.5)
        rig.feed.follow([TWO])
        assert (await rig.feed.price(TWO.id)).price == D(3000)
        await flight
        await rig.feed.close()

    run(story)


def test_history_waits_for_its_turn_and_leaves_room_for_prices():
    async def story():
        a = source("a", per_minute=30)
        async with followed(a) as rig:
            for _ in range(20):
                await rig.feed.ask("a", lambda s: s.candles(ONE, 300_000, 0, 1), wait=60)
            assert a.per_minute() <= 30
            assert rig.feed.health()[0].throttled == 0
            a.error = SourceError(Fault.NOT_FOUND, "no such token")
            with pytest.raises(SourceError, match="no such token"):
                await rig.feed.ask("a", lambda s: s.candles(ONE, 300_000, 0, 1), wait=60)
            a.error = None
            burst = [rig.feed.ask("a", lambda s: s.candles(ONE, 300_000, 0, 1)) for _ in range(20)]
            refused = [e for e in await asyncio.gather(*burst, return_exceptions=True) if e]
            assert len(refused) >= 14
            assert all("at its limit" in str(e) for e in refused)

    run(story)


def test_what_a_person_waits_for_goes_before_history_and_within_the_limit():
    def search(source):
        return source.search("weth")

    async def story():
        a = source("a", per_minute=30)
        async with followed(a) as rig:
            await asyncio.sleep(10)
            while True:  # history takes what it may
                try:
                    await rig.feed.ask("a", search)
                except SourceError:
                    break
            began = clock()
            await rig.feed.ask("a", search, awaited=True)
            assert clock() - began <= a.took
            burst = [rig.feed.ask("a", search, awaited=True) for _ in range(10)]
            refused = [
                e
                for e in await asyncio.gather(*burst, return_exceptions=True)
                if isinstance(e, SourceError)
            ]
            assert len(refused) >= 5

    run(story)


@pytest.mark.parametrize(("took", "expected"), [(1.0, True), (5.0, False)])
def test_the_probe_says_whether_anyone_answers_in_time(took, expected):
    async def story():
        rig = followed(source("a", took=took), source("b", took=9))
        assert await rig.feed.probe(3.0) is expected
        assert clock() <= 3.0
        await rig.feed.close()

    run(story)


def test_no_price_is_weighed_against_what_the_other_said_a_cycle_ago():
    async def story():
        a, b = source("a"), source("b")
        async with followed(a, b) as rig:
            await asyncio.sleep(5)
            a.truth = b.truth = steady("2700")
            b.took = 2
            seen = set()
            for _ in range(400):
                await asyncio.sleep(0.1)
                seen.add((rig.feed.peek(ONE.id).price, rig.feed.peek(ONE.id).grade))
            assert seen == {(D(3000), Grade.AGREED), (D(2700), Grade.AGREED)}

    run(story)


def test_the_probe_does_not_wait_for_one_that_hangs():
    async def story():
        rig = followed(source("a", took=60), source("b"))
        assert await rig.feed.probe(3.0) is True
        assert clock() == pytest.approx(0.2)
        await rig.feed.close()

    run(story)


def test_the_probe_asks_the_last_of_them_in_time_where_those_before_it_hang():
    async def story():
        hang = [source(name, took=60, witness=name) for name in ("a", "b", "c")]
        last = source("d")
        rig = followed(*hang, last)
        assert await rig.feed.probe(3.0) is True
        assert clock() == pytest.approx(1.2)
        assert len(last.calls) == 1
        await rig.feed.close()
        assert all(task is asyncio.current_task() for task in asyncio.all_tasks())

    run(story)


def test_the_probe_asks_no_others_where_one_answers_soon():
    async def story():
        a, b, c = source("a", took=0.9), source("b", took=0.9), source("c")
        rig = followed(a, b, c)
        assert await rig.feed.probe(3.0) is True
        assert c.calls == []
        await rig.feed.close()

    run(story)


def test_the_probe_gives_up_when_all_have_failed():
    async def story():
        a = source("a", took=0.1)
        a.error = SourceError(Fault.CONNECTION, "no network")
        rig = followed(a)
        assert await rig.feed.probe(3.0) is False
        assert clock() < 1.0
        await rig.feed.close()

    run(story)


# ---------------------------------------------------------------------- order of things


def test_a_late_answer_does_not_replace_a_newer_one():
    async def story():
        rig = followed(source("a"))
        await rig.feed.price(ONE.id)
        newer = rig.feed._cache._said[ONE.id]["a"]
        older = replace(newer, price=D(1), fetched=newer.fetched - 1)
        assert rig.feed._cache.put("a", older, newer.fetched) is False
        assert rig.feed.peek(ONE.id).price == D(3000)
        await rig.feed.close()

    run(story)


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_set_is_noticed_and_prices_go_on(hours):
    async def story():
        skew = 0
        a = source("a")
        a.wall = lambda: wall() + skew
        rig = Rig(a)
        rig.feed._wall = rig.feed._cycle._wall = a.wall
        rig.feed.follow([ONE])
        async with rig:
            await asyncio.sleep(10)
            skew = hours * 3_600_000
            await asyncio.sleep(2)
            assert len(a.calls) == 2
            now = rig.feed.peek(ONE.id)
            assert now.fault == ""
            assert abs(now.fetched - a.wall()) < 2_000

    run(story)


def test_closing_calls_off_what_is_under_way():
    async def story():
        a = source("a", took=9)
        rig = followed(a)
        asking = asyncio.create_task(rig.feed.price(ONE.id))
        await asyncio.sleep(4)
        await rig.feed.close()
        assert a.closed
        await asyncio.gather(asking, return_exceptions=True)
        assert len(asyncio.all_tasks()) == 1

    run(story)


def test_two_sources_of_one_name_are_refused():
    async def story():
        with pytest.raises(ValueError, match="own name"):
            Rig(source("a"), source("a"))
        with pytest.raises(ValueError, match="own name"):
            Rig()

    run(story)


def test_asked_again_everybody_is_asked_at_once_those_that_were_down_too():
    async def story():
        rig = followed(source("a"), source("b"), source("c"))
        a, _, c = rig.sources
        a.error = SourceError(Fault.CONNECTION, "a is not there")
        async with rig:
            await asyncio.sleep(300)
            assert rig.feed.health()[0].breaker is not Breaker.CLOSED
            c.calls.clear()
            a.calls.clear()
            a.error = None
            at = clock()
            await rig.feed.again()
            assert a.calls[0][0] == at
            assert c.calls[0][0] == at
            assert feed_health(rig.feed).up == 3

    run(story)


def test_who_was_never_asked_is_not_up_and_who_tells_by_itself_is():
    async def story():
        rig = followed(source("a"), source("b"), source("c"))
        health = feed_health(rig.feed)
        assert (health.up, health.asked) == (0, 0)
        answer = await rig.sources[2].prices([ONE])
        rig.feed.hear("c", answer)
        health = feed_health(rig.feed)
        assert [row.up for row in health.sources] == [False, False, True]
        assert (health.up, health.asked) == (1, 1)
        await rig.feed.close()

    run(story)
