"""Every number that shapes the demo market, in one place.

Change one and the prices of every seed change: raise PROCESS_VERSION with it, so that an account
made on the old prices refuses to go on with the new ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

PROCESS_VERSION = 1

#: Market time of the first instant. Prices exist for some days before it, as history.
START = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
TICK_MS = 10_000
TICKS_PER_HOUR = 360

#: Hours that the process runs before START: a day of history and what its 24 h volume needs, then
#: some for the volatility to leave its starting point.
WARM_UP_HOURS = 96


@dataclass(frozen=True, slots=True)
class Factor:
    """How one log price moves, by the hour.

    Attributes:
        volatility: Standard deviation of an hour's return, without trend, jumps and market.
        drift: Drift of a trend per hour, in hourly volatilities.
        trend_hours, range_hours: Mean length of a trend and of a range.
        jump_rate: Jumps per hour.
        jump_size: Typical size of a jump, as a log return.
        reversion: Pull to the base price per hour, which keeps years of prices plausible.
    """

    volatility: float
    drift: float
    trend_hours: float
    range_hours: float
    jump_rate: float
    jump_size: float
    reversion: float


@dataclass(frozen=True, slots=True)
class Asset:
    """One thing with one price, wherever it trades.

    Attributes:
        price: Dollars at the centre of its range: end of 2025, rounded.
        beta: Its share in the market factor.
    """

    price: float
    beta: float
    factor: Factor


@dataclass(frozen=True, slots=True)
class Listing:
    """An asset traded as a token on one chain.

    Attributes:
        symbol, chain: Name the token in the bundled registry.
        asset: Key in ASSETS: two listings of one asset differ by arbitrage's few basis points.
        liquidity: Dollars in its deepest pool, both sides.
        turnover: Dollars traded on a usual day, per dollar of liquidity.
    """

    symbol: str
    chain: str
    asset: str
    liquidity: float
    turnover: float


def _factor(daily_percent: float, jump_rate: float, jump_size: float) -> Factor:
    """Own movement of an asset from the volatility of its usual day."""
    return Factor(
        volatility=daily_percent / 100 / 24**0.5,
        drift=0.72,
        trend_hours=7.0,
        range_hours=9.0,
        jump_rate=jump_rate,
        jump_size=jump_size,
        reversion=0.0012,
    )


#: What all tokens share.
MARKET = Factor(
    volatility=0.0036,
    drift=0.45,
    trend_hours=11.0,
    range_hours=14.0,
    jump_rate=0.0015,
    jump_size=0.022,
    reversion=0.0010,
)

ASSETS: dict[str, Asset] = {
    "ETH": Asset(3_020.0, 1.15, _factor(1.5, 0.0008, 0.015)),
    "BTC": Asset(88_400.0, 0.85, _factor(1.1, 0.0006, 0.012)),
    "LINK": Asset(12.60, 1.30, _factor(2.6, 0.0015, 0.025)),
    "UNI": Asset(5.85, 1.35, _factor(3.0, 0.0020, 0.030)),
    "AAVE": Asset(152.0, 1.35, _factor(3.0, 0.0020, 0.028)),
    "LDO": Asset(0.585, 1.45, _factor(3.4, 0.0025, 0.032)),
    "CRV": Asset(0.382, 1.40, _factor(3.4, 0.0025, 0.032)),
    "PENDLE": Asset(1.93, 1.40, _factor(3.8, 0.0030, 0.035)),
    "PEPE": Asset(0.00000412, 1.60, _factor(4.4, 0.0040, 0.045)),
    "SHIB": Asset(0.00000723, 1.30, _factor(3.0, 0.0030, 0.035)),
    "AERO": Asset(0.472, 1.45, _factor(4.0, 0.0030, 0.038)),
    "VIRTUAL": Asset(0.684, 1.60, _factor(4.8, 0.0040, 0.045)),
    "MORPHO": Asset(1.17, 1.30, _factor(3.4, 0.0025, 0.032)),
    "ZRO": Asset(1.36, 1.35, _factor(3.6, 0.0030, 0.035)),
    "BRETT": Asset(0.01315, 1.60, _factor(5.0, 0.0050, 0.050)),
    "DEGEN": Asset(0.001085, 1.60, _factor(5.4, 0.0055, 0.055)),
    "TOSHI": Asset(0.000289, 1.55, _factor(5.2, 0.0050, 0.055)),
    "EUR": Asset(1.1745, 0.02, _factor(0.28, 0.0002, 0.002)),
}

#: Ten tokens on each of two chains, in the order of a new account's watchlist.
LISTINGS: tuple[Listing, ...] = (
    Listing("WETH", "ethereum", "ETH", 145e6, 1.10),
    Listing("WBTC", "ethereum", "BTC", 82e6, 0.70),
    Listing("LINK", "ethereum", "LINK", 24e6, 0.45),
    Listing("UNI", "ethereum", "UNI", 17e6, 0.50),
    Listing("AAVE", "ethereum", "AAVE", 21e6, 0.40),
    Listing("LDO", "ethereum", "LDO", 6.5e6, 0.40),
    Listing("CRV", "ethereum", "CRV", 7.8e6, 0.50),
    Listing("PENDLE", "ethereum", "PENDLE", 5.2e6, 0.55),
    Listing("PEPE", "ethereum", "PEPE", 19e6, 0.80),
    Listing("SHIB", "ethereum", "SHIB", 11e6, 0.35),
    Listing("WETH", "base", "ETH", 68e6, 2.60),
    Listing("cbBTC", "base", "BTC", 47e6, 2.20),
    Listing("AERO", "base", "AERO", 23e6, 0.70),
    Listing("VIRTUAL", "base", "VIRTUAL", 9.4e6, 0.80),
    Listing("MORPHO", "base", "MORPHO", 3.6e6, 0.60),
    Listing("ZRO", "base", "ZRO", 1.9e6, 0.50),
    Listing("BRETT", "base", "BRETT", 3.1e6, 0.45),
    Listing("DEGEN", "base", "DEGEN", 2.4e6, 0.50),
    Listing("TOSHI", "base", "TOSHI", 2.2e6, 0.40),
    Listing("EURC", "base", "EUR", 8.5e6, 0.60),
)

#: Volatility clusters: log volatility keeps this share of itself every hour and takes this shock.
VOLATILITY_MEMORY = 0.965
VOLATILITY_SHOCK = 0.085
#: Volatility by regime, as a share of the usual: ranges are quiet, trends are not.
RANGE_CALM = 0.62
TREND_NOISE = 0.80
#: Share of the way back to its centre that a range takes every hour.
RANGE_PULL = 0.16
#: A trend that ends: how often another begins at once, the other way.
TREND_TURNS = 0.30
#: How strongly the distance from the base price (log) makes the next trend point back.
TREND_HOMING = 0.9
#: Movement and volume over the day (UTC): quietest in the small hours, busiest at this hour.
BUSIEST_HOUR = 15
DAY_SWING = 0.28
#: Noise between two listings of one asset, log standard deviation within the hour.
BASIS_NOISE = 0.00035

#: Liquidity, log: share kept every hour, its shock, and how it thins when volatility is high.
LIQUIDITY_MEMORY = 0.99
LIQUIDITY_SHOCK = 0.012
LIQUIDITY_FLIGHT = 0.25
#: Volume rises with volatility, in powers of it.
VOLUME_RESPONSE = 1.1
DEPTH_EVERY = 60  # ticks: ten minutes

#: Gas, log: share kept every hour, its shock, swing over the day; spikes come and fade.
GAS_EVERY = 6  # ticks: one minute
GAS_MEMORY = 0.93
GAS_SHOCK = 0.10
GAS_SWING = 0.35
GAS_NOISE = 0.06
GAS_SPIKE_RATE = 0.012
GAS_SPIKE = 1.2
GAS_SPIKE_FADES = 0.55
