"""Folds an account's journal from the beginning and compares it with what the file says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from papertrader_tui.domain.account import Account
from papertrader_tui.domain.events import AccountMarked, Event, Filled, Reverted, Scored
from papertrader_tui.domain.ledger import GAS, IMPACT, LP_FEES, MEV, postings
from papertrader_tui.domain.money import add, plain, sub, total
from papertrader_tui.simulator.executions import requote
from papertrader_tui.store import facts, outcomes, tables
from papertrader_tui.store.codec import decode_command, decode_event, decode_order, text
from papertrader_tui.store.database import reading
from papertrader_tui.store.report import Difference, VerifyReport

NOTHING = "nothing"


class _Differs(Exception):
    def __init__(self, table: str, key: object, stored: object, folded: object) -> None:
        super().__init__(table)
        self.found = Difference(table, str(key), str(stored), str(folded))


def verify(path: Path, *, fills: bool = False) -> VerifyReport:
    """Check an account file, as of one moment and beside whoever writes it.

    Args:
        path: Of the file.
        fills: Quote every fill that keeps its pools once more, from its event alone.

    Raises:
        StoreError: the file cannot be read at all.
    """
    with reading(path) as connection:
        (name,) = connection.execute("SELECT value FROM meta WHERE key = 'name'").fetchone() or (
            path.stem,
        )
        report = VerifyReport(name)
        try:
            _check(connection, report)
            if fills:
                _requote(connection, report)
        except _Differs as differs:
            report.difference = differs.found
    return report


def _check(connection: sqlite3.Connection, report: VerifyReport) -> None:
    (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        raise _Differs("file", "pages", state, "ok")
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    report.checked["pages of the file are intact"] = pages
    fold = _Fold(connection)
    fold.walk()
    fold.finish()
    report.checked |= fold.counts
    commands = 0
    for number, kind, body in connection.execute(
        "SELECT number, kind, body FROM commands ORDER BY number"
    ):
        try:
            decode_command(kind, body)
        except ValueError as error:
            raise _Differs("commands", number, error, "a command") from None
        commands += 1
    report.checked["commands can be given again"] = commands
    if fold.account.seq:
        report.identity = _identity(connection, fold.account)


def _requote(connection: sqlite3.Connection, report: VerifyReport) -> None:
    """Ask the pools' arithmetic again: the same amounts, the same split, the same gas?"""
    quoted = without = 0
    for seq, time, body in connection.execute(
        "SELECT seq, time, body FROM journal WHERE kind = 'Filled' ORDER BY seq"
    ):
        event = decode_event("Filled", seq, time, body)
        assert isinstance(event, Filled)
        if event.execution is None:
            without += 1
            continue
        found = requote(event, event.execution)
        if found.what:
            booked, again = f"{found.what} {found.booked}", f"{found.what} {found.quoted}"
            raise _Differs("fills", seq, booked, again)
        quoted += 1
    report.checked["fills are quoted the same again from their events alone"] = quoted
    report.checked["fills keep no pools: they were estimates"] = without


