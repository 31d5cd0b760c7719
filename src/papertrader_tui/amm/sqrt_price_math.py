"""How much of each token moves a price, and how far an amount moves it, at one liquidity.

Sources: Uniswap v3 Core whitepaper (2021), section 6.2.1 (equations 6.13 to 6.16); rounding as in
`getAmount0Delta`, `getAmount1Delta` and the `getNextSqrtPrice…` functions of SqrtPriceMath:
always in the pool's favour. Prices are square roots in Q64.96.
"""

from __future__ import annotations

from typing import Final

from papertrader_tui.amm.errors import InsufficientLiquidity

_UINT256: Final = 1 << 256


def amount0_delta(lower: int, upper: int, liquidity: int, round_up: bool) -> int:
    """Token0 between two prices (lower <= upper): L·2^96·(upper − lower) / (upper·lower).

    The contract divides by the upper price first and rounds there too.
    """
    product = (liquidity << 96) * (upper - lower)
    if round_up:
        return -(-product // upper // lower)
    return product // upper // lower


def amount1_delta(lower: int, upper: int, liquidity: int, round_up: bool) -> int:
    """Token1 between two prices (lower <= upper): L·(upper − lower) / 2^96."""
    product = liquidity * (upper - lower)
    return -(-product >> 96) if round_up else product >> 96


def next_price_from_input(price: int, liquidity: int, amount: int, zero_for_one: bool) -> int:
    """The price after `amount` of token0 (price falls) or token1 (price rises) has come in."""
    if zero_for_one:
        return _price_after_token0_in(price, liquidity, amount)
    return price + (amount << 96) // liquidity


def next_price_from_output(price: int, liquidity: int, amount: int, zero_for_one: bool) -> int:
    """The price after `amount` of token1 (price falls) or token0 (price rises) has gone out.

    Raises:
        InsufficientLiquidity: more than there is down to, or up to, the end of all prices.
    """
    if zero_for_one:
        result = price + (-amount << 96) // liquidity
        if result <= 0:
            raise _too_much(amount)
        return result
    numerator = liquidity << 96
    denominator = numerator - amount * price
    if denominator <= 0:
        raise _too_much(amount)
    return -(-numerator * price // denominator)


def _price_after_token0_in(price: int, liquidity: int, amount: int) -> int:
    if amount == 0:
        return price
    numerator = liquidity << 96
    product = amount * price
    if product < _UINT256 and numerator + product < _UINT256:
        return -(-numerator * price // (numerator + product))
    # Where 256 bits would overflow the contract takes this less precise form, so we must.
    return -(-numerator // (numerator // price + amount))


def _too_much(amount: int) -> InsufficientLiquidity:
    return InsufficientLiquidity(f"{amount} is more than this price range holds; ask for less")
