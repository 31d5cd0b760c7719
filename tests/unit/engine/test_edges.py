"""What once went wrong: each of these was found by reading, and then by running it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import PlaceOrder, SetKill, SwitchBot, Watch
from papertrader_tui.domain.market import DAY, MINUTE, Depth
from papertrader_tui.domain.orders import Kind, OrderRequest, Origin, Side, SizeBy, Status
from papertrader_tui.engine.preview import preview
from tests.deskkit import PEPE, WETH, D, Kit, only


def depth(kit: Kit, liquidity: str, fee: str = "5", token: str = WETH) -> None:
    kit.desk.step(Depth(token, kit.now, D(liquidity), 1e6, D(fee), "test"))


def request(**changes: object) -> OrderRequest:
    return replace(
        OrderRequest("x", WETH, Side.BUY, SizeBy.NOTIONAL, D(100)),
        **changes,  # type: ignore[arg-type]
    )


# ---------------------------------------------------------------- what comes in


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e95", "1e-95"])
@pytest.mark.parametrize("field", ["size", "price", "stop", "target"])
@pytest.mark.parametrize("by", list(SizeBy))
def test_no_number_whatever_kills_the_desk(field: str, number: str, by: SizeBy) -> None:
    kit = Kit()
    kit.price("3000")
    asked = request(size_by=by, kind=Kind.LIMIT, **{"price": D(2900), field: D(number)})
    assert only(kit.say(PlaceOrder(asked)), ev.OrderRejected).rule == field


@pytest.mark.parametrize("client", ["a/stop", "bot-d1", "flatten-9"])
def test_client_ids_of_the_programs_own_are_refused(client: str) -> None:
    kit = Kit()
    kit.price("3000")
    assert "our own" in only(kit.buy("100", client=client), ev.OrderRejected).reason


def test_a_pool_that_claims_to_charge_more_than_all_is_not_believed() -> None:
    for fee in ("20000", "10000", "-5"):
        kit = Kit()
        kit.price("3000")
        depth(kit, "1000000", fee)
        kit.buy("1000")
        filled = only(kit.price("3000"), ev.Filled)
        assert filled.fidelity == "flat"
        assert kit.account.ledger.equity() < 10_000


def test_a_tiny_price_can_be_sold_in_parts() -> None:
    kit = Kit()
    tiny = "0.00000000000000000123456789012345678901234"
    kit.price(tiny, PEPE)
    kit.buy("1000", PEPE, tolerance=500)
    kit.price(tiny, PEPE, after=MINUTE)
    for _ in range(12):
        kit.sell("33", PEPE)
        kit.price(tiny, PEPE, after=MINUTE)
        assert kit.account.ledger.reconciled()
    assert kit.account.trades == 13


# ---------------------------------------------------------------- funds


def test_a_buy_by_quantity_needs_the_cash_for_fee_and_impact_too() -> None:
    kit = Kit(cash="1000")
    kit.price("1")
    depth(kit, "6000")
    rejected = only(kit.buy("900", by=SizeBy.QUANTITY), ev.OrderRejected)
    assert rejected.rule == "cash"


def test_more_than_the_pool_holds_is_refused_in_words() -> None:
    kit = Kit()
    kit.price("1")
    depth(kit, "6000")
    assert "pool holds" in only(kit.buy("3001", by=SizeBy.QUANTITY), ev.OrderRejected).reason


def test_a_limit_buy_by_quantity_reserves_its_price_and_no_more() -> None:
    kit = Kit(cash="3001")
    kit.price("3100")
    only(kit.buy("1", by=SizeBy.QUANTITY, kind=Kind.LIMIT, price="3000"), ev.OrderAccepted)
    assert kit.account.free_cash() == 1


def test_a_sale_by_dollars_of_more_than_there_is_says_so() -> None:
    kit = Kit()
    kit.hold("1000")
    accepted = only(kit.sell("5000", by=SizeBy.NOTIONAL), ev.OrderAccepted)
    assert "all of that is sold" in accepted.warnings[0]


def test_the_bracket_of_a_stop_entry_is_measured_from_its_entry() -> None:
    kit = Kit()
    kit.price("3000")
    accepted = [
        e
        for e in kit.buy("100", kind=Kind.STOP, price="3300", stop="3200")
        if isinstance(e, ev.OrderAccepted)
    ]
    assert len(accepted) == 2
    refused = only(kit.buy("100", kind=Kind.STOP, price="3300", target="3100"), ev.OrderRejected)
    assert "above the entry 3300" in refused.reason


# ---------------------------------------------------------------- getting out


def test_flatten_waits_for_a_fresh_price_and_then_sells_at_once() -> None:
    kit = Kit()
    kit.hold()
    kit.now += 61_000
    kit.say(SetKill(ev.KillMode.FLATTEN))
    assert kit.account.held(WETH) > 0
    only(kit.price("3000"), ev.OrderSubmitted)
    only(kit.price("3000"), ev.Filled)
    assert kit.account.kill is ev.KillMode.PAUSE


def test_a_close_that_cannot_be_leaves_the_protection_alone() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", stop="2900", target="3300")
    kit.price("3000")
    kit.now += 61_000
    assert "61 s old" in only(kit.close(), ev.OrderRejected).reason
    assert {kit.order(n).status for n in (2, 3)} == {Status.WORKING}


def test_a_close_leaves_the_exits_of_an_entry_that_still_has_to_fill() -> None:
    kit = Kit()
    kit.hold()
    kit.buy("1000", kind=Kind.LIMIT, price="2950", stop="2900", target="3300")
    kit.buy("500", stop="2900", target="3300")
    kit.close()
    assert {kit.order(n).status for n in (3, 4, 6, 7)} == {Status.HELD}
    kit.price("3000")
    assert {kit.order(n).status for n in (6, 7)} == {Status.WORKING}
    kit.price("2940")
    kit.price("2940")
    assert {kit.order(n).status for n in (3, 4)} == {Status.WORKING}


def test_a_close_that_reverts_goes_again_until_it_is_out() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", stop="2900")
    kit.price("3000")
    kit.close()
    assert only(kit.price("2900"), ev.Reverted).again == "submitted"
    kit.price("2880")
    assert kit.account.held(WETH) == 0


def test_a_stop_outlives_a_pool_that_is_empty_for_a_moment() -> None:
    kit = Kit()
    kit.hold()
    kit.sell(kind=Kind.STOP, price="2900")
    depth(kit, "0")
    assert not kit.price("2890")
    assert kit.order(2).status is Status.WORKING
    depth(kit, "1000000")
    kit.price("2850")
    only(kit.price("2850"), ev.Filled)


def test_a_stop_in_flight_outlives_it_too() -> None:
    kit = Kit()
    kit.hold()
    kit.sell(kind=Kind.STOP, price="2900")
    kit.price("2890")
    depth(kit, "0")
    assert only(kit.price("2885"), ev.Reverted).again == "working"
    depth(kit, "1000000")
    kit.price("2880")
    only(kit.price("2880"), ev.Filled)


def test_a_sale_that_cannot_work_does_not_fill_the_journal() -> None:
    kit = Kit()
    kit.hold()
    kit.say(SwitchBot(True))
    kit.price("3000")
    depth(kit, "0")
    before = len(kit.events)
    for _ in range(100):
        kit.price("2000", after=1_000)
    assert len(kit.events) - before < 20


def test_holdings_that_a_person_reserved_are_left_to_the_person() -> None:
    kit = Kit()
    held = kit.hold()
    kit.sell(kind=Kind.LIMIT, price="9000")
    kit.say(SwitchBot(True))
    kit.price("3000")
    for _ in range(50):
        kit.price("2000", after=1_000)
    assert kit.account.held(WETH) == held
    said = [e for e in kit.events if isinstance(e, ev.Decided) and e.decision.action == "SELL"]
    assert len(said) == 1


def test_a_stop_loss_does_not_wait_for_a_buy_under_way() -> None:
    kit = Kit()
    kit.price("1", PEPE)
    kit.buy("1000", PEPE)
    kit.price("1", PEPE, after=MINUTE)
    kit.say(SwitchBot(True))
    kit.price("1", PEPE)
    kit.buy("1000", PEPE)
    events = kit.price("0.5", PEPE, after=1_000)
    assert [e for e in events if isinstance(e, ev.OrderSubmitted)]


def test_a_position_off_the_watchlist_keeps_all_its_exits() -> None:
    def hours_flat(watched: bool) -> int:
        kit = Kit()
        kit.hold()
        kit.say(SwitchBot(True))
        if not watched:
            kit.say(Watch(WETH, False))
        for _ in range(13 * 60):
            kit.price("3000", after=MINUTE)
        return kit.account.trades

    assert hours_flat(watched=False) == hours_flat(watched=True) == 2


def test_the_bots_trail_follows_the_price_while_the_bot_is_off() -> None:
    kit = Kit()
    kit.hold()
    kit.say(SwitchBot(True))
    kit.price("3000")
    kit.say(SwitchBot(False))
    kit.price("4000")
    kit.price("3000")
    plan = kit.desk.markets[WETH].plan
    assert plan is not None
    assert plan.high == 4000


def test_reduce_only_does_not_let_an_entry_rest_again() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", kind=Kind.LIMIT, price="2900")
    kit.price("2890")
    kit.say(SetKill(ev.KillMode.REDUCE_ONLY))
    assert only(kit.price("2950"), ev.Reverted).again == "reverted"
    assert kit.account.free_cash() == kit.account.ledger.cash


def test_cooldowns_count_buys_under_way() -> None:
    kit = Kit()
    kit.price("3000")
    kit.price("1", PEPE, after=0)
    only(kit.buy("100", origin=Origin.BOT, client="bot-1"), ev.OrderAccepted)
    refused = only(kit.buy("100", PEPE, origin=Origin.BOT, client="bot-2"), ev.OrderRejected)
    assert refused.rule == "gate.cooldown_any"


# ---------------------------------------------------------------- time


def test_a_preview_looks_at_the_time_it_is_asked_for() -> None:
    kit = Kit()
    kit.price("3000")
    found = preview(kit.desk, PlaceOrder(request()), kit.now + 10 * MINUTE)
    assert found is not None
    assert "600 s old" in found.problems[0]


def test_a_day_that_began_while_nobody_looked_begins_with_the_session() -> None:
    kit = Kit()
    kit.hold("9000")
    kit.now += 2 * DAY
    events = kit.desk.start_session(kit.now, "0", "again", [WETH])
    assert only(events, ev.AccountMarked).time == kit.now
    assert kit.account.equity_day == kit.now // DAY


def test_a_watchlist_that_was_emptied_stays_empty() -> None:
    kit = Kit()
    for token in (WETH, PEPE):
        kit.say(Watch(token, False))
    kit.desk.start_session(kit.now, "0", "again", [WETH, PEPE])
    assert not kit.account.watch


def test_the_end_of_a_market_takes_back_what_can_land_nowhere() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000")
    event = only(kit.desk.end_of_market(), ev.OrderCancelled)
    assert "market ended" in event.reason
    assert kit.account.free_cash() == 10_000


def test_a_checkpoint_restores_what_no_event_says() -> None:
    kit = Kit()
    kit.hold()
    kit.say(SwitchBot(True))
    kit.sell("50", kind=Kind.TRAILING_STOP, trail=1_000)
    kit.price("3300")
    kit.price("3200")
    text = kit.desk.checkpoint()
    again = Kit()
    for event in kit.events:
        if event.seq > again.account.seq:
            again.account.apply(event)
    desk = type(kit.desk)(again.account, kit.desk.registry)
    desk.restore(text)
    assert desk.orders.trails == {"o2": D(3300)}
    assert desk.checkpoint() == text
    assert again.account.peak == kit.account.peak > 10_000
    plan, before = desk.markets[WETH].plan, kit.desk.markets[WETH].plan
    assert plan is not None
    assert before is not None
    assert (plan.high, plan.guard, plan.taken) == (before.high, before.guard, before.taken)
