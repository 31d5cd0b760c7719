"""Properties of the markets: the demo's random access, and that no tape looks ahead."""

import itertools
from datetime import UTC, datetime
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from papertrader_tui.domain.market import MINUTE, Bar, History
from papertrader_tui.feeds.demo import DemoMarket
from papertrader_tui.feeds.tape_reader import TapeReader
from tests.marketkit import drive, facts, take

INSTANTS = 1100
T0 = int(datetime(2024, 1, 5, tzinfo=UTC).timestamp() * 1000)


@cache
def whole():
    """The first hours of one market, read from the beginning, by instant."""
    by_time = {}
    for item in drive(take(DemoMarket(seed=5, speed=None), INSTANTS)):
        by_time.setdefault(item.time, []).append(facts(item))
    return list(by_time.values())


@settings(max_examples=15, deadline=None)
@given(cursor=st.integers(0, INSTANTS - 40), instants=st.integers(1, 40), warmed=st.booleans())
def test_any_cursor_of_the_demo_gives_what_reading_from_the_start_gives(cursor, instants, warmed):
    market = DemoMarket(seed=5, speed=None, cursor=cursor)
    if warmed:
        list(market.warm())
    inputs = [facts(item) for item in drive(take(market, instants))]
    expected = [fact for instant in whole()[cursor : market.cursor] for fact in instant]
    assert inputs[: len(expected)] == expected
    assert expected


@settings(max_examples=5, deadline=None)
@given(cursor=st.integers(0, 60 * 8640))
def test_history_ends_where_the_market_goes_on(cursor):
    market = DemoMarket(seed=5, speed=None, cursor=cursor)
    histories = [item for item in market.warm() if isinstance(item, History)]
    batch = drive(take(market, 1))
    first = {item.token: item for item in batch[::-1] if hasattr(item, "price")}
    for history in histories:
        candle = history.candles[-1]
        quote = first[history.token]
        assert candle.start < quote.time
        # One tick apart: a jump of the market at the most.
        assert abs(candle.close / quote.value - 1) < 0.25


price = st.integers(50, 150)
rows = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(["BTC-USD", "ETH-USD", "LTC-USD"]),
        price,
        price,
        price,
        price,
    ),
    min_size=2,
    max_size=60,
    unique_by=lambda row: row[:2],
)


def text_of(candles, shift=0):
    lines = ["time,symbol,open,high,low,close"]
    for minute, symbol, *prices in sorted(candles, key=lambda row: row[0]):
        opened, close, *_ = prices
        lines.append(
            f"{(T0 + (minute + shift) * MINUTE) // 1000},{symbol},{opened},{max(prices)},"
            f"{min(prices)},{close}"
        )
    # A symbol with candles enough for the length to be one minute.
    lines += [
        f"{(T0 + (minute + shift) * MINUTE) // 1000},END-USD,1,1,1,1" for minute in range(100, 400)
    ]
    return "\n".join(lines)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(candles=rows, cut=st.integers(1, 40), stamp=st.sampled_from(["start", "end"]))
def test_what_comes_later_on_a_tape_changes_nothing_earlier(tmp_path, candles, cut, stamp):
    """Until a minute is over, its candle's extremes and close cannot be told from any other's."""
    shift = 1 if stamp == "end" else 0
    changed = [
        (minute, symbol, opened, 149, 51, 60)
        if minute == cut
        else (minute, symbol, 151, 151, 151, 151)
        if minute > cut
        else (minute, symbol, opened, *rest)
        for minute, symbol, opened, *rest in candles
    ]
    seen = []
    for version in (candles, changed):
        path = tmp_path / "tape.csv"
        path.write_text(text_of(version, shift))
        reader = TapeReader(path, stamp=stamp)
        reader.intervals = dict.fromkeys(reader.intervals, MINUTE)
        inputs = list(reader.inputs())
        assert [i.time for i in inputs] == sorted(i.time for i in inputs)
        end = T0 + (cut + 1) * MINUTE
        seen.append([facts(item) for item in inputs if item.time < end])
    assert seen[0] == seen[1]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(candles=rows)
def test_at_one_instant_bars_come_before_openings_and_every_candle_comes_once(tmp_path, candles):
    path = tmp_path / "tape.csv"
    path.write_text(text_of(candles))
    reader = TapeReader(path)
    reader.intervals = dict.fromkeys(reader.intervals, MINUTE)
    inputs = list(reader.inputs())
    bars = [item for item in inputs if isinstance(item, Bar)]
    assert len(bars) == len(candles) + 300 == len(inputs) - len(bars)
    for before, after in itertools.pairwise(inputs):
        if before.time == after.time:
            assert not (not isinstance(before, Bar) and isinstance(after, Bar))
