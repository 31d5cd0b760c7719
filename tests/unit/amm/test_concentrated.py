from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from papertrader_tui.amm.bitmap import TickTable, word_of
from papertrader_tui.amm.concentrated import ConcentratedPool
from papertrader_tui.amm.errors import AmmError, InsufficientLiquidity, TicksNotLoaded
from papertrader_tui.amm.sqrt_price_math import next_price_from_input, next_price_from_output
from papertrader_tui.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)

ETHER = 10**18
NETS = {
    -887_220: 10_000 * ETHER,
    -60_000: 300 * ETHER,
    -46_080: 10**21 + 9,
    -30_720: -(10**21) - 9,
    -600: 5 * 10**23 + 333,
    60: 7 * 10**23 + 1,
    600: -5 * 10**23 - 333,
    1_200: -7 * 10**23 - 1,
    60_000: -300 * ETHER,
    887_220: -10_000 * ETHER,
}
POOL = ConcentratedPool(
    fee_ppm=2501,
    tick_spacing=60,
    sqrt_price_x96=79525810983608130175437224861,
    tick=75,
    liquidity=1210300000000000000000334,
    ticks=TickTable.from_nets(NETS, 60),
)

# Computed with tests/slow_pool.py: (zero for one, exact in, amount) -> (paid, received,
# sqrt price, tick, liquidity, ticks crossed, steps).
GOLDEN = [
    ((True, True, 1), (1, 0, 79525810983608130175437224861, 75, 1210300000000000000000334, 0, 1)),
    (
        (True, True, 10**18 + 7),
        (10**18 + 7, 1005007159161202980, 79525745194241416118662174197, 74,
         1210300000000000000000334, 0, 1),
    ),
    (
        (True, True, 10**22),
        (10**22, 9875869587776701730974, 78074285041059210343427969325, -294,
         510300000000000000000333, 1, 3),
    ),
    (
        (True, True, 3 * 10**23),
        (3 * 10**23, 27264314892822656024814, 2824554528142928923948258558, -66683,
         10000000000000000000000, 5, 9),
    ),
    (
        (True, True, 10**26),
        (10**26, 27619821099763793009600, 7944174306719972141844314, -184163,
         10000000000000000000000, 5, 16),
    ),
    (
        (True, False, 10**22),
        (10128178764441876973100, 10**22, 78055012800274201329808714266, -299,
         510300000000000000000333, 1, 3),
    ),
    (
        (True, False, 10**26),
        (184442848173804194621692071437430660892531, 27620823795529366228413,
         4295128740, -887272, 0, 6, 63),
    ),
    (
        (False, True, 5 * 10**22),
        (5 * 10**22, 47392230520120919500986, 83600086251265169534352813614, 1074,
         710300000000000000000001, 1, 2),
    ),
    (
        (False, True, 10**26),
        (10**26, 61293513347346059376017, 789906462387111713635399216078065, 184155,
         10000000000000000000000, 3, 15),
    ),
    ((False, False, 1), (3, 1, 79525810983608130175437290816, 75, 1210300000000000000000334, 0, 1)),
    (
        (False, False, 10**26),
        (184442848208382848215802427367684573262539, 61294516354237215011620,
         1461446703485210103287273052203988822378723970341, 887271, 0, 4, 62),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "answer"), GOLDEN)
def test_golden(asked: tuple[bool, bool, int], answer: tuple[int, ...]) -> None:
    zero_for_one, exact_in, amount = asked
    swap = (POOL.exact_in if exact_in else POOL.exact_out)(zero_for_one, amount)
    assert answer == (
        swap.amount_in,
        swap.amount_out,
        swap.sqrt_price_after,
        swap.tick_after,
        swap.liquidity_after,
        swap.ticks_crossed,
        swap.steps,
    )
    filled = swap.amount_in if exact_in else swap.amount_out
    assert (swap.unfilled, swap.complete) == (amount - filled, amount == filled)


