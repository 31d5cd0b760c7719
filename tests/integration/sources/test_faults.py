"""The five sources against a server of their dialects, with everything that goes wrong."""

from __future__ import annotations

import logging
import socket
from decimal import Decimal

import httpx
import pytest

from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources.base import SourceSettings
from papertrader_tui.feeds.sources.catalog import SOURCES
from papertrader_tui.feeds.sources.http import Http
from papertrader_tui.feeds.sources.secret import Secret
from tests import market_server
from tests.market_dialects import READABLE, Form
from tests.market_server import MarketServer
from tests.sourcekit import NOW, custom, token

D = Decimal
WETH, USDC, SNX = token("WETH"), token("USDC"), token("SNX")
NEW = custom("e", "ethereum")
KEY = "sEcReT-key_1"
NAMES = list(SOURCES)
EXPECTED = {
    market_server.Fault.RATE_LIMITED: Fault.RATE_LIMITED,
    market_server.Fault.UNAUTHORIZED: Fault.UNAUTHORIZED,
    market_server.Fault.FORBIDDEN: Fault.UNAUTHORIZED,
    market_server.Fault.NOT_FOUND: Fault.NOT_FOUND,
    market_server.Fault.SERVER_ERROR: Fault.SERVER,
    market_server.Fault.HTML: Fault.GARBAGE,
    market_server.Fault.TRUNCATED: Fault.GARBAGE,
    market_server.Fault.EMPTY: Fault.GARBAGE,
    market_server.Fault.TIMEOUT: Fault.TIMEOUT,
    market_server.Fault.SLOW_DRIP: Fault.TIMEOUT,
    market_server.Fault.RESET: Fault.CONNECTION,
}


