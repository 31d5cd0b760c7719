"""Where the present gas price lies among those of the last day."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque

from papertrader_tui.domain.market import DAY, HOUR, MINUTE


class GasDay:
    """Gas prices of one chain over 24 h, at most one a minute.

    Attributes:
        price: The newest, in wei per unit of gas; 0 before the first.
        time: When it was observed.
        source: Who said so.
        percentile: Share of the day's samples (0 to 1) that are below it, ties counted half.
            None with less than an hour of them, or if they are all the same: a bundled constant
            says nothing about now.
    """

    __slots__ = ("_samples", "_sorted", "percentile", "price", "source", "time")

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque()
        self._sorted: list[int] = []
        self.price = 0
        self.time = 0
        self.source = ""
        self.percentile: float | None = None

    def on_gas(self, time: int, price_wei: int, source: str) -> None:
        """Take in a gas price; times must not go backwards."""
        self.price, self.time, self.source = price_wei, time, source
        samples, ordered = self._samples, self._sorted
        while samples and samples[0][0] <= time - DAY:
            del ordered[bisect_left(ordered, samples.popleft()[1])]
        if not samples or time - samples[-1][0] >= MINUTE:
            samples.append((time, price_wei))
            insort(ordered, price_wei)
        if time - samples[0][0] < HOUR or ordered[0] == ordered[-1]:
            self.percentile = None
        else:
            below, upto = bisect_left(ordered, price_wei), bisect_right(ordered, price_wei)
            self.percentile = (below + upto) / 2 / len(ordered)