class _Stored:
    """The rows of a table in the order in which the fold makes them."""

    def __init__(self, connection: sqlite3.Connection, table: str, order: str, keys: int) -> None:
        self.table = table
        self.columns = tables.COLUMNS[table]
        self.keys = keys
        self.count = 0
        self._rows = connection.execute(
            f"SELECT {', '.join(self.columns)} FROM {table} ORDER BY {order}"
        )

    def expect(self, folded: tuple[Any, ...]) -> None:
        stored = self._rows.fetchone()
        if stored == folded:
            self.count += 1
            return
        if stored is None or self._key(stored) > self._key(folded):
            raise _Differs(self.table, self._name(folded), NOTHING, folded[self.keys :])
        if self._key(stored) < self._key(folded):
            raise _Differs(self.table, self._name(stored), stored[self.keys :], NOTHING)
        raise self.column(stored, folded)

    def column(self, stored: tuple[Any, ...], folded: tuple[Any, ...]) -> _Differs:
        at = [a == b for a, b in zip(stored, folded, strict=True)].index(False)
        name = self.columns[at]
        return _Differs(
            self.table, self._name(folded), f"{name} {stored[at]}", f"{name} {folded[at]}"
        )

    def end(self) -> None:
        stored = self._rows.fetchone()
        if stored is not None:
            raise _Differs(self.table, self._name(stored), stored[self.keys :], NOTHING)

    def _key(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return row[: self.keys]

    def _name(self, row: tuple[Any, ...]) -> str:
        return "/".join(str(part) for part in self._key(row))


class _Fold:
    """One walk through the journal beside the tables that follow from it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.account = Account()
        self.counts: dict[str, int] = {}
        self._entries = _Stored(connection, "entries", "seq, line", 2)
        self._fills = _Stored(connection, "fills", "seq", 1)
        self._equity = _Stored(connection, "equity", "seq", 1)
        self._orders: dict[str, tuple[int, int]] = {}
        self._posted = self._judged = 0

    def walk(self) -> None:
        events = facts.events(self._connection)
        while True:
            follows = self.account.seq + 1
            try:
                event = next(events, None)
            except ValueError as error:
                raise _Differs("journal", follows, error, "a fact") from None
            if event is None:
                break
            if event.seq != follows:
                wrong = NOTHING if event.seq > follows else f"event {event.seq} twice"
                raise _Differs("journal", follows, wrong, f"event {follows}")
            self._step(event)
        for table in (self._entries, self._fills, self._equity):
            table.end()
        self.counts |= {
            "events in sequence, without a gap": self.account.seq,
            "events post entries that sum to zero": self._posted,
            "entries are as posted": self._entries.count,
            "fills and reverts are as booked": self._fills.count,
            "equity rows fit the ledger exactly": self._equity.count,
            "outcomes of decisions follow from their prices": self._judged,
        }

    def _step(self, event: Event) -> None:
        legs = postings(event)
        if legs:
            balance = total(leg.amount for leg in legs)
            if balance != 0:
                raise _Differs("journal", event.seq, f"entries that sum to {balance}", "0")
            self._posted += 1
        if isinstance(event, Scored):
            wrong = outcomes.fault(event, self.account.record)
            if wrong is not None:
                raise _Differs("journal", event.seq, *wrong)
            self._judged += len(event.outcomes)
        try:
            self.account.apply(event)
        except (ValueError, KeyError, RuntimeError, ArithmeticError) as error:
            kind = type(event).__name__
            raise _Differs("journal", event.seq, f"{kind} {error}", "a possible step") from None
        for row in tables.entry_values(event):
            self._entries.expect(row)
        if isinstance(event, Filled | Reverted):
            self._fills.expect(tables.fill_values(event))
        elif isinstance(event, AccountMarked):
            self._equity.expect(tables.equity_values(event))
            self._fits(event)
        order_id = tables.order_of(event)
        if order_id is not None:
            self._orders[order_id] = (self._orders.get(order_id, (event.seq,))[0], event.seq)

    def _fits(self, event: AccountMarked) -> None:
        """An equity row is the ledger's own figures, and its identity is exact."""
        ledger = self.account.ledger
        cost = total(position.cost for position in ledger.positions.values())
        for name, stored, folded in (
            ("initial", event.initial, ledger.initial),
            ("cash", event.cash, ledger.cash),
            ("realized", event.realized, ledger.realized),
            ("lp_fees", event.lp_fees, ledger.balances[LP_FEES]),
            ("impact", event.impact, ledger.balances[IMPACT]),
            ("mev", event.mev, ledger.balances[MEV]),
            ("gas", event.gas, ledger.balances[GAS]),
            ("holdings - unrealized", sub(event.holdings, event.unrealized), cost),
            ("equity", event.equity, add(event.cash, event.holdings)),
            ("equity", event.equity, _right_side(event)),
        ):
            if stored != folded:
                raise _Differs(
                    "equity", event.seq, f"{name} {plain(stored)}", f"{name} {plain(folded)}"
                )
        if event.trades != self.account.trades or event.decisions != self.account.decisions:
            raise _Differs(
                "equity", event.seq,
                f"{event.trades} trades, {event.decisions} decisions",
                f"{self.account.trades} trades, {self.account.decisions} decisions",
            )  # fmt: skip
        if not event.reconciled:
            raise _Differs("equity", event.seq, "not reconciled", "reconciled")

    def finish(self) -> None:
        ledger = self.account.ledger
        opened = self.account.seq > 0
        balances = tables.balance_values(ledger) if opened else []
        self._compare("balances", balances, "balances are the sum of their entries")
        self._compare(
            "positions",
            [tables.position_values(p) for p in ledger.positions.values()],
            "positions are what was bought and not sold",
        )
        stored = _Stored(self._connection, "orders", "accepted", 1)
        for order_id, seqs in self._orders.items():
            self._order(stored, tables.order_values(self.account.order(order_id), *seqs))
        found = self._connection.execute("SELECT id, body FROM orders").fetchall()
        for order_id, body in found:
            if order_id not in self._orders:
                raise _Differs("orders", order_id, body, NOTHING)
        self.counts["orders stand where their events left them"] = len(found)

    def _compare(self, table: str, folded: Iterable[tables.Values], what: str) -> None:
        stored = _Stored(self._connection, table, tables.COLUMNS[table][0], 1)
        for row in sorted(folded, key=lambda values: str(values[0])):
            stored.expect(row)
        stored.end()
        self.counts[what] = stored.count

    def _order(self, stored: _Stored, folded: tuple[Any, ...]) -> None:
        row = self._connection.execute(
            f"SELECT {', '.join(stored.columns)} FROM orders WHERE id = ?", folded[:1]
        ).fetchone()
        if row is None:
            raise _Differs("orders", folded[0], NOTHING, folded[-1])
        if row[:-1] != folded[:-1]:
            raise stored.column(row[:-1], folded[:-1])
        # Compared as an order, not as text: a newer program may know one more field.
        try:
            same = decode_order(row[-1]) == self.account.order(folded[0])
        except (ValueError, TypeError, ArithmeticError):
            same = False
        if not same:
            raise _Differs("orders", folded[0], row[-1], folded[-1])


def _right_side(event: AccountMarked) -> Decimal:
    value = add(add(event.initial, event.realized), event.unrealized)
    costs = (event.lp_fees, event.impact, event.mev, event.gas)
    return sub(value, total(costs))


def _identity(connection: sqlite3.Connection, account: Account) -> str:
    """The identity at the last stored price of everything held, in words."""
    for token in account.ledger.positions:
        row = connection.execute(
            "SELECT price FROM prices WHERE token = ? ORDER BY time DESC LIMIT 1", (token,)
        ).fetchone()
        if row is not None:
            account.mark(token, Decimal(row[0]))
    totals = account.totals(0)
    left, right = add(totals.cash, totals.holdings), _right_side(totals)
    if left != right or not totals.reconciled:
        raise _Differs("identity", "at the last marks", text(left), text(right))
    return (
        f"cash {plain(totals.cash)} + holdings {plain(totals.holdings)} = "
        f"initial {plain(totals.initial)} + realized {plain(totals.realized)} + "
        f"unrealized {plain(totals.unrealized)} - LP fees {plain(totals.lp_fees)} - "
        f"impact {plain(totals.impact)} - MEV {plain(totals.mev)} - gas {plain(totals.gas)}, "
        "exactly"
    )
