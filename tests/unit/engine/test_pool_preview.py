"""What is shown before an order is sent, and of what is held: the same that then happens."""

from __future__ import annotations

import re

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import PlaceOrder
from papertrader_tui.domain.market import Trust
from papertrader_tui.domain.money import sub
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy
from papertrader_tui.engine.preview import preview
from papertrader_tui.engine.snapshot import Preview
from papertrader_tui.tui.widgets.quote import quote_content, quote_lines
from tests.deskkit import PEPE, WETH, D, Kit, only
from tests.poolkit import BASE_L1, PAIR, PoolKit, pair, pepe_over_ether, route, weth_on_pair


def ask(kit: Kit, size: str, token: str = WETH, side: Side = Side.BUY, **changes) -> Preview:
    by = changes.pop("by", SizeBy.NOTIONAL)
    command = PlaceOrder(OrderRequest("x", token, side, by, D(size), **changes))
    shown = preview(kit.desk, command, kit.now)
    assert shown is not None
    return shown


def test_the_preview_is_what_a_quiet_block_then_pays() -> None:
    kit = PoolKit(level=9)
    kit.l1 = BASE_L1
    weth_on_pair(kit)
    shown = ask(kit, "3000", tolerance_bps=100)
    kit.buy("3000", tolerance=100)
    assert kit.order(1).bound == shown.minimum
    fill = only(kit.mine(), ev.Filled)
    assert (shown.spend, shown.receive, shown.price) == (fill.cash, fill.quantity, fill.price)
    assert (shown.lp_fee, shown.impact, shown.gas) == (fill.lp_fee, fill.impact, fill.gas)
    assert shown.fidelity is ev.Fidelity.POOL
    assert shown.exact is not None
    assert fill.execution is not None
    assert (shown.exact.amount_in, shown.exact.amount_out, shown.exact.bound) == (
        fill.execution.amount_in, fill.execution.amount_out, fill.execution.bound,
    )  # fmt: skip
    assert (shown.exact.gas_units, shown.exact.l1_fee_wei) == (fill.gas_units, fill.l1_fee_wei)
    assert shown.exact.pools == ((PAIR.address, 3_000),)
    assert shown.exact.block == kit.block - 1


def test_it_names_the_way_and_both_parts_of_the_gas() -> None:
    kit = PoolKit(level=9)
    kit.l1 = BASE_L1
    weth_on_pair(kit)
    lines = {label: (figure, note) for label, figure, note in quote_lines(ask(kit, "3000"))}
    assert lines["route"] == ("", "USDC -0.3%-> WETH")
    assert re.fullmatch(r"L1 0\.\d{3} of it", lines["gas"][1])
    assert "MEV" not in lines
    kit.buy("3000")
    kit.mine()
    assert ask(kit, "50", side=Side.SELL, by=SizeBy.PERCENT).route == "WETH -0.3%-> USDC"


def test_two_hops_and_a_token_without_a_name() -> None:
    kit = PoolKit(level=9, chain="ethereum")
    pepe_over_ether(kit)
    assert ask(kit, "10", PEPE).route == "USDC -0.3%-> 0xc02aaa -0.3%-> PEPE"


def test_exposure_to_a_sandwich_is_shown_where_there_is_one() -> None:
    for level, exposed in ((9, True), (5, False)):
        kit = PoolKit(level=level, chain="ethereum")
        pepe_over_ether(kit)
        shown = ask(kit, "40000", PEPE, tolerance_bps=300)
        assert (shown.mev > 0) is exposed
        assert ("MEV" in quote_content(shown).plain) is exposed


def test_a_resting_order_is_estimated_at_its_own_price() -> None:
    kit = PoolKit()
    weth_on_pair(kit)
    shown = ask(kit, "3000", kind=Kind.LIMIT, price=D(2500))
    assert shown.fidelity is ev.Fidelity.LIQUIDITY
    assert D("1.19") < shown.receive < D("1.2")
    assert (shown.exact, shown.route) == (None, "")


def test_what_the_pool_cannot_serve_is_a_problem_with_the_reason() -> None:
    kit = PoolKit()
    weth_on_pair(kit)
    shown = ask(kit, "1000", by=SizeBy.QUANTITY)
    assert any("asked of a pool that holds" in problem for problem in shown.problems)


def test_liquidation_is_what_closing_then_brings() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("30000")
    kit.mine()
    assert kit.desk.liquidation.of(WETH) is not None
    value, total = kit.desk.liquidation.of(WETH), kit.desk.liquidation.total()
    cash = kit.account.ledger.cash
    assert kit.desk.liquidation.of(WETH) is value  # not worked out again
    kit.close()
    fill = only(kit.mine(), ev.Filled)
    assert value == sub(fill.cash, fill.gas)
    assert total == cash + value == kit.account.ledger.cash


def test_liquidation_follows_the_pool_and_is_unknown_where_nothing_can_be_sold() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("30000")
    kit.mine()
    before = kit.desk.liquidation.of(WETH)
    assert before is not None
    kit.mine(pair(block=kit.block, reserve1=3_100_000 * 10**6))
    after = kit.desk.liquidation.of(WETH)
    assert after is not None
    assert after > before
    kit.desk.step(Trust(WETH, kit.now, "disputed", 2, kit.now))
    assert kit.desk.liquidation.of(WETH) is None
    assert kit.desk.liquidation.total() is None


def test_liquidation_without_pools_is_by_the_estimate_and_never_below_nothing() -> None:
    kit = Kit()
    kit.hold("1000")
    value = kit.desk.liquidation.of(WETH)
    assert value is not None
    assert D(990) < value < D(1000)
    kit.gas(10**15)
    assert kit.desk.liquidation.of(WETH) == 0


def test_a_record_of_the_account_carries_it() -> None:
    kit = PoolKit(level=9)
    weth_on_pair(kit)
    kit.buy("30000")
    kit.mine()
    expected = kit.desk.liquidation.total()
    kit.now += 900_000
    kit.tell(route(WETH, PAIR), pair(block=kit.block))
    kit.mine()
    marked = [e for e in kit.price("3000", after=1) if isinstance(e, ev.AccountMarked)]
    assert marked[-1].liquidation == expected
