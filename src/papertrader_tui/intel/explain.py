"""The story of a verdict: its reason in words and every factor with what it looked at.

Built only for decisions that are kept, from the numbers that the verdict was made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from papertrader_tui.domain.decision import Check, Factor
from papertrader_tui.domain.market import HOUR
from papertrader_tui.domain.risk import GateRow
from papertrader_tui.intel import exits, sentences, sizing, still, weights
from papertrader_tui.intel.checks import conditions
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.decisions import (
    AGAINST,
    OPPORTUNITY_TENTHS,
    RULES,
    Verdict,
)
from papertrader_tui.intel.indicators import HORIZONS

_NAMES = (
    *(("risk", n) for n, _ in weights.RISK),
    *(("opportunity", n) for n, _ in weights.OPPORTUNITY),
    *(("confidence", n) for n, _ in weights.CONFIDENCE),
)


class Story(NamedTuple):
    """What is told of a verdict.

    Attributes:
        reason: Why its rule applied.
        factors, checks: Worked out when they are first looked at, from the numbers as they were.
        missing: What was not to be had.
    """

    reason: str
    factors: Sequence[Factor]
    missing: tuple[str, ...]
    checks: Sequence[Check]


def explain(
    ctx: Context, verdict: Verdict, gates: Callable[[], Iterable[GateRow]] = tuple
) -> Story:
    """Everything there is to tell of a verdict.

    Args:
        ctx: The context as it was when the verdict was made.
        verdict: What `judge` returned for it.
        gates: The account's gates as they were then.
    """
    numbers, shares = still.take(ctx), tuple(ctx.marks.weights)
    return Story(
        reason(ctx, verdict),
        still.Told(lambda: _tell(numbers, shares, verdict)),
        missing(ctx),
        still.Told(lambda: conditions(still.view(numbers), verdict, gates())),
    )


def _tell(numbers: still.Numbers, shares: tuple[int, ...], verdict: Verdict) -> tuple[Factor, ...]:
    view = still.view(numbers)
    tell = sentences.Teller(view, verdict, view.day_before)
    factors = []
    told: dict[str, tuple[str, sentences.Inputs]] = {}  # depth and network stand in two scores
    for index, (of, name) in enumerate(_NAMES):
        weight = shares[index]
        if not weight:
            continue
        points = verdict.scores[3 + index]
        if name not in told:
            told[name] = tell(name)
        factors.append(
            Factor(
                name, of, _percent(points), _percent(weight),
                _percent((points * weight + 5_000) // 10_000), *told[name],
            )
        )  # fmt: skip
    return tuple(factors)


@cache  # of at most 10,001 values
def _percent(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)


def missing(ctx: Context) -> tuple[str, ...]:
    """Factors and inputs that were not to be had, each once, in the order of the factors."""
    series = ctx.series
    spans: tuple[int, ...] = ()
    if series.trend is not None:
        spans = tuple(
            bars * series.bar_ms
            for bars, walk in zip(HORIZONS, series.walks, strict=True)
            if walk is None
        )
    full = ctx.gas_fullness >= 0.0
    return _missing(ctx.marks.weights, spans, ctx.gas_usd is None, ctx.gas_rank is None, full)


@lru_cache(maxsize=512)  # it hardly ever changes from one decision to the next
def _missing(
    shares: tuple[int, ...], spans: tuple[int, ...], no_cost: bool, no_rank: bool, full: bool
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for (_, name), weight in zip(_NAMES, shares, strict=True):
        if not weight:
            found[name] = None
    for span in spans:
        found[f"trend over {sentences.span(span)}"] = None
    if no_cost:
        found["gas cost"] = None
    if not no_rank and not full:
        found["block fullness"] = None
    if no_rank and full:
        found["gas of the day"] = None
    return tuple(found)


def reason(ctx: Context, verdict: Verdict) -> str:  # noqa: PLR0912 - one branch a rule
    """Why the rule applied, with its numbers."""
    rule, profile = verdict.rule, ctx.profile
    confidence, risk = verdict.confidence / 100, verdict.risk / 100
    opportunity = verdict.opportunity / 100
    if rule == "skip.price":
        stale = f"{round(ctx.age_ms / 1000, 1):g} s old, the limit is {ctx.max_age_ms / 1000:g} s"
        return ctx.fault or stale
    if rule == "skip.gate":
        return ctx.blocked_reason or ctx.blocked
    if rule == "skip.confidence":
        text = f"confidence {confidence:.2f} < {profile.min_confidence:g}"
        lacking = missing(ctx)
        return f"{text}; missing: {', '.join(lacking)}" if len(lacking) > 2 else text
    if rule == "skip.risk":
        return f"risk {risk:.2f} > {profile.risk_tolerance:g}: {_worst(verdict, ctx)}"
    if rule == "skip.stress":
        return sentences.stress(ctx)
    if rule == "skip.history":
        return f"{ctx.series.bars} bars since the last gap, 14 are needed for an expected move"
    if rule == "skip.cost":
        size = verdict.size_cents or sizing.cents(
            sizing.own_size(profile, ctx, verdict.confidence, verdict.risk)[0]
        )
        size = max(size, 1)
        return (
            f"expected move {ctx.marks.expected:+.2%} < {sizing.PAY_RATIO:g} × round trip "
            f"{sizing.round_trip(size / 100, ctx):.2%} at ${size / 100:,.2f}"
        )
    if rule == "hold.opportunity":
        least = risk * OPPORTUNITY_TENTHS / 10
        return f"opportunity {opportunity:.2f} < 0.8 × risk = {least:.2f}"
    if rule == "hold.trend":
        longest = ctx.series.walks[2] or 0.0
        hours = sentences.span(HORIZONS[2] * ctx.series.bar_ms)
        return f"the trend over {hours} is against it: {longest:+.1f}σ < {AGAINST:+.1f}σ"
    if rule in ("skip.size", "skip.exposure"):
        return (
            f"size ${verdict.size_cents / 100:,.2f} < ${profile.min_trade_usd:g}: {verdict.bound}"
        )
    if rule == "exit.risk":
        times = ctx.rules.risk_pct / 100
        most = profile.risk_tolerance * times
        return f"risk {risk:.2f} > {most:g}, {times:g} × the tolerance: {_worst(verdict, ctx)}"
    if rule == "exit.trend":
        least = ctx.rules.trend_opportunity
        return f"trend {sentences.trend(ctx)}, opportunity {opportunity:.2f} < {least}"
    if rule == "exit.time":
        held = (ctx.time - ctx.opened) / HOUR
        return f"held {held:.1f} h of {ctx.rules.hold_h}, P&L {ctx.pnl:+.2%} after costs"
    if rule == "exit.stress":
        return sentences.stress(ctx)
    if rule == "hold.position":
        return _holding(ctx)
    if rule == "entry.buy":
        return f"{sentences.headline(ctx, verdict)}; size set by {verdict.bound}"
    if ctx.plan is not None and rule in (exits.STOP_LOSS, exits.TRAILING, *exits.TAKE_PROFIT):
        return _reached(rule, ctx, ctx.plan)
    return RULES[rule]


def _reached(rule: str, ctx: Context, plan: exits.ExitPlan) -> str:
    """Which planned price was reached, and what the position has made."""
    number = sentences.number
    if rule == exits.STOP_LOSS:
        what = f"the price fell to the stop at {number(plan.guard)}"
    elif rule == exits.TRAILING:
        high = number(plan.high)
        what = f"the price fell to the trailing stop at {number(plan.guard)} from {high}"
    else:
        tier = exits.TAKE_PROFIT.index(rule)
        part, whole = exits.sold_part(plan, rule)
        thirds = "a third of the original" if part == 1 else "two thirds of the original"
        sold = f"{'the rest' if part == whole else thirds} is sold"
        what = f"the price reached target {tier + 1} at {number(plan.targets[tier])}: {sold}"
    held = sentences.lasting(max(0, ctx.time - ctx.opened))
    return f"{what}; entered at {number(plan.entry)}, P&L {ctx.pnl:+.2%} after {held}"


def _worst(verdict: Verdict, ctx: Context) -> str:
    """The two factors that add most to risk."""
    shares = ctx.marks.weights
    parts = sorted(
        (((verdict.scores[3 + i] * shares[i] + 5_000) // 10_000, -i) for i in range(6)),
        reverse=True,
    )
    return ", ".join(f"{weights.RISK[-i][0]} {part / 100:.0f}" for part, i in parts[:2])


def _holding(ctx: Context) -> str:
    if ctx.plan is None:
        return "a position is open that the bot does not manage"
    held = sentences.lasting(max(0, ctx.time - ctx.opened))
    return f"position open for {held}, P&L {ctx.pnl:+.2%}"
