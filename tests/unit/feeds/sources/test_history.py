"""Candles from rows and from points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.feeds.sources.history import from_points, from_rows, span_name, whole
from papertrader_tui.feeds.sources.values import items, parse_json

M5 = 300_000


def shape(candle):
    return candle.start, candle.open, candle.high, candle.low, candle.close, candle.volume


def rows(text):
    return from_rows(items(parse_json(text)))


def test_rows_come_out_oldest_first():
    candles, dropped = rows("[[600,2,3,1,2.5,10],[300,1,2,1,2,5]]")
    assert [shape(c) for c in candles] == [(300_000, 1, 2, 1, 2, 5), (600_000, 2, 3, 1, 2.5, 10)]
    assert dropped == 0


def test_an_open_carried_over_from_the_close_before_belongs_to_the_candle():
    candles, dropped = rows("[[600,2,1.8,1.5,1.6,1],[300,1,2,1,2,1]]")
    assert shape(candles[1]) == (600_000, 2, 2, 1.5, 1.6, 1)
    assert dropped == 0


@pytest.mark.parametrize(
    "row",
    [
        "[600,9,3,1,2,1]",  # an open that is nobody's close
        "[600,2,3,1,4,1]",  # close above high
        "[600,2,1,3,2,1]",  # high below low
        "[600,0,3,1,2,1]",
        "[600,null,3,1,2,1]",
        "[600,NaN,3,1,2,1]",
        "[600,1e300,3,1,2,1]",
        "[-600,2,3,1,2,1]",
        "[600,2,3]",
        "7",
        "null",
    ],
)
def test_a_row_that_is_no_candle_is_dropped_and_counted(row):
    candles, dropped = rows(f"[{row},[300,1,2,1,2,1]]")
    assert [c.start for c in candles] == [300_000]
    assert dropped == 1


def test_a_row_sent_twice_counts_once():
    candles, dropped = rows("[[300,1,2,1,2,1],[300,1,2,1,2,1]]")
    assert len(candles) == 1
    assert dropped == 1


def test_of_two_rows_of_one_time_the_newer_counts():
    candles, dropped = rows("[[600,3,3,3,3,1],[300,2,3,2,3,1],[300,1,2,1,2,1]]")
    assert [shape(c)[:2] for c in candles] == [(300_000, 2), (600_000, 3)]
    assert dropped == 1


def test_points_join_to_candles_and_gaps_stay_gaps():
    points = [(0, 10.0), (60_000, 12.0), (M5, 11.0), (M5 + 1, 9.0), (10 * M5 + 5, 20.0)]
    assert [shape(c) for c in from_points(reversed(points), M5)] == [
        (0, 10, 12, 10, 12, -1),
        (M5, 12, 12, 9, 9, -1),  # opens where the one before closed
        (10 * M5, 20, 20, 20, 20, -1),  # too long after it to join
    ]


@given(st.lists(st.tuples(st.integers(0, 10**8), st.floats(0.1, 10)), max_size=60))
def test_candles_of_points_hold_all_points(points):
    candles = {c.start: c for c in from_points(points, M5)}
    assert set(candles) == {time - time % M5 for time, _ in points}
    for time, price in points:
        candle = candles[time - time % M5]
        assert candle.low <= price <= candle.high
        assert candle.low <= min(candle.open, candle.close)
        assert max(candle.open, candle.close) <= candle.high


def test_only_whole_candles_are_history():
    candles = from_points([(n * M5, 1.0) for n in range(5)], M5)
    assert [c.start // M5 for c in whole(candles, M5, 1, 4 * M5 + 1)] == [1, 2, 3]


def test_spans_have_names():
    assert [span_name(n) for n in (M5, 3_600_000, 4 * 3_600_000, 86_400_000, 7)] == [
        "5m", "1h", "4h", "1d", "7 ms",
    ]  # fmt: skip
