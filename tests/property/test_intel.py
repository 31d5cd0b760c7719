"""The binding properties of the intelligence engine."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from papertrader_tui.domain.decision import Action
from papertrader_tui.domain.market import HOUR
from papertrader_tui.intel import sizing
from papertrader_tui.intel.alike import alike
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.curve import Curve
from papertrader_tui.intel.decisions import RULES, Verdict, judge
from papertrader_tui.intel.exits import ExitPlan, breach, sold_part
from papertrader_tui.intel.explain import explain
from papertrader_tui.intel.indicators import Series
from papertrader_tui.intel.levels import LEVELS
from papertrader_tui.intel.marking import contribution
from papertrader_tui.intel.scoring import score
from papertrader_tui.intel.unsized import RECORD_WEIGHT, at_any_level, refused
from tests.unit.intel.builders import BAR, START, context, series_with


def floats(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def dollars(low: float, high: float) -> st.SearchStrategy[float]:
    """Log-uniform, since money comes in every size."""
    return floats(math.log10(low), math.log10(high)).map(lambda exponent: 10**exponent)


MAYBE_LIQUIDITY = st.none() | dollars(1e3, 1e9)
SIZES = [2.0**n for n in range(24)]


def pool(reserve: float, fee: float = 0.0005, step: float = 0.0) -> Curve:
    """Costs in a pool of so many dollars a side, with a step in them where its depth changes."""
    impact = [size / (reserve + size) + (step if size > 1_000 else 0.0) for size in SIZES]
    return Curve(SIZES, [2 * (fee + part) for part in impact], impact)


POOLS = st.builds(pool, dollars(1e3, 1e9), floats(0, 0.01), floats(0, 0.02))


@st.composite
def features(draw: st.DrawFn) -> dict[str, object]:
    """What a series may say, from nothing at all to everything."""
    walk = st.floats(-6, 6)
    walks = (draw(walk), draw(walk), draw(walk))
    horizons = draw(st.integers(1, 3))
    return {
        "sigma": draw(floats(0, 0.05)),
        "trend": draw(floats(-4, 4)),
        "walks": tuple(w if i < horizons else None for i, w in enumerate(walks)),
        "horizons": horizons,
        "atr": draw(floats(0, 5)),
        "rsi": draw(st.none() | floats(0, 100)),
        "ema_fast": draw(floats(95, 105)),
        "ema_slow": draw(st.none() | floats(95, 105)),
        "support": draw(floats(90, 100)),
        "resistance": draw(st.none() | floats(100, 130)),
        "volume_ratio": draw(st.none() | floats(0, 24)),
        "ref_bar": draw(st.none() | floats(90, 110)),
        "ref_hour": draw(st.none() | floats(90, 110)),
    }


@st.composite
def markets(draw: st.DrawFn) -> dict[str, object]:
    """A context's values apart from its series and its level."""
    equity = draw(dollars(20, 1e7))
    return {
        "equity": equity,
        "cash": equity * draw(floats(0, 1)),
        "exposure": equity * draw(floats(0, 1)),
        "liquidity": draw(MAYBE_LIQUIDITY),
        "fee_bps": draw(st.sampled_from([0.0, 1.0, 5.0, 30.0, 100.0])),
        "gas_usd": draw(st.none() | dollars(1e-4, 50)),
        "gas_rank": draw(st.none() | floats(0, 1)),
        "public_mempool": draw(st.booleans()),
        "sources": draw(st.integers(0, 4)),
        "age_ms": draw(st.integers(0, 60_000)),
        "watch_drop": draw(st.none() | floats(-0.5, 0.5)),
        "spread": draw(st.just(0.0) | floats(0, 1)),
        "gas_fullness": draw(st.just(-1.0) | floats(0, 1)),
        "volume_24h": draw(st.just(-1.0) | dollars(1, 1e10)),
        "volume_change": draw(st.none() | floats(0, 1e6)),
        "curve": draw(st.none() | POOLS),
        "limit": draw(st.none() | dollars(1, 1e5)),
        "value": draw(floats(90, 115)),
        "record": draw(st.just(-1) | st.integers(0, 10_000)),
    }


