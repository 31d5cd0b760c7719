"""Accounts as files: made, listed, shown, bound to a market, reset and deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from papertrader_tui.domain.money import plain
from papertrader_tui.engine.rows import iso
from papertrader_tui.store import facts
from papertrader_tui.store.database import check, connect_writer, reading
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.lock import AccountLock, holder
from papertrader_tui.store.meta import Meta, read_meta, write_meta
from papertrader_tui.store.paths import (
    account_path,
    accounts_dir,
    create_private,
    make_private,
    sync_directory,
)
from papertrader_tui.store.standing import books, standing


@dataclass(frozen=True, slots=True)
class Holding:
    """One open position as it is stored: what is held, and its cost gross of costs."""

    token: str
    quantity: Decimal
    cost: Decimal
    opened: int

    def as_dict(self) -> dict[str, str]:
        """The same as text."""
        return {
            "token": self.token,
            "quantity": plain(self.quantity),
            "cost": plain(self.cost),
            "opened": iso(self.opened),
        }


#: Of how it stands, beside the equity.
TOTALS = (
    "cash", "realized", "unrealized", "lp_fees", "impact", "mev", "gas", "exposure", "liquidation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """What can be told of an account without running its desk.

    Attributes:
        meta: None where the file cannot be used; `problem` says why.
        equity: As it stands at the last stored prices; what it began with before the first.
        time: Market milliseconds of the last thing stored, None in a new account.
        pid: The process that runs its desk now, 0 if it did not say, None if none.
        as_of: Market milliseconds of that, None in a new account.
        totals: The account then, as exact text: cash, profit and costs.
        holdings: Its open positions.
    """

    name: str
    path: Path
    meta: Meta | None = None
    equity: Decimal = Decimal(0)
    trades: int = 0
    decisions: int = 0
    open_orders: int = 0
    positions: int = 0
    events: int = 0
    time: int | None = None
    as_of: int | None = None
    pid: int | None = None
    problem: str = ""
    totals: Mapping[str, str] = field(default_factory=dict)
    holdings: tuple[Holding, ...] = ()

    def as_dict(self) -> dict[str, str | bool]:
        """The same as text, as `--json` prints it."""
        meta = self.meta
        if meta is None:
            return {"name": self.name, "path": str(self.path), "problem": self.problem}
        return {
            "name": self.name,
            "path": str(self.path),
            "market": meta.market,
            "identity": meta.identity,
            "seed": str(meta.seed),
            "created": meta.created,
            "program": meta.program,
            "initial": plain(meta.cash),
            "equity": plain(self.equity),
            "trades": str(self.trades),
            "decisions": str(self.decisions),
            "open_orders": str(self.open_orders),
            "positions": str(self.positions),
            "events": str(self.events),
            "time": "" if self.time is None else iso(self.time),
            "as_of": "" if self.as_of is None else iso(self.as_of),
            "in_use": self.pid is not None,
            **self.totals,
        }

    def as_whole(self) -> dict[str, object]:
        """The same with the positions one by one, for one account."""
        return {**self.as_dict(), "holdings": [h.as_dict() for h in self.holdings]}


def create(data: Path, meta: Meta) -> Path:
    """Make an account's file; it appears whole or not at all.

    Args:
        data: The data directory, made if it is not there.
        meta: Its particulars; `created` comes from the caller's clock.

    Raises:
        StoreError: the name is taken or not usable, or the directory is not.
        AccountBusy: the name is just being taken.
    """
    path = account_path(data, meta.name)
    make_private(accounts_dir(data))
    with AccountLock(path):
        if path.exists():
            msg = (
                f"there is an account {meta.name!r} already; choose another name, or begin it "
                f"anew with `papertrader account reset {meta.name}`"
            )
            raise StoreError(msg)
        _build(path, meta)
    return path


def _build(path: Path, meta: Meta) -> None:
    fresh = path.with_suffix(".new")
    for leftover in _files(fresh):
        leftover.unlink(missing_ok=True)
    try:
        create_private(fresh)
        connection = connect_writer(fresh)
        try:
            connection.execute("BEGIN IMMEDIATE")
            write_meta(connection, meta)
            connection.execute("COMMIT")
        finally:
            connection.close()
        for leftover in _files(path)[1:]:
            leftover.unlink(missing_ok=True)
        fresh.replace(path)
        sync_directory(path.parent)
    except (OSError, sqlite3.Error) as error:
        msg = f"account {meta.name!r} cannot be made in {str(path.parent)!r}: {error}"
        raise StoreError(msg) from error


def _files(path: Path) -> tuple[Path, ...]:
    """A database and what SQLite may have put beside it, in the order to remove them in."""
    return (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"))


def names(data: Path) -> list[str]:
    """The accounts of a data directory, by name."""
    return sorted(path.stem for path in accounts_dir(data).glob("*.db"))


def default(data: Path) -> str | None:
    """The only account, or the one that was last written to; None if there is none."""
    return max(names(data), key=lambda name: _used(account_path(data, name)), default=None)


def _used(path: Path) -> float:
    found = [f.stat().st_mtime for f in _files(path)[:2] if f.exists()]
    return max(found, default=0.0)


def show(data: Path, name: str) -> AccountInfo:
    """What can be told of one account, beside its running desk.

    Raises:
        StoreError: there is no such account, or its file cannot be used.
    """
    path = account_path(data, name)
    with reading(path) as connection:
        return _info(connection, name, path)


def list_accounts(data: Path) -> list[AccountInfo]:
    """Every account by name; one whose file cannot be used is listed with the reason."""
    found = []
    for name in names(data):
        try:
            found.append(show(data, name))
        except StoreError as error:
            found.append(AccountInfo(name, account_path(data, name), problem=str(error)))
    return found


def _info(connection: sqlite3.Connection, name: str, path: Path) -> AccountInfo:
    meta = read_meta(connection)
    stands = standing(connection, books(connection))
    held = connection.execute("SELECT token, quantity, cost, opened FROM positions ORDER BY opened")
    moment = connection.execute("SELECT time FROM checkpoint").fetchone()

    def count(sql: str) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {sql}").fetchone()[0])

    return AccountInfo(
        name=name,
        path=path,
        meta=meta,
        equity=stands.equity if stands else meta.cash,
        trades=count("fills WHERE status = 'filled'"),
        decisions=count("decisions"),
        open_orders=count("orders WHERE status IN ('held', 'working', 'submitted')"),
        positions=count("positions"),
        events=facts.last_seq(connection),
        time=moment[0] if moment else None,
        pid=holder(path),
        as_of=stands.time if stands else None,
        totals={name: _text(getattr(stands, name)) for name in TOTALS} if stands else {},
        holdings=tuple(
            Holding(token, Decimal(quantity), Decimal(cost), opened)
            for token, quantity, cost, opened in held
        ),
    )


def _text(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def using(data: Path, token: str) -> list[str]:
    """Accounts that hold a token or have an order of it open, by name.

    Raises:
        StoreError: an account cannot be read, so that it is not known.
    """
    found = []
    for name in names(data):
        with reading(account_path(data, name)) as connection:
            if connection.execute(
                "SELECT 1 FROM positions WHERE token = :token UNION ALL SELECT 1 FROM orders"
                " WHERE token = :token AND status IN ('held', 'working', 'submitted') LIMIT 1",
                {"token": token},
            ).fetchone():
                found.append(name)
    return found


def bind(path: Path, *, market: str, identity: str, seed: int) -> Meta:
    """Bind an account to the market that it is first used with, and hold it to that.

    Hold its `AccountLock` first.

    Raises:
        StoreError: it belongs to another market; the message names both.
    """
    connection = connect_writer(path)
    try:
        meta = read_meta(connection)
        if (meta.market, meta.identity) == (market, identity):
            return meta
        if meta.market:
            msg = (
                f"account {path.stem!r} belongs to the {meta.market} market {meta.identity!r} and "
                f"cannot go on with {market} {identity!r}; use --account NAME for an account of "
                "its own"
            )
            raise StoreError(msg)
        meta = replace(meta, market=market, identity=identity, seed=seed)
        connection.execute("BEGIN IMMEDIATE")
        write_meta(connection, meta)
        connection.execute("COMMIT")
        return meta
    finally:
        connection.close()


def reset(data: Path, name: str, *, created: str, program: str) -> Meta:
    """Begin an account anew: the same name, cash, market and seed, and no history.

    Raises:
        AccountBusy: its desk is running.
        StoreError: there is no such account, or its file cannot be used.
    """
    path = account_path(data, name)
    check(path)
    with AccountLock(path):
        with reading(path) as connection:
            meta = replace(read_meta(connection), created=created, program=program)
        _fold_log(path)
        _build(path, meta)
    return meta


def _fold_log(path: Path) -> None:
    """Have SQLite take the write-ahead log into the database, which it does on the last close.

    A log left behind would be replayed into the next file of that name.
    """
    connect_writer(path).close()
    log = _files(path)[1]
    if log.exists() and log.stat().st_size:
        msg = f"account {path.stem!r} is being read (an export?); try again when that has ended"
        raise StoreError(msg)


def delete(data: Path, name: str) -> None:
    """Remove an account's file and what belongs to it; also one that cannot be read any more.

    Raises:
        AccountBusy: its desk is running.
        StoreError: there is no such account.
    """
    path = account_path(data, name)
    if not path.exists():
        check(path)
    lock = AccountLock(path)
    try:
        for file in _files(path):
            file.unlink(missing_ok=True)
    finally:
        lock.release(remove=True)
