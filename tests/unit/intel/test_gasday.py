from __future__ import annotations

from papertrader_tui.domain.market import DAY, HOUR, MINUTE
from papertrader_tui.intel.gasday import GasDay
from tests.unit.intel.builders import START


def test_less_than_an_hour_says_nothing() -> None:
    day = GasDay()
    for minute in range(60):
        day.on_gas(START + minute * MINUTE, 100 + minute, "demo")
        assert day.percentile is None
    day.on_gas(START + HOUR, 99, "demo")
    assert day.percentile == 0.5 / 61


def test_a_constant_says_nothing_however_long() -> None:
    day = GasDay()
    for hour in range(48):
        day.on_gas(START + hour * HOUR, 7, "bundled")
    assert day.percentile is None


def test_ties_count_half_and_the_day_moves_on() -> None:
    day = GasDay()
    for minute in range(120):
        day.on_gas(START + minute * MINUTE, 10 if minute < 60 else 20, "demo")
    assert day.percentile == 0.75
    # a day later only the twenties of the last hour but one are left, and the newcomer
    day.on_gas(START + DAY + 59 * MINUTE, 5, "demo")
    assert day.percentile == 0.5 / 61
    day.on_gas(START + 2 * DAY, 6, "demo")
    assert day.percentile == 0.75


def test_many_prices_a_minute_count_as_one() -> None:
    day = GasDay()
    for second in range(0, 7200, 2):
        day.on_gas(START + second * 1_000, 10 + second % 4, "demo")
    assert len(day._sorted) == 120
    assert (day.price, day.source) == (12, "demo")
