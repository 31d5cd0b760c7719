"""CoinGecko: ids, contracts, plans, and points."""

import json
from decimal import Decimal

import pytest

from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources.base import SourceSettings
from papertrader_tui.feeds.sources.coingecko import CoinGecko
from papertrader_tui.feeds.sources.secret import Secret
from papertrader_tui.registry import load_registry
from tests.sourcekit import NOW, Canned, custom, source, token

D = Decimal
WETH = token("WETH")
USDC = token("USDC")
SNX = token("SNX")


async def ask(text, *tokens, **headers):
    canned = Canned(text, headers=headers)
    return await source(CoinGecko, canned).prices(tokens or (WETH,)), canned


async def test_every_form_of_number_is_read_and_ids_are_not_symbols():
    text = """{"havven": {"usd": 3.97e-06, "last_updated_at": 1789999990,
                          "usd_24h_vol": 1234567.891234567, "usd_24h_change": -1.5},
               "usd-coin": {"usd": 1.0}, "weth": {"usd": 113056}}"""
    answer, canned = await ask(text, WETH, USDC, SNX)
    assert {i: str(p.price) for i, p in answer.prices.items()} == {
        WETH.id: "113056", USDC.id: "1.0", SNX.id: "0.00000397",
    }  # fmt: skip
    price = answer.prices[SNX.id]
    assert (price.observed, price.age_from) == (NOW - 10_000, "answer")
    assert (price.volume_24h, price.change_24h) == (D("1234567.891235"), -0.015)
    assert price.liquidity is None
    query = dict(canned.requests[0].url.params)
    assert query["ids"] == "weth,usd-coin,havven"
    assert query["precision"] == "full"


async def test_one_id_prices_a_token_on_all_its_chains():
    tokens = [WETH, token("WETH", "base"), token("WETH", "sepolia")]
    answer, canned = await ask('{"weth": {"usd": 3000}}', *tokens)
    assert canned.requests[0].url.params["ids"] == "weth"
    assert {answer.prices[t.id].price for t in tokens} == {3000}
    assert answer.prices[tokens[2].id].priced_as == WETH.id


@pytest.mark.parametrize("text", ["{}", '{"weth": {}}', '{"weth": {"eur": 1}}', '{"weth": null}'])
async def test_absent_is_unknown_and_never_zero(text):
    answer, _ = await ask(text)
    assert (answer.prices, answer.unknown) == ({}, {WETH.id})


@pytest.mark.parametrize("value", ["null", "0", "-1", "NaN", "1e300", '"x"', "[]", "true"])
async def test_an_unusable_price_is_dropped_and_the_others_stay(value):
    answer, _ = await ask(f'{{"weth": {{"usd": {value}}}, "usd-coin": {{"usd": 1}}}}', WETH, USDC)
    assert set(answer.prices) == {USDC.id}
    assert set(answer.dropped) == {WETH.id}


async def test_the_age_of_an_answer_without_a_time():
    answer, _ = await ask('{"weth": {"usd": 1}}', age="12")
    assert answer.prices[WETH.id].observed == NOW - 12_000
    answer, _ = await ask('{"weth": {"usd": 1, "last_updated_at": 1890000000}}')
    assert answer.prices[WETH.id].observed == NOW  # never from the future
    answer, _ = await ask('{"weth": {"usd": 1, "last_updated_at": 0}}')
    assert answer.prices[WETH.id].observed is None


async def test_tokens_that_are_not_bundled_are_asked_for_by_contract():
    new = custom("e")
    text = json.dumps({new.address.upper().replace("X", "x"): {"usd": 0.5}})
    answer, canned = await ask(text, new)
    assert answer.prices[new.id].price == D("0.5")
    assert canned.requests[0].url.path.endswith("/simple/token_price/base")
    assert canned.requests[0].url.params["contract_addresses"] == new.address


async def test_one_contract_in_two_cases_with_two_prices_has_none():
    new = custom("e")
    text = json.dumps({"0x" + "E" * 40: {"usd": 1}, new.address: {"usd": 2}})
    answer, _ = await ask(text, new)
    assert "two prices" in answer.dropped[new.id]
    same = json.dumps({"0x" + "E" * 40: {"usd": 1}, new.address: {"usd": 1.0}})
    answer, _ = await ask(same, new)
    assert answer.prices[new.id].price == 1


def test_batches_put_ids_together_and_contracts_apart():
    registry = load_registry()
    everything = list(registry.tokens.values())
    keyless = source(CoinGecko, Canned(""))
    batches = keyless.batches([*everything, custom("1"), custom("2"), custom("3", "ethereum")])
    assert [len(b) for b in batches] == [len(everything), 1, 1, 1]
    demo = source(CoinGecko, Canned(""), SourceSettings(key=Secret("K")))
    batches = demo.batches([*everything, custom("1"), custom("2"), custom("3", "ethereum")])
    assert [len(b) for b in batches] == [len(everything), 2, 1]


async def test_too_many_addresses_makes_the_next_batches_smaller():
    said = '{"error_code": 10012, "status": {"error_message": "limit (1 address)"}}'
    canned = Canned(said, status=400)
    gecko = source(CoinGecko, canned, SourceSettings(key=Secret("K")))
    tokens = [custom(digit) for digit in "1234"]
    for sizes in ([4], [2, 2], [1, 1, 1, 1]):
        batches = gecko.batches(tokens)
        assert [len(batch) for batch in batches] == sizes
        with pytest.raises(SourceError) as caught:
            await gecko.prices(batches[0])
        assert caught.value.fault is Fault.BAD_REQUEST


