from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.domain.market import Candle
from papertrader_tui.tui.widgets import candles as plot


def column(candle: Candle, rows: int = 4, low: float = 0.0, high: float = 8.0) -> str:
    canvas = plot.Canvas(1, rows, 0)
    plot.draw_candles(canvas, [candle], plot.Scale(low, high, rows))
    return "".join(line[0] for line in canvas.chars)


@pytest.mark.parametrize(
    ("candle", "drawn"),
    [
        # eight half rows, one dollar each
        (Candle(0, 1.5, 7.5, 0.5, 6.5), "╽┃┃╿"),
        (Candle(0, 6.5, 6.5, 1.5, 1.5), "╻┃┃╹"),
        (Candle(0, 3.5, 7.5, 0.5, 3.5), "││╿│"),
        (Candle(0, 4.5, 6.5, 4.5, 4.5), "╷╽  "),
    ],
)
def test_bodies_and_wicks_are_drawn_to_half_a_row(candle: Candle, drawn: str) -> None:
    assert column(candle) == drawn


prices = st.floats(1e-9, 1e9)


@given(st.lists(prices, min_size=4, max_size=4), st.integers(3, 30))
def test_a_candle_is_one_unbroken_line(values: list[float], rows: int) -> None:
    low, a, b, high = sorted(values)
    candle = Candle(0, a, high, low, b)
    drawn = column(candle, rows, low * 0.9, high * 1.1)
    assert drawn.strip()
    assert " " not in drawn.strip()


@given(prices, st.floats(1e-9, 1e6), st.integers(2, 12))
def test_ticks_are_inside_and_evenly_spaced(low: float, span: float, count: int) -> None:
    ticks = plot.nice_ticks(low, low + span, count)
    assert len(ticks) <= count
    steps = [b - a for a, b in pairwise(ticks)]
    assert all(step == pytest.approx(steps[0], rel=1e-3, abs=low * 1e-12) for step in steps)
    assert all(low * (1 - 1e-9) <= t <= (low + span) * (1 + 1e-9) for t in ticks)


def test_ticks_are_round() -> None:
    assert plot.nice_ticks(3301, 3499, 5) == [3350, 3400, 3450]
    assert plot.tick_decimals([0.80, 0.81], 0.8) == 4
    assert plot.tick_decimals([1.00001, 1.00002], 1.0) == 5


def test_a_level_far_away_does_not_flatten_the_candles() -> None:
    series = [Candle(0, 100, 110, 90, 105)]
    near = plot.scale_for(series, 10, [plot.Level(80, "stop", "down", "down")])
    far = plot.scale_for(series, 10, [plot.Level(10, "stop", "down", "down")])
    assert near.holds(80)
    assert not far.holds(10)


def test_equal_prices_still_have_a_scale() -> None:
    scale = plot.scale_for([Candle(0, 5, 5, 5, 5)], 10)
    assert scale.low < 5 < scale.high


def test_times_are_round_and_apart() -> None:
    series = [Candle(300_000 * i, 1, 1, 1, 1) for i in range(50)]
    ticks = plot.time_ticks(series, 300_000, 12)
    assert ticks == {12: "01:00", 24: "02:00", 36: "03:00", 48: "04:00"}


def test_midnight_is_a_date() -> None:
    day = 86_400_000
    series = [Candle(day - 3_600_000 * 3 + 3_600_000 * i, 1, 1, 1, 1) for i in range(6)]
    assert plot.time_ticks(series, 3_600_000, 3)[3] == "02 Jan"


def test_volume_fills_its_rows_in_eighths() -> None:
    canvas = plot.Canvas(3, 2, 0)
    plot.draw_volume(canvas, [Candle(0, 1, 1, 1, 1, v) for v in (16.0, 4.0, -1.0)])
    assert ["".join(row) for row in canvas.chars] == ["█  ", "█▄ "]


def test_neighbours_of_one_tone_are_one_part() -> None:
    canvas = plot.Canvas(5, 1, 0)
    for x, (char, tone) in enumerate([("a", "up"), ("b", "up"), (" ", ""), ("c", "down")]):
        canvas.put(0, x, char, tone)
    assert canvas.row(0) == [("ab ", "up"), ("c ", "down")]
