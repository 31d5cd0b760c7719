"""A leaderboard as rows of at most 80 cells."""

from __future__ import annotations

from collections.abc import Sequence

from papertrader_tui.replay.board import Standing
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.performance_rows import Row, changed

_SPARK = 12


def board_rows(every: Sequence[Standing]) -> list[Row]:
    """A head, and a row an account: the best first."""
    head = (
        f"{'#':>2} {'LEVEL':<25}{'RETURN':>9}{'DRAWDOWN':>10}{'TRADES':>8}{'WON':>5}"
        f"{'COSTS':>8} EQUITY"
    )
    rows: list[Row] = [[(head, "muted")]]
    for one in every:
        won = fmt.percent(one.wins / one.closed if one.closed else None, 0, sign=False)
        line = fmt.sparkline([float(value) for _, value in one.curve], _SPARK)
        gained, tone = changed(fmt.percent(one.total_return))
        rows.append([
            (f"{one.rank:>2} ", "muted"),
            (f"{f'{one.level} {one.name}':<25}", ""),
            (f"{gained:>9}", tone),
            (f"{fmt.percent(one.drawdown):>10}{one.trades:>8,}{won:>5}", ""),
            (f"{fmt.money_fit(one.costs, 7):>8} ", ""),
            (line, "accent"),
        ])  # fmt: skip
    return rows
