import sqlite3
import stat
from dataclasses import replace
from decimal import Decimal

import pytest

from papertrader_tui.domain.events import Decided
from papertrader_tui.store import migrations
from papertrader_tui.store.database import check, connect_writer, reading, update
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.load import load
from papertrader_tui.store.meta import write_meta
from papertrader_tui.store.verify import verify
from tests.unit.store.helpers import WETH, meta, new_account, store, trading_day

TABLES_OF_1 = (
    "journal", "decisions", "orders", "fills", "entries", "balances", "positions", "equity",
    "sessions", "commands", "checkpoint", "prices", "meta",
)  # fmt: skip


def shape(connection, tables):
    """Column names per table."""
    return {
        t: ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({t})"))
        for t in tables
    }


def contents(connection, columns):
    return {t: connection.execute(f"SELECT {c} FROM {t}").fetchall() for t, c in columns.items()}


async def old_account(tmp_path):
    """An account file as a program of schema 1 left it, with something in every table."""
    full = new_account(tmp_path / "now")
    journal = await SqliteJournal.open(full)
    await store(journal, trading_day())
    await journal.record(
        [(WETH, 1_000, Decimal("2000.5"), -1.0), (WETH, 2_000, Decimal(2001), 12.5)]
    )
    await journal.close()
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path, isolation_level=None)
    migrations.migrate(connection, to=1)
    with reading(full) as source:
        columns = shape(connection, TABLES_OF_1)
        for table, found in contents(source, columns).items():
            for row in found:
                marks = ", ".join("?" * len(row))
                connection.execute(
                    f"INSERT OR REPLACE INTO {table} ({columns[table]}) VALUES ({marks})", row
                )
    connection.execute("DELETE FROM balances WHERE account = 'mev'")  # not known then
    write_meta(connection, meta("old"))
    return path, connection


async def test_an_old_file_is_brought_up_to_date_with_everything_in_it(tmp_path):
    path, connection = await old_account(tmp_path)
    columns = shape(connection, TABLES_OF_1)
    before = contents(connection, columns)
    assert all(before[t] for t in TABLES_OF_1 if t != "commands")
    connection.close()
    assert check(path) == 1

    update(path)

    assert check(path) == migrations.latest() >= 2
    with reading(path) as after:
        found = contents(after, columns)
        assert ("mev", "0") in found["balances"]
        found["balances"].remove(("mev", "0"))
        assert found == before
        assert contents(after, {"prices_1m": "*", "prices_1h": "*"}) == {
            "prices_1m": [],
            "prices_1h": [],
        }
        indexed = {
            (t, c)
            for t, i in after.execute("SELECT tbl_name, name FROM sqlite_master WHERE type='index'")
            for n, _, c in after.execute(f"PRAGMA index_info({i})")
            if n == 0
        }
    assert {("fills", "token"), ("orders", "token"), ("decisions", "token")} <= indexed
    assert verify(path).ok
    with load(path) as loaded:
        # what schema 1 had no place for is not there, and everything else is
        assert list(loaded.events(factors=True)) == [
            replace(e, decision=replace(e.decision, checks=())) if isinstance(e, Decided) else e
            for e in trading_day().events
        ]


def test_every_step_is_a_transaction_of_its_own(tmp_path, monkeypatch):
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    steps = migrations.migrations()
    broken = (*steps, (len(steps) + 1, "CREATE TABLE extra (a) STRICT;"))
    monkeypatch.setattr(migrations, "migrations", lambda: broken)
    with pytest.raises(sqlite3.Error):
        migrations.migrate(connection)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(steps),)
    half = (*steps, (len(steps) + 1, "CREATE TABLE a (b TEXT); CREATE TABLE a (c TEXT);"))
    monkeypatch.setattr(migrations, "migrations", lambda: half)
    with pytest.raises(sqlite3.Error):
        migrations.migrate(connection)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(steps),)
    assert not connection.execute("SELECT * FROM sqlite_master WHERE name = 'a'").fetchall()
    connection.close()


@pytest.mark.parametrize("log", [False, True], ids=["closed", "with a write-ahead log"])
def test_a_newer_file_is_refused_and_not_touched(tmp_path, log):
    path = new_account(tmp_path)
    connection = connect_writer(path)
    connection.execute(f"PRAGMA user_version = {migrations.latest() + 1}")
    if not log:
        connection.close()
    files = [f for f in (path, path.with_name("main.db-wal")) if f.exists()]
    assert len(files) == 1 + log
    before = [f.read_bytes() for f in files]

    for use in (check, update, connect_writer, lambda p: load(p).__enter__(), verify):
        with pytest.raises(StoreError, match=r"newer papertrader .* update papertrader"):
            use(path)

    assert [f.read_bytes() for f in files] == before
    if log:
        connection.close()


def test_a_file_that_is_not_ours_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="some other program's database"):
        connect_writer(path)
    assert path.read_bytes() == before


def test_what_is_no_database_is_named(tmp_path):
    path = tmp_path / "main.db"
    with pytest.raises(StoreError, match="there is no account 'main'"):
        check(path)
    path.write_text("token,price\n" * 100)
    with pytest.raises(StoreError, match="not an account file, or it is damaged"):
        check(path)
    path.write_bytes(b"SQLite format 3\x00")
    with pytest.raises(StoreError, match="not an account file, or it is damaged"):
        check(path)


def test_a_reader_cannot_write(tmp_path):
    path = new_account(tmp_path)
    with pytest.raises(StoreError, match="readonly"), reading(path) as connection:
        connection.execute("DELETE FROM meta")


def test_files_are_the_owners_alone(tmp_path):
    path = new_account(tmp_path / "data" / "papertrader")
    connection = connect_writer(path)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO meta VALUES ('a', 'b')")
    connection.execute("COMMIT")
    names = sorted(f.name for f in path.parent.iterdir())
    assert names == ["main.db", "main.db-shm", "main.db-wal", "main.lock"]
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    for directory in (path.parent, path.parent.parent):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    connection.close()
