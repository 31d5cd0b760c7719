"""How a swap goes through a pool's ticks: the part of its loop that is not about amounts.

Source: the loop of `swap` in UniswapV3Pool; `cross` of Tick.
"""

from __future__ import annotations

from papertrader_tui.amm.bitmap import Ticks
from papertrader_tui.amm.errors import AmmError
from papertrader_tui.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)


class Walk:
    """A price on its way through the bitmap: where the next step may end, and going there.

    Attributes:
        price, tick, liquidity: Where it is now.
        limit: Square root price where it ends.
        crossed: Initialised ticks crossed so far.
    """

    __slots__ = (
        "boundary",
        "crossed",
        "initialized",
        "limit",
        "liquidity",
        "next_tick",
        "price",
        "spacing",
        "tick",
        "ticks",
        "zero_for_one",
    )

    def __init__(
        self,
        ticks: Ticks,
        spacing: int,
        price: int,
        tick: int,
        liquidity: int,
        zero_for_one: bool,
        limit: int | None,
    ) -> None:
        self.ticks = ticks
        self.spacing = spacing
        self.zero_for_one = zero_for_one
        self.price = price
        self.tick = tick
        self.liquidity = liquidity
        self.crossed: list[int] = []
        self.next_tick = tick
        self.initialized = False
        self.boundary = price
        first, last = MIN_SQRT_RATIO + 1, MAX_SQRT_RATIO - 1
        if limit is None:
            # A pool that already stands at the end has nothing to swap in that direction.
            limit = min(first, self.price) if zero_for_one else max(last, self.price)
        elif not (first <= limit < self.price if zero_for_one else self.price < limit <= last):
            side = "below" if zero_for_one else "above"
            msg = f"price limit {limit} is not {side} the pool's price {self.price}"
            raise AmmError(msg)
        self.limit = limit

    def aim(self) -> int:
        """The price that the next step may reach: a tick, the end of the word, or the limit."""
        down = self.zero_for_one
        tick, self.initialized = self.ticks.next_initialized_within_word(
            self.tick, self.spacing, down
        )
        self.next_tick = tick = min(max(tick, MIN_TICK), MAX_TICK)
        self.boundary = boundary = sqrt_ratio_at_tick(tick)
        return max(boundary, self.limit) if down else min(boundary, self.limit)

    def move(self, price: int) -> None:
        """Go to a price not beyond the one aimed at, crossing the tick if it is reached."""
        if price == self.boundary:
            tick, down = self.next_tick, self.zero_for_one
            if self.initialized:
                net = self.ticks.net(tick)
                self.liquidity += -net if down else net
                self.crossed.append(tick)
                if self.liquidity < 0:
                    msg = (
                        f"crossing tick {tick} leaves liquidity {self.liquidity}; the pool and "
                        "its ticks are not of one block: read them again"
                    )
                    raise AmmError(msg)
            self.tick = tick - 1 if down else tick
        elif price != self.price:
            self.tick = tick_at_sqrt_ratio(price)
        self.price = price
