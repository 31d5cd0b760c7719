"""Looks decisions up, each as it stands."""

from __future__ import annotations

from pathlib import Path

from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.events import Scored
from papertrader_tui.domain.outcomes import Outcome
from papertrader_tui.store.codec import DECISION_COLUMNS, decode_decision, decode_event
from papertrader_tui.store.database import reading
from papertrader_tui.store.facts import LATEST

_ALL = ", ".join(DECISION_COLUMNS)


def tokens(path: Path) -> list[str]:
    """Ids of the tokens that were decided on.

    Raises:
        StoreError: the file cannot be used.
    """
    with reading(path) as connection:
        return [row[0] for row in connection.execute("SELECT DISTINCT token FROM decisions")]


def last(
    path: Path, count: int, *, tokens: tuple[str, ...] = (), action: str = "", rule: str = ""
) -> list[Decision]:
    """The last decisions, oldest first.

    Args:
        path: The account file.
        count: At most so many, counted after the rest has been applied.
        tokens: Only of these; empty for all.
        action: Only this action, "" for all.
        rule: Only this rule, or all of a family (`exit`), "" for all.

    Raises:
        StoreError: the file cannot be used.
    """
    where, values = [LATEST], list[object]()
    if tokens:
        where.append(f"token IN ({', '.join('?' * len(tokens))})")
        values += tokens
    if action:
        where.append("action = ?")
        values.append(action)
    if rule:
        where.append("(rule = ? OR substr(rule, 1, ?) = ?)")
        values += [rule, len(rule) + 1, f"{rule}."]
    query = f"SELECT {_ALL} FROM decisions d WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT ?"
    with reading(path) as connection:
        found = [decode_decision(row) for row in connection.execute(query, (*values, count))]
    return [event.decision for event in reversed(found)]


def find(path: Path, ident: str) -> Decision | None:
    """The decision of an id, None if there is none.

    Raises:
        StoreError: the file cannot be used.
    """
    query = f"SELECT {_ALL} FROM decisions d WHERE id = ? ORDER BY seq DESC LIMIT 1"
    with reading(path) as connection:
        row = connection.execute(query, (ident,)).fetchone()
    return None if row is None else decode_decision(row).decision


def outcomes(path: Path, decision: Decision) -> list[Outcome]:
    """What became of a decision, as far as it is known; the shortest horizon first.

    Raises:
        StoreError: the file cannot be used.
    """
    query = (
        "SELECT seq, time, kind, body FROM journal WHERE kind = 'Scored' AND token = ?"
        " AND time >= ? AND instr(body, ?) ORDER BY seq"
    )
    found: list[Outcome] = []
    with reading(path) as connection:
        for seq, time, kind, body in connection.execute(
            query, (decision.token, decision.time, f'"{decision.id}"')
        ):
            event = decode_event(kind, seq, time, body)
            if isinstance(event, Scored):
                found += [o for o in event.outcomes if o.decision == decision.id]
    return sorted(found, key=lambda outcome: outcome.horizon)


def newest(path: Path) -> str:
    """Id of the newest decision, "" before the first.

    Raises:
        StoreError: the file cannot be used.
    """
    with reading(path) as connection:
        row = connection.execute("SELECT id FROM decisions ORDER BY seq DESC LIMIT 1").fetchone()
    return "" if row is None else str(row[0])
