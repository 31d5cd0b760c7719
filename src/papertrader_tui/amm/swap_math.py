"""One step of a concentrated-liquidity swap: within one range of constant liquidity.

Source: `computeSwapStep` of SwapMath (Uniswap v3 Core); whitepaper section 6.2.3.
"""

from __future__ import annotations

from typing import Final

from papertrader_tui.amm.sqrt_price_math import (
    amount0_delta,
    amount1_delta,
    next_price_from_input,
    next_price_from_output,
)

PPM: Final = 1_000_000


def swap_step_in(
    price: int, target: int, liquidity: int, remaining: int, fee_ppm: int
) -> tuple[int, int, int, int]:
    """Spend up to `remaining` (fee included) from `price` toward `target`.

    Returns:
        (price after, amount in without fee, amount out, fee), the amounts in raw units.
    """
    net = remaining * (PPM - fee_ppm) // PPM
    if price >= target:
        amount_in = amount0_delta(target, price, liquidity, True)
        if net >= amount_in:
            after = target
        else:
            after = next_price_from_input(price, liquidity, net, True)
            if after != target:
                amount_in = amount0_delta(after, price, liquidity, True)
        amount_out = amount1_delta(after, price, liquidity, False)
    else:
        amount_in = amount1_delta(price, target, liquidity, True)
        if net >= amount_in:
            after = target
        else:
            after = next_price_from_input(price, liquidity, net, False)
            if after != target:
                amount_in = amount1_delta(price, after, liquidity, True)
        amount_out = amount0_delta(price, after, liquidity, False)
    # Short of the target all that is left was spent: what is not amount in is fee.
    fee = remaining - amount_in if after != target else fee_on(amount_in, fee_ppm)
    return after, amount_in, amount_out, fee


def swap_step_out(
    price: int, target: int, liquidity: int, remaining: int, fee_ppm: int
) -> tuple[int, int, int, int]:
    """Take up to `remaining` out, from `price` toward `target`; returns as `swap_step_in`."""
    if price >= target:
        amount_out = amount1_delta(target, price, liquidity, False)
        if remaining >= amount_out:
            after = target
        else:
            after = next_price_from_output(price, liquidity, remaining, True)
            if after != target:
                amount_out = amount1_delta(after, price, liquidity, False)
        amount_in = amount0_delta(after, price, liquidity, True)
    else:
        amount_out = amount0_delta(price, target, liquidity, False)
        if remaining >= amount_out:
            after = target
        else:
            after = next_price_from_output(price, liquidity, remaining, False)
            if after != target:
                amount_out = amount0_delta(price, after, liquidity, False)
        amount_in = amount1_delta(price, after, liquidity, True)
    # The price is rounded away from the output, which could then pay a unit too much.
    return after, amount_in, min(amount_out, remaining), fee_on(amount_in, fee_ppm)


def fee_on(amount_in: int, fee_ppm: int) -> int:
    """Fee that must come on top of an amount in without fee, rounded up: a·f / (1 − f)."""
    return -(-amount_in * fee_ppm // (PPM - fee_ppm))