def test_falling_exactly_onto_a_tick_leaves_the_tick_one_lower() -> None:
    onto = POOL.exact_in(True, 10**30, sqrt_ratio_at_tick(60))
    assert onto.crossed == (60,)
    assert (onto.sqrt_price_after, onto.tick_after) == (sqrt_ratio_at_tick(60), 59)
    # Going on from there must not cross it again, and going back must.
    assert 60 not in onto.after.exact_in(True, ETHER).crossed
    back = onto.after.exact_in(False, ETHER)
    assert back.crossed == (60,)
    assert back.liquidity_after == POOL.liquidity


def test_an_empty_word_is_a_step_of_its_own() -> None:
    flat = {-30_000: ETHER, 30_000: -ETHER}
    pool = ConcentratedPool(3000, 1, sqrt_ratio_at_tick(0), 0, ETHER, TickTable.from_nets(flat, 1))
    swap = pool.exact_in(False, ETHER)
    # from word 0 into the word of the tick it ends at, one step in each
    assert swap.steps == word_of(swap.tick_after, 1) + 1 > 20
    assert swap.crossed == ()


def test_words_are_asked_for_when_needed_and_only_then() -> None:
    spacing = POOL.tick_spacing
    near = {word_of(75, spacing): {t: n for t, n in NETS.items() if word_of(t, spacing) == 0}}
    pool = replace(POOL, ticks=TickTable({}, {}).with_words(near, spacing))
    assert pool.exact_in(False, ETHER).amount_out == POOL.exact_in(False, ETHER).amount_out
    with pytest.raises(TicksNotLoaded, match="word -1") as missing:
        pool.exact_in(True, 10**22)
    assert missing.value.word == -1
    assert word_of(-1, spacing) == -1


def test_a_word_takes_only_its_own_ticks() -> None:
    with pytest.raises(AmmError, match="not all in word 1"):
        TickTable({}, {}).with_words({1: {60: 5}}, 60)
    with pytest.raises(AmmError, match="tick 61 cannot be initialised"):
        TickTable.from_nets({61: 5}, 60)
    with pytest.raises(AmmError, match="no liquidity is known for tick 60"):
        TickTable({0: 2}, {}).net(60)


def test_a_tick_whose_net_is_zero_still_ends_a_step() -> None:
    nets = {**NETS, 120: 0}
    swap = replace(POOL, ticks=TickTable.from_nets(nets, 60)).exact_in(False, 10**22)
    assert swap.crossed == (120,)
    assert swap.liquidity_after == POOL.liquidity


@pytest.mark.parametrize(
    ("zero_for_one", "limit"),
    [
        (True, POOL.sqrt_price_x96),
        (True, POOL.sqrt_price_x96 + 1),
        (True, MIN_SQRT_RATIO),
        (False, POOL.sqrt_price_x96),
        (False, MAX_SQRT_RATIO),
    ],
)
def test_price_limits_that_the_contract_refuses(zero_for_one: bool, limit: int) -> None:
    with pytest.raises(AmmError, match="price limit"):
        POOL.exact_in(zero_for_one, 1, limit)


def test_states_that_cannot_be_are_refused() -> None:
    with pytest.raises(AmmError, match="not initialised"):
        replace(POOL, sqrt_price_x96=0)
    with pytest.raises(AmmError, match="tick spacing 0"):
        replace(POOL, tick_spacing=0)
    with pytest.raises(AmmError, match="ppm is out of range"):
        replace(POOL, fee_ppm=1_000_000)
    with pytest.raises(AmmError, match="negative"):
        replace(POOL, liquidity=-1)
    with pytest.raises(AmmError, match="raw units"):
        POOL.exact_out(True, 0)
    with pytest.raises(AmmError, match="not of one block"):
        replace(POOL, liquidity=10**21).exact_in(True, 10**24)
    with pytest.raises(AmmError, match="basis points"):
        POOL.size_for_impact(True, 10_000)


