from __future__ import annotations

from decimal import Decimal

from papertrader_tui.intel.decisions import judge
from papertrader_tui.intel.explain import explain
from papertrader_tui.intel.sentences import dollars, number, span
from tests.unit.intel.builders import context, fed, series_with, walk


def test_a_decision_is_told_factor_by_factor() -> None:
    ctx = context(public_mempool=True, depth_time=context().time - 600_000, age_ms=2_000)
    verdict = judge(ctx)
    _, factors, missing, _ = explain(ctx, verdict)
    assert [f.name for f in factors if f.of == "risk"] == [
        "volatility", "depth", "MEV exposure", "price quality", "stress", "network",
    ]  # fmt: skip
    assert missing == ("own record", "block fullness")
    told = {(f.of, f.name): f for f in factors}
    assert told["risk", "volatility"].sentence == "moves 1.7% a day"
    assert told["risk", "depth"].sentence == "$1K move a pool of $40M by 0.005%"
    assert told["risk", "MEV exposure"].sentence.startswith("public mempool")
    assert told["risk", "price quality"].sentence == "2 s old, the market is its own source"
    assert told["risk", "network"].sentence == "gas is above 20% of its last 24 h"
    assert (
        told["opportunity", "trend"].sentence == "+2.5σ over 1 h, +2.5σ over 4 h, +2.5σ over 12 h"
    )
    assert told["opportunity", "volume"].sentence == "1.6 times the usual hour"
    pool = told["opportunity", "depth"].inputs[0]
    assert (pool.name, pool.value, pool.source, pool.age_ms) == (
        "liquidity_usd", "40000000", "pool", 600_000,
    )  # fmt: skip


def test_contributions_sum_to_the_scores_to_the_last_digit() -> None:
    ctx = context(9, fed(walk(200, drift=0.0004)), value=101.0, liquidity=None)
    verdict = judge(ctx)
    factors = explain(ctx, verdict).factors
    for of, hundredths in (
        ("risk", verdict.risk),
        ("opportunity", verdict.opportunity),
        ("confidence", verdict.confidence),
    ):
        parts = [f for f in factors if f.of == of]
        assert sum((f.contribution for f in parts), Decimal(0)) == Decimal(hundredths).scaleb(-2)
        assert sum((f.weight for f in parts), Decimal(0)) == 100


def test_what_a_tape_does_not_say_is_missing_and_not_made_up() -> None:
    ctx = context(7, fed(walk(60), volume=-1.0), liquidity=None, gas_rank=None, value=100.0)
    verdict = judge(ctx)
    _, factors, missing, _ = explain(ctx, verdict)
    assert missing == (
        "depth", "MEV exposure", "network", "volume", "own record", "trend over 12 h",
    )  # fmt: skip
    assert not {f.name for f in factors} & {"depth", "MEV exposure", "network", "volume"}
    # 25 + 15 + 15 of risk, three quarters of 30 and 25 + 10 of opportunity, of 200
    quality = next(f for f in factors if f.name == "data quality")
    assert quality.score == Decimal("56.25")


def test_volume_counts_as_far_as_the_trend_is_up() -> None:
    scores = [
        judge(context(5, series_with(trend=trend, volume_ratio=2.0))).scores[11]
        for trend in (-1.0, 0.0, 0.5, 1.0, 3.0)
    ]
    assert scores == [0, 0, 5_000, 10_000, 10_000]


def test_numbers_are_written_without_exponents() -> None:
    assert number(1.23e-7) == "0.000000123"
    assert number(41_000_000.0) == "41000000"
    assert [dollars(v) for v in (41e6, 830_000, 120, 2.5e9)] == ["$41M", "$830K", "$120", "$2.5B"]
    assert [span(v) for v in (300_000, 5_400_000, 86_400_000)] == ["5 min", "1.5 h", "1 d"]
