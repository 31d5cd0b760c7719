"""Metrics at the edges: no trades, one, all losses, flat, and less than two days."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from papertrader_tui.domain.ledger import Closed
from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.domain.performance import (
    Metrics,
    buy_and_hold,
    daily_closes,
    daily_returns,
    drawdowns,
    max_drawdown,
    metrics,
    to_plain,
    window,
)

START = 1_767_571_200_000  # 2026-01-05T00:00:00Z
D = Decimal


def curve(*points: tuple[float, str]) -> list[tuple[int, Decimal]]:
    """(days since START, USDC)."""
    return [(START + round(days * DAY), D(value)) for days, value in points]


def trade(net: str, costs: str = "0") -> Closed:
    return Closed("base:0x1", START, START, D(100), D(net) + D(costs), D(costs))


def ratios(found: Metrics) -> list[float | None]:
    return [
        found.annual_return, found.volatility, found.sharpe, found.sortino, found.calmar,
        found.total_return, found.max_drawdown, found.win_rate, found.profit_factor,
        found.exposure, found.in_market, found.turnover,
    ]  # fmt: skip


def test_days_close_with_the_last_value_at_or_before_midnight():
    found = daily_closes(curve((0.5, "100"), (0.9, "110"), (1.0, "120"), (1.1, "90")))
    assert found == [(START, D(120)), (START + DAY, D(90))]


def test_gaps_are_carried_forward():
    found = daily_closes(curve((0, "100"), (0.5, "110"), (3.5, "99")))
    assert [value for _, value in found] == [D(110), D(110), D(110), D(99)]
    returns = daily_returns(curve((0, "100"), (0.5, "110"), (3.5, "99")))
    assert returns == pytest.approx([0.1, 0.0, 0.0, -0.1])


def test_midnight_begins_a_curve_and_ends_one_without_an_empty_day():
    assert len(daily_closes(curve((0, "100"), (2, "110")))) == 2
    assert daily_closes(curve((0, "100"))) == []
    assert daily_closes([]) == []


def test_less_than_an_hour_of_a_day_belongs_to_its_neighbour():
    late = curve((0.99, "100"), (1, "105"), (1.5, "110"), (2, "120"), (2.01, "121"))
    assert daily_closes(late) == [(START + DAY, D(121))]
    assert daily_returns(late) == pytest.approx([0.21])
    early = curve((0.95, "100"), (1, "105"), (2, "120"), (2.05, "126"))
    assert daily_returns(early) == pytest.approx([0.05, 120 / 105 - 1, 0.05])
    assert daily_closes(curve((0.99, "100"), (1.01, "105"))) == [(START + DAY, D(105))]


def test_nothing_is_told_of_nothing():
    found = metrics([])
    assert found == Metrics()
    assert ratios(found) == [None] * 12


def test_a_single_point_has_no_return():
    found = metrics(curve((0.5, "100")))
    assert (found.days, found.start, found.end) == (0, D(100), D(100))
    assert found.total_return is None
    assert found.max_drawdown is None


def test_less_than_two_days_tells_the_return_and_nothing_annual():
    found = metrics(curve((0, "100"), (0.4, "90"), (0.8, "105")))
    assert found.total_return == pytest.approx(0.05)
    assert found.max_drawdown == pytest.approx(-0.1)
    assert found.recovered is True
    assert ratios(found)[:5] == [None] * 5


def test_a_flat_curve_has_no_ratios():
    found = metrics(curve((0, "100"), (1, "100"), (2, "100"), (3, "100")))
    assert (found.total_return, found.annual_return, found.volatility) == (0, 0, 0)
    assert (found.sharpe, found.sortino, found.calmar) == (None, None, None)
    assert (found.max_drawdown, found.drawdown_length, found.recovered) == (0, None, None)


def test_the_same_return_every_day_has_no_spread_to_divide_by():
    value, points = D(100), []
    for day in range(30):
        points.append((START + day * DAY, value))
        value *= D("1.01")
    found = metrics(points)
    assert found.volatility == 0
    assert found.sharpe is None
    assert found.annual_return == pytest.approx(1.01**365 - 1)


def test_only_losing_days():
    found = metrics(curve((0, "100"), (1, "90"), (2, "72")))
    # returns -0.1 and -0.2: mean -0.15, deviation 0.0707…, below zero root of 0.025
    assert found.sharpe == pytest.approx(-0.15 / math.sqrt(0.005) * math.sqrt(365))
    assert found.sortino == pytest.approx(-0.15 / math.sqrt(0.025) * math.sqrt(365))
    assert found.max_drawdown == pytest.approx(-0.28)
    assert found.calmar == pytest.approx((0.72**182.5 - 1) / 0.28)
    assert found.drawdown_length == 2 * DAY
    assert found.recovered is False


def test_an_annual_return_beyond_every_number_is_not_told():
    found = metrics(curve((0, "1"), (1, "1000000"), (2, "1000000000000")))
    assert found.annual_return is None
    assert found.calmar is None
    assert all(value is None or math.isfinite(value) for value in ratios(found))


@pytest.mark.parametrize("values", [("0", "5", "6"), ("5", "0", "6")])
def test_what_grows_out_of_nothing_has_no_daily_returns(values: tuple[str, ...]):
    found = metrics(curve(*((day, value) for day, value in enumerate(values))))
    assert (found.volatility, found.sharpe, found.sortino) == (None, None, None)
    assert all(value is None or math.isfinite(value) for value in ratios(found))


def test_all_is_lost():
    found = metrics(curve((0, "100"), (1, "50"), (2, "0")))
    assert (found.total_return, found.annual_return, found.max_drawdown) == (-1, -1, -1)


def test_drawdown_counts_every_point_and_ends_when_the_peak_is_reached_again():
    points = curve((0, "100"), (0.25, "120"), (0.5, "90"), (0.75, "110"), (2, "120"), (3, "119"))
    found = max_drawdown(points)
    assert found is not None
    assert found.depth == pytest.approx(-0.25)
    assert (found.peak, found.trough) == (START + DAY // 4, START + DAY // 2)
    assert (found.length, found.recovered) == (2 * DAY - DAY // 4, True)
    assert [round(fall, 4) for _, fall in drawdowns(points)] == [
        0, 0, -0.25, -0.0833, 0, -0.0083,
    ]  # fmt: skip


def test_times_that_fall_are_refused():
    with pytest.raises(ValueError, match="sort the curve by time"):
        metrics(curve((1, "100"), (0, "100")))


def test_without_trades_nothing_is_told_of_them():
    found = metrics(curve((0, "100"), (1, "101"), (2, "102")))
    assert (found.closed, found.wins) == (0, 0)
    told = (found.win_rate, found.profit_factor, found.expectancy, found.average_win)
    assert told == (None, None, None, None)


def test_one_winning_trade_has_no_profit_factor():
    found = metrics([], [trade("5")])
    assert (found.closed, found.win_rate, found.expectancy) == (1, 1.0, D(5))
    assert found.profit_factor is None
    assert found.average_loss is None


def test_all_losses():
    found = metrics([], [trade("-5"), trade("-1")])
    assert (found.win_rate, found.profit_factor, found.expectancy) == (0.0, 0.0, D(-3))
    assert (found.average_win, found.average_loss) == (None, D(-3))


def test_win_rate_counts_profit_after_costs_not_completed_trades():
    """Five trades completed, four closed above their cost, one of them for less than its costs."""
    trades = [trade("4", "1"), trade("2", "1"), trade("-0.5", "1"), trade("-3"), trade("0", "2")]
    assert sum(1 for one in trades if one.realized > 0) == 4
    found = metrics([], trades)
    assert (found.closed, found.wins, found.win_rate) == (5, 2, 0.4)
    assert found.profit_factor == pytest.approx(6 / 3.5)
    assert found.expectancy == D("0.5")


def test_exposure_is_weighted_by_time_and_time_in_the_market_counts_once():
    points = curve((0, "100"), (1, "100"))
    invested = [(START, 0.0), (START + 6 * HOUR, 0.5), (START + 18 * HOUR, 0.2)]
    spans = [
        (START + 6 * HOUR, START + 12 * HOUR),
        (START + 9 * HOUR, START + 18 * HOUR),
        (START + 20 * HOUR, START + 90 * HOUR),
    ]
    found = metrics(points, invested=invested, held=spans)
    assert found.exposure == pytest.approx(0.5 * 0.5 + 0.2 * 0.25)
    assert found.in_market == pytest.approx(16 / 24)


def test_turnover_is_what_was_traded_over_mean_equity():
    found = metrics(curve((0, "100"), (1, "110"), (2, "90")), traded=D(250))
    assert found.turnover == pytest.approx(2.5)


def test_metrics_are_plain_json_values():
    found = to_plain(metrics(curve((0, "100"), (1, "110")), [trade("5")], costs={"gas": D("0.10")}))
    assert (found["start"], found["end"], found["expectancy"]) == ("100", "110", "5")
    assert found["costs"] == {"gas": "0.1"}
    assert found["sharpe"] is None


def test_a_period_begins_with_what_was_carried_into_it():
    points = curve((0, "100"), (1, "110"), (2, "120"))
    assert window(points, START + DAY + HOUR, START + 2 * DAY - HOUR) == [
        (START + DAY + HOUR, D(110)),
        (START + 2 * DAY - HOUR, D(110)),
    ]
    assert window(points, START - DAY, START + 9 * DAY) == points
    assert window(points, START + 3 * DAY) == []
    assert window([], START) == []


def test_buy_and_hold_buys_equal_parts_and_leaves_out_what_had_no_price():
    prices = {
        "a": [(START - HOUR, 10.0), (START + HOUR, 20.0)],
        "b": [(START + 2 * HOUR, 4.0), (START + 3 * HOUR, 2.0), (START + 9 * HOUR, 1.0)],
        "late": [(START + 2 * DAY, 1.0)],
        "never": [],
    }
    found, tokens = buy_and_hold(prices, D(1000), START, START + 4 * HOUR)
    assert tokens == ("a", "b")
    assert found == [
        (START, D(1000)),
        (START + HOUR, D(1500)),
        (START + 3 * HOUR, D(1250)),
        (START + 4 * HOUR, D(1250)),
    ]
    assert buy_and_hold({"late": prices["late"]}, D(1000), START, START + DAY) == ([], ())
