"""Risk, opportunity and confidence, in integer hundredths, from a context.

Every factor maps its inputs to 0..10000 and counts by its weight; a contribution is rounded to
0.01 first, and a score is the exact sum of its contributions.  Each factor moves one way only
in each of its inputs, so that more volatility, less depth or an older price can never lower the
risk: that is why a jump is measured in percent and not in sigma, which a higher sigma would
shrink.  No factor looks at the level or at its order size: sizes are judged against a
reference order, so that a context scores the same at every level.
"""

# ruff: noqa: FURB136 - at every price: min() and max() cost several
# times what a comparison does, and every call adds to it

from __future__ import annotations

from papertrader_tui.intel import weights
from papertrader_tui.intel.context import Context, Marks
from papertrader_tui.intel.indicators import Series
from papertrader_tui.intel.marking import hundredths, ready

#: Move in one bar, fall from the 24 h high and fall of the watchlist that score 100 as stress.
JUMP_FULL, FALL_FULL, WATCH_FULL = 0.08, 0.20, 0.10
#: Points, in hundredths, that sources lying 100 % apart add: 50 where they differ by 5 %.
SPREAD_POINTS = 100_000
_FULL = weights.TOTAL

Scores = tuple[int, ...]
"""risk, opportunity, confidence, then the factors: six of risk, six of opportunity, four of
confidence.  All in hundredths; a factor that is missing is 0 and weighs 0."""

Totals = tuple[int, int, int, int, int, int, int, int]
"""Risk, opportunity, confidence; price quality, stress, momentum, structure and spread."""


def totals(ctx: Context, marks: Marks) -> Totals:
    """The scores, and the factors that move with the price.

    One long function on purpose: a call costs more than a factor.
    """
    series = ctx.series
    present = marks.weighed
    value = ctx.value

    # price quality: how old it is, how many sources stand behind it, and how far they differ
    doubt = ctx.age_ms
    if doubt > 0:
        doubt = doubt * 10_000 // ctx.max_age_ms
    if 0 < ctx.sources < 3:
        doubt += 5_000 if ctx.sources == 1 else 2_000
    if ctx.spread > 0.0:
        doubt += int((ctx.spread if ctx.spread < 1.0 else 1.0) * SPREAD_POINTS)
    if doubt > 10_000:
        doubt = 10_000

    jolt = stress(value, series, ctx.watch_drop)

    push = 0
    if present & 32:  # weights.MOMENTUM
        pull = (value / series.ref_hour - 1.0) * marks.hour_scale  # type: ignore[operator]
        pull = marks.momentum + (1.0 if pull > 1.0 else pull if pull > 0.0 else 0.0)
        push = int(pull * 10_000 / 3)
    room = 0
    if present & 128:  # weights.STRUCTURE
        room = _room(value, series)

    w_doubt, w_stress, w_push, w_room, w_spread = marks.moving
    risk = (
        marks.fixed_risk + (doubt * w_doubt + 5_000) // 10_000 + (jolt * w_stress + 5_000) // 10_000
    )
    opportunity = (
        marks.fixed_opportunity
        + (push * w_push + 5_000) // 10_000
        + (room * w_room + 5_000) // 10_000
    )
    spread = 0
    if opportunity > risk and present & 16:  # weights.TREND
        spread = 2 * (opportunity - risk)
        if spread > 10_000:
            spread = 10_000
    confidence = marks.fixed_confidence + (spread * w_spread + 5_000) // 10_000
    return risk, opportunity, confidence, doubt, jolt, push, room, spread


def score(ctx: Context) -> Scores:
    """Score a context; the same context always scores the same."""
    marks = ready(ctx)
    risk, opportunity, confidence, doubt, jolt, push, room, spread = totals(ctx, marks)
    volatility, shallow, mev, crowded, trend, volume, deep, calm = marks.fixed
    record = ctx.record
    return (
        risk, opportunity, confidence,
        volatility, shallow, mev, doubt, jolt, crowded,
        trend, push, volume, room, deep, calm,
        marks.quality, spread, marks.agreement, record if record >= 0 else 0,
    )  # fmt: skip


def stress(value: float, series: Series, drop: float | None) -> int:
    """The worst of a jump, the fall from the day's high, and the watchlist's fall."""
    worst = 0.0
    before = series.ref_bar
    if before is not None:
        worst = (value / before - 1.0) / JUMP_FULL
        if worst < 0.0:
            worst = -worst
    top = series.resistance
    if top is not None and top > value:
        fall = (1.0 - value / top) / FALL_FULL
        if fall > worst:
            worst = fall
    if drop is not None:
        drop /= WATCH_FULL
        if drop > worst:
            worst = drop
    return int(worst * 10_000) if worst < 1.0 else 10_000


def _room(value: float, series: Series) -> int:
    """Structure: near support 100, near resistance 0, one ATR beyond either the other way round.

    Above resistance nothing is overhead; below support what held it has given way.
    """
    support, resistance, atr = series.support, series.resistance, series.atr
    assert support is not None
    assert resistance is not None
    assert atr is not None
    if value > resistance:
        return hundredths((value - resistance) / atr) if atr > 0 else 0
    if value < support:
        return _FULL - hundredths((support - value) / atr) if atr > 0 else 0
    return int((resistance - value) / (resistance - support) * _FULL) if resistance > support else 0
