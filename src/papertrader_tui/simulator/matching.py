"""Which resting order does a price trigger, and on what terms is an order sent?"""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.domain.money import (
    BPS,
    ONE,
    USDC_DECIMALS,
    ZERO,
    add,
    divide,
    mul,
    quantize_down,
    quantize_up,
    sub,
)
from papertrader_tui.domain.orders import Kind, Order, Side
from papertrader_tui.simulator.costs import NotEnoughLiquidity, Pricer, Swap

#: A stop that reverts doubles its tolerance each time, up to this.
MAX_TOLERANCE_BPS = 5_000
#: A limit or target that reverts rests again; after so many attempts it ends instead, so that
#: a market that flickers around its price cannot burn gas without end.
MAX_ATTEMPTS = 5


def quote(order: Order, reference: Decimal, pricer: Pricer, decimals: int) -> Swap | None:
    """The swap that an order would be at this price, None where the pool cannot serve it."""
    return quote_or_why(order, reference, pricer, decimals)[0]


def quote_or_why(
    order: Order, reference: Decimal, pricer: Pricer, decimals: int
) -> tuple[Swap | None, str]:
    """The same, and why the pool cannot serve it."""
    try:
        if order.side is Side.SELL:
            return pricer.sell(order.quantity or ZERO, reference), ""
        if order.notional is not None:
            return pricer.buy(order.notional, reference, decimals), ""
        return pricer.buy_exact(order.quantity or ZERO, reference), ""
    except NotEnoughLiquidity as fault:
        return None, f"the pool cannot serve this size: {fault}"


def terms(order: Order, swap: Swap, decimals: int) -> tuple[Decimal, Decimal]:
    """Expected amount and the worst that is accepted, when the order is sent on this quote.

    A limit's price is its bound; every other order's bound is its slippage tolerance counted
    from the quote. For a buy by quantity the amount is what goes in, and the bound a maximum.
    """
    tolerance = mul(Decimal(order.tolerance_bps), BPS)
    if order.exact_out:
        if order.kind is Kind.LIMIT and order.price is not None:
            return swap.cash, quantize_down(mul(swap.quantity, order.price), USDC_DECIMALS)
        return swap.cash, quantize_up(mul(swap.cash, add(ONE, tolerance)), USDC_DECIMALS)
    out = swap.quantity if order.side is Side.BUY else swap.cash
    places = decimals if order.side is Side.BUY else USDC_DECIMALS
    if order.kind is Kind.LIMIT and order.price is not None:
        worst = (
            divide(order.notional or ZERO, order.price)
            if order.side is Side.BUY
            else mul(order.quantity or ZERO, order.price)
        )
        return out, quantize_up(worst, places)
    return out, quantize_up(mul(out, max(ZERO, sub(ONE, tolerance))), places)


def within(order: Order, swap: Swap, bound: Decimal) -> bool:
    """Would the swap pass the order's bound, or revert?"""
    if order.exact_out:
        return swap.cash <= bound
    return (swap.quantity if order.side is Side.BUY else swap.cash) >= bound


def triggered(
    order: Order, price: Decimal, low: Decimal, high: Decimal, swap: Swap | None, decimals: int
) -> bool:
    """Does a resting order go to the market now?

    Args:
        order: A working order.
        price: The price now (a candle's close), on which `swap` is quoted.
        low: Lowest price since the last one (`price` itself for a single quote): stops and
            targets act on the path, a limit on what can be had now.
        high: Highest price since the last one.
        swap: What the order would be at `price`, None where the pool cannot serve it.
        decimals: Of the token.
    """
    selling = order.side is Side.SELL
    trigger = order.price if order.price is not None else price
    if order.kind is Kind.MARKET:
        return True
    if order.kind is Kind.LIMIT:
        return swap is not None and within(order, swap, terms(order, swap, decimals)[1])
    if order.kind is Kind.STOP:
        return low <= trigger if selling else high >= trigger
    if order.kind is Kind.TAKE_PROFIT:
        return high >= trigger if selling else low <= trigger
    return order.high is not None and low <= trail_price(order.high, order.trail_bps or 0)


def trail_price(high: Decimal, trail_bps: int) -> Decimal:
    """The price at which a trailing stop goes off: the high less its distance."""
    return mul(high, sub(ONE, mul(Decimal(trail_bps), BPS)))


def widened(tolerance_bps: int) -> int:
    """A stop's tolerance after a revert: doubled, from at least 50 basis points, capped."""
    return min(MAX_TOLERANCE_BPS, max(50, tolerance_bps) * 2)


def moves(swap: Swap | None) -> bool:
    """Would it move anything at all?"""
    return swap is not None and swap.quantity > 0 and swap.cash > 0
