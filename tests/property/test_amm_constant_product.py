from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from papertrader_tui.amm.constant_product import (
    MAX_RESERVE,
    ConstantProductPool,
    get_amount_in,
    get_amount_out,
)

reserves = st.integers(1_000, 10**9) | st.integers(10**9, 10**30)
fees = st.sampled_from([0, 1, 500, 1_700, 2_500, 3_000, 10_000])
pools = st.builds(ConstantProductPool, reserves, reserves, fees)
amounts = st.integers(1, 10**6) | st.integers(1, 10**30)
directions = st.booleans()


@given(pools, directions, amounts)
def test_it_equals_the_formula_in_fractions(
    pool: ConstantProductPool, zero_for_one: bool, amount: int
) -> None:
    x, y = pool.reserves(zero_for_one)
    net = amount * (1 - Fraction(pool.fee_ppm, 1_000_000))
    assert get_amount_out(amount, x, y, pool.fee_ppm) == math.floor(y * net / (x + net))
    if amount < y:
        asked = Fraction(x * amount, y - amount) / (1 - Fraction(pool.fee_ppm, 1_000_000))
        assert get_amount_in(amount, x, y, pool.fee_ppm) == math.floor(asked) + 1


@given(pools, directions, amounts)
def test_k_never_falls(pool: ConstantProductPool, zero_for_one: bool, amount: int) -> None:
    assume(get_amount_out(amount, *pool.reserves(zero_for_one), pool.fee_ppm) > 0)
    swap = pool.exact_in(zero_for_one, amount)
    after = swap.after
    # The pair itself checks k after taking the fee out of what came in.
    spent = amount * pool.fee_ppm
    x, y = after.reserves(zero_for_one)
    assert (x * 1_000_000 - spent) * y >= pool.reserve0 * pool.reserve1 * 1_000_000
    assert (after.fee_ppm, swap.amount_in) == (pool.fee_ppm, amount)
    assert 0 <= swap.fee_amount - Fraction(spent, 1_000_000) < 1


@given(pools, directions, amounts, amounts)
def test_more_in_never_gives_less_out(
    pool: ConstantProductPool, zero_for_one: bool, amount: int, more: int
) -> None:
    x, y = pool.reserves(zero_for_one)
    small = get_amount_out(amount, x, y, pool.fee_ppm)
    assert small <= get_amount_out(amount + more, x, y, pool.fee_ppm) < y


@given(pools, directions, st.data())
def test_exact_out_is_the_inverse_of_exact_in(
    pool: ConstantProductPool, zero_for_one: bool, data: st.DataObject
) -> None:
    x, y = pool.reserves(zero_for_one)
    wanted = data.draw(st.integers(1, y - 1))
    cost = get_amount_in(wanted, x, y, pool.fee_ppm)
    assert get_amount_out(cost, x, y, pool.fee_ppm) >= wanted
    # The router adds one unit even where the quotient is whole: never more than that.
    if cost > 2:
        assert get_amount_out(cost - 2, x, y, pool.fee_ppm) < wanted


@given(pools, directions, amounts)
def test_a_round_trip_never_profits(
    pool: ConstantProductPool, zero_for_one: bool, amount: int
) -> None:
    assume(get_amount_out(amount, *pool.reserves(zero_for_one), pool.fee_ppm) > 0)
    there = pool.exact_in(zero_for_one, amount)
    x, y = there.after.reserves(not zero_for_one)
    assert get_amount_out(there.amount_out, x, y, pool.fee_ppm) <= amount


@given(pools, directions, amounts, amounts)
def test_splitting_never_beats_one_swap(
    pool: ConstantProductPool, zero_for_one: bool, first: int, second: int
) -> None:
    x, y = pool.reserves(zero_for_one)
    assume(get_amount_out(first, x, y, pool.fee_ppm) > 0)
    one = pool.exact_in(zero_for_one, first)
    x_after, y_after = one.after.reserves(zero_for_one)
    two = get_amount_out(second, x_after, y_after, pool.fee_ppm)
    assert one.amount_out + two <= get_amount_out(first + second, x, y, pool.fee_ppm)


@given(pools, directions, st.integers(1, 9_999))
def test_size_for_impact_is_the_largest(
    pool: ConstantProductPool, zero_for_one: bool, bps: int
) -> None:
    size = pool.size_for_impact(zero_for_one, bps)
    x, _ = pool.reserves(zero_for_one)

    def impact(amount: int) -> Fraction:
        net = amount * (1 - Fraction(pool.fee_ppm, 1_000_000))
        return net / (x + net)

    limit = Fraction(bps, 10_000)
    assert impact(size) <= limit
    assert impact(size + 1) > limit or size + x == MAX_RESERVE
