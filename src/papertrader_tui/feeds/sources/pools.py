"""Which of a token's pools its price is taken from: the deepest that one can trade in.

The rule: known liquidity of at least $1,000, and, where both sides are known, the smaller one
worth at least 5 % of half of that. A launchpad's curve without liquidity, dust, and a pool whose
one side has been drained show prices at which nobody could trade.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.money import plain

MIN_LIQUIDITY = Decimal(1_000)
MIN_SIDE = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool as a source describes it, seen from one token.

    Attributes:
        price: Of that token in dollars, or the reason why there is none.
        liquidity: Dollars on both sides, None if unknown.
        sides: Dollars on each side, None where not both are known.
    """

    address: str
    price: Decimal | str
    liquidity: Decimal | None
    sides: tuple[Decimal, Decimal] | None = None
    volume_24h: Decimal | None = None
    change_24h: float | None = None
    fee_bps: Decimal | None = None

    @property
    def unfit(self) -> str:
        """Why its price is not used, "" if it can be."""
        if isinstance(self.price, str):
            return self.price
        if self.liquidity is None:
            return "its pool's liquidity is unknown"
        if self.liquidity < MIN_LIQUIDITY:
            return f"its pool holds only ${plain(round(self.liquidity, 2))}"
        if self.sides is not None and min(self.sides) * 2 < self.liquidity * MIN_SIDE:
            return f"its pool is one-sided (${round(min(self.sides)):,} on one side)"
        return ""


def deepest(pools: Iterable[Pool]) -> Pool | str:
    """The deepest usable pool, or why none is: the reason of the deepest of them."""
    best: Pool | None = None
    refused: Pool | None = None
    for pool in pools:
        if not pool.unfit:
            best = pool if best is None or _depth(pool) > _depth(best) else best
        elif refused is None or _depth(pool) > _depth(refused):
            refused = pool
    if best is not None:
        return best
    return refused.unfit if refused is not None else "no pool"


def _depth(pool: Pool) -> Decimal:
    return pool.liquidity if pool.liquidity is not None else Decimal(-1)