@pytest.fixture(scope="module")
def server():
    with MarketServer([WETH, USDC, SNX, NEW], clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def market(server):
    server.heal()
    server.keys = {"alchemy": KEY}
    for known, price in ((WETH, "3425.07"), (USDC, "0.999825"), (SNX, "0.00000397"), (NEW, "20")):
        server.set_price(known, price)
        server.set_depth(known, "5000000")
        server.set_history(known, [])
    for paths in server.paths.values():
        paths.clear()
    server.calls.clear()
    return server


@pytest.fixture
async def ask(market):
    """Opens sources on the server."""
    opened = []

    def open_one(name, key=KEY, deadline=60.0):
        # Without certificates, which take long to read.
        plain = httpx.AsyncHTTPTransport(verify=False)
        http = Http(deadline=deadline, clock=lambda: NOW, transport=plain)
        settings = SourceSettings(base_url=market.url(name), key=Secret(key))
        opened.append(SOURCES[name](http, settings, clock=lambda: NOW))
        return opened[-1]

    yield open_one
    for source in opened:
        await source.close()


async def everything(source, tokens):
    prices, unknown, dropped = {}, set(), {}
    for batch in source.batches(tokens):
        answer = await source.prices(batch)
        prices |= answer.prices
        unknown |= answer.unknown
        dropped |= answer.dropped
    return prices, unknown, dropped


@pytest.mark.parametrize("name", NAMES)
async def test_prices_arrive_digit_by_digit(ask, market, name):
    source = ask(name)
    tokens = [WETH, USDC, SNX, NEW, token("WETH", "sepolia"), custom("d", "ethereum")]
    prices, unknown, dropped = await everything(source, tokens)
    assert {i: p.price for i, p in prices.items()} == {
        WETH.id: D("3425.07"), USDC.id: D("0.999825"), SNX.id: D("0.00000397"), NEW.id: D(20),
        token("WETH", "sepolia").id: D("3425.07"),
    }  # fmt: skip
    assert unknown == {custom("d", "ethereum").id}
    assert dropped == {}
    assert source.requests == market.calls[name] == len(source.batches(tokens))
    price = prices[WETH.id]
    assert price.fetched == NOW
    if name in ("dexscreener", "geckoterminal"):
        assert (price.observed, price.liquidity) == (None, 5_000_000)
        assert price.pool.startswith("0x")
    else:
        assert (price.observed, price.age_from) == (NOW - 5_000, "answer")


@pytest.mark.parametrize("kind", list(market_server.Fault), ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", NAMES)
async def test_a_failing_service_is_named_and_then_recovers(ask, market, name, kind, caplog):
    # Only what never comes is waited for, and not for long.
    hangs = kind in (market_server.Fault.TIMEOUT, market_server.Fault.SLOW_DRIP)
    source = ask(name, deadline=0.2 if hangs else 60.0)
    market.fault(name, kind)
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError) as caught:
        await source.prices([WETH])
    error = caught.value
    assert error.fault is EXPECTED[kind]
    assert error.retry_after is None
    assert str(error).startswith(f"{name}: ")
    assert error.__context__ is None
    for text in (str(error), repr(error), caplog.text):
        assert KEY not in text
    market.heal(name)
    source = ask(name) if hangs else source
    assert (await source.prices([WETH])).prices[WETH.id].price == D("3425.07")


@pytest.mark.parametrize("name", NAMES)
async def test_a_wait_that_is_asked_for_is_told(ask, market, name):
    market.fault(name, market_server.Fault.RATE_LIMITED, retry_after="17", times=1)
    with pytest.raises(SourceError) as caught:
        await ask(name).prices([WETH])
    assert caught.value.retry_after == 17
    assert WETH.id in (await ask(name).prices([WETH])).prices


@pytest.mark.parametrize("form", list(Form), ids=lambda form: form.name)
@pytest.mark.parametrize("name", NAMES)
async def test_an_odd_price_is_read_or_dropped_and_never_made_up(ask, market, name, form):
    market.fault(name, form, token=NEW)
    prices, unknown, dropped = await everything(ask(name), [WETH, NEW])
    assert prices[WETH.id].price == D("3425.07")
    if form in READABLE:
        assert prices[NEW.id].price == 20
        assert not unknown
        assert not dropped
    else:
        assert NEW.id not in prices
        assert NEW.id in unknown | dropped.keys()
        if form is Form.UNKNOWN:
            assert unknown == {NEW.id}
    market.heal()
    assert (await everything(ask(name), [NEW]))[0][NEW.id].price == 20


@pytest.mark.parametrize("name", ["dexscreener", "geckoterminal"])
async def test_a_dust_pool_gives_no_price(ask, market, name):
    market.set_depth(WETH, "999")
    answer = await ask(name).prices([WETH, USDC])
    assert set(answer.prices) == {USDC.id}
    assert "holds only $999" in answer.dropped[WETH.id]


@pytest.mark.parametrize("name", NAMES)
async def test_a_lie_of_one_source_arrives_as_its_own(ask, market, name):
    market.set_price(WETH, "4452.6", source=name)
    for other in NAMES:
        said = (await ask(other).prices([WETH])).prices[WETH.id].price
        assert said == (D("4452.6") if other == name else D("3425.07"))


@pytest.mark.parametrize("interval", [300_000, HOUR])
@pytest.mark.parametrize("name", [n for n in NAMES if n != "dexscreener"])
async def test_history_arrives_as_whole_candles(ask, market, name, interval):
    first = (NOW - DAY) // interval * interval
    count = DAY // interval + 1
    history = [(first + n * interval + 1_000, f"{100 + n}.5") for n in range(count)]
    market.set_history(WETH, history)
    found = await ask(name).candles(WETH, interval, NOW - DAY, NOW)
    wanted = [
        (first + n * interval, 100.5 + n)
        for n in range(count)
        if first + n * interval >= NOW - DAY and first + (n + 1) * interval <= NOW
    ]
    assert len(wanted) >= 22
    assert [(c.start, c.close) for c in found] == wanted


@pytest.mark.parametrize("name", ["coingecko", "dexscreener", "geckoterminal"])
async def test_search_finds_the_token(ask, name):
    found = await ask(name).search("snx")
    assert SNX.id in {one.token.id for one in found}


@pytest.mark.parametrize("name", NAMES)
async def test_nobody_listens(name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        settings = SourceSettings(
            base_url=f"http://127.0.0.1:{taken.getsockname()[1]}", key=Secret(KEY)
        )
        source = SOURCES[name](Http(transport=httpx.AsyncHTTPTransport(verify=False)), settings)
        with pytest.raises(SourceError, match="connection refused") as caught:
            await source.prices([WETH])
        await source.close()
    assert caught.value.fault is Fault.CONNECTION
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("name", ["alchemy"])
async def test_a_wrong_key_is_refused(ask, market, name):
    with pytest.raises(SourceError, match="Must be authenticated") as caught:
        await ask(name, key="another").prices([WETH])
    assert caught.value.fault is Fault.UNAUTHORIZED
    assert "another" not in str(caught.value)


def test_the_environment_names_all_five(market):
    urls = {f"PAPERTRADER_{name.upper()}_URL" for name in NAMES}
    assert set(market.environment()) == {*urls, "PAPERTRADER_ONCHAIN_ON"}
