"""Candles for charts: of prices as they come, and of history that comes when it comes."""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Candle, History, Quote
from papertrader_tui.engine.candles import HOURS, CandleBook
from tests.deskkit import START, WETH

FIVE = 5 * MINUTE


def quote(time, value):
    return Quote(WETH, START + time, Decimal(value), float(value), "test")


def history(interval, since, until, *, value=7.0, now=None):
    candles = [
        Candle(START + t, value, value, value, value, 1.0) for t in range(since, until, interval)
    ]
    return History(WETH, START + (until if now is None else now), interval, candles, "test")


def closes(book, interval, limit=2_000):
    return {c.start - START: c.close for c in book.candles(WETH, interval, limit)}


def test_late_history_goes_before_what_prices_made_and_in_order():
    book = CandleBook()
    book.observe([quote(20 * MINUTE, 9), quote(25 * MINUTE, 9)])
    book.observe([history(FIVE, 0, 20 * MINUTE)])
    assert list(closes(book, FIVE).items()) == [
        (0, 7.0), (FIVE, 7.0), (2 * FIVE, 7.0), (3 * FIVE, 7.0), (4 * FIVE, 9.0), (5 * FIVE, 9.0),
    ]  # fmt: skip


def test_a_candle_that_a_session_saw_a_part_of_becomes_whole():
    book = CandleBook()
    book.observe([quote(4 * MINUTE, 9), quote(6 * MINUTE, 9)])
    book.observe([history(FIVE, 0, 10 * MINUTE, now=7 * MINUTE)])
    # the first has closed and is as history says; the second is still made of prices
    assert closes(book, FIVE) == {0: 7.0, FIVE: 9.0}


def test_prices_do_not_change_the_history_that_was_handed_over():
    book = CandleBook()
    told = history(FIVE, 0, FIVE, now=0)
    book.observe([told, quote(MINUTE, 9)])
    assert closes(book, FIVE) == {0: 9.0}
    assert told.candles[0].close == 7.0


def test_hours_are_those_of_history_and_then_of_prices():
    book = CandleBook()
    book.observe([quote(3 * HOUR - MINUTE, 9), quote(3 * HOUR + MINUTE, 9)])
    assert closes(book, HOUR) == {2 * HOUR: 9.0, 3 * HOUR: 9.0}
    book.observe([history(HOUR, -DAY, 3 * HOUR, now=3 * HOUR + MINUTE)])
    found = closes(book, HOUR)
    assert len(found) == 24 + 4
    assert found[2 * HOUR] == 7.0
    assert found[3 * HOUR] == 9.0
    assert list(closes(book, 4 * HOUR)) == list(range(-DAY, 1, 4 * HOUR))
    assert list(closes(book, HOUR, 2)) == [2 * HOUR, 3 * HOUR]


def test_a_month_of_hours_is_kept():
    book = CandleBook()
    book.observe([history(HOUR, -40 * DAY, 0)])
    assert len(closes(book, HOUR)) == HOURS
