"""The steps in which a market that has a speed is played slower and faster. Pure."""

from __future__ import annotations

import math

from papertrader_tui.tui.formatting import compact

#: Market seconds per second; None is as fast as possible.
SPEEDS: tuple[float | None, ...] = (1, 2, 5, 10, 20, 60, 120, 300, 600, None)


def step(speed: float | None, by: int) -> float | None:
    """The next speed up (`by` above 0) or down; the same at either end.

    A speed between two steps goes to the nearer of them in that direction.
    """
    now = _size(speed)
    ladder = sorted(SPEEDS, key=_size, reverse=by < 0)
    return next((s for s in ladder if (_size(s) - now) * by > 0), speed)


def words(speed: float | None) -> str:
    """`×10`, or `max` for as fast as possible."""
    return "max" if speed is None else f"×{compact(speed)}"


def _size(speed: float | None) -> float:
    return math.inf if speed is None else speed
