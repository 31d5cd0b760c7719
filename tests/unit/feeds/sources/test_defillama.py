"""DefiLlama: keys as asked, confidence, and long URLs."""

import json
from decimal import Decimal

import pytest

from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources.base import SourceSettings
from papertrader_tui.feeds.sources.defillama import DefiLlama
from papertrader_tui.feeds.sources.secret import Secret
from tests.sourcekit import NOW, Canned, custom, source, token

D = Decimal
WETH = token("WETH")
USDC = token("USDC", "base")
KEY = f"ethereum:{WETH.address}"


async def ask(text, *tokens):
    canned = Canned(text)
    return await source(DefiLlama, canned).prices(tokens or (WETH,)), canned


async def test_all_chains_in_one_request_whatever_the_case():
    text = f"""{{"coins": {{"{KEY.upper()}": {{"price": 20, "timestamp": 1789999400,
                "confidence": 0.86}},
               "base:{USDC.address}": {{"price": 0.9998030, "timestamp": 1, "confidence": 1}}}}}}"""
    answer, canned = await ask(text, WETH, USDC)
    price = answer.prices[WETH.id]
    assert (price.price, price.confidence) == (20, 0.86)
    assert (price.observed, price.age_from) == (NOW - 600_000, "answer")
    assert str(answer.prices[USDC.id].price) == "0.9998030"
    assert canned.urls == [f"https://coins.llama.fi/prices/current/{KEY},base:{USDC.address}"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ('{"price": 5, "confidence": 0.49}', "confidence of 0.49"),
        ('{"price": null}', "null"),
        ('{"price": -5}', "not above zero"),
        ('{"symbol": "WETH"}', "null"),
    ],
)
async def test_what_is_not_good_enough_is_dropped(entry, why):
    answer, _ = await ask(f'{{"coins": {{"{KEY}": {entry}}}}}')
    assert why in answer.dropped[WETH.id]
    assert not answer.prices


async def test_no_price_is_too_large_for_a_vault_and_no_confidence_is_no_reason():
    answer, _ = await ask(f'{{"coins": {{"{KEY}": {{"price": 13146300.12}}}}}}')
    assert answer.prices[WETH.id].price == D("13146300.12")
    assert answer.prices[WETH.id].confidence is None


async def test_unknown_is_absent_and_no_coins_at_all_is_garbage():
    answer, _ = await ask('{"coins": {}}')
    assert answer.unknown == {WETH.id}
    with pytest.raises(SourceError) as caught:
        await ask('{"prices": {}}')
    assert caught.value.fault is Fault.GARBAGE


async def test_a_url_stays_below_what_is_known_to_pass():
    many = [Token(f"ethereum:0x{n:040x}", "T", "T", "ethereum", 18) for n in range(400)]
    canned = Canned('{"coins": {}}')
    llama = source(DefiLlama, canned)
    batches = llama.batches(many)
    assert [t for batch in batches for t in batch] == many
    assert len(batches) == 3
    for batch in batches:
        await llama.prices(batch)
    assert max(map(len, canned.urls)) <= 9_000
    short = DefiLlama.LIMITS.__class__(per_minute=1, batch=150, url_chars=1_000)
    limited = source(DefiLlama, canned, SourceSettings(limits=short))
    for batch in limited.batches(many[:40]):
        await limited.prices(batch)
        assert len(canned.urls[-1]) <= 1_000


async def test_the_pro_key_is_in_the_path():
    canned = Canned('{"coins": {}}')
    llama = source(DefiLlama, canned, SourceSettings(key=Secret("a/b")))
    await llama.prices([WETH])
    assert canned.requests[0].url.raw_path.startswith(b"/a%2Fb/coins/prices/current/ethereum:0x")
    assert canned.requests[0].url.host == "pro-api.llama.fi"
    assert "a/b" not in llama.base_url


async def test_history_is_read_in_pieces_of_five_hundred():
    since = NOW // HOUR * HOUR - 30 * DAY
    prices = [{"timestamp": since // 1000 + n * 3600 + 40, "price": 10 + n} for n in range(720)]
    bodies = [{"coins": {KEY: {"prices": part}}} for part in (prices[:500], prices[500:])]
    canned = Canned(*map(json.dumps, bodies))
    found = await source(DefiLlama, canned).candles(WETH, HOUR, since, NOW)
    assert [dict(r.url.params) for r in canned.requests] == [
        {"start": str(since // 1000), "span": "500", "period": "1h"},
        {"start": str(since // 1000 + 500 * 3600), "span": "221", "period": "1h"},
    ]
    assert [c.close for c in found] == [10 + n for n in range(720)]


async def test_history_of_an_unknown_coin_is_empty_and_of_minutes_unsupported():
    llama = source(DefiLlama, Canned('{"coins": {}}'))
    assert not await llama.candles(custom("1"), HOUR, NOW - DAY, NOW)
    with pytest.raises(SourceError) as caught:
        await llama.candles(WETH, 60_000, NOW - HOUR, NOW)
    assert caught.value.fault is Fault.UNSUPPORTED
    with pytest.raises(SourceError) as caught:
        await llama.search("weth")
    assert caught.value.fault is Fault.UNSUPPORTED
