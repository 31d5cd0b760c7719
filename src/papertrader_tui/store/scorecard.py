"""Decisions and their outcomes, read from an account file beside whoever writes it."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.events import Decided, Event, LevelChanged, Scored, SessionStarted
from papertrader_tui.domain.outcomes import question
from papertrader_tui.domain.record import Record
from papertrader_tui.intel.levels import DEFAULT_LEVEL
from papertrader_tui.intel.scorecard import Result
from papertrader_tui.store.codec import decode_decision, decode_event
from papertrader_tui.store.database import reading
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.facts import decision_columns
from papertrader_tui.store.meta import Meta, read_meta

_FACTS = (
    "SELECT seq, time, kind, body FROM journal WHERE kind IN ('Scored', 'SessionStarted',"
    " 'LevelChanged') ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class Scores:
    """What an account's decisions came to.

    Attributes:
        level: Where the dial stands.
        record: How the account's decisions turned out, as its desk knows it.
        results: Known outcomes of one horizon, in the order of their decisions.
        unknown: Outcomes of that horizon without a price.
        decisions: How many there are.
    """

    meta: Meta
    level: int
    record: Record
    results: tuple[Result, ...]
    unknown: int
    decisions: int


def read(path: Path, horizon: int, *, factors: bool = False) -> Scores:
    """Read what became of an account's decisions.

    Args:
        path: Its file.
        horizon: One of `HORIZONS`.
        factors: Read the decisions' factors too, which are most of the file.

    Raises:
        StoreError: the file cannot be used, or its journal is damaged.
    """
    with reading(path) as connection:
        meta = read_meta(connection)
        try:
            return _fold(meta, connection, horizon, factors)
        except (ValueError, KeyError, ArithmeticError) as fault:
            name = path.stem
            msg = (
                f"account {name!r} cannot be scored: {fault}; papertrader verify --account {name} "
                "says more"
            )
            raise StoreError(msg) from fault


def _fold(meta: Meta, connection: sqlite3.Connection, horizon: int, factors: bool) -> Scores:
    record, open_ones = Record(), dict[str, Decision]()
    found: list[tuple[int, Result]] = []
    unknown = count = 0
    level = DEFAULT_LEVEL
    for event in _facts(connection, factors):
        if isinstance(event, Decided):
            count += 1
            open_ones[event.decision.id] = event.decision
            record.follow(event.decision)
        elif isinstance(event, Scored):
            for outcome in event.outcomes:
                if outcome.horizon != horizon:
                    continue
                decision = open_ones.pop(outcome.decision)
                asked = question(decision)
                if outcome.right is None or asked is None:
                    unknown += 1
                else:
                    found.append((int(decision.id[1:]), Result(decision, outcome, asked)))
            record.take(event.token, event.outcomes)
        elif isinstance(event, SessionStarted):
            record.since = event.time
        elif isinstance(event, LevelChanged):
            level = event.level
    found.sort(key=itemgetter(0))
    return Scores(meta, level, record, tuple(r for _, r in found), unknown, count)


def _facts(connection: sqlite3.Connection, factors: bool) -> Iterator[Event]:
    decided = connection.execute(
        f"SELECT {decision_columns(factors=factors)} FROM decisions ORDER BY seq"
    )
    for row in heapq.merge(connection.execute(_FACTS), decided, key=itemgetter(0)):
        if len(row) == 4:
            seq, time, kind, body = row
            yield decode_event(kind, seq, time, body)
        else:
            yield decode_decision(row)
