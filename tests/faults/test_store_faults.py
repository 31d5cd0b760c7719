"""What the account file is good for when things go wrong around it."""

import os
import signal
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui.domain.orders import Side
from papertrader_tui.ports import JournalError
from papertrader_tui.store import accounts
from papertrader_tui.store.database import connect_writer, reading
from papertrader_tui.store.errors import AccountBusy, StoreError
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.load import load
from papertrader_tui.store.lock import AccountLock, holder
from papertrader_tui.store.verify import verify
from tests.unit.store.helpers import WETH, Story, new_account, store, trading_day

ROOT = Path(__file__).parents[2]
SOAK = os.environ.get("PAPERTRADER_SOAK") == "1"


def start_writer(path):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.writer_process", str(path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def kill(process):
    """Kill it outright; returns the last line that it had printed whole."""
    process.send_signal(signal.SIGKILL)
    out, _ = process.communicate()
    lines = [line for line in out.splitlines(keepends=True) if line.endswith("\n")]
    return lines[-1].strip() if lines else ""


def test_what_was_acknowledged_outlasts_kill_9(tmp_path):
    path = new_account(tmp_path)
    acknowledged = 0
    for acknowledgements in range(1, 21) if SOAK else (1, 4, 9):
        process = start_writer(path)
        seen = [process.stdout.readline() for _ in range(acknowledgements)]
        assert all(seen), process.communicate()[1]
        with pytest.raises(AccountBusy, match=f"process {process.pid}"):
            AccountLock(path)
        acknowledged = int(kill(process) or seen[-1])
        assert holder(path) is None
        report = verify(path)
        assert report.ok, report.difference
        with load(path) as loaded:
            assert loaded.last_seq >= acknowledged
            assert loaded.checkpoint.cursor == loaded.last_seq
            sold = [e for e in loaded.events() if type(e).__name__ == "Filled"]
            assert len(sold) >= (acknowledged - 1) // 5
    assert acknowledged > 14 * 5


async def append(journal, events):
    await journal.append(events, inputs=[], checkpoint="", cursor=99, durable=True)


class Failing(sqlite3.Connection):
    """A disk that fills up in the middle of a transaction."""

    full = False

    def executemany(self, sql, rows):
        if self.full and "INTO entries" in sql:
            raise sqlite3.OperationalError("database or disk is full")
        return super().executemany(sql, rows)


def failing_writer(path):
    connect_writer(path).close()
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Failing)


async def test_a_disk_that_is_full_keeps_everything_before_and_nothing_after(tmp_path):
    path = new_account(tmp_path)
    story = trading_day()
    disk = failing_writer(path)
    journal = await SqliteJournal.open(path, connect=lambda _: disk)
    await store(journal, story)
    before = len(story.events)
    story.fill(story.order(Side.BUY, Decimal(10)), Decimal("0.001"), Decimal(2000))
    disk.full = True
    with pytest.raises(JournalError, match=r"disk is full.*Nothing of this step was kept"):
        await append(journal, story.events[before:])
    disk.full = False
    with pytest.raises(JournalError, match="disk is full"):
        await append(journal, [])
    with pytest.raises(JournalError):
        await journal.record([(WETH, 1, Decimal(1), 1.0)])
    await journal.close()
    with load(path) as loaded:
        assert list(loaded.events(factors=True)) == story.events[:before]
        assert loaded.checkpoint.cursor == 42
    assert verify(path).ok
    again = await SqliteJournal.open(path)
    await append(again, story.events[before:])
    await again.close()
    assert verify(path).ok


async def test_sqlites_own_refusal_to_grow_is_the_same_fault(tmp_path):
    path = new_account(tmp_path)

    def small(path):
        connection = connect_writer(path)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 8}")
        return connection

    journal = await SqliteJournal.open(path, connect=small)
    story = Story()
    story.open()
    stored = 0
    refused = ""
    while not refused and len(story.events) < 5_000:
        story.fill(story.order(Side.BUY, Decimal(1)), Decimal("0.0001"), Decimal(2000))
        try:
            await append(journal, story.events[stored:])
            stored = len(story.events)
        except JournalError as error:
            refused = str(error)
    await journal.close()
    assert "database or disk is full" in refused
    assert stored > 0
    with load(path) as loaded:
        assert list(loaded.events()) == story.events[:stored]
    assert verify(path).ok


async def test_readers_see_one_moment_while_the_desk_writes(tmp_path):
    path = new_account(tmp_path)
    journal = await SqliteJournal.open(path)
    story = trading_day()
    await append(journal, story.events[:5])
    with load(path) as loaded, reading(path) as other:
        events = loaded.events(factors=True)
        assert next(events) == story.events[0]
        await append(journal, story.events[5:])
        assert [e.seq for e in events] == [2, 3, 4, 5]
        assert other.execute("SELECT max(seq) FROM journal").fetchone() == (len(story.events),)
    with load(path) as loaded:
        assert loaded.last_seq == len(story.events)
    await journal.close()


async def test_a_damaged_page_is_named_and_not_believed(tmp_path):
    path = new_account(tmp_path)
    journal = await SqliteJournal.open(path)
    await store(journal, trading_day())
    await journal.close()
    with reading(path) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'journal'"
        ).fetchone()
    whole = path.read_bytes()
    torn = bytearray(whole)
    torn[(root - 1) * size : root * size] = b"\xff" * size
    path.write_bytes(torn)
    report_or_error = ""
    try:
        report = verify(path)
        assert not report.ok
        report_or_error = str(report.difference)
    except StoreError as error:
        report_or_error = str(error)
    assert "malformed" in report_or_error or "btree" in report_or_error.lower()
    with pytest.raises(StoreError, match=r"main\.db.*damaged.*backup"):
        await SqliteJournal.open(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match=r"main\.db.*damaged"), load(path) as loaded:
        list(loaded.events())
    assert accounts.list_accounts(tmp_path)[0].meta is None
