from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.domain.events import Fidelity, Filled
from papertrader_tui.domain.market import Depth
from papertrader_tui.domain.money import add, mul, sub
from papertrader_tui.simulator.costs import (
    FlatPricer,
    LiquidityPricer,
    NotEnoughLiquidity,
    drift,
    execution_price,
    pricer_for,
)
from tests.deskkit import Kit, only

D = Decimal
dollars = st.decimals("0.01", "1000000", places=6, allow_nan=False)
prices = st.decimals("0.00000001", "100000", places=8, allow_nan=False)
pools = st.decimals("1000", "100000000", places=2, allow_nan=False)


def test_impact_is_the_share_of_constant_product() -> None:
    # no fee: S = 10,000 into a pool of 2 x 500,000 loses S/(L/2 + S)
    swap = LiquidityPricer(D(1_000_000), D(0)).buy(D(10_000), D(2), 18)
    lost = 1 - mul(swap.quantity, D(2)) / D(10_000)
    assert abs(lost - D(10_000) / D(510_000)) < D("1e-15")
    assert swap.lp_fee == 0
    assert swap.fidelity is Fidelity.LIQUIDITY


def test_impact_reaches_the_quantity_that_is_received() -> None:
    deep = LiquidityPricer(D(100_000_000), D(30)).buy(D(1_000), D(2), 18)
    shallow = LiquidityPricer(D(100_000), D(30)).buy(D(1_000), D(2), 18)
    assert shallow.quantity < deep.quantity < D(500)


def test_slippage_is_no_random_number() -> None:
    def filled(seed: int) -> Decimal:
        kit = Kit(seed=seed)
        kit.price("3000")
        kit.buy("1000")
        return only(kit.price("3000"), Filled).quantity

    assert len({filled(seed) for seed in range(5)}) == 1


def test_flat_charges_the_fee_and_no_impact() -> None:
    swap = FlatPricer(D(30)).sell(D(2), D(1_000))
    assert (swap.cash, swap.lp_fee, swap.impact) == (D(1_994), D(6), D(0))
    assert swap.fidelity is Fidelity.FLAT


def test_without_depth_the_fidelity_is_flat_and_with_it_liquidity() -> None:
    assert pricer_for(None, D(30)).fidelity is Fidelity.FLAT
    depth = Depth("t", 0, D(1_000_000), -1.0, D(5), "demo")
    swap = pricer_for(depth, D(30)).sell(D(1), D(1_000))
    assert swap.fidelity is Fidelity.LIQUIDITY
    assert swap.lp_fee == D("0.5")


@given(dollars, prices, pools, st.sampled_from([0, 1, 5, 30, 100]))
def test_a_buy_splits_exactly_and_never_gains(
    spend: Decimal, price: Decimal, pool: Decimal, fee: int
) -> None:
    swap = LiquidityPricer(pool, D(fee)).buy(spend, price, 18)
    assert add(add(swap.lp_fee, swap.impact), mul(swap.quantity, price)) == spend
    assert swap.impact >= D("-0.000001")
    assert swap.lp_fee >= 0


@given(st.decimals("0.000001", "1000", places=18, allow_nan=False), prices, pools)
def test_a_sale_splits_exactly_and_never_gains(
    quantity: Decimal, price: Decimal, pool: Decimal
) -> None:
    swap = LiquidityPricer(pool, D(30)).sell(quantity, price)
    value = mul(quantity, price)
    assert sub(sub(sub(value, swap.lp_fee), swap.impact), swap.cash) == 0
    assert swap.cash <= value


@given(dollars, prices, pools)
def test_more_spent_is_more_received_but_at_a_worse_price(
    spend: Decimal, price: Decimal, pool: Decimal
) -> None:
    pricer = LiquidityPricer(pool, D(30))
    one, two = pricer.buy(spend, price, 18), pricer.buy(mul(spend, D(2)), price, 18)
    assert two.quantity >= one.quantity
    if one.quantity > D("0.000001"):
        assert two.quantity <= 2 * one.quantity + D("1e-17")


@given(st.decimals("1", "100000", places=2, allow_nan=False), prices)
def test_exact_out_costs_what_exact_in_of_that_much_returns(spend: Decimal, price: Decimal) -> None:
    pricer = LiquidityPricer(D(10_000_000), D(30))
    swap = pricer.buy(spend, price, 18)
    back = pricer.buy_exact(swap.quantity, price)
    # each step of a smallest unit of the token is worth `price` x 1e-18: far below a millionth
    assert abs(back.cash - spend) <= D("0.000003")
    assert back.quantity == swap.quantity


def test_a_pool_does_not_sell_more_than_it_holds() -> None:
    with pytest.raises(NotEnoughLiquidity):
        LiquidityPricer(D(1_000), D(30)).buy_exact(D(1_000), D(1))


def test_drift_costs_when_the_price_moves_against_the_trader() -> None:
    assert drift(D(101), D(100), D(3), buying=True) == D(3)
    assert drift(D(101), D(100), D(3), buying=False) == D(-3)


@pytest.mark.parametrize(
    ("cash", "quantity", "price"),
    [
        ("1000", "0.3", "3333.33333333333333"),
        ("1", "3000000", "3.33333333333333333E-7"),
        ("5", "0", "0"),
    ],
)
def test_the_execution_price_has_18_digits(cash: str, quantity: str, price: str) -> None:
    assert execution_price(D(cash), D(quantity)) == D(price)
