"""EMA cross over a CSV of candles in backtesting.py: `python with_backtesting.py TAPE`.

Prints JSON: processor seconds to read and to run, bars, trades, final equity.
"""

import json
import sys
from time import process_time

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


start = process_time()
rows = pd.read_csv(sys.argv[1], parse_dates=["timestamp"], index_col="timestamp")
rows = rows.rename(columns=str.capitalize)[["Open", "High", "Low", "Close", "Volume"]]
read = process_time() - start
# units are whole in backtesting.py: enough cash that rounding to them does not matter
backtest = Backtest(rows, Cross, cash=100_000_000, finalize_trades=True)
start = process_time()
result = backtest.run()
seconds = process_time() - start
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
