"""Risk, opportunity and confidence, in integer hundredths, from a context.

Every factor maps its inputs to 0..10000 and counts by its weight; a contribution is rounded to
0.01 first, and a score is the exact sum of its contributions.  Each factor moves one way only
in each of its inputs, so that more volatility, less depth or an older price can never lower the
risk: that is why a jump is measured in percent and not in sigma, which a higher sigma would
shrink.  No factor looks at the level or at its order size: sizes are judged against a
reference order, so that a context scores the same at every level.
"""

from __future__ import annotations

from math import log, sqrt

from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.intel import weights
from papertrader_tui.intel.context import Context

#: Sigma of a day at which volatility scores 100.
DAY_SIGMA_FULL = 0.15
#: Impact of the reference order at which depth risk is 0, and at which it is 100 (log scale).
SHALLOW, DEEP = 0.005, 0.00005
REFERENCE_USD, REFERENCE_SHARE = 1_000.0, 0.01
#: Move in one bar, fall from the 24 h high and fall of the watchlist that score 100 as stress.
JUMP_FULL, FALL_FULL, WATCH_FULL = 0.08, 0.20, 0.10
#: Standard deviations of the trend that score 100; likewise for the change over one hour.
TREND_FULL, HOUR_FULL = 2.0, 2.0
#: The expected move looks this many bars ahead.
HOLDING_BARS = 48

_FULL = weights.TOTAL
_LOG_SPAN = log(SHALLOW / DEEP)

Scores = tuple[int, ...]
"""risk, opportunity, confidence, then the factors: six of risk, six of opportunity, three of
confidence.  All in hundredths; a factor that is missing is 0 and weighs 0."""


def reference_order(equity: float) -> float:
    """Dollars that depth is measured with: $1,000, or 1 % of equity where that is more."""
    own = equity * REFERENCE_SHARE
    return own if own > REFERENCE_USD else REFERENCE_USD


def _hundredths(value: float) -> int:
    """A fraction of 1 as 0..10000."""
    return 0 if value <= 0.0 else _FULL if value >= 1.0 else int(value * _FULL)


def _mark_bars(ctx: Context) -> None:
    """Work out what changes only when a bar closes."""
    marks, series = ctx.marks, ctx.series
    marks.series, marks.version, marks.weighed = series, series.version, -1
    present = 0
    sigma = series.sigma
    marks.volatility = 0
    if sigma is not None:
        present |= weights.VOLATILITY
        marks.volatility = _hundredths(sigma * sqrt(DAY / series.bar_ms) / DAY_SIGMA_FULL)
    trend = series.trend
    marks.trend = marks.agreement = 0
    marks.trend_part = marks.expected = 0.0
    if trend is not None:
        present |= weights.TREND
        marks.trend = _hundredths(trend / TREND_FULL)
        marks.trend_part = sum(
            part for part, walk in zip((0.25, 0.5, 0.25), series.walks, strict=True)
            if walk is not None
        )  # fmt: skip
        marks.agreement = _agreement(ctx)
    atr = series.atr
    if trend is not None and atr is not None:
        strength = max(-1.0, min(1.0, trend / TREND_FULL))
        marks.expected = min(1.0, atr / series.last * sqrt(HOLDING_BARS)) * strength
    rsi, fast, slow = series.rsi, series.ema_fast, series.ema_slow
    marks.momentum = marks.hour_scale = 0.0
    if rsi is not None and fast is not None and slow is not None and atr is not None:
        marks.momentum = _part((rsi - 50) / 20) + _part((fast - slow) / atr if atr > 0 else 0.0)
        if sigma is not None and series.ref_hour is not None:
            present |= weights.MOMENTUM
            step = sigma * sqrt(HOUR / series.bar_ms) * HOUR_FULL
            marks.hour_scale = 1 / step if step > 0 else 0.0
    ratio = series.volume_ratio
    marks.volume = 0
    if ratio is not None:
        present |= weights.VOLUME
        marks.volume = _hundredths(ratio / 2)
    if series.support is not None and series.resistance is not None and atr is not None:
        present |= weights.STRUCTURE
    if series.ref_bar is not None or series.resistance is not None:
        present |= weights.STRESS
    marks.present = present


def _part(value: float) -> float:
    return 0.0 if value <= 0.0 else min(value, 1.0)


def _agreement(ctx: Context) -> int:
    """How much of what the horizons and the averages say points one way.

    Each horizon speaks with the R² of its line and that line's sign, the averages with their
    distance in true ranges, at most 1.
    """
    series = ctx.series
    voices = [fit.fit for fit in series.fits if fit.slope is not None]
    if series.ema_fast is not None and series.ema_slow is not None and series.atr:
        gap = (series.ema_fast - series.ema_slow) / series.atr
        voices.append(max(-1.0, min(1.0, gap)))
    loud = sum(map(abs, voices))
    return _hundredths(abs(sum(voices)) / loud) if loud > 0 else 0


