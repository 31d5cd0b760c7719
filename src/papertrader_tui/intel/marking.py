"""What scores are made of and a price alone does not change: kept per bar, depth and gas."""

# ruff: noqa: FURB136 - once a bar: min() and max() cost several times what a comparison does

from __future__ import annotations

from math import log, sqrt

from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.intel import weights
from papertrader_tui.intel.context import Context, DepthKey, Marks
from papertrader_tui.intel.curve import Curve

#: Sigma of a day at which volatility scores 100.
DAY_SIGMA_FULL = 0.15
#: Impact of the reference order at which depth risk is 0, and at which it is 100 (log scale).
SHALLOW, DEEP = 0.005, 0.00005
REFERENCE_USD, REFERENCE_SHARE = 1_000.0, 0.01
#: Standard deviations of the trend that score 100; likewise for the change over one hour.
TREND_FULL, HOUR_FULL = 2.0, 2.0
#: The expected move looks this many bars ahead.
HOLDING_BARS = 48

_FULL = weights.TOTAL
_LOG_SPAN = log(SHALLOW / DEEP)
_HOLDING = sqrt(HOLDING_BARS)


def reference_order(equity: float) -> float:
    """Dollars that depth is measured with: $1,000, or 1 % of equity where that is more."""
    return max(REFERENCE_USD, equity * REFERENCE_SHARE)


def hundredths(value: float) -> int:
    """A fraction of 1 as 0..10000."""
    return 0 if value <= 0.0 else _FULL if value >= 1.0 else int(value * _FULL)


def _mark_bars(ctx: Context) -> None:
    """Work out what changes only when a bar closes."""
    marks, series = ctx.marks, ctx.series
    marks.series, marks.version, marks.weighed = series, series.version, -1
    present = 0
    sigma, atr = series.sigma, series.atr
    bar_ms = series.bar_ms
    marks.volatility = 0
    if sigma is not None:
        present = weights.VOLATILITY
        marks.volatility = hundredths(sigma * sqrt(DAY / bar_ms) / DAY_SIGMA_FULL)
    fast, slow, rsi = series.ema_fast, series.ema_slow, series.rsi
    gap = 0.0
    if slow is not None and fast is not None and atr:
        gap = (fast - slow) / atr
        gap = 1.0 if gap > 1.0 else -1.0 if gap < -1.0 else gap
    trend = series.trend
    marks.trend = marks.agreement = 0
    marks.expected = 0.0
    if trend is not None:
        present |= weights.TREND
        marks.trend = hundredths(trend / TREND_FULL)
        marks.agreement = _agreement(ctx, gap)
        if atr is not None:
            strength = trend / TREND_FULL
            strength = 1.0 if strength > 1.0 else -1.0 if strength < -1.0 else strength
            move = atr / series.last * _HOLDING
            marks.expected = (move if move < 1.0 else 1.0) * strength
    if (
        rsi is not None
        and slow is not None
        and atr is not None
        and sigma is not None
        and series.ref_hour is not None
    ):
        present |= weights.MOMENTUM
        pull = (rsi - 50.0) / 20.0
        pull = 0.0 if pull < 0.0 else 1.0 if pull > 1.0 else pull
        marks.momentum = pull + gap if gap > 0.0 else pull
        marks.hour_scale = 1 / (sigma * sqrt(HOUR / bar_ms) * HOUR_FULL) if sigma > 0.0 else 0.0
    marks.volume_change = ctx.volume_change
    ratio = series.volume_ratio
    if ratio is None:
        ratio = ctx.volume_change
    marks.volume = 0
    if ratio is not None and trend is not None:
        # volume confirms a rise; in a fall it is no opportunity
        present |= weights.VOLUME
        marks.volume = hundredths(ratio / 2 * (1.0 if trend > 1.0 else trend))
    if series.resistance is not None:
        present |= weights.STRESS
        if atr is not None:
            present |= weights.STRUCTURE
    elif series.ref_bar is not None:
        present |= weights.STRESS
    marks.present = present


def _agreement(ctx: Context, gap: float) -> int:
    """How much of what the horizons and the averages say points one way.

    Each horizon speaks with the R² of its line and that line's sign, the averages with their
    distance in true ranges, at most 1.
    """
    first, second, third = ctx.series.fits  # a fit that is not full yet is 0
    a, b, c = first.fit, second.fit, third.fit
    loud = abs(a) + abs(b) + abs(c) + abs(gap)
    return hundredths(abs(a + b + c + gap) / loud) if loud > 0.0 else 0


def reference_impact(liquidity: float | None, reference: float, curve: Curve | None) -> float:
    """Share of the reference order that its own impact takes; 1 in an empty pool."""
    if curve is not None:
        return curve.impact(reference)
    return reference / (liquidity / 2 + reference) if liquidity and liquidity > 0.0 else 1.0


