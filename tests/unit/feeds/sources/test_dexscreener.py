"""DexScreener: which pool, which side."""

import json
from decimal import Decimal

import pytest

from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources.dexscreener import DexScreener
from papertrader_tui.feeds.trusted import Said
from tests.sourcekit import NOW, Canned, custom, source, token

D = Decimal
WETH = token("WETH", "base")
USDC = token("USDC", "base")


def pair(base=WETH, quote=USDC, usd="3000", native="3000.00", depth=2_000_000, **more):
    half = D(depth) / 2
    one = {
        "chainId": "base",
        "pairAddress": "0x" + "ab" * 20,
        "baseToken": {"address": base.address, "symbol": base.symbol, "name": base.name},
        "quoteToken": {"address": quote.address, "symbol": quote.symbol},
        "priceUsd": usd,
        "priceNative": native,
        "liquidity": {
            "usd": depth,
            "base": float(half / D(usd)),
            "quote": float(half / D(usd) * D(native)),
        },
        "volume": {"h24": 123456.78},
        "priceChange": {"h24": -2.5},
        "txns": {"h24": {"buys": 7, "sells": 8}},
    }
    return {key: value for key, value in {**one, **more}.items() if value is not ...}


async def ask(pairs, *tokens):
    canned = Canned(json.dumps(pairs))
    answer = await source(DexScreener, canned).prices(tokens or (WETH,))
    return answer, canned


async def test_an_answer_that_a_cache_has_kept_for_minutes_is_stale():
    for age, fresh in ((170, True), (190, False)):
        dexscreener = source(DexScreener, Canned(json.dumps([pair()]), headers={"age": str(age)}))
        price = (await dexscreener.prices([WETH])).prices[WETH.id]
        said = Said("dexscreener", "dexscreener", price, dexscreener.limits.stale_ms)
        assert (said.fresh_until(30_000) > NOW) is fresh


async def test_a_base_token_is_priced_with_all_that_is_said_of_its_pool():
    answer, canned = await ask([pair()])
    price = answer.prices[WETH.id]
    assert (price.price, price.liquidity, price.volume_24h) == (3000, 2_000_000, D("123456.78"))
    assert price.change_24h == -0.025
    assert price.pool == "0x" + "ab" * 20
    assert (price.observed, price.fetched, price.age_from) == (None, NOW, "fetch")
    assert canned.urls == [f"https://api.dexscreener.com/tokens/v1/base/{WETH.address}"]


async def test_a_quote_token_costs_the_quotient_and_the_change_is_not_its_own():
    answer, _ = await ask([pair(usd="3002.10", native="3001.00")], USDC)
    price = answer.prices[USDC.id]
    assert abs(price.price - D("3002.10") / D("3001.00")) < D("1e-20")
    assert price.change_24h is None


async def test_a_quotient_by_a_coarse_number_is_no_price():
    coarse = pair(base=custom("7"), quote=WETH, usd="0.21", native="0.00007", depth=10_000)
    answer, _ = await ask([coarse])
    assert "too coarse" in answer.dropped[WETH.id]


async def test_the_deepest_pool_counts_and_not_the_first():
    pairs = [pair(usd="2900", depth=60), pair(usd="3001", depth=9_000_000), pair(depth=5_000_000)]
    answer, _ = await ask(pairs)
    assert answer.prices[WETH.id].price == 3001


async def test_an_address_in_another_case_is_the_same_token():
    shouted = pair()
    shouted["baseToken"]["address"] = "0x" + WETH.address[2:].upper()
    answer, _ = await ask([shouted])
    assert answer.prices[WETH.id].price == 3000


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"liquidity": ...}, "liquidity is unknown"),
        ({"liquidity": {}}, "liquidity is unknown"),
        ({"liquidity": None}, "liquidity is unknown"),
        ({"liquidity": {"usd": 999}}, "holds only $999"),
        ({"liquidity": {"usd": 95_872, "base": 0.2, "quote": 95_000}}, "one-sided"),
        ({"liquidity": {"usd": 95_872, "base": 0.2}}, "one-sided"),
        ({"liquidity": {"usd": 95_872, "base": 31, "quote": 5}}, "one-sided"),
        ({"priceUsd": ...}, "no price"),
        ({"priceUsd": None}, "no price"),
        ({"priceUsd": "0"}, "not above zero"),
        ({"priceUsd": "-3000"}, "not above zero"),
        ({"priceUsd": "1e300"}, "outside"),
        ({"priceUsd": {}}, "no finite number"),
    ],
)
async def test_a_pool_that_cannot_be_traded_in_gives_no_price(changes, why):
    answer, _ = await ask([pair(**changes)])
    assert answer.prices == {}
    assert why in answer.dropped[WETH.id]
    assert answer.unknown == frozenset()


async def test_a_side_that_is_not_known_is_no_reason_to_refuse():
    for liquidity in ({"usd": 50_000}, {"usd": 50_000, "quote": 25_000}):
        answer, _ = await ask([pair(liquidity=liquidity, priceNative=...)])
        assert answer.prices[WETH.id].liquidity == 50_000


async def test_what_may_be_missing_may_be_missing():
    answer, _ = await ask(
        [pair(volume=..., priceChange=..., txns=..., pairAddress=..., quoteToken={"symbol": "X"})]
    )
    price = answer.prices[WETH.id]
    assert (price.price, price.volume_24h, price.change_24h, price.pool) == (3000, None, None, "")


