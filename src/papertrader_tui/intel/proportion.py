"""How sure a hit rate is, and how good a forecast was."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

#: Two-sided 95 % of the normal distribution.
Z95 = 1.959963984540054


def wilson(right: int, total: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927).

    Args:
        right: How many were right.
        total: Of how many independent ones.
        z: Standard deviations to either side.

    Returns:
        Its bounds as fractions; (0, 1) where nothing is known.
    """
    if total <= 0:
        return 0.0, 1.0
    part, square = right / total, z * z
    scale = 1 + square / total
    middle = (part + square / (2 * total)) / scale
    half = z / scale * sqrt(part * (1 - part) / total + square / (4 * total * total))
    # at both ends the formula gives 0 and 1 but for rounding
    low = 0.0 if right <= 0 else max(0.0, middle - half)
    return low, 1.0 if right >= total else min(1.0, middle + half)


def brier(forecasts: Sequence[tuple[float, bool]]) -> float | None:
    """Mean squared distance of forecasts, 0 to 1, from what came true (Brier 1950); None of none.

    0 is perfect, 0.25 is what one half says every time.
    """
    if not forecasts:
        return None
    return sum((said - true) ** 2 for said, true in forecasts) / len(forecasts)


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, 0 of none."""
    return sum(values) / len(values) if values else 0.0


def margin(first: Sequence[float], second: Sequence[float], z: float = Z95) -> float | None:
    """Half the 95 % interval of the difference of two means, unequal variances; None below two.

    z x sqrt(s1² / n1 + s2² / n2), with the normal distribution for Welch's t.
    """
    if len(first) < 2 or len(second) < 2:
        return None
    return z * sqrt(_variance(first) / len(first) + _variance(second) / len(second))


def _variance(values: Sequence[float]) -> float:
    middle = mean(values)
    return sum((value - middle) ** 2 for value in values) / (len(values) - 1)