#: What a decision has to name as the condition that made it.
CALLED = {
    "skip.price": {"price"}, "skip.confidence": {"confidence"}, "skip.risk": {"risk"},
    "skip.stress": {"stress"}, "skip.history": {"history"}, "skip.cost": {"expected move"},
    "hold.opportunity": {"opportunity"}, "hold.trend": {"longest trend"},
    "skip.exposure": {"size"}, "skip.size": {"size"}, "exit.trend": {"trend"},
    "exit.risk": {"risk"}, "exit.time": {"time"}, "exit.stress": {"stress"},
    "exit.stop_loss": {"stop"}, "exit.trailing": {"trailing stop"},
    **{f"exit.take_profit_{n}": {"target 1"} for n in (1, 2, 3)},
}  # fmt: skip


@given(st.integers(1, 10), features(), markets(), st.integers(0, 10_000))
def test_a_better_own_record_never_lowers_confidence(
    level: int, said: dict[str, object], values: dict[str, object], better: int
) -> None:
    worse = made(level, said, values)
    other = made(level, said, {**values, "record": max(better, worse.record)})
    if worse.record >= 0:
        assert score(other)[2] >= score(worse)[2]
    # the same context told another record scores as a new one does
    worse.record = other.record
    assert score(worse) == score(other)


def made(level: int, said: dict[str, object], values: dict[str, object]) -> Context:
    return context(level, series_with(**said), **values)


@given(st.integers(1, 10), features(), markets())
def test_1_contributions_sum_exactly_and_scores_stay_in_range(
    level: int, said: dict[str, object], values: dict[str, object]
) -> None:
    ctx = made(level, said, values)
    verdict = judge(ctx)
    assert all(isinstance(s, int) and 0 <= s <= 10_000 for s in verdict.scores)
    assert verdict.rule in RULES
    reason, factors, _, checks = explain(ctx, verdict)
    assert reason
    assert "nan" not in reason
    for of, total in (
        ("risk", verdict.risk),
        ("opportunity", verdict.opportunity),
        ("confidence", verdict.confidence),
    ):
        mine = [f for f in factors if f.of == of]
        assert all("nan" not in f.sentence and "inf" not in f.sentence for f in mine)
        assert sum((f.contribution for f in mine), Decimal(0)) == Decimal(total) / 100
        if mine:
            assert sum((f.weight for f in mine), Decimal(0)) == 100
        for factor in mine:
            exact = factor.score * factor.weight / 100
            assert abs(factor.contribution - exact) <= Decimal("0.005")
    assert all(check.used is None or 0 <= check.used <= 9.999 for check in checks)
    hits = {check.name for check in checks if check.hit}
    assert not hits if verdict.action is Action.BUY else True
    assert CALLED.get(verdict.rule, set()) <= hits


@given(st.integers(1, 10), features(), markets(), st.data())
def test_1_an_exit_names_the_condition_that_called_for_it(
    level: int, said: dict[str, object], values: dict[str, object], data: st.DataObject
) -> None:
    ctx = made(level, said, values)
    ctx.held, ctx.plan = True, ExitPlan(100.0, data.draw(floats(0.5, 8)), START)
    ctx.opened = ctx.time - data.draw(st.integers(0, 48 * HOUR))
    ctx.pnl = data.draw(floats(-1, 3))
    ctx.breached = breach(ctx.plan, ctx.value, ctx.value) or ""
    verdict = judge(ctx)
    story = explain(ctx, verdict)
    assert "nan" not in story.reason
    assert {check.of for check in story.checks} == {"exit"}
    assert all(check.used is None or 0 <= check.used <= 9.999 for check in story.checks)
    hits = {check.name for check in story.checks if check.hit}
    assert CALLED.get(verdict.rule, set()) <= hits
    assert verdict.rule != "hold.position" or not hits


