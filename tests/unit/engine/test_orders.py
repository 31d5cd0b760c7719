from __future__ import annotations

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import SetKill
from papertrader_tui.domain.market import DAY, HOUR, Depth
from papertrader_tui.domain.orders import Kind, SizeBy, Status
from papertrader_tui.domain.risk import RiskLimits
from tests.deskkit import PEPE, START, WETH, D, Kit, only


def reason(events: list[ev.Event]) -> str:
    return only(events, ev.OrderRejected).reason


# ---------------------------------------------------------------- market orders


def test_a_market_buy_lands_in_a_later_block_at_that_blocks_price() -> None:
    kit = Kit()
    kit.price("3000")
    submitted = only(kit.buy("1000"), ev.OrderSubmitted)
    assert submitted.quote_price == 3000
    assert submitted.lands_at > kit.now
    assert submitted.lands_at % 2_000 == 0
    filled = only(kit.price("3010"), ev.Filled)
    assert filled.reference_price == 3010
    assert filled.cash == 1000
    assert filled.drift == (D(3010) - D(3000)) * filled.quantity
    assert kit.account.held(WETH) == filled.quantity
    assert kit.account.ledger.reconciled()


def test_a_price_before_the_landing_block_does_not_fill_it() -> None:
    kit = Kit()
    kit.price("3000")
    lands_at = only(kit.buy("1000"), ev.OrderSubmitted).lands_at
    assert not kit.price("3001", after=lands_at - kit.now - 1)
    only(kit.price("3002", after=1), ev.Filled)


def test_the_landing_draw_depends_on_the_seed_and_nothing_else() -> None:
    def delays(seed: int) -> list[int]:
        kit = Kit(seed=seed)
        found = []
        for _ in range(12):
            kit.price("3000")
            found.append(only(kit.buy("10"), ev.OrderSubmitted).lands_at - kit.now)
        return found

    assert delays(7) == delays(7)
    assert delays(7) != delays(8)
    assert len(set(delays(7))) > 1


def test_below_the_minimum_out_the_swap_reverts_and_the_gas_is_charged() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", tolerance=50)
    reverted = only(kit.price("3030"), ev.Reverted)
    assert reverted.gas > 0
    assert "minimum out" in reverted.reason
    assert kit.account.ledger.cash == D(10_000) - reverted.gas
    assert kit.account.held(WETH) == 0
    assert kit.order(1).status is Status.REVERTED


def test_the_tolerance_counts_from_the_quote_at_submission() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", tolerance=100)
    only(kit.price("3025"), ev.Filled)  # 0.83 % worse than the quote


def test_gas_differs_by_chain_and_by_what_it_costs_when_the_order_lands() -> None:
    kit = Kit()
    kit.price("3000")
    kit.price("1", PEPE)
    kit.buy("100")
    kit.buy("100", PEPE)
    first = only(kit.price("3000"), ev.Filled)
    other = only(kit.price("1", PEPE, after=60_000), ev.Filled)
    kit.price("3000")
    kit.buy("100")
    kit.gas(5 * 10**9, "3100")
    second = only(kit.price("3000"), ev.Filled)
    assert len({first.gas, other.gas, second.gas}) == 3
    wei = 150_000 * 5 * 10**9
    assert second.gas == (D(wei) / D(10**18) * 3100).quantize(D("0.000001"))
    assert second.gas_source == "test"


def test_a_buy_by_quantity_receives_exactly_that() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("0.25", by=SizeBy.QUANTITY)
    filled = only(kit.price("3001"), ev.Filled)
    assert filled.quantity == D("0.25")
    assert filled.cash > D("0.25") * 3001


def test_percent_of_cash_leaves_the_gas() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("100", by=SizeBy.PERCENT)
    filled = only(kit.price("3000"), ev.Filled)
    assert filled.gas * 2 <= D(10_000) - filled.cash < 1
    assert kit.account.ledger.cash > 0


def test_without_a_price_an_order_is_refused_and_nothing_is_one_dollar() -> None:
    kit = Kit()
    assert "no price" in reason(kit.buy("100"))
    assert kit.account.ledger.cash == 10_000


