"""Writes an account's rows to a text stream, one at a time, as JSON lines or CSV."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TextIO, cast

from papertrader_tui.domain.events import Filled, OrderRejected, Reverted
from papertrader_tui.engine import rows
from papertrader_tui.engine.rows import Row, iso
from papertrader_tui.store import facts
from papertrader_tui.store.codec import decode_event, decode_order
from papertrader_tui.store.database import reading

Symbols = Mapping[str, str]

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@")


def _trades(connection: sqlite3.Connection, symbols: Symbols) -> Iterator[Row]:
    del symbols  # a fill carries its own
    for seq, time, kind, body in connection.execute(
        "SELECT seq, time, kind, body FROM journal WHERE kind IN ('Filled', 'Reverted')"
        " ORDER BY seq"
    ):
        event = cast(Filled | Reverted, decode_event(kind, seq, time, body))
        yield {"time": iso(time), **rows.trade_row(event)}


def _orders(connection: sqlite3.Connection, symbols: Symbols) -> Iterator[Row]:
    known = dict(connection.execute("SELECT token, symbol FROM fills GROUP BY token")) | dict(
        symbols
    )
    for seq, time, kind, body in connection.execute(
        "SELECT accepted AS seq, time, '' AS kind, body FROM orders UNION ALL"
        " SELECT seq, time, kind, body FROM journal WHERE kind = 'OrderRejected' ORDER BY seq"
    ):
        if kind:
            refused = cast(OrderRejected, decode_event(kind, seq, time, body))
            row = rows.rejection_row(refused, known.get(refused.token, ""))
        else:
            order = decode_order(body)
            row = rows.order_row(order, known.get(order.token, ""))
        yield {"time": iso(time), **row}


def _decisions(connection: sqlite3.Connection, symbols: Symbols) -> Iterator[Row]:
    del symbols  # a decision names its token by id
    for event in facts.decisions(connection):
        yield {"time": iso(event.time), **rows.decision_row(event.decision)}


def _ledger(connection: sqlite3.Connection, symbols: Symbols) -> Iterator[Row]:
    del symbols  # an entry names its token by id
    for seq, time, account, token, amount in connection.execute(
        "SELECT seq, time, account, token, amount FROM entries ORDER BY seq, line"
    ):
        entry = rows.entry_row(account, token, Decimal(amount))
        yield {"time": iso(time), "seq": str(seq), **entry}


_SOURCES: dict[
    str, tuple[Callable[[sqlite3.Connection, Symbols], Iterator[Row]], tuple[str, ...]]
] = {
    "trades": (_trades, ("time", *rows.TRADE_FIELDS)),
    "orders": (_orders, ("time", *rows.ORDER_FIELDS)),
    "decisions": (_decisions, ("time", *rows.DECISION_FIELDS)),
    "ledger": (_ledger, ("time", "seq", *rows.ENTRY_FIELDS)),
}
WHAT = tuple(_SOURCES)
FORMATS = ("jsonl", "csv")


def export(path: Path, what: str, form: str, out: TextIO, *, symbols: Symbols | None = None) -> int:
    """Write rows of one moment of an account, oldest first, beside whoever writes it.

    Args:
        path: The account file.
        what: One of WHAT.
        form: One of FORMATS; CSV has a header line, also where there is no row.
        out: Open for text, with `newline=""` for CSV.
        symbols: Token id -> symbol, for orders of tokens that never traded.

    Returns:
        How many rows were written.

    Raises:
        ValueError: `what` or `form` is unknown, or a row cannot be read.
        StoreError: the file cannot be used.
    """
    if what not in WHAT or form not in FORMATS:
        msg = f"cannot export {what!r} as {form!r}: take one of {WHAT} and one of {FORMATS}"
        raise ValueError(msg)
    source, fields = _SOURCES[what]
    with reading(path) as connection:
        emit = _csv(out, fields) if form == "csv" else _jsonl(out)
        count = 0
        for row in source(connection, symbols or {}):
            emit(row)
            count += 1
    return count


def _jsonl(out: TextIO) -> Callable[[Row], object]:
    return lambda row: out.write(json.dumps(row) + "\n")


def _csv(out: TextIO, fields: tuple[str, ...]) -> Callable[[Row], object]:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields)
    return lambda row: writer.writerow([cell(row[name]) for name in fields])


def cell(value: str | bool) -> str:
    """A CSV cell that no spreadsheet takes for a formula and no terminal for a command.

    Numbers stay as they are; text that begins like a formula gets an apostrophe in front, and
    what cannot be printed becomes a space.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if not value.isprintable():
        value = "".join(c if c.isprintable() else " " for c in value)
    if value.lstrip().startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return "'" + value
    return value
