"""What a decision was held against, and how near each condition was."""

from __future__ import annotations

import pytest

from papertrader_tui.domain.decision import Check
from papertrader_tui.domain.exit_rules import RANGES, ExitRules
from papertrader_tui.domain.market import HOUR
from papertrader_tui.domain.risk import GateRow
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.decisions import judge
from papertrader_tui.intel.exits import ExitPlan, breach, from_plain, make_plan, to_plain
from papertrader_tui.intel.explain import explain
from papertrader_tui.intel.levels import profile
from tests.unit.intel.builders import START, context, series_with

FALLING = {"trend": -1.5, "walks": (-1.5, -1.5, -1.5), "rsi": 30.0, "ema_fast": 99.5}


def held_against(ctx: Context, *rows: GateRow) -> dict[str, Check]:
    return {c.name: c for c in explain(ctx, judge(ctx), lambda: rows).checks}


def held(level: int = 5, **values: object) -> Context:
    ctx = context(level, held=True, plan=ExitPlan(98.0, 2.0, START), **values)
    ctx.opened = ctx.time - 3 * HOUR
    return ctx


def test_a_buy_passed_every_condition_and_says_by_how_much() -> None:
    ctx = context(age_ms=15_000)
    verdict = judge(ctx)
    found = held_against(ctx, GateRow("daily_trades", 0.06, "3 of 50 trades today", False, None))
    assert list(found) == [
        "price", "confidence", "risk", "stress", "expected move", "size", "opportunity",
        "longest trend", "daily trades",
    ]  # fmt: skip
    assert not any(check.hit for check in found.values())
    assert all(check.used < 1 for check in found.values())
    assert (found["price"].value, found["price"].used) == ("15 s old", 0.25)
    confidence = verdict.confidence / 100
    assert found["confidence"].limit == "at least 65"
    assert found["confidence"].used == round(65 / confidence, 3)
    assert found["size"].value == f"${verdict.size_cents / 100:,.2f}: the level's size"
    least = 2 * verdict.round_trip
    assert found["expected move"].used == round(least / verdict.expected_move, 3)
    assert found["daily trades"].value == "3 of 50 trades today"


def test_what_is_not_known_is_no_zero() -> None:
    blind = series_with(resistance=None, ref_bar=None, support=None)
    for ctx in (context(5, blind), held(5, series=blind)):
        story = explain(ctx, judge(ctx))
        assert "stress" in story.missing
        stress = next(check for check in story.checks if check.name == "stress")
        assert (stress.value, stress.used, stress.hit) == (None, None, False)
    fallen = context(5, blind, watch_drop=0.2)  # the watchlist's fall is known
    assert held_against(fallen)["stress"].value == "100.00"
    assert held_against(context())["stress"].used is not None


@pytest.mark.parametrize(
    ("row", "hit"),
    [
        (GateRow("peak_loss", 1.1, "11 of 10 % off peak", True, None), True),
        (GateRow("cooldown_any", 0.4, "1:10 left of 3 min", False, START), True),
        (GateRow("cooldown_any", 0.0, "over, 3 min", False, None), False),
        (GateRow("min_liquidity", 1.2, "$42k, least $50k", False, None), True),
        (GateRow("min_liquidity", 1.0, "$50k, least $50k", False, None), False),
    ],
)
def test_a_gate_is_hit_where_it_forbids(row: GateRow, hit: bool) -> None:
    check = held_against(context(), row)[row.gate.replace("_", " ")]
    assert (check.of, check.hit, check.used) == ("account", hit, row.used)


def test_what_forbids_without_a_limit_is_named_too() -> None:
    ctx = context(blocked="kill_switch", blocked_reason="the kill switch is on (pause)")
    check = held_against(ctx)["kill switch"]
    assert (check.value, check.hit) == ("the kill switch is on (pause)", True)


def test_a_position_says_how_near_each_exit_is() -> None:
    found = held_against(held(pnl=0.02))
    assert list(found) == ["price", "stop", "target 1", "trend", "risk", "time", "stress"]
    assert not any(check.hit for check in found.values())
    assert (found["stop"].value, found["stop"].limit, found["stop"].used) == ("100", "at 96", 0.0)
    assert (found["target 1"].limit, found["target 1"].used) == ("at 100", 1.0)
    assert found["time"].value == "3 h 00 min, P&L +2.00%"
    assert (found["time"].limit, found["time"].used) == ("12 h without a gain", 0.25)


def test_half_the_way_to_the_stop_is_half_of_it() -> None:
    assert held_against(held(value=97.0))["stop"].used == 0.5
    plan = ExitPlan(98.0, 2.0, START, taken=1, high=103.0)
    ctx = held(value=102.0)
    ctx.plan = plan
    found = held_against(ctx)
    assert (found["trailing stop"].limit, found["trailing stop"].used) == ("at 101", 0.5)
    assert "target 2" in found


def test_what_the_bot_does_not_manage_has_no_exits() -> None:
    assert list(held_against(context(held=True))) == ["price"]


# ---------------------------------------------------------------------- each exit has a setting


@pytest.mark.parametrize(
    ("rule", "ctx", "loose"),
    [
        ("exit.trend", held(series=series_with(**FALLING), liquidity=2e6), "trend_opportunity"),
        ("exit.risk", held(1, series=series_with(sigma=0.006), gas_rank=0.9), "risk_pct"),
        ("exit.time", held(), "hold_h"),
        ("exit.stress", held(9, series=series_with(ref_bar=107.9)), "stress"),
    ],
)
def test_each_rule_follows_its_setting(rule: str, ctx: Context, loose: str) -> None:
    if rule == "exit.time":
        ctx.opened = ctx.time - 13 * HOUR
    assert judge(ctx).rule == rule
    low, high = RANGES[loose]
    ctx.rules = ExitRules(**{loose: low if loose == "trend_opportunity" else high})
    assert judge(ctx).rule == "hold.position"


def test_stop_and_targets_follow_their_settings() -> None:
    rules = ExitRules(stop_atrs=3, target_pct=200)
    plan = make_plan(100.0, 0.3, profile(5), START, rules)
    assert plan.stop == pytest.approx(99.1)
    assert plan.targets == pytest.approx((101.8, 103.6, 105.4))
    assert to_plain(from_plain(to_plain(plan))) == to_plain(plan)
    assert breach(plan, 101.0, 101.0) is None
    assert breach(plan, 101.8, 101.8) == "exit.take_profit_1"
    ctx = context(rules=rules)
    verdict = judge(ctx)
    assert ctx.value - verdict.stop == pytest.approx(0.6)
    assert verdict.targets == pytest.approx((101.2, 102.4, 103.6))


def test_a_plan_from_before_targets_had_a_setting_is_read() -> None:
    old = {"entry": 100.0, "distance": 2.0, "opened": START, "taken": 1, "high": 102.5}
    plan = from_plain(old)
    assert (plan.targets, plan.guard) == ((102.0, 104.0, 106.0), 100.5)


@pytest.mark.parametrize("name", sorted(RANGES))
def test_settings_of_exits_have_a_range(name: str) -> None:
    low, high = RANGES[name]
    for value in (low - 1, high + 1):
        with pytest.raises(ValueError, match=f"{name} is {value}; it must lie between {low} and"):
            ExitRules(**{name: value})
    ExitRules(**{name: low})
    ExitRules(**{name: high})
