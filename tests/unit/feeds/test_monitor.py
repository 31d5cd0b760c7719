"""The feed's figures and alerts."""

import asyncio
from decimal import Decimal

from papertrader_tui.feeds.alerts import AlertKind, News, dollar_tokens
from papertrader_tui.feeds.health import FeedNews
from papertrader_tui.feeds.monitor import Monitor
from papertrader_tui.feeds.policy import Breaker
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.registry import load_registry
from tests.feedkit import FakeSource, Rig, run, steady, tokens

D = Decimal

ONE, TWO = tokens(2)


def closed(*names):
    return dict.fromkeys(names, Breaker.CLOSED)


def kinds(alerts):
    return {alert.kind for alert in alerts}


def test_latencies_are_told_by_the_value_below_which_half_and_nearly_all_lie():
    m = Monitor({"a": 60})
    assert m.health(closed("a"), 0)[0].p50 is None
    for n in range(1, 101):
        m.answered("a", n / 100, float(n))
    health = m.health(closed("a"), 100)[0]
    assert (health.p50, health.p95, health.last_success) == (0.51, 0.96, 100.0)


def test_calls_of_the_last_minute_only():
    m = Monitor({"a": 60})
    for at in (0.0, 30.0, 59.0, 61.0):
        m.called("a", at)
    assert m.health(closed("a"), 61.0)[0].per_minute == 3
    assert m.health(closed("a"), 61.0)[0].calls == 4


def test_a_limit_that_is_near_is_told():
    m = Monitor({"a": 5, "b": 300})
    for _ in range(4):
        m.called("a", 10.0)
        m.called("b", 10.0)
    alerts = m.alerts(closed("a", "b"), [], {}, 11.0)
    assert [(a.kind, a.subject) for a in alerts] == [(AlertKind.LIMIT_NEAR, "a")]
    assert m.alerts(closed("a", "b"), [], {}, 71.0) == ()


def test_history_that_fills_what_prices_leave_of_a_limit_is_no_news():
    async def story():
        a = FakeSource("a", steady(), per_minute=30)
        rig = Rig(a)
        rig.feed.follow([ONE])
        async with rig:
            for _ in range(40):
                await rig.feed.ask("a", lambda s: s.candles(ONE, 300_000, 0, 1), wait=60)
            assert rig.feed.health()[0].per_minute >= 24
            assert rig.feed.alerts() == ()

    run(story)


def test_a_source_that_refuses_again_and_again_is_told_as_down():
    async def story():
        a, b = FakeSource("a", steady()), FakeSource("b", steady())
        a.error = SourceError(Fault.RATE_LIMITED, "429", retry_after=1.0)
        rig = Rig(a, b)
        rig.feed.follow([ONE])
        async with rig:
            await asyncio.sleep(5)
            assert rig.feed.alerts() == ()
            await asyncio.sleep(90)
            (alert,) = rig.feed.alerts()
            assert alert.key == (AlertKind.SOURCE_DOWN, "a")
            assert "rate limited" in alert.text
            assert alert.text.endswith("the other sources carry its tokens")
            b.error = a.error
            await asyncio.sleep(120)
            told = {alert.key: alert.text for alert in rig.feed.alerts()}
            assert told[AlertKind.SOURCE_DOWN, "b"].endswith("nor does any other source")
            a.error = None
            await asyncio.sleep(40)
            assert AlertKind.SOURCE_DOWN not in {
                x.kind for x in rig.feed.alerts() if x.subject == "a"
            }

    run(story)


def test_the_hit_rate_is_told_when_enough_have_asked():
    m = Monitor({"a": 60})
    for _ in range(10):
        m.served("misses", ["a"], 0.0)
    assert m.recent_hit_rate() is None
    for _ in range(30):
        m.served("hits", ["a"], 1.0)
    assert m.recent_hit_rate() == 0.75
    assert kinds(m.alerts(closed("a"), [], {}, 2.0)) == {AlertKind.HIT_RATE}
    m.served("hits", ["a"], 700.0)
    assert m.recent_hit_rate() is None
    assert m.hit_rate() == 31 / 41


