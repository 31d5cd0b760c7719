"""Whether an account file is sound, without writing a byte to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from papertrader_tui.store.database import check
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.lock import holder
from papertrader_tui.store.migrations import latest


@dataclass(frozen=True, slots=True)
class FileHealth:
    """One account file.

    Attributes:
        schema: Its version; `current` is this program's.
        size: Bytes, what SQLite keeps beside it included.
        holder: Process that runs its desk, 0 if it did not say, None if none.
        problem: Why it cannot be used, "" if it can.
    """

    name: str
    schema: int
    current: int
    size: int
    holder: int | None
    problem: str = ""


def health(path: Path) -> FileHealth:
    """Look at an account file, beside whoever writes it."""
    schema, problem = 0, ""
    try:
        schema = check(path)
        problem = _integrity(path) if schema else ""
    except StoreError as error:
        problem = str(error)
    except sqlite3.Error as error:
        problem = f"SQLite cannot read it: {error}"
    files = (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"))
    size = sum(file.stat().st_size for file in files if file.exists())
    return FileHealth(path.stem, schema, latest(), size, holder(path), problem)


def _integrity(path: Path) -> str:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=5.0)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    return "" if found == ["ok"] else "; ".join(found)
