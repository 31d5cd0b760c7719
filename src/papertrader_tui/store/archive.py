"""Candles of a token from all that is known: this account's own prices, and what services kept.

Where the account's own prices cover a candle they are it; elsewhere it is the imported one, and
where neither is whole, what there is.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from papertrader_tui.domain.market import HOUR, MINUTE, Candle
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.store.database import reading

#: Own prices are looked at in pieces of this length; a candle is made of whole pieces.
SLOT = 5 * MINUTE
#: A piece may lack so much at its beginning or end and is whole.
SLACK = 90_000

Span = tuple[int, int]  # since, until
Wanted = tuple[TokenId, int, int, int]  # token, interval, since, until

_PUT = """
INSERT OR REPLACE INTO candles (token, interval, time, open, high, low, close, volume, source)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SLOTS = """
SELECT time - time % :slot AS slot, min(time), max(time) + :width - 1
FROM {table} WHERE token = :token AND time >= :since AND time < :until GROUP BY slot
"""
# min(time) and max(time) of each group lead back to the rows that opened and closed it.
_GROUPS = """
SELECT g.start, {first}, g.high, g.low, {last}, g.volume FROM (
    SELECT time - time % :interval AS start, min(time) AS opened, max(time) AS closed,
        max({high}) AS high, min({low}) AS low,
        CASE WHEN max(volume) < 0 THEN -1.0 ELSE sum(max(volume, 0.0)) END AS volume
    FROM {table} WHERE token = :token AND time >= :since AND time < :until GROUP BY start
) AS g
JOIN {table} AS o ON o.token = :token AND o.time = g.opened
JOIN {table} AS c ON c.token = :token AND c.time = g.closed
ORDER BY g.start
"""
_REAL = "CAST({}price AS REAL)"
_RAW = _GROUPS.format(
    table="prices", first=_REAL.format("o."), last=_REAL.format("c."),
    high=_REAL.format(""), low=_REAL.format(""),
)  # fmt: skip
_MINUTES, _HOURS = (
    _GROUPS.format(table=table, first="o.open", last="c.close", high="high", low="low")
    for table in ("prices_1m", "prices_1h")
)


class Keeps(Protocol):
    """What writes into the account (its journal)."""

    async def keep_candles(
        self, token: TokenId, interval: int, span: Span, candles: Sequence[Candle], source: str
    ) -> None:
        """Store what a service answered for a span."""
        ...

    async def flush(self) -> None:
        """Write what waits."""
        ...


class CandleArchive:
    """The candles of one account, read beside its running desk.

    Args:
        path: The account file.
        journal: Writes into it.
    """

    def __init__(self, path: Path, journal: Keeps) -> None:
        self._path = path
        self._journal = journal

    def known(self, wanted: Iterable[Wanted]) -> list[list[Candle]]:
        """The candles known of each (token, interval, since, until), oldest first.

        Raises:
            StoreError: the file cannot be read.
        """
        with reading(self._path) as connection:
            return [merged(connection, *one) for one in wanted]

    async def candles(self, wanted: Sequence[Wanted]) -> list[list[Candle]]:
        """The same in a thread, prices of this moment included."""
        await self._journal.flush()
        return await asyncio.to_thread(self.known, wanted)

    async def missing(self, wanted: Sequence[Wanted]) -> list[list[Span]]:
        """Of each (token, interval, since, until) the spans of candles that are not known."""
        await self._journal.flush()

        def look() -> list[list[Span]]:
            with reading(self._path) as connection:
                return [missing(connection, *one) for one in wanted]

        return await asyncio.to_thread(look)

    async def keep(
        self, token: TokenId, interval: int, span: Span, candles: Sequence[Candle], source: str
    ) -> None:
        """Store what a service answered for a span.

        Raises:
            JournalError: it was not stored.
        """
        await self._journal.keep_candles(token, interval, span, candles, source)


