"""Candles and the equity curve, read for charts."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from papertrader_tui.domain.market import Candle

# Newest first out of three tables that hold different ages; SQLite merges them by their keys.
_NEWEST_FIRST = """
SELECT time, open, high, low, close, volume FROM (
    SELECT time, CAST(price AS REAL) AS open, CAST(price AS REAL) AS high,
        CAST(price AS REAL) AS low, CAST(price AS REAL) AS close, volume
    FROM prices WHERE token = :token
    UNION ALL SELECT time, open, high, low, close, volume FROM prices_1m WHERE token = :token
    UNION ALL SELECT time, open, high, low, close, volume FROM prices_1h WHERE token = :token
) ORDER BY time DESC
"""


def candles(connection: sqlite3.Connection, token: str, interval: int, limit: int) -> list[Candle]:
    """The last candles of a token, oldest first; times without a price have none.

    What is kept only as coarser candles (of a minute, of an hour) comes as such, each in the
    candle that it begins in.

    Args:
        connection: Of a reader.
        token: Token id.
        interval: Milliseconds of a candle.
        limit: At most so many.

    Raises:
        ValueError: `interval` or `limit` is not positive.
    """
    if interval <= 0 or limit <= 0:
        msg = f"candles of {interval} ms, at most {limit}: both must be above zero"
        raise ValueError(msg)
    found: list[Candle] = []
    candle: Candle | None = None
    for time, first, high, low, last, volume in connection.execute(_NEWEST_FIRST, {"token": token}):
        start = time - time % interval
        if candle is None or candle.start != start:
            if len(found) == limit:
                break
            candle = Candle(start, first, high, low, last, volume)
            found.append(candle)
            continue
        candle.open = first
        candle.high = max(candle.high, high)
        candle.low = min(candle.low, low)
        if volume >= 0:
            candle.volume = max(candle.volume, 0.0) + volume
    found.reverse()
    return found


def equity(connection: sqlite3.Connection, since: int = 0) -> list[tuple[int, Decimal]]:
    """The equity curve from a time on: (market milliseconds, USDC), oldest first."""
    return [
        (time, Decimal(value))
        for time, value in connection.execute(
            "SELECT time, equity FROM equity WHERE time >= ? ORDER BY seq", (since,)
        )
    ]
