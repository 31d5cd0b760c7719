"""The bundled chains and tokens (data/*.toml), read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from papertrader_tui.domain.tokens import Chain, Registry, Token, TokenId


@cache
def _read(name: str) -> dict[str, Any]:
    text = resources.files("papertrader_tui").joinpath("data", name).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def load_registry() -> Registry:
    """All bundled chains and tokens; the same object every time."""
    chains = {key: chain_of_facts(key, facts) for key, facts in _read("chains.toml").items()}
    tokens = {
        token.id: token for facts in _read("tokens.toml")["tokens"] for token in _tokens(facts)
    }
    return Registry(MappingProxyType(chains), MappingProxyType(tokens))


def chain_facts(key: str) -> Mapping[str, Any]:
    """Everything data/chains.toml says of a chain: node URLs, ids at price sources, contracts.

    Raises:
        KeyError: the chain is not bundled; the message lists those that are.
    """
    chains = _read("chains.toml")
    if key not in chains:
        msg = f"chain {key!r} is not bundled; choose one of {', '.join(chains)}"
        raise KeyError(msg)
    return MappingProxyType(chains[key])


def token_facts(token: TokenId) -> Mapping[str, Any]:
    """What data/tokens.toml says of one deployment beyond `Token`: `coingecko_id`, feeds.

    Raises:
        KeyError: the token is not bundled.
    """
    return _token_facts()[token]


@cache
def _token_facts() -> dict[TokenId, Mapping[str, Any]]:
    return {
        f"{chain}:{at['address'].lower()}": MappingProxyType(
            {"coingecko_id": facts["coingecko_id"], **at}
        )
        for facts in _read("tokens.toml")["tokens"]
        for chain, at in facts["on"].items()
    }


def chain_of_facts(key: str, facts: Mapping[str, Any]) -> Chain:
    """A chain from facts in the form of data/chains.toml."""
    typical = facts["typical"]
    return Chain(
        key=key,
        chain_id=facts["chain_id"],
        name=facts["name"],
        native_symbol=facts["native_symbol"],
        wrapped_native=f"{key}:{facts['wrapped_native'].lower()}",
        block_ms=facts["block_ms"],
        gas_price_wei=typical["gas_price_wei"],
        swap_gas=typical["swap_gas"],
        l1_fee_wei=typical["l1_fee_wei"],
        native_usd=Decimal(typical["native_usd"]),
        public_mempool=typical["public_mempool"],
        testnet=facts["testnet"],
        cash=_cash(key, facts),
    )


def _cash(key: str, facts: Mapping[str, Any]) -> TokenId:
    """USDC on a chain: a person's own says which token it is, of the bundled ones a list does."""
    if "usdc" in facts:
        return f"{key}:{str(facts['usdc']).lower()}"
    usdc = next(told for told in _read("tokens.toml")["tokens"] if told["symbol"] == "USDC")
    at = usdc["on"].get(key)
    return f"{key}:{at['address'].lower()}" if at is not None else ""


def _tokens(facts: Mapping[str, Any]) -> list[Token]:
    return [
        Token(
            id=f"{chain}:{at['address'].lower()}",
            symbol=facts["symbol"],
            name=facts["name"],
            chain=chain,
            decimals=at["decimals"],
            fee_bps=Decimal(str(facts["fee_bps"])),
        )
        for chain, at in facts["on"].items()
    ]
