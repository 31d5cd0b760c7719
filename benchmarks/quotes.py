"""How many swaps a second are priced to the last unit, beside formulas in floats that are not.

The baselines are what a program writes that wants a price and not the contract's answer: the
constant product in one line, and for concentrated liquidity a walk from one initialised tick to
the next with the whitepaper's formulas, no bitmap words and no rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from benchmarks.figures import Figure, interleaved, medians
from papertrader_tui.amm.bitmap import TickTable
from papertrader_tui.amm.concentrated import ConcentratedPool
from papertrader_tui.amm.constant_product import ConstantProductPool
from papertrader_tui.amm.tick_math import Q96, sqrt_ratio_at_tick, tick_at_sqrt_ratio

FEE_PPM = 500
SPACING = 10
LIQUIDITY = 10**21
#: Ends of positions of equal liquidity around the price, in ticks: (0, 10), (0, 20) and so on.
STEPS = 64


def ladder() -> ConcentratedPool:
    """A pool at tick 0 whose liquidity falls by a position at every tenth tick on each side."""
    nets: dict[int, int] = {}
    for step in range(1, STEPS + 1):
        nets[-step * SPACING] = LIQUIDITY
        nets[step * SPACING] = -LIQUIDITY
    # In the middle of its range, so that a small swap stays in it.
    price = (sqrt_ratio_at_tick(0) + sqrt_ratio_at_tick(SPACING)) // 2
    table = TickTable.from_nets(nets, SPACING)
    tick = tick_at_sqrt_ratio(price)
    return ConcentratedPool(FEE_PPM, SPACING, price, tick, LIQUIDITY * STEPS, table)


@dataclass(frozen=True, slots=True)
class FloatPool:
    """The baseline's pool: square root prices of its ticks upward, and the net at each."""

    price: float
    liquidity: float
    ticks: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, pool: ConcentratedPool, nets: dict[int, int]) -> FloatPool:
        """The same pool, upward only."""
        ticks = tuple(
            (1.0001 ** (tick / 2), float(net)) for tick, net in sorted(nets.items()) if tick > 0
        )
        return cls(pool.sqrt_price_x96 / Q96, float(pool.liquidity), ticks)

    def amount_out(self, amount_in: float) -> float:
        """Token0 for token1, tick to tick."""
        left = amount_in * (1 - FEE_PPM / 1e6)
        price, liquidity, out = self.price, self.liquidity, 0.0
        for target, net in self.ticks:
            needed = liquidity * (target - price)
            if needed >= left:
                break
            out += liquidity * (1 / price - 1 / target)
            left -= needed
            price, liquidity = target, liquidity + net
        end = price + left / liquidity
        return out + liquidity * (1 / price - 1 / end)


def float_product(reserve_in: float, reserve_out: float, amount_in: float) -> float:
    """The baseline for constant product."""
    net = amount_in * 0.997
    return net * reserve_out / (reserve_in + net)


def rate(count: int, quote: Callable[[int], object]) -> float:
    """Quotes a second; `quote` gets their numbers, to make each of another size."""
    start = perf_counter()
    for number in range(count):
        quote(number)
    return count / (perf_counter() - start)


def run(
    count: int = 20_000, rounds: int = 5, crossings: tuple[int, ...] = (0, 4, 40)
) -> list[Figure]:
    """Measure.

    Raises:
        RuntimeError: a swap did not cross what it should, or both ways disagree.
    """
    pair = ConstantProductPool(3_000_000 * 10**6, 1_000 * 10**18)
    pool = ladder()
    assert isinstance(pool.ticks, TickTable)
    floats = FloatPool.of(pool, dict(pool.ticks.nets))
    works: dict[str, Callable[[], float]] = {
        "v2": lambda: rate(count, lambda n: pair.exact_in(True, 10**9 + n)),
        "v2 bare": lambda: rate(count, lambda n: float_product(3e12, 1e21, 1e9 + n)),
    }
    for crossed in crossings:
        amount = _amount_to_cross(pool, crossed)
        _check(pool, floats, amount, crossed)
        fewer = max(1, count // (1 + crossed))
        works[f"v3 {crossed}"] = partial(rate, fewer, partial(_exact, pool, amount))
        works[f"v3 {crossed} bare"] = partial(rate, fewer, partial(_bare, floats, amount))
    found = medians(interleaved(rounds, works))
    figures = [
        Figure(
            "V2 quotes", found["v2"], "quotes/s", "the formula in floats", found["v2 bare"],
            f"median of {rounds} rounds; exact in, the pool after it included",
        )
    ]  # fmt: skip
    figures += [
        Figure(
            f"V3 quotes, {crossed} ticks crossed", found[f"v3 {crossed}"], "quotes/s",
            "tick to tick in floats", found[f"v3 {crossed} bare"],
        )
        for crossed in crossings
    ]  # fmt: skip
    return figures


def _exact(pool: ConcentratedPool, amount: int, number: int) -> int:
    return pool.exact_in(False, amount + number).amount_out


def _bare(pool: FloatPool, amount: int, number: int) -> float:
    return pool.amount_out(float(amount + number))


def _amount_to_cross(pool: ConcentratedPool, crossed: int) -> int:
    """An amount that ends between two ticks, so many of them behind it."""
    ticks = [sqrt_ratio_at_tick((crossed + step) * SPACING) for step in (0, 1)]
    limit = (max(ticks[0], pool.sqrt_price_x96) + ticks[1]) // 2
    return pool.exact_in(False, 1 << 128, limit).amount_in


def _check(pool: ConcentratedPool, floats: FloatPool, amount: int, crossed: int) -> None:
    swap = pool.exact_in(False, amount)
    about = floats.amount_out(float(amount))
    if swap.ticks_crossed != crossed or abs(about / swap.amount_out - 1) > 1e-6:
        msg = (
            f"{amount} crosses {swap.ticks_crossed} ticks for {swap.amount_out}, "
            f"not {crossed} for {about}"
        )
        raise RuntimeError(msg)
