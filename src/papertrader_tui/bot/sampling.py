"""Samples what swaps cost in a pool whose own arithmetic is known."""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.domain.events import Fidelity
from papertrader_tui.domain.money import add, divide, mul, quantize_down
from papertrader_tui.intel.curve import Curve
from papertrader_tui.simulator.costs import NotEnoughLiquidity, Pricer, Swap

#: Sizes that are tried, in dollars: 1 to 8,388,608, doubling.
SIZES = tuple(2**n for n in range(24))


def sample(pricer: Pricer, price: Decimal, decimals: int) -> Curve | None:
    """What swaps of one token cost now, as fractions of their size.

    Args:
        pricer: Of that token.
        price: Reference price that costs are measured against.
        decimals: Of the token.

    Returns:
        None where the pool is not known so well: its liquidity and fee say as much then.
    """
    if pricer.fidelity is not Fidelity.POOL or price <= 0:
        return None
    both: list[float] = []
    impact: list[float] = []
    for size in SIZES:
        dollars = Decimal(size)
        try:
            bought = pricer.buy(dollars, price, decimals)
            sold = pricer.sell(quantize_down(divide(dollars, price), decimals), price)
        except NotEnoughLiquidity:
            both.append(2.0)
            impact.append(1.0)
            continue
        both.append(_share(bought, dollars) + _share(sold, mul(sold.quantity, sold.reference)))
        impact.append(max(_part(bought.impact, dollars), _part(sold.impact, dollars)))
    return Curve(SIZES, both, impact)


def _share(swap: Swap, value: Decimal) -> float:
    return _part(add(swap.lp_fee, swap.impact), value)


def _part(cost: Decimal, value: Decimal) -> float:
    """A cost over what was swapped; all of it where the token is too dear for one unit."""
    return float(cost / value) if value > 0 else 1.0
