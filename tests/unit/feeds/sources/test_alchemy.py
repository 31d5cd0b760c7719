"""Alchemy: entries, networks, and a key in the path."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources.alchemy import Alchemy
from papertrader_tui.feeds.sources.base import SourceSettings
from papertrader_tui.feeds.sources.secret import Secret
from tests.sourcekit import NOW, Canned, source, token

D = Decimal
WETH = token("WETH")
USDC = token("USDC", "base")
KEYED = SourceSettings(key=Secret("s3cret"))


def entry(of=WETH, network="eth-mainnet", **more):
    prices = [{"currency": "usd", "value": "3425.0697715654",
               "lastUpdatedAt": "2026-09-21T14:12:40Z"}]  # fmt: skip
    return {"network": network, "address": of.address, "prices": prices, **more}


def priced(**more):
    return {"prices": [{**entry()["prices"][0], **more}]}


async def ask(*entries, tokens=(WETH,)):
    canned = Canned(json.dumps({"data": entries}))
    return await source(Alchemy, canned, KEYED).prices(tokens), canned


async def test_addresses_are_posted_and_entries_found_by_network_and_address():
    shouted = entry(USDC, "base-mainnet", **priced(value="1.0002", currency="USD"))
    shouted["address"] = shouted["address"].upper()
    answer, canned = await ask(shouted, entry(), tokens=(WETH, USDC, token("USDC", "base-sepolia")))
    assert answer.prices[WETH.id].price == D("3425.0697715654")
    assert (answer.prices[WETH.id].observed, answer.prices[WETH.id].age_from) == (
        NOW - 40_000, "answer",
    )  # fmt: skip
    assert answer.prices[USDC.id].price == D("1.0002")
    rehearsal = token("USDC", "base-sepolia")
    assert answer.prices[rehearsal.id].priced_as == USDC.id
    assert canned.urls == ["https://api.g.alchemy.com/prices/v1/s3cret/tokens/by-address"]
    assert json.loads(canned.requests[0].content) == {
        "addresses": [
            {"network": "eth-mainnet", "address": WETH.address},
            {"network": "base-mainnet", "address": USDC.address},
        ]
    }


@pytest.mark.parametrize("error", [{"message": "Token not found"}, "Token not found: 0x1", None])
async def test_an_unknown_token_is_unknown_however_it_is_said(error):
    answer, _ = await ask(entry(prices=[], error=error))
    assert (answer.prices, answer.unknown) == ({}, {WETH.id})
    answer, _ = await ask()
    assert answer.unknown == {WETH.id}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"prices": [], "error": {"message": "internal \x1b[2J"}}, "internal [2J"),
        (priced(value=None), "null"),
        (priced(value="NaN"), "no finite number"),
        (priced(value="-1"), "not above zero"),
    ],
)
async def test_what_is_no_price_is_dropped_with_the_reason(more, why):
    answer, _ = await ask(entry(**more))
    assert answer.dropped == {WETH.id: answer.dropped[WETH.id]}
    assert why in answer.dropped[WETH.id]


async def test_documented_and_recorded_success_are_the_same():
    for more in ({}, {"error": None}, {"error": ""}):
        answer, _ = await ask(entry(**more))
        assert answer.prices[WETH.id].price == D("3425.0697715654")


async def test_another_currency_or_network_is_not_ours():
    answer, _ = await ask(entry(**priced(currency="eur")))
    assert answer.unknown == {WETH.id}
    answer, _ = await ask(entry(network="base-mainnet"))
    assert answer.unknown == {WETH.id}


async def test_the_same_entry_twice_counts_once_and_a_different_one_not_at_all():
    answer, _ = await ask(entry(), entry())
    assert WETH.id in answer.prices
    answer, _ = await ask(entry(), entry(**priced(value="1")))
    assert "two prices" in answer.dropped[WETH.id]


def test_batches_hold_25_addresses_over_3_networks():
    alchemy = source(Alchemy, Canned(""), KEYED)
    chains = ("ethereum", "base", "arbitrum", "optimism", "polygon")
    few = [token("WETH", chain) for chain in chains]
    assert [len(batch) for batch in alchemy.batches(few)] == [3, 2]
    many = [Token(f"base:0x{n:040x}", "T", "T", "base", 18) for n in range(40)]
    batches = alchemy.batches([few[0], *many, few[2], few[3]])
    assert [len(batch) for batch in batches] == [25, 17, 1]
    for batch in batches:
        assert len({t.chain for t in batch}) <= 3


async def test_without_a_key_it_covers_nothing_and_says_what_to_set():
    alchemy = source(Alchemy, Canned(""))
    assert not alchemy.covers(WETH)
    assert alchemy.batches([WETH]) == []
    with pytest.raises(SourceError, match="PAPERTRADER_ALCHEMY_KEY") as caught:
        await alchemy.prices([WETH])
    assert caught.value.fault is Fault.UNAUTHORIZED


async def test_by_symbol_is_for_native_coins():
    body = {"data": [{"symbol": "ETH", **priced()}, {"symbol": "X", **priced(value="1")}]}
    canned = Canned(json.dumps(body))
    found = await source(Alchemy, canned, KEYED).by_symbol("ETH")
    assert found is not None
    assert found.price == D("3425.0697715654")
    assert canned.requests[0].url.query == b"symbols=ETH"
    assert await source(Alchemy, canned, KEYED).by_symbol("POL") is None


@pytest.mark.parametrize("form", [lambda p: {"symbol": "E", "currency": "usd", "data": p},
                                  lambda p: {"data": {"symbol": "E", "prices": p}}])  # fmt: skip
async def test_history_in_the_recorded_and_the_documented_form(form):
    points = [
        {"value": "10", "timestamp": "2026-09-21T10:00:03.512Z"},
        {"value": "14", "timestamp": "2026-09-21T10:59:59.000Z"},  # two in one hour
        {"value": "12", "timestamp": "2026-09-21T12:30:00Z"},
        {"value": None, "timestamp": "2026-09-21T13:00:00Z"},
        {"value": "9", "timestamp": "soon"},
    ]
    canned = Canned(json.dumps(form(points)))
    found = await source(Alchemy, canned, KEYED).candles(WETH, HOUR, NOW - DAY, NOW)
    assert [(c.open, c.high, c.low, c.close) for c in found] == [(10, 14, 10, 14), (14, 14, 12, 12)]
    asked = json.loads(canned.requests[0].content)
    assert asked == {
        "network": "eth-mainnet", "address": WETH.address, "interval": "1h",
        "startTime": "2026-09-20T14:13:20Z", "endTime": "2026-09-21T14:13:20Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("interval", "name", "days"), [(300_000, "5m", 7), (HOUR, "1h", 30), (DAY, "1d", 365)]
)
async def test_history_is_asked_for_no_further_back_than_it_is_kept(interval, name, days):
    canned = Canned('{"data": []}')
    await source(Alchemy, canned, KEYED).candles(WETH, interval, NOW - 900 * DAY, NOW)
    asked = json.loads(canned.requests[0].content)
    assert asked["interval"] == name
    start = datetime.fromisoformat(asked["startTime"])
    assert start.timestamp() == (NOW - days * DAY) // 1000


async def test_the_key_is_in_no_error():
    for status, text in ((401, "Must be authenticated!"), (500, "s3cret"), (200, "<html>s3cret")):
        alchemy = source(Alchemy, Canned(text, status=status), KEYED)
        with pytest.raises(SourceError) as caught:
            await alchemy.prices([WETH])
        assert "s3cret" not in str(caught.value)
        assert "s3cret" not in repr(alchemy.__dict__)