async def test_a_key_goes_into_the_header_of_its_plan():
    for plan, host in (("demo", "api"), ("pro", "pro-api")):
        canned = Canned("{}")
        await source(CoinGecko, canned, SourceSettings(key=Secret("K-1"), plan=plan)).prices([WETH])
        request = canned.requests[0]
        assert request.url.host == f"{host}.coingecko.com"
        assert request.headers[f"x-cg-{plan}-api-key"] == "K-1"
        assert "K-1" not in str(request.url)
    canned = Canned("{}")
    await source(CoinGecko, canned).prices([WETH])
    assert not any("cg" in name for name in canned.requests[0].headers)


class Refusing(Canned):
    """Takes the key on the pro host only."""

    async def handle_async_request(self, request):
        self.status = 200 if request.url.host.startswith("pro-") else 400
        self.texts = [
            '{"weth": {"usd": 7}}' if self.status == 200
            else '{"error_code": 10010, "status": {"error_message": "wrong host"}}'
        ]  # fmt: skip
        return await super().handle_async_request(request)


async def test_the_plan_of_a_key_is_found_out():
    canned = Refusing("")
    gecko = source(CoinGecko, canned, SourceSettings(key=Secret("K")))
    assert (gecko.plan, gecko.limits.per_minute) == ("demo", 30)
    assert (await gecko.prices([WETH])).prices[WETH.id].price == 7
    assert (gecko.plan, gecko.limits.per_minute) == ("pro", 500)
    await gecko.prices([WETH])
    assert gecko.requests == 3
    fixed = source(CoinGecko, canned, SourceSettings(key=Secret("K"), plan="demo"))
    with pytest.raises(SourceError, match="wrong host"):
        await fixed.prices([WETH])


def chart(points):
    return json.dumps({"prices": points, "market_caps": [], "total_volumes": [[0, 5]]})


async def test_candles_of_five_minutes_come_from_one_day():
    start = (NOW - DAY) // 300_000 * 300_000
    points = [[start + n * 300_000 + 17, 100 + n] for n in range(289)]
    canned = Canned(chart([*points, [start, None], [start, 0], ["x", 1], [], 7]))
    found = await source(CoinGecko, canned).candles(WETH, 300_000, NOW - DAY, NOW)
    assert canned.requests[0].url.path == "/api/v3/coins/weth/market_chart"
    assert canned.requests[0].url.params["days"] == "1"
    assert len(found) == 287
    assert all(c.start >= NOW - DAY and c.start + 300_000 <= NOW for c in found)
    assert (found[5].open, found[5].close, found[5].volume) == (105, 106, -1)


@pytest.mark.parametrize(
    ("interval", "back", "days"),
    [(HOUR, 30 * DAY, "30"), (HOUR, 31 * DAY - 1, "31"), (HOUR, 300 * DAY, "90"),
     (300_000, 7 * DAY, "1"), (DAY, 900 * DAY, "365")],
)  # fmt: skip
async def test_how_far_back_is_asked_for(interval, back, days):
    canned = Canned(chart([]))
    await source(CoinGecko, canned).candles(custom("1"), interval, NOW - back, NOW)
    assert canned.requests[0].url.params["days"] == days
    assert f"/coins/base/contract/{custom('1').address}/market_chart" in canned.urls[0]


async def test_what_is_no_history_is_named():
    with pytest.raises(SourceError) as caught:
        await source(CoinGecko, Canned("{}")).candles(WETH, HOUR, 0, NOW)
    assert caught.value.fault is Fault.GARBAGE
    with pytest.raises(SourceError) as caught:
        await source(CoinGecko, Canned("{}")).candles(WETH, 60_000, 0, NOW)
    assert caught.value.fault is Fault.UNSUPPORTED
    with pytest.raises(SourceError) as caught:
        await source(CoinGecko, Canned("[]")).prices([WETH])
    assert caught.value.fault is Fault.GARBAGE


async def test_search_knows_bundled_coins_and_looks_others_up():
    listed = json.dumps({"coins": [
        {"id": "new-coin", "symbol": "NC", "name": "New Weth Coin"},
        {"id": "weth", "symbol": "weth", "name": "WETH"}, {"id": 7}, None,
    ]})  # fmt: skip
    coin = json.dumps({
        "id": "new-coin", "symbol": "nc", "name": "New \x1b[2JCoin",
        "platforms": {"base": "0x" + "E" * 40, "solana": "abc", "polygon-pos": "", "x": None},
        "detail_platforms": {"base": {"decimal_place": 9}},
        "market_data": {"current_price": {"usd": 0.25}, "total_volume": {"usd": 1000}},
    })  # fmt: skip
    canned = Canned(listed, coin)
    found = await source(CoinGecko, canned).search("WETH")
    bundled = [f for f in found if f.token.symbol == "WETH"]
    assert found[: len(bundled)] == bundled  # exact symbols first
    assert len(bundled) == 5
    assert len(found) == 6
    other = found[-1]
    assert other.token.id == "base:0x" + "e" * 40
    assert (other.token.symbol, other.token.name, other.token.decimals) == ("NC", "New [2JCoin", 9)
    assert (other.price, other.volume_24h) == (D("0.25"), 1000)
    one = await source(CoinGecko, Canned(coin)).search(f"base:0x{'e' * 40}")
    assert [f.token.id for f in one] == [other.token.id]
    with pytest.raises(SourceError, match="with its chain"):
        await source(CoinGecko, canned).search("0x" + "e" * 40)