@given(st.lists(dollars(1e-12, 1e9), min_size=1, max_size=60), st.integers(1, 9))
def test_1_no_nan_from_any_finite_price(prices: list[float], level: int) -> None:
    series = Series()
    ctx = context(level, series)
    for index, price in enumerate(prices):
        series.on_price(START + index * BAR, price, price * 1e3)
        ctx.value = price
        verdict = judge(ctx)
        assert all(0 <= s <= 10_000 for s in verdict.scores)
        assert all(math.isfinite(v) for v in (verdict.stop, *verdict.targets))
        assert math.isfinite(verdict.expected_move)
        assert math.isfinite(verdict.round_trip)
        for name in ("atr", "rsi", "sigma", "trend", "ema_fast", "volume_ratio"):
            value = getattr(series, name)
            assert value is None or math.isfinite(value)


@given(st.integers(1, 10), features(), markets())
def test_2_the_same_context_gives_the_same_decision(
    level: int, said: dict[str, object], values: dict[str, object]
) -> None:
    first, second = made(level, said, values), made(level, said, values)
    # one of them has judged something else before
    second.liquidity, second.gas_rank, keep = 123.0, 0.5, second.value
    second.value = 95.0
    judge(second)
    second.value = keep
    second.liquidity, second.gas_rank = first.liquidity, first.gas_rank
    one, two, again = judge(first), judge(second), judge(first)
    assert one.values() == two.values() == again.values()
    assert explain(first, one) == explain(second, two)


STEPS = st.lists(
    st.tuples(floats(-0.02, 0.02), st.sampled_from([10_000, 60_000, 300_000, 4_000_000])),
    min_size=20,
    max_size=120,
)


def decided(steps: list[tuple[float, int]]) -> list[tuple[object, ...]]:
    series = Series()
    ctx = context(9, series)
    time, price, found = START, 100.0, []
    for change, wait in steps:
        time, price = time + wait, price * (1 + change)
        series.on_price(time, price, 10.0)
        ctx.time, ctx.value = time, price
        verdict = judge(ctx)
        found.append((*verdict.values(), explain(ctx, verdict)))
    return found


@given(STEPS, STEPS)
def test_2_what_comes_later_changes_no_decision(
    past: list[tuple[float, int]], future: list[tuple[float, int]]
) -> None:
    assert decided(past + future)[: len(past)] == decided(past)


@given(STEPS)
def test_2_a_decision_does_not_depend_on_when_it_was_first_asked(
    steps: list[tuple[float, int]],
) -> None:
    """What is kept between decisions is worked out from closed bars, whenever that happens."""
    last = decided(steps)[-1]
    series = Series()
    ctx = context(9, series)
    ctx.time, ctx.value = START, 100.0
    for change, wait in steps:
        ctx.time, ctx.value = ctx.time + wait, ctx.value * (1 + change)
        series.on_price(ctx.time, ctx.value, 10.0)
    verdict = judge(ctx)
    assert (*verdict.values(), explain(ctx, verdict)) == last


def riskier(ctx: Context, name: str, value: float) -> None:
    setattr(ctx.series if name == "sigma" else ctx, name, value)
    ctx.series.version += 1


RISKIER = {
    "sigma": lambda draw, now: draw(floats(now or 0.0, 0.1)),
    "liquidity": lambda draw, now: draw(floats(0, now)),
    "age_ms": lambda draw, now: draw(st.integers(now, 600_000)),
    "spread": lambda draw, now: draw(floats(now, 2)),
    "watch_drop": lambda draw, now: draw(floats(now, 1)),
    "gas_rank": lambda draw, now: draw(floats(now, 1)),
    "gas_fullness": lambda draw, now: draw(floats(now, 1)),
}


@given(features(), markets(), st.sampled_from(sorted(RISKIER)), st.data())
def test_3_more_volatility_less_depth_or_an_older_price_never_lower_risk(
    said: dict[str, object], values: dict[str, object], name: str, data: st.DataObject
) -> None:
    ctx = made(5, said, values)
    now = getattr(ctx.series if name == "sigma" else ctx, name)
    assume(now is not None and (name != "gas_fullness" or now >= 0))
    before = score(ctx)[0]
    riskier(ctx, name, RISKIER[name](data.draw, now))
    assert score(ctx)[0] >= before


