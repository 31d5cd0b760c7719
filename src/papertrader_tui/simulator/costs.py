"""What a swap returns against a reference price, and how its cost splits into fee and impact.

Two estimates, by fidelity:

- `liquidity`: constant product (Uniswap V2 whitepaper, section 2) on a pool whose two sides are
  each worth R = L/2 dollars at the reference price. The LP fee is taken from what goes in, as the
  pools do, then `out = in * R / (R + in)`, so the share lost to impact is `in / (R + in)`;
- `flat`: nothing is known of the pool: the fee alone.

The third fidelity, `pool`, is no estimate: see `simulator.pool_pricer`.

Amounts are Decimals on the grid of the token's smallest unit (the integers that a chain would
move), rounded against the trader: out is rounded down, in is rounded up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from papertrader_tui.domain.events import Fidelity
from papertrader_tui.domain.market import Depth
from papertrader_tui.domain.money import (
    BPS,
    ONE,
    ROUNDING,
    USDC_DECIMALS,
    ZERO,
    divide,
    mul,
    quantize_down,
    quantize_even,
    quantize_up,
    sub,
)

if TYPE_CHECKING:
    from papertrader_tui.simulator.paths import Run

_PRICE_DIGITS = 18
#: Fees are kept to so many decimals of a dollar: finer than any token's smallest unit is worth.
FEE_DECIMALS = 18
_ALL_BPS = 10_000


class NotEnoughLiquidity(ValueError):
    """The pool does not hold what the swap asks for."""


@dataclass(frozen=True, slots=True)
class Swap:
    """One swap as the venue would execute it at a reference price.

    Attributes:
        quantity: Tokens received (buy) or given (sell).
        cash: USDC given (buy) or received (sell).
        lp_fee, impact, mev: Dollars; together they are the distance between cash and
            quantity x reference.
        run: What it does in each pool, None for an estimate.
    """

    quantity: Decimal
    cash: Decimal
    reference: Decimal
    lp_fee: Decimal
    impact: Decimal
    fidelity: Fidelity
    mev: Decimal = ZERO
    run: Run | None = None

    @property
    def price(self) -> Decimal:
        """Cash / quantity to 18 significant digits; 0 where nothing would be moved."""
        return execution_price(self.cash, self.quantity)


def execution_price(cash: Decimal, quantity: Decimal) -> Decimal:
    """Cash / quantity to 18 significant digits, 0 for an empty swap."""
    if quantity == 0:
        return ZERO
    exact = divide(cash, quantity)
    places = _PRICE_DIGITS - 1 - exact.adjusted()
    return quantize_even(exact, max(0, places))


class Pricer(Protocol):
    """How swaps of one token are priced now."""

    @property
    def fidelity(self) -> Fidelity:
        """How good the estimate is."""
        ...

    def buy(self, spend: Decimal, reference: Decimal, decimals: int) -> Swap:
        """Spend exactly this much USDC.

        Raises:
            NotEnoughLiquidity: the pool cannot serve it.
        """
        ...

    def buy_exact(self, quantity: Decimal, reference: Decimal) -> Swap:
        """Receive exactly this quantity.

        Raises:
            NotEnoughLiquidity: the pool does not hold so much.
        """
        ...

    def sell(self, quantity: Decimal, reference: Decimal) -> Swap:
        """Sell exactly this quantity.

        Raises:
            NotEnoughLiquidity: the pool cannot serve it.
        """
        ...

    def at_price(self, reference: Decimal) -> Pricer:
        """What prices swaps if the market stood at another price."""
        ...


class LiquidityPricer:
    """Constant product on `liquidity` dollars, both sides counted, with a fee in basis points."""

    __slots__ = ("_fee", "_keep", "_reserve")

    fidelity = Fidelity.LIQUIDITY

    def __init__(self, liquidity: Decimal, fee_bps: Decimal) -> None:
        self._fee = mul(fee_bps, BPS)
        self._keep = sub(ONE, self._fee)
        self._reserve = divide(liquidity, Decimal(2))

    def _after_impact(self, value: Decimal) -> Decimal:
        if self._reserve <= 0:
            return ZERO
        return divide(ROUNDING.multiply(value, self._reserve), ROUNDING.add(self._reserve, value))

    def buy(self, spend: Decimal, reference: Decimal, decimals: int) -> Swap:
        """See `Pricer.buy`."""
        fee = quantize_even(mul(spend, self._fee), FEE_DECIMALS)
        out = self._after_impact(sub(spend, fee))
        quantity = quantize_down(divide(out, reference), decimals)
        impact = sub(sub(spend, fee), mul(quantity, reference))
        return Swap(quantity, spend, reference, fee, impact, self.fidelity)

    def buy_exact(self, quantity: Decimal, reference: Decimal) -> Swap:
        """See `Pricer.buy_exact`."""
        value = mul(quantity, reference)
        before = self._before_impact(value)
        spend = quantize_up(divide(before, self._keep), USDC_DECIMALS)
        fee = quantize_even(mul(spend, self._fee), FEE_DECIMALS)
        return Swap(quantity, spend, reference, fee, sub(sub(spend, fee), value), self.fidelity)

    def _before_impact(self, value: Decimal) -> Decimal:
        if value >= self._reserve:
            msg = f"the pool holds {self._reserve:.2f} dollars of it, {value:.2f} are asked for"
            raise NotEnoughLiquidity(msg)
        return divide(
            ROUNDING.multiply(value, self._reserve), ROUNDING.subtract(self._reserve, value)
        )

    def sell(self, quantity: Decimal, reference: Decimal) -> Swap:
        """See `Pricer.sell`."""
        value = mul(quantity, reference)
        fee = quantize_even(mul(value, self._fee), FEE_DECIMALS)
        cash = quantize_down(self._after_impact(max(ZERO, sub(value, fee))), USDC_DECIMALS)
        return Swap(quantity, cash, reference, fee, sub(sub(value, fee), cash), self.fidelity)

    def at_price(self, reference: Decimal) -> Pricer:
        """See `Pricer.at_price`: its depth is the same at every price."""
        del reference
        return self


class FlatPricer(LiquidityPricer):
    """A fee and no impact, for a market that says nothing about its pool."""

    __slots__ = ()

    fidelity = Fidelity.FLAT

    def __init__(self, fee_bps: Decimal) -> None:
        super().__init__(ZERO, fee_bps)

    def _after_impact(self, value: Decimal) -> Decimal:
        return value

    def _before_impact(self, value: Decimal) -> Decimal:
        return value


def pricer_for(depth: Depth | None, fee_bps: Decimal) -> Pricer:
    """The best estimate that what is known allows.

    What a source says of a pool may be nonsense: a fee of all or more, a negative depth. Such a
    pool is not known.
    """
    if depth is None or not 0 <= depth.fee_bps < _ALL_BPS or depth.liquidity < 0:
        return FlatPricer(fee_bps)
    return LiquidityPricer(depth.liquidity, depth.fee_bps)


#: What prices swaps, given what is known of a token's pool and the fee it usually has, in bps.
Pricing = Callable[[Depth | None, Decimal], Pricer]


def free_pricer(depth: Depth | None, fee_bps: Decimal) -> Pricer:
    """Neither fee nor impact: a market that takes nothing, to see what costs come to."""
    del depth, fee_bps
    return FlatPricer(ZERO)


def drift(reference: Decimal, quoted: Decimal, quantity: Decimal, *, buying: bool) -> Decimal:
    """Dollars that the price moved against the trader between quote and landing."""
    moved = sub(reference, quoted) if buying else sub(quoted, reference)
    return mul(moved, quantity)
