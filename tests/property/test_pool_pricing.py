"""What holds of swaps on pools, whatever the pools and sizes are."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from papertrader_tui.amm.concentrated import ConcentratedPool
from papertrader_tui.amm.path import path_in
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.money import add, mul, sub, total
from papertrader_tui.domain.pools import V2, V3, Pool
from papertrader_tui.simulator.costs import NotEnoughLiquidity, Swap
from papertrader_tui.simulator.executions import Requote, execution_of, requote
from papertrader_tui.simulator.paths import put_in
from papertrader_tui.simulator.pool_pricer import PoolPricer
from papertrader_tui.simulator.pools import PoolBook
from tests.deskkit import PEPE, D, only
from tests.poolkit import (
    ETHER,
    PEPES,
    USDC_ETHEREUM,
    WETH_ETHEREUM,
    PoolKit,
    book,
    deep,
    pair,
    pepe_over_ether,
    route,
    ticks,
    weth_on_pair,
)

SPENDS = st.decimals("0.01", "500000", places=6)
FEES = st.sampled_from((100, 500, 2_500, 3_000, 10_000))
RESERVES = st.integers(10**20, 10**24)


@st.composite
def pair_books(draw) -> PoolBook:
    """PEPE over one or two constant product pools, or over a pair and a concentrated pool."""
    ether = replace(ETHER, fee_ppm=draw(FEES))
    first = pair(
        ether,
        reserve0=draw(st.integers(10**12, 10**14)),
        reserve1=draw(st.integers(10**20, 10**22)),
    )
    kind = draw(st.sampled_from((V2, V3, "one")))
    if kind == "one":
        one = Pool("ethereum:0x" + "f6" * 20, V2, USDC_ETHEREUM, PEPE, 6, 18, draw(FEES), 0, "t")
        state = pair(one, reserve0=draw(st.integers(10**11, 10**14)), reserve1=draw(RESERVES))
        return book(route(PEPE, one), state, chain="ethereum")
    if kind == V2:
        last = replace(PEPES, fee_ppm=draw(FEES))
        state = pair(last, reserve0=draw(RESERVES), reserve1=draw(st.integers(10**20, 10**22)))
        return book(route(PEPE, ether, last), first, state, chain="ethereum")
    last = Pool(PEPES.id, V3, PEPE, WETH_ETHEREUM, 18, 18, draw(FEES), 60, "test v3")
    wide = draw(st.integers(10**22, 10**25))
    narrow = draw(st.integers(0, 10**25))
    # a range of its own around the price, which swaps of some sizes leave
    inner = draw(st.integers(1, 20)) * 60
    nets = {-122_880: wide, 122_880: -wide}
    if narrow:
        nets |= {-inner: narrow, inner: -narrow}
    tick = draw(st.integers(-inner + 1, inner - 1))
    words = range(-9, 9)
    known = ticks(last, nets, words, draw(st.sampled_from(((), tuple(nets)))))
    return book(
        route(PEPE, ether, last), first, known, deep(last, tick, nets=nets), chain="ethereum"
    )


def pricer_of(made: PoolBook) -> PoolPricer:
    found = made.pricer(PEPE)
    assume(found is not None)
    assert found is not None
    return found


def lost(swap: Swap, *, buying: bool) -> Decimal:
    value = mul(swap.quantity, swap.reference)
    return sub(swap.cash, value) if buying else sub(value, swap.cash)


def served(quote, *arguments) -> Swap:
    """A swap, or another example where the pool cannot serve one."""
    try:
        swap = quote(*arguments)
    except NotEnoughLiquidity:
        assume(False)
    return swap


@given(pair_books(), SPENDS)
def test_every_split_adds_up_and_a_round_trip_only_costs(made, spend) -> None:
    prices = pricer_of(made)
    bought = served(prices.buy, spend, D(1), 18)
    sold = served(prices.sell, bought.quantity, D(1))
    for swap, buying in ((bought, True), (sold, False)):
        assert add(add(swap.lp_fee, swap.impact), swap.mev) == lost(swap, buying=buying)
        assert swap.lp_fee > 0
    assert sold.cash <= bought.cash


@given(pair_books(), SPENDS)
def test_asking_for_the_quantity_that_was_bought_costs_no_more(made, spend) -> None:
    prices = pricer_of(made)
    bought = served(prices.buy, spend, D(1), 18)
    exact = served(prices.buy_exact, bought.quantity, D(1))
    assert exact.quantity >= bought.quantity
    assert exact.cash <= bought.cash
    assert lost(exact, buying=True) == add(exact.lp_fee, exact.impact)


@given(pair_books(), st.lists(SPENDS, min_size=2, max_size=6))
def test_splitting_an_order_never_gets_more_for_it(made, spends) -> None:
    prices = pricer_of(made)
    whole = served(prices.buy, sum(spends, D(0)), D(1), 18)
    parts = D(0)
    for spend in spends:
        swap = served(pricer_of(made).buy, spend, D(1), 18)
        assert swap.run is not None
        made.book(execution_of(swap.run, 101, 0, None))
        parts = add(parts, swap.quantity)
    assert parts <= whole.quantity


@given(pair_books(), SPENDS, st.integers(1, 99))
def test_own_swaps_the_other_way_never_make_a_price_better(made, spend, percent) -> None:
    fresh = served(pricer_of(made).buy, spend, D(1), 18)
    before = served(pricer_of(made).buy, spend * 2, D(1), 18)
    assert before.run is not None
    made.book(execution_of(before.run, 101, 0, None))
    quantity = (fresh.quantity * percent / 100).quantize(D("1e-18"))
    sale = served(pricer_of(made).sell, quantity, D(1))
    assert sale.run is None or sale.run.path.hops[0].shadow == 0
    if sale.run is not None:
        made.book(execution_of(sale.run, 102, 0, None))
    again = served(pricer_of(made).buy, spend, D(1), 18)
    assert again.quantity <= fresh.quantity


@given(
    pair_books(),
    st.decimals("5000", "500000", places=6),
    st.integers(50, 2_000),
    st.booleans(),
    st.booleans(),
)
def test_a_sandwich_never_favours_the_trader_and_pays_the_attacker(
    made, spend, tolerance, selling, exact_out
) -> None:
    prices = pricer_of(made)
    plain = served(prices.buy, spend, D(1), 18)
    buying = not selling
    if selling:
        plain = served(prices.sell, plain.quantity, D(1))
    elif exact_out:
        plain = served(prices.buy_exact, plain.quantity, D(1))
    assume(plain.cash > 0 and plain.quantity > 0)
    share = D(tolerance) / 10_000

    def passes(swap: Swap) -> bool:
        if selling:
            return swap.cash >= plain.cash * (1 - share)
        if exact_out:
            return swap.cash <= plain.cash * (1 + share)
        return swap.quantity >= plain.quantity * (1 - share)

    gas = D("0.5")
    attacked = prices.sandwiched(plain, passes, gas)
    assert add(add(attacked.lp_fee, attacked.impact), attacked.mev) == lost(attacked, buying=buying)
    assert passes(attacked)
    assert attacked.mev >= 0
    run = attacked.run
    if run is None or run.front is None:
        assert attacked == plain
        return
    # the attacker's own two swaps, with the order in between
    hop, amount = run.front.hop, run.front.amount_in
    leg = run.path.legs[hop]
    (ahead,) = path_in([leg], amount)
    back = replace(leg, pool=run.swaps[hop].after, zero_for_one=not leg.zero_for_one)
    (behind,) = path_in([back], ahead.amount_out)
    assert mul(Decimal(behind.amount_out - amount), run.path.worths[hop]) > gas
    assert run.legs[hop] == put_in(leg, amount)


@given(pair_books(), SPENDS, st.integers(0, 10**10))
def test_an_execution_quotes_the_same_again_from_what_it_keeps(made, spend, shadow) -> None:
    if shadow:
        earlier = served(pricer_of(made).buy, D(shadow) / 10**6, D(1), 18)
        assume(earlier.run is not None)
        assert earlier.run is not None
        made.book(execution_of(earlier.run, 100, 0, None))
    swap = served(pricer_of(made).buy, spend, D(1), 18)
    assert swap.run is not None
    kept = ev.from_plain(ev.Execution, ev.to_plain(execution_of(swap.run, 101, 7, None)))
    fill = filled(swap, kept)
    assert requote(fill, kept) == Requote()
    looked_at = sum(len(hop.words) for hop in kept.hops)
    whole = sum(
        len(hop.pool.ticks.words)
        for hop in swap.run.path.hops
        if isinstance(hop.pool, ConcentratedPool)
    )
    assert looked_at <= whole


def filled(swap: Swap, execution: ev.Execution) -> ev.Filled:
    """A fill of this swap; what is not of the swap does not matter."""
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("100")
    fill = only(kit.mine(), ev.Filled)
    return replace(
        fill, quantity=swap.quantity, cash=swap.cash, reference_price=swap.reference,
        lp_fee=swap.lp_fee, impact=swap.impact, mev=swap.mev, execution=execution,
    )  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("buy", "sell", "close", "block", "trade", "price")),
            st.integers(1, 60_000),
        ),
        max_size=25,
    ),
    st.sampled_from((2, 5, 7, 9)),
)
@settings(max_examples=40, deadline=None)
def test_the_books_balance_whatever_is_done_on_pools(acts, level) -> None:
    kit = PoolKit(level=level, chain="ethereum")
    kit.base_fee = 2 * 10**9
    pepe_over_ether(kit)
    kit.buy("2000", PEPE, tolerance=300)
    for act, size in acts:
        if act == "buy":
            kit.buy(str(size), PEPE, tolerance=1 + size % 400)
        elif act == "sell":
            kit.sell(str(1 + size % 99), PEPE, tolerance=1 + size % 400)
        elif act == "close":
            kit.close(PEPE)
        elif act == "price":
            kit.price("0.00001", PEPE)
        else:
            moved = 1_000 * 10**18 + (size - 30_000) * 10**15 * (act == "trade")
            state = pair(PEPES, kit.block, 300_000_000_000 * 10**18, moved)
            kit.mine(state, after=12_000)
        assert kit.account.ledger.reconciled()
        assert kit.account.ledger.cash >= 0
    totals = kit.account.totals(kit.now)
    costs = total((totals.lp_fees, totals.impact, totals.mev, totals.gas))
    made = total((totals.initial, totals.realized, totals.unrealized))
    assert totals.equity == sub(made, costs)
    fills = [e for e in kit.events if isinstance(e, ev.Filled)]
    assert totals.mev == total(f.mev for f in fills)
    for fill in fills:
        if fill.execution is not None:
            assert requote(fill, fill.execution) == Requote()
