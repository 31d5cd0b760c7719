"""Small tapes of invented prices, the same bytes every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import exp, sin
from pathlib import Path
from random import Random

BEGAN = datetime(2026, 1, 5, tzinfo=UTC)


def candles(
    path: Path, rows: int = 1_500, symbol: str = "ETH-USD", *, seed: int = 1, begin: int = 0,
    liquidity: bool = False,
) -> Path:  # fmt: skip
    """One-minute candles: waves of some hours with noise, from `begin` minutes on."""
    chance = Random(f"{symbol} {seed}")
    lines = ["timestamp,symbol,open,high,low,close,volume" + ",liquidity_usd" * liquidity]
    price = 2_000.0
    for minute in range(begin, begin + rows):
        drift = 0.0006 * sin(minute / 140)
        after = price * exp(drift + chance.gauss(0.0, 0.0006))
        high, low = max(price, after) * 1.0002, min(price, after) * 0.9998
        depth = f",{2_000_000 + 1_000 * (minute // 30)}" if liquidity else ""
        volume = 20 + 40 * chance.random()
        lines.append(
            f"{stamp(minute)},{symbol},{price:.2f},{high + 0.01:.2f},{low - 0.01:.2f},"
            f"{after:.2f},{volume:.3f}{depth}"
        )
        price = float(f"{after:.2f}")
    path.write_text("\n".join(lines) + "\n")
    return path


def trades(path: Path, rows: int = 3_000, symbol: str = "WETH-USDC", *, seed: int = 1) -> Path:
    """Trades, one each half minute."""
    chance = Random(f"{symbol} {seed}")
    lines = ["timestamp,symbol,price,volume"]
    price = 3_000.0
    for number in range(rows):
        price *= exp(0.0003 * sin(number / 280) + chance.gauss(0.0, 0.0005))
        lines.append(f"{stamp(number / 2)},{symbol},{price:.2f},{chance.random():.4f}")
    path.write_text("\n".join(lines) + "\n")
    return path


def stamp(minute: float) -> str:
    """ISO 8601 of that many minutes after the beginning."""
    return (BEGAN + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