def test_a_stale_price_enters_nothing() -> None:
    kit = Kit()
    kit.price("3000")
    kit.now += 61_000
    assert "61 s old" in reason(kit.buy("100"))


def test_the_same_client_id_is_one_order() -> None:
    kit = Kit()
    kit.price("3000")
    assert kit.buy("1000", client="once")
    assert kit.buy("1000", client="once") == []
    kit.price("3000")
    assert kit.buy("1000", client="once") == []
    assert kit.account.trades == 1


def test_a_rejected_client_id_may_be_used_again() -> None:
    kit = Kit()
    kit.buy("1000", client="again")
    kit.price("3000")
    only(kit.buy("1000", client="again"), ev.OrderAccepted)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda k: k.buy("20000"), "20,000.00 USDC"),
        (lambda k: k.sell("50"), "no WETH is held"),
        (lambda k: k.buy("100", kind=Kind.LIMIT), "needs a price"),
        (lambda k: k.buy("100", tolerance=0), "tolerance"),
        (lambda k: k.buy("100", good_until=START), "already up"),
        (lambda k: k.buy("100", stop="3100"), "below the entry"),
        (lambda k: k.buy("100", target="2900"), "above the entry"),
        (lambda k: k.buy("101", by=SizeBy.PERCENT), "more than all"),
        (lambda k: k.sell("100", kind=Kind.TRAILING_STOP), "distance"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(ask, words: str) -> None:  # type: ignore[no-untyped-def]
    kit = Kit()
    kit.price("3000")
    assert words in reason(ask(kit))


def test_a_sell_reduces_the_position() -> None:
    kit = Kit()
    held = kit.hold()
    kit.sell("25")
    only(kit.price("3000"), ev.Filled)
    assert kit.account.held(WETH) == held - (held / 4).quantize(D("1e-18"), rounding="ROUND_FLOOR")


# ---------------------------------------------------------------- resting orders


def test_a_limit_buy_triggers_when_the_whole_size_can_be_had_at_its_price_costs_included() -> None:
    kit = Kit()
    kit.price("3000")
    only(kit.buy("1000", kind=Kind.LIMIT, price="2900"), ev.OrderAccepted)
    # at 2898 the fee of 5 bps and 2 bps of impact still make it dearer than 2900
    assert not kit.price("2898")
    submitted = only(kit.price("2897"), ev.OrderSubmitted)
    assert submitted.bound == (D(1000) / D(2900)).quantize(D("1e-18"), rounding="ROUND_CEILING")
    filled = only(kit.price("2896"), ev.Filled)
    assert filled.cash / filled.quantity <= 2900


def test_a_limit_that_reverts_rests_again_and_pays() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", kind=Kind.LIMIT, price="2900")
    kit.price("2890")
    reverted = only(kit.price("2950"), ev.Reverted)
    assert reverted.again == "working"
    assert kit.order(1).status is Status.WORKING
    kit.price("2880")
    only(kit.price("2880"), ev.Filled)
    assert kit.account.ledger.balances["gas"] > reverted.gas


def test_a_limit_sell_gets_its_price_or_better() -> None:
    kit = Kit()
    kit.hold()
    kit.sell(kind=Kind.LIMIT, price="3100")
    assert not kit.price("3100")
    kit.price("3110")
    filled = only(kit.price("3108"), ev.Filled)
    assert filled.cash / filled.quantity >= 3100


def test_a_stop_sells_below_its_price() -> None:
    kit = Kit()
    kit.hold()
    kit.sell(kind=Kind.STOP, price="2900")
    assert not kit.price("2901")
    only(kit.price("2899"), ev.OrderSubmitted)
    only(kit.price("2895"), ev.Filled)
    assert kit.account.held(WETH) == 0


def test_a_stop_before_a_gap_fills_after_the_gap() -> None:
    kit = Kit()
    kit.hold()
    kit.sell(kind=Kind.STOP, price="2900", tolerance=5_000)
    kit.price("2890")
    filled = only(kit.price("2500", after=7 * HOUR), ev.Filled)
    assert filled.reference_price == 2500


def test_a_stop_that_reverts_goes_again_wider_and_pays_each_time() -> None:
    kit = Kit()
    kit.hold()
    kit.sell(kind=Kind.STOP, price="2900", tolerance=50)
    kit.price("2890")
    events = kit.price("2800")
    assert only(events, ev.Reverted).again == "submitted"
    again = only(events, ev.OrderSubmitted)
    assert (again.attempt, again.tolerance_bps, again.quote_price) == (2, 100, D(2800))
    events = kit.price("2700")
    assert only(events, ev.OrderSubmitted).tolerance_bps == 200
    filled = only(kit.price("2660"), ev.Filled)
    assert kit.account.ledger.balances["gas"] >= 3 * filled.gas
    assert kit.account.held(WETH) == 0


def test_a_take_profit_sells_above_its_price() -> None:
    kit = Kit()
    kit.hold()
    kit.sell(kind=Kind.TAKE_PROFIT, price="3300")
    assert not kit.price("3299")
    kit.price("3301")
    only(kit.price("3290"), ev.Filled)


def test_a_trailing_stop_follows_the_high() -> None:
    kit = Kit()
    kit.hold()
    kit.sell(kind=Kind.TRAILING_STOP, trail=500)
    for price in ("3100", "3200", "3050"):
        assert not kit.price(price)
    assert only(kit.price("3039"), ev.OrderSubmitted).high == 3200
    only(kit.price("3035"), ev.Filled)


def test_in_a_candle_the_low_is_held_against_the_old_high_only() -> None:
    kit = Kit()
    kit.hold()
    kit.sell(kind=Kind.TRAILING_STOP, trail=500)
    # the low of 2950 is within 5 % of 3000, the old high; it is not of 3400, the new one
    assert not kit.bar("3000", "3400", "2950", "3390")
    assert kit.desk.orders.trails["o2"] == 3400
    assert kit.bar("3390", "3395", "3200", "3210")


def test_an_order_expires_at_its_time() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", kind=Kind.LIMIT, price="2900", good_until=kit.now + 15_000)
    assert not kit.price("2950")
    only(kit.price("2950"), ev.OrderExpired)
    assert kit.account.free_cash() == 10_000
    assert not kit.price("2800")


def test_a_cancelled_order_frees_what_it_reserved() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("6000", kind=Kind.LIMIT, price="2900")
    assert kit.account.free_cash() == 4_000
    assert "4,000.00 is free" in reason(kit.buy("6000"))
    only(kit.cancel("o1"), ev.OrderCancelled)
    assert kit.account.free_cash() == 10_000


def test_an_order_in_flight_cannot_be_taken_back() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000")
    assert "in flight" in only(kit.cancel("o1"), ev.Alerted).text
    only(kit.price("3000"), ev.Filled)


def test_two_resting_sells_cannot_sell_one_holding_twice() -> None:
    kit = Kit()
    held = kit.hold()
    kit.sell("60", kind=Kind.LIMIT, price="3200")
    kit.sell("100", kind=Kind.LIMIT, price="3300")  # of what is left
    assert "reserved" in reason(kit.sell("1", kind=Kind.STOP, price="2900"))
    kit.price("3400")
    kit.price("3400")
    sold = sum((e.quantity for e in kit.events if isinstance(e, ev.Filled)), D(0)) - held
    assert sold == held
    assert kit.account.held(WETH) == 0


# ---------------------------------------------------------------- brackets


def test_a_brackets_exits_wait_for_the_entry_and_cover_what_it_filled() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", stop="2900", target="3300")
    assert [kit.order(n).status for n in (2, 3)] == [Status.HELD, Status.HELD]
    kit.price("3000")
    held = kit.account.held(WETH)
    assert [kit.order(n).quantity for n in (2, 3)] == [held, held]
    assert kit.account.reserved(WETH) == held


@pytest.mark.parametrize(
    ("trigger", "land", "filled", "dropped"),
    [("3301", "3300", 3, 2), ("2899", "2900", 2, 3)],
)
def test_one_exit_of_a_bracket_cancels_the_other(
    trigger: str, land: str, filled: int, dropped: int
) -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", stop="2900", target="3300")
    kit.price("3000")
    kit.price(trigger)
    kit.price(land)
    assert kit.order(filled).status is Status.FILLED
    assert kit.order(dropped).status is Status.CANCELLED
    assert kit.account.held(WETH) == 0


def test_in_one_candle_the_stop_wins() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", stop="2900", target="3300")
    kit.price("3000", opening=True)
    kit.bar("3000", "3350", "2850", "3320")
    assert kit.order(2).status is Status.SUBMITTED
    assert kit.order(3).status is Status.WORKING
    kit.price("3320", opening=True, after=0)
    assert kit.order(2).status is Status.FILLED
    assert kit.order(3).status is Status.CANCELLED


def test_an_entry_that_ends_takes_its_exits_along() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", tolerance=10, stop="2900", target="3500")
    kit.price("3200")
    assert kit.order(1).status is Status.REVERTED
    assert {kit.order(n).status for n in (2, 3)} == {Status.CANCELLED}
    kit.buy("1000", kind=Kind.LIMIT, price="3000", stop="2900")
    kit.cancel("o4")
    assert kit.order(5).status is Status.CANCELLED


def test_a_target_that_reverts_leaves_the_stop_in_place() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", tolerance=50, stop="2900", target="3300")
    kit.price("3000")
    kit.price("3301")
    assert only(kit.price("3200"), ev.Reverted).again == "working"
    kit.price("2890")
    kit.price("2890")
    assert kit.order(2).status is Status.FILLED
    assert kit.order(3).status is Status.CANCELLED


def test_closing_a_position_takes_its_resting_exits_back_first() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("1000", stop="2900", target="3300")
    kit.price("3000")
    kit.close()
    kit.price("3000")
    assert kit.account.held(WETH) == 0
    assert not kit.account.open


# ---------------------------------------------------------------- candles


def test_on_candles_an_order_fills_at_the_next_open() -> None:
    kit = Kit()
    kit.bar("3000", "3010", "2990", "3005")
    kit.buy("1000")
    # the candle that was known when it was sent, and the next one's body, are not for sale
    assert not [e for e in kit.bar("3007", "3010", "2990", "3001") if isinstance(e, ev.Filled)]
    filled = only(kit.price("3002", opening=True, after=0), ev.Filled)
    assert filled.reference_price == 3002


def test_an_opening_price_lands_what_was_sent_before_it() -> None:
    kit = Kit()
    kit.bar("3000", "3010", "2990", "3005")
    kit.buy("1000")
    filled = only(kit.price("3007", opening=True, after=0), ev.Filled)
    assert filled.reference_price == 3007
    assert filled.time == kit.now


# ---------------------------------------------------------------- gates and the kill switch


def test_gates_bind_a_person_like_the_bot() -> None:
    kit = Kit(limits=RiskLimits(daily_trades=2))
    kit.hold("100")
    kit.hold("100")
    assert only(kit.events, ev.GateTripped).gate == "daily_trades"
    assert "2 trades today" in reason(kit.buy("100"))
    only(kit.sell("50"), ev.OrderAccepted)  # exits always run
    kit.price("3000")
    cleared = [e for e in kit.price("3000", after=DAY) if isinstance(e, ev.GateCleared)]
    assert [c.gate for c in cleared] == ["daily_trades"]
    only(kit.buy("100"), ev.OrderAccepted)


def test_a_day_of_losses_pauses_entries_for_a_day() -> None:
    kit = Kit(limits=RiskLimits(daily_loss_pct=D(5)))
    kit.hold("9000")
    tripped = only(kit.price("2800"), ev.GateTripped)
    assert tripped.gate == "daily_loss"
    assert tripped.until == kit.now + DAY
    assert "below the day's start" in reason(kit.buy("100"))


def test_a_loss_from_the_peak_waits_for_a_person() -> None:
    from papertrader_tui.domain.commands import ResetGate

    kit = Kit(limits=RiskLimits(daily_loss_pct=D(100), peak_loss_pct=D(10)))
    kit.hold("9000")
    kit.price("3600")
    tripped = only(kit.price("3150"), ev.GateTripped)
    assert (tripped.gate, tripped.until) == ("peak_loss", None)
    assert not [e for e in kit.price("3150", after=3 * DAY) if isinstance(e, ev.GateCleared)]
    only(kit.say(ResetGate("peak_loss")), ev.GateCleared)
    assert not kit.price("3140")
    only(kit.buy("100"), ev.OrderAccepted)


def test_losses_in_a_row_pause_and_a_win_net_of_costs_ends_the_row() -> None:
    kit = Kit(limits=RiskLimits(loss_streak=2))
    for low in ("2990", "3000"):  # at 3000 only the costs are lost
        kit.hold("100")
        kit.sell()
        kit.price(low)
    assert only(kit.events, ev.GateTripped).gate == "loss_streak"
    assert kit.account.losses == 2


def test_open_positions_are_counted_with_entries_in_flight() -> None:
    kit = Kit(limits=RiskLimits(max_open_positions=1))
    kit.price("3000")
    kit.price("1", PEPE)
    kit.buy("100")
    assert "positions are open or being entered" in reason(kit.buy("100", PEPE))
    only(kit.buy("100"), ev.OrderAccepted)


def test_a_shallow_pool_is_not_entered() -> None:
    kit = Kit(limits=RiskLimits(min_liquidity_usd=D(50_000)))
    kit.price("3000")
    kit.desk.step(Depth(WETH, kit.now, D(49_000), 1e6, D(5), "test"))
    assert "49,000 dollars" in reason(kit.buy("100"))


def test_cooldowns_and_sizing_only_warn_a_person() -> None:
    kit = Kit()
    kit.hold("1000")
    warnings = only(kit.buy("1000"), ev.OrderAccepted).warnings
    assert any("cooldown" in w for w in warnings)
    assert any("of equity" in w for w in warnings)


def test_pause_blocks_entries_and_lets_exits_go_on() -> None:
    kit = Kit()
    kit.hold()
    kit.buy("100", kind=Kind.LIMIT, price="2900")
    kit.say(SetKill(ev.KillMode.PAUSE))
    assert "kill switch" in reason(kit.buy("100"))
    assert not kit.price("2800")  # the resting entry stays, but is not sent
    kit.sell()
    only(kit.price("2800"), ev.Filled)
    kit.say(SetKill(ev.KillMode.OFF))
    only(kit.price("2800"), ev.OrderSubmitted)


def test_reduce_only_cancels_resting_entries() -> None:
    kit = Kit()
    kit.price("3000")
    kit.buy("100", kind=Kind.LIMIT, price="2900")
    only(kit.say(SetKill(ev.KillMode.REDUCE_ONLY)), ev.OrderCancelled)


def test_flatten_closes_everything_and_then_pauses() -> None:
    kit = Kit()
    kit.hold()
    kit.sell(kind=Kind.LIMIT, price="4000")
    kit.price("1", PEPE)
    kit.buy("100", PEPE)
    kit.say(SetKill(ev.KillMode.FLATTEN))
    kit.price("3000")
    assert kit.account.held(WETH) == 0
    kit.price("1", PEPE, after=60_000)  # what was in flight lands, and is sold again
    kit.price("1", PEPE, after=60_000)
    assert not kit.account.ledger.positions
    assert kit.account.kill is ev.KillMode.PAUSE


def test_a_position_that_a_person_opened_is_known_to_the_bot() -> None:
    from papertrader_tui.domain.commands import SwitchBot

    kit = Kit()
    held = kit.hold()
    kit.say(SwitchBot(True))
    kit.price("3000")
    assert kit.desk.markets[WETH].plan is not None
    kit.price("2700")  # below any stop of level 5
    sold = only(kit.price("2690"), ev.Filled)
    assert sold.quantity == held
    assert sold.origin == "exit"
    assert sold.decision is not None
