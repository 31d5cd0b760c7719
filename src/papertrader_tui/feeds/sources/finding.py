"""Search results: one line a token, by depth, so that a namesake is not picked by accident."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Found
from papertrader_tui.feeds.sources import ids, values
from papertrader_tui.feeds.sources.pools import Pool
from papertrader_tui.feeds.sources.text import NAME_CHARS, SYMBOL_CHARS, clean
from papertrader_tui.registry import load_registry


@dataclass(frozen=True, slots=True)
class Finding:
    """A token in one pool, as a source describes it: symbol and name are not to be trusted."""

    chain: str
    address: str
    symbol: object
    name: object
    pool: Pool
    decimals: int = -1


def split_id(text: str) -> tuple[str, str]:
    """`base:0xAB…` as chain and lower-case address; any other text without a chain."""
    stripped = " ".join(text.split())
    chain, colon, address = stripped.lower().partition(":")
    if colon and ids.is_address(address):
        return chain, address
    return "", stripped.lower() if ids.is_address(stripped.lower()) else stripped


def ranked(found: Iterable[Finding], query: str, source: str) -> list[Found]:
    """The tokens that match a query, each once with its deepest pool, the deepest first."""
    pools: dict[str, list[Finding]] = {}
    for one in found:
        if ids.is_address(one.address) and _matches(one, query):
            pools.setdefault(f"{one.chain}:{one.address}", []).append(one)
    result = [_found(key, ones, source) for key, ones in pools.items()]
    return sorted(result, key=lambda one: one.liquidity or Decimal(0), reverse=True)


def _matches(one: Finding, query: str) -> bool:
    wanted = query.casefold()
    names = (values.word(one.symbol), values.word(one.name))
    return wanted == one.address or any(wanted in name.casefold() for name in names)


def _found(key: str, ones: list[Finding], source: str) -> Found:
    fit = [one for one in ones if not one.pool.unfit]
    best = max(fit or ones, key=lambda one: one.pool.liquidity or Decimal(0))
    bundled = load_registry().tokens.get(key)
    token = bundled or Token(
        key,
        clean(best.symbol, SYMBOL_CHARS) or "?",
        clean(best.name, NAME_CHARS),
        best.chain,
        best.decimals,
    )
    price = best.pool.price if fit and isinstance(best.pool.price, Decimal) else None
    return Found(token, best.pool.liquidity, best.pool.volume_24h, price, source)
