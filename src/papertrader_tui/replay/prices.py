"""Prices kept of a recording of any length, to hold its tokens for comparison."""

from __future__ import annotations

from collections.abc import Mapping

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.market import DAY, MINUTE
from papertrader_tui.domain.performance.hold import Prices
from papertrader_tui.domain.tokens import TokenId

Point = tuple[int, float]
"""Market milliseconds and a price."""

#: Moments kept at most; then every second one is let go, and half as many are kept from there.
MOST = 4_096


class PriceSampler:
    """Every token's price at equal steps of market time, a minute at first, longer as need be.

    Its very first price is kept, too, of a token that has one within a day: holding begins there.

    Attributes:
        due: Market time of the next sample; that of now while a first price is waited for.
    """

    def __init__(self, markets: Mapping[TokenId, TokenMarket], *, most: int = MOST) -> None:
        self._markets = markets
        self._most = most
        self._step = MINUTE
        self._first: dict[TokenId, Point] = {}
        self._unpriced = list(markets)
        self._waits_until = 0
        self._samples: list[tuple[int, dict[TokenId, Point]]] = []
        self._next = self.due = 0

    def sample(self, now: int) -> None:
        """Take the newest prices that indicators have learned from: no opening, no doubted one."""
        if self._unpriced:
            self._wait(now)
        if now >= self._next:
            self._take(now)
        self.due = now if self._unpriced else self._next

    def _wait(self, now: int) -> None:
        """Note the first price of those that have none yet."""
        self._waits_until = self._waits_until or now + DAY
        for token in self._unpriced:
            point = self._newest(token)
            if point is not None:
                self._first[token] = point
        known = self._first if now < self._waits_until else self._markets
        self._unpriced = [token for token in self._unpriced if token not in known]

    def _take(self, now: int) -> None:
        found: dict[TokenId, Point] = {}
        for token in self._markets:
            point = self._newest(token)
            if point is not None:
                found[token] = point
                self._first.setdefault(token, point)
        self._samples.append((now, found))
        if len(self._samples) > self._most:
            self._step *= 2
            self._samples = self._samples[::2]
        self._next = now - now % self._step + self._step

    def _newest(self, token: TokenId) -> Point | None:
        series = self._markets[token].series
        return (series.last_time, series.close) if series.last_time and series.close > 0 else None

    def prices(self) -> dict[TokenId, Prices]:
        """(market milliseconds, price) per token, sorted by time: its first and the samples."""
        kept: dict[TokenId, list[Point]] = {t: [p] for t, p in self._first.items()}
        for _, found in self._samples:
            for token, point in found.items():
                if point[0] > kept[token][-1][0]:
                    kept[token].append(point)
        return dict(kept)
