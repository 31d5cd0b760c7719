"""The engine's journal on SQLite: what `append` returned from is on the disk."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import Command
from papertrader_tui.domain.events import Event
from papertrader_tui.domain.market import Candle, MarketInput
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.ports import JournalError
from papertrader_tui.store.database import (
    AsyncConnection,
    connect_async,
    connect_writer,
    damaged,
)
from papertrader_tui.store.prices import Retention
from papertrader_tui.store.writer import Batch, Writer

ROWS = 1_000
SECONDS = 1.0


class SqliteJournal:
    """Implements `ports.Journal`; made by `open`, which wants the account's lock held.

    What need not be durable waits in memory until something durable is written, until 1,000 rows
    or one second have gathered (looked at when more comes in), or until `close`.  Rows reach the
    file in the order in which they came, so what a crash loses is always the newest.
    """

    def __init__(
        self, connection: AsyncConnection, writer: Writer, clock: Callable[[], float],
        rows: int, seconds: float,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._writer = writer
        self._clock = clock
        self._rows = rows
        self._seconds = seconds
        self._batch = Batch()
        self._written = clock()
        self._open = True

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        account: Account | None = None,
        retention: Retention | None = None,
        clock: Callable[[], float] = time.monotonic,
        rows: int = ROWS,
        seconds: float = SECONDS,
        connect: Callable[[Path], sqlite3.Connection] = connect_writer,
    ) -> SqliteJournal:
        """Open an account file to write.

        Args:
            path: An existing account file, whose `AccountLock` the caller holds.
            account: The fold of what the file holds, given away to this journal, where the
                caller has folded it already; by default it is folded here.
            retention: Of prices, in market time.
            clock: Seconds, for batching only.
            rows: How many rows may wait.
            seconds: How long they may wait.
            connect: Makes the connection.

        Raises:
            StoreError: the file cannot be used.
        """
        connection = await connect_async(lambda: connect(path))
        try:
            writer = await connection.run(
                lambda raw: Writer(raw, account, retention or Retention())
            )
        except BaseException as error:
            await connection.close()
            if isinstance(error, sqlite3.Error):
                raise damaged(path, error) from error
            raise
        return cls(connection, writer, clock, rows, seconds)

    async def append(
        self,
        events: Sequence[Event],
        *,
        inputs: Sequence[tuple[int, int, Command]],
        checkpoint: str,
        cursor: int,
        durable: bool,
    ) -> None:
        """Store facts, the commands that caused them and a checkpoint; see `ports.Journal`.

        Raises:
            JournalError: nothing of this (and of what waited before it) was kept.
        """
        self._usable()
        batch = self._batch
        batch.events.extend(events)
        batch.inputs.extend(inputs)
        batch.checkpoint = (cursor, checkpoint)
        if durable or self._due():
            await self.flush()

    async def record(self, quotes: Sequence[tuple[TokenId, int, Decimal, float]]) -> None:
        """Keep prices; of several at one time of one token the last, with the volume of all.

        Raises:
            JournalError: they, and what waited before them, were not kept.
        """
        self._usable()
        waiting = self._batch.prices
        for token, moment, price, volume in quotes:
            key = (token, moment)
            if key in waiting and waiting[key][1] >= 0:
                volume = waiting[key][1] + max(volume, 0.0)  # noqa: PLW2901 - the sum replaces it
            waiting[key] = (price, volume)
        if self._due():
            await self.flush()

    async def record_inputs(
        self, inputs: Sequence[MarketInput], cursor: int, *, warm: bool = False
    ) -> None:
        """Keep what a market handed over that nobody could ask for again; may be batched.

        Args:
            inputs: In order; objects that are not changed afterwards.
            cursor: Of the market after the last of them.
            warm: They came before the session began; the cursor did not move.

        Raises:
            JournalError: they, and what waited before them, were not kept.
        """
        self._usable()
        if inputs:
            self._batch.market.append((inputs, cursor, warm))
            self._batch.market_rows += len(inputs)
        if self._due():
            await self.flush()

    async def keep_candles(
        self,
        token: TokenId,
        interval: int,
        span: tuple[int, int],
        candles: Sequence[Candle],
        source: str,
    ) -> None:
        """Keep what a service answered for a span of time, at once.

        Raises:
            JournalError: it, and what waited before it, was not kept.
        """
        self._usable()
        self._batch.imports.append((token, interval, span, candles, source))
        await self.flush()

    async def flush(self) -> None:
        """Write what waits, in one transaction.

        Raises:
            JournalError: nothing of it was kept.
        """
        batch = self._batch
        self._written = self._clock()
        if batch:
            self._batch = Batch()
            await self._connection.run(lambda _: self._writer.write(batch))

    async def close(self) -> None:
        """Write what waits and close the file; a second call does nothing.

        Raises:
            JournalError: what waited could not be kept; the file is closed all the same.
        """
        if not self._open:
            return
        self._open = False
        try:
            if not self._writer.broken:
                await self.flush()
        finally:
            await self._connection.close()

    def _usable(self) -> None:
        if self._writer.broken:
            raise JournalError(self._writer.broken)
        if not self._open:
            msg = "the journal is closed: nothing more can be stored"
            raise JournalError(msg)

    def _due(self) -> bool:
        return len(self._batch) >= self._rows or self._clock() - self._written >= self._seconds