def _mark_depth(ctx: Context, key: tuple[float, float, bool]) -> None:
    """Work out what changes only with liquidity: depth and MEV exposure of the reference order."""
    marks = ctx.marks
    marks.depth_key = key
    liquidity, reference, public = key
    if liquidity > 0:
        impact = reference / (liquidity / 2 + reference)
        marks.depth = _hundredths(log(impact / DEEP) / _LOG_SPAN)
    else:
        marks.depth = _FULL
    marks.mev = 3_000 + marks.depth * 7 // 10 if public else marks.depth // 5


def score(ctx: Context) -> Scores:
    """Score a context; the same context always scores the same."""
    marks = ctx.marks
    series = ctx.series
    if marks.version != series.version or marks.series is not series:
        _mark_bars(ctx)
    present = marks.present
    value = ctx.value

    # depth, MEV exposure
    liquidity = ctx.liquidity
    depth = mev = shallow = 0
    if liquidity is not None:
        present |= 2
        reference = ctx.equity * REFERENCE_SHARE
        if reference < REFERENCE_USD:
            reference = REFERENCE_USD
        key = marks.depth_key
        if (
            key is None
            or key[0] != liquidity
            or key[1] != reference
            or (key[2] is not ctx.public_mempool)
        ):
            _mark_depth(ctx, (liquidity, reference, ctx.public_mempool))
        shallow = marks.depth
        mev = marks.mev
        depth = 10_000 - shallow
    # network
    crowded = calm = 0
    rank = ctx.gas_rank
    if rank is not None:
        present |= 8
        crowded = int(rank * 10_000)
        calm = 10_000 - crowded
    # price quality
    age = ctx.age_ms
    doubt = 0
    if age > 0:
        doubt = age * 10_000 // ctx.max_age_ms if age < ctx.max_age_ms else 10_000
    if 0 < ctx.sources < 3:
        doubt += 5_000 if ctx.sources == 1 else 2_000
        if doubt > 10_000:
            doubt = 10_000
    # stress: the worst of a jump, the fall from the day's high, and the watchlist's fall
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
    drop = ctx.watch_drop
    if drop is not None:
        present |= 4
        drop /= WATCH_FULL
        if drop > worst:
            worst = drop
    stress = int(worst * 10_000) if worst < 1.0 else 10_000
    # momentum
    push = 0
    if present & 32:
        rise = (value / series.ref_hour - 1.0) * marks.hour_scale  # type: ignore[operator]
        if rise <= 0.0:
            rise = 0.0
        elif rise > 1.0:
            rise = 1.0
        push = int((marks.momentum + rise) * 3333.3334)
        if push > 10_000:
            push = 10_000
    # structure
    room = _room(value, series.support, top, series.atr) if present & 128 else 0  # type: ignore[arg-type]

    if marks.weighed != present:
        marks.weighed = present
        marks.weights = weights.weigh(present)
        marks.quality = weights.quality(present, marks.trend_part)
    w = marks.weights
    volatility, trend, volume = marks.volatility, marks.trend, marks.volume
    w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, _ = w
    risk = (
        (volatility * w0 + 5000) // 10_000 + (shallow * w1 + 5000) // 10_000
        + (mev * w2 + 5000) // 10_000 + (doubt * w3 + 5000) // 10_000
        + (stress * w4 + 5000) // 10_000 + (crowded * w5 + 5000) // 10_000
    )  # fmt: skip
    opportunity = (
        (trend * w6 + 5000) // 10_000 + (push * w7 + 5000) // 10_000
        + (volume * w8 + 5000) // 10_000 + (room * w9 + 5000) // 10_000
        + (depth * w10 + 5000) // 10_000 + (calm * w11 + 5000) // 10_000
    )  # fmt: skip
    spread = agreement = 0
    if present & 16:
        agreement = marks.agreement
        if opportunity > risk:
            spread = 2 * (opportunity - risk)
            if spread > 10_000:
                spread = 10_000
    quality = marks.quality
    confidence = (
        (quality * w12 + 5000) // 10_000 + (spread * w13 + 5000) // 10_000
        + (agreement * w14 + 5000) // 10_000
    )  # fmt: skip
    return (
        risk, opportunity, confidence,
        volatility, shallow, mev, doubt, stress, crowded,
        trend, push, volume, room, depth, calm,
        quality, spread, agreement,
    )  # fmt: skip


def _room(value: float, support: float, resistance: float, atr: float) -> int:
    """Structure: near support 100, near resistance 0, one ATR beyond either the other way round.

    Above resistance nothing is overhead; below support what held it has given way.
    """
    if value > resistance:
        return _hundredths((value - resistance) / atr) if atr > 0 else 0
    if value < support:
        return _FULL - _hundredths((support - value) / atr) if atr > 0 else 0
    return int((resistance - value) / (resistance - support) * _FULL) if resistance > support else 0
