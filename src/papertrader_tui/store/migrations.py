"""Brings an account file to this program's schema, one numbered step and transaction at a time."""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from importlib import resources

#: Marks a SQLite file as one of ours ("pape"); kept in its header.
APPLICATION_ID = 0x70617065


@cache
def migrations() -> tuple[tuple[int, str], ...]:
    """Every migration as (version, SQL), in order; versions count from 1 without a gap."""
    found: list[tuple[int, str]] = []
    for entry in resources.files("papertrader_tui.store.schema").iterdir():
        match = re.fullmatch(r"(\d{3})_[a-z0-9_]+\.sql", entry.name)
        if match:
            found.append((int(match[1]), entry.read_text(encoding="utf-8")))
    found.sort()
    if [version for version, _ in found] != list(range(1, len(found) + 1)):
        msg = f"migrations are not numbered from 1 without a gap: {[v for v, _ in found]}"
        raise RuntimeError(msg)
    return tuple(found)


def latest() -> int:
    """The schema version that this program writes."""
    return migrations()[-1][0]


def migrate(connection: sqlite3.Connection, *, to: int | None = None) -> int:
    """Apply what is missing, each step in a transaction of its own.

    Args:
        connection: In autocommit mode (`isolation_level=None`).
        to: Stop at this version (default: the latest).

    Returns:
        How many steps were applied; a step that fails leaves the file at the version before it.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    steps = [m for m in migrations() if version < m[0] <= (latest() if to is None else to)]
    for number, sql in steps:
        try:
            # Neither pragma takes a parameter; both are ours and are part of the transaction.
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{sql}\n"
                f"PRAGMA application_id = {APPLICATION_ID};\n"
                f"PRAGMA user_version = {number};\nCOMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return len(steps)
