"""Candles from own prices and imported ones, and what is missing of them."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import pytest

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Candle
from papertrader_tui.ports import JournalError
from papertrader_tui.store import archive, prices
from papertrader_tui.store.archive import CandleArchive
from papertrader_tui.store.database import connect_writer, reading
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.migrations import latest, migrate, migrations
from papertrader_tui.store.prices import Retention
from papertrader_tui.store.verify import verify
from tests.unit.store.helpers import START, TOSHI, WETH, new_account, store, trading_day

FIVE = 5 * MINUTE


@pytest.fixture
def connection(tmp_path):
    connection = connect_writer(new_account(tmp_path))
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.execute("COMMIT")
    connection.close()


def own(connection, since, until, step=30_000, price="100"):
    prices.put(connection, [(WETH, time, price, -1.0) for time in range(since, until, step)])


def flat(since, until, interval=FIVE, price=7.0):
    return [Candle(t, price, price, price, price, 3.0) for t in range(since, until, interval)]


def spans(connection, since, until, interval=FIVE, token=WETH):
    found = archive.missing(connection, token, interval, START + since, START + until)
    return [(a - START, b - START) for a, b in found]


def closes(connection, since, until, interval=FIVE):
    found = archive.merged(connection, WETH, interval, START + since, START + until)
    return {c.start - START: c.close for c in found}


def test_all_is_missing_at_first_and_nothing_of_what_was_answered(connection):
    assert spans(connection, 0, HOUR) == [(0, HOUR)]
    # nobody traded in the second quarter: the span was answered all the same
    told = flat(START, START + 15 * MINUTE)
    archive.put(connection, WETH, FIVE, (START, START + 30 * MINUTE), told, "a")
    assert spans(connection, 0, HOUR) == [(30 * MINUTE, HOUR)]
    assert spans(connection, 0, HOUR, interval=HOUR) == [(0, HOUR)]
    assert spans(connection, 0, HOUR, token=TOSHI) == [(0, HOUR)]


def test_answered_spans_join(connection):
    for since, until in ((0, 10), (20, 30), (10, 20), (50, 60), (25, 35)):
        span = (START + since * MINUTE, START + until * MINUTE)
        archive.put(connection, WETH, FIVE, span, [], "a")
    stored = connection.execute("SELECT since, until FROM candle_spans ORDER BY since").fetchall()
    assert [(a - START, b - START) for a, b in stored] == [
        (0, 35 * MINUTE), (50 * MINUTE, HOUR),
    ]  # fmt: skip


def test_own_prices_are_not_asked_for_and_an_outage_is(connection):
    own(connection, START, START + 20 * MINUTE)
    own(connection, START + 41 * MINUTE, START + HOUR)
    # 40 to 41 lacks less than a candle can do without
    assert spans(connection, 0, HOUR) == [(20 * MINUTE, 40 * MINUTE)]


def test_a_candle_that_a_session_began_in_late_is_missing(connection):
    own(connection, START + 3 * MINUTE, START + 27 * MINUTE)
    assert spans(connection, 0, 30 * MINUTE) == [(0, FIVE), (25 * MINUTE, 30 * MINUTE)]


def test_prices_that_come_slowly_cover_their_time(connection):
    own(connection, START, START + 2 * HOUR, step=FIVE)
    assert spans(connection, 0, HOUR) == []


def test_own_prices_count_before_imported_ones_where_they_are_whole(connection):
    own(connection, START + 8 * MINUTE, START + 30 * MINUTE)
    told = flat(START, START + 15 * MINUTE)
    archive.put(connection, WETH, FIVE, (START, START + 15 * MINUTE), told, "a")
    found = closes(connection, 0, 30 * MINUTE)
    assert list(found.values()) == [7.0, 7.0, 100.0, 100.0, 100.0, 100.0]


def test_a_part_of_a_candle_is_better_than_none(connection):
    own(connection, START + 3 * MINUTE, START + 4 * MINUTE)
    assert closes(connection, 0, FIVE) == {0: 100.0}
    assert spans(connection, 0, FIVE) == [(0, FIVE)]


def test_an_hour_is_whole_with_five_sixths_of_it(connection):
    own(connection, START, START + 52 * MINUTE)
    own(connection, START + HOUR, START + HOUR + 40 * MINUTE)
    assert spans(connection, 0, 2 * HOUR, interval=HOUR) == [(HOUR, 2 * HOUR)]


def test_prices_that_were_rolled_up_still_count(connection):
    own(connection, START, START + 3 * HOUR)
    before = [
        (c.start, c.open, c.high, c.low, c.close)
        for c in archive.merged(connection, WETH, HOUR, START, START + 3 * HOUR)
    ]
    # the first hour becomes an hour, the second minutes, the third stays
    prices.roll_up(connection, START + 3 * HOUR, Retention(HOUR, 2 * HOUR))
    assert connection.execute("SELECT count(*) FROM prices_1h").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM prices_1m").fetchone() == (60,)
    assert spans(connection, 0, 3 * HOUR, interval=HOUR) == []
    assert spans(connection, HOUR, 3 * HOUR) == []
    assert before == [
        (c.start, c.open, c.high, c.low, c.close)
        for c in archive.merged(connection, WETH, HOUR, START, START + 3 * HOUR)
    ]
    # an hour is no candle of five minutes
    assert next(iter(closes(connection, 0, 3 * HOUR))) == HOUR


def test_imported_candles_go_with_their_time_but_hours_stay(connection):
    for interval in (FIVE, HOUR):
        told = flat(START, START + 2 * HOUR, interval)
        archive.put(connection, WETH, interval, (START, START + 2 * HOUR), told, "a")
    prices.roll_up(connection, START + 31 * DAY, Retention())
    left = connection.execute("SELECT interval, count(*) FROM candles GROUP BY 1").fetchall()
    assert left == [(HOUR, 2)]
    assert connection.execute("SELECT interval FROM candle_spans").fetchall() == [(HOUR,)]


async def test_what_is_kept_is_on_the_disk_and_what_waits_is_seen(tmp_path):
    path = new_account(tmp_path)
    journal = await SqliteJournal.open(path)
    kept = CandleArchive(path, journal)
    wanted = (WETH, FIVE, START, START + 15 * MINUTE)
    await journal.record([(WETH, START + 10_000 * n, Decimal(5), -1.0) for n in range(30)])
    assert await kept.missing([wanted]) == [[(START + FIVE, START + 15 * MINUTE)]]
    told = flat(START + FIVE, START + 15 * MINUTE)
    await kept.keep(WETH, FIVE, (START + FIVE, START + 15 * MINUTE), told, "geckoterminal")
    assert await kept.missing([wanted]) == [[]]
    assert [c.close for c in (await kept.candles([wanted]))[0]] == [5.0, 7.0, 7.0]
    await journal.close()
    with reading(path) as connection:
        sources = connection.execute("SELECT DISTINCT source FROM candles").fetchall()
    assert sources == [("geckoterminal",)]
    assert verify(path).ok
    with pytest.raises(JournalError, match="closed"):
        await kept.keep(WETH, FIVE, (START, START + FIVE), [], "a")


async def test_an_account_of_an_earlier_version_takes_candles_and_keeps_its_facts(tmp_path):
    path = tmp_path / "main.db"
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, to=2)
    whole = sqlite3.connect(new_account(tmp_path / "other"))
    connection.executemany("INSERT INTO meta VALUES (?, ?)", whole.execute("SELECT * FROM meta"))
    whole.close()
    prices.put(connection, [(WETH, START, "5.5", 1.0)])
    connection.close()
    journal = await SqliteJournal.open(path)
    await store(journal, trading_day())
    await journal.keep_candles(WETH, FIVE, (START, START + FIVE), flat(START, START + FIVE), "a")
    await journal.close()
    with reading(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (latest(),)
        assert connection.execute("SELECT price FROM prices").fetchall() == [("5.5",)]
        assert connection.execute("SELECT close FROM candles").fetchall() == [(7.0,)]
    assert latest() == len(migrations()) >= 3
    assert verify(path).ok
