"""Indicators over bars, updated incrementally and all at once when a bar closes."""

# ruff: noqa: FURB136 - once a bar and token: min() and max() cost several comparisons

from __future__ import annotations

from math import log, sqrt

from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.intel.bars import RING, Bars
from papertrader_tui.intel.regression import Regression

HORIZONS = (12, 48, 144)
FAST, SLOW, WILDER = 12, 26, 14
SHORT, SWING = 12, 48
_FAST_K, _SLOW_K = 2 / (FAST + 1), 2 / (SLOW + 1)
#: Variance of the least squares slope through n points of a driftless random walk with steps of
#: sigma is 6/5 sigma² / n (Durlauf and Phillips, Econometrica 56, 1988).
_UNITS = tuple(sqrt(n / 1.2) for n in HORIZONS)


class Series(Bars):
    """Everything that scoring reads from one token's price history.

    All values are of closed bars; each is None until there is enough of them since the last gap.
    Prices are floats, ratios are fractions, and sigma is per bar.

    Attributes:
        ema_fast, ema_slow: Exponential averages over 12 and 26 closes, seeded with their mean.
        rsi: Wilder's RSI over 14 changes, 0 to 100; 50 where nothing moved.
        atr: Wilder's average true range over 14 bars.
        sigma_short: Root mean square log return of the last 12 bars.
        sigma_long: The same over 24 h, or over what there is of it from 48 bars on.
        sigma: The larger of the two.
        fits: Regressions of the log price over `HORIZONS`, whose `t` are the t-statistics.
        walks: Per horizon, the slope in standard deviations of the slope that a random walk with
            this sigma would show; None until it is full.  (The t-statistic itself takes every
            random walk for a trend, since neighbouring prices are not independent.)
        horizons: How many of them are known, 0 to 3.
        trend: Their mean over the known horizons, the middle one counted twice.
        support: Lowest low of the last 48 bars (or what there is, from 12 on).
        resistance: Highest high of 24 h (likewise).
        volume_ratio: Dollars traded in the last hour against the average hour of the last 24 h
            (or what there is, from four hours on); None if any bar's volume is unknown.
        ref_bar, ref_hour: Prices one bar and one hour before this bar began or the last one
            closed; None where that moment's price is not known.
    """

    __slots__ = (
        "_base", "_day", "_day_volume", "_down", "_ema_fast", "_ema_slow", "_high_index", "_hour",
        "_hour_volume", "_logs", "_low_index", "_range", "_squares", "_squares_long",
        "_squares_short", "_unknown", "_up", "atr", "ema_fast", "ema_slow", "fits", "horizons",
        "ref_bar", "ref_hour", "resistance", "rsi", "sigma", "sigma_long", "sigma_short", "support",
        "trend", "volume_ratio", "walks",
    )  # fmt: skip

    def __init__(self) -> None:
        self._logs = [0.0] * RING
        self._squares = [0.0] * RING
        self.fits = (Regression(12), Regression(48), Regression(144))
        super().__init__()
        self._restart()

    def _set_length(self, bar_ms: int) -> None:
        super()._set_length(bar_ms)
        self._hour = max(1, HOUR // bar_ms)
        self._day = max(2, DAY // bar_ms)

    def _restart(self) -> None:
        super()._restart()
        for fit in self.fits:
            fit.clear()
        self._base = self._up = self._down = self._range = 0.0
        self._ema_fast = self._ema_slow = 0.0
        self._squares_short = self._squares_long = 0.0
        self._hour_volume = self._day_volume = 0.0
        self._unknown = self._high_index = self._low_index = 0
        self.ema_fast: float | None = None
        self.ema_slow: float | None = None
        self.rsi: float | None = None
        self.atr: float | None = None
        self.sigma: float | None = None
        self.sigma_short: float | None = None
        self.sigma_long: float | None = None
        self.trend: float | None = None
        self.horizons = 0
        self.walks: tuple[float | None, float | None, float | None] = (None, None, None)
        self.support: float | None = None
        self.resistance: float | None = None
        self.volume_ratio: float | None = None
        self.ref_bar: float | None = None
        self.ref_hour: float | None = None

    def _close(self) -> None:
        index = self.total
        close = self.close
        # a new base now and then: short numbers, and no rounding that builds up
        if not self.bars or not index % self._day:
            self._rebase(log(close))
        at = index % RING
        self._times[at] = self.last_time
        self._closes[at] = self.last = close
        self._highs[at] = self.high
        self._lows[at] = self.low
        self._volumes[at] = self.volume
        self._logs[at] = log(close) - self._base
        self.total = index + 1
        self.bars = count = self.bars + 1
        self.version += 1
        self._smooth(close, self._closes[(index - 1) % RING], count)
        self._spread(index, count)
        self._levels(index, count)
        self._traded(index, count)
        self._refer(self.end)

    def _smooth(self, close: float, previous: float, count: int) -> None:
        """EMA, RSI and ATR: recursions that are seeded with the mean of their first values."""
        high, low = self.high, self.low
        if count <= SLOW:
            self._seed(close, previous, count)
            return
        value = self._ema_fast
        self.ema_fast = self._ema_fast = value + _FAST_K * (close - value)
        value = self._ema_slow
        self.ema_slow = self._ema_slow = value + _SLOW_K * (close - value)
        if high < previous:
            high = previous
        if low > previous:
            low = previous
        value = self._range
        self.atr = self._range = value + (high - low - value) / WILDER
        if close > previous:
            self._up = up = (self._up * 13 + (close - previous)) / WILDER
            self._down = down = self._down * 13 / WILDER
        else:
            self._up = up = self._up * 13 / WILDER
            self._down = down = (self._down * 13 + (previous - close)) / WILDER
        self.rsi = 100 * up / (up + down) if up + down > 0 else 50.0

    def _seed(self, close: float, previous: float, count: int) -> None:
        """The same while the means are being taken."""
        if count <= FAST:
            self._ema_fast += close / FAST
            if count == FAST:
                self.ema_fast = self._ema_fast
        else:
            self.ema_fast = self._ema_fast = self._ema_fast + _FAST_K * (close - self._ema_fast)
        self._ema_slow += close / SLOW
        if count == SLOW:
            self.ema_slow = self._ema_slow
        if count == 1:
            self._range = (self.high - self.low) / WILDER
            return
        spread = max(self.high, previous) - min(self.low, previous)
        up, down = max(0.0, close - previous), max(0.0, previous - close)
        if count <= WILDER:
            self._range += spread / WILDER
            if count == WILDER:
                self.atr = self._range
        else:
            self.atr = self._range = self._range + (spread - self._range) / WILDER
        if count <= WILDER + 1:
            self._up += up / WILDER
            self._down += down / WILDER
        else:
            self._up = (self._up * 13 + up) / WILDER
            self._down = (self._down * 13 + down) / WILDER
        if count > WILDER:
            moved = self._up + self._down
            self.rsi = 100 * self._up / moved if moved > 0 else 50.0

    def _spread(self, index: int, count: int) -> None:
        """Realised volatility (of count - 1 log returns) and the trend against it."""
        logs = self._logs
        y = logs[index % RING]
        first, second, third = self.fits
        first.push(y, logs[(index - 12) % RING])
        second.push(y, logs[(index - 48) % RING])
        third.push(y, logs[(index - 144) % RING])
        if count == 1:
            return
        squares, day = self._squares, self._day
        change = y - logs[(index - 1) % RING]
        squares[index % RING] = change = change * change
        short = self._squares_short + change
        long = self._squares_long + change
        if count > SHORT + 1:
            short -= squares[(index - SHORT) % RING]
            if short < 0.0:
                short = 0.0
            if count > day + 1:
                long -= squares[(index - day) % RING]
                if long < 0.0:
                    long = 0.0
        self._squares_short = short
        self._squares_long = long
        if count <= SHORT:
            return
        self.sigma_short = sigma = sqrt(short / SHORT)
        if count > SWING:
            self.sigma_long = other = sqrt(long / (day if count > day else count - 1))
            if other > sigma:
                sigma = other
        self.sigma = sigma
        scale = 1 / sigma if sigma > 0.0 else 0.0
        # the shorter horizons are full before the longer ones
        if third.slope is not None:
            self.walks = (
                a := first.slope * _UNITS[0] * scale,  # type: ignore[operator]
                b := second.slope * _UNITS[1] * scale,  # type: ignore[operator]
                c := third.slope * _UNITS[2] * scale,
            )
            self.trend = 0.25 * a + 0.5 * b + 0.25 * c
            self.horizons = 3
        elif first.slope is not None:
            a = first.slope * _UNITS[0] * scale
            if second.slope is not None:
                b = second.slope * _UNITS[1] * scale
                self.walks, self.trend, self.horizons = (a, b, None), (a + 2 * b) / 3, 2
            else:
                self.walks, self.trend, self.horizons = (a, None, None), a, 1

    def _levels(self, index: int, count: int) -> None:
        """Support and resistance: looked for anew only when the old one leaves its window."""
        if self.high >= self._highs[self._high_index % RING] or count == 1:
            self._high_index = index
        elif self._high_index <= index - self._day:
            window = _window(self._highs, index - self._day + 1, index)
            self._high_index = index - self._day + 1 + window.index(max(window))
        if self.low <= self._lows[self._low_index % RING] or count == 1:
            self._low_index = index
        elif self._low_index <= index - SWING:
            window = _window(self._lows, index - SWING + 1, index)
            self._low_index = index - SWING + 1 + window.index(min(window))
        if count >= SHORT:
            self.resistance = self._highs[self._high_index % RING]
            self.support = self._lows[self._low_index % RING]

    def _traded(self, index: int, count: int) -> None:
        """Volume of the last hour against the average hour."""
        volumes, hour, day = self._volumes, self._hour, self._day
        volume = self.volume
        if volume < 0.0:
            self._unknown += 1
            volume = 0.0
        recent = self._hour_volume + volume
        whole = self._day_volume + volume
        if count > hour:
            old = volumes[(index - hour) % RING]
            if old > 0.0:
                recent -= old
            if count > day:
                old = volumes[(index - day) % RING]
                if old < 0.0:
                    self._unknown -= 1
                else:
                    whole -= old
        self._hour_volume = recent
        self._day_volume = whole
        if self._unknown or count < 4 * hour:
            self.volume_ratio = None
        elif whole > 0.0 and recent > 0.0:
            self.volume_ratio = recent * (count if count < day else day) / (whole * hour)
        else:
            self.volume_ratio = 0.0

    def _refer(self, moment: int) -> None:
        """Remember the prices one bar and one hour before `moment`."""
        times, bar_ms = self._times, self.bar_ms
        # where they are unless a bar is missing
        index = self.total - 2
        off = moment - bar_ms - times[index % RING]
        if index >= 0 and 0 <= off <= bar_ms:
            self.ref_bar = self._closes[index % RING]
        else:
            self.ref_bar = self.at(moment - bar_ms)
        index = self.total - 1 - self._hour
        off = moment - HOUR - times[index % RING]
        if index >= 0 and 0 <= off <= bar_ms:
            self.ref_hour = self._closes[index % RING]
        else:
            self.ref_hour = self.at(moment - HOUR)

    def _rebase(self, base: float) -> None:
        """Express the logs of this run in a new base and add up its windows afresh."""
        index, count, day = self.total, self.bars, self._day
        logs, squares, volumes = self._logs, self._squares, self._volumes
        shift = self._base - base
        self._base = base
        keep = range(index - min(count, day + 1), index)
        for i in keep:
            logs[i % RING] += shift
        for fit in self.fits:
            fit.recompute([logs[i % RING] for i in keep[-fit.size :]])
        window = range(max(index - count + 1, index - day), index)  # a run's first has no return
        self._squares_long = sum(squares[i % RING] for i in window)
        self._squares_short = sum(squares[i % RING] for i in window[-SHORT:])
        self._day_volume = sum(max(0.0, volumes[i % RING]) for i in keep[-day:])
        self._hour_volume = sum(max(0.0, volumes[i % RING]) for i in keep[-self._hour :])


def _window(ring: list[float], first: int, last: int) -> list[float]:
    """The ring's values with indices first..last."""
    start, end = first % RING, last % RING + 1
    return ring[start:end] if start < end else ring[start:] + ring[:end]
