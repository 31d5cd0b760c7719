"""Concentrated-liquidity pools: Uniswap V3 and its forks, any fee and any tick spacing.

Sources: Uniswap v3 Core whitepaper (2021), sections 6.2 and 6.3; the loop of `swap` in
UniswapV3Pool. Like the contract, a swap goes word by word through the tick bitmap and rounds in
each step; jumping to the next initialised tick gives other amounts. Fee and tick spacing are
independent, and the fee is what it is in the block of the swap (Aerodrome Slipstream's changes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from papertrader_tui.amm.bitmap import Ticks
from papertrader_tui.amm.errors import AmmError, check_amount, check_fee, check_impact
from papertrader_tui.amm.sqrt_price_math import amount0_delta, amount1_delta
from papertrader_tui.amm.swap_math import fee_on, swap_step_in, swap_step_out
from papertrader_tui.amm.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO, tick_at_sqrt_ratio
from papertrader_tui.amm.walk import Walk

_Q192: Final = 1 << 192


@dataclass(frozen=True, slots=True)
class ConcentratedPool:
    """A pool's state at the end of a block.

    Attributes:
        fee_ppm: Fee of a swap in millionths of what is paid in.
        sqrt_price_x96: sqrt(token1 / token0, raw units) in Q64.96, as in slot0.
        tick: As in slot0. Not always the tick of the price: after falling exactly onto an
            initialised tick it is one lower, and the swap has to know.
        liquidity: In range at `tick`.
        ticks: Its initialised ticks; the ones not loaded raise when a swap needs them.

    Raises:
        AmmError: values that no pool can have.
    """

    fee_ppm: int
    tick_spacing: int
    sqrt_price_x96: int
    tick: int
    liquidity: int
    ticks: Ticks

    def __post_init__(self) -> None:
        check_fee(self.fee_ppm)
        if self.tick_spacing <= 0:
            msg = f"tick spacing {self.tick_spacing} is not positive; read it from the pool"
            raise AmmError(msg)
        if not MIN_SQRT_RATIO <= self.sqrt_price_x96 < MAX_SQRT_RATIO:
            tick_at_sqrt_ratio(self.sqrt_price_x96)
        if self.liquidity < 0:
            msg = f"liquidity {self.liquidity} is negative; read the pool and its ticks again"
            raise AmmError(msg)

    def spot(self, zero_for_one: bool) -> tuple[int, int]:
        """Price before the swap, fee and impact excluded, as (raw units out, per raw units in)."""
        square = self.sqrt_price_x96 * self.sqrt_price_x96
        return (square, _Q192) if zero_for_one else (_Q192, square)

    def exact_in(
        self, zero_for_one: bool, amount_in: int, limit_x96: int | None = None
    ) -> ConcentratedSwap:
        """Spend `amount_in`, or what the pool takes of it before the price limit.

        Args:
            zero_for_one: Token0 in (the price falls) or token1 in (it rises).
            amount_in: Raw units, fee included.
            limit_x96: Square root price to stop at; by default the end of all prices.

        Raises:
            TicksNotLoaded: load that word and ask again.
            AmmError: amount or limit out of range.
        """
        check_amount(amount_in)
        walk = self._walk(zero_for_one, limit_x96)
        limit, fee_ppm = walk.limit, self.fee_ppm
        remaining, out, fees, steps = amount_in, 0, 0, 0
        while remaining and walk.price != limit:
            target = walk.aim()
            after, paid, got, fee = swap_step_in(
                walk.price, target, walk.liquidity, remaining, fee_ppm
            )
            remaining -= paid + fee
            out += got
            fees += fee
            steps += 1
            walk.move(after)
        return self._result(walk, amount_in - remaining, out, fees, remaining, steps)

    def exact_out(
        self, zero_for_one: bool, amount_out: int, limit_x96: int | None = None
    ) -> ConcentratedSwap:
        """Receive `amount_out`, or what the pool has of it before the price limit.

        A router refuses a swap that is not `complete`. Arguments and errors as in `exact_in`.
        """
        check_amount(amount_out)
        walk = self._walk(zero_for_one, limit_x96)
        limit, fee_ppm = walk.limit, self.fee_ppm
        remaining, spent, fees, steps = amount_out, 0, 0, 0
        while remaining and walk.price != limit:
            target = walk.aim()
            after, paid, got, fee = swap_step_out(
                walk.price, target, walk.liquidity, remaining, fee_ppm
            )
            remaining -= got
            spent += paid + fee
            fees += fee
            steps += 1
            walk.move(after)
        return self._result(walk, spent, amount_out - remaining, fees, remaining, steps)

    def size_for_impact(self, zero_for_one: bool, bps: int) -> int:
        """Largest amount in whose average price is at most `bps` below spot, LP fee excluded.

        Impact is that of the curve: the units that the pool rounds off are not counted. Where the
        pool runs out first it is all that the pool takes; 0 if it takes nothing.

        Raises:
            TicksNotLoaded: load that word and ask again.
            AmmError: bps not between 1 and 9,999.
        """
        check_impact(bps)
        num, den = self.spot(zero_for_one)
        num *= 10_000 - bps
        den *= 10_000
        walk = self._walk(zero_for_one, None)
        size = paid = got = 0
        while walk.price != walk.limit:
            start, end, liquidity = walk.price, walk.aim(), walk.liquidity
            step_in, step_out = _curve(start, end, liquidity, zero_for_one)
            enough = (got + step_out) * den < (paid + step_in) * num
            if enough:
                good, bad = start, end
                while abs(good - bad) > 1:
                    end = (good + bad) // 2
                    step_in, step_out = _curve(start, end, liquidity, zero_for_one)
                    if (got + step_out) * den < (paid + step_in) * num:
                        bad = end
                    else:
                        good = end
                end = good
            size += _paid(start, end, liquidity, zero_for_one, self.fee_ppm)
            if enough:
                break
            paid += step_in
            got += step_out
            walk.move(end)
        return size

    def _walk(self, zero_for_one: bool, limit_x96: int | None) -> Walk:
        return Walk(
            self.ticks,
            self.tick_spacing,
            self.sqrt_price_x96,
            self.tick,
            self.liquidity,
            zero_for_one,
            limit_x96,
        )

    def _result(
        self, walk: Walk, amount_in: int, amount_out: int, fees: int, unfilled: int, steps: int
    ) -> ConcentratedSwap:
        after = ConcentratedPool(
            self.fee_ppm, self.tick_spacing, walk.price, walk.tick, walk.liquidity, self.ticks
        )
        crossed = tuple(walk.crossed)
        return ConcentratedSwap(
            walk.zero_for_one, amount_in, amount_out, fees, unfilled, crossed, steps, after
        )


@dataclass(frozen=True, slots=True)
class ConcentratedSwap:
    """An executed swap.

    Attributes:
        amount_in: Raw units paid, `fee_amount` included.
        amount_out: Raw units received.
        unfilled: What is left of the amount asked for, where the pool or the limit ended it.
        crossed: The initialised ticks it crossed, in order.
        steps: Iterations of the contract's loop: ranges and words, the empty ones too.
        after: The pool as the swap leaves it.
    """

    zero_for_one: bool
    amount_in: int
    amount_out: int
    fee_amount: int
    unfilled: int
    crossed: tuple[int, ...]
    steps: int
    after: ConcentratedPool

    @property
    def complete(self) -> bool:
        """Whether all that was asked for was swapped."""
        return self.unfilled == 0

    @property
    def ticks_crossed(self) -> int:
        """How many initialised ticks it crossed."""
        return len(self.crossed)

    @property
    def sqrt_price_after(self) -> int:
        """Square root price it leaves, Q64.96."""
        return self.after.sqrt_price_x96

    @property
    def tick_after(self) -> int:
        """Tick it leaves, as the contract stores it."""
        return self.after.tick

    @property
    def liquidity_after(self) -> int:
        """Liquidity in range that it leaves."""
        return self.after.liquidity


def _curve(start: int, end: int, liquidity: int, zero_for_one: bool) -> tuple[int, int]:
    """(in without fee, out) of moving a price within one range, in 2^-64 of a raw unit."""
    distance = abs(start - end)
    token0 = (liquidity << 160) * distance // (start * end)
    token1 = liquidity * distance >> 32
    return (token0, token1) if zero_for_one else (token1, token0)


def _paid(start: int, end: int, liquidity: int, zero_for_one: bool, fee_ppm: int) -> int:
    """What moving a price within one range costs, fee included, in raw units."""
    if zero_for_one:
        amount_in = amount0_delta(end, start, liquidity, True)
    else:
        amount_in = amount1_delta(start, end, liquidity, True)
    return amount_in + fee_on(amount_in, fee_ppm)
