"""History over the real adapters, the local services and a real account file."""

from __future__ import annotations

import asyncio
import io
import time
from contextlib import asynccontextmanager
from decimal import Decimal
from random import Random

import pytest

from papertrader_tui import tokenbook
from papertrader_tui.bootstrap import open_desk
from papertrader_tui.domain.market import DAY, HOUR, MINUTE
from papertrader_tui.engine.snapshot import HistoryProgress
from papertrader_tui.feeds.backfill import Backfill
from papertrader_tui.feeds.service import PriceFeed
from papertrader_tui.feeds.source import Limits
from papertrader_tui.feeds.sources.base import SourceSettings
from papertrader_tui.feeds.sources.catalog import SOURCES, open_sources
from papertrader_tui.feeds.sources.http import Http
from papertrader_tui.headless import HeadlessOptions, run_headless
from papertrader_tui.launch import Launch
from papertrader_tui.store.archive import CandleArchive
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.verify import verify
from tests.integration.test_live_sessions import settings, until
from tests.market_server import Fault, MarketServer
from tests.sourcekit import NOW, token
from tests.unit.store.helpers import new_account

FIVE = 5 * MINUTE
ORDER = ("geckoterminal", "coingecko", "defillama")
WETH, SNX = token("WETH"), token("SNX")


def past():
    """A price each minute of the last day, each quarter of an hour of the month before."""
    times = [*range(NOW - 31 * DAY, NOW - DAY, 15 * MINUTE), *range(NOW - DAY - HOUR, NOW, MINUTE)]
    return [(t, Decimal(3_000) + t // MINUTE % 97) for t in times]


@pytest.fixture(scope="module")
def server():
    with MarketServer([WETH, SNX], clock=lambda: NOW) as running:
        for one in (WETH, SNX):
            running.set_history(one, past())
        yield running


@pytest.fixture
def market(server):
    server.heal()
    server.calls.clear()
    return server


@asynccontextmanager
async def filling(market, path):
    journal = await SqliteJournal.open(path)
    settings = {
        name: SourceSettings(
            market.url(name),
            limits=Limits(
                100_000.0, SOURCES[name].LIMITS.batch, networks=SOURCES[name].LIMITS.networks
            ),
        )
        for name in ORDER
    }
    http = Http(clock=lambda: NOW, deadline=1.0)
    sources = open_sources(settings, order=ORDER, http=http, clock=lambda: NOW)
    feed = PriceFeed(sources, wall=lambda: NOW, chance=Random(1).random)
    heard = []
    one = Backfill(feed, CandleArchive(path, journal), wall=lambda: NOW, clock=time.monotonic)
    one.subscribe(heard.append)
    one.follow([WETH, SNX])
    try:
        yield one, heard
    finally:
        await feed.close()
        await journal.close()


def by_hand(interval, since, until):
    found = {}
    for at, price in past():
        if since <= at < until:
            found.setdefault(at - at % interval, []).append(float(price))
    return {start: (max(ps), min(ps), ps[-1]) for start, ps in found.items()}


async def test_candles_are_those_of_the_pool_and_are_there_the_next_time(tmp_path, market):
    path = new_account(tmp_path)
    async with filling(market, path) as (one, heard):
        state = await one.fill()
        assert (state.done, state.failed) == (4, 0)
    assert set(market.calls) == {"geckoterminal"}
    # a look for the pool, then a request for each length, of each token
    assert market.calls["geckoterminal"] == 6
    short = next(h for h in heard if h.token == WETH.id and h.interval == FIVE)
    expected = by_hand(FIVE, NOW - DAY, NOW)
    assert len(short.candles) > 280
    for candle in short.candles:
        high, low, close = expected[candle.start]
        assert candle.close == close
        assert candle.high >= high
        assert candle.low <= low
    market.calls.clear()
    async with filling(market, path) as (one, _):
        stored = one.stored()
        assert (await one.fill()).total == 0
    assert not market.calls
    assert {(h.token, h.interval, h.charts) for h in stored} == {
        (t.id, interval, interval != FIVE) for t in (WETH, SNX) for interval in (FIVE, HOUR)
    }
    assert verify(path).ok


@pytest.mark.parametrize(
    "fault",
    [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.HTML, Fault.TRUNCATED, Fault.RESET,
     Fault.NOT_FOUND, Fault.UNAUTHORIZED, Fault.EMPTY],
)  # fmt: skip
async def test_the_next_source_carries_what_one_fails_at(tmp_path, market, fault):
    market.fault("geckoterminal", fault, retry_after="60")
    async with filling(market, new_account(tmp_path)) as (one, heard):
        state = await one.fill()
    assert (state.done, state.failed) == (4, 0)
    assert {h.source for h in heard} == {"coingecko"}
    assert market.calls["defillama"] == 0
    hours = next(h for h in heard if h.token == WETH.id and h.interval == HOUR)
    assert len(hours.candles) > 700


async def test_where_all_fail_nothing_is_made_up_and_it_heals(tmp_path, market):
    for name in ORDER:
        market.fault(name, Fault.SERVER_ERROR)
    path = new_account(tmp_path)
    async with filling(market, path) as (one, heard):
        state = await one.fill()
        assert state.failed == state.done == 2
        assert (heard, one.stored()) == ([], [])
    market.heal()
    async with filling(market, path) as (one, heard):
        assert (await one.fill()).failed == 0
        assert len(heard) == 4


async def test_headless_tells_of_it_beside_the_data(tmp_path):
    now = int(time.time() * 1_000)
    weth = token("WETH", "base")
    tokenbook.add(tmp_path, weth, "one")
    with MarketServer([weth]) as market:
        market.set_history(weth, [(t, Decimal(3_000)) for t in range(now - 31 * DAY, now, FIVE)])
        env = {**market.environment(), "PAPERTRADER_GECKOTERMINAL_PER_MINUTE": "6000"}
        loaded = settings(tmp_path, env, account_watchlist="one")
        out, err = io.StringIO(), io.StringIO()
        async with open_desk(loaded, Launch(headless=True)) as opened:
            kernel, filled = opened.kernel, HistoryProgress(2, 2, 0.0, 0, over=True)
            options = HeadlessOptions(symbols=opened.symbols, signals=False)
            run = asyncio.create_task(run_headless(kernel, options, out, err))
            await until(lambda: (feed := kernel.snapshot().feed) and feed.history == filled)
            kernel.stop()
            assert await run == 0
    assert "papertrader: history: 2 of 2 candle series filled in\n" in err.getvalue()
    assert "history" not in out.getvalue()
