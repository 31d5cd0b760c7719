"""Recorded answers of the real services, read to the values in them or to the error in them.

The answers are not a part of the project: their folder is named by PAPERTRADER_EVIDENCE. What is
expected is worked out here from the text of each answer, with numbers as strings.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import pytest

from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources import coingecko, defillama, dexscreener, geckoterminal
from papertrader_tui.feeds.sources.alchemy import Alchemy
from papertrader_tui.feeds.sources.base import SourceSettings
from papertrader_tui.feeds.sources.coins import found_of_coin, search_ids
from papertrader_tui.feeds.sources.history import from_rows
from papertrader_tui.feeds.sources.http import Reply, Request
from papertrader_tui.feeds.sources.ids import bundled
from papertrader_tui.feeds.sources.pools import Pool
from papertrader_tui.feeds.sources.secret import Secret
from papertrader_tui.registry import chain_facts, load_registry
from tests.sourcekit import NOW, Canned, client, source

D = Decimal
FOLDER = Path(os.environ.get("PAPERTRADER_EVIDENCE", "/nonexistent")) / "http"
SERVICES = ("alchemy", "coingecko", "dexscreener", "geckoterminal", "defillama")
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="PAPERTRADER_EVIDENCE names no folder of recorded answers"
)


def files(pattern: str) -> list[str]:
    return sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob(pattern))


def recorded(name: str) -> dict[str, Any]:
    case: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return case


def text_of(case: dict[str, Any]) -> str:
    """The body as it was sent: its exact text where recorded."""
    response = case["response"]
    if "body_text" in response:
        return str(response["body_text"])
    body = response["body"]
    return "" if body is None else body if isinstance(body, str) else json.dumps(body)


async def fetched(name: str) -> tuple[Reply, Any, dict[str, Any]]:
    """An answer through the client, the same with numbers as strings, and the whole case."""
    case = recorded(name)
    text = text_of(case)
    reply = await fetch(case)
    plain = json.loads(text, parse_float=str, parse_int=str) if text else None
    return reply, plain, case


async def fetch(case: dict[str, Any]) -> Reply:
    response = case["response"]
    headers = {
        name: value
        for name, value in response.get("headers", {}).items()
        if name not in ("content-encoding", "content-length", "transfer-encoding")
    }
    http = client(Canned(text_of(case), status=response["status"], headers=headers))
    try:
        return await http.fetch(Request("service", "https://host.test", "/"))
    finally:
        await http.close()


def stand_in(number: int) -> Token:
    return Token(f"ethereum:0x{number:040x}", "T", "T", "ethereum", 18)


def groups_of(keys: list[str]) -> tuple[dict[object, list[Token]], dict[str, Token]]:
    tokens = {key: stand_in(n) for n, key in enumerate(keys, 1)}
    return {key.lower(): [token] for key, token in tokens.items()}, tokens


ANSWERS = [
    name
    for service in SERVICES
    for name in files(f"{service}/**/*.json")
    if "response" in recorded(name)
]
GOOD = [name for name in ANSWERS if recorded(name)["response"]["status"] == 200]


def numbers(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, Decimal):
        yield str(value)


def test_there_are_answers_of_all_five():
    assert {name.partition("/")[0] for name in ANSWERS} == set(SERVICES)
    assert len(GOOD) > 100


@pytest.mark.parametrize("name", GOOD)
async def test_every_number_of_an_answer_keeps_its_digits(name):
    reply, _, case = await fetched(name)
    written = json.loads(text_of(case), parse_float=D, parse_int=D)
    assert reply.body == written
    assert list(numbers(reply.body)) == list(numbers(written))


# CoinGecko

SIMPLE = [
    name
    for name in GOOD
    if re.search(r"/api/v3/simple/(token_)?price", recorded(name)["request"]["url"])
]


@pytest.mark.parametrize("name", SIMPLE)
async def test_coingecko_prices(name):
    reply, plain, case = await fetched(name)
    params = case["request"]["params"]
    currency = params["vs_currencies"].split(",")[0]
    asked = (params.get("ids") or params["contract_addresses"]).split(",")
    groups, tokens = groups_of(asked)
    answer = coingecko.read_prices(reply, groups, list(tokens.values()), currency)
    priced = {key for key, entry in plain.items() if currency in entry}
    assert {tokens[key].id for key in priced} == set(answer.prices)
    assert answer.unknown == {tokens[key].id for key in asked if key not in priced}
    age = case["response"].get("headers", {}).get("age")
    for key in priced:
        price = answer.prices[tokens[key].id]
        assert price.price == D(plain[key][currency])
        said = plain[key].get("last_updated_at")
        if said:
            assert (price.observed, price.age_from) == (int(said) * 1000, "answer")
        elif age:
            assert (price.observed, price.age_from) == (NOW - int(age) * 1000, "age header")
        else:
            assert price.observed is None
        change = plain[key].get(f"{currency}_24h_change")
        assert price.change_24h == (pytest.approx(float(change) / 100) if change else None)
    coins = [coin for coin in asked if bundled(coin)] if currency == "usd" else []
    if coins:  # and once more through the whole adapter
        gecko = source(coingecko.CoinGecko, Canned(text_of(case)))
        known = [token for coin in coins for token in bundled(coin)]
        whole = await gecko.prices(known)
        for coin in coins:
            for token in bundled(coin):
                assert whole.prices[token.id].price == D(plain[coin]["usd"])


@pytest.mark.parametrize("name", [n for n in GOOD if "market_chart" in n])
async def test_coingecko_charts(name):
    reply, plain, _ = await fetched(name)
    points = coingecko.read_chart(reply)
    assert points == [(int(time), float(price)) for time, price in plain["prices"]]


@pytest.mark.parametrize("name", [n for n in GOOD if n.endswith("/search.json")])
async def test_coingecko_search(name):
    reply, plain, _ = await fetched(name)
    assert search_ids(reply, "eth") == [coin["id"] for coin in plain["coins"]]


@pytest.mark.parametrize(
    "name", [n for n in GOOD if re.search(r"keyless/coins_[a-z-]+_\d", n) and "history" not in n]
)
async def test_coingecko_coins(name):
    reply, plain, _ = await fetched(name)
    platforms = {
        chain_facts(key)["ids"].get("coingecko_platform"): key for key in load_registry().chains
    }
    wanted = {
        f"{platforms[platform]}:{address.lower()}": plain["detail_platforms"][platform]
        for platform, address in plain["platforms"].items()
        if platform in platforms
    }
    found = {one.token.id: one.token for one in found_of_coin(reply, "coingecko")}
    assert found.keys() == wanted.keys()
    for key, token in found.items():
        assert token.decimals == int(wanted[key]["decimal_place"])


ERRORS = {
    "coingecko/errors/coin_not_found.json": (Fault.NOT_FOUND, "coin not found"),
    "coingecko/errors/keyless_or_free_429.json": (Fault.RATE_LIMITED, "exceeded the Rate Limit"),
    "coingecko/errors/missing_param.json": (Fault.BAD_REQUEST, "Missing parameter vs_currencies"),
    "coingecko/errors/pro_missing_key.json": (Fault.UNAUTHORIZED, "API Key Missing"),
    "coingecko/errors/too_many_addresses_10012.json": (Fault.BAD_REQUEST, "10 addresses"),
    "coingecko/errors/wrong_host_for_key.json": (Fault.UNAUTHORIZED, "host"),
    "dexscreener/error_429.json": (Fault.RATE_LIMITED, "429"),
    "geckoterminal/error_404.json": (Fault.NOT_FOUND, "Not Found"),
    "geckoterminal/error_429.json": (Fault.RATE_LIMITED, "exceeded the Rate Limit"),
}


@pytest.mark.parametrize("name", [n for n in ANSWERS if n not in GOOD])
async def test_every_recorded_error_is_named(name):
    fault, words = ERRORS[name]
    with pytest.raises(SourceError, match=re.escape(words)) as caught:
        await fetch(recorded(name))
    assert caught.value.fault is fault
    assert caught.value.status == recorded(name)["response"]["status"]


# DefiLlama


@pytest.mark.parametrize("name", [n for n in GOOD if n.startswith("defillama")])
async def test_defillama_prices(name):
    reply, plain, case = await fetched(name)
    asked = case["request"]["url"].rpartition("/")[2].split(",")
    groups, tokens = groups_of(asked)
    answer = defillama.read_prices(reply, groups, list(tokens.values()))
    coins = plain["coins"]
    assert set(answer.prices) == {tokens[key].id for key in coins}
    assert answer.unknown == {tokens[key].id for key in asked if key not in coins}
    for key, entry in coins.items():
        price = answer.prices[tokens[key].id]
        assert price.price == D(entry["price"])
        assert price.observed == int(entry["timestamp"]) * 1000
        confidence = entry.get("confidence")
        assert price.confidence == (float(confidence) if confidence else None)


# DexScreener


async def pairs(name: str, network: str, *addresses: str, base: str = "") -> list[object]:
    """What is said of each address: a price, a reason, or None for unknown."""
    case = recorded(name)
    for pair in (case["response"]["body"] or {}).get("pairs") or [] if base else []:
        pair.setdefault("baseToken", {"address": base})
    reply = await fetch(case)
    groups, tokens = groups_of(list(addresses))
    answer = dexscreener.read_prices(reply, groups, network, list(tokens.values()))
    return [
        found.price if (found := answer.prices.get(t.id)) else answer.dropped.get(t.id)
        for t in tokens.values()
    ]


async def test_dexscreener_takes_the_deep_pool_and_not_the_dust_before_it():
    [btcb] = await pairs("dexscreener/token_pairs_v1_btcb_2026-09-21.json", "bsc",
                         "0x7130d2A12B9BCbFAe4f2634d864A1Ee1Ce3Ead9c")  # fmt: skip
    assert btcb == D("84584.076")


async def test_dexscreener_divides_for_the_quote_side():
    usdc, sui = await pairs(
        "dexscreener/latest_dex_pairs_sui_cetus_2025.json", "sui",
        "0xdba34672e30cb065b1f93e3ab55318768fd6fef66c15942c9f7cb846e2f900e7::usdc::USDC",
        "0x0000000000000000000000000000000000000000000000000000000000000002::sui::SUI",
    )  # fmt: skip
    assert usdc == D("1.0015")
    assert isinstance(sui, Decimal)
    assert abs(sui - D("1.0015") / D("0.2967")) < D("1e-20")


async def test_dexscreener_refuses_the_pool_that_holds_too_little():
    name = "dexscreener/latest_dex_tokens_injective_2024-03.json"
    baby, dojo, inj = await pairs(
        name, "injective", "inj19dtllzcquads0hu3ykda9m58llupksqwekkfnw",
        "inj1zdj9kqnknztl2xclm5ssv25yre09f8908d4923", "inj",
    )  # fmt: skip
    assert baby == D("0.004531")
    assert isinstance(dojo, Decimal)
    assert abs(dojo - D("0.004531") / D("0.007055")) < D("1e-20")
    assert inj == "its pool holds only $599.5"


async def test_dexscreener_refuses_the_one_sided_pool_and_one_without_liquidity():
    eth = "0x2170Ed0880ac9A755fd29B2688956BD959F933F8"
    name = "dexscreener/latest_dex_tokens_bsc_eth_stale_outlier_2024-03.json"
    assert await pairs(name, "bsc", eth) == [None]  # recorded without its base token
    assert await pairs(name, "bsc", eth, base=eth) == [D("3283.92")]
    case = recorded(name)
    one_sided = dict(case["response"]["body"]["pairs"][1], baseToken={"address": eth})
    seen = dexscreener.pool_for(json.loads(json.dumps(one_sided), parse_float=D), eth.lower())
    assert seen is not None
    assert "one-sided" in seen.unfit
    [launched] = await pairs("dexscreener/tokens_v1_launchpad_pair_2026-09-21.json", "bsc",
                             "0x0410389360bA5d7609Ba8BA437FCb33376Bc4444")  # fmt: skip
    assert launched == "its pool's liquidity is unknown"


@pytest.mark.parametrize("name", files("dexscreener/empty_*.json"))
async def test_dexscreener_without_pairs(name):
    assert await pairs(name, "base", "0x0000000000000000000000000000000000000001") == [None]


# GeckoTerminal


def rounded(text: str) -> Decimal:
    """To 24 significant digits, half to even, by hand."""
    digits = text.lstrip("0.").replace(".", "")
    if len(digits) <= 24:
        return D(text)
    value = D(text)
    return value.quantize(D(1).scaleb(value.adjusted() - 23), context=Context(prec=200))


@pytest.mark.parametrize(
    "name", files("geckoterminal/top_pools_eth.json") + files("coingecko/documented/*pools.json")
)
async def test_geckoterminal_pools(name):
    reply, plain, _ = await fetched(name)
    for resource, written in zip(reply.body["data"], plain["data"], strict=True):
        facts = written["attributes"]
        for side in ("base", "quote"):
            address = written["relationships"][f"{side}_token"]["data"]["id"].rpartition("_")[2]
            pool = geckoterminal.pool_for(resource, address.lower())
            assert isinstance(pool, Pool)
            assert pool.price == rounded(facts[f"{side}_token_price_usd"])
            assert abs(pool.liquidity - D(facts["reserve_in_usd"])) <= D("5e-7")
            assert (pool.unfit == "") == (D(facts["reserve_in_usd"]) >= 1000)
            percent = re.search(r"([\d.]+)%$", facts["name"])
            assert pool.fee_bps == (D(percent[1]) * 100 if percent else None)
            assert pool.address == facts["address"]


async def test_geckoterminal_tokens_with_pools():
    reply, plain, _ = await fetched("coingecko/documented/onchain_tokens_multi.json")
    asked = [one["attributes"]["address"] for one in plain["data"]]
    groups, tokens = groups_of(asked)
    answer = geckoterminal.read_prices(reply, groups, list(tokens.values()))
    facts = plain["included"][0]["attributes"]
    price = answer.prices[tokens[asked[0]].id]
    assert price.price == rounded(facts["base_token_price_usd"])
    assert price.liquidity == D(facts["reserve_in_usd"])
    assert answer.dropped == {tokens[asked[1]].id: "no price (null)"}


@pytest.mark.parametrize("name", files("geckoterminal/pool_ohlcv.json")
                         + files("coingecko/documented/onchain_pool_ohlcv.json"))  # fmt: skip
async def test_geckoterminal_candles(name):
    reply, plain, _ = await fetched(name)
    rows = plain["data"]["attributes"]["ohlcv_list"]
    # As sent, newest first: the answer has two rows of one time, and the newer of them counts.
    wanted = {}
    for newer, older in zip(rows, [*rows[1:], None], strict=True):
        start, first, high, low, last, _volume = (float(cell) for cell in newer)
        carried = older is not None and float(older[4]) == first
        if low <= last <= high and (low <= first <= high or carried):
            candle = (start * 1000, first, max(high, first), min(low, first), last)
            wanted.setdefault(start, candle)
    candles, refused = from_rows(geckoterminal.ohlcv_rows(reply))
    assert [(c.start, c.open, c.high, c.low, c.close) for c in candles] == sorted(wanted.values())
    assert len(candles) + refused == len(rows)
    assert refused <= len(rows) // 20  # a row or two, and not a third of them


async def test_geckoterminal_networks_are_those_that_the_registry_names():
    _, plain, _ = await fetched("geckoterminal/networks.json")
    listed = {one["id"]: one["attributes"]["coingecko_asset_platform_id"] for one in plain["data"]}
    checked = 0
    for key in load_registry().chains:
        ids = chain_facts(key)["ids"]
        if ids.get("geckoterminal") in listed:
            assert listed[ids["geckoterminal"]] == ids["coingecko_platform"]
            checked += 1
    assert checked >= 3


# Alchemy


async def test_alchemy_by_symbol():
    case = recorded("alchemy/by_symbol_eth_2025-01-03.json")
    alchemy = source(Alchemy, Canned(text_of(case)), SourceSettings(key=Secret("K")))
    price = await alchemy.by_symbol("ETH")
    said = re.search(r'"value":"([\d.]+)"', text_of(case))
    assert price is not None
    assert said is not None
    assert price.price == D(said[1])
    assert price.observed == 1_735_893_582_000  # 2025-01-03T08:39:42Z


async def test_alchemy_as_documented():
    shape = recorded("alchemy/documented-shape.json")
    alchemy = source(
        Alchemy, Canned(json.dumps(shape["documented_example"])), SourceSettings(key=Secret("K"))
    )
    price = await alchemy.by_symbol("ETH")
    assert price is not None
    assert price.price == D(shape["documented_example"]["data"][0]["prices"][0]["value"])
