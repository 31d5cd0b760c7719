"""Metrics agree with an independent library on any equity curve."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import empyrical
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from papertrader_tui.domain.ledger import Closed
from papertrader_tui.domain.market import DAY
from papertrader_tui.domain.performance import (
    daily_returns,
    drawdowns,
    max_drawdown,
    metrics,
    window,
)

START = 1_767_571_200_000  # 2026-01-05T00:00:00Z

#: Cents, so that a curve may move by a hair or by its whole.
values = st.integers(1, 10**9).map(lambda cents: Decimal(cents).scaleb(-2))


@st.composite
def closes_of_days(draw: st.DrawFn) -> list[Decimal]:
    """From a day to the next to between a quarter and four times as much, to the cent.

    Worse days are beyond the library: it multiplies 1 + r again, where -0.999994 + 1 has lost
    five digits, and the power of 365 / n takes the rest.
    """
    found = [draw(values)]
    for factor in draw(st.lists(st.integers(250_000, 4_000_000), min_size=1, max_size=60)):
        found.append(max(found[-1] * factor // 10**4 / 100, Decimal("0.01")))
    return found


def daily(closes: list[Decimal]) -> list[tuple[int, Decimal]]:
    return [(START + day * DAY, value) for day, value in enumerate(closes)]


def same(ours: float | None, theirs: float) -> None:
    """Equal to 1e-9; where they divide by nothing we tell nothing."""
    if ours is None:
        assert not math.isfinite(theirs)
    else:
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@given(closes_of_days())
def test_returns_and_ratios(closes: list[Decimal]):
    found = metrics(daily(closes))
    prices = np.array([float(value) for value in closes])
    returns = prices[1:] / prices[:-1] - 1
    assert daily_returns(daily(closes)) == pytest.approx(returns.tolist(), rel=1e-9, abs=1e-12)
    same(found.total_return, empyrical.cum_returns_final(returns))
    same(found.max_drawdown, empyrical.max_drawdown(returns))
    if len(returns) < 2:
        assert (found.annual_return, found.volatility, found.sharpe) == (None, None, None)
        return
    same(found.volatility, empyrical.annual_volatility(returns, annualization=365))
    with np.errstate(over="ignore"):
        same(found.annual_return, empyrical.annual_return(returns, annualization=365))
        same(found.calmar, empyrical.calmar_ratio(returns, annualization=365))
    # a return is a float near 1 less 1: divisors below a millionth are not known to nine digits
    if returns.std(ddof=1) > 1e-6:
        same(found.sharpe, empyrical.sharpe_ratio(returns, annualization=365))
    if (loss := empyrical.downside_risk(returns)) > 1e-4 or loss == 0:
        with np.errstate(divide="ignore", invalid="ignore"):
            same(found.sortino, empyrical.sortino_ratio(returns, annualization=365))


points = st.lists(st.tuples(st.integers(1, 2 * DAY), values), min_size=2, max_size=60)


@given(points)
def test_drawdowns_at_any_times(steps: list[tuple[int, Decimal]]):
    time, curve = START, []
    for after, value in steps:
        time += after
        curve.append((time, value))
    prices = np.array([float(value) for _, value in curve])
    returns = prices[1:] / prices[:-1] - 1
    fall = max_drawdown(curve)
    same(fall.depth if fall else 0.0, empyrical.max_drawdown(returns))
    assert min(depth for _, depth in drawdowns(curve)) == (fall.depth if fall else 0.0)
    if fall is not None:
        by_time = dict(curve)
        assert by_time[fall.peak] == max(v for t, v in curve if t <= fall.trough)
        later = [t for t, v in curve if t > fall.trough and v >= by_time[fall.peak]]
        assert fall.end == (later[0] if later else curve[-1][0])
        assert fall.recovered == bool(later)


@given(points)
def test_every_figure_is_finite_or_not_told(steps: list[tuple[int, Decimal]]):
    curve = [(START + after, value) for after, value in sorted(steps, key=lambda s: s[0])]
    found = metrics(curve, traded=Decimal(1), invested=[(START, 0.5)], held=[(START, START + DAY)])
    for name in found.__slots__:
        value = getattr(found, name)
        assert not isinstance(value, float) or math.isfinite(value), name


@given(points, st.integers(0, DAY), st.integers(0, 60 * DAY))
def test_a_period_has_the_value_that_held_at_both_its_ends(
    steps: list[tuple[int, Decimal]], begin: int, length: int
):
    time, curve = START, []
    for after, value in steps:
        time += after
        curve.append((time, value))
    since, until = curve[0][0] + begin, curve[0][0] + begin + length
    assume(since <= curve[-1][0])
    part = window(curve, since, until)
    end = min(until, curve[-1][0])
    assert part[0] == (since, [v for t, v in curve if t <= since][-1])
    assert part[-1] == (end, [v for t, v in curve if t <= end][-1])
    assert set(part[1:-1]) <= set(curve)


nets = st.lists(st.integers(-(10**8), 10**8).map(lambda c: Decimal(c).scaleb(-2)), max_size=40)


@given(nets)
def test_trades_add_up(profits: list[Decimal]):
    found = metrics([], [Closed("t", 0, 0, Decimal(1), net + 1, Decimal(1)) for net in profits])
    array: Callable[[list[float]], np.ndarray] = np.array
    net = array([float(one) for one in profits])
    assert found.wins == int((net > 0).sum())
    if not profits:
        assert found.expectancy is None
        return
    assert float(found.expectancy or 0) == pytest.approx(net.mean(), abs=1e-6)
    assert found.win_rate == pytest.approx((net > 0).mean())
    lost = -net[net < 0].sum()
    if lost:
        assert found.profit_factor == pytest.approx(net[net > 0].sum() / lost)
    else:
        assert found.profit_factor is None
