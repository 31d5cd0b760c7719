from __future__ import annotations

import pytest

from papertrader_tui.amm.bitmap import TickTable
from papertrader_tui.amm.concentrated import ConcentratedPool
from papertrader_tui.amm.tick_math import sqrt_ratio_at_tick
from papertrader_tui.simulator.gas_units import HopWork, swap_units, work_of

V2 = HopWork()
V3 = HopWork(concentrated=True)
#: What a route that ends at the token it began with saves: that token's contract and the trader's
#: balance have been read (2,500 and 2,000 less), and the balance has been written (2,800 less).
ROUND_TRIP = 7_300


def near(units: int, measured: int) -> bool:
    return abs(units - measured) * 100 <= 3 * measured


@pytest.mark.parametrize(
    ("units", "measured"),
    [
        # measured on a local node; docs/execution.md
        (swap_units([V2]), 98_272),
        (swap_units([V2], new_holder=True), 115_372),
        (swap_units([V2, V2], native_in=True), 156_728),
        (swap_units([V2], native_out=True), 112_816),
        (swap_units([V3], native_out=True), 120_077),
        (swap_units([V3]), 101_384),
        (swap_units([V3, V3]) - ROUND_TRIP, 159_788),
        (swap_units([V3, V3]), 166_417),
        (swap_units([V3, V3, V3]), 231_103),
        (swap_units([HopWork(True, tick_moved=True)]), 107_538),
        (swap_units([HopWork(True, ticks_new=1, tick_moved=True)]), 172_822),
        (swap_units([HopWork(True, ticks_new=4, tick_moved=True)]), 347_005),
        (swap_units([HopWork(True, ticks_again=1, tick_moved=True)]), 138_622),
        (swap_units([HopWork(True, ticks_again=4, tick_moved=True)]), 210_205),
        (swap_units([HopWork(True, ticks_new=5, empty_words=47, tick_moved=True)]), 761_552),
        (swap_units([HopWork(True, exact_out=True)]), 102_780),
        (swap_units([HopWork(True, 9, empty_words=192, tick_moved=True)]), 2_028_036),
        (swap_units([HopWork(True, 9, 0, 192, True, exact_out=True)]), 1_978_286),
    ],
)
def test_within_3_percent_of_what_was_measured(units: int, measured: int) -> None:
    assert near(units, measured)


def test_work_of_a_swap_over_a_tick_crossed_before_a_new_one_and_empty_words() -> None:
    nets = {-200: 10**18, -60: 10**17, 60: -(10**17), 120: -(10**18 // 2), 60_000: -(10**18 // 2)}
    pool = ConcentratedPool(
        3000, 1, sqrt_ratio_at_tick(0), 0, 11 * 10**17, TickTable.from_nets(nets, 1)
    )
    swap = pool.exact_in(False, 3 * 10**17)
    assert swap.crossed == (60, 120)
    empty = (swap.tick_after >> 8) - (0 >> 8)
    assert empty > 5
    assert work_of(pool, swap, {60}) == HopWork(True, 1, 1, empty, True)
    small = pool.exact_in(False, 1_000)
    assert work_of(pool, small, (), exact_out=True) == HopWork(True, exact_out=True)


def test_no_hop_is_no_swap() -> None:
    with pytest.raises(ValueError, match="at least one pool"):
        swap_units([])
