"""Constant product pools, x·y = k: Uniswap V2 and its forks, with any fee.

Sources: Uniswap v2 Core whitepaper (Adams, Zinsmeister, Robinson 2020), section 3.2.1 for the
check of k after fees; `getAmountOut` and `getAmountIn` of UniswapV2Library, `swap` and `_update`
of UniswapV2Pair. A fork that writes its fee as n/d (997/1000, 9975/10000) rounds alike: both
formulas depend on the ratio alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from papertrader_tui.amm.errors import (
    AmmError,
    InsufficientLiquidity,
    check_amount,
    check_fee,
    check_impact,
)

PPM: Final = 1_000_000
MAX_RESERVE: Final = (1 << 112) - 1  # the pair stores reserves as uint112


def get_amount_out(amount_in: int, reserve_in: int, reserve_out: int, fee_ppm: int = 3000) -> int:
    """What the pool pays for an amount in, rounded down: y·a(1−f) / (x + a(1−f)).

    It can be 0; the router quotes that, the pair refuses to execute it.

    Raises:
        InsufficientLiquidity: a reserve is empty.
        AmmError: amount or fee out of range.
    """
    _check(amount_in, reserve_in, reserve_out, fee_ppm)
    net = amount_in * (PPM - fee_ppm)
    return net * reserve_out // (reserve_in * PPM + net)


def get_amount_in(amount_out: int, reserve_in: int, reserve_out: int, fee_ppm: int = 3000) -> int:
    """What the pool must be paid for an amount out; one unit above the quotient, as the router.

    Raises:
        InsufficientLiquidity: a reserve is empty, or not larger than the amount out.
        AmmError: amount or fee out of range.
    """
    _check(amount_out, reserve_in, reserve_out, fee_ppm)
    if amount_out >= reserve_out:
        msg = f"{amount_out} asked of a pool that holds {reserve_out}; ask for less"
        raise InsufficientLiquidity(msg)
    return reserve_in * amount_out * PPM // ((reserve_out - amount_out) * (PPM - fee_ppm)) + 1


def _check(amount: int, reserve_in: int, reserve_out: int, fee_ppm: int) -> None:
    check_amount(amount)
    check_fee(fee_ppm)
    if reserve_in <= 0 or reserve_out <= 0:
        msg = f"the pool is empty (reserves {reserve_in} and {reserve_out}); use another pool"
        raise InsufficientLiquidity(msg)


@dataclass(frozen=True, slots=True)
class ConstantProductPool:
    """A pair's reserves and fee. Amounts are raw units of its tokens."""

    reserve0: int
    reserve1: int
    fee_ppm: int = 3000

    def reserves(self, zero_for_one: bool) -> tuple[int, int]:
        """(reserve of the token in, reserve of the token out)."""
        return (self.reserve0, self.reserve1) if zero_for_one else (self.reserve1, self.reserve0)

    def spot(self, zero_for_one: bool) -> tuple[int, int]:
        """Price before the swap, fee and impact excluded, as (raw units out, per raw units in)."""
        reserve_in, reserve_out = self.reserves(zero_for_one)
        return reserve_out, reserve_in

    def exact_in(self, zero_for_one: bool, amount_in: int) -> ConstantProductSwap:
        """Spend exactly `amount_in`; raises like `get_amount_out`, and like the pair's swap."""
        return self._swap(
            zero_for_one,
            amount_in,
            get_amount_out(amount_in, *self.reserves(zero_for_one), self.fee_ppm),
        )

    def exact_out(self, zero_for_one: bool, amount_out: int) -> ConstantProductSwap:
        """Receive exactly `amount_out`; raises like `get_amount_in`, and like the pair's swap."""
        return self._swap(
            zero_for_one,
            get_amount_in(amount_out, *self.reserves(zero_for_one), self.fee_ppm),
            amount_out,
        )

    def size_for_impact(self, zero_for_one: bool, bps: int) -> int:
        """Largest amount in whose average price is at most `bps` below spot, LP fee excluded.

        The pool pays spot · x/(x + n) for the net amount n = a(1−f), so the impact n/(x + n)
        reaches b at n = x·b/(1−b).

        Raises:
            AmmError: bps not between 1 and 9,999, an empty pool, or a fee out of range.
        """
        check_impact(bps)
        reserve_in, reserve_out = self.reserves(zero_for_one)
        _check(1, reserve_in, reserve_out, self.fee_ppm)
        size = reserve_in * bps * PPM // ((10_000 - bps) * (PPM - self.fee_ppm))
        return min(size, MAX_RESERVE - reserve_in)

    def _swap(self, zero_for_one: bool, amount_in: int, amount_out: int) -> ConstantProductSwap:
        reserve_in, reserve_out = self.reserves(zero_for_one)
        if amount_out == 0:
            msg = f"{amount_in} buys less than one unit of this pool's token; swap more"
            raise AmmError(msg)
        after_in, after_out = reserve_in + amount_in, reserve_out - amount_out
        if after_in > MAX_RESERVE:
            msg = f"{amount_in} would overflow the pair's reserve of {reserve_in}; swap less"
            raise AmmError(msg)
        pair = (after_in, after_out) if zero_for_one else (after_out, after_in)
        # What the fee takes is the part of the amount in that the formula does not count.
        fee = -(-amount_in * self.fee_ppm // PPM)
        after = ConstantProductPool(*pair, self.fee_ppm)
        return ConstantProductSwap(zero_for_one, amount_in, amount_out, fee, after)


@dataclass(frozen=True, slots=True)
class ConstantProductSwap:
    """An executed swap.

    Attributes:
        fee_amount: Part of `amount_in` that the pool's providers keep, rounded up.
        after: The pool as the swap leaves it.
    """

    zero_for_one: bool
    amount_in: int
    amount_out: int
    fee_amount: int
    after: ConstantProductPool
