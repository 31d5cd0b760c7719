from __future__ import annotations

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Candle, History
from papertrader_tui.intel.indicators import Series
from tests.unit.intel.builders import BAR, START, bar, fed, walk


def test_bars_lie_on_five_minute_boundaries_and_close_with_the_first_price_after() -> None:
    series = Series()
    series.on_price(START + 4 * MINUTE, 10.0, 1.0)
    series.on_price(START + 5 * MINUTE - 1, 12.0, 2.0)
    assert (series.start, series.end, series.bars) == (START, START + BAR, 0)
    assert (series.high, series.low, series.close, series.volume) == (12.0, 10.0, 12.0, 3.0)
    series.on_price(START + 5 * MINUTE, 9.0, 4.0)
    assert (series.bars, series.last, series.close, series.volume) == (1, 12.0, 9.0, 4.0)


def test_one_minute_candles_merge_and_the_fifth_closes_the_bar() -> None:
    series = Series()
    for index, price in enumerate((10.0, 11.0, 14.0, 8.0)):
        series.on_bar(bar(START + index * MINUTE, price, MINUTE, volume=1.0))
        assert series.bars == 0
    series.on_bar(bar(START + 4 * MINUTE, 9.0, MINUTE, volume=1.0))
    assert (series.bars, series.last, series.high, series.low) == (1, 9.0, 14.0, 8.0)
    assert series.volume == 5.0
    assert not series.forming


def test_the_first_candle_sets_the_length_if_it_is_longer() -> None:
    series = Series()
    for index in range(3):
        series.on_bar(bar(START + index * HOUR, 10.0 + index, HOUR))
    assert (series.bar_ms, series.bars, series.last) == (HOUR, 3, 12.0)
    assert series.ref_hour == 11.0


def test_history_warms_and_prices_go_on_from_it() -> None:
    prices = walk(288)
    candles = [Candle(START + i * BAR, p, p, p, p, 50.0) for i, p in enumerate(prices)]
    end = START + 288 * BAR
    series = Series()
    series.on_price(START, 1.0, 1.0)
    series.warm(History("base:tape-x", end, BAR, candles, "test"))
    plain = fed(prices, volume=50.0)
    for name in ("bars", "ema_fast", "rsi", "atr", "trend", "sigma", "volume_ratio", "ref_hour"):
        assert getattr(series, name) == getattr(plain, name), name
    series.on_price(end + 10_000, 101.0, 1.0)
    assert series.bars == 288
    assert series.close == 101.0


def test_a_change_counts_from_the_sample_at_that_time() -> None:
    prices = walk(400)
    series = fed(prices)
    now = START + 400 * BAR
    assert series.change(5 * MINUTE, now, 200.0) == 200.0 / prices[398] - 1
    assert series.change(HOUR, now, 200.0) == 200.0 / prices[387] - 1
    assert series.change(DAY, now, 200.0) == 200.0 / prices[399 - 288] - 1
    # between two samples it is the earlier one, at most one bar off
    assert series.change(HOUR, now + 4 * MINUTE, 200.0) == 200.0 / prices[387] - 1


def test_a_change_never_counts_from_whatever_sample_is_oldest() -> None:
    """The replaced system called the move since its first sample the 1 h change."""
    prices = walk(11)
    series = fed(prices)
    now = START + 11 * BAR
    assert series.change(HOUR, now, 110.0) is None
    assert series.change(DAY, now, 110.0) is None
    assert series.change(50 * MINUTE, now, 110.0) == 110.0 / prices[0] - 1


def test_a_change_into_a_gap_is_not_known() -> None:
    series = fed(walk(20))
    resume = START + 20 * BAR + 50 * MINUTE
    series.on_price(resume, 100.0, 1.0)
    assert series.change(30 * MINUTE, resume, 100.0) is None
    assert series.change(HOUR, resume, 100.0) is not None
    assert Series().change(HOUR, START, 1.0) is None


def test_the_past_is_found_again_over_more_bars_than_are_kept() -> None:
    prices = walk(1_000)
    series = fed(prices)
    now = START + 1_000 * BAR
    assert series.at(now - DAY) == prices[999 - 288]
    assert series.at(now - 2 * DAY) is None


def test_a_sparkline_covers_a_day_and_ends_with_the_newest_price() -> None:
    prices = walk(500)
    series = fed(prices)
    assert series.closes(48)[-1] == prices[-1]
    assert len(series.closes(48)) <= 48
    assert series.closes(1_000) == prices[-289:]
    series.on_price(START + 500 * BAR, 7.0, 1.0)
    assert series.closes(10)[-1] == 7.0
    assert Series().closes() == []


def test_late_history_keeps_the_bar_that_is_forming() -> None:
    prices = walk(288)
    candles = [Candle(START + i * BAR, p, p, p, p, 50.0) for i, p in enumerate(prices)]
    end = START + 288 * BAR
    late = Series()
    for time, price in ((-BAR, 1.0), (10_000, 120.0), (20_000, 90.0), (30_000, 101.0)):
        late.on_price(end + time, price, 1.0)
    late.warm(History("base:tape-x", end + 30_000, BAR, candles, "test"))
    assert (late.bars, late.forming, late.start) == (288, True, end)
    early = Series()
    early.warm(History("base:tape-x", end, BAR, candles, "test"))
    for time, price in ((10_000, 120.0), (20_000, 90.0), (30_000, 101.0)):
        early.on_price(end + time, price, 1.0)
    for series in (late, early):
        series.on_price(end + BAR, 100.0, 1.0)
    for name in ("bars", "last", "ema_fast", "rsi", "atr", "trend", "sigma", "support",
                 "resistance", "volume_ratio", "ref_bar", "ref_hour"):  # fmt: skip
        assert getattr(late, name) == getattr(early, name), name
