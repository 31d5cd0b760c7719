"""What level 10 has learned, as rows for the command line: at most 80 cells, no Textual."""

from __future__ import annotations

from collections.abc import Sequence

from papertrader_tui.intel.learning import FEW, KELLY_PART, NEEDED, Band, Learned
from papertrader_tui.intel.levels import DEFAULT_LEVEL, LEVELS
from papertrader_tui.tui import formatting as fmt

Part = tuple[str, str]
Row = list[Part]

_BAR = 20


def whole(found: Learned, level: int) -> list[Row]:
    """The cases, the bands, and the thresholds that follow from them.

    Args:
        found: What was learned.
        level: Where the dial stands: only level 10 goes by what it learns.
    """
    if found.ready:
        state = f"learned from {found.cases:,} outcomes"
    else:
        state = f"{found.cases} of {NEEDED} outcomes: until then it runs as level 5"
    rows: list[Row] = [[], [("level 10: ", "accent"), (state, "strong" if found.ready else "warn")]]
    if level != 10:
        rows.append([(f"the dial stands at {level}; only level 10 goes by this", "muted")])
    if not found.cases:
        return [*rows, [("no case yet: nothing that confidence or risk alone decided", "muted")]]
    part = sum(band.right for band in found.confidence)
    means = f": {fmt.percent(found.mean_win)} when it did, {fmt.percent(-found.mean_loss)} when not"
    even = f"so buys break even where {found.break_even:.1%} of them pay off"
    rows.append([(f"a buy paid off in {part} of {found.cases}", ""), (means, "muted")])
    rows.append([(even, "muted")])
    rows += _bands("confidence", found.confidence, found.break_even)
    rows += _bands("risk", found.risk, found.break_even)
    rows += _thresholds(found)
    return rows


def _bands(title: str, bands: Sequence[Band], even: float) -> list[Row]:
    rows: list[Row] = [
        [],
        [(f"{title:<12}", "accent"), (f"{'posterior':<{_BAR + 9}}{'paid off':>12}", "muted")],
    ]
    for band in bands:
        few = band.total < FEW
        tone = "dim" if few else "up" if band.mean > even else "down"
        rows.append([
            (f"{f'{band.low}–{band.high}':<12}", ""),
            (fmt.meter(band.mean, _BAR), tone),
            (f" {band.mean * 100:>5.1f} %", ""),
            (f"{f'{band.right} of {band.total}':>13}", "muted"),
            ("  too few to move anything" if few else "", "dim"),
        ])  # fmt: skip
    return rows


def _thresholds(found: Learned) -> list[Row]:
    start = LEVELS[DEFAULT_LEVEL]
    rows: list[Row] = [
        [],
        [(f"{'threshold':<24}", "accent"), (f"{'level 10':>10} {'level 5':>10}", "muted")],
    ]
    for name, value, before, unit in (
        ("least confidence", found.min_confidence, start.min_confidence, ""),
        ("most risk", found.risk_tolerance, start.risk_tolerance, ""),
        ("largest position", found.max_position_pct, start.max_position_pct, " %"),
        ("largest exposure", found.max_exposure_pct, start.max_exposure_pct, " %"),
        ("widest stop", found.stop_pct, start.stop_pct, " %"),
    ):
        tone = "strong" if value != before else ""
        rows.append([
            (f"{name:<24}", ""), (f"{f'{value:g}{unit}':>10}", tone),
            (f" {f'{before:g}{unit}':>10}", "muted"),
        ])  # fmt: skip
    said = (
        f"Kelly stakes {found.kelly:.0%} at an edge of {found.edge:.1%}; {KELLY_PART:g} of it is "
        "taken, at most 25 %"
    )
    return [*rows, [(said, "muted")]] if found.ready else rows
