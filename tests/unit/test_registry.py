"""The bundled registry: complete, and consistent in itself."""

from decimal import Decimal

import pytest

from papertrader_tui.domain.tokens import UnknownToken
from papertrader_tui.registry import chain_facts, load_registry, token_facts

CHAINS = {
    "ethereum": 1,
    "base": 8453,
    "base-sepolia": 84532,
    "sepolia": 11155111,
    "arbitrum": 42161,
    "optimism": 10,
    "polygon": 137,
}


def test_all_seven_chains_have_typical_costs():
    chains = load_registry().chains
    assert {key: chain.chain_id for key, chain in chains.items()} == CHAINS
    for chain in chains.values():
        dollars = (
            Decimal(chain.gas_price_wei * chain.swap_gas + chain.l1_fee_wei)
            * chain.native_usd
            / Decimal(10) ** 18
        )
        assert Decimal("0.0001") < dollars < 3, f"a swap on {chain.key} for ${dollars}"
        assert chain.block_ms >= 250


def test_39_tokens_on_120_places():
    tokens = load_registry().tokens
    assert len(tokens) == 120
    assert len({token.symbol for token in tokens.values()}) == 39
    assert all(token.id == f"{token.chain}:{token.address}".lower() for token in tokens.values())


def test_wrapped_native_tokens_are_registered():
    registry = load_registry()
    symbols = {key: registry.tokens[c.wrapped_native].symbol for key, c in registry.chains.items()}
    assert symbols == {key: "WPOL" if key == "polygon" else "WETH" for key in CHAINS}


def test_decimals_are_per_deployment():
    registry = load_registry()
    assert registry.find("USDC@base").decimals == 6
    assert registry.find("WBTC@ethereum").decimals == 8
    assert registry.find("WETH@base").fee_bps == 5
    assert registry.find("weth@base").id == "base:0x4200000000000000000000000000000000000006"


def test_a_symbol_on_several_chains_is_not_guessed():
    with pytest.raises(UnknownToken, match="WETH@base"):
        load_registry().find("WETH")


def test_further_facts_stay_reachable():
    assert chain_facts("base")["ids"]["geckoterminal"] == "base"
    assert chain_facts("ethereum")["uniswap"]["v3_quoter_v2"].startswith("0x61fF")
    weth = load_registry().find("weth@ethereum").id
    assert token_facts(weth)["coingecko_id"] == "weth"
    assert token_facts(weth)["chainlink_usd"][0] == "ETH/USD"


def test_an_unknown_chain_lists_the_known_ones():
    with pytest.raises(KeyError, match="ethereum, base"):
        chain_facts("solana")


def test_it_is_read_once():
    assert load_registry() is load_registry()
