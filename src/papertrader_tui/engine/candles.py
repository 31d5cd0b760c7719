"""Candles for charts, built from every price as it comes. For drawing only: floats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from papertrader_tui.domain.market import HOUR, MINUTE, Bar, Candle, History, MarketInput, Quote
from papertrader_tui.domain.tokens import TokenId

#: Base intervals that are made of prices, and for how many candles: a day of minutes, a month of
#: 5 minutes; and a month of hours, which only history brings.
KEPT = {MINUTE: 1_500, 5 * MINUTE: 8_640}
HOURS = 720
INTERVALS = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR)


class NoCandles:
    """Keeps nothing, for a run that draws no chart."""

    __slots__ = ()

    def observe(self, batch: Iterable[MarketInput]) -> None:
        """Pass it over."""

    def candles(self, token: TokenId, interval: int, limit: int) -> Sequence[Candle]:  # noqa: ARG002 - the same shape as CandleBook's
        """There are none."""
        return ()


class CandleBook:
    """The last candles of every token at the base intervals, aggregated upward on request."""

    __slots__ = ("_series",)

    def __init__(self) -> None:
        self._series: dict[tuple[TokenId, int], dict[int, Candle]] = {}

    def observe(self, batch: Iterable[MarketInput]) -> None:
        """Take in a batch of inputs; what is no price is passed over."""
        for item in batch:
            if isinstance(item, Quote):
                self._price(
                    item.token,
                    item.time,
                    item.value,
                    item.value,
                    item.value,
                    item.value,
                    item.volume,
                )
            elif isinstance(item, Bar):
                self._price(
                    item.token, item.start, item.open, item.high, item.low, item.close, item.volume
                )
            elif isinstance(item, History) and (item.interval in KEPT or item.interval == HOUR):
                self._learn(item)

    def _learn(self, history: History) -> None:
        """Past candles, also such as come late: what has closed is as they say."""
        key = (history.token, history.interval)
        series = self._series.get(key, {})
        for c in history.candles:
            if c.start not in series or c.start + history.interval <= history.time:
                # a copy: prices change the candles that are kept here
                series[c.start] = Candle(c.start, c.open, c.high, c.low, c.close, c.volume)
        newest = sorted(series)[-KEPT.get(history.interval, HOURS) :]
        self._series[key] = {start: series[start] for start in newest}

    def _price(
        self,
        token: TokenId,
        time: int,
        first: float,
        high: float,
        low: float,
        last: float,
        volume: float,
    ) -> None:
        for interval, limit in KEPT.items():
            series = self._series.get((token, interval))
            if series is None:
                series = self._series[(token, interval)] = {}
            start = time - time % interval
            candle = series.get(start)
            if candle is None:
                series[start] = Candle(start, first, high, low, last, volume)
                if len(series) > limit:
                    del series[next(iter(series))]
                continue
            candle.close = last
            if high > candle.high:
                candle.high = high
            if low < candle.low:
                candle.low = low
            if volume >= 0:
                candle.volume = volume + (candle.volume if candle.volume > 0 else 0.0)

    def candles(self, token: TokenId, interval: int, limit: int) -> Sequence[Candle]:
        """The last `limit` candles of a token, oldest first; gaps stay gaps.

        Args:
            token: Token id.
            interval: Milliseconds; a base interval or a multiple of one.
            limit: At most so many.
        """
        base = interval if interval in KEPT else 5 * MINUTE
        series = self._series.get((token, base), {})
        if interval == base:
            found = list(islice(reversed(series.values()), limit))
            return found[::-1]
        if interval < HOUR:
            return _merge(series.values(), interval)[-limit:]
        # an hour that history tells of counts before what prices have seen of it
        hours = {c.start: c for c in _merge(series.values(), HOUR)}
        hours.update(self._series.get((token, HOUR), {}))
        return _merge((hours[start] for start in sorted(hours)), interval)[-limit:]


def _merge(candles: Iterable[Candle], interval: int) -> list[Candle]:
    merged: list[Candle] = []
    for candle in candles:
        start = candle.start - candle.start % interval
        if not merged or merged[-1].start != start:
            merged.append(
                Candle(start, candle.open, candle.high, candle.low, candle.close, candle.volume)
            )
            continue
        into = merged[-1]
        into.high = max(into.high, candle.high)
        into.low = min(into.low, candle.low)
        into.close = candle.close
        if candle.volume >= 0:
            into.volume = max(into.volume, 0.0) + candle.volume
    return merged
