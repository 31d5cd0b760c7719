"""Curves over time in braille, two by four dots a cell. Pure functions, no Textual."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from papertrader_tui.domain.market import DAY

Points = Sequence[tuple[int, float]]
Part = tuple[str, str]

_BRAILLE = 0x2800
# bit of each dot by its row and column in the cell
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def columns(points: Points, count: int) -> list[tuple[float, float]]:
    """Lowest and highest value of a step curve in each of `count` equal parts of its time.

    A part begins with the value that it was entered with, so that no jump is lost.
    """
    if not points or count <= 0:
        return []
    begin, end = points[0][0], points[-1][0]
    width = max(1, end - begin) / count
    found: list[tuple[float, float]] = []
    at, value = 0, points[0][1]
    for column in range(count):
        low = high = value
        limit = begin + (column + 1) * width
        while at < len(points) and (points[at][0] <= limit or column == count - 1):
            value = points[at][1]
            low, high = min(low, value), max(high, value)
            at += 1
        found.append((low, high))
    return found


def line(points: Points, width: int, rows: int, low: float, high: float) -> list[str]:
    """A curve between two values, in `rows` lines of `width` cells, the highest first."""
    return _plot(points, width, rows, low, high, lambda least, most: (least, most))


def hanging(points: Points, width: int, rows: int, low: float) -> list[str]:
    """A curve of values at or below zero, filled down from zero."""
    return _plot(points, width, rows, low, 0.0, lambda least, _: (least, 0.0))


def _plot(
    points: Points,
    width: int,
    rows: int,
    low: float,
    high: float,
    filled: Callable[[float, float], tuple[float, float]],
) -> list[str]:
    cells = [[0] * width for _ in range(rows)]
    last = rows * 4 - 1
    span = high - low
    for x, (least, most) in enumerate(columns(points, width * 2)):
        if least == most == 0.0 == high:
            continue  # nothing hangs
        bottom, top = filled(least, most)
        if not (math.isfinite(bottom) and math.isfinite(top)):
            continue
        first = _dot(top, low, high, span, last)
        for y in range(first, _dot(bottom, low, high, span, last) + 1):
            cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
    return ["".join(chr(_BRAILLE + bits) if bits else " " for bits in row) for row in cells]


def _dot(value: float, low: float, high: float, span: float, last: int) -> int:
    if span <= 0:
        return last // 2
    return round((high - min(high, max(low, value))) / span * last)


def bounds(points: Points) -> tuple[float, float]:
    """The lowest and the highest value of a curve; (0, 0) of none."""
    values = [value for _, value in points]
    return (min(values), max(values)) if values else (0.0, 0.0)


def time_line(since: int, until: int, width: int) -> str:
    """When a curve begins and ends, left and right under it; with the time of day below 3 days."""
    form = "%Y-%m-%d" if until - since >= 3 * DAY else "%Y-%m-%d %H:%M"
    left, right = (f"{datetime.fromtimestamp(t // 1000, UTC):{form}}" for t in (since, until))
    return f"{left}{right:>{max(1, width - len(left))}}"


def labelled(
    drawn: Sequence[str], labels: dict[int, str], tone: str, *, room: int
) -> list[list[Part]]:
    """Rows of a drawing with labels to their right, `room` cells wide."""
    return [
        [(row, tone), (f" {labels.get(number, ''):>{room}}", "muted")]
        for number, row in enumerate(drawn)
    ]
