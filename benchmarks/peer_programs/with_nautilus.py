"""EMA cross over a CSV of candles in nautilus_trader: `python with_nautilus.py TAPE`.

Prints JSON: processor seconds to read and to run, bars, trades, final equity.
"""

import json
import sys
from decimal import Decimal
from time import process_time

import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.objects import Money
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

CASH = 1_000_000


class Cross(Strategy):
    """Ten ether while the fast average is above the slow one."""

    def __init__(self, instrument, bar_type: BarType) -> None:
        super().__init__()
        self.instrument, self.bar_type = instrument, bar_type
        self.fast, self.slow = ExponentialMovingAverage(12), ExponentialMovingAverage(26)
        self.bars = self.orders = 0

    def on_start(self) -> None:
        self.register_indicator_for_bars(self.bar_type, self.fast)
        self.register_indicator_for_bars(self.bar_type, self.slow)
        self.subscribe_bars(self.bar_type)

    def on_bar(self, bar: Bar) -> None:
        self.bars += 1
        if self.fast.value > self.slow.value:
            if self.portfolio.is_flat(self.instrument.id):
                self._order(OrderSide.BUY)
        elif self.portfolio.is_net_long(self.instrument.id):
            self._order(OrderSide.SELL)

    def _order(self, side: OrderSide) -> None:
        quantity = self.instrument.make_qty(Decimal(10))
        self.submit_order(self.order_factory.market(self.instrument.id, side, quantity))
        self.orders += 1


start = process_time()
instrument = TestInstrumentProvider.ethusdt_binance()
bar_type = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
rows = pd.read_csv(sys.argv[1], parse_dates=["timestamp"], index_col="timestamp")
bars = BarDataWrangler(bar_type, instrument).process(
    rows[["open", "high", "low", "close", "volume"]]
)
engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
engine.add_venue(instrument.id.venue, OmsType.NETTING, AccountType.CASH, [Money(CASH, USDT)])
engine.add_instrument(instrument)
engine.add_data(bars)
strategy = Cross(instrument, bar_type)
engine.add_strategy(strategy)
read = process_time() - start
start = process_time()
engine.run()
seconds = process_time() - start
total = engine.cache.account_for_venue(instrument.id.venue).balance_total(USDT)
print(
    json.dumps(
        {
            "read": read,
            "seconds": seconds,
            "bars": strategy.bars,
            "trades": strategy.orders // 2,
            "growth": float(total) / CASH,
        }
    )
)
