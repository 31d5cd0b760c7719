"""Writes one batch of facts in one transaction; runs in the connection's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import Command
from papertrader_tui.domain.events import (
    AccountMarked,
    Decided,
    Event,
    Filled,
    Reverted,
)
from papertrader_tui.domain.ledger import postings
from papertrader_tui.domain.market import HOUR, Candle, MarketInput
from papertrader_tui.ports import JournalError
from papertrader_tui.store import archive, facts, prices, tables
from papertrader_tui.store.codec import DECISION_COLUMNS, decision_values, encode, encode_event
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.inputs import Recorder
from papertrader_tui.store.prices import Retention

_JOURNAL = "INSERT INTO journal (seq, time, kind, token, body) VALUES (?, ?, ?, ?, ?)"
_DECISIONS = tables.insert("decisions", columns=DECISION_COLUMNS)
_ORDERS = tables.insert("orders") + (
    " ON CONFLICT (id) DO UPDATE SET"
    " seq = excluded.seq, status = excluded.status, body = excluded.body"
)
_FILLS = tables.insert("fills")
_ENTRIES = tables.insert("entries")
_BALANCES = tables.insert("balances", verb="INSERT OR REPLACE")
_POSITIONS = tables.insert("positions", verb="INSERT OR REPLACE")
_EQUITY = tables.insert("equity")
_COMMANDS = "INSERT INTO commands (session, cursor, time, kind, body) VALUES (?, ?, ?, ?, ?)"
_CHECKPOINT = "INSERT OR REPLACE INTO checkpoint (id, cursor, time, body) VALUES (1, ?, ?, ?)"


@dataclass(slots=True)
class Batch:
    """What is waiting to be written.

    Attributes:
        inputs: Commands as (cursor, time, command).
        checkpoint: (cursor, text) of the newest checkpoint.
        prices: (token, time) -> (price, volume).
        market: What a market handed over as (inputs, cursor, warm), `market_rows` in all.
        imports: Candles as (token, interval, span, candles, source).
    """

    events: list[Event] = field(default_factory=list)
    inputs: list[tuple[int, int, Command]] = field(default_factory=list)
    checkpoint: tuple[int, str] | None = None
    prices: dict[tuple[str, int], tuple[object, float]] = field(default_factory=dict)
    market: list[tuple[Sequence[MarketInput], int, bool]] = field(default_factory=list)
    market_rows: int = 0
    imports: list[tuple[str, int, archive.Span, Sequence[Candle], str]] = field(
        default_factory=list
    )

    def __len__(self) -> int:
        rows = len(self.events) + len(self.inputs) + len(self.prices)
        return rows + self.market_rows + len(self.imports)

    def __bool__(self) -> bool:
        return len(self) > 0 or self.checkpoint is not None


class Writer:
    """Folds facts like the desk does, and keeps the tables that follow from them.

    Args:
        connection: From `connect_writer`.
        account: The fold of what the file holds, for this writer alone (default: folded here).
        retention: Of prices.

    Raises:
        StoreError: the file's facts cannot be folded, or `account` is not their fold.
    """

    def __init__(
        self, connection: sqlite3.Connection, account: Account | None, retention: Retention
    ) -> None:
        self._connection = connection
        self._retention = retention
        self._recorder = Recorder(connection)
        self.broken = ""
        self._account = Account() if account is None else account
        last = facts.last_seq(connection)
        try:
            if account is None:
                for event in facts.events(connection):
                    self._account.apply(event)
        except (ValueError, KeyError, RuntimeError, ArithmeticError) as error:
            msg = f"the account cannot be opened: {error}; `papertrader verify` says where"
            raise StoreError(msg) from error
        if self._account.seq != last:
            msg = f"the account was folded to event {self._account.seq} of {last}"
            raise StoreError(msg)
        (session,) = connection.execute(
            "SELECT coalesce(max(session), 0) + 1 FROM sessions"
        ).fetchone()
        self._session: int = session
        self._started = False
        row = connection.execute("SELECT cursor, time FROM checkpoint").fetchone()
        self._cursor: int = row[0] if row else 0
        self._now: int = row[1] if row else 0
        self._rolled = self._now // HOUR

    def write(self, batch: Batch) -> None:
        """Store a batch whole, or nothing of it.

        Raises:
            JournalError: it was not stored; the writer takes no more then.
        """
        if self.broken:
            raise JournalError(self.broken)
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            self._write(batch)
            connection.execute("COMMIT")
        except Exception as error:
            remedy = "see to the disk" if isinstance(error, sqlite3.Error) else "report this fault"
            self.broken = (
                f"the account file could not be written: {error}. Nothing of this step was kept, "
                f"everything before it was; {remedy} and start papertrader again"
            )
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise JournalError(self.broken) from error

    def _write(self, batch: Batch) -> None:
        connection = self._connection
        if batch.events or batch.inputs or batch.market:
            self._start_session()
        if batch.events:
            self._write_events(batch.events)
        if batch.inputs:
            connection.executemany(
                _COMMANDS,
                [
                    (self._session, cursor, time, type(command).__name__, encode(command))
                    for cursor, time, command in batch.inputs
                ],
            )
            self._now = max(self._now, batch.inputs[-1][1])
        if batch.prices:
            prices.put(
                connection,
                [
                    (token, time, format(price, "f"), volume)
                    for (token, time), (price, volume) in batch.prices.items()
                ],
            )
            self._now = max(self._now, *(time for _, time in batch.prices))
        for items, cursor, warm in batch.market:
            self._recorder.write(self._session, items, cursor, warm)
        for candles in batch.imports:
            archive.put(connection, *candles)
        if batch.checkpoint is not None:
            self._cursor, body = batch.checkpoint
            connection.execute(_CHECKPOINT, (self._cursor, self._now, body))
        if self._now // HOUR > self._rolled:
            self._rolled = self._now // HOUR
            prices.roll_up(connection, self._now, self._retention)

    def _start_session(self) -> None:
        if not self._started:
            self._started = True
            self._connection.execute(
                "INSERT INTO sessions (session, cursor, first_seq) VALUES (?, ?, ?)",
                (self._session, self._cursor, self._account.seq + 1),
            )

    def _write_events(self, events: Sequence[Event]) -> None:
        connection, account = self._connection, self._account
        rows: list[tables.Values] = []
        decisions: list[tables.Values] = []
        fills: list[tables.Values] = []
        entries: list[tables.Values] = []
        equity: list[tables.Values] = []
        orders: dict[str, tuple[int, int]] = {}
        tokens: dict[str, None] = {}
        for event in events:
            account.apply(event)
            if isinstance(event, Decided):
                decisions.append(decision_values(event))
                continue
            kind, token = type(event).__name__, tables.token_of(event)
            rows.append((event.seq, event.time, kind, token, encode_event(event)))
            order_id = tables.order_of(event)
            if order_id is not None:
                orders[order_id] = (orders.get(order_id, (event.seq,))[0], event.seq)
            if isinstance(event, Filled | Reverted):
                fills.append(tables.fill_values(event))
                tokens[event.token] = None
            elif isinstance(event, AccountMarked):
                equity.append(tables.equity_values(event))
            if postings(event):
                entries.extend(tables.entry_values(event))
        self._now = max(self._now, events[-1].time)
        connection.executemany(_JOURNAL, rows)
        connection.executemany(_DECISIONS, decisions)
        connection.executemany(
            _ORDERS,
            [tables.order_values(account.order(o), *seqs) for o, seqs in orders.items()],
        )
        connection.executemany(_FILLS, fills)
        connection.executemany(_ENTRIES, entries)
        connection.executemany(_EQUITY, equity)
        if entries:
            connection.executemany(_BALANCES, tables.balance_values(account.ledger))
        for name in tokens:
            position = account.ledger.positions.get(name)
            if position is None:
                connection.execute("DELETE FROM positions WHERE token = ?", (name,))
            else:
                connection.execute(_POSITIONS, tables.position_values(position))
