"""Ticks and square root prices: sqrt(1.0001^tick) as a Q64.96 number, and back.

Sources: Uniswap v3 Core whitepaper (2021), section 6.1; `getSqrtRatioAtTick` and
`getTickAtSqrtRatio` of TickMath. The contract multiplies one rounded Q128.128 factor per set bit
of the tick and rounds the product up to Q64.96; the factors here are computed from their
definition, 1.0001^(−2^i / 2), and come out the same.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from papertrader_tui.amm.errors import AmmError

MIN_TICK: Final = -887_272
MAX_TICK: Final = 887_272
Q96: Final = 1 << 96

_BITS: Final = 256  # carried while computing the factors; their errors stay below 2^-230
_LOG_TICK: Final = math.log(1.0001) / 2


def _factors() -> tuple[int, ...]:
    """2^128 · 1.0001^(−2^i / 2) for i = 0 … 19, rounded to the nearest integer."""
    half = 1 << (_BITS - 128 - 1)
    value = math.isqrt((10_000 << 2 * _BITS) // 10_001)
    factors = []
    for _ in range(20):
        factors.append((value + half) >> (_BITS - 128))
        value = value * value >> _BITS
    return tuple(factors)


_FACTORS: Final = _factors()


@lru_cache(maxsize=1 << 16)
def sqrt_ratio_at_tick(tick: int) -> int:
    """sqrt(1.0001^tick) · 2^96 as the contract rounds it.

    Raises:
        AmmError: tick beyond ±887,272.
    """
    if not MIN_TICK <= tick <= MAX_TICK:
        msg = f"tick {tick} is out of range; ticks go from {MIN_TICK} to {MAX_TICK}"
        raise AmmError(msg)
    bits = abs(tick)
    ratio = 1 << 128
    for factor in _FACTORS:
        if bits & 1:
            ratio = ratio * factor >> 128
        bits >>= 1
    if tick > 0:
        ratio = ((1 << 256) - 1) // ratio
    return -(-ratio >> 32)


MIN_SQRT_RATIO: Final = sqrt_ratio_at_tick(MIN_TICK)
MAX_SQRT_RATIO: Final = sqrt_ratio_at_tick(MAX_TICK)


def tick_at_sqrt_ratio(sqrt_price_x96: int) -> int:
    """The greatest tick whose square root price is not above the given one.

    Raises:
        AmmError: price not in [MIN_SQRT_RATIO, MAX_SQRT_RATIO).
    """
    if not MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO:
        msg = (
            f"sqrt price {sqrt_price_x96} is out of range; it must be at least {MIN_SQRT_RATIO} "
            f"and below {MAX_SQRT_RATIO} (0 means that the pool is not initialised)"
        )
        raise AmmError(msg)
    # The float is only a first guess, at most a tick off; the comparisons make it exact.
    tick = math.floor(math.log(sqrt_price_x96 / Q96) / _LOG_TICK)
    tick = min(max(tick, MIN_TICK), MAX_TICK - 1)
    while sqrt_ratio_at_tick(tick) > sqrt_price_x96:
        tick -= 1
    while sqrt_ratio_at_tick(tick + 1) <= sqrt_price_x96:
        tick += 1
    return tick
