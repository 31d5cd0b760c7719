"""What a candle chart says beside its candles: levels, marks, axes and the line of figures."""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.domain.events import Event, Filled, Reverted
from papertrader_tui.domain.market import Candle
from papertrader_tui.domain.orders import Side
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.widgets import candles as plot
from papertrader_tui.tui.widgets.tones import Part


def levels(
    stop: Decimal | None,
    target: Decimal | None,
    average: Decimal | None,
    notes: tuple[str, str] = ("", ""),
) -> tuple[plot.Level, ...]:
    """Lines of a position, the later ones drawn on top; notes are of the stop and the target."""
    found: list[plot.Level] = []
    if average is not None:
        found.append(plot.Level(float(average), "avg", "dim", "strong", "╌"))
    if target is not None:
        found.append(plot.Level(float(target), f"target{notes[1]}", "up-dim", "up", "╌"))
    if stop is not None:
        found.append(plot.Level(float(stop), f"stop{notes[0]}", "down-dim", "down", "╌"))
    return tuple(found)


def mark(event: Event) -> plot.Mark | None:
    """How a fill or a revert is marked, None for any other event."""
    if isinstance(event, Filled):
        if event.side is Side.BUY:
            return plot.Mark(event.time, fmt.UP, "up-strong", below=True)
        return plot.Mark(event.time, fmt.DOWN, "down-strong", below=False)
    if isinstance(event, Reverted):
        return plot.Mark(event.time, "×", "warn", below=event.side is Side.BUY)
    return None


def summary(candle: Candle, last: float | None) -> list[Part]:
    """A candle in figures: open, high, low, close, volume and change."""
    decimals = fmt.decimals_for(last if last is not None else candle.close)
    values = (("O", candle.open), ("H", candle.high), ("L", candle.low), ("C", candle.close))
    parts: list[Part] = [(f"{name} {fmt.price(value, decimals)}  ", "") for name, value in values]
    if candle.volume >= 0:
        parts.append((f"V {fmt.compact(candle.volume)}  ", ""))
    change = candle.close / candle.open - 1 if candle.open else 0.0
    tone = "up" if change > 0 else "down" if change < 0 else "muted"
    return [*parts, (fmt.percent(change), tone)]


def shortened(parts: list[Part], room: int) -> list[Part]:
    """A summary in at most `room` cells."""
    # what a reader misses least goes first: volume, open, low, high, close
    for name in ("V ", "O ", "L ", "H ", "C "):
        if sum(len(text) for text, _ in parts) <= room:
            break
        parts = [part for part in parts if not part[0].startswith(name)]
    return parts


def crosshair(canvas: plot.Canvas, x: int) -> None:
    """A vertical line through the free cells of a column."""
    for row, line in enumerate(canvas.chars):
        if line[x] in " ·":
            canvas.put(row, x, "┊", "accent")


def axis_label(label: Part | None, width: int) -> list[Part]:
    """One row of the price axis."""
    if label is None:
        return [(" " * width, "")]
    text, tone = label
    room = width - 1
    return [(" ", ""), (f"{text} ".rjust(room) if tone == "tag" else f"{text:>{room - 1}} ", tone)]


def time_axis(times: dict[int, str], x0: int, columns: int) -> str:
    """The line of times below the chart."""
    line = [" "] * columns
    for number, label in times.items():
        begin = x0 + number
        if begin + len(label) <= columns:
            line[begin : begin + len(label)] = label
    return "".join(line)
