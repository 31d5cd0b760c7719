"""The steps of the speed keys."""

from __future__ import annotations

import pytest

from papertrader_tui.tui.speeds import SPEEDS, step, words


@pytest.mark.parametrize(
    ("speed", "by", "expected"),
    [(1, 1, 2), (1, -1, 1), (10, -1, 5), (45, 1, 60), (45, -1, 20), (600, 1, None)],
)
def test_a_step_goes_to_the_next_speed_of_the_ladder(speed, by, expected):
    assert step(speed, by) == expected


def test_the_ladder_is_climbed_up_and_down_again():
    speed, seen = 1.0, [1.0]
    while (higher := step(speed, 1)) != speed:
        seen.append(higher)
        speed = higher
    assert tuple(seen) == SPEEDS
    for lower in reversed(SPEEDS[:-1]):
        speed = step(speed, -1)
        assert speed == lower


def test_a_speed_in_words():
    assert [words(s) for s in (1, 10, 2.5, 600, None)] == ["×1", "×10", "×2.5", "×600", "max"]
