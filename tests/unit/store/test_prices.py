from decimal import Decimal

import pytest

from papertrader_tui.domain.market import DAY, HOUR, MINUTE
from papertrader_tui.store import history, prices
from papertrader_tui.store.database import connect_writer
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.load import load
from papertrader_tui.store.prices import Retention
from tests.unit.store.helpers import START, TOSHI, WETH, Story, new_account, store, trading_day


@pytest.fixture
def connection(tmp_path):
    connection = connect_writer(new_account(tmp_path))
    yield connection
    connection.close()


def walk(start, end, step, token=WETH):
    """Prices that differ from each other, up and down, with a volume each."""
    return [
        (token, time, f"{100 + (i * 7919) % 101}.5", float(i % 5))
        for i, time in enumerate(range(start, end, step))
    ]


def put(connection, rows):
    connection.execute("BEGIN IMMEDIATE")
    prices.put(connection, rows)
    connection.execute("COMMIT")


def drawn(connection, token, interval, limit):
    return [
        (c.start, c.open, c.high, c.low, c.close, c.volume)
        for c in history.candles(connection, token, interval, limit)
    ]


def by_hand(rows, interval):
    """Candles straight from the definition."""
    found = {}
    for _, time, price, volume in rows:
        value = float(price)
        o, h, low, _, v = found.get(time // interval * interval, (value, value, value, value, 0.0))
        found[time // interval * interval] = (o, max(h, value), min(low, value), value, v + volume)
    return [(start, *candle) for start, candle in sorted(found.items())]


@pytest.mark.parametrize("interval", [MINUTE, 5 * MINUTE, HOUR])
def test_raw_prices_make_candles(connection, interval):
    rows = walk(START, START + 2 * HOUR, 10_000)
    put(connection, rows + walk(START, START + HOUR, 7_000, TOSHI))
    assert drawn(connection, WETH, interval, 1_000) == by_hand(rows, interval)


def test_candles_are_the_last_ones_and_leave_out_times_without_a_price(connection):
    rows = walk(START, START + 10 * MINUTE, 10_000)
    rows = [r for r in rows if not START + 6 * MINUTE <= r[1] < START + 8 * MINUTE]
    put(connection, rows)
    starts = [c[0] for c in drawn(connection, WETH, MINUTE, 4)]
    assert starts == [START + m * MINUTE for m in (4, 5, 8, 9)]
    assert drawn(connection, "base:tape-none", MINUTE, 4) == []
    with pytest.raises(ValueError, match="above zero"):
        history.candles(connection, WETH, 0, 4)


def test_a_price_that_comes_again_is_kept_once(connection):
    rows = walk(START, START + HOUR, 10_000)
    put(connection, rows)
    put(connection, rows[100:])
    assert drawn(connection, WETH, MINUTE, 100) == by_hand(rows, MINUTE)


def test_old_prices_become_minutes_then_hours_and_no_candle_changes(connection):
    rows = walk(START, START + 60 * HOUR, 20_000)
    put(connection, rows)
    connection.execute("BEGIN IMMEDIATE")
    prices.roll_up(connection, START + 60 * HOUR + 17, Retention(raw=24 * HOUR, minutes=48 * HOUR))
    connection.execute("COMMIT")

    def span(table):
        return connection.execute(f"SELECT min(time), max(time) FROM {table}").fetchone()

    assert span("prices") == (START + 36 * HOUR, START + 60 * HOUR - 20_000)
    assert span("prices_1m") == (START + 12 * HOUR, START + 36 * HOUR - MINUTE)
    assert span("prices_1h") == (START, START + 11 * HOUR)
    assert drawn(connection, WETH, HOUR, 1_000) == by_hand(rows, HOUR)
    minutes = by_hand(rows, MINUTE)[-2_000:]
    assert drawn(connection, WETH, MINUTE, 2_000) == minutes


def test_a_late_price_joins_the_candle_that_is_there(connection):
    put(connection, walk(START, START + MINUTE, 10_000))
    prices.roll_up(connection, START + 30 * HOUR, Retention())
    before = drawn(connection, WETH, MINUTE, 1)[0]
    put(connection, [(WETH, START + 30_000, "900", 3.0)])
    prices.roll_up(connection, START + 30 * HOUR, Retention())
    assert drawn(connection, WETH, MINUTE, 1) == [
        (START, before[1], 900.0, before[3], 900.0, before[5] + 3.0)
    ]


def test_volume_that_is_unknown_stays_unknown(connection):
    put(connection, [(WETH, START + i, "1", -1.0) for i in range(3)])
    assert drawn(connection, WETH, MINUTE, 1)[0][-1] == -1.0
    prices.roll_up(connection, START + 30 * HOUR, Retention())
    assert drawn(connection, WETH, MINUTE, 1)[0][-1] == -1.0
    put(connection, [(WETH, START + 9, "1", 2.5)])
    assert drawn(connection, WETH, MINUTE, 1)[0][-1] == 2.5
    prices.roll_up(connection, START + 30 * HOUR, Retention())
    assert drawn(connection, WETH, MINUTE, 1)[0][-1] == 2.5


def test_retention_must_make_sense():
    with pytest.raises(ValueError, match="no longer than minutes"):
        Retention(raw=2 * DAY, minutes=DAY)


async def test_the_journal_rolls_up_as_market_time_passes(tmp_path):
    path = new_account(tmp_path)
    journal = await SqliteJournal.open(path, retention=Retention(raw=2 * HOUR), rows=500)
    rows = walk(START, START + 6 * HOUR, 10_000)
    for token, time, price, volume in rows:
        await journal.record([(token, time, Decimal(price), volume)])
    await journal.close()
    with load(path) as loaded:
        (oldest,) = loaded._connection.execute("SELECT min(time) FROM prices").fetchone()
        assert START + 2 * HOUR < oldest <= START + 4 * HOUR
        candles = loaded.candles(WETH, HOUR, 100)
    assert [(c.start, c.open, c.high, c.low, c.close, c.volume) for c in candles] == by_hand(
        rows, HOUR
    )


async def test_prices_of_one_moment_are_one_price_with_all_their_volume(tmp_path):
    path = new_account(tmp_path)
    journal = await SqliteJournal.open(path)
    await journal.record([(WETH, START, Decimal(5), 1.5), (WETH, START, Decimal(7), 2.0)])
    await journal.record([(WETH, START, Decimal(6), -1.0), (TOSHI, START, Decimal(1), -1.0)])
    await journal.close()
    with load(path) as loaded:
        assert [(c.close, c.volume) for c in loaded.candles(WETH, MINUTE, 1)] == [(6.0, 3.5)]


async def test_the_equity_curve_is_what_was_marked(tmp_path):
    path = new_account(tmp_path)
    journal = await SqliteJournal.open(path)
    story: Story = trading_day()
    await store(journal, story)
    await journal.close()
    marks = [(e.time, e.equity) for e in story if type(e).__name__ == "AccountMarked"]
    connection = connect_writer(path)
    assert history.equity(connection) == marks
    assert history.equity(connection, marks[1][0]) == marks[1:]
    connection.close()