def test_size_for_impact_across_ticks() -> None:
    # 1 % below spot lies beyond tick 60, where more than half of the liquidity ends
    size = POOL.size_for_impact(True, 100)
    swap = POOL.exact_in(True, size)
    assert swap.crossed == (60,)
    out, per = POOL.spot(True)
    at_spot = (swap.amount_in - swap.fee_amount) * out // per
    assert (at_spot - swap.amount_out) * 10**12 // at_spot in range(10**10 - 10, 10**10 + 10)
    # In one range the curve's impact at price 1 is n/(L + n), however few units it is about.
    flat = TickTable.from_nets({-600: 10**6, 600: -(10**6)}, 60)
    few = ConcentratedPool(0, 60, 1 << 96, 0, 10**6, flat)
    for bps in (1, 10, 50, 100):
        for zero_for_one in (True, False):
            size = few.size_for_impact(zero_for_one, bps)
            # the pool rounds up once a word, and the price lies between two of them
            assert 10**6 * bps // (10_000 - bps) <= size <= 10**6 * bps // (10_000 - bps) + 2
    # An impact that the pool cannot even give is all that it takes.
    thin = replace(POOL, liquidity=0, ticks=TickTable.from_nets({}, 60))
    assert thin.size_for_impact(True, 100) == 0


def test_a_pool_at_the_end_of_all_prices_takes_nothing() -> None:
    bottom = replace(POOL, sqrt_price_x96=MIN_SQRT_RATIO, tick=MIN_TICK, liquidity=0)
    swap = bottom.exact_in(True, ETHER)
    assert (swap.amount_in, swap.amount_out, swap.unfilled) == (0, 0, ETHER)


def test_prices_of_known_ticks() -> None:
    assert MIN_SQRT_RATIO == 4295128739
    assert MAX_SQRT_RATIO == 1461446703485210103287273052203988822378723970342
    assert sqrt_ratio_at_tick(0) == 1 << 96
    assert sqrt_ratio_at_tick(50) == 79426470787362580746886972461
    assert sqrt_ratio_at_tick(-50) == 79030349367926598376800521322
    assert tick_at_sqrt_ratio(MIN_SQRT_RATIO) == MIN_TICK
    assert tick_at_sqrt_ratio(MAX_SQRT_RATIO - 1) == MAX_TICK - 1
    sample = [sqrt_ratio_at_tick(t) for t in range(MIN_TICK, MAX_TICK, 9_973)]
    assert all(low < high for low, high in pairwise(sample))


def test_prices_and_ticks_out_of_range() -> None:
    for tick in (MIN_TICK - 1, MAX_TICK + 1):
        with pytest.raises(AmmError, match="out of range"):
            sqrt_ratio_at_tick(tick)
    for price in (MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO):
        with pytest.raises(AmmError, match="out of range"):
            tick_at_sqrt_ratio(price)


def test_where_256_bits_overflow_the_contract_divides_first() -> None:
    # amount · price no longer fits: L·2^96 / (L·2^96 / price + amount), rounded up
    price, liquidity, amount = (3 << 150) + 12_345, 1 << 127, 1 << 105
    numerator = liquidity << 96
    expected = -(-numerator // (numerator // price + amount))
    precise = -(-numerator * price // (numerator + amount * price))
    assert next_price_from_input(price, liquidity, amount, True) == expected != precise


def test_where_the_least_move_of_the_price_pays_more_than_was_asked_the_pool_keeps_it() -> None:
    deep = replace(POOL, liquidity=10**30)  # a 2^-96 of price is 12 units of token1
    swap = deep.exact_out(True, 5)
    assert (swap.amount_out, swap.unfilled) == (5, 0)
    assert swap.sqrt_price_after == POOL.sqrt_price_x96 - 1


def test_more_out_than_a_range_can_hold() -> None:
    with pytest.raises(InsufficientLiquidity):
        next_price_from_output(1 << 96, 10**6, 10**6 + 1, True)
    with pytest.raises(InsufficientLiquidity):
        next_price_from_output(1 << 96, 10**6, 10**6, False)
