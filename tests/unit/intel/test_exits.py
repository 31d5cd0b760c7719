from __future__ import annotations

import json

import pytest

from papertrader_tui.intel.exits import (
    ExitPlan,
    breach,
    from_plain,
    make_plan,
    sold_part,
    stop_distance,
    to_plain,
)
from papertrader_tui.intel.levels import profile


def plan(taken: int = 0) -> ExitPlan:
    return ExitPlan(100.0, 2.0, opened=7, taken=taken)


def test_the_distance_comes_from_atr_within_its_bounds() -> None:
    assert stop_distance(100.0, 0.3, profile(5)) == pytest.approx(1.8)
    assert stop_distance(100.0, 0.01, profile(5)) == 0.5
    assert stop_distance(100.0, 2.0, profile(5)) == 5.0
    assert stop_distance(100.0, 2.0, profile(1)) == 3.0
    assert stop_distance(100.0, None, profile(9)) == 8.0
    made = make_plan(100.0, 0.3, profile(5), 42)
    assert (made.stop, made.opened) == (pytest.approx(98.2), 42)
    assert made.targets == pytest.approx((101.8, 103.6, 105.4))


@pytest.mark.parametrize(
    ("low", "high", "rule"),
    [
        (98.01, 101.99, None),
        (98.0, 98.0, "exit.stop_loss"),
        (90.0, 90.0, "exit.stop_loss"),
        (102.0, 102.0, "exit.take_profit_1"),
        (100.0, 104.5, "exit.take_profit_2"),
        (106.0, 106.0, "exit.take_profit_3"),
        (97.0, 107.0, "exit.stop_loss"),  # both in one bar: the stop wins
    ],
)
def test_which_rule_a_price_triggers(low: float, high: float, rule: str | None) -> None:
    assert breach(plan(), low, high) == rule


def test_the_stop_trails_once_the_first_tier_is_taken_and_not_before() -> None:
    kept = plan()
    assert breach(kept, 101.9, 101.9) is None
    assert kept.guard == 98.0
    assert breach(kept, 102.5, 102.5) == "exit.take_profit_1"
    kept.take(1)
    assert kept.guard == 100.5
    assert kept.target == 104.0
    assert breach(kept, 103.5, 103.5) is None
    assert kept.guard == 101.5
    assert breach(kept, 101.6, 101.6) is None
    assert breach(kept, 101.5, 101.5) == "exit.trailing"


def test_within_a_bar_the_trail_follows_only_after_the_check() -> None:
    kept = plan(taken=1)
    assert breach(kept, 101.0, 103.9) is None  # its own high would put the guard at 101.9
    assert kept.guard == pytest.approx(101.9)


def test_parts_sold_are_thirds_of_the_original() -> None:
    assert sold_part(plan(), "exit.take_profit_1") == (1, 3)
    assert sold_part(plan(1), "exit.take_profit_2") == (1, 2)
    assert sold_part(plan(2), "exit.take_profit_3") == (1, 1)
    assert sold_part(plan(), "exit.take_profit_2") == (2, 3)
    assert sold_part(plan(), "exit.take_profit_3") == (3, 3)
    assert sold_part(plan(1), "exit.stop_loss") == (1, 1)
    assert sold_part(None, "exit.stop_loss") == (1, 1)


def test_after_the_last_tier_only_the_trail_is_left() -> None:
    kept = plan()
    kept.take(5)
    assert (kept.taken, kept.target) == (3, None)
    assert breach(kept, 120.0, 500.0) is None
    assert breach(kept, 400.0, 400.0) == "exit.trailing"


def test_a_plan_survives_a_checkpoint_to_the_bit() -> None:
    kept = make_plan(0.000012345678, 3.21e-8, profile(7), 1_704_067_200_000)
    breach(kept, 0.0000125, 0.0000126)
    kept.take(1)
    again = from_plain(json.loads(json.dumps(to_plain(kept))))
    for name in ("entry", "distance", "stop", "targets", "taken", "high", "guard", "opened"):
        assert getattr(again, name) == getattr(kept, name), name
    assert again.target == kept.target
