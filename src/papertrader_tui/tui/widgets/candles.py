"""A candle chart as text: pure functions from candles to rows of parts.

A cell has an upper and a lower half, and each half is empty, wick or body, which the box-drawing
characters can all show: a chart of 20 rows has 40 steps.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from papertrader_tui.domain.market import DAY, Candle
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.widgets.tones import Part

#: Glyph by what the upper and the lower half hold: 0 nothing, 1 wick, 2 body.
GLYPHS = {
    (0, 0): " ", (0, 1): "╷", (1, 0): "╵", (1, 1): "│", (0, 2): "╻",
    (2, 0): "╹", (2, 2): "┃", (1, 2): "╽", (2, 1): "╿",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line at a price.

    Attributes:
        label: Word at its beginning, "" for none.
        tone: Tone of line and label.
        tag: Tone of its price on the axis.
        glyph: What the line is drawn with.
    """

    price: float
    label: str
    tone: str
    tag: str
    glyph: str = "╌"


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign at a candle: below it if `below`, else above."""

    time: int
    glyph: str
    tone: str
    below: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """Prices to half rows: 0 is the upper half of the first row."""

    low: float
    high: float
    rows: int

    def half(self, price: float) -> int:
        """Half row of a price, kept inside the chart."""
        halves = self.rows * 2
        share = (self.high - price) / (self.high - self.low)
        return min(halves - 1, max(0, int(share * halves)))

    def holds(self, price: float) -> bool:
        """The price is inside the chart."""
        return self.low <= price <= self.high


def scale_for(candles: Sequence[Candle], rows: int, levels: Sequence[Level] = ()) -> Scale:
    """A scale that holds every candle, and levels as far as they do not flatten the candles.

    Stops and targets may add one and a half times the candles' own height.
    """
    low = min(c.low for c in candles)
    high = max(c.high for c in candles)
    span = max(high - low, abs(high) * 1e-4, 1e-30)
    reach = span * 0.75
    for level in levels:
        if low - reach <= level.price <= high + reach:
            low, high = min(low, level.price), max(high, level.price)
    pad = max(high - low, span) * 0.04
    return Scale(low - pad, high + pad, rows)


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """At most `count` round prices between two: steps of 1, 2, 2.5 or 5 times a power of ten."""
    span = high - low
    if not (span > 0 and math.isfinite(span)) or count < 1:
        return []
    power = 10.0 ** math.floor(math.log10(span / count))
    for factor in (1, 2, 2.5, 5, 10, 20):
        step = power * factor
        first, last = math.ceil(low / step), math.floor(high / step)
        if last - first < count:
            return [i * step for i in range(first, last + 1)]
    return []


def tick_decimals(ticks: Sequence[float], price: float) -> int:
    """Decimals of an axis: as many as its price has, more if its ticks need them to differ."""
    wanted = fmt.decimals_for(price)
    if len(ticks) > 1:
        # the difference of two floats may fall just short of the power of ten that it is
        step = (ticks[1] - ticks[0]) * (1 + 1e-9)
        needed = max(0, -math.floor(math.log10(step)))
        if abs(round(step, needed) - step) > step * 1e-6:
            needed += 1
        wanted = max(wanted, needed)
    return wanted


def time_ticks(candles: Sequence[Candle], interval: int, spacing: int) -> dict[int, str]:
    """Labels of the time axis by candle number: round times at least `spacing` columns apart."""
    steps = [
        60_000 * m for m in (5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 7200, 14400)
    ]
    step = next((s for s in steps if s >= spacing * interval), steps[-1])
    found: dict[int, str] = {}
    last = -spacing
    previous: int | None = None
    for number, candle in enumerate(candles):
        slot = candle.start // step
        if previous is not None and slot != previous and number - last >= spacing:
            found[number] = _time_label(slot * step, step)
            last = number
        previous = slot
    return found


class Canvas:
    """A grid of characters and their tones; candle 0 stands in column `x0`."""

    __slots__ = ("chars", "tones", "x0")

    def __init__(self, columns: int, rows: int, x0: int) -> None:
        self.chars = [[" "] * columns for _ in range(rows)]
        self.tones = [[""] * columns for _ in range(rows)]
        self.x0 = x0

    def put(self, row: int, x: int, char: str, tone: str) -> None:
        """Set one cell."""
        self.chars[row][x] = char
        self.tones[row][x] = tone

    def row(self, row: int) -> list[Part]:
        """A row as parts: neighbours of one tone together, blanks with either."""
        chars, tones = self.chars[row], self.tones[row]
        parts: list[Part] = []
        begin, current = 0, tones[0] if tones else ""
        for x, tone in enumerate(tones):
            if tone != current and chars[x] != " ":
                if x > begin:
                    parts.append(("".join(chars[begin:x]), current))
                begin, current = x, tone
        parts.append(("".join(chars[begin:]), current))
        return parts


def draw_candles(canvas: Canvas, candles: Sequence[Candle], scale: Scale) -> None:
    """Draw each candle in its column."""
    half = scale.half
    for x, candle in enumerate(candles, canvas.x0):
        rising = candle.close >= candle.open
        body_top, body_end = half(candle.close), half(candle.open)
        if not rising:
            body_top, body_end = body_end, body_top
        top, end = half(candle.high), half(candle.low)
        tone = "up" if rising else "down"
        for row in range(top >> 1, (end >> 1) + 1):
            upper = row << 1
            lower = upper + 1
            first = 2 if body_top <= upper <= body_end else 1 if top <= upper <= end else 0
            second = 2 if body_top <= lower <= body_end else 1 if top <= lower <= end else 0
            canvas.chars[row][x] = GLYPHS[first, second]
            canvas.tones[row][x] = tone


def draw_level(canvas: Canvas, level: Level, scale: Scale) -> None:
    """Draw a level's line behind what is there already, and its label over it."""
    row = scale.half(level.price) >> 1
    line = canvas.chars[row]
    for x, char in enumerate(line):
        if char in " ·":
            canvas.put(row, x, level.glyph, level.tone)
    for x, char in enumerate(f" {level.label} " if level.label else "", 1):
        if x < len(line):
            canvas.put(row, x, char, level.tone)


