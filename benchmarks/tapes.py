"""Tapes of invented prices: the same bytes every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp
from pathlib import Path
from random import Random

START = datetime(2024, 1, 1, tzinfo=UTC)
#: Of one minute, as a fraction.
SIGMA = 0.0011
#: Drift of one minute, and the hours for which it lasts.
DRIFT, REGIME_HOURS = 0.00008, (3, 18)
HOME, PULL = 2_000.0, 0.00002


def walk(steps: int, seed: int = 11) -> list[float]:
    """Prices a minute apart: trends of some hours, around a price that they come back to."""
    chance = Random(seed)
    price, drift, left = HOME, 0.0, 0
    prices = [price]
    for _ in range(steps):
        if left == 0:
            left = 60 * chance.randint(*REGIME_HOURS)
            drift = chance.choice((-DRIFT, 0.0, DRIFT))
        left -= 1
        back = PULL * (HOME - price) / HOME
        price *= exp(drift + back + chance.gauss(0.0, SIGMA))
        prices.append(price)
    return prices


def write_candles(path: Path, rows: int, seed: int = 11) -> Path:
    """A tape of 1-minute candles."""
    chance = Random(seed + 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("timestamp,symbol,open,high,low,close,volume\n")
        for minute, (first, last) in enumerate(pairwise(walk(rows, seed))):
            high = max(first, last) * (1 + 0.0004 * chance.random())
            low = min(first, last) * (1 - 0.0004 * chance.random())
            volume = 20 + 60 * chance.random()
            file.write(
                f"{_stamp(60 * minute)},ETH-USD,{first:.2f},{high + 0.005:.2f},"
                f"{max(0.01, low - 0.005):.2f},{last:.2f},{volume:.4f}\n"
            )
    return path


def write_trades(path: Path, rows: int, seed: int = 11, every: int = 15) -> Path:
    """A tape of trades, one every so many seconds (a divisor of 60)."""
    chance = Random(seed + 2)
    a_minute = 60 // every
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("timestamp,symbol,price,volume\n")
        prices = walk(rows // a_minute + 1, seed)
        for number in range(rows):
            minute, part = divmod(number, a_minute)
            price = prices[minute] + (prices[minute + 1] - prices[minute]) * part / a_minute
            file.write(
                f"{_stamp(every * number)},ETH-USD,{price:.2f},{0.1 + 5 * chance.random():.4f}\n"
            )
    return path


def _stamp(seconds: int) -> str:
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
