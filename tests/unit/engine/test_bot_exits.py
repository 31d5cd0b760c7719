"""The bot's exits act on the path of the price, through the whole desk, gaps included."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.exit_rules import ExitRules
from papertrader_tui.intel.exits import ExitPlan
from tests.deskkit import WETH, D, Kit
from tests.property.test_foresight import warmed


def entered() -> tuple[Kit, ExitPlan]:
    """A desk whose bot has bought, and its plan."""
    kit = warmed()
    for index in range(3):
        kit.price(f"{3000 + index}", after=60_000)
    plan = kit.desk.markets[WETH].plan
    assert plan is not None
    return kit, plan


def rules(events: Sequence[ev.Event]) -> list[str]:
    return [e.decision.rule for e in events if isinstance(e, ev.Decided)]


def sold(events: Sequence[ev.Event]) -> list[ev.Filled]:
    return [e for e in events if isinstance(e, ev.Filled) and e.side.value == "sell"]


def test_a_gap_over_the_stop_is_sold_at_what_the_price_is_then() -> None:
    kit, plan = entered()
    far = plan.stop * 0.9
    events = kit.price(f"{far:.2f}") + kit.price(f"{far:.2f}")
    assert rules(events)[0] == "exit.stop_loss"
    fill = sold(events)[0]
    assert float(fill.reference_price) == pytest.approx(far, abs=0.01)
    assert kit.account.held(WETH) == 0


def test_a_gap_over_two_targets_sells_two_thirds_at_once() -> None:
    kit, plan = entered()
    before = kit.account.held(WETH)
    up = f"{plan.targets[1] * 1.0005:.2f}"
    events = kit.price(up) + kit.price(up)
    assert rules(events)[0] == "exit.take_profit_2"
    assert float(kit.account.held(WETH)) == pytest.approx(float(before) / 3, rel=1e-6)
    after = kit.desk.markets[WETH].plan
    assert after is not None
    assert after.taken == 2
    assert after.guard > plan.stop


def test_a_candle_that_only_touched_the_stop_sells() -> None:
    kit, plan = entered()
    low = f"{plan.stop * 0.999:.2f}"
    events = kit.bar("3002", "3003", low, "3002")
    assert rules(events)[0] == "exit.stop_loss"
    kit.price("3002")
    assert kit.account.held(WETH) == 0


def test_a_candle_that_holds_both_is_taken_for_the_stop() -> None:
    kit, plan = entered()
    events = kit.bar("3002", f"{plan.targets[2] * 1.01:.2f}", f"{plan.stop * 0.99:.2f}", "3002")
    assert rules(events)[0] == "exit.stop_loss"


def test_the_trail_follows_the_high_and_survives_a_restart() -> None:
    kit, plan = entered()
    up = f"{plan.targets[0] * 1.0005:.2f}"
    kit.price(up)
    kit.price(up)
    kit.restart()
    again = kit.desk.markets[WETH].plan
    assert again is not None
    assert again.taken == 1
    assert again.guard == pytest.approx(again.high - again.distance)
    events = kit.price(f"{again.guard * 0.9995:.2f}")
    assert rules(events) == ["exit.trailing"]


@pytest.mark.parametrize(("hours", "sells"), [(3, True), (5, False)])
def test_how_long_it_is_held_is_a_setting(hours: int, sells: bool) -> None:
    kit, _ = entered()
    kit.desk.exit_rules = ExitRules(hold_h=hours)
    bought = kit.account.ledger.positions[WETH]
    # below what it cost, and above the stop
    price = f"{float(bought.cost / bought.quantity) * 0.9995:.2f}"
    opened = bought.opened
    found: list[str] = []
    while kit.now - opened < 4 * 3_600_000:
        found += rules(kit.price(price, after=300_000))
    assert ("exit.time" in found) is sells


def test_the_settings_of_exits_are_recorded_with_the_session() -> None:
    kit = Kit()
    started = next(e for e in kit.events if isinstance(e, ev.SessionStarted))
    assert '"exits":{"stop_atrs":6,"target_pct":100,' in started.settings
    assert D("0") == kit.account.held(WETH)
