"""Small markets and contexts for the tests of the intelligence engine."""

from __future__ import annotations

import random
from decimal import Decimal

from papertrader_tui.domain.market import MINUTE, Bar
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.indicators import Series
from papertrader_tui.intel.levels import profile

#: 2024-01-01T00:00:00Z: on every bar's boundary.
START = 1_704_067_200_000
BAR = 5 * MINUTE


def bar(start: int, close: float, length: int = BAR, **values: float) -> Bar:
    """A finished candle around its close."""
    high, low = values.get("high", close), values.get("low", close)
    exact = Decimal(repr(close))
    return Bar(
        "base:tape-x", start, start + length, values.get("open", close), high, low, close,
        values.get("volume", -1.0), exact, Decimal(repr(high)), Decimal(repr(low)), "test",
    )  # fmt: skip


def walk(count: int, *, seed: int = 1, drift: float = 0.0, sigma: float = 0.002) -> list[float]:
    """Prices of a random walk."""
    rng = random.Random(seed)
    price, prices = 100.0, []
    for _ in range(count):
        price *= 1 + rng.gauss(drift, sigma)
        prices.append(price)
    return prices


def fed(prices: list[float], *, step: int = BAR, volume: float = 1_000.0) -> Series:
    """A series that saw these closes, one finished candle each."""
    series = Series()
    for index, price in enumerate(prices):
        series.on_bar(bar(START + index * step, price, step, volume=volume))
    return series


#: What a series says of a calm market that rises steadily.
RISING: dict[str, object] = {
    "bars": 400, "total": 400, "last": 100.0, "close": 100.0, "ema_fast": 100.0, "ema_slow": 99.7,
    "rsi": 72.0, "atr": 0.2, "sigma": 0.001, "sigma_short": 0.001, "sigma_long": 0.001,
    "walks": (2.5, 2.5, 2.5), "trend": 2.5, "horizons": 3, "support": 97.0, "resistance": 100.2,
    "volume_ratio": 1.6, "ref_bar": 99.9, "ref_hour": 99.2,
}  # fmt: skip


def series_with(**values: object) -> Series:
    """A series that says what it is told to, on top of `RISING`."""
    series = Series()
    for name, value in {**RISING, **values}.items():
        setattr(series, name, value)
    for fit in series.fits:
        fit.slope, fit.fit = 0.001, 0.9
    series.version += 1
    return series


def context(level: int = 5, series: Series | None = None, **values: object) -> Context:
    """A context in which level 5 buys, unless told otherwise."""
    ctx = Context(series or series_with(), profile(level))
    settings: dict[str, object] = {
        "time": START + 400 * BAR, "value": 100.0, "source": "test", "liquidity": 40e6,
        "fee_bps": 5.0, "gas_usd": 0.02, "gas_rank": 0.2, "depth_source": "pool",
        "gas_source": "gas", "equity": 10_000.0, "cash": 10_000.0,
    }  # fmt: skip
    for name, value in {**settings, **values}.items():
        setattr(ctx, name, value)
    return ctx
