from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from papertrader_tui.amm.bitmap import TickTable
from papertrader_tui.amm.concentrated import ConcentratedPool
from papertrader_tui.amm.errors import TicksNotLoaded
from papertrader_tui.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from tests.slow_pool import SlowPool

ticks = st.integers(MIN_TICK, MAX_TICK)
directions = st.booleans()


@dataclass(frozen=True)
class Case:
    pool: ConcentratedPool
    nets: dict[int, int]

    def slow(self) -> SlowPool:
        pool = self.pool
        return SlowPool(
            pool.fee_ppm,
            pool.tick_spacing,
            pool.sqrt_price_x96,
            pool.tick,
            pool.liquidity,
            self.nets,
        )


@st.composite
def pools(draw: st.DrawFn) -> Case:
    """A pool made of positions, so that its ticks and its liquidity belong together."""
    spacing = draw(st.sampled_from([1, 10, 60, 200]))
    fee = draw(st.sampled_from([0, 1, 90, 100, 500, 2_501, 3_000, 10_000, 50_000]))
    middle = draw(st.integers(-200_000, 200_000))
    price = draw(
        st.integers(sqrt_ratio_at_tick(middle), sqrt_ratio_at_tick(middle + 1) - 1)
        | st.just(sqrt_ratio_at_tick(middle))
    )
    nets: dict[int, int] = {}
    liquidity = 0
    for _ in range(draw(st.integers(1, 5))):
        lower = (middle // spacing + draw(st.integers(-600, 300))) * spacing
        upper = lower + draw(st.integers(1, 900)) * spacing
        amount = draw(
            st.integers(1, 10**6) | st.integers(10**15, 10**24) | st.integers(10**28, 10**31)
        )
        nets[lower] = nets.get(lower, 0) + amount
        nets[upper] = nets.get(upper, 0) - amount
        liquidity += amount if lower <= middle < upper else 0
    table = TickTable.from_nets(nets, spacing)
    return Case(ConcentratedPool(fee, spacing, price, middle, liquidity, table), nets)


@st.composite
def amounts(draw: st.DrawFn) -> int:
    return draw(st.integers(1, 10)) * 10 ** draw(st.integers(0, 26)) + draw(st.integers(0, 999))


@given(pools(), directions, amounts(), st.booleans(), st.integers(1, 10_000))
@settings(deadline=None)
def test_it_equals_the_slow_pool_in_every_figure(
    case: Case, zero_for_one: bool, amount: int, exact_in: bool, distance: int
) -> None:
    limit = sqrt_ratio_at_tick(case.pool.tick + (-distance if zero_for_one else distance + 1))
    swap_fast = case.pool.exact_in if exact_in else case.pool.exact_out
    swap = swap_fast(zero_for_one, amount, limit)
    slow = case.slow()
    paid, received = slow.swap(zero_for_one, amount, exact_in, limit)
    assert (swap.amount_in, swap.amount_out) == (paid, received)
    assert (swap.sqrt_price_after, swap.tick_after) == (slow.price, slow.tick)
    assert swap.liquidity_after == slow.liquidity
    assert swap.crossed == tuple(slow.crossed)
    assert swap.steps == slow.steps


@given(pools(), directions, amounts())
@settings(deadline=None)
def test_what_goes_in_is_spent_or_left_and_the_price_moves_one_way(
    case: Case, zero_for_one: bool, amount: int
) -> None:
    pool = case.pool
    swap = pool.exact_in(zero_for_one, amount)
    assert swap.amount_in + swap.unfilled == amount
    assert 0 <= swap.fee_amount <= swap.amount_in
    if zero_for_one:
        assert swap.sqrt_price_after <= pool.sqrt_price_x96
    else:
        assert swap.sqrt_price_after >= pool.sqrt_price_x96
    # Fee aside, nobody is paid better than spot.
    out, per = pool.spot(zero_for_one)
    assert swap.amount_out * per <= (swap.amount_in - swap.fee_amount) * out
    tick = tick_at_sqrt_ratio(swap.sqrt_price_after)
    assert swap.tick_after in (tick, tick - 1)


@given(pools(), directions, amounts(), amounts())
@settings(deadline=None)
def test_more_in_never_gives_less_out(
    case: Case, zero_for_one: bool, amount: int, more: int
) -> None:
    swap = case.pool.exact_in
    assert swap(zero_for_one, amount + more).amount_out >= swap(zero_for_one, amount).amount_out


@given(pools(), directions, amounts())
@settings(deadline=None)
def test_exact_out_undoes_exact_in_with_the_rounding_kept_by_the_pool(
    case: Case, zero_for_one: bool, amount: int
) -> None:
    there = case.pool.exact_in(zero_for_one, amount)
    assume(there.amount_out > 0)
    back = case.pool.exact_out(zero_for_one, there.amount_out)
    assert back.complete
    # Where exact in ends just short of a tick, exact out goes on to it for the same amount out:
    # it can cost what one more unit out would have.
    out, per = there.after.spot(zero_for_one)
    assert back.amount_in <= there.amount_in + 2 * (per // out + 1)
    assert case.pool.exact_in(zero_for_one, back.amount_in).amount_out >= there.amount_out


@given(pools(), directions, amounts())
@settings(deadline=None)
def test_a_round_trip_never_profits(case: Case, zero_for_one: bool, amount: int) -> None:
    there = case.pool.exact_in(zero_for_one, amount)
    assume(there.amount_out > 0)
    back = there.after.exact_in(not zero_for_one, there.amount_out)
    assert back.amount_out <= there.amount_in


@given(pools(), directions, amounts(), amounts())
@settings(deadline=None)
def test_splitting_never_beats_one_swap(
    case: Case, zero_for_one: bool, first: int, second: int
) -> None:
    whole = case.pool.exact_in(zero_for_one, first + second)
    one = case.pool.exact_in(zero_for_one, first)
    two = one.after.exact_in(zero_for_one, second)
    assert one.amount_out + two.amount_out <= whole.amount_out


@given(pools(), directions, amounts(), st.integers(1, 400))
@settings(deadline=None)
def test_a_price_limit_is_never_passed_and_where_it_does_not_bind_changes_nothing(
    case: Case, zero_for_one: bool, amount: int, distance: int
) -> None:
    pool = case.pool
    limit = sqrt_ratio_at_tick(pool.tick + (-distance if zero_for_one else distance + 1))
    free, bound = pool.exact_in(zero_for_one, amount), pool.exact_in(zero_for_one, amount, limit)
    if zero_for_one:
        assert bound.sqrt_price_after >= limit
    else:
        assert bound.sqrt_price_after <= limit
    if bound.sqrt_price_after == limit:
        assert bound.amount_in <= free.amount_in
    else:
        assert (bound.complete, bound.amount_out) == (True, free.amount_out)


@given(pools(), directions, amounts())
@settings(deadline=None)
def test_ticks_loaded_word_by_word_give_the_same_swap(
    case: Case, zero_for_one: bool, amount: int
) -> None:
    spacing = case.pool.tick_spacing
    by_word: dict[int, dict[int, int]] = {}
    for tick, net in case.nets.items():
        by_word.setdefault(tick // spacing >> 8, {})[tick] = net
    whole = case.pool.exact_in(zero_for_one, amount)
    table = TickTable({}, {})
    pool = replace(case.pool, ticks=table)
    for _ in range(whole.steps + 1):
        try:
            swap = pool.exact_in(zero_for_one, amount)
            break
        except TicksNotLoaded as missing:
            asked = missing.word
        assert asked not in table.words
        # More words at a time the further it goes, as a batch of calls would.
        reach = len(table.words) // 4
        words = {word: by_word.get(word, {}) for word in range(asked - reach, asked + reach + 1)}
        table = table.with_words(words, spacing)
        pool = replace(pool, ticks=table)
    assert (swap.amount_out, swap.crossed) == (whole.amount_out, whole.crossed)
    assert swap.sqrt_price_after == whole.sqrt_price_after


@given(pools(), directions, st.integers(1, 3_000))
@settings(deadline=None)
def test_size_for_impact_reaches_the_impact_and_no_more(
    case: Case, zero_for_one: bool, bps: int
) -> None:
    pool = case.pool
    size = pool.size_for_impact(zero_for_one, bps)
    assume(size > 0)
    swap = pool.exact_in(zero_for_one, size)
    assert swap.complete
    out, per = pool.spot(zero_for_one)
    net = swap.amount_in - swap.fee_amount
    # A step may round two units away, one of each token.
    floor_out = (net - 2 * swap.steps) * out * (10_000 - bps) // (per * 10_000)
    assert swap.amount_out + 2 * swap.steps >= floor_out
    more = pool.exact_in(zero_for_one, size + size // 500 + 2 * swap.steps + 2)
    if more.complete and more.amount_out > 10_000_000 and net > 10_000_000:
        net = more.amount_in - more.fee_amount
        assert more.amount_out * per * 10_000 < net * out * (10_000 - bps)


@given(ticks)
@example(MIN_TICK)
@example(MAX_TICK)
@example(MAX_TICK - 1)
@example(0)
@example(-1)
def test_tick_and_price_are_inverses(tick: int) -> None:
    price = sqrt_ratio_at_tick(tick)
    if tick < MAX_TICK:
        assert tick_at_sqrt_ratio(price) == tick
        assert sqrt_ratio_at_tick(tick + 1) > price
    if tick > MIN_TICK:
        assert tick_at_sqrt_ratio(price - 1) == tick - 1


@given(
    st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1) | st.integers(32, 159).map(lambda b: 3 << b - 1)
)
def test_every_price_lies_in_its_tick(price: int) -> None:
    assume(MIN_SQRT_RATIO <= price < MAX_SQRT_RATIO)
    tick = tick_at_sqrt_ratio(price)
    assert sqrt_ratio_at_tick(tick) <= price < sqrt_ratio_at_tick(tick + 1)


@given(st.integers(-2_000, 2_000))
def test_prices_are_the_powers_they_stand_for(tick: int) -> None:
    # price² = 1.0001^tick · 2^192
    up, down = 10_001 ** abs(tick), 10_000 ** abs(tick)
    exact = (up << 192) // down if tick >= 0 else (down << 192) // up
    assert abs(sqrt_ratio_at_tick(tick) ** 2 - exact) < exact >> 90
