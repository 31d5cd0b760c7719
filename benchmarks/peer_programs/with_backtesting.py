"""EMA cross over a CSV of candles in backtesting.py: `python with_backtesting.py TAPE`.

Prints JSON: seconds to read, seconds to run, bars, trades, final equity.
"""

import json
import sys
from time import perf_counter

import pandas as pd
from backtesting import Backtest, Strategy


def average(values: pd.Series, span: int) -> pd.Series:
    return pd.Series(values).ewm(span=span, adjust=False).mean()


class Cross(Strategy):
    """All in while the fast average is above the slow one."""

    def init(self) -> None:
        self.fast = self.I(average, self.data.Close, 12)
        self.slow = self.I(average, self.data.Close, 26)

    def next(self) -> None:
        if self.fast[-1] > self.slow[-1]:
            if not self.position:
                self.buy()
        elif self.position:
            self.position.close()


start = perf_counter()
rows = pd.read_csv(sys.argv[1], parse_dates=["timestamp"], index_col="timestamp")
rows = rows.rename(columns=str.capitalize)[["Open", "High", "Low", "Close", "Volume"]]
read = perf_counter() - start
# units are whole in backtesting.py: enough cash that rounding to them does not matter
backtest = Backtest(rows, Cross, cash=100_000_000, finalize_trades=True)
start = perf_counter()
result = backtest.run()
seconds = perf_counter() - start
print(
    json.dumps(
        {
            "read": read,
            "seconds": seconds,
            "bars": len(rows),
            "trades": int(result["# Trades"]),
            "growth": float(result["Equity Final [$]"]) / 100_000_000,
        }
    )
)
