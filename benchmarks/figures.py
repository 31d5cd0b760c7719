"""Figures: what was measured, and how it compares with a baseline of the same run."""

from __future__ import annotations

import gc
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value beside its baseline.

    Attributes:
        name: What was measured.
        value: In `unit`.
        unit: `ms`, `events/s`, `MiB`, `% of a core`.
        baseline: What it is compared with, in words.
        base: The baseline's value, in the same unit and from the same run.
        note: What else a reader has to know.
    """

    name: str
    value: float
    unit: str
    baseline: str
    base: float
    note: str = ""

    @property
    def ratio(self) -> float:
        """Value over baseline."""
        return self.value / self.base if self.base else math.inf

    def plain(self) -> dict[str, object]:
        """For JSON; a ratio to nothing is null."""
        ratio = self.ratio
        return {**asdict(self), "ratio": ratio if math.isfinite(ratio) else None}


def percentile(samples: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile.

    Raises:
        ValueError: there are no samples.
    """
    if not samples:
        msg = "no samples were taken"
        raise ValueError(msg)
    return sorted(samples)[max(0, math.ceil(len(samples) * percent / 100) - 1)]


def interleaved(rounds: int, works: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Do each work once a round, in turn, so that a slow moment of the machine hits them all."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            gc.collect()
            found[name].append(work())
    return found


def medians(found: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The median of each work's rounds."""
    return {name: statistics.median(values) for name, values in found.items()}


def table(figures: Sequence[Figure]) -> str:
    """Figures as text in columns, their notes below."""
    head = ("figure", "value", "unit", "baseline value", "ratio", "baseline")
    rows = [
        (f.name, number(f.value), f.unit, number(f.base), f"{f.ratio:.3g}", f.baseline)
        for f in figures
    ]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    right = (1, 3, 4)
    lines = [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"{f.name}: {f.note}" for f in figures if f.note]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def number(value: float) -> str:
    """Three digits, or whole thousands with separators."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
