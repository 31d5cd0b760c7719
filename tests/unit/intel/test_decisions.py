"""Every rule, in its order, with the sentence that it gives as its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from papertrader_tui.domain.decision import Action
from papertrader_tui.domain.market import HOUR
from papertrader_tui.intel import sizing
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.decisions import RULES, judge
from papertrader_tui.intel.exits import ExitPlan
from papertrader_tui.intel.explain import explain
from papertrader_tui.intel.indicators import Series
from papertrader_tui.intel.levels import override, profile
from tests.unit.intel.builders import START, context, fed, series_with, walk

FALLING = {"trend": -1.5, "walks": (-1.5, -1.5, -1.5), "rsi": 30.0, "ema_fast": 99.5}


def held(level: int = 5, series: Series | None = None, **values: object) -> Context:
    ctx = context(level, series, held=True, plan=ExitPlan(100.0, 2.0, START), **values)
    ctx.opened = ctx.time - HOUR
    return ctx


def told(ctx: Context) -> tuple[str, str]:
    verdict = judge(ctx)
    reason = explain(ctx, verdict).reason
    assert verdict.rule in RULES
    return verdict.rule, reason


def test_a_rising_calm_deep_market_is_bought() -> None:
    ctx = context()
    verdict = judge(ctx)
    assert (verdict.action, verdict.rule) == (Action.BUY, "entry.buy")
    share = verdict.confidence / 10_000 * (1 - verdict.risk / 10_000)
    assert verdict.size_cents == int(1_000 * share * 100)
    assert verdict.stop == pytest.approx(98.8)  # six true ranges of 0.2
    assert verdict.targets == pytest.approx((101.2, 102.4, 103.6))
    assert 0 < 2 * verdict.round_trip < verdict.expected_move
    reason = explain(ctx, verdict).reason
    assert reason.startswith("trend +2.5σ over 4 h, depth high, gas low, move +1.39% for 0.1")


CASES: list[tuple[str, Context, str]] = [
    ("skip.price", context(fault="sources differ by 4 %"), "sources differ by 4 %"),
    ("skip.price", context(age_ms=75_000), "75 s old, the limit is 60 s"),
    ("skip.gate", context(blocked="gate.daily_loss", blocked_reason="down 5.1 %"), "down 5.1 %"),
    ("hold.pending", context(pending=True), "an order for this token is under way"),
    (
        "skip.confidence",
        context(3, series_with(rsi=50.0, ema_fast=99.7, ref_hour=100.0, trend=0.1)),
        "< 85",
    ),
    ("skip.risk", context(1, series_with(sigma=0.004), gas_rank=0.9), "> 20: volatility 11"),
    (
        "skip.stress",
        context(9, series_with(ref_bar=94.0)),
        "+6.4% in 5 min, 0.2% below its 24 h high",
    ),
    (
        "skip.cost",
        context(9, fee_bps=100.0),
        "expected move +1.39% < 2 × round trip 2.0",
    ),
    (
        "skip.cost",  # gas eats a small account's trade
        context(9, gas_usd=5.0, equity=300.0, cash=300.0),
        "expected move +1.39% < 2 × round trip 17.65% at $56.98",
    ),
    (
        "hold.opportunity",
        context(
            9,
            series_with(
                trend=0.4, walks=(0.4,) * 3, sigma=0.009, atr=1.5, rsi=40.0, volume_ratio=0.2,
                ema_fast=99.0, resistance=108.0,
            ),
            public_mempool=True, liquidity=3e6, fee_bps=0.0, gas_usd=0.0, gas_rank=0.9,
        ),
        "< 0.8 × risk",
    ),
    (
        "hold.trend",
        context(5, series_with(walks=(4.0, 3.0, -1.2))),
        "the trend over 12 h is against it: -1.2σ < -1.0σ",
    ),
    (
        "skip.exposure",
        context(exposure=4_990.0, cash=5_010.0),
        "size $10.00 < $50: room under the level's exposure",
    ),
    ("skip.size", context(cash=5.0, gas_usd=0.0), "size $5.00 < $50: free cash less gas"),
    ("hold.position", held(), "position open for 1 h 00 min, P&L +0.00%"),
    ("hold.position", context(held=True), "a position is open that the bot does not manage"),
    ("exit.trend", held(5, series_with(**FALLING), liquidity=2e6), "trend -1.5σ over 4 h"),
    (
        "exit.risk",
        held(1, series_with(sigma=0.006), gas_rank=0.9),
        "> 24, 1.2 × the tolerance: volatility",
    ),
    ("exit.stress", held(9, series_with(ref_bar=110.0)), "-9.1% in 5 min"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "ctx", "words"), CASES, ids=lambda v: v if v in RULES else "")
def test_each_rule_decides_and_says_why(rule: str, ctx: Context, words: str) -> None:
    found, reason = told(ctx)
    assert (found, words in reason) == (rule, True), (found, reason)


def test_too_little_history_skips_and_says_what_is_missing() -> None:
    """The replaced system's first decision failed for lack of history."""
    empty = context(9, Series())
    rule, reason = told(empty)
    assert rule == "skip.confidence"
    assert "missing: volatility, stress, trend, momentum, volume, structure" in reason
    young = fed(walk(13, drift=0.004, sigma=0.0001))
    ctx = context(9, young, value=young.last)
    assert told(ctx) == (
        "skip.history",
        "13 bars since the last gap, 14 are needed for an expected move",
    )


