"""Candles out of what services keep: rows of open, high, low, close, or single prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Candle
from papertrader_tui.feeds.sources import values

Point = tuple[int, float]  # milliseconds, dollars


def span_name(interval: int) -> str:
    """`5m`, `4h`, `1d`."""
    for unit, letter in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if interval >= unit and interval % unit == 0:
            return f"{interval // unit}{letter}"
    return f"{interval} ms"


def whole(candles: Iterable[Candle], interval: int, since: int, until: int) -> list[Candle]:
    """The candles that lie in [since, until) with all of their time."""
    return [c for c in candles if since <= c.start and c.start + interval <= until]


def point(time: int | None, price: object) -> Point | None:
    """A usable price at a usable time, else None."""
    usable = values.price(price)
    return None if time is None or isinstance(usable, str) else (time, float(usable))


def from_points(points: Iterable[Point], interval: int) -> list[Candle]:
    """Candles of single prices, oldest first; intervals without a price are left out.

    A candle opens at the last price before it where that is less than two intervals old, so that
    neighbours join. Its high and low are those of the points: extremes between them are not known.
    """
    candles: list[Candle] = []
    last: Point | None = None
    for time, price in sorted(points):
        start = time - time % interval
        if candles and candles[-1].start == start:
            candle = candles[-1]
            candle.high = max(candle.high, price)
            candle.low = min(candle.low, price)
            candle.close = price
        else:
            near = last is not None and time - last[0] < 2 * interval
            opening = last[1] if near and last is not None else price
            high, low = max(opening, price), min(opening, price)
            candles.append(Candle(start, opening, high, low, price))
        last = (time, price)
    return candles


def from_rows(rows: Sequence[object]) -> tuple[list[Candle], int]:
    """Candles from GeckoTerminal's `[seconds, open, high, low, close, volume]`, oldest first.

    Its open is the close of the row before (96 of 99 rows in a recorded answer), while high and
    low are those of the trades inside; so the open can lie outside them, in a third of the rows.
    The price did stand there when the interval began: the extremes are widened to it. A row whose
    close is outside its own extremes, or whose open is outside and is nobody's close, is dropped.
    So is the earlier of two rows for the same time.

    Returns:
        The candles and how many rows were dropped.
    """
    # Newest first as sent: two rows of one time are in their own order after a stable sort.
    parsed = [row for raw in reversed(rows) if (row := _row(raw)) is not None]
    parsed.sort(key=lambda row: row[0])
    dropped = len(rows) - len(parsed)
    candles: list[Candle] = []
    close: float | None = None
    for start, opening, high, low, last, volume in parsed:
        carried = opening == close
        fits = low <= last <= high and (carried or low <= opening <= high)
        close = last
        if not fits:
            dropped += 1
            continue
        if candles and candles[-1].start == start:
            candles.pop()
            dropped += 1
        top, bottom = max(high, opening), min(low, opening)
        candles.append(Candle(start, opening, top, bottom, last, volume))
    return candles, dropped


def _row(raw: object) -> tuple[int, float, float, float, float, float] | None:
    cells = values.items(raw)
    if len(cells) < 5:
        return None
    start = values.millis(cells[0])
    prices = [values.price(cell) for cell in cells[1:5]]
    if start is None or any(isinstance(price, str) for price in prices):
        return None
    volume = values.amount(cells[5]) if len(cells) > 5 else None
    opening, high, low, close = (float(price) for price in prices)
    return start, opening, high, low, close, -1.0 if volume is None else float(volume)
