"""Every indicator against a plain reference that looks at the whole past each time."""

from __future__ import annotations

import itertools
from math import log, sqrt
from statistics import fmean, pstdev

import pytest

from papertrader_tui.domain.market import HOUR
from papertrader_tui.intel.indicators import Series
from tests.unit.intel.builders import BAR, START, bar, fed, walk

Ohlc = tuple[float, float, float]  # high, low, close


def candles(count: int, seed: int = 3) -> list[Ohlc]:
    closes = walk(count, seed=seed)
    spans = walk(count, seed=seed + 100, sigma=0.05)
    return [(c + s * 0.002, c - s * 0.001, c) for c, s in zip(closes, spans, strict=True)]


def ema(closes: list[float], length: int) -> float:
    value = fmean(closes[:length])
    for close in closes[length:]:
        value += (close - value) * 2 / (length + 1)
    return value


def wilder(values: list[float], length: int = 14) -> float:
    value = fmean(values[:length])
    for item in values[length:]:
        value = (value * (length - 1) + item) / length
    return value


def true_ranges(bars: list[Ohlc]) -> list[float]:
    ranges = [bars[0][0] - bars[0][1]]
    for (_, _, before), (high, low, _) in itertools.pairwise(bars):
        ranges.append(max(high - low, abs(high - before), abs(low - before)))
    return ranges


def rsi(closes: list[float]) -> float:
    changes = [b - a for a, b in itertools.pairwise(closes)]
    up = wilder([max(0.0, c) for c in changes])
    down = wilder([max(0.0, -c) for c in changes])
    return 100 - 100 / (1 + up / down)


def returns(closes: list[float]) -> list[float]:
    return [log(b / a) for a, b in itertools.pairwise(closes)]


def rms(values: list[float]) -> float:
    return sqrt(fmean([v * v for v in values]))


def test_every_indicator_equals_its_reference_at_every_bar() -> None:
    bars = candles(700)
    series = Series()
    for index, (high, low, close) in enumerate(bars):
        volume = 1_000.0 + index % 7 * 250
        series.on_bar(bar(START + index * BAR, close, high=high, low=low, volume=volume))
        n = index + 1
        closes = [c for _, _, c in bars[:n]]
        assert series.bars == n
        assert (series.ema_fast is None) == (n < 12)
        assert (series.ema_slow is None) == (n < 26)
        assert (series.atr is None) == (n < 14)
        assert (series.rsi is None) == (n < 15)
        assert (series.sigma_short is None) == (n < 13)
        assert (series.sigma_long is None) == (n < 49)
        if n % 23 and n not in (12, 13, 14, 15, 26, 49, 289, 290):
            continue  # the references are slow
        if series.ema_fast is not None:
            assert series.ema_fast == pytest.approx(ema(closes, 12))
        if series.ema_slow is not None:
            assert series.ema_slow == pytest.approx(ema(closes, 26))
        if series.atr is not None:
            assert series.atr == pytest.approx(wilder(true_ranges(bars[:n])))
        if series.rsi is not None:
            assert series.rsi == pytest.approx(rsi(closes))
        if series.sigma_short is not None:
            assert series.sigma_short == pytest.approx(rms(returns(closes)[-12:]))
        if series.sigma_long is not None:
            assert series.sigma_long == pytest.approx(rms(returns(closes)[-288:]))
            assert series.sigma == max(series.sigma_short or 0, series.sigma_long)
        if n >= 12:
            assert series.resistance == max(h for h, _, _ in bars[max(0, n - 288) : n])
            assert series.support == min(low for _, low, _ in bars[max(0, n - 48) : n])
        if n >= 48:
            volumes = [1_000.0 + i % 7 * 250 for i in range(n)][-288:]
            assert series.volume_ratio == pytest.approx(fmean(volumes[-12:]) / fmean(volumes))


def test_trend_is_the_slope_in_standard_deviations_of_a_random_walk() -> None:
    """Over many driftless walks the measure is spread as it says: mean 0, deviation 1."""
    found: list[float] = []
    for seed in range(150):
        series = fed(walk(300, seed=seed))
        assert series.walks[1] is not None
        found.append(series.walks[1])
    assert abs(fmean(found)) < 0.25
    assert 0.85 < pstdev(found) < 1.15


