from __future__ import annotations

from decimal import Decimal

import pytest

from papertrader_tui.amm.constant_product import ConstantProductPool
from papertrader_tui.domain.events import Fidelity
from papertrader_tui.domain.money import add, mul, sub
from papertrader_tui.simulator.costs import NotEnoughLiquidity, Swap
from papertrader_tui.simulator.pool_pricer import PoolPricer
from papertrader_tui.simulator.pools import PoolBook
from tests.deskkit import PEPE, START, WETH, D
from tests.poolkit import (
    DEEP,
    ETHER,
    PAIR,
    PEPES,
    book,
    deep,
    fees,
    gas,
    pair,
    route,
    ticks,
)


def pricer(made: PoolBook, token: str = WETH) -> PoolPricer:
    found = made.pricer(token)
    assert found is not None
    return found


def on_pair() -> PoolPricer:
    return pricer(book(route(WETH, PAIR), pair()))


def on_deep() -> PoolPricer:
    return pricer(book(route(WETH, DEEP), ticks(), deep()))


def on_two() -> PoolPricer:
    return pricer(
        book(
            route(PEPE, ETHER, PEPES),
            pair(ETHER, reserve0=3_000_000 * 10**6, reserve1=1_000 * 10**18),
            pair(PEPES, reserve0=300_000_000_000 * 10**18, reserve1=1_000 * 10**18),
            chain="ethereum",
        ),
        PEPE,
    )


def lost(swap: Swap, *, buying: bool) -> Decimal:
    value = mul(swap.quantity, swap.reference)
    return sub(swap.cash, value) if buying else sub(value, swap.cash)


def test_a_buy_is_what_the_pair_pays_to_the_wei() -> None:
    swap = on_pair().buy(D(1000), D(1), 18)
    raw = ConstantProductPool(1_000 * 10**18, 3_000_000 * 10**6).exact_in(False, 1_000 * 10**6)
    assert swap.quantity == Decimal(raw.amount_out).scaleb(-18)
    assert (swap.cash, swap.reference, swap.fidelity) == (D(1000), D(3000), Fidelity.POOL)
    assert swap.lp_fee == D(3)
    assert swap.run is not None
    assert swap.run.amount_out == raw.amount_out


def test_the_feeds_price_does_not_matter() -> None:
    prices = on_pair()
    assert prices.buy(D(1000), D(2), 18) == prices.buy(D(1000), D(9999), 18)


@pytest.mark.parametrize("made", [on_pair, on_deep, on_two])
@pytest.mark.parametrize("dollars", ["0.01", "17.37", "1000", "250000"])
def test_fee_and_impact_are_all_that_is_lost(made, dollars) -> None:
    prices = made()
    bought = prices.buy(D(dollars), D(1), 18)
    sold = prices.sell(bought.quantity, D(1))
    exact = prices.buy_exact(bought.quantity, D(1))
    for swap, buying in ((bought, True), (sold, False), (exact, True)):
        assert add(swap.lp_fee, swap.impact) == lost(swap, buying=buying)
        assert swap.lp_fee > 0
    assert sold.cash < bought.cash


@pytest.mark.parametrize("made", [on_pair, on_deep, on_two])
def test_buying_back_the_quantity_takes_no_more_than_was_spent(made) -> None:
    prices = made()
    for spend in ("3", "999.99", "123456"):
        bought = prices.buy(D(spend), D(1), 18)
        exact = prices.buy_exact(bought.quantity, D(1))
        assert exact.quantity == bought.quantity
        assert D(0) <= sub(bought.cash, exact.cash) < D("0.00002")


def test_the_fees_of_both_hops_are_valued_along_the_way() -> None:
    swap = on_two().buy(D(1000), D(1), 18)
    # 3 USDC in the first pool; 0.3 % of what the first pool paid in the second
    first = ConstantProductPool(3_000_000 * 10**6, 1_000 * 10**18).exact_in(True, 10**9)
    second = Decimal(first.amount_out).scaleb(-18) * 3000 * D("0.003")
    assert abs(swap.lp_fee - 3 - second) < D("1e-12")
    assert swap.reference == D("0.00001")


def test_more_than_the_pool_can_serve_is_refused_with_the_reason() -> None:
    with pytest.raises(NotEnoughLiquidity, match="1000000000000000000000"):
        on_pair().buy_exact(D(1000), D(1))
    with pytest.raises(NotEnoughLiquidity, match=r"word -81 .* is not loaded"):
        on_deep().sell(D(10_000_000), D(1))
    whole = pricer(book(route(WETH, DEEP), ticks(words=range(-347, 347)), deep()))
    with pytest.raises(NotEnoughLiquidity, match="left"):
        whole.buy_exact(D(10_000_000), D(1))


