"""One sentence and the inputs for each factor."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from papertrader_tui.domain.decision import FactorInput
from papertrader_tui.domain.market import DAY, HOUR, MINUTE
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.decisions import Verdict
from papertrader_tui.intel.indicators import HORIZONS
from papertrader_tui.intel.marking import reference_impact, reference_order

Inputs = tuple[FactorInput, ...]


@cache  # of as many as there are lengths of bars
def span(ms: int) -> str:
    """A duration as people say it: `5 min`, `4 h`, `2 d`."""
    if ms % DAY == 0:
        return f"{ms // DAY} d"
    return f"{ms / HOUR:g} h" if ms >= HOUR else f"{ms / MINUTE:g} min"


def lasting(ms: int) -> str:
    """How long a position has been open: `1 h 05 min`."""
    minutes = ms // MINUTE
    return f"{minutes // 60} h {minutes % 60:02d} min"


def dollars(value: float) -> str:
    """Dollars in short: `$4.1M`, `$830K`, `$120`."""
    for unit, sign in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if value >= unit:
            return f"${value / unit:.3g}{sign}"
    return f"${value:.0f}"


def number(value: float) -> str:
    """Six significant digits, never with an exponent."""
    text = f"{value:.6g}"
    return format(Decimal(text), "f") if "e" in text else text


def trend(ctx: Context) -> str:
    """`+2.1σ over 4 h`: the trend, and the longest horizon up to the middle one it rests on."""
    series = ctx.series
    known = HORIZONS[1] if series.walks[1] is not None else HORIZONS[0]
    return f"{series.trend or 0.0:+.1f}σ over {span(known * series.bar_ms)}"


def stress(ctx: Context) -> str:
    """How the price jumped and fell."""
    series, parts = ctx.series, []
    if series.ref_bar is not None:
        parts.append(f"{ctx.value / series.ref_bar - 1:+.1%} in {span(series.bar_ms)}")
    if series.resistance is not None:
        fall = max(0.0, 1 - ctx.value / series.resistance)
        parts.append(f"{fall:.1%} below its 24 h high")
    if ctx.watch_drop is not None:
        parts.append(f"watchlist {-ctx.watch_drop:+.1%} in 24 h")
    return ", ".join(parts)


def headline(ctx: Context, verdict: Verdict) -> str:
    """What speaks for an entry, in a few words: `trend +2.1σ over 4 h, depth high, gas low`."""
    parts = [f"trend {trend(ctx)}"]
    if ctx.liquidity is not None:
        parts.append(f"depth {_grade(verdict.scores[13])}")
    if ctx.gas_rank is not None:
        parts.append(f"gas {_grade(verdict.scores[8])}")
    parts.append(f"move {verdict.expected_move:+.2%} for {verdict.round_trip:.2%} of costs")
    return ", ".join(parts)


def _grade(points: int) -> str:
    return "high" if points >= 6_667 else "low" if points < 3_333 else "medium"


@cache
def _method(factor: str) -> str:
    return "_" + factor.lower().replace(" ", "_")


class Teller:
    """Says what a factor saw.

    Bars are as old as the newest closed one; depth and gas as old as their last report.
    """

    def __init__(self, ctx: Context, verdict: Verdict, day_before: float | None) -> None:
        """Take what a factor may have looked at; `day_before` is the price 24 h earlier."""
        self._day_before = day_before
        self._ctx = ctx
        self._verdict = verdict
        self._age = max(0, ctx.time - ctx.series.closed_at)
        self._source = f"{ctx.source} {span(ctx.series.bar_ms)} bars"
        self._priced = FactorInput("price", number(ctx.value), ctx.source, ctx.age_ms)

    def __call__(self, name: str) -> tuple[str, Inputs]:
        """Sentence and inputs of a factor; depth and network read the same in either score."""
        told: tuple[str, Inputs] = getattr(self, _method(name))()
        return told

    def _bars(self, **values: float | None) -> Inputs:
        age, source = self._age, self._source
        return tuple([
            FactorInput(n, number(v), source, age) for n, v in values.items() if v is not None
        ])  # fmt: skip

    def _price(self) -> FactorInput:
        return self._priced

    def _of(self, source: str, since: int, **values: float | str | None) -> Inputs:
        age = max(0, self._ctx.time - since)
        return tuple(
            FactorInput(n, v if isinstance(v, str) else number(v), source, age)
            for n, v in values.items()
            if v is not None
        )

    def _pool(self) -> Inputs:
        ctx = self._ctx
        return self._of(ctx.depth_source, ctx.depth_time, liquidity_usd=ctx.liquidity,
                        reference_usd=reference_order(ctx.equity))  # fmt: skip

    def _volatility(self) -> tuple[str, Inputs]:
        series = self._ctx.series
        daily = (series.sigma or 0.0) * (DAY / series.bar_ms) ** 0.5
        return (
            f"moves {daily:.1%} a day",
            self._bars(sigma_short=series.sigma_short, sigma_long=series.sigma_long),
        )

    def _depth(self) -> tuple[str, Inputs]:
        ctx = self._ctx
        order = reference_order(ctx.equity)
        impact = reference_impact(ctx.liquidity, order, ctx.curve)
        pool = "a pool" if ctx.liquidity is None else f"a pool of {dollars(ctx.liquidity)}"
        how = ", by its own arithmetic" if ctx.curve is not None else ""
        inputs = (*self._pool(), *self._of(ctx.depth_source, ctx.depth_time, impact=impact))
        return f"{dollars(order)} move {pool} by {impact:.3%}{how}", inputs

    def _mev_exposure(self) -> tuple[str, Inputs]:
        ctx = self._ctx
        kind = "public" if ctx.public_mempool else "private"
        order = reference_order(ctx.equity)
        words = f"{kind} mempool"
        if ctx.liquidity:
            words += f", {dollars(order)} are {order / ctx.liquidity:.3%} of the pool"
        guard = "on" if ctx.profile.mev_protection else "off"
        inputs = (
            *self._pool(),
            FactorInput("mempool", kind, "registry", 0),
            FactorInput("protection", guard, f"level {ctx.profile.level}", 0),
        )
        return f"{words}, protection {guard}", inputs

    def _price_quality(self) -> tuple[str, Inputs]:
        ctx = self._ctx
        if ctx.sources == 0:
            who = "the market is its own source"
        else:
            who = f"{ctx.sources} sources within {ctx.spread:.2%}"
            who = who if ctx.sources > 1 else "one source alone"
        inputs: Inputs = (self._price(),)
        if ctx.sources:
            said = {"sources": float(ctx.sources), "spread": ctx.spread}
            inputs += tuple(
                FactorInput(n, number(v), ctx.source, ctx.age_ms) for n, v in said.items()
            )
        return f"{round(ctx.age_ms / 1000, 1):g} s old, {who}", inputs

    def _stress(self) -> tuple[str, Inputs]:
        ctx = self._ctx
        inputs = (
            self._price(),
            *self._bars(one_bar_before=ctx.series.ref_bar, high_24h=ctx.series.resistance),
            *self._of("watchlist", ctx.time, fall=ctx.watch_drop),
        )
        return stress(ctx), inputs

    def _network(self) -> tuple[str, Inputs]:
        ctx = self._ctx
        words = []
        if ctx.gas_rank is not None:
            words.append(f"gas is above {ctx.gas_rank:.0%} of its last 24 h")
        full = ctx.gas_fullness if ctx.gas_fullness >= 0.0 else None
        if full is not None:
            words.append(f"the newest block is {full:.0%} full")
        inputs = self._of(
            ctx.gas_source, ctx.gas_time, gas_rank=ctx.gas_rank, block_fullness=full,
            swap_usd=ctx.gas_usd,
        )  # fmt: skip
        return ", ".join(words), inputs

    def _trend(self) -> tuple[str, Inputs]:
        series = self._ctx.series
        parts, values = [], {}
        for bars, walk, fit in zip(HORIZONS, series.walks, series.fits, strict=True):
            if walk is not None:
                label = span(bars * series.bar_ms)
                parts.append(f"{walk:+.1f}σ over {label}")
                values[f"t over {label}"] = fit.t
                values[f"sigmas over {label}"] = walk
        return ", ".join(parts), self._bars(**values)

    def _momentum(self) -> tuple[str, Inputs]:
        ctx, series = self._ctx, self._ctx.series
        rsi, fast, slow = series.rsi or 0.0, series.ema_fast or 0.0, series.ema_slow or 0.0
        # a range that is next to nothing makes any gap endless: nobody reads more digits
        gap = max(-999.0, min(999.0, (fast - slow) / series.atr)) if series.atr else 0.0
        before = series.ref_hour or ctx.value
        averages = f"EMA 12 {gap:+.1f} ATR from EMA 26"
        bars = self._bars(
            rsi=rsi, ema_12=fast, ema_26=slow, atr=series.atr, one_hour_before=series.ref_hour,
            one_day_before=self._day_before,
        )  # fmt: skip
        text = f"RSI {rsi:.0f}, {averages}, {ctx.value / before - 1:+.1%} in 1 h"
        if self._day_before is not None:
            text += f" ({ctx.value / self._day_before - 1:+.1%} in 24 h)"
        return text, (self._price(), *bars)

    def _volume(self) -> tuple[str, Inputs]:
        ctx, words = self._ctx, []
        ratio = ctx.series.volume_ratio
        if ratio is not None:
            words.append(f"{ratio:.1f} times the usual hour")
        day = ctx.volume_24h if ctx.volume_24h >= 0.0 else None
        change = None if ctx.volume_change is None else ctx.volume_change - 1
        if day is not None:
            said = f"{dollars(day)} in 24 h"
            if change is not None:
                said += f", {change:+.0%} in {ctx.volume_span / HOUR:.1f} h"
            words.append(said)
        inputs = self._of(
            ctx.depth_source, ctx.depth_time, volume_24h_usd=day, volume_change=change
        )
        return "; ".join(words), (*self._bars(volume_ratio=ratio), *inputs)

    def _structure(self) -> tuple[str, Inputs]:
        ctx, series = self._ctx, self._ctx.series
        support, resistance = series.support or ctx.value, series.resistance or ctx.value
        up, down = resistance / ctx.value - 1, 1 - support / ctx.value
        bars = self._bars(support=support, resistance=resistance, atr=series.atr)
        return f"resistance {up:+.1%}, support {-down:+.1%} away", (self._price(), *bars)

    def _data_quality(self) -> tuple[str, Inputs]:
        share = self._verdict.scores[15] / 100
        return f"{share:.2f} % of what the scores want to know is known", ()

    def _spread(self) -> tuple[str, Inputs]:
        verdict = self._verdict
        opportunity, risk = verdict.opportunity / 100, verdict.risk / 100
        return f"twice opportunity {opportunity:.2f} less risk {risk:.2f}", ()

    def _agreement(self) -> tuple[str, Inputs]:
        series = self._ctx.series
        known = [
            (f"R² over {span(bars * series.bar_ms)}", fit.fit)
            for bars, fit in zip(HORIZONS, series.fits, strict=True)
            if fit.slope is not None
        ]
        told = ", ".join(f"{fit:+.2f}" for _, fit in known)
        gap = {"ema_12": series.ema_fast, "ema_26": series.ema_slow, "atr": series.atr}
        inputs = self._bars(**dict(known), **gap)
        return f"R² of the horizons with their direction: {told}", inputs

    def _own_record(self) -> tuple[str, Inputs]:
        """Buys like this one before: of this token, and of all."""
        own, own_paid, every, paid = self._ctx.cases
        text = (
            f"a buy paid off in {own_paid} of {own} such cases of this token, {paid} of {every} "
            "of all"
        )
        told = {"of_token": own, "paid_off": own_paid, "of_all": every, "all_paid_off": paid}
        return text, tuple(FactorInput(n, f"{v}", "own record", 0) for n, v in told.items())
