"""Under which address a token's price is asked for: its own, or its mainnet twin's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.registry import chain_facts, load_registry, token_facts

_ADDRESS = re.compile(r"0x[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Listing:
    """Where a token is priced.

    Attributes:
        chain: Key of a mainnet.
        address: In lower case.
        coingecko_id: "" for a token that is not bundled.
        priced_as: Id of the twin where it is not the token itself, else "".
    """

    chain: str
    address: str
    coingecko_id: str
    priced_as: TokenId = ""

    def network(self, source: str) -> str:
        """The chain's name at a source (a key of `ids` in chains.toml), "" if not covered."""
        return _network(self.chain, source)


@lru_cache(maxsize=8192)
def listing(token: Token) -> Listing | None:
    """Where a token is priced; None for one without a market (a tape's, a testnet's own)."""
    facts = _facts(token.chain)
    address = token.address.lower()
    if facts is None or not _ADDRESS.fullmatch(address):
        return None
    if not facts["testnet"]:
        return Listing(token.chain, address, coingecko_id(f"{token.chain}:{address}"))
    twin = _twin(f"{token.chain}:{address}", str(facts.get("mainnet", "")))
    if twin is None:
        return None
    chain, _, address = twin.partition(":")
    return Listing(chain, address, coingecko_id(twin), twin)


def coingecko_id(token: TokenId) -> str:
    """CoinGecko's id of a bundled token, else ""."""
    try:
        return str(token_facts(token)["coingecko_id"])
    except KeyError:
        return ""


def bundled(coin: str) -> list[Token]:
    """The bundled mainnet deployments of a CoinGecko id."""
    registry = load_registry()
    return [
        token
        for token in registry.tokens.values()
        if coingecko_id(token.id) == coin and not registry.chains[token.chain].testnet
    ]


@cache
def mainnets(source: str) -> Mapping[str, str]:
    """Our chain keys by their names at a source: `{"eth": "ethereum", …}`, without testnets."""
    return {
        name: key
        for key, chain in load_registry().chains.items()
        if not chain.testnet and (name := _network(key, source))
    }


def is_address(text: str) -> bool:
    """Is it an EVM address in lower case?"""
    return _ADDRESS.fullmatch(text) is not None


def _twin(token: TokenId, mainnet: str) -> TokenId | None:
    coin = coingecko_id(token)
    if not coin or not mainnet:
        return None
    return next((twin.id for twin in bundled(coin) if twin.chain == mainnet), None)


def _network(chain: str, source: str) -> str:
    facts = _facts(chain)
    return str(facts["ids"].get(source, "")) if facts else ""


def _facts(chain: str) -> Mapping[str, Any] | None:
    try:
        return chain_facts(chain)
    except KeyError:
        return None
