"""Whether a decision is one more like the last, told without its scores.

Of decisions that order nothing only every fifteenth minute's is kept; of the others nothing is
needed but that the same rule applies.  Most often that follows from how high the scores can be
at all while only the price moves, which is worked out once a bar.
"""

from __future__ import annotations

from papertrader_tui.domain.market import HOUR
from papertrader_tui.intel.context import Context, Marks
from papertrader_tui.intel.decisions import STRESS_ENTRY
from papertrader_tui.intel.marking import ready
from papertrader_tui.intel.scoring import stress, totals
from papertrader_tui.intel.sizing import paying_sizes


def alike(ctx: Context, rule: str) -> bool:
    """Would `judge` surely apply this rule? False where that takes its scores to tell."""
    if ctx.fault or ctx.pending or ctx.age_ms > ctx.max_age_ms:
        return False
    if ctx.held:
        return rule == "hold.position" and not ctx.breached and _stays(ctx, ready(ctx))
    if ctx.blocked:
        return False
    if rule == "skip.confidence":
        marks, least = ready(ctx), ctx.profile.min_confidence * 100
        return marks.most_confidence < least or totals(ctx, marks)[2] < least
    return rule == "skip.cost" and _costs(ctx, ready(ctx))


def _stays(ctx: Context, marks: Marks) -> bool:
    """Surely no exit applies."""
    rules, trend = ctx.rules, ctx.series.trend
    return (
        ctx.plan is not None
        and (trend is None or trend >= 0.0)
        and marks.most_risk <= ctx.profile.risk_tolerance * rules.risk_pct
        and (ctx.time - ctx.opened < rules.hold_h * HOUR or ctx.pnl > 0.0)
        and stress(ctx.value, ctx.series, ctx.watch_drop) < rules.stress * 100
    )


def _costs(ctx: Context, marks: Marks) -> bool:
    """Surely nothing is in the way of an entry before its costs, and no size pays for them."""
    profile, series = ctx.profile, ctx.series
    return (
        series.trend is not None
        and series.atr is not None
        and marks.most_risk <= profile.risk_tolerance * 100
        and paying_sizes(marks.expected, ctx) is None
        and _sure(ctx, marks, profile.min_confidence * 100)
        and stress(ctx.value, series, ctx.watch_drop) < STRESS_ENTRY
    )


def _sure(ctx: Context, marks: Marks, least: float) -> bool:
    """Enough confidence for an entry."""
    return marks.fixed_confidence >= least or totals(ctx, marks)[2] >= least
