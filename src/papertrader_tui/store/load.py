"""Everything that a desk needs to go on with an account, as of one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from papertrader_tui.domain.commands import Command
from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.events import Decided, Event
from papertrader_tui.domain.market import Candle
from papertrader_tui.store import facts, history, inputs
from papertrader_tui.store.codec import decode_command
from papertrader_tui.store.database import reading
from papertrader_tui.store.inputs import Heard
from papertrader_tui.store.meta import Meta, read_meta

KEPT_DECISIONS = 200


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where an account's market stood, and the desk's high-water marks.

    Attributes:
        cursor: Market inputs handed over.
        time: Market milliseconds of the last thing stored with it.
        body: What the desk wrote.
    """

    cursor: int
    time: int
    body: str


@dataclass(frozen=True, slots=True)
class Input:
    """A command as it was given: in which session, and after how many market inputs."""

    session: int
    cursor: int
    time: int
    command: Command


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the desk: where its market stood when it began, and its first fact."""

    session: int
    cursor: int
    first_seq: int


class Loaded:
    """An account file read at one moment; use it inside `load`.

    Attributes:
        meta: What the account is.
        last_seq: Sequence number of the last fact, 0 in a new account.
        checkpoint: None in a new account.
        decisions: The last 200, newest first, whole.
        decided: The same as events, oldest first.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.meta: Meta = read_meta(connection)
        self.last_seq = facts.last_seq(connection)
        row = connection.execute("SELECT cursor, time, body FROM checkpoint").fetchone()
        self.checkpoint = Checkpoint(*row) if row else None
        newest = list(facts.decisions(connection, limit=KEPT_DECISIONS, newest_first=True))
        self.decisions: tuple[Decision, ...] = tuple(event.decision for event in newest)
        self.decided: tuple[Decided, ...] = tuple(reversed(newest))

    def events(self, *, factors: bool = False) -> Iterator[Event]:
        """Every fact in sequence, to fold; decisions come without factors unless asked for.

        Raises:
            ValueError: a row cannot be read; the message says which.
        """
        return facts.events(self._connection, factors=factors)

    def sessions(self) -> Iterator[Session]:
        """Every run of the desk, in order."""
        for row in self._connection.execute(
            "SELECT session, cursor, first_seq FROM sessions ORDER BY session"
        ):
            yield Session(*row)

    def inputs(self) -> Iterator[Input]:
        """Every command that was given, in order.

        Raises:
            ValueError: a row cannot be read; the message says which.
        """
        for session, cursor, time, kind, body in self._connection.execute(
            "SELECT session, cursor, time, kind, body FROM commands ORDER BY number"
        ):
            yield Input(session, cursor, time, decode_command(kind, body))

    def heard(self) -> Iterator[Heard]:
        """What a live market said, in order, as far back as it is kept; timers are left out.

        Raises:
            ValueError: a row cannot be read; the message says which.
        """
        return inputs.read(self._connection)

    def candles(self, token: str, interval: int, limit: int) -> list[Candle]:
        """The last candles of a token; see `history.candles`."""
        return history.candles(self._connection, token, interval, limit)


@contextmanager
def load(path: Path) -> Iterator[Loaded]:
    """Read an account file, beside whoever writes it.

    Raises:
        StoreError: the file cannot be used; see `database.reading`.
    """
    with reading(path) as connection:
        yield Loaded(connection)
