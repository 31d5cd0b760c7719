"""Equity curves: daily closes, returns and drawdowns.

A curve is (market milliseconds, USDC) pairs whose times never fall. Between two points the
earlier one holds: gaps are carried forward.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter

from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.domain.money import divide

Curve = Sequence[tuple[int, Decimal]]

#: Less of a day than that has no return of its own.
SHORTEST_DAY = HOUR

_TIME = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall of a curve from its highest point before.

    Attributes:
        depth: As a fraction of the peak, 0 or below: -0.25 is a quarter lost.
        peak, trough: When it began and when it was deepest.
        end: When the peak was reached again; the curve's last time where it was not.
        recovered: It was.
    """

    depth: float
    peak: int
    trough: int
    end: int
    recovered: bool

    @property
    def length(self) -> int:
        """Milliseconds from the peak until it was reached again, or to the curve's end."""
        return self.end - self.peak


def check(curve: Curve) -> None:
    """Refuse what is no curve.

    Raises:
        ValueError: a time is earlier than the one before it.
    """
    for (before, _), (after, _) in pairwise(curve):
        if after < before:
            msg = f"equity at {after} ms comes after {before} ms: sort the curve by time"
            raise ValueError(msg)


def carried(curve: Curve, time: int) -> Decimal | None:
    """The value at a time: the last one at or before it, None before the first."""
    at = bisect_right(curve, time, key=_TIME)
    return curve[at - 1][1] if at else None


def window(curve: Curve, since: int | None = None, until: int | None = None) -> Curve:
    """The part of a curve in a period, with what it stood at when the period began and ended.

    Args:
        curve: Any curve.
        since: Its beginning in market milliseconds, inclusive; None is the curve's own.
        until: Its end, likewise. A period does not reach further than the curve.
    """
    if not curve:
        return []
    since = curve[0][0] if since is None else max(since, curve[0][0])
    until = curve[-1][0] if until is None else min(until, curve[-1][0])
    if since > until:
        return []
    begun = carried(curve, since)
    ended = carried(curve, until)
    assert begun is not None  # since is not before the first point
    assert ended is not None
    inside = curve[bisect_right(curve, since, key=_TIME) : bisect_right(curve, until, key=_TIME)]
    found = [(since, begun), *inside]
    if found[-1][0] != until:
        found.append((until, ended))
    return found


def daily_closes(curve: Curve) -> list[tuple[int, Decimal]]:
    """The last value at or before the end of each UTC day that the curve touches.

    The last day closes with the curve's last value, though it may not be over. A first or last
    day of which the curve has less than an hour is part of its neighbour: an account that is
    opened at 23:59 has not had a day of nothing.

    Returns:
        (start of the UTC day, close) a day, without gaps; none for a curve without duration.
    """
    if not curve or curve[-1][0] == curve[0][0]:
        return []
    # midnight is the end of a day for what closes it, and the start of one for what opens it
    begin, end = curve[0][0], curve[-1][0]
    first, last = begin // DAY, (end - 1) // DAY
    if first < last and (first + 1) * DAY - begin < SHORTEST_DAY:
        first += 1
    if first < last and end - last * DAY < SHORTEST_DAY:
        last -= 1
    found: list[tuple[int, Decimal]] = []
    at, count = 0, len(curve)
    for day in range(first, last + 1):
        limit = end if day == last else (day + 1) * DAY
        while at < count and curve[at][0] <= limit:
            at += 1
        found.append((day * DAY, curve[at - 1][1]))
    return found


def daily_returns(curve: Curve) -> list[float] | None:
    """Simple returns from close to close; the first is that of the first day since its start.

    None where one cannot be told: it begins with nothing or less.
    """
    closes = [value for _, value in daily_closes(curve)]
    if not closes:
        return []
    values = [curve[0][1], *closes]
    if any(value <= 0 for value in values[:-1]):
        return None
    return [float(divide(after, before)) - 1 for before, after in pairwise(values)]


def drawdowns(curve: Curve) -> list[tuple[int, float]]:
    """At each point, how far the curve is below its highest one so far: a fraction, 0 or below.

    From a peak of nothing or less no fall can be told; it counts as 0.
    """
    found: list[tuple[int, float]] = []
    peak: Decimal | None = None
    for time, value in curve:
        if peak is None or value > peak:
            peak = value
        found.append((time, float(divide(value, peak)) - 1 if value < peak and peak > 0 else 0.0))
    return found


def max_drawdown(curve: Curve) -> Drawdown | None:
    """The deepest drawdown over every point, not over daily closes alone; None if it never fell."""
    deepest = 0.0
    found: tuple[int, int] | None = None
    peak_value, peak_time = (curve[0][1], curve[0][0]) if curve else (Decimal(0), 0)
    top = peak_value
    for time, value in curve:
        if value >= peak_value:
            peak_value, peak_time = value, time
        elif peak_value > 0:
            depth = float(divide(value, peak_value)) - 1
            if depth < deepest:
                deepest, found, top = depth, (peak_time, time), peak_value
    if found is None:
        return None
    peak, trough = found
    back = (time for time, value in curve if time >= trough and value >= top)
    end = next(back, None)
    return Drawdown(
        deepest, peak, trough, curve[-1][0] if end is None else end, recovered=end is not None
    )
