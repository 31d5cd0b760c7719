"""Prices kept of a recording of any length, to hold its tokens for comparison."""

from __future__ import annotations

from collections.abc import Mapping

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.market import MINUTE
from papertrader_tui.domain.performance.hold import Prices
from papertrader_tui.domain.tokens import TokenId

#: Moments kept at most; then every second one is let go, and half as many are kept from there.
MOST = 4_096


class PriceSampler:
    """Every token's price at equal steps of market time, a minute at first, longer as need be.

    Attributes:
        due: Market time of the next sample.
    """

    def __init__(self, markets: Mapping[TokenId, TokenMarket], *, most: int = MOST) -> None:
        self._markets = markets
        self._most = most
        self._step = MINUTE
        self._first: dict[TokenId, tuple[int, float]] = {}
        self._samples: list[tuple[int, dict[TokenId, tuple[int, float]]]] = []
        self.due = 0

    def sample(self, now: int) -> None:
        """Take the newest prices that indicators have learned from: no opening, no doubted one."""
        found: dict[TokenId, tuple[int, float]] = {}
        for token, market in self._markets.items():
            series = market.series
            if series.last_time and series.close > 0:
                found[token] = (series.last_time, series.close)
                self._first.setdefault(token, found[token])
        self._samples.append((now, found))
        if len(self._samples) > self._most:
            self._step *= 2
            self._samples = self._samples[::2]
        self.due = now - now % self._step + self._step

    def prices(self) -> dict[TokenId, Prices]:
        """(market milliseconds, price) per token, sorted by time: its first and the samples."""
        kept: dict[TokenId, list[tuple[int, float]]] = {t: [p] for t, p in self._first.items()}
        for _, found in self._samples:
            for token, point in found.items():
                if point[0] > kept[token][-1][0]:
                    kept[token].append(point)
        return dict(kept)
