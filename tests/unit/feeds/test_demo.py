"""The demo market: what it hands over, and that it is always the same."""

import math
from contextlib import aclosing
from decimal import Decimal
from itertools import pairwise

import pytest

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Depth, Gas, History, Quote
from papertrader_tui.feeds import demo_parameters as p
from papertrader_tui.feeds.demo import DemoMarket
from papertrader_tui.feeds.demo_skeleton import Skeleton
from tests.marketkit import Wall, drive, facts, take


@pytest.fixture(scope="module")
def day():
    """The first day of seed 7."""
    return drive(take(DemoMarket(speed=None), DAY // p.TICK_MS))


def quotes_of(inputs):
    result = {}
    for item in inputs:
        if isinstance(item, Quote):
            result.setdefault(item.token, []).append(item)
    return result


def test_twenty_tokens_on_two_chains():
    market = DemoMarket()
    tokens = [market.registry.tokens[i] for i in market.watchlist]
    assert len(set(market.watchlist)) == 20
    assert {token.chain for token in tokens} == {"ethereum", "base"}
    assert sum(token.symbol == "WETH" for token in tokens) == 2


def test_it_says_what_it_is():
    info = DemoMarket(seed=11).info
    assert (info.kind, info.badge) == ("demo", "DEMO")
    assert info.identity == f"demo:11:{p.PROCESS_VERSION}"
    assert "invented" in info.notice
    assert info.interval == 10_000


async def test_an_instant_is_gas_then_depth_then_every_token_once():
    market = DemoMarket(speed=None)
    inputs = await take(market, 25)
    first = [item for item in inputs if item.time == p.START]
    assert [type(item) for item in first] == [Gas] * 2 + [Depth] * 20 + [Quote] * 20
    assert [item.token for item in first if isinstance(item, Quote)] == list(market.watchlist)
    second = [item for item in inputs if item.time == p.START + p.TICK_MS]
    assert [type(item) for item in second] == [Quote] * 20


def test_time_never_goes_back_and_nothing_is_missing(day):
    assert all(a.time <= b.time for a, b in pairwise(day))
    for quotes in quotes_of(day).values():
        assert [q.time for q in quotes[:8640]] == list(range(p.START, p.START + DAY, p.TICK_MS))


def test_prices_are_exact_positive_and_the_same_twice(day):
    for item in day[:20_000]:
        if isinstance(item, Quote):
            assert item.price > 0
            assert float(item.price) == item.value
            assert len(item.price.as_tuple().digits) <= 7
            assert item.volume >= 0
            assert not item.opening


def test_gas_comes_each_minute_and_follows_the_price_of_ether(day):
    registry = DemoMarket().registry
    weth = registry.find("WETH@ethereum").id
    price = {q.time: q.price for q in quotes_of(day)[weth]}
    for chain in ("ethereum", "base"):
        gas = [item for item in day if isinstance(item, Gas) and item.chain == chain]
        assert [g.time for g in gas[:1440]] == list(range(p.START, p.START + DAY, MINUTE))
        for g in gas[::60]:
            assert abs(g.native_usd / price[g.time] - 1) < Decimal("0.0001")
            assert g.price_wei > 0
        levels = [g.price_wei for g in gas]
        assert max(levels) > 1.5 * min(levels), "gas has a day"
    assert all(g.l1_fee_wei == 0 for g in day if isinstance(g, Gas) and g.chain == "ethereum")
    assert all(g.l1_fee_wei > 0 for g in day if isinstance(g, Gas) and g.chain == "base")


def test_one_asset_costs_about_the_same_on_both_chains(day):
    registry = DemoMarket().registry
    quotes = quotes_of(day)
    pairs = zip(
        quotes[registry.find("WETH@ethereum").id],
        quotes[registry.find("WETH@base").id],
        strict=True,
    )
    gaps = [abs(math.log(a.value / b.value)) for a, b in pairs]
    assert 0 < max(gaps) < 0.003


def test_tokens_move_together_but_not_alike(day):
    returns = [
        [math.log(b.value / a.value) for a, b in pairwise(quotes[::30])]
        for quotes in quotes_of(day).values()
    ]
    market = [sum(column) for column in zip(*returns, strict=True)]
    correlations = [correlation(own, market) for own in returns[:19]]
    assert all(0.15 < c < 0.99 for c in correlations), correlations


def correlation(a, b):
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    cov = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    return cov / math.sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))


def test_weeks_hold_trends_ranges_jumps_and_clusters():
    skeleton = Skeleton(7, window=4 * 7 * 24)
    skeleton.hour(4 * 7 * 24 - 1)
    hours = [skeleton.hour(n) for n in range(4 * 7 * 24)]
    names = list(p.ASSETS)
    degen = [hour.assets[names.index("DEGEN")] for hour in hours]
    trends = [step.regime != 0 for step in degen]
    assert 0.3 < sum(trends) / len(trends) < 0.75
    runs = [b for b in _runs([step.regime for step in degen]) if b[0]]
    assert sum(length for _, length in runs) / len(runs) > 4, "trends last for hours"
    assert any(step.jump for hour in hours for step in hour.assets)
    heat = [abs(step.end - step.start - step.jump) for step in degen]
    assert correlation(heat[1:], heat[:-1]) > 0.03, "a lively hour follows a lively hour"


def _runs(values):
    result = []
    for value in values:
        if result and result[-1][0] == value:
            result[-1][1] += 1
        else:
            result.append([value, 1])
    return result


