from __future__ import annotations

import pytest

from papertrader_tui.amm.constant_product import (
    MAX_RESERVE,
    ConstantProductPool,
    get_amount_in,
    get_amount_out,
)
from papertrader_tui.amm.errors import AmmError, InsufficientLiquidity

ETHER = 10**18


@pytest.mark.parametrize(
    ("amount", "reserve_in", "reserve_out", "fee_ppm", "out"),
    [
        # y·a(1-f) / (x + a(1-f)), worked out with fractions
        (1, 100 * ETHER, 200 * ETHER, 3000, 1),
        (ETHER, 100 * ETHER, 200 * ETHER, 3000, 1974316068794122597),
        (ETHER, 100 * ETHER, 200 * ETHER, 2500, 1975296418228173964),
        (ETHER, 100 * ETHER, 200 * ETHER, 0, 1980198019801980198),
        (10**6, 25_000_000 * 10**6, 10_000 * ETHER, 3000, 398799984095856),
    ],
)
def test_amount_out(amount: int, reserve_in: int, reserve_out: int, fee_ppm: int, out: int) -> None:
    assert get_amount_out(amount, reserve_in, reserve_out, fee_ppm) == out


def test_amount_in_adds_a_unit_even_to_a_whole_quotient() -> None:
    assert get_amount_in(100, 900, 1000, 0) == 101
    assert get_amount_out(100, 900, 1000, 0) == 100
    assert get_amount_in(ETHER, 100 * ETHER, 200 * ETHER) == 504024636724243082


def test_a_fee_of_997_in_1000_and_one_in_millionths_round_alike() -> None:
    for amount in (1, 333, 10**9 + 7, 3 * ETHER):
        plain = amount * 997 * 7919 * ETHER // (104729 * ETHER * 1000 + amount * 997)
        assert get_amount_out(amount, 104729 * ETHER, 7919 * ETHER, 3000) == plain


def test_a_swap_leaves_the_reserves_that_the_pair_would_have() -> None:
    pool = ConstantProductPool(100 * ETHER, 200 * ETHER)
    swap = pool.exact_in(True, ETHER)
    assert swap.after == ConstantProductPool(101 * ETHER, 200 * ETHER - swap.amount_out)
    assert swap.fee_amount == 3 * ETHER // 1000
    back = pool.exact_in(False, ETHER)
    assert back.after == ConstantProductPool(100 * ETHER - back.amount_out, 201 * ETHER)
    bought = pool.exact_out(True, ETHER)
    assert bought.amount_out == ETHER
    assert bought.after.reserve1 == 199 * ETHER
    assert pool.spot(True) == (200 * ETHER, 100 * ETHER)


def test_size_for_impact_of_one_percent() -> None:
    pool = ConstantProductPool(990_000, 5_000_000, 0)
    assert pool.size_for_impact(True, 100) == 10_000
    assert pool.exact_in(True, 10_000).amount_out == 50_000  # 1 % below the 50,505 at spot


@pytest.mark.parametrize("amount", [0, -1, 1 << 255])
def test_amounts_out_of_range_are_refused(amount: int) -> None:
    with pytest.raises(AmmError, match=r"give 1 to 2\^255"):
        get_amount_out(amount, 10**6, 10**6)


def test_what_the_contracts_refuse_is_refused() -> None:
    with pytest.raises(InsufficientLiquidity, match="empty"):
        get_amount_out(1, 0, 10**6)
    with pytest.raises(InsufficientLiquidity, match="holds 1000"):
        get_amount_in(1_000, 500, 1_000)
    with pytest.raises(AmmError, match="ppm is out of range"):
        get_amount_out(1, 10, 10, 1_000_000)
    pool = ConstantProductPool(10**18, 10)
    with pytest.raises(AmmError, match="less than one unit"):
        pool.exact_in(True, 5)
    with pytest.raises(AmmError, match="overflow"):
        ConstantProductPool(MAX_RESERVE, 10**18).exact_in(True, 1 << 111)
    with pytest.raises(AmmError, match="basis points"):
        pool.size_for_impact(True, 0)
    with pytest.raises(InsufficientLiquidity):
        ConstantProductPool(0, 0).size_for_impact(True, 10)
