"""Reads facts back in the order in which they happened."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from operator import itemgetter

from papertrader_tui.domain.events import Decided, Event
from papertrader_tui.store.codec import DECISION_COLUMNS, decode_decision, decode_event

_DECISION = ", ".join(DECISION_COLUMNS)
_TELLING = ("factors", "checks")
_BARE = ", ".join("NULL" if name in _TELLING else name for name in DECISION_COLUMNS)
#: An id's latest row is the decision as it stands; earlier ones had a smaller count.
LATEST = "NOT EXISTS (SELECT 1 FROM decisions n WHERE n.id = d.id AND n.seq > d.seq)"


def decision_columns(*, factors: bool) -> str:
    """What to select of `decisions` for `decode_decision`; a fold does not look at factors."""
    return _DECISION if factors else _BARE


def events(connection: sqlite3.Connection, *, factors: bool = False) -> Iterator[Event]:
    """Every fact in sequence, read as it is asked for.

    Args:
        connection: One read transaction.
        factors: Read the factors of decisions too; a fold does not look at them, and they are
            most of the file.

    Raises:
        ValueError: a row cannot be read; the message says which.
    """
    columns = decision_columns(factors=factors)
    journal = connection.execute("SELECT seq, time, kind, body FROM journal ORDER BY seq")
    decided = connection.execute(f"SELECT {columns} FROM decisions ORDER BY seq")
    for row in heapq.merge(journal, decided, key=itemgetter(0)):
        if len(row) == 4:
            seq, time, kind, body = row
            yield decode_event(kind, seq, time, body)
        else:
            yield decode_decision(row)


def decisions(
    connection: sqlite3.Connection, *, limit: int = -1, newest_first: bool = False
) -> Iterator[Decided]:
    """Decisions whole, each as it stands; `limit` -1 for all."""
    order = "DESC" if newest_first else "ASC"
    for row in connection.execute(
        f"SELECT {_DECISION} FROM decisions d WHERE {LATEST} ORDER BY seq {order} LIMIT ?",
        (limit,),
    ):
        yield decode_decision(row)


def last_seq(connection: sqlite3.Connection) -> int:
    """The sequence number of the last fact, 0 before the first."""
    (last,) = connection.execute(
        "SELECT max(coalesce((SELECT max(seq) FROM journal), 0),"
        " coalesce((SELECT max(seq) FROM decisions), 0))"
    ).fetchone()
    return int(last)
