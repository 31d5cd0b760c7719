"""The five together: names, twins, and the client that they share."""

import pytest

from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Limits, PriceSource
from papertrader_tui.feeds.sources.base import SourceSettings
from papertrader_tui.feeds.sources.catalog import SOURCES, open_sources
from papertrader_tui.feeds.sources.ids import listing, mainnets
from papertrader_tui.feeds.sources.secret import Secret
from papertrader_tui.registry import load_registry
from tests.sourcekit import NOW, Canned, client, custom, token

WITH_KEYS = {name: SourceSettings(key=Secret("K-9")) for name in SOURCES}


def test_the_sources_in_order_and_their_witnesses():
    opened = open_sources(WITH_KEYS, http=client(Canned("{}")))
    assert {source.name: source.witness for source in opened} == {
        "alchemy": "alchemy",
        "coingecko": "coingecko",
        "dexscreener": "dexscreener",
        "geckoterminal": "coingecko",
        "defillama": "coingecko",
    }
    assert [source.name for source in opened] == list(SOURCES)


def test_what_needs_a_key_and_has_none_is_left_out():
    assert [source.name for source in open_sources(http=client(Canned("{}")))] == [
        "dexscreener", "coingecko", "geckoterminal", "defillama",
    ]  # fmt: skip
    chosen = open_sources(order=("defillama", "dexscreener"), http=client(Canned("{}")))
    assert [source.name for source in chosen] == ["defillama", "dexscreener"]


def test_an_unknown_name_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match="'coinmarket' is not known; choose from alchemy"):
        open_sources(order=("coinmarket",))
    with pytest.raises(ValueError, match="'typo'"):
        open_sources({"typo": SourceSettings()})


@pytest.mark.parametrize("name", list(SOURCES))
def test_every_source_keeps_to_the_port(name):
    limits = Limits(per_minute=1, batch=2)
    settings = SourceSettings(base_url="http://127.0.0.1:9/x", key=Secret("K-9"), limits=limits)
    source: PriceSource = SOURCES[name](client(Canned("{}")), settings, clock=lambda: NOW)
    assert source.limits.batch == 2
    assert source.requests == 0
    bundled = list(load_registry().tokens.values())
    tape = Token("base:tape-btc", "BTC", "BTC", "base", 8)
    elsewhere = Token("solana:0x" + "1" * 40, "X", "X", "solana", 18)
    assert all(map(source.covers, bundled))
    assert source.covers(custom("1"))
    for nothing in (tape, elsewhere, custom("1", "base-sepolia")):
        assert not source.covers(nothing)
    batches = source.batches([*bundled, tape, elsewhere, custom("1")])
    assert sorted(t.id for b in batches for t in b) == sorted(t.id for t in [*bundled, custom("1")])
    assert source.batches([]) == []


def test_a_testnet_token_is_listed_as_its_mainnet_twin():
    for chain, mainnet in (("base-sepolia", "base"), ("sepolia", "ethereum")):
        for symbol in ("WETH", "USDC"):
            place = listing(token(symbol, chain))
            twin = token(symbol, mainnet)
            assert place is not None
            assert (place.chain, place.address, place.priced_as) == (
                mainnet, twin.address, twin.id,
            )  # fmt: skip


def test_the_chains_have_a_name_at_every_source():
    for name in ("alchemy", "dexscreener", "geckoterminal", "defillama", "coingecko_platform"):
        assert set(mainnets(name).values()) == {
            "ethereum", "base", "arbitrum", "optimism", "polygon",
        }  # fmt: skip


async def test_the_shared_client_lives_until_its_last_source_closes():
    closed = []

    class Watched(Canned):
        async def aclose(self):
            closed.append(True)

    opened = open_sources(http=client(Watched("[]")), clock=lambda: NOW)
    dex = next(source for source in opened if source.name == "dexscreener")
    await dex.prices([token("WETH")])
    for source in opened:
        if source is not dex:
            await source.close()
            await source.close()
    assert not closed
    assert (await dex.prices([token("WETH")])).unknown
    await dex.close()
    assert closed == [True]
