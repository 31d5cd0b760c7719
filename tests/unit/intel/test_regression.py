from __future__ import annotations

from math import sqrt

import pytest

from papertrader_tui.intel.regression import T_LIMIT, Regression
from tests.unit.intel.builders import walk


def naive(values: list[float]) -> tuple[float, float, float]:
    """Slope, t-statistic and R² by the textbook, two passes."""
    n = len(values)
    mean_x, mean_y = (n - 1) / 2, sum(values) / n
    sxx = sum((x - mean_x) ** 2 for x in range(n))
    sxy = sum((x - mean_x) * (y - mean_y) for x, y in enumerate(values))
    syy = sum((y - mean_y) ** 2 for y in values)
    slope = sxy / sxx
    sse = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in enumerate(values))
    return slope, slope / sqrt(sse / (n - 2) / sxx), sxy * sxy / sxx / syy


@pytest.mark.parametrize("size", [12, 48, 144])
def test_equals_the_textbook_at_every_step(size: int) -> None:
    values = walk(400, seed=size)
    fit = Regression(size)
    for index, value in enumerate(values):
        fit.push(value, values[index - size] if index >= size else 0.0)
        if index + 1 < size:
            assert fit.slope is None
            assert fit.t is None
            continue
        slope, t, share = naive(values[index + 1 - size : index + 1])
        assert fit.slope == pytest.approx(slope, rel=1e-7, abs=1e-12)
        assert fit.t == pytest.approx(t, rel=1e-6, abs=1e-8)
        assert abs(fit.fit) == pytest.approx(share, rel=1e-6, abs=1e-10)


def test_a_flat_line_has_no_trend_and_a_perfect_one_the_limit() -> None:
    flat, line, down = Regression(12), Regression(12), Regression(12)
    for index in range(12):
        flat.push(0.3, 0.0)
        line.push(0.1 * index, 0.0)
        down.push(-0.1 * index, 0.0)
    assert (flat.slope, flat.t, flat.fit) == (0.0, 0.0, 0.0)
    assert line.slope == pytest.approx(0.1)
    assert line.t == T_LIMIT
    assert down.t == -T_LIMIT


def test_recomputing_changes_nothing_but_rounding() -> None:
    values = walk(48)
    rolled = Regression(48)
    for value in values:
        rolled.push(value, 0.0)
    anew = Regression(48)
    anew.recompute(values)
    assert anew.slope == pytest.approx(rolled.slope, rel=1e-12)
