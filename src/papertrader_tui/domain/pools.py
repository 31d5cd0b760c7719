"""What a chain says of the pools that a token is swapped in, block by block.

Like the rest of what a market says these are plain classes with slots, made once per block; treat
them as immutable. Amounts are raw units; ids of pools are `chain:0x…` in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from papertrader_tui.domain.tokens import TokenId

PoolId = str  # "base:0x4c36388be6f416a29c8d8eee81c771ce6be14b18"

#: Names of the two kinds of pool.
V2: Final = "v2"
V3: Final = "v3"


@dataclass(frozen=True, slots=True)
class Pool:
    """What never changes about a pool.

    Attributes:
        kind: `v2` (constant product) or `v3` (concentrated liquidity).
        token0, token1: In the contract's order.
        decimals0, decimals1: Of those tokens.
        fee_ppm: Millionths of what is paid in; a fork may change it, then the state says so.
        tick_spacing: Of a concentrated pool, else 0.
        venue: Whose factory made it: `uniswap v3`.
    """

    id: PoolId
    kind: str
    token0: TokenId
    token1: TokenId
    decimals0: int
    decimals1: int
    fee_ppm: int
    tick_spacing: int
    venue: str

    @property
    def address(self) -> str:
        """The part of the id after the chain."""
        return self.id.partition(":")[2]


class Route:
    """How a token is swapped against USDC from now on: one pool, or two in a row.

    Attributes:
        hops: From USDC to the token; empty where there is no way, or none that is safe.
        fault: Why the token must not be bought (`takes 5 % of every transfer`), "" if it may.
        transfer_fee_bps: What the token takes of a transfer, where it was found out.
    """

    __slots__ = ("fault", "hops", "source", "time", "token", "transfer_fee_bps")

    def __init__(
        self,
        token: TokenId,
        time: int,
        hops: Sequence[Pool],
        source: str,
        fault: str = "",
        transfer_fee_bps: int = 0,
    ) -> None:
        self.token = token
        self.time = time
        self.hops = tuple(hops)
        self.source = source
        self.fault = fault
        self.transfer_fee_bps = transfer_fee_bps

    def __repr__(self) -> str:
        return f"Route({self.token} {[p.id for p in self.hops]} {self.fault})"


class PairState:
    """A constant product pool at the end of a block."""

    __slots__ = ("block", "fee_ppm", "pool", "reserve0", "reserve1", "time")

    def __init__(
        self, pool: PoolId, time: int, block: int, reserve0: int, reserve1: int, fee_ppm: int
    ) -> None:
        self.pool = pool
        self.time = time
        self.block = block
        self.reserve0 = reserve0
        self.reserve1 = reserve1
        self.fee_ppm = fee_ppm

    def __repr__(self) -> str:
        return f"PairState({self.pool} #{self.block} {self.reserve0}/{self.reserve1})"


class ConcentratedState:
    """A concentrated pool at the end of a block; its ticks come as `PoolTicks`, before it."""

    __slots__ = ("block", "fee_ppm", "liquidity", "pool", "sqrt_price_x96", "tick", "time")

    def __init__(
        self,
        pool: PoolId,
        time: int,
        block: int,
        sqrt_price_x96: int,
        tick: int,
        liquidity: int,
        fee_ppm: int,
    ) -> None:
        self.pool = pool
        self.time = time
        self.block = block
        self.sqrt_price_x96 = sqrt_price_x96
        self.tick = tick
        self.liquidity = liquidity
        self.fee_ppm = fee_ppm

    def __repr__(self) -> str:
        return f"ConcentratedState({self.pool} #{self.block} tick {self.tick})"


class PoolTicks:
    """All that is known of a concentrated pool's ticks, in place of what was known before.

    Attributes:
        words: By index of the bitmap word: net liquidity of each initialised tick in it, and
            whether some swap has crossed it before (a fee growth slot is not 0). A word that
            is not listed is unknown; {} is known to be empty.
    """

    __slots__ = ("block", "pool", "time", "words")

    def __init__(
        self,
        pool: PoolId,
        time: int,
        block: int,
        words: Mapping[int, Mapping[int, tuple[int, bool]]],
    ) -> None:
        self.pool = pool
        self.time = time
        self.block = block
        self.words = words

    def __repr__(self) -> str:
        return f"PoolTicks({self.pool} #{self.block} words {sorted(self.words)})"


PoolInput = Route | PairState | ConcentratedState | PoolTicks
