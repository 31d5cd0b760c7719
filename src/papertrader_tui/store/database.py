"""Opens account files: never without looking first whether they are ours and not too new."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import aiosqlite

from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.lock import AccountLock
from papertrader_tui.store.migrations import APPLICATION_ID, latest, migrate

_MAGIC = b"SQLite format 3\x00"
_BUSY_MS = 5_000

T = TypeVar("T")


def check(path: Path) -> int:
    """Look at an account file without writing a byte to it.

    Returns:
        Its schema version; 0 for an empty file.

    Raises:
        StoreError: it does not exist, is no account file, or was written by a newer program.
    """
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        msg = (
            f"there is no account {path.stem!r} in {str(path.parent)!r}; "
            "`papertrader account list` shows what there is"
        )
        raise StoreError(msg) from None
    except OSError as error:
        msg = f"{str(path)!r} cannot be read: {error.strerror}"
        raise StoreError(msg) from error
    if not header:
        return 0
    if len(header) < 100 or not header.startswith(_MAGIC):
        msg = f"{str(path)!r} is not an account file, or it is damaged; restore it from a backup"
        raise StoreError(msg)
    version = int.from_bytes(header[60:64], "big")
    application = int.from_bytes(header[68:72], "big")
    if _wal(path).exists():
        # What the header says may be older than what the write-ahead log says.
        with _reading(path) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        msg = f"{str(path)!r} is some other program's database, not an account of papertrader"
        raise StoreError(msg)
    if version > latest():
        msg = (
            f"account {path.stem!r} was written by a newer papertrader (its schema is {version}, "
            f"this program knows {latest()}); update papertrader. The file was not touched"
        )
        raise StoreError(msg)
    return version


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def damaged(path: Path, error: sqlite3.Error) -> StoreError:
    """The error to raise where SQLite cannot use a file."""
    if isinstance(error, sqlite3.OperationalError):
        return StoreError(f"account file {str(path)!r} cannot be used now: {error}; try again")
    return StoreError(
        f"account file {str(path)!r} cannot be read: {error}; it is damaged: restore it from a "
        "backup, or start anew with `papertrader account new`"
    )


def connect_writer(path: Path) -> sqlite3.Connection:
    """A connection that writes: WAL, every commit on the disk before it returns.

    Brings the schema up to date.  Hold an `AccountLock` first.

    Raises:
        StoreError: see `check`; nothing was written then.
    """
    check(path)
    try:
        # One connection lives in one thread (aiosqlite's), but is made in whichever.
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise damaged(path, error) from error
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        migrate(connection)
    except sqlite3.Error as error:
        connection.close()
        raise damaged(path, error) from error
    return connection


def update(path: Path) -> None:
    """Bring an older file up to this program's schema, if it is one.

    Raises:
        AccountBusy: an older program is writing it.
        StoreError: see `check`.
    """
    if check(path) < latest():
        with AccountLock(path):
            connect_writer(path).close()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """One read transaction on an account, beside whoever writes it; updates an older file first.

    Everything read within it is of one moment.

    Raises:
        StoreError: see `check`; also for damage that shows only while reading.
        AccountBusy: it needs an update and an older program is writing it.
    """
    update(path)
    with _reading(path) as connection:
        yield connection


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
        )
    except sqlite3.Error as error:
        raise damaged(path, error) from error
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("BEGIN")
        yield connection
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error
    finally:
        connection.close()


class AsyncConnection(aiosqlite.Connection):
    """aiosqlite's connection with one thing more: a whole job in one hop to its thread.

    A transaction of a dozen statements would otherwise be a dozen hops of 0.1 ms each.
    """

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """The result of `job(connection)`, run in the connection's own thread."""
        result: T = await self._execute(job, self._conn)  # type: ignore[no-untyped-call]
        return result


async def connect_async(connector: Callable[[], sqlite3.Connection]) -> AsyncConnection:
    """An open connection in a thread of its own; `connector` makes it there."""
    connection = AsyncConnection(connector, iter_chunk_size=64)
    await connection
    return connection
