"""What is traded, where, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Token:
    """`key` is what the kit calls it; what it says of itself is on chain, and may be a lie."""

    key: str
    address: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Pool:
    """`kind` is v2 or v3; tokens in the contract's order, the fee in millionths."""

    key: str
    kind: str
    address: str
    token0: Token
    token1: Token
    fee_ppm: int
    tick_spacing: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """One pool, or more of one kind, from a token on."""

    token_in: Token
    pools: tuple[Pool, ...]

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens on the way, first and last included."""
        found = [self.token_in]
        for pool in self.pools:
            found.append(pool.token1 if pool.token0 == found[-1] else pool.token0)
        return tuple(found)

    @property
    def token_out(self) -> Token:
        return self.tokens[-1]

    @property
    def directions(self) -> tuple[bool, ...]:
        """Of each pool, whether its token0 goes in."""
        return tuple(p.token0 == t for p, t in zip(self.pools, self.tokens, strict=False))

    def path(self, *, reverse: bool = False) -> bytes:
        """As the V3 periphery packs it: token, fee, token, …; reversed for exact out."""
        parts = [bytes.fromhex(self.token_in.address[2:])]
        for pool, token in zip(self.pools, self.tokens[1:], strict=True):
            parts += [pool.fee_ppm.to_bytes(3, "big"), bytes.fromhex(token.address[2:])]
        return b"".join(parts[::-1] if reverse else parts)


@dataclass(frozen=True, slots=True)
class Trade:
    """An executed swap: what left and what reached the account, by its balances."""

    amount_in: int
    amount_out: int
    gas_used: int
    receipt: dict[str, Any]

    @property
    def block(self) -> int:
        return int(self.receipt["blockNumber"], 16)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where things are deployed; tokens and feeds by key."""

    weth: str
    usdc: str
    factory_v2: str
    router_v2: str
    factory_v3: str
    router_v3: str
    quoter_v3: str
    positions_v3: str
    multicall3: str
    l1_block: str
    feeds: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