def test_horizons_fill_one_after_the_other() -> None:
    prices = walk(160, drift=0.001)
    known = [fed(prices[:n]).horizons for n in (12, 13, 48, 143, 144)]
    assert known == [0, 1, 2, 2, 3]
    first, second, third = fed(prices).walks
    assert first is not None
    assert second is not None
    assert third is not None
    assert fed(prices).trend == pytest.approx(0.25 * first + 0.5 * second + 0.25 * third)


def test_a_flat_market_has_no_trend_no_volatility_and_no_division_by_zero() -> None:
    series = fed([5.0] * 300)
    assert (series.trend, series.sigma, series.rsi, series.atr) == (0.0, 0.0, 50.0, 0.0)
    assert [f.t for f in series.fits] == [0.0, 0.0, 0.0]


def test_one_unknown_volume_makes_the_volume_unknown_while_it_is_in_the_window() -> None:
    series = Series()
    ratios = []
    for index in range(400):
        volume = -1.0 if index == 60 else 1_000.0
        series.on_bar(bar(START + index * BAR, 100.0, volume=volume))
        ratios.append(series.volume_ratio)
    assert ratios[46] is None  # fewer than four hours
    assert ratios[47] == pytest.approx(1.0)
    assert all(r is None for r in ratios[60 : 60 + 288])
    assert ratios[60 + 288] == pytest.approx(1.0)


def test_volume_follows_the_market_and_is_no_constant() -> None:
    quiet = [1_000.0] * 276
    for factor in (0.0, 0.5, 3.0):
        series = Series()
        for index, volume in enumerate([*quiet, *[1_000.0 * factor] * 12]):
            series.on_bar(bar(START + index * BAR, 100.0, volume=volume))
        assert series.volume_ratio == pytest.approx(factor * 24 / (23 + factor))


def test_a_gap_of_more_than_an_hour_starts_every_window_anew() -> None:
    prices = walk(200, drift=0.001)
    series = fed(prices)
    resume = START + 200 * BAR + 7 * HOUR
    series.on_bar(bar(resume, prices[-1] * 0.5))
    assert series.bars == 1
    for name in ("trend", "sigma", "atr", "rsi", "ema_fast", "resistance", "volume_ratio"):
        assert getattr(series, name) is None, name
    for index in range(1, 30):
        series.on_bar(bar(resume + index * BAR, prices[-1] * 0.5))
    assert series.sigma == 0.0  # the jump over the gap is in no window
    assert series.resistance == prices[-1] * 0.5


def test_a_missing_bar_or_two_is_no_new_run() -> None:
    series = fed(walk(50))
    series.on_bar(bar(START + 53 * BAR, 100.0))
    assert series.bars == 51


def test_references_are_missing_where_that_moment_is_not_known() -> None:
    prices = walk(40)
    series = fed(prices)
    assert series.ref_bar == prices[-2]
    assert series.ref_hour == prices[-13]
    short = fed(prices[:12])
    assert short.ref_hour is None  # not the oldest sample, 55 minutes ago
    assert short.ref_bar == prices[10]
    # after 40 minutes without a bar, the price five minutes ago is not known
    series.on_price(START + 48 * BAR, 101.0, 10.0)
    assert series.ref_bar is None
    assert series.ref_hour == prices[35]


def test_quotes_and_the_candles_made_of_them_lead_to_the_same_values() -> None:
    prices = walk(30 * 200, sigma=0.0004)
    quotes, bars = Series(), Series()
    for index, price in enumerate(prices):
        quotes.on_price(START + index * 10_000, price, 5.0)
    quotes.on_price(START + len(prices) * 10_000, prices[-1], 5.0)
    for index in range(200):
        part = prices[index * 30 : index * 30 + 30]
        bars.on_bar(bar(START + index * BAR, part[-1], high=max(part), low=min(part), volume=150.0))
    for name in ("bars", "ema_fast", "ema_slow", "rsi", "atr", "sigma", "trend", "support",
                 "resistance", "volume_ratio"):  # fmt: skip
        assert getattr(quotes, name) == getattr(bars, name), name
