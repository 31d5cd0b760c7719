"""Reads facts back in the order in which they happened."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from operator import attrgetter

from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.events import Event
from papertrader_tui.store.codec import DECISION_COLUMNS, decode_decision, decode_event

_DECISION = ", ".join(DECISION_COLUMNS)
_BARE = ", ".join("NULL" if name == "factors" else name for name in DECISION_COLUMNS)
#: An id's latest row is the decision as it stands; earlier ones had a smaller count.
LATEST = "NOT EXISTS (SELECT 1 FROM decisions n WHERE n.id = d.id AND n.seq > d.seq)"


def events(connection: sqlite3.Connection, *, factors: bool = False) -> Iterator[Event]:
    """Every fact in sequence, read as it is asked for.

    Args:
        connection: One read transaction.
        factors: Read the factors of decisions too; a fold does not look at them, and they are
            most of the file.

    Raises:
        ValueError: a row cannot be read; the message says which.
    """
    kept = (
        decode_event(kind, seq, time, body)
        for seq, time, kind, body in connection.execute(
            "SELECT seq, time, kind, body FROM journal ORDER BY seq"
        )
    )
    return heapq.merge(kept, _decided(connection, factors), key=attrgetter("seq"))


def _decided(connection: sqlite3.Connection, factors: bool) -> Iterator[Event]:
    columns = _DECISION if factors else _BARE
    for row in connection.execute(f"SELECT {columns} FROM decisions ORDER BY seq"):
        yield decode_decision(row)


def decisions(
    connection: sqlite3.Connection, *, limit: int = -1, newest_first: bool = False
) -> Iterator[Decision]:
    """Decisions whole, each as it stands; `limit` -1 for all."""
    order = "DESC" if newest_first else "ASC"
    for row in connection.execute(
        f"SELECT {_DECISION} FROM decisions d WHERE {LATEST} ORDER BY seq {order} LIMIT ?",
        (limit,),
    ):
        yield decode_decision(row).decision


def last_seq(connection: sqlite3.Connection) -> int:
    """The sequence number of the last fact, 0 before the first."""
    (last,) = connection.execute(
        "SELECT max(coalesce((SELECT max(seq) FROM journal), 0),"
        " coalesce((SELECT max(seq) FROM decisions), 0))"
    ).fetchone()
    return int(last)