def draw_marks(
    canvas: Canvas, marks: Sequence[Mark], candles: Sequence[Candle], scale: Scale
) -> None:
    """Draw signs below or above the candle in whose time they fall."""
    starts = [c.start for c in candles]
    for mark in marks:
        number = bisect_right(starts, mark.time) - 1
        if number < 0:
            continue
        candle = candles[number]
        if mark.below:
            row = min(scale.rows - 1, (scale.half(candle.low) >> 1) + 1)
        else:
            row = max(0, (scale.half(candle.high) >> 1) - 1)
        canvas.put(row, canvas.x0 + number, mark.glyph, mark.tone)


def draw_volume(canvas: Canvas, candles: Sequence[Candle]) -> None:
    """Draw volume bars, the highest as high as the canvas; unknown volumes draw nothing."""
    rows = len(canvas.chars)
    top = max((c.volume for c in candles), default=0.0)
    for x, candle in enumerate(candles, canvas.x0):
        if candle.volume <= 0 or not rows:
            continue
        eighths = max(1, round(candle.volume / top * rows * 8))
        tone = "up-dim" if candle.close >= candle.open else "down-dim"
        for row in range((eighths + 7) // 8):
            canvas.put(rows - 1 - row, x, fmt.BLOCKS[min(8, eighths - 8 * row) - 1], tone)


def _time_label(time: int, step: int) -> str:
    if step >= DAY or time % DAY == 0:
        return day_label(time)
    return fmt.clock(time, seconds=False, zone=False)


def day_label(time: int) -> str:
    """Day and month in UTC: `22 Nov`."""
    return f"{datetime.fromtimestamp(time / 1000, UTC):%d %b}"
