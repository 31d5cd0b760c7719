"""GeckoTerminal: pools by id, strings of any length, and candles that need checking."""

import json
from decimal import Decimal

import pytest

from papertrader_tui.domain.market import HOUR
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources.base import SourceSettings
from papertrader_tui.feeds.sources.geckoterminal import GeckoTerminal
from papertrader_tui.feeds.sources.secret import Secret
from tests.sourcekit import NOW, Canned, custom, source, token

D = Decimal
WETH = token("WETH", "polygon")
USDC = token("USDC", "polygon")
M5 = 300_000


def pool(base=WETH, quote=USDC, number=1, price="3000.5", other="1.0001", reserve="5000000.25"):
    where = f"0x{number:040x}"
    return {
        "id": f"polygon_pos_{where}",
        "type": "pool",
        "attributes": {
            "base_token_price_usd": price,
            "quote_token_price_usd": other,
            "address": where,
            "name": f"{base.symbol} / {quote.symbol} 0.05%",
            "reserve_in_usd": reserve,
            "price_change_percentage": {"h24": "-26.78"},
            "volume_usd": {"h24": "5920012.566978924298216412099127465"},
        },
        "relationships": {
            "base_token": {"data": {"id": f"polygon_pos_{base.address}", "type": "token"}},
            "quote_token": {"data": {"id": f"polygon_pos_{quote.address}", "type": "token"}},
        },
    }


def named(of=WETH, price="3000.5"):
    return {
        "id": f"polygon_pos_{of.address}",
        "type": "token",
        "attributes": {
            "address": of.address, "symbol": of.symbol, "name": of.name, "decimals": 18,
            "price_usd": price,
        },
    }  # fmt: skip


async def ask(data, included, *tokens, headers=None):
    canned = Canned(json.dumps({"data": data, "included": included}), headers=headers)
    answer = await source(GeckoTerminal, canned).prices(tokens or (WETH,))
    return answer, canned


async def test_a_token_is_priced_by_its_deepest_pool_on_its_own_side():
    pools = [pool(number=1, price="2990", reserve="0.0"), pool(number=2),
             pool(number=3, price="3100", reserve="20000")]  # fmt: skip
    answer, canned = await ask([named(), named(USDC, "1.0")], pools, WETH, USDC)
    price = answer.prices[WETH.id]
    assert (price.price, price.liquidity) == (D("3000.5"), D("5000000.25"))
    assert price.volume_24h == D("5920012.566979")
    assert price.pool == f"0x{2:040x}"
    assert price.fee_bps == 5
    assert price.change_24h == pytest.approx(-0.2678)
    assert answer.prices[USDC.id].price == D("1.0001")
    assert answer.prices[USDC.id].change_24h is None
    assert canned.requests[0].url.path == (
        f"/api/v2/networks/polygon_pos/tokens/multi/{WETH.address},{USDC.address}"
    )
    assert canned.requests[0].headers["accept"] == "application/json;version=20230302"


async def test_the_age_header_tells_the_age():
    answer, _ = await ask([named()], [pool()], headers={"age": "17"})
    price = answer.prices[WETH.id]
    assert (price.observed, price.age_from) == (NOW - 17_000, "age header")
    # so long as no cache kept it for minutes it is fresh
    assert GeckoTerminal.LIMITS.stale_ms == 180_000


@pytest.mark.parametrize(
    ("pools", "why"),
    [
        ([], "no pool"),
        ([pool(reserve="0.0")], "holds only $0"),
        ([pool(reserve="999.9")], "holds only $999.9"),
        ([pool(reserve=None)], "unknown"),
        ([pool(price="0")], "not above zero"),
        ([pool(price=None)], "null"),
        ([pool(base=custom("1"), quote=custom("2"))], "no pool"),
    ],
)
async def test_without_a_usable_pool_there_is_no_price(pools, why):
    answer, _ = await ask([named()], pools)
    assert answer.prices == {}
    assert why in answer.dropped[WETH.id]


async def test_a_token_without_a_price_says_so_itself():
    answer, _ = await ask([named(price=None)], [])
    assert "null" in answer.dropped[WETH.id]


async def test_addresses_that_are_left_out_are_unknown():
    answer, _ = await ask([named()], [pool()], WETH, USDC)
    assert answer.unknown == {USDC.id}
    answer, _ = await ask([named(USDC)], [pool()])
    assert answer.unknown == {WETH.id}


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"pools": []}'])
async def test_an_answer_of_another_shape_is_garbage(text):
    with pytest.raises(SourceError) as caught:
        await source(GeckoTerminal, Canned(text)).prices([WETH])
    assert caught.value.fault is Fault.GARBAGE


