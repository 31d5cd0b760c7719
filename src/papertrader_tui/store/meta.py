"""What an account is: said when it is made, and the market it is bound to."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from decimal import Decimal

from papertrader_tui.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class Meta:
    """An account's particulars.

    Attributes:
        name: As in its file's name.
        cash: USDC that it begins with.
        market: `demo`, `tape` or `live`; "" until it is first used.
        identity: What identifies the market's prices; "" until it is first used.
        seed: Of everything that is drawn.
        created: When it was made, ISO 8601 UTC.
        program: Which program made it.
    """

    name: str
    cash: Decimal
    market: str
    identity: str
    seed: int
    created: str
    program: str


def read_meta(connection: sqlite3.Connection) -> Meta:
    """An account's particulars.

    Raises:
        StoreError: some are missing or unreadable.
    """
    found = dict(connection.execute("SELECT key, value FROM meta"))
    try:
        return Meta(
            found["name"], Decimal(found["cash"]), found["market"], found["identity"],
            int(found["seed"]), found["created"], found["program"],
        )  # fmt: skip
    except (KeyError, ValueError, ArithmeticError) as error:
        msg = f"the account file's particulars cannot be read: {error!r}; restore it from a backup"
        raise StoreError(msg) from error


def write_meta(connection: sqlite3.Connection, meta: Meta) -> None:
    """Store an account's particulars, in one transaction with whatever is open."""
    values = asdict(meta) | {"cash": format(meta.cash, "f"), "seed": str(meta.seed)}
    connection.executemany("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", values.items())
