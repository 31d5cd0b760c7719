"""The feed over the real adapters, against a local server that speaks every service's dialect."""

from __future__ import annotations

from decimal import Decimal

import pytest

from papertrader_tui.feeds.live import wall_clock
from papertrader_tui.feeds.service import PriceFeed
from papertrader_tui.feeds.sources.base import SourceSettings
from papertrader_tui.feeds.sources.catalog import SOURCES, open_sources
from papertrader_tui.feeds.sources.secret import Secret
from papertrader_tui.feeds.trusted import Grade
from papertrader_tui.registry import load_registry
from tests.market_server import Fault, MarketServer

D = Decimal
WETH = load_registry().find("WETH@base")
USDC = load_registry().find("USDC@base")
KEYLESS = tuple(name for name in SOURCES if name != "alchemy")


def feed_of(market: MarketServer) -> PriceFeed:
    settings = {name: SourceSettings(base_url=market.url(name)) for name in KEYLESS}
    feed = PriceFeed(open_sources(settings, order=KEYLESS), wall=wall_clock)
    feed.follow([WETH, USDC])
    return feed


async def test_two_witnesses_over_http():
    with MarketServer([WETH, USDC]) as market:
        market.set_price(WETH, "3000")
        market.set_price(USDC, "0.9998")
        feed = feed_of(market)
        assert await feed.probe() is True
        weth, usdc = await feed.price(WETH.id), await feed.price(USDC.id)
        await feed.close()
    assert weth is not None
    assert usdc is not None
    assert (weth.price, usdc.price) == (D(3000), D("0.9998"))
    assert (weth.grade, weth.sources) == (Grade.AGREED, ("dexscreener", "coingecko"))
    assert weth.depth is not None
    assert sum(market.calls.values()) == 2


async def test_with_a_key_more_the_depth_of_pools_is_known_all_the_same():
    with MarketServer([WETH, USDC]) as market:
        settings = {
            name: SourceSettings(base_url=market.url(name), key=Secret("K-9")) for name in SOURCES
        }
        feed = PriceFeed(open_sources(settings), wall=wall_clock)
        feed.follow([WETH])
        weth = await feed.price(WETH.id)
        await feed.close()
    assert weth is not None
    assert weth.sources == ("alchemy", "dexscreener")
    assert weth.depth is not None
    assert weth.depth.answer.liquidity == 5_000_000


@pytest.mark.parametrize("fault", [f for f in Fault if f not in (Fault.TIMEOUT, Fault.SLOW_DRIP)])
async def test_whatever_one_source_answers_the_others_carry_it(fault: Fault):
    with MarketServer([WETH, USDC]) as market:
        market.set_price(WETH, "3000")
        market.fault("coingecko", fault)
        feed = feed_of(market)
        weth = await feed.price(WETH.id)
        errors = {h.source: sum(h.errors.values()) for h in feed.health()}
        await feed.close()
    assert weth is not None
    assert (weth.price, weth.witnesses, weth.fault) == (D(3000), 2, "")
    assert "coingecko" not in weth.sources
    assert errors["coingecko"] == 1


async def test_when_nobody_answers_there_is_no_price():
    with MarketServer([WETH, USDC]) as market:
        for name in KEYLESS:
            market.fault(name, Fault.SERVER_ERROR)
        feed = feed_of(market)
        assert await feed.probe() is False
        assert await feed.price(WETH.id) is None
        await feed.close()