def test_position_updates_of_the_last_minute():
    m = Monitor({"a": 60})
    for at in (0.0, 30.0, 70.0):
        m.position_updated(at)
    assert m.position_updates(70.0) == 2


def test_a_source_that_is_down_a_stale_token_and_a_dispute_are_told():
    async def story():
        a, b = FakeSource("a", steady()), FakeSource("b", steady())
        rig = Rig(a, b)
        rig.feed.follow([ONE, TWO])
        async with rig:
            await asyncio.sleep(5)
            assert rig.feed.alerts() == ()
            a.error = SourceError(Fault.SERVER, "500")
            b.truth = lambda token, at: D(3000) if token == ONE.id else None
            await asyncio.sleep(300)
            found = {alert.key: alert.text for alert in rig.feed.alerts()}
            assert set(found) == {(AlertKind.SOURCE_DOWN, "a"), (AlertKind.STALE_TOKEN, TWO.id)}
            assert "server error" in found[AlertKind.SOURCE_DOWN, "a"]
            assert found[AlertKind.STALE_TOKEN, TWO.id].startswith("T2·base: stale")
            a.error, a.factor = None, D("1.3")
            await asyncio.sleep(180)
            keys = {alert.key for alert in rig.feed.alerts()}
            assert (AlertKind.DISPUTED, ONE.id) in keys
            assert (AlertKind.SOURCE_DOWN, "a") not in keys

    run(story)


def test_a_token_that_no_one_knows_is_told():
    async def story():
        a, b = FakeSource("a", steady()), FakeSource("b", steady())
        a.truth = lambda token, at: None if token == TWO.id else D(3000)
        b.truth, b.drops = a.truth, {TWO.id: "its pool holds only $60"}
        rig, news = Rig(a, b), FeedNews()
        rig.feed.follow([ONE, TWO])
        assert not news.update(rig.feed, 0)
        async with rig:
            await asyncio.sleep(40)
            (told,) = news.update(rig.feed, 0)
            assert (told.severity, told.token) == ("warning", TWO.id)
            assert told.text.startswith("T2·base has no price")
            b.truth, b.drops = steady(), {}
            await asyncio.sleep(40)
            (over,) = news.update(rig.feed, 0)
            assert (over.severity, over.text) == ("info", "T2·base has a price now")

    run(story)


def test_nobody_answering_is_said_of_the_sources_and_not_of_each_token():
    async def story():
        a = FakeSource("a", steady())
        a.error = SourceError(Fault.CONNECTION, "refused")
        rig = Rig(a)
        rig.feed.follow([ONE, TWO])
        async with rig:
            await asyncio.sleep(200)
            assert [alert.kind for alert in rig.feed.alerts()] == [AlertKind.SOURCE_DOWN]

    run(story)


def test_a_depeg_is_news_and_a_cent_is_none():
    async def story():
        a, b = FakeSource("a", steady("0.9905")), FakeSource("b", steady("0.9905"))
        rig = Rig(a, b, dollars=[ONE.id])
        rig.feed.follow([ONE])
        async with rig:
            await asyncio.sleep(5)
            assert rig.feed.alerts() == ()
            a.truth = b.truth = steady("0.9123")
            await asyncio.sleep(35)
            (alert,) = rig.feed.alerts()
            assert (alert.kind, alert.severity) == (AlertKind.DEPEG, "error")
            assert alert.text == "T1·base is at 0.9123 dollars"

    run(story)


def test_news_is_told_once_until_it_is_over():
    m = Monitor({"a": 5})
    for _ in range(5):
        m.called("a", 0.0)
    news = News()
    near = m.alerts(closed("a"), [], {}, 1.0)
    assert news.update(near) == (near, ())
    assert news.update(near) == ((), ())
    assert news.update(()) == ((), near)
    assert news.update(near) == (near, ())


def test_bundled_dollars_are_known_and_euros_are_none():
    dollars = {load_registry().tokens[token].symbol for token in dollar_tokens(load_registry())}
    assert {"USDC", "USDT", "DAI", "USDbC", "USDC.e"} <= dollars
    assert "EURC" not in dollars