def put(
    connection: sqlite3.Connection,
    token: TokenId,
    interval: int,
    span: Span,
    candles: Sequence[Candle],
    source: str,
) -> None:
    """Store candles, and that their span was answered, within the open transaction."""
    connection.executemany(
        _PUT,
        [
            (token, interval, c.start, c.open, c.high, c.low, c.close, c.volume, source)
            for c in candles
        ],
    )
    since, until = span
    key = (token, interval)
    touching = connection.execute(
        "SELECT since, until FROM candle_spans WHERE token = ? AND interval = ?"
        " AND since <= ? AND until >= ?",
        (*key, until, since),
    ).fetchall()
    for one in touching:
        since, until = min(since, one[0]), max(until, one[1])
        connection.execute(
            "DELETE FROM candle_spans WHERE token = ? AND interval = ? AND since = ?",
            (*key, one[0]),
        )
    connection.execute("INSERT INTO candle_spans VALUES (?, ?, ?, ?)", (*key, since, until))


def missing(
    connection: sqlite3.Connection, token: TokenId, interval: int, since: int, until: int
) -> list[Span]:
    """The spans in [since, until) of whole candles that neither own prices nor answers cover."""
    answered = connection.execute(
        "SELECT since, until FROM candle_spans WHERE token = ? AND interval = ?"
        " AND since < ? AND until > ?",
        (token, interval, until, since),
    ).fetchall()
    own = _whole(connection, token, interval, since, until)
    found: list[Span] = []
    for start in range(since - since % interval, until - interval + 1, interval):
        end = start + interval
        if start in own or any(a <= start and end <= b for a, b in answered):
            continue
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def merged(
    connection: sqlite3.Connection, token: TokenId, interval: int, since: int, until: int
) -> list[Candle]:
    """One candle for each start in [since, until) that anything is known of, oldest first."""
    since -= since % interval
    found = {
        row[0]: Candle(*row)
        for row in connection.execute(
            "SELECT time, open, high, low, close, volume FROM candles"
            " WHERE token = ? AND interval = ? AND time >= ? AND time < ?",
            (token, interval, since, until),
        )
    }
    whole = _whole(connection, token, interval, since, until)
    for start, candle in _own(connection, token, interval, since, until).items():
        if start in whole or start not in found:
            found[start] = candle
    return [found[start] for start in sorted(found)]


def _own(
    connection: sqlite3.Connection, token: TokenId, interval: int, since: int, until: int
) -> dict[int, Candle]:
    """Candles of the account's own prices, of which the older ones are kept more coarsely."""
    found: dict[int, Candle] = {}
    span = {"token": token, "interval": interval, "since": since, "until": until}
    for width, statement in ((HOUR, _HOURS), (MINUTE, _MINUTES), (0, _RAW)):
        if width > interval:
            continue  # its candles would be too long
        for start, first, high, low, last, volume in connection.execute(statement, span):
            candle = found.get(start)
            if candle is None:
                found[start] = Candle(start, first, high, low, last, volume)
                continue
            candle.high = max(candle.high, high)
            candle.low = min(candle.low, low)
            candle.close = last
            if volume >= 0:
                candle.volume = max(candle.volume, 0.0) + volume
    return found


def _whole(
    connection: sqlite3.Connection, token: TokenId, interval: int, since: int, until: int
) -> set[int]:
    """Starts of the candles that own prices cover, but for what may lack of each."""
    slots: dict[int, Span] = {}
    span = {"token": token, "slot": SLOT, "since": since - SLOT, "until": until + SLOT}
    for table, width in (("prices_1m", MINUTE), ("prices", 1)):
        for slot, first, last in connection.execute(
            _SLOTS.format(table=table), {**span, "width": width}
        ):
            before = slots.get(slot, (first, last))
            slots[slot] = (min(first, before[0]), max(last, before[1]))
    full = {
        slot
        for slot, (first, last) in slots.items()
        if (slot - SLOT in slots or first - slot <= SLACK)
        and (slot + SLOT in slots or slot + SLOT - last <= SLACK)
    }
    if interval <= SLOT:
        return {start for start in range(since - since % interval, until, interval)
                if start - start % SLOT in full}  # fmt: skip
    counts: dict[int, int] = {}
    for slot in full:
        start = slot - slot % interval
        counts[start] = counts.get(start, 0) + 1
    enough = interval // SLOT * 5 // 6
    found = {start for start, count in counts.items() if count >= enough}
    if interval == HOUR:
        found.update(
            time
            for (time,) in connection.execute(
                "SELECT time FROM prices_1h WHERE token = ? AND time >= ? AND time < ?",
                (token, since, until),
            )
        )
    return found
