"""A swap through pools in a row: what leaves one goes into the next, whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from papertrader_tui.amm.concentrated import ConcentratedPool, ConcentratedSwap
from papertrader_tui.amm.constant_product import ConstantProductPool, ConstantProductSwap
from papertrader_tui.amm.errors import InsufficientLiquidity

AnyPool = ConstantProductPool | ConcentratedPool
AnySwap = ConstantProductSwap | ConcentratedSwap


@dataclass(frozen=True, slots=True)
class Leg:
    """One pool of a path, and which way through it: token0 in, or token1 in."""

    pool: AnyPool
    zero_for_one: bool

    def turned(self) -> Leg:
        """The same pool the other way."""
        return Leg(self.pool, not self.zero_for_one)


def path_in(legs: Sequence[Leg], amount_in: int) -> list[AnySwap]:
    """Pay exactly `amount_in` at the front; the swaps in order.

    Raises:
        InsufficientLiquidity: a pool cannot take all of it. V3's router would take a part, and
            leave the rest to the minimum out; we do not quote that.
        TicksNotLoaded, AmmError: as the pools' `exact_in`.
    """
    swaps: list[AnySwap] = []
    amount = amount_in
    for leg in legs:
        swap = leg.pool.exact_in(leg.zero_for_one, amount)
        swaps.append(_whole(swap))
        amount = swap.amount_out
    return swaps


def path_out(legs: Sequence[Leg], amount_out: int) -> list[AnySwap]:
    """Receive exactly `amount_out` at the end; the swaps in order. Raises as `path_in`."""
    swaps: list[AnySwap] = []
    amount = amount_out
    for leg in reversed(legs):
        swap = leg.pool.exact_out(leg.zero_for_one, amount)
        swaps.append(_whole(swap))
        amount = swap.amount_in
    return swaps[::-1]


def path_spot(legs: Sequence[Leg]) -> tuple[int, int]:
    """Price before any swap, fees and impact excluded, as (raw units out, per raw units in)."""
    out = paid = 1
    for leg in legs:
        num, den = leg.pool.spot(leg.zero_for_one)
        out, paid = out * num, paid * den
    return out, paid


def turned(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """The way back."""
    return tuple(leg.turned() for leg in reversed(legs))


def _whole(swap: AnySwap) -> AnySwap:
    if isinstance(swap, ConcentratedSwap) and not swap.complete:
        msg = f"the pool ends with {swap.unfilled} raw units left; swap less"
        raise InsufficientLiquidity(msg)
    return swap