def test_prices_stay_plausible_for_a_year():
    skeleton = Skeleton(7)
    ratios = []
    for n in range(0, 365 * 24, 24):
        hour = skeleton.hour(n)
        ratios += [
            math.exp(asset.beta * hour.market.start + step.start)
            for asset, step in zip(p.ASSETS.values(), hour.assets, strict=True)
        ]
    assert min(ratios) > 0.2
    assert max(ratios) < 5


async def test_history_is_built_from_the_very_ticks(day):
    """What `warm` says of the first day is what was handed over in it."""
    market = DemoMarket(speed=None, cursor=DAY // p.TICK_MS)
    histories = {h.token: h for h in market.warm() if isinstance(h, History)}
    quotes = quotes_of(day)
    assert list(histories) == list(market.watchlist)
    for token, history in histories.items():
        assert history.interval == 5 * MINUTE
        assert len(history.candles) == 300
        for i, candle in enumerate(history.candles[12:]):
            own = quotes[token][30 * i : 30 * i + 30]
            values = [q.value for q in own]
            assert candle.start == own[0].time
            assert (candle.open, candle.high, candle.low, candle.close) == (
                values[0],
                max(values),
                min(values),
                values[-1],
            )
            assert candle.volume == pytest.approx(sum(q.volume for q in own))


def test_a_new_account_starts_with_a_day_of_history():
    market = DemoMarket()
    warm = list(market.warm())
    histories = [item for item in warm if isinstance(item, History)]
    assert len(histories) == 20
    for history in histories:
        assert history.candles[0].start == p.START - 25 * HOUR
        assert history.candles[-1].start == p.START - 5 * MINUTE
    assert {type(item) for item in warm} == {Gas, Depth, History, Quote}
    last = {item.token: item for item in warm if isinstance(item, Quote)}
    assert sorted(last) == sorted(market.watchlist)
    assert all(last[h.token].value == h.candles[-1].close for h in histories)
    assert all(item.time < p.START for item in warm)
    assert all(d.volume_24h > 0 and d.liquidity > 100_000 for d in warm if isinstance(d, Depth))


def test_history_within_a_candle_ends_with_the_last_instant():
    cursor = 7 * 30 + 4
    history = next(h for h in DemoMarket(cursor=cursor).warm() if isinstance(h, History))
    assert history.candles[-1].start == p.START + 7 * 5 * MINUTE
    assert history.candles[0].start >= p.START + cursor * p.TICK_MS - 25 * HOUR - 5 * MINUTE


async def test_a_resumed_market_goes_on_where_it_stopped():
    whole = await take(DemoMarket(seed=3, speed=None), 800)
    market = DemoMarket(seed=3, speed=None)
    before = await take(market, 350)
    resumed = DemoMarket(seed=3, speed=None, cursor=market.cursor)
    list(resumed.warm())
    after = await take(resumed, 400)
    both = [facts(item) for item in before + after]
    assert both == [facts(item) for item in whole][: len(both)]


async def test_seeds_differ():
    one = await take(DemoMarket(seed=1, speed=None), 25)
    two = await take(DemoMarket(seed=2, speed=None), 25)
    assert [facts(item) for item in one] != [facts(item) for item in two]


async def test_at_speed_one_an_instant_comes_every_ten_seconds():
    wall = Wall()
    market = DemoMarket(speed=1, clock=wall, wait=wall.wait)
    times = []
    async with aclosing(market.batches()) as batches:
        async for batch in batches:
            times.append((round(wall.time, 6), {item.time for item in batch}))
            assert market.now() == max(times[-1][1])
            if len(times) == 5:
                break
    assert times == [(10.0 * (i + 1), {p.START + i * p.TICK_MS}) for i in range(5)]


async def test_a_slow_consumer_loses_nothing():
    wall = Wall()
    market = DemoMarket(speed=600, clock=wall, wait=wall.wait)
    seen = []
    async with aclosing(market.batches()) as batches:
        async for batch in batches:
            seen += [item.time for item in batch if isinstance(item, Quote)]
            wall.time += 0.2  # twelve instants of market time
            if market.cursor > 400:
                break
    assert seen == [p.START + i * p.TICK_MS for i in range(market.cursor) for _ in range(20)]


async def test_now_runs_on_but_waits_for_what_is_not_handed_over():
    wall = Wall()
    market = DemoMarket(speed=1, clock=wall, wait=wall.wait)
    async with aclosing(market.batches()) as batches:
        await anext(batches)
        assert market.now() == p.START
        wall.time += 4
        assert market.now() == p.START + 4_000
        wall.time += 60
        assert market.now() == p.START + 10_000
        await anext(batches)
        assert market.now() == p.START + 10_000


async def test_speed_changes_keep_the_prices():
    market = DemoMarket(speed=None)
    reference = await take(DemoMarket(speed=None), 100)
    wall = Wall()
    market = DemoMarket(speed=60, clock=wall, wait=wall.wait)
    inputs = []
    speeds = iter([600, None, 1, 30] * 100)
    async with aclosing(market.batches()) as batches:
        async for batch in batches:
            inputs += batch
            assert market.set_speed(next(speeds))
            if market.cursor >= 60:
                break
    assert [facts(i) for i in inputs] == [facts(i) for i in reference][: len(inputs)]


def test_it_knows_only_tokens_that_it_has_prices_of():
    market = DemoMarket()
    assert list(market.registry.tokens) == market.watchlist


def test_a_negative_cursor_is_refused():
    with pytest.raises(ValueError, match="cursor -1"):
        DemoMarket(cursor=-1)
