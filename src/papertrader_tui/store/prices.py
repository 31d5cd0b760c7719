"""Price history in the account file: raw for a day, then candles of a minute, then of an hour.

What a live market said is kept whole beside it for as long as it is worth playing again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from papertrader_tui.domain.market import DAY, HOUR, MINUTE


@dataclass(frozen=True, slots=True)
class Retention:
    """How long prices are kept as they are, in market milliseconds.

    Attributes:
        raw: Every price.
        minutes: Candles of a minute; those of an hour are kept for good.
        inputs: What a live market said, word for word.
    """

    raw: int = DAY
    minutes: int = 30 * DAY
    inputs: int = 30 * DAY

    def __post_init__(self) -> None:
        if not 0 < self.raw <= self.minutes:
            msg = (
                f"retention: raw prices for {self.raw} ms and minutes for {self.minutes} ms; raw "
                "must be above zero and no longer than minutes"
            )
            raise ValueError(msg)
        if self.inputs < 0:
            msg = f"retention: recorded inputs for {self.inputs} ms; it must not be below zero"
            raise ValueError(msg)


_PUT = """
INSERT INTO prices (token, time, price, volume) VALUES (?, ?, ?, ?)
ON CONFLICT (token, time) DO UPDATE SET price = excluded.price, volume = excluded.volume
"""

# Candles merge, so that a late price joins what is there already.
_MERGE = """
ON CONFLICT (token, time) DO UPDATE SET
    high = max(high, excluded.high),
    low = min(low, excluded.low),
    close = excluded.close,
    volume = CASE
        WHEN volume < 0 THEN excluded.volume
        WHEN excluded.volume < 0 THEN volume
        ELSE volume + excluded.volume
    END
"""

# min(time) and max(time) of each group lead back to the rows that opened and closed it.
_GROUP = """
INSERT INTO {target} (token, time, open, high, low, close, volume)
SELECT g.token, g.start, {first}, g.high, g.low, {last}, g.volume
FROM (
    SELECT token, time - time % {width} AS start, min(time) AS opened, max(time) AS closed,
        max({high}) AS high, min({low}) AS low,
        CASE WHEN max(volume) < 0 THEN -1.0 ELSE sum(max(volume, 0.0)) END AS volume
    FROM {source} WHERE token = ? AND time < ? GROUP BY start
) AS g
JOIN {source} AS o ON o.token = g.token AND o.time = g.opened
JOIN {source} AS c ON c.token = g.token AND c.time = g.closed
WHERE true
"""
_TO_MINUTES = (
    _GROUP.format(
        target="prices_1m", source="prices", width=MINUTE,
        first="CAST(o.price AS REAL)", last="CAST(c.price AS REAL)",
        high="CAST(price AS REAL)", low="CAST(price AS REAL)",
    ) + _MERGE
)  # fmt: skip
_TO_HOURS = (
    _GROUP.format(
        target="prices_1h", source="prices_1m", width=HOUR,
        first="o.open", last="c.close", high="high", low="low",
    ) + _MERGE
)  # fmt: skip

# One step down the key per token, where SELECT DISTINCT would read every row.
_TOKENS = """
WITH RECURSIVE found (token) AS (
    SELECT min(token) FROM {source}
    UNION ALL
    SELECT (SELECT min(token) FROM {source} WHERE token > found.token)
    FROM found WHERE found.token IS NOT NULL
)
SELECT token FROM found WHERE token IS NOT NULL
"""


def put(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Store raw prices (token, time, price as text, volume); one stored again is replaced."""
    connection.executemany(_PUT, rows)


def roll_up(connection: sqlite3.Connection, now: int, retention: Retention) -> None:
    """Turn what is older than its retention into coarser candles, within the open transaction.

    Only whole hours move, so a candle is complete when it is made.

    Args:
        connection: Of a writer, in a transaction.
        now: The market's time.
        retention: What stays as it is.
    """
    for limit, statement, source in (
        (retention.raw, _TO_MINUTES, "prices"),
        (retention.minutes, _TO_HOURS, "prices_1m"),
    ):
        before = (now - limit) // HOUR * HOUR
        # Token by token, each a short range of the key: only what moves is read.
        for token in connection.execute(_TOKENS.format(source=source)).fetchall():
            connection.execute(statement, (*token, before))
            connection.execute(
                f"DELETE FROM {source} WHERE token = ? AND time < ?", (*token, before)
            )
    minutes = now - retention.minutes
    connection.execute("DELETE FROM candles WHERE interval < ? AND time < ?", (HOUR, minutes))
    connection.execute("DELETE FROM candle_spans WHERE interval < ? AND until < ?", (HOUR, minutes))
    # They are in order, so this reads no further than to the first that stays.
    kept = connection.execute(
        "SELECT seq FROM inputs WHERE time >= ? ORDER BY seq LIMIT 1",
        ((now - retention.inputs) // HOUR * HOUR,),
    ).fetchone()
    if kept is not None:
        connection.execute("DELETE FROM inputs WHERE seq < ?", kept)