@given(features(), markets(), dollars(1e3, 1e9), floats(0.01, 1), floats(0, 0.01))
def test_3_a_pool_with_less_in_it_never_lowers_risk_nor_the_cost(
    said: dict[str, object], values: dict[str, object], reserve: float, left: float, fee: float
) -> None:
    ctx = made(5, said, values)
    ctx.curve = pool(reserve, fee)
    risk, cost = score(ctx)[0], sizing.round_trip(250.0, ctx)
    ctx.curve = pool(reserve * left, fee)
    assert score(ctx)[0] >= risk
    assert sizing.round_trip(250.0, ctx) >= cost


@given(features(), markets(), st.data())
def test_3_a_stronger_trend_never_lowers_opportunity(
    said: dict[str, object], values: dict[str, object], data: st.DataObject
) -> None:
    ctx = made(5, said, values)
    before = score(ctx)[1]
    ctx.series.trend = data.draw(floats(float(str(said["trend"])), 9))
    ctx.series.version += 1
    assert score(ctx)[1] >= before


@st.composite
def promising(draw: st.DrawFn) -> tuple[dict[str, object], dict[str, object]]:
    """Contexts that some level is likely to buy in, small accounts and tight limits included."""
    said, values = draw(features()), draw(markets())
    trend = draw(floats(0.5, 4))
    said |= {
        "trend": trend, "walks": (trend, trend, draw(floats(-1.2, 4))), "horizons": 3,
        "sigma": draw(floats(0, 0.01)), "atr": draw(floats(0.1, 3)), "rsi": draw(floats(45, 90)),
        "ema_slow": draw(floats(96, 100)), "ema_fast": 100.0, "resistance": 101.0,
        "ref_bar": 100.0, "ref_hour": draw(floats(97, 101)),
    }  # fmt: skip
    values |= {
        "value": draw(floats(98, 103)), "age_ms": draw(st.integers(0, 10_000)), "sources": 0,
        "fee_bps": draw(st.sampled_from([0.0, 1.0, 5.0])), "watch_drop": None,
        "liquidity": draw(st.none() | dollars(1e4, 1e9)), "spread": 0.0,
        "curve": draw(st.none() | st.builds(pool, dollars(1e4, 1e9), st.just(0.0005))),
        "equity": draw(dollars(20, 2e4)), "gas_usd": draw(dollars(1e-4, 2)),
    }  # fmt: skip
    equity = float(str(values["equity"]))
    values["cash"] = equity * draw(st.sampled_from([0.01, 0.1, 1.0]))
    values["exposure"] = equity * draw(st.sampled_from([0.0, 0.05, 0.2, 0.6]))
    return said, values


@settings(max_examples=300)  # few contexts are good enough for the cautious levels
@given(promising())
def test_4_a_higher_level_never_skips_what_a_lower_one_buys_nor_buys_less(
    case: tuple[dict[str, object], dict[str, object]],
) -> None:
    said, values = case
    lower: Verdict | None = None
    for level in range(1, 10):
        verdict = judge(made(level, said, values))
        if lower is not None:
            assert verdict.action is Action.BUY, (level, verdict.rule)
            assert verdict.size_cents >= lower.size_cents
        if verdict.action is Action.BUY:
            lower = verdict


