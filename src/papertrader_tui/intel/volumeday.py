"""How the dollars traded in 24 hours change."""

from __future__ import annotations

from collections import deque

from papertrader_tui.domain.market import DAY, HOUR, MINUTE

_EVERY = 15 * MINUTE


class VolumeDay:
    """Reports of a token's 24 h volume over a day, at most one every 15 minutes.

    Attributes:
        ratio: The newest against the oldest of them; None with less than an hour between them,
            or where nothing was traded then.
        span: Milliseconds between the two, 0 if there is no ratio.
    """

    __slots__ = ("_samples", "ratio", "span")

    def __init__(self) -> None:
        self._samples: deque[tuple[int, float]] = deque()
        self.ratio: float | None = None
        self.span = 0

    def on_volume(self, time: int, dollars: float) -> None:
        """Take in a report; times must not go backwards, and below zero is not known."""
        if dollars < 0.0:
            return
        samples = self._samples
        while samples and samples[0][0] < time - DAY:
            samples.popleft()
        if not samples or time - samples[-1][0] >= _EVERY:
            samples.append((time, dollars))
        first, before = samples[0]
        if time - first >= HOUR and before > 0.0:
            self.ratio, self.span = dollars / before, time - first
        else:
            self.ratio, self.span = None, 0
