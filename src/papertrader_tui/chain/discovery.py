"""Which pools there are between a chain's tokens: asked of its factories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from papertrader_tui.chain.factories import V2, Factory
from papertrader_tui.chain.multicall import Call
from papertrader_tui.chain.pool_calls import (
    FEE,
    TICK_SPACING,
    address,
    fee_ppm,
    find_pool,
    tick_spacing,
)
from papertrader_tui.domain import pools as kinds
from papertrader_tui.domain.pools import Pool
from papertrader_tui.domain.tokens import Token

Pair = tuple[Token, Token]


class Reads(Protocol):
    """Many contract reads at one block (`chain.multicall.Multicall`)."""

    async def read(self, calls: Sequence[Call], block: int | str) -> list[bytes | None]:
        """The answers in order, None for a call that reverted."""
        ...


def in_order(one: Token, other: Token) -> Pair:
    """Two tokens in the order that pools have them in: by address."""
    return (one, other) if one.address < other.address else (other, one)


async def find_pools(
    reads: Reads, factories: Sequence[Factory], pairs: Iterable[Pair], block: int | str
) -> dict[Pair, tuple[Pool, ...]]:
    """The pools of each pair, by every factory and in every tier.

    Args:
        reads: Of the chain that the factories and the tokens are on.
        factories: Who is asked.
        pairs: In order of address.
        block: To ask at.

    Returns:
        Every pair that was asked for; () where it has no pool.

    Raises:
        RpcError: no node answered.
    """
    asked = [
        (pair, factory, tier)
        for pair in dict.fromkeys(pairs)
        for factory in factories
        for tier in factory.tiers
    ]
    found: dict[Pair, dict[str, Pool]] = {pair: {} for pair, _, _ in asked}
    answers = await reads.read(
        [find_pool(f, pair[0].address, pair[1].address, tier) for pair, f, tier in asked], block
    )
    concentrated = []
    for (pair, factory, tier), data in zip(asked, answers, strict=True):
        at = address(data)
        if at is None:
            continue
        if factory.kind == V2:
            found[pair][at] = _pool(pair, at, kinds.V2, tier, 0, factory.venue)
        else:
            concentrated.append((pair, factory, at))
    told = await reads.read(
        [Call(at, what) for _, _, at in concentrated for what in (FEE, TICK_SPACING)], block
    )
    for index, (pair, factory, at) in enumerate(concentrated):
        fee, spacing = fee_ppm(told[2 * index]), tick_spacing(told[2 * index + 1])
        if fee is not None and spacing is not None:
            found[pair][at] = _pool(pair, at, kinds.V3, fee, spacing, factory.venue)
    return {pair: tuple(pools.values()) for pair, pools in found.items()}


def _pool(pair: Pair, at: str, kind: str, fee: int, spacing: int, venue: str) -> Pool:
    first, second = pair
    return Pool(
        f"{first.chain}:{at}", kind, first.id, second.id, first.decimals, second.decimals,
        fee, spacing, venue,
    )  # fmt: skip