@pytest.mark.parametrize("equity", [80.0, 500.0, 650.0, 1_000.0, 10_000.0])
@pytest.mark.parametrize("cash", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("exposure", [0.0, 0.09, 0.3])
def test_4_holds_where_minimum_trades_bind(equity: float, cash: float, exposure: float) -> None:
    verdicts = [
        judge(context(level, equity=equity, cash=equity * cash, exposure=equity * exposure))
        for level in range(1, 10)
    ]
    bought = [v.action is Action.BUY for v in verdicts]
    assert bought == sorted(bought)
    sizes = [v.size_cents for v in verdicts if v.action is Action.BUY]
    assert sizes == sorted(sizes)


@given(promising())
def test_a_size_never_exceeds_what_limits_it_and_pays_for_itself(
    case: tuple[dict[str, object], dict[str, object]],
) -> None:
    said, values = case
    for level in (1, 5, 9):
        ctx = made(level, said, values)
        verdict = judge(ctx)
        if verdict.action is not Action.BUY:
            continue
        size, profile = verdict.size_cents / 100, LEVELS[level]
        assert 0 < size <= ctx.cash
        assert size <= ctx.equity * profile.max_position_pct / 100
        assert ctx.exposure + size <= ctx.equity * profile.max_exposure_pct / 100 + 0.01
        assert 2 * verdict.round_trip <= verdict.expected_move + 1e-6
        if ctx.curve is not None:
            assert ctx.curve.impact(size) <= 0.005 + 1e-9
        elif ctx.liquidity is not None:
            assert size / (ctx.liquidity / 2 + size) <= 0.005 + 1e-9
        if ctx.limit is not None:
            assert size <= ctx.limit
        assert 0 < verdict.stop < ctx.value < min(verdict.targets)
        assert verdict.stop >= ctx.value * (1 - profile.stop_pct / 100) - 1e-9


@given(
    st.lists(st.tuples(floats(80, 130), floats(80, 130)), min_size=1, max_size=60),
    floats(0.5, 8),
)
def test_exits_sell_everything_once_and_the_guard_only_rises(
    spans: list[tuple[float, float]], distance: float
) -> None:
    plan = ExitPlan(100.0, distance, START)
    left, sold = 1.0, []
    for a, b in spans:
        guard = plan.guard
        rule = breach(plan, min(a, b), max(a, b))
        assert plan.guard >= guard
        if rule is None:
            assert min(a, b) > guard
            continue
        part, whole = sold_part(plan, rule)
        assert 0 < part <= whole
        left -= left * part / whole
        sold.append(rule)
        if rule.startswith("exit.take_profit"):
            plan.take(int(rule[-1]))
            assert left == pytest.approx(1 - plan.taken / 3)
        if left < 1e-9:
            break
    assert len(sold) == len(set(sold))


@given(
    st.integers(1, 10), features(), markets(), st.lists(floats(90, 115), min_size=1, max_size=4),
    st.booleans(), st.integers(0, 100),
)  # fmt: skip
def test_12_a_rule_told_without_scores_is_the_one_that_scores_lead_to(
    level: int,
    said: dict[str, object],
    values: dict[str, object],
    prices: list[float],
    held: bool,
    hours: int,
) -> None:
    ctx = made(level, said, values)
    ctx.held, ctx.opened = held, ctx.time - hours * HOUR
    ctx.plan = ExitPlan(100.0, 5.0, ctx.opened) if held else None
    for price in prices:  # the bars stay as they are
        ctx.value = price
        rule = judge(ctx).rule
        for other in RULES:
            assert not alike(ctx, other) or other == rule


@given(st.integers(1, 10), features(), markets(), st.none() | st.integers(0, 10_000))
def test_13_an_entry_refused_before_its_size_is_refused_so_by_the_rules(
    level: int, said: dict[str, object], values: dict[str, object], record: int | None
) -> None:
    ctx = made(level, said, values)
    ctx.pending, ctx.blocked = False, ""
    ctx.record = -1 if record is None else 0
    scores = score(ctx)  # as those who share it have it: the own record is added last
    confidence = scores[2]
    if record is not None:
        ctx.record = record
        confidence += contribution(record, ctx.marks.weights[RECORD_WEIGHT])
    rule = refused(ctx.profile, scores[0], confidence, at_any_level(ctx, scores))
    verdict = judge(ctx)
    assert verdict.scores[2] == confidence
    assert verdict.scores[0] == scores[0]
    if not ctx.fault and ctx.age_ms <= ctx.max_age_ms and not ctx.held and rule:
        assert verdict.rule == rule