def test_nothing_asked_is_nothing_moved() -> None:
    prices = on_pair()
    for swap in (prices.buy(D(0), D(1), 18), prices.sell(D(0), D(1)), prices.buy_exact(D(0), D(1))):
        assert (swap.quantity, swap.cash) == (0, 0)


def test_another_price_is_an_estimate_on_the_depth_that_is_there() -> None:
    estimate = on_pair().at_price(D(2500))
    assert estimate.fidelity is Fidelity.LIQUIDITY
    exact, near = on_pair().buy(D(30_000), D(1), 18), on_pair().at_price(D(3000))
    again = near.buy(D(30_000), D(3000), 18)
    assert abs(exact.quantity - again.quantity) < exact.quantity * D("1e-9")
    assert abs(on_two().at_price(D("0.00001")).buy(D(30_000), D("0.00001"), 18).quantity
               - on_two().buy(D(30_000), D(1), 18).quantity) < 10**5  # fmt: skip


def test_a_token_that_takes_of_transfers_pays_less_when_sold() -> None:
    taxed = pricer(book(route(WETH, PAIR, fault="takes 5 %", fee_bps=500), pair()))
    assert taxed.sell(D(1), D(1)).cash == on_pair().sell(D("0.95"), D(1)).cash
    swap = taxed.sell(D(1), D(1))
    assert swap.quantity == 1
    assert add(swap.lp_fee, swap.impact) == lost(swap, buying=False)


def test_pools_that_are_not_all_known_price_nothing() -> None:
    assert book(route(WETH, PAIR)).pricer(WETH) is None
    assert book(route(WETH, DEEP), deep()).pricer(WETH) is None  # its ticks are not there
    assert book(route(WETH, PAIR), pair(reserve0=0)).pricer(WETH) is None
    assert book(route(WETH)).pricer(WETH) is None
    assert book(pair()).pricer(WETH) is None
    assert book(route(WETH, PEPES), pair(PEPES)).pricer(WETH) is None  # not this token's pool


def test_a_pricer_is_made_anew_only_where_a_pool_changed() -> None:
    made = book(route(WETH, PAIR), pair())
    first = made.pricer(WETH)
    made.hear(gas(fees(101)))
    assert made.pricer(WETH) is first
    made.step(pair(block=102, reserve1=3_100_000 * 10**6))
    second = made.pricer(WETH)
    assert second is not first
    assert second is not None
    assert second.reference == D(3100)


def test_a_chain_that_says_nothing_prices_nothing() -> None:
    now = START
    made = PoolBook(lambda: now)
    for item in (route(WETH, PAIR), pair()):
        made.step(item)
    assert made.pricer(WETH) is None  # not one block has been heard of
    made.hear(gas(fees(100)))
    assert made.pricer(WETH) is not None
    now += 60_001
    assert made.pricer(WETH) is None
    made.hear(gas(fees(101)))
    assert made.pricer(WETH) is not None


def test_what_the_first_transaction_of_a_block_finds_is_known_for_sure_or_not_at_all() -> None:
    made = book(route(WETH, PAIR), pair(block=99), block=100)
    assert made.stands_before(WETH, 100)  # the state is of the block before
    assert not made.stands_before(WETH, 101)  # block 100's changes are not in yet
    made.hear(gas(fees(101)))
    assert made.stands_before(WETH, 101)  # nothing was said of it in 100
    made.hear(gas(fees(104)))
    assert not made.stands_before(WETH, 104)  # 102 and 103 may have changed it
    made.step(pair(block=103))
    assert made.stands_before(WETH, 104)
    made.step(pair(block=104))
    assert not made.stands_before(WETH, 104)  # too new
    assert not made.stands_before(PEPE, 104)


@pytest.mark.parametrize(
    ("held", "held_usdc", "usable"),
    [(1, 10**33, False), (2, 10**27, False), (10**33, 1, True), (1, 1, True)],
)
def test_pools_at_no_usable_price_price_nothing_and_end_nothing(
    held: int, held_usdc: int, usable: bool
) -> None:
    made = book(route(WETH, PAIR), pair(reserve0=held, reserve1=held_usdc))
    found = made.pricer(WETH)
    assert (found is not None) is usable
    thin = 4_295_128_740  # square root price at the lowest tick: the other end of all prices
    state = deep(tick=-887_272)
    state.sqrt_price_x96 = thin
    assert book(route(WETH, DEEP), ticks(), state).pricer(WETH) is None