async def test_a_hundred_digits_are_no_trouble():
    long = "1.23" + "4" * 120
    answer, _ = await ask([named()], [pool(price=long, reserve="5000000." + "7" * 120)])
    assert answer.prices[WETH.id].price == D("1.23" + "4" * 21)


def rows(start, count, seconds):
    return [[start + n * seconds, 1, 2, 1, 2, 10] for n in reversed(range(count))]


async def candles(*bodies, interval=M5, since=NOW - HOUR, until=NOW, of=WETH):
    canned = Canned(*map(json.dumps, bodies))
    gecko = source(GeckoTerminal, canned)
    return await gecko.candles(of, interval, since, until), canned, gecko


async def test_candles_come_from_the_deepest_pool_and_are_whole():
    first = (NOW - HOUR) // M5 * 300
    ohlcv = {"data": {"attributes": {"ohlcv_list": rows(first, 13, 300)}}}
    pools = {"data": [pool(number=1, reserve="2000"), pool(number=2)]}
    found, canned, _ = await candles(pools, ohlcv)
    assert [c.start for c in found] == [first * 1000 + n * M5 for n in range(1, 12)]
    assert canned.requests[1].url.path.endswith(f"/pools/0x{2:040x}/ohlcv/minute")
    params = dict(canned.requests[1].url.params)
    assert params == {
        "aggregate": "5", "limit": "13", "before_timestamp": str(NOW // 1000),
        "currency": "usd", "token": "base",
    }  # fmt: skip


async def test_the_quote_side_is_asked_for_where_it_is_ours():
    ohlcv = {"data": {"attributes": {"ohlcv_list": []}}}
    _, canned, _ = await candles({"data": [pool()]}, ohlcv, of=USDC)
    assert canned.requests[1].url.params["token"] == "quote"


async def test_a_long_history_is_read_in_pages_and_the_pool_is_looked_up_once():
    last = NOW // 1000 // 60 * 60
    pages = [rows(last - 1000 * 60, 1000, 60), rows(last - 1500 * 60, 500, 60)]
    bodies = [{"data": {"attributes": {"ohlcv_list": page}}} for page in pages]
    since = (last - 1500 * 60) * 1000
    found, canned, gecko = await candles(
        {"data": [pool()]}, *bodies, interval=60_000, since=since, until=last * 1000
    )
    assert len(found) == 1500
    assert [dict(r.url.params).get("limit") for r in canned.requests] == [None, "1000", "501"]
    await gecko.candles(WETH, 60_000, since, last * 1000)
    assert gecko.requests == 4


async def test_rows_that_are_no_candles_are_counted():
    bad = [[(NOW - HOUR) // 1000, 5, 1, 2, 1, 1]]
    ohlcv = {"data": {"attributes": {"ohlcv_list": bad}}}
    found, _, gecko = await candles({"data": [pool()]}, ohlcv, since=NOW - 2 * HOUR)
    assert (list(found), gecko.candles_dropped) == ([], 1)


@pytest.mark.parametrize(
    ("bodies", "interval", "fault"),
    [
        ([{"data": []}], M5, Fault.NOT_FOUND),
        ([{"data": [pool(reserve="10")]}], M5, Fault.NOT_FOUND),
        ([{"data": [pool()]}, {"data": {}}], M5, Fault.GARBAGE),
        ([{"data": [pool()]}], 7 * 60_000, Fault.UNSUPPORTED),
    ],
)
async def test_without_candles_the_reason_is_named(bodies, interval, fault):
    with pytest.raises(SourceError) as caught:
        await candles(*bodies, interval=interval)
    assert caught.value.fault is fault


async def test_search_reads_pools_with_their_tokens():
    body = {"data": [pool(reserve="10"), pool(number=2)], "included": [named(), named(USDC)]}
    canned = Canned(json.dumps(body))
    found = await source(GeckoTerminal, canned).search("weth")
    assert [(f.token, f.liquidity, f.price) for f in found] == [
        (WETH, D("5000000.25"), D("3000.5"))
    ]
    assert not await source(GeckoTerminal, canned).search(f"base:{WETH.address}")


async def test_a_key_goes_to_coingeckos_own_address_in_a_header():
    canned = Canned(json.dumps({"data": []}))
    for plan, host in (("", "api"), ("demo", "api"), ("pro", "pro-api")):
        settings = SourceSettings(key=Secret("K-1"), plan=plan)
        await source(GeckoTerminal, canned, settings).prices([WETH])
        request = canned.requests[-1]
        assert str(request.url).startswith(f"https://{host}.coingecko.com/api/v3/onchain/networks")
        assert request.headers[f"x-cg-{plan or 'demo'}-api-key"] == "K-1"
        assert "K-1" not in str(request.url)
