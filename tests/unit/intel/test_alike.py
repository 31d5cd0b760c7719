"""What is told without scores; that it is never wrong is a property (tests/property)."""

import pytest

from papertrader_tui.intel.alike import alike
from papertrader_tui.intel.decisions import judge
from papertrader_tui.intel.exits import ExitPlan
from tests.unit.intel.builders import context, series_with

FALLING = {"trend": -2.0, "walks": (-2.0, -2.0, -2.0), "rsi": 30.0, "ema_fast": 99.0}


def test_a_position_with_no_exit_near_is_told():
    ctx = context(7, held=True, plan=ExitPlan(100.0, 5.0, 0), opened=context().time)
    assert judge(ctx).rule == "hold.position"
    assert alike(ctx, "hold.position")
    ctx.pending = True
    assert not alike(ctx, "hold.position")


def test_low_confidence_is_told():
    ctx = context(1, series_with(**FALLING), liquidity=None, gas_rank=None)
    assert judge(ctx).rule == "skip.confidence"
    assert alike(ctx, "skip.confidence")
    ctx.blocked = "gate.daily_loss"
    assert not alike(ctx, "skip.confidence")


def test_a_move_that_does_not_pay_is_told():
    ctx = context(9, series_with(atr=0.001))
    assert judge(ctx).rule == "skip.cost"
    assert alike(ctx, "skip.cost")


@pytest.mark.parametrize("values", [{"fault": "sources differ"}, {"age_ms": 60_001}])
def test_nothing_is_told_on_a_doubtful_price(values):
    ctx = context(9, series_with(atr=0.001), **values)
    assert judge(ctx).rule == "skip.price"
    assert not alike(ctx, "skip.cost")
