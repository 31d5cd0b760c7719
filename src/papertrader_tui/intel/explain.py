"""The story of a verdict: its reason in words and every factor with what it looked at.

Built only for decisions that are kept, from the numbers that the verdict was made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache

from papertrader_tui.domain.decision import Factor
from papertrader_tui.domain.market import HOUR, MINUTE
from papertrader_tui.intel import sentences, sizing, still, weights
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.decisions import (
    AGAINST,
    MAX_HOLD_MS,
    OPPORTUNITY_TENTHS,
    RISK_EXIT_TENTHS,
    RULES,
    Verdict,
)
from papertrader_tui.intel.indicators import HORIZONS

_NAMES = (
    *(("risk", n) for n, _ in weights.RISK),
    *(("opportunity", n) for n, _ in weights.OPPORTUNITY),
    *(("confidence", n) for n, _ in weights.CONFIDENCE),
)


def explain(ctx: Context, verdict: Verdict) -> tuple[str, Sequence[Factor], tuple[str, ...]]:
    """Reason, factors and the names of what was missing.

    The factors are worked out when they are first looked at, from the numbers as they are now.

    Args:
        ctx: The context as it was when the verdict was made.
        verdict: What `judge` returned for it.
    """
    numbers, shares = still.take(ctx), tuple(ctx.marks.weights)
    factors = still.Told(lambda: _tell(numbers, shares, verdict))
    return reason(ctx, verdict), factors, missing(ctx)


def _tell(numbers: still.Numbers, shares: tuple[int, ...], verdict: Verdict) -> tuple[Factor, ...]:
    tell = sentences.Teller(still.view(numbers), verdict)
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
    found: dict[str, None] = {}
    for (_, name), weight in zip(_NAMES, ctx.marks.weights, strict=True):
        if not weight:
            found[name] = None
    series = ctx.series
    if series.trend is not None:
        for bars, walk in zip(HORIZONS, series.walks, strict=True):
            if walk is None:
                found[f"trend over {sentences.span(bars * series.bar_ms)}"] = None
    if ctx.gas_usd is None:
        found["gas cost"] = None
    return tuple(found)


def reason(ctx: Context, verdict: Verdict) -> str:  # noqa: PLR0912 - one branch a rule
    """Why the rule applied, with its numbers."""
    rule, profile = verdict.rule, ctx.profile
    confidence, risk = verdict.confidence / 100, verdict.risk / 100
    opportunity = verdict.opportunity / 100
    if rule == "skip.price":
        stale = f"{ctx.age_ms / 1000:g} s old, the limit is {ctx.max_age_ms / 1000:g} s"
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
        most = profile.risk_tolerance * RISK_EXIT_TENTHS / 10
        return f"risk {risk:.2f} > {most:g}, 1.2 × the tolerance: {_worst(verdict, ctx)}"
    if rule == "exit.trend":
        return f"trend {sentences.trend(ctx)}, opportunity {opportunity:.2f} < 30"
    if rule == "exit.time":
        held = (ctx.time - ctx.opened) / HOUR
        return f"held {held:.1f} h of {MAX_HOLD_MS // HOUR}, P&L {ctx.pnl:+.2%} after costs"
    if rule == "exit.stress":
        return sentences.stress(ctx)
    if rule == "hold.position":
        return _holding(ctx)
    if rule == "entry.buy":
        return f"{sentences.headline(ctx, verdict)}; size set by {verdict.bound}"
    return RULES[rule]


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
    minutes = max(0, ctx.time - ctx.opened) // MINUTE
    return f"position open for {minutes // 60} h {minutes % 60:02d} min, P&L {ctx.pnl:+.2%}"
