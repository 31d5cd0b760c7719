"""Intervals and forecast scores against their definitions."""

from __future__ import annotations

import math
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.intel.proportion import Z95, brier, margin, wilson

COUNTS = st.integers(1, 5_000).flatmap(
    lambda total: st.tuples(st.integers(0, total), st.just(total))
)


@given(COUNTS)
def test_wilson_bounds_are_where_the_score_test_rejects(counts: tuple[int, int]) -> None:
    """By its definition: |part - p| = z sqrt(p (1 - p) / n), at either bound."""
    right, total = counts
    part = right / total
    low, high = wilson(right, total)
    assert 0 <= low <= part <= high <= 1
    for bound in (low, high):
        if 0 < bound < 1:
            score = (part - bound) / math.sqrt(bound * (1 - bound) / total)
            assert abs(score) == pytest.approx(Z95, rel=1e-6)
    assert (low == 0) == (right == 0)
    assert (high == 1) == (right == total)


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I: method 3
    [
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)  # fmt: skip
def test_wilson_bounds_are_the_published_ones(
    right: int, total: int, low: float, high: float
) -> None:
    assert wilson(right, total) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert brier([]) is None
    assert margin([1.0], [2.0, 3.0]) is None


@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=60))
def test_brier_is_reliability_less_resolution_plus_uncertainty(
    said: list[tuple[int, bool]],
) -> None:
    """Murphy's decomposition, by groups of one forecast each."""
    groups = defaultdict(list)
    for tenth, true in said:
        groups[tenth / 10].append(true)
    base = sum(true for _, true in said) / len(said)
    reliability = resolution = 0.0
    for forecast, outcomes in groups.items():
        rate = sum(outcomes) / len(outcomes)
        reliability += len(outcomes) * (forecast - rate) ** 2 / len(said)
        resolution += len(outcomes) * (rate - base) ** 2 / len(said)
    found = brier([(tenth / 10, true) for tenth, true in said])
    assert found == pytest.approx(reliability - resolution + base * (1 - base), abs=1e-12)


def test_a_difference_is_as_sure_as_its_samples_are_many() -> None:
    # variances 1 and 4 over 2 and 2: sqrt(0.5 + 2) standard errors
    first, second = [0.0, math.sqrt(2)], [0.0, 2 * math.sqrt(2)]
    assert margin(first, second) == pytest.approx(Z95 * math.sqrt(2.5))
