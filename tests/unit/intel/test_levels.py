from __future__ import annotations

import dataclasses

import pytest

from papertrader_tui.intel.levels import LEVELS, override, profile


def test_the_table_is_the_documents() -> None:
    rows = {
        p.level: (p.risk_tolerance, p.max_position_pct, p.max_exposure_pct, p.min_confidence,
                  p.min_trade_usd, p.mev_protection, p.gas_strategy, p.stop_pct,
                  p.decide_every_ms // 1000)
        for p in LEVELS.values()
    }  # fmt: skip
    assert rows == {
        1: (20, 2, 10, 95, 10, True, "minimal", 3, 300),
        2: (25, 3, 15, 90, 20, True, "low", 3, 300),
        3: (30, 5, 25, 85, 30, True, "standard", 3, 120),
        4: (40, 7, 35, 75, 40, True, "standard", 5, 60),
        5: (50, 10, 50, 65, 50, True, "adaptive", 5, 60),
        6: (60, 12, 60, 60, 60, True, "adaptive", 5, 30),
        7: (70, 15, 75, 55, 70, False, "aggressive", 8, 30),
        8: (80, 18, 85, 50, 80, False, "aggressive", 8, 15),
        9: (90, 20, 95, 45, 90, False, "ultra", 8, 15),
        10: (50, 10, 50, 65, 50, True, "adaptive", 5, 15),
    }


def test_level_10_says_that_it_runs_as_level_5() -> None:
    assert profile(10).name == "Autonomous"
    assert "level 5" in profile(10).note
    assert profile(5).note == ""


@pytest.mark.parametrize("level", [0, 11, -1])
def test_a_level_off_the_dial_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match=rf"level {level} is not on the dial; choose 1"):
        profile(level)


def test_an_override_changes_a_copy_and_never_the_table() -> None:
    before = {level: dataclasses.asdict(p) for level, p in LEVELS.items()}
    own = override(profile(5), max_position_pct=12, stop_pct=4)
    again = override(own, min_confidence=70)
    assert (own.max_position_pct, own.stop_pct, own.min_confidence) == (12, 4, 65)
    assert again.changed == ("max_position_pct", "min_confidence", "stop_pct")
    assert {level: dataclasses.asdict(p) for level, p in LEVELS.items()} == before


def test_the_table_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        LEVELS[5] = profile(9)  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        profile(5).stop_pct = 50  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("risk_tolerance", 101, "risk_tolerance 101 must be a number from 1 to 100"),
        ("min_confidence", -1, "min_confidence -1 must be a number from 0 to 100"),
        ("min_trade_usd", float("nan"), "min_trade_usd nan must be a number from 1"),
        ("stop_pct", "5", "stop_pct '5' must be a number from 0.5 to 50"),
        ("stop_pct", True, "stop_pct True must be a number"),
        ("decide_every_ms", 1500.5, "decide_every_ms 1500.5 must be whole milliseconds"),
        ("mev_protection", "yes", "mev_protection 'yes' must be true or false"),
        ("gas_strategy", "fast", "gas_strategy 'fast' must be one of minimal, low"),
        ("level", 9, "'level' is no setting of a level; choose from risk_tolerance"),
    ],
)
def test_a_bad_override_names_field_value_and_range(name: str, value: object, told: str) -> None:
    with pytest.raises(ValueError, match="^" + told.replace("'", ".")):
        override(profile(5), **{name: value})


def test_one_position_may_not_exceed_all_of_them() -> None:
    with pytest.raises(ValueError, match="max_position_pct 20 is more than max_exposure_pct 10"):
        override(profile(1), max_position_pct=20)
