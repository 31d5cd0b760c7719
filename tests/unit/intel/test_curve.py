"""Costs sampled from a pool, and what is worked out from them."""

from __future__ import annotations

import pytest

from papertrader_tui.intel import sizing
from papertrader_tui.intel.curve import Curve
from papertrader_tui.intel.decisions import judge
from papertrader_tui.intel.explain import explain
from tests.unit.intel.builders import context, series_with

SIZES = [2.0**n for n in range(24)]


def constant_product(reserve: float, fee: float) -> Curve:
    impact = [size / (reserve + size) for size in SIZES]
    return Curve(SIZES, [2 * (fee + part) for part in impact], impact)


def test_between_samples_it_is_linear_and_outside_flat() -> None:
    curve = Curve([1.0, 3.0], [0.01, 0.03], [0.0, 0.2])
    found = [curve.both(size) for size in (0.5, 1.0, 2.0, 3.0, 9.0)]
    assert found == pytest.approx([0.01, 0.01, 0.02, 0.03, 0.03])
    assert curve.impact(2.0) == pytest.approx(0.1)
    assert curve.size_for_impact(0.05) == pytest.approx(1.5)
    assert curve.size_for_impact(0.2) == 3.0
    assert Curve([1.0, 2.0], [0.1, 0.1], [0.1, 0.2]).size_for_impact(0.05) == 0.0


def test_a_gain_or_a_dip_in_the_samples_is_no_lower_cost() -> None:
    curve = Curve([1.0, 2.0, 4.0], [0.02, -0.01, 0.03], [-0.001, 0.004, 0.002])
    assert [curve.both(s) for s in (1.0, 2.0, 4.0)] == [0.02, 0.02, 0.03]
    assert [curve.impact(s) for s in (1.0, 2.0, 4.0)] == [0.0, 0.004, 0.004]


@pytest.mark.parametrize("samples", [([1.0], [0.1], [0.1]), ([1.0, 2.0], [0.1], [0.1, 0.2])])
def test_samples_that_do_not_fit_each_other_are_refused(samples: tuple[list[float], ...]) -> None:
    with pytest.raises(ValueError, match="two or more each"):
        Curve(*samples)


def test_where_samples_are_of_a_constant_product_the_closed_form_is_met() -> None:
    closed = context(9, liquidity=4_000_000.0, gas_usd=0.1, fee_bps=5.0)
    sampled = context(9, liquidity=4_000_000.0, gas_usd=0.1, fee_bps=5.0)
    sampled.curve = constant_product(2_000_000.0, 0.0005)
    for size in (50.0, 700.0, 12_345.0):
        expected = sizing.round_trip(size, closed)
        assert sizing.round_trip(size, sampled) == pytest.approx(expected, rel=0.01)
    one, other = sizing.paying_sizes(0.012, closed), sizing.paying_sizes(0.012, sampled)
    assert one is not None
    assert other == pytest.approx(one, rel=0.05)
    assert judge(sampled).size_cents == pytest.approx(judge(closed).size_cents, rel=0.01)


def test_every_size_between_the_two_pays_for_itself() -> None:
    curve = constant_product(50_000.0, 0.0005)
    found = curve.paying(0.01, 0.2)
    assert found is not None
    smallest, largest = found
    for part in range(101):
        size = smallest + (largest - smallest) * part / 100
        assert curve.both(size) + 2 * 0.2 / size <= 0.01 + 1e-9
    for size in (smallest * 0.98, largest * 1.02):
        assert curve.both(size) + 2 * 0.2 / size > 0.01
    assert curve.paying(0.0009, 0.2) is None


def test_gas_alone_sets_the_smallest_size_where_the_first_sample_pays() -> None:
    found = Curve([1.0, 100.0], [0.001, 0.002], [0.0, 0.001]).paying(0.011, 0.001)
    assert found == pytest.approx((0.2, 100.0))
    free = Curve([1.0, 100.0], [0.001, 0.002], [0.0, 0.001]).paying(0.011, 0.0)
    assert free == (0.0, 100.0)


def test_a_shallow_pool_bounds_the_size_by_its_impact() -> None:
    ctx = context(9, series_with(atr=1.0), curve=constant_product(50_000.0, 0.0))
    verdict = judge(ctx)
    assert verdict.bound == sizing.IMPACT
    assert ctx.curve is not None
    assert ctx.curve.impact(verdict.size_cents / 100) == pytest.approx(0.005, rel=1e-3)
    depth = next(f for f in explain(ctx, verdict).factors if f.name == "depth")
    assert depth.sentence.endswith("by its own arithmetic")


def test_depth_is_known_from_the_pool_alone() -> None:
    ctx = context(9, liquidity=None, curve=constant_product(50_000.0, 0.0))
    story = explain(ctx, judge(ctx))
    assert "depth" not in story.missing
    assert {"depth", "MEV exposure"} <= {f.name for f in story.factors}