async def test_no_volume_beside_trades_is_an_unknown_volume():
    answer, _ = await ask([pair(volume={"h24": 0}, priceChange={"h24": 3.7e42})])
    assert answer.prices[WETH.id].volume_24h is None
    assert answer.prices[WETH.id].change_24h is None
    quiet = pair(volume={"h24": 0}, txns={"h24": {"buys": 0, "sells": 0}})
    answer, _ = await ask([quiet])
    assert answer.prices[WETH.id].volume_24h == 0


@pytest.mark.parametrize("body", [[], {"pairs": None}, {"pairs": None, "pair": None}])
async def test_a_token_without_pairs_is_unknown(body):
    answer, _ = await ask(body)
    assert (answer.prices, answer.unknown, answer.dropped) == ({}, {WETH.id}, {})


@pytest.mark.parametrize("body", [{}, None, 7, "pairs", {"tokens": []}])
async def test_an_answer_of_another_shape_is_garbage(body):
    with pytest.raises(SourceError) as caught:
        await ask(body)
    assert caught.value.fault is Fault.GARBAGE


@pytest.mark.parametrize("form", [lambda p: {"pairs": [p]}, lambda p: {"pair": p, "pairs": None}])
async def test_the_older_forms_are_read_too(form):
    answer, _ = await ask(form(pair()))
    assert answer.prices[WETH.id].price == 3000


async def test_pairs_of_other_chains_and_rubbish_are_passed_over():
    answer, _ = await ask([None, 7, {}, {"baseToken": 3}, pair(chainId="ethereum"), pair()])
    assert answer.prices[WETH.id].price == 3000
    answer, _ = await ask([pair(chainId="ethereum", usd="1", native="1")])
    assert answer.unknown == {WETH.id}


async def test_a_token_crowded_out_of_a_full_answer_is_not_called_unknown():
    answer, _ = await ask([pair()] * 30, WETH, custom("5"))
    assert "30 pairs" in answer.dropped[custom("5").id]
    answer, _ = await ask([pair()] * 29, WETH, custom("5"))
    assert answer.unknown == {custom("5").id}


async def test_a_testnet_token_is_asked_for_as_its_twin_and_says_so():
    rehearsal = token("WETH", "base-sepolia")
    answer, canned = await ask([pair()], WETH, rehearsal)
    assert canned.urls[0].count("0x") == 1
    assert answer.prices[rehearsal.id].priced_as == WETH.id
    assert answer.prices[rehearsal.id].token == rehearsal.id
    assert answer.prices[WETH.id].priced_as == ""


def test_batches_are_by_chain_and_of_thirty_addresses():
    dex = source(DexScreener, Canned(""))
    many = [Token(f"base:0x{n:040x}", "T", "T", "base", 18) for n in range(65)]
    batches = dex.batches([*many, token("WETH"), custom("1", "base-sepolia")])
    assert [len(batch) for batch in batches] == [30, 30, 5, 1]
    assert [t for batch in batches[:3] for t in batch] == many


async def test_search_lists_namesakes_by_depth_with_harmless_names():
    fake = custom("7", symbol="US\u202eDC\x1b[31m")
    pairs = [
        pair(base=fake, usd="1", native="1.0", depth=500),
        pair(usd="3000", native="3000.00"),
        pair(base=fake, quote=custom("8"), usd="1.1", native="1.1", depth=7_000),
        pair(chainId="solana"),
    ]
    canned = Canned(json.dumps({"pairs": pairs}))
    found = await source(DexScreener, canned).search("  usdc ")
    assert canned.urls == ["https://api.dexscreener.com/latest/dex/search?q=usdc"]
    # The namesake's symbol has a character inside that hides it from the plain comparison.
    assert [f.token.id for f in found] == [USDC.id]
    found = await source(DexScreener, canned).search(fake.address)
    assert [(f.token.id, f.token.symbol, f.liquidity, f.price) for f in found] == [
        (fake.id, "USDC[31m", 7_000, D("1.1"))
    ]
    assert found[0].token.decimals == -1


async def test_search_by_chain_and_address():
    canned = Canned(json.dumps([pair()]))
    found = await source(DexScreener, canned).search(f"BASE:{WETH.address.upper()}")
    assert canned.urls == [f"https://api.dexscreener.com/token-pairs/v1/base/{WETH.address}"]
    assert [f.token for f in found] == [WETH]
    with pytest.raises(SourceError) as caught:
        await source(DexScreener, canned).search(f"solana:{WETH.address}")
    assert caught.value.fault is Fault.UNSUPPORTED


async def test_it_keeps_no_history():
    with pytest.raises(SourceError) as caught:
        await source(DexScreener, Canned("")).candles(WETH, 300_000, 0, NOW)
    assert caught.value.fault is Fault.UNSUPPORTED


async def test_search_puts_the_deepest_first_and_shows_namesakes_apart():
    fake = custom("7", symbol="WETH")
    pairs = [pair(base=fake, quote=custom("8"), usd="1.1", native="1.1", depth=7_000), pair()]
    found = await source(DexScreener, Canned(json.dumps({"pairs": pairs}))).search("weth")
    assert [(f.token.id, f.liquidity) for f in found] == [(WETH.id, 2_000_000), (fake.id, 7_000)]
