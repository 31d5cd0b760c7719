"""What an account, a replay or a race made of its money: return, risk, trades, costs.

Everything here takes plain sequences, stored or in memory. Definitions: docs/performance.md.
"""

from papertrader_tui.domain.performance.curve import (
    Curve,
    Drawdown,
    carried,
    daily_closes,
    daily_returns,
    drawdowns,
    max_drawdown,
    window,
)
from papertrader_tui.domain.performance.hold import buy_and_hold
from papertrader_tui.domain.performance.metrics import Metrics, metrics, to_plain
from papertrader_tui.domain.performance.report import Day, Hold, Report, Slice, report, slices
from papertrader_tui.domain.performance.tally import SLIPPAGE, Swap, Tally, Trade

__all__ = [
    "SLIPPAGE",
    "Curve",
    "Day",
    "Drawdown",
    "Hold",
    "Metrics",
    "Report",
    "Slice",
    "Swap",
    "Tally",
    "Trade",
    "buy_and_hold",
    "carried",
    "daily_closes",
    "daily_returns",
    "drawdowns",
    "max_drawdown",
    "metrics",
    "report",
    "slices",
    "to_plain",
    "window",
]
