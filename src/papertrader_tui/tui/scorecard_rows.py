"""The scorecard as rows for the command line and the console: at most 80 cells, no Textual.

A row is a list of `Part`s, (text, tone) pairs; a tone is a name of `widgets.tones`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import set_cell_size

from papertrader_tui.domain.record import BAND
from papertrader_tui.intel.scorecard import ENOUGH, Base, FactorRow, Slice
from papertrader_tui.tui import formatting as fmt

Part = tuple[str, str]
Row = list[Part]

NOTHING = Base(0, 0)

_NAME, _BAR = 20, 12
_PLOT_ROWS, _CELL = 8, 5
_EIGHTHS = " ▁▂▃▄▅▆▇█"
#: Outcomes in a band below which its column is drawn faint.
_FEW = 10


def table(title: str, rows: Sequence[Slice], names: Mapping[str, str] | None = None) -> list[Row]:
    """A row for each slice: how often right, how sure that is, and what it was worth.

    Args:
        title: What the slices have in common.
        rows: The slices.
        names: What keys are called; by default what they are.
    """
    heading = f"{'right':>{_BAR + 8}} {'of':>6} {'95 %':>11} {'Brier':>7} {'$ per 100':>10}"
    found: list[Row] = [[], [(f"{title:<{_NAME}}", "accent"), (heading, "muted")]]
    for row in rows:
        label = set_cell_size(fmt.clean((names or {}).get(row.key, row.key), _NAME), _NAME)
        found.append([(label, "strong"), *_figures(row)])
    return found


def overall(row: Slice, base: Base = NOTHING) -> list[Row]:
    """All of them in one row, what never buying would have come to, and a warning of few."""
    found: list[Row] = table("overall", [row])
    if base.rate is not None:
        said = (
            f"a buy would have paid in {base.rate:.1%} of {base.of:,}; "
            f"never to buy is right in {1 - base.rate:.1%}"
        )
        found.append([(said, "muted")])
    if row.apart < ENOUGH:
        said = f"too few outcomes to tell: {row.apart} do not overlap, {ENOUGH} would say something"
        found.append([(said, "warn")])
    return found


def _figures(row: Slice) -> list[Part]:
    tone = "accent" if row.apart >= _FEW else "dim"
    score = fmt.DASH if row.brier is None else f"{row.brier:.3f}"
    worth = f"{row.worth:+.2f}"
    direction = {1: "up", -1: "down"}.get(fmt.direction(worth), "")
    interval = f"{row.low * 100:.0f}–{row.high * 100:.0f} %"
    return [
        (fmt.meter(row.rate, _BAR), tone),
        (f" {row.rate * 100:>5.1f} %", ""),
        (f" {row.apart:>6,}", ""),
        (f" {interval:>11}", "muted"),
        (f" {score:>7}", "muted"),
        (f" {worth:>10}", direction),
    ]


def reliability(bands: Iterable[Slice]) -> list[Row]:
    """How often decisions were right at each confidence, as columns.

    A dashed line stands where a column would end if confidence were the part that is right.
    """
    known = {int(band.key.partition("–")[0]): band for band in bands}
    found: list[Row] = [
        [],
        [("reliability", "accent"), ("  right, by confidence; ╌ is where it says it is", "muted")],
    ]
    for line in range(_PLOT_ROWS):
        low = (_PLOT_ROWS - 1 - line) / _PLOT_ROWS
        label = "100 %" if line == 0 else "50 %" if line == _PLOT_ROWS // 2 else ""
        row: Row = [(f"{label:>6} ", "muted")]
        for start in range(0, 100, BAND):
            row += [_column(known.get(start), low), (" ", "")]
        found.append(row)
    axis = "".join(f"{f'{s}–{s + BAND}':^{_CELL + 1}}" for s in range(0, 100, BAND))
    counts = "".join(
        f"{f'{known[s].apart:,}' if s in known else '':^{_CELL + 1}}" for s in range(0, 100, BAND)
    )
    return [*found, [(f"{'conf':>6} {axis}", "muted")], [(f"{'of':>6} {counts}", "muted")]]


def _column(band: Slice | None, low: float) -> Part:
    """One band's cell in the line of the plot that begins at `low`."""
    if band is None or not band.apart:
        return " " * _CELL, ""
    span = 1 / _PLOT_ROWS
    tone = "accent" if band.apart >= _FEW else "dim"
    if low <= min(band.confidence / 100, 1 - span / 2) < low + span:
        return "╌" * _CELL, "warn"
    filled = min(1.0, max(0.0, (band.rate - low) / span))
    return _EIGHTHS[round(filled * 8)] * _CELL, tone


def factors(rows: Sequence[FactorRow]) -> list[Row]:
    """Each factor's score where a buy would have paid, and where not."""
    heading = f"{'paid':>8} {'not':>7} {'difference':>16} {'of':>16}"
    found: list[Row] = [
        [],
        [("mean score where a buy …", "accent"), (f"{heading:>53}", "muted")],
    ]
    for row in rows:
        name = f"{row.of} · {row.name}"
        sure = row.margin is not None and abs(row.difference) > row.margin
        spread = "" if row.margin is None else f" ± {row.margin:.1f}"
        found.append([
            (f"{fmt.clean(name, 28):<28}", "strong" if sure else ""),
            (f" {row.score_paid:>7.1f} {row.score_not:>7.1f}", ""),
            (f" {f'{row.difference:+.1f}{spread}':>16}", "up" if sure else "muted"),
            (f" {f'{row.paid:,} + {row.not_paid:,}':>16}", "muted"),
        ])  # fmt: skip
    if not any(row.margin is not None and abs(row.difference) > row.margin for row in rows):
        found.append([("no factor differs by more than chance would make it", "muted")])
    return found