def _mark_depth(ctx: Context, key: DepthKey) -> None:
    """Work out what changes only with the pool: depth and MEV exposure of the reference order."""
    marks = ctx.marks
    marks.depth_key, marks.weighed = key, -1
    liquidity, reference, public, curve = key
    impact = reference_impact(liquidity, reference, curve)
    marks.depth = hundredths(log(impact / DEEP) / _LOG_SPAN) if impact > DEEP else 0
    marks.mev = 3_000 + marks.depth * 7 // 10 if public else marks.depth // 5


def _mark_network(ctx: Context) -> None:
    """Work out what changes only with gas: where it lies in its day, and how full blocks are."""
    marks = ctx.marks
    marks.rank, marks.fullness, marks.weighed = ctx.gas_rank, ctx.gas_fullness, -1
    marks.crowded = marks.calm = marks.network = 0
    rank, full = ctx.gas_rank, ctx.gas_fullness
    if full > 1.0:
        full = 1.0
    if rank is not None:
        marks.crowded = int(rank * 10_000 if full < 0.0 else rank * 7_000 + full * 3_000)
    elif full >= 0.0:
        marks.crowded = int(full * 10_000)
    else:
        return
    marks.network = weights.NETWORK
    marks.calm = _FULL - marks.crowded


def _weigh(ctx: Context, present: int) -> None:
    """Weigh the factors, and add up the contributions of those that change with bars only."""
    marks = ctx.marks
    marks.weighed = present
    marks.weights = w = weights.weigh(present)
    marks.quality = weights.quality(present, ctx.series.horizons)
    shallow = marks.depth if present & weights.DEPTH else 0
    mev = marks.mev if present & weights.DEPTH else 0
    deep = _FULL - shallow if present & weights.DEPTH else 0
    marks.fixed_risk = (
        contribution(marks.volatility, w[0])
        + contribution(shallow, w[1])
        + contribution(mev, w[2])
        + contribution(marks.crowded, w[5])
    )
    marks.fixed_opportunity = (
        contribution(marks.trend, w[6])
        + contribution(marks.volume, w[8])
        + contribution(deep, w[10])
        + contribution(marks.calm, w[11])
    )
    marks.fixed_confidence = contribution(marks.quality, w[12]) + contribution(
        marks.agreement, w[14]
    )
    if present & weights.RECORD:
        marks.fixed_confidence += contribution(marks.record, w[15])
    marks.moving = (w[3], w[4], w[7], w[9], w[13])
    marks.fixed = (
        marks.volatility, shallow, mev, marks.crowded, marks.trend, marks.volume, deep, marks.calm
    )  # fmt: skip
    _bound(marks, present)


def _bound(marks: Marks, present: int) -> None:
    """How far the scores can go while only the price moves, from what the factors are at most."""
    w_doubt, w_stress, w_push, w_room, w_spread = marks.moving
    marks.most_risk = (
        marks.fixed_risk + contribution(_FULL, w_doubt) + contribution(_FULL, w_stress)
    )
    push = int((marks.momentum + 1.0) * 10_000 / 3) if present & weights.MOMENTUM else 0
    opportunity = marks.fixed_opportunity + contribution(push, w_push) + contribution(_FULL, w_room)
    spread = 0
    if present & weights.TREND and opportunity > marks.fixed_risk:
        spread = min(_FULL, 2 * (opportunity - marks.fixed_risk))
    marks.most_confidence = marks.fixed_confidence + contribution(spread, w_spread)


def contribution(points: int, weight: int) -> int:
    """Score x weight / 100 %, rounded half up to a hundredth."""
    return (points * weight + 5_000) // _FULL


def ready(ctx: Context) -> Marks:
    """What is derived from bars, depth, gas and the record, brought up to now."""
    marks = ctx.marks
    series = ctx.series
    if (
        marks.version != series.version
        or marks.series is not series
        or marks.volume_change != ctx.volume_change
    ):
        _mark_bars(ctx)
    present = marks.present

    liquidity, curve = ctx.liquidity, ctx.curve
    if liquidity is not None or curve is not None:
        present |= 2  # weights.DEPTH
        reference = ctx.equity * REFERENCE_SHARE
        if reference < REFERENCE_USD:
            reference = REFERENCE_USD
        key = (liquidity, reference, ctx.public_mempool, curve)
        if marks.depth_key != key:
            _mark_depth(ctx, key)
    if marks.rank != ctx.gas_rank or marks.fullness != ctx.gas_fullness:
        _mark_network(ctx)
    if ctx.watch_drop is not None:
        present |= 4  # weights.STRESS
    record = ctx.record
    if record >= 0:
        present |= 256  # weights.RECORD
    if marks.record != record:
        marks.record, marks.weighed = record, -1
    present |= marks.network
    if marks.weighed != present:
        _weigh(ctx, present)
    return marks