def test_a_position_is_known_and_not_bought_again() -> None:
    """The replaced system's bot did not know what it held."""
    assert judge(context()).action is Action.BUY
    assert judge(context(held=True)).action is Action.HOLD
    assert judge(held()).action is Action.HOLD


@pytest.mark.parametrize(
    ("rule", "part"),
    [("exit.stop_loss", (1, 1)), ("exit.take_profit_1", (1, 3)), ("exit.trailing", (1, 1))],
)
def test_a_breach_sells_before_anything_else(rule: str, part: tuple[int, int]) -> None:
    verdict = judge(held(5, series_with(**FALLING), breached=rule, blocked="gate.peak_loss"))
    assert (verdict.action, verdict.rule, verdict.sell) == (Action.SELL, rule, part)


def test_exits_run_while_a_gate_is_closed_but_not_on_a_bad_price() -> None:
    assert judge(held(5, series_with(ref_bar=110.0), blocked="kill_switch")).rule == "exit.stress"
    assert judge(held(5, fault="stale", breached="exit.stop_loss")).rule == "skip.price"
    # a buy under way does not keep the stop from working
    assert judge(held(pending=True, breached="exit.stop_loss")).rule == "exit.stop_loss"
    assert judge(held(pending=True)).rule == "hold.pending"


def test_time_ends_a_position_only_without_a_gain() -> None:
    ctx = held()
    ctx.opened = ctx.time - 12 * HOUR
    assert told(ctx) == ("exit.time", "held 12.0 h of 12, P&L +0.00% after costs")
    ctx.pnl = 0.001
    assert judge(ctx).rule == "hold.position"


@pytest.mark.parametrize(
    ("values", "size", "bound"),
    [
        ({"cash": 300.08}, 30_000, sizing.CASH),
        ({"exposure": 4_900.0}, 10_000, sizing.EXPOSURE),
        ({"liquidity": 40_000.0, "fee_bps": 0.0, "gas_usd": 0.0}, 7_000, sizing.PAYS),
        ({"limit": 123.45}, 12_345, sizing.LIMIT),
    ],
)
def test_the_smallest_limit_sets_the_size(values: dict[str, object], size: int, bound: str) -> None:
    verdict = judge(context(9 if "liquidity" in values else 5, **values))
    assert (verdict.rule, verdict.bound) == ("entry.buy", bound)
    assert verdict.size_cents == pytest.approx(size, abs=150)


def test_half_a_percent_of_impact_is_the_most() -> None:
    ctx = context(9, series_with(atr=1.0), liquidity=100_000.0)
    verdict = judge(ctx)
    assert verdict.bound == sizing.IMPACT
    size = verdict.size_cents / 100
    assert size / (50_000 + size) == pytest.approx(0.005, rel=1e-4)


def test_sizes_that_pay_are_where_the_round_trip_is_half_the_move() -> None:
    ctx = context(9, liquidity=400_000.0, gas_usd=0.1, fee_bps=5.0)
    pays = sizing.paying_sizes(0.012, ctx)
    assert pays is not None
    for size in pays:
        assert 2 * sizing.round_trip(size, ctx) == pytest.approx(0.012)
    inside = (pays[0] + pays[1]) / 2
    assert 2 * sizing.round_trip(inside, ctx) < 0.012
    assert 2 * sizing.round_trip(pays[1] * 1.01, ctx) > 0.012
    assert 2 * sizing.round_trip(pays[0] * 0.99, ctx) > 0.012


def test_a_minimum_that_a_user_set_is_never_softened() -> None:
    # 600 dollars: level 1 buys for 11, level 2 would ask for less than its 20
    values = {"equity": 600.0, "cash": 600.0}
    low, high = judge(context(1, **values)), judge(context(2, **values))
    assert (low.rule, high.rule) == ("entry.buy", "entry.buy")
    assert low.size_cents < high.size_cents < 2_000
    ctx = context(2, **values)
    ctx.profile = override(profile(2), min_trade_usd=20)
    assert judge(ctx).rule == "skip.size"


def test_every_rule_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "intelligence.md").read_text("utf-8")
    assert [rule for rule in RULES if f"`{rule}`" not in page] == []
