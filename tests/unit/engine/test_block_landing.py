"""Orders that land by block: which state, what it costs, and what may go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from papertrader_tui.amm.constant_product import ConstantProductPool
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.market import Gas, Quote, Timer, Trust
from papertrader_tui.domain.money import add, mul, sub
from papertrader_tui.domain.orders import Kind, SizeBy, Status
from papertrader_tui.simulator.executions import Requote, requote
from tests.deskkit import PEPE, WETH, D, Kit, only
from tests.poolkit import (
    BASE_L1,
    DEEP,
    PAIR,
    PEPES,
    PoolKit,
    deep,
    fees,
    gas,
    pair,
    pepe_over_ether,
    route,
    ticks,
    weth_on_pair,
)


def submitted(events) -> ev.OrderSubmitted:
    return only(events, ev.OrderSubmitted)


def checked(fill: ev.Filled) -> ev.Filled:
    """A fill that adds up, and is quoted the same from itself."""
    value = mul(fill.quantity, fill.reference_price)
    distance = sub(fill.cash, value) if fill.side == "buy" else sub(value, fill.cash)
    assert add(add(fill.lp_fee, fill.impact), fill.mev) == distance
    assert fill.execution is not None
    again = ev.from_record("Filled", fill.seq, fill.time, ev.to_record(fill))
    assert again == fill
    assert requote(again, again.execution) == Requote()
    return fill


def test_it_is_the_first_transaction_of_its_block() -> None:
    kit = PoolKit()
    weth_on_pair(kit)
    sent = submitted(kit.buy("3000"))
    assert kit.block < sent.lands_block <= kit.block + 3
    assert sent.quote_source == f"onchain #{kit.block}"
    found = []
    while kit.block < sent.lands_block:
        # somebody moves the price in every block, the landing one included
        state = pair(block=kit.block, reserve1=3_000_000 * 10**6 + kit.block * 10**6)
        found += kit.mine(state)
    fill = checked(only(found, ev.Filled))
    reserves = 1_000 * 10**18, 3_000_000 * 10**6 + (sent.lands_block - 1) * 10**6
    raw = ConstantProductPool(*reserves).exact_in(False, 3_000 * 10**6)
    assert fill.execution is not None
    assert fill.execution.block == sent.lands_block
    assert fill.execution.amount_out == raw.amount_out
    assert fill.fidelity is ev.Fidelity.POOL
    assert fill.reference_source == f"onchain #{sent.lands_block}"
    assert kit.account.ledger.reconciled()


def test_a_price_does_not_land_it() -> None:
    kit = PoolKit()
    weth_on_pair(kit)
    kit.buy("3000")
    kit.price("3100", after=30_000)
    assert kit.order(1).status is Status.SUBMITTED


def test_no_state_but_that_before_its_block_will_do() -> None:
    kit = PoolKit()
    weth_on_pair(kit)
    block = submitted(kit.buy("3000")).lands_block
    # the node was asked late: what changed in the blocks between is not known
    kit.mine(blocks=block + 2 - kit.block)
    assert kit.order(1).status is Status.SUBMITTED
    kit.block = block - 1  # and now it tells what the order found
    fill = checked(only(kit.mine(pair(block=block - 1)), ev.Filled))
    assert fill.execution is not None
    assert fill.execution.block == block


def test_what_no_node_can_tell_any_more_lands_on_what_there_is() -> None:
    kit = PoolKit()
    weth_on_pair(kit)
    block = submitted(kit.buy("3000")).lands_block
    kit.mine(blocks=40, after=20_000)
    kit.mine(blocks=40, after=20_000)
    assert kit.order(1).status is Status.SUBMITTED
    fill = checked(only(kit.mine(blocks=40, after=40_000), ev.Filled))
    assert fill.execution is not None
    assert fill.execution.block == kit.block + 1 > block


def test_a_silent_chain_lands_it_on_the_estimate_and_says_so() -> None:
    kit = PoolKit()
    weth_on_pair(kit)
    kit.buy("3000")
    kit.price("3000", after=50_000)
    assert kit.order(1).status is Status.SUBMITTED
    fill = only(kit.price("3010", after=20_000), ev.Filled)
    assert fill.fidelity is ev.Fidelity.LIQUIDITY
    assert fill.reference_source == "test; Base is silent"
    assert fill.execution is None
    assert fill.reference_price == D(3010)


def test_a_dead_chain_is_silent_though_others_tell_its_native_price() -> None:
    """A new price of ether brings the old fees along: no word of the chain."""
    kit = PoolKit()
    weth_on_pair(kit)
    told = gas(fees(kit.block), time=kit.now)
    last = kit.now
    for _ in range(3):
        kit.price("3000", after=20_000)
        again = Gas(told.chain, told.time, told.price_wei, 0, D(3100), told.source, told.fees)
        kit.desk.step(again)
    assert kit.now == last + 60_000
    assert kit.desk.gas["base"].native_usd == 3_100
    kit.price("3000", after=1_000)
    assert kit.desk.pools.silent("base")
    assert kit.desk.markets[WETH].pricer.fidelity is ev.Fidelity.LIQUIDITY
    kit.mine()
    assert not kit.desk.pools.silent("base")
    assert kit.desk.markets[WETH].pricer.fidelity is ev.Fidelity.POOL


def test_no_order_lands_in_a_block_that_was_made_before_it_was_sent() -> None:
    """However many blocks were made since the node told of one."""
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.price("3000", after=45_000)
    assert submitted(kit.buy("300")).lands_block == kit.block + 45_000 // 2_000 + 1


def test_the_gas_strategy_decides_how_long_it_waits() -> None:
    waits = {}
    for level, least, most in ((1, 2, 5), (2, 1, 4), (3, 1, 3), (5, 1, 3), (7, 1, 2), (9, 1, 1)):
        kit = PoolKit(level=level)
        weth_on_pair(kit)
        for _ in range(30):
            sent = submitted(kit.buy("20"))
            waits.setdefault(level, set()).add(sent.lands_block - kit.block)
        assert waits[level] == set(range(least, most + 1))


def test_blocks_made_since_the_node_last_told_count() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.price("3000", after=4_500)
    assert submitted(kit.buy("20")).lands_block == kit.block + 2 + 1


def test_the_first_swap_approves_and_the_first_holding_costs_more() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    fills = []
    for what in (kit.buy, kit.buy, kit.sell, kit.buy):
        what("50" if what == kit.sell else "300")
        fills.append(checked(only(kit.mine(), ev.Filled)))
    swap = fills[1].gas_units
    assert fills[0].gas_units - swap == 46_569 + 17_100
    assert fills[2].gas_units - swap == 46_569  # WETH was never approved before
    assert fills[3].gas_units == swap


def test_gas_is_the_base_fee_of_the_block_and_the_strategys_tip() -> None:
    for level, tip in ((1, 1), (2, 2), (3, 3), (5, 3), (7, 4), (9, 5)):
        kit = PoolKit(level=level)
        weth_on_pair(kit)
        kit.buy("300")
        kit.base_fee = 12_345_678
        fill = checked(only(kit.mine_until(ev.Filled), ev.Filled))
        assert fill.gas_price_wei == 12_345_678 + tip * 10**6
        assert fill.gas_source == "fee history"


def test_an_op_stack_chain_charges_for_the_bytes() -> None:
    plain, charged = PoolKit(level=9), PoolKit(level=9)
    charged.l1 = BASE_L1
    fills = []
    for kit in (plain, charged):
        weth_on_pair(kit)
        kit.buy("300")
        fills.append(checked(only(kit.mine(), ev.Filled)))
    assert fills[0].l1_fee_wei == 0
    assert fills[1].l1_fee_wei > 10**9
    assert fills[1].gas > fills[0].gas
    assert fills[0].gas_units == fills[1].gas_units


@pytest.mark.parametrize("size", ["100", "25000", "95000"])
def test_concentrated_pools_fill_and_are_quoted_again_from_the_event(size) -> None:
    kit = PoolKit(level=9)
    kit.price("3000")
    kit.tell(route(WETH, DEEP), ticks(), deep())
    kit.mine()
    kit.buy(size, tolerance=5_000)
    bought = checked(only(kit.mine(), ev.Filled))
    kit.close()
    sold = checked(only(kit.mine(), ev.Filled))
    assert bought.execution is not None
    assert bought.execution.hops[0].words
    assert sold.cash < bought.cash
    assert kit.account.ledger.reconciled()


def test_an_order_that_would_revert_is_left_out_by_a_protected_relay() -> None:
    kit = PoolKit(level=5)  # protected
    weth_on_pair(kit)
    kit.buy("3000", tolerance=10)
    cash = kit.account.ledger.cash
    found = []
    for _ in range(4):
        found += kit.mine(pair(block=kit.block, reserve1=3_100_000 * 10**6))
    left = only(found, ev.NotIncluded)
    assert "the minimum out was" in left.reason
    assert (left.again, kit.order(1).status) == ("cancelled", Status.CANCELLED)
    assert kit.account.ledger.cash == cash


def test_an_unprotected_one_pays_for_its_revert() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("3000", tolerance=10)
    revert = only(kit.mine(pair(block=kit.block, reserve1=3_100_000 * 10**6)), ev.Reverted)
    assert revert.gas > 0
    assert revert.reference_price == D(3100)
    assert kit.order(1).status is Status.REVERTED


def test_a_sale_that_must_get_out_goes_again_wider_without_cost() -> None:
    kit = PoolKit(level=5)
    weth_on_pair(kit)
    kit.buy("3000")
    kit.mine_until(ev.Filled)
    kit.close()
    found = []
    for _ in range(4):
        found += kit.mine(pair(block=kit.block, reserve1=2_900_000 * 10**6))
        if any(isinstance(e, ev.NotIncluded) for e in found):
            break
    assert only(found, ev.NotIncluded).again == "submitted"
    assert kit.order(2).attempts == 2
    assert kit.order(2).tolerance_bps == 200
    fill = only(kit.mine_until(ev.Filled), ev.Filled)
    assert checked(fill).quantity > 0


def test_a_limit_that_was_left_out_rests_again() -> None:
    kit = PoolKit(level=5)
    weth_on_pair(kit)
    kit.buy("3000", kind=Kind.LIMIT, price="3050")
    kit.price("3000")
    assert kit.order(1).status is Status.SUBMITTED
    found = []
    for _ in range(8):
        found += kit.mine(pair(block=kit.block, reserve1=3_200_000 * 10**6))
    assert only(found, ev.NotIncluded).again == "working"
    assert kit.order(1).status is Status.WORKING


def test_an_unsafe_token_is_not_bought_and_can_be_sold() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("3000")
    kit.mine()
    kit.tell(route(WETH, PAIR, fault="takes 5 % of every transfer", fee_bps=500))
    refused = only(kit.buy("100"), ev.OrderRejected)
    assert (refused.rule, refused.reason) == (
        "unsafe_token", "the token is not safe: takes 5 % of every transfer",
    )  # fmt: skip
    kit.close()
    fill = checked(only(kit.mine(), ev.Filled))
    assert fill.cash < fill.quantity * D(3000) * D("0.95")


def test_a_sandwich_takes_what_the_tolerance_leaves_it() -> None:
    kit = PoolKit(level=9, chain="ethereum")  # unprotected, seen by everybody
    pepe_over_ether(kit)
    kit.buy("40000", PEPE, tolerance=300)
    order = kit.order(1)
    fill = checked(only(kit.mine(after=12_000), ev.Filled))
    assert fill.execution is not None
    assert fill.execution.front_hop >= 0
    assert fill.mev > 0
    assert order.bound is not None
    assert order.expected is not None
    # within a millionth of all the tolerance, and never beyond it
    assert 0 <= fill.quantity - order.bound < order.expected * D("0.00001")
    assert kit.account.ledger.balances["mev"] == fill.mev
    assert kit.account.ledger.reconciled()


def test_a_protected_order_or_a_small_one_is_not_sandwiched() -> None:
    for level, size in ((5, "40000"), (9, "100")):
        kit = PoolKit(level=level, chain="ethereum")
        pepe_over_ether(kit)
        kit.buy(size, PEPE, tolerance=300)
        fill = checked(only(kit.mine_until(ev.Filled), ev.Filled))
        assert fill.mev == 0


def test_own_impact_stays_until_others_have_traded_as_much() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    quantities = []
    for _ in range(3):
        kit.buy("10000")
        quantities.append(checked(only(kit.mine(), ev.Filled)).quantity)
    assert quantities[0] > quantities[1] > quantities[2]
    # others buy for 30,000 USDC: as much as we did
    whole = ConstantProductPool(1_000 * 10**18, 3_000_000 * 10**6).exact_in(False, 30_000 * 10**6)
    moved = whole.after
    kit.mine(pair(block=kit.block, reserve0=moved.reserve0, reserve1=moved.reserve1))
    kit.buy("10000")
    fresh = moved.exact_in(False, 10_000 * 10**6)
    fill = checked(only(kit.mine(), ev.Filled))
    assert fill.execution is not None
    assert fill.execution.hops[0].shadow == 0
    assert fill.execution.amount_out == fresh.amount_out


def test_own_impact_survives_a_restart() -> None:
    kit, other = PoolKit(level=9), PoolKit(level=9)
    fills = []
    for k in (kit, other):
        weth_on_pair(k)
        k.buy("10000")
        k.mine()
        if k is kit:
            text = k.desk.checkpoint()
            k.restart()
            assert k.desk.checkpoint() == text
            k.tell(route(WETH, PAIR), pair())
            k.mine()
        else:
            k.mine()
        k.buy("10000")
        fills.append(checked(only(k.mine(), ev.Filled)))
    assert fills[0].execution is not None
    assert fills[0].execution.hops[0].shadow == 10_000 * 10**6
    assert fills[0].quantity == fills[1].quantity


def test_a_checkpoint_from_before_pools_is_taken_in() -> None:
    kit = Kit()
    kit.price("3000")
    before = kit.desk.checkpoint()
    kit.desk.restore(before.replace(',"pools":{}', ""))
    assert kit.desk.checkpoint() == before


def test_spending_all_cash_leaves_the_gas() -> None:
    kit = PoolKit("200", level=9, chain="ethereum")
    kit.base_fee = 20 * 10**9
    pepe_over_ether(kit)
    kit.buy("100", PEPE, by=SizeBy.PERCENT)
    fill = checked(only(kit.mine(after=12_000), ev.Filled))
    assert fill.gas > 10
    assert kit.account.ledger.cash > 0


def test_history_and_old_states_land_nothing_while_a_desk_warms_up() -> None:
    kit = PoolKit()
    weth_on_pair(kit)
    block = submitted(kit.buy("3000")).lands_block
    events = kit.events.copy()
    kit.restart()
    for item in (route(WETH, PAIR), pair(block=block - 1), gas(fees(block), time=kit.now)):
        kit.desk.warm(item)
    assert kit.order(1).status is Status.SUBMITTED
    assert len(kit.events) == len(events) + 1  # the session's start
    kit.block = block - 1
    kit.mine(pair(block=block - 1))
    assert kit.order(1).status is Status.FILLED


def test_a_doubted_price_keeps_an_entry_waiting_though_its_block_comes() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("3000")
    kit.desk.step(Trust(WETH, kit.now, "disputed", 2, kit.now + 60_000))
    kit.mine()
    assert kit.order(1).status is Status.SUBMITTED
    kit.desk.step(Trust(WETH, kit.now, "", 2, kit.now + 60_000))
    assert only(kit.mine(), ev.Filled).execution is not None


def test_timers_quotes_and_a_route_that_is_lost_do_no_harm() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("3000")
    kit.tell(route(WETH))
    kit.mine()
    assert kit.order(1).status is Status.SUBMITTED
    for _ in range(4):
        kit.mine(after=20_000)
        kit.desk.step(Timer(kit.now))
        kit.desk.step(Quote(WETH, kit.now, D(3000), 3000.0, "test"))
    fill = next(e for e in kit.events if isinstance(e, ev.Filled))
    assert fill.fidelity is ev.Fidelity.LIQUIDITY
    assert fill.reference_source == "test; its pools are not known"


def test_a_requote_finds_what_was_changed() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("3000")
    fill = checked(only(kit.mine(), ev.Filled))
    assert fill.execution is not None
    for changes, what in (
        ({"impact": fill.impact + 1}, "impact"),
        ({"gas_units": fill.gas_units + 1}, "gas_units"),
        ({"gas": fill.gas + 1}, "gas"),
        ({"quantity": fill.quantity + 1}, "quantity"),
    ):
        assert requote(replace(fill, **changes), fill.execution).what == what
    other = replace(fill.execution, amount_out=fill.execution.amount_out + 1)
    assert requote(fill, other).what == "amount_out"
    empty = replace(fill.execution.hops[0], state=(0, 0))
    assert requote(fill, replace(fill.execution, hops=(empty,))).what == "swap"


def test_pools_of_both_kinds_in_a_row() -> None:
    kit = PoolKit(level=9, chain="ethereum")
    pepe_over_ether(kit)
    ether = replace(PEPES, id="ethereum:0x" + "e5" * 20, kind="v3", tick_spacing=10)
    # 3.3333e-9 WETH per PEPE: the same price in a concentrated pool
    nets = {-200_000: 10**24, -190_000: -(10**24)}
    kit.tell(
        route(PEPE, *kit.desk.pools.venues(PEPE)[:1], ether),
        ticks(ether, nets, words=range(-80, -73), crossed=()),
        deep(ether, -195_197, kit.block, nets),
    )
    kit.mine(after=12_000)
    kit.buy("1000", PEPE)
    bought = checked(only(kit.mine(after=12_000), ev.Filled))
    assert bought.execution is not None
    assert [hop.kind for hop in bought.execution.hops] == ["v2", "v3"]
    kit.close(PEPE)
    checked(only(kit.mine(after=12_000), ev.Filled))


def test_an_order_sent_before_its_chain_was_heard_of_lands_by_time_on_the_pools() -> None:
    kit = PoolKit(level=9)
    kit.price("3000")
    assert submitted(kit.buy("300")).lands_block == 0
    kit.tell(route(WETH, PAIR), pair())
    kit.mine()
    assert kit.order(1).status is Status.SUBMITTED
    fill = checked(only(kit.price("3000"), ev.Filled))
    assert fill.execution is not None
    assert fill.execution.block == kit.block + 1  # the pools are as at the end of the newest


def test_an_order_of_an_earlier_session_waits_for_its_way_and_lands_in_its_block() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    block = submitted(kit.buy("3000")).lands_block
    kit.now += 3_600_000
    kit.restart()
    kit.price("3000", after=0)
    assert kit.mine(blocks=500) == []  # its chain is heard before its way is found
    assert kit.order(1).status is Status.SUBMITTED
    kit.tell(route(WETH, PAIR), pair(block=600, reserve1=31 * 10**11))
    newest, kit.block = kit.block, block - 1
    fill = checked(only(kit.mine(pair(block=block - 1)), ev.Filled))
    assert fill.execution is not None
    assert fill.execution.block == block < newest
    assert fill.fidelity is ev.Fidelity.POOL


def test_it_waits_for_its_block_when_its_way_is_known_and_the_newest_is_told_again() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    block = submitted(kit.buy("3000")).lands_block
    kit.now += 3_600_000
    kit.restart()
    kit.mine(blocks=500)
    kit.tell(route(WETH, PAIR), pair(block=kit.block))
    for _ in range(2):
        kit.now += 20_000
        # the price of ether has changed: gas is told anew
        assert not kit.desk.step(gas(fees(kit.block), time=kit.now))
    newest, kit.block = kit.block, block - 1
    fill = checked(only(kit.mine(pair(block=block - 1)), ev.Filled))
    assert fill.execution is not None
    assert fill.execution.block == block < newest


def test_a_block_that_a_new_session_is_not_told_of_for_too_long_is_not_waited_for() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("3000")
    kit.now += 3_600_000
    kit.restart()
    kit.mine(blocks=500)
    kit.tell(route(WETH, PAIR), pair(block=kit.block))
    kit.now += 61_000
    fill = checked(only(kit.desk.step(gas(fees(kit.block), time=kit.now)), ev.Filled))
    assert fill.execution is not None
    assert fill.execution.block == kit.block + 1


def test_an_order_whose_way_is_never_found_lands_on_the_estimate() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("3000")
    kit.now += 3_600_000
    kit.restart()
    kit.price("3000", after=0)
    kit.mine()
    fill = only(kit.mine(after=61_000), ev.Filled)
    assert fill.fidelity is ev.Fidelity.LIQUIDITY
    assert fill.reference_source.endswith("its pools are not known")


def test_where_nothing_is_mined_an_order_lands_on_the_pools_as_they_are() -> None:
    """A node that mines on demand says again that it is there."""
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("3000")
    found = []
    for _ in range(4):
        kit.price("3000", after=20_000)
        assert not kit.desk.pools.silent("base")
        found += kit.desk.step(gas(fees(kit.block), time=kit.now))
    fill = checked(only(found, ev.Filled))
    assert fill.fidelity is ev.Fidelity.POOL
    assert fill.execution is not None
    assert fill.execution.block == kit.block + 1


def test_a_chain_that_begins_anew_does_not_keep_an_order_for_ever() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("3000")
    kit.block = 5
    kit.mine(pair(block=5))
    assert kit.order(1).status is Status.SUBMITTED
    for _ in range(3):
        kit.mine(after=30_000)
    fill = next(e for e in kit.events if isinstance(e, ev.Filled))
    assert checked(fill).execution is not None
    assert fill.reference_source == f"onchain #{kit.block + 1}"
