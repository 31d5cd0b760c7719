"""Answers of deployed contracts, where PAPERTRADER_EVIDENCE names the folder they are in."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from papertrader_tui.amm.bitmap import TickTable
from papertrader_tui.amm.concentrated import ConcentratedPool, ConcentratedSwap
from papertrader_tui.amm.constant_product import ConstantProductPool, get_amount_in, get_amount_out
from papertrader_tui.amm.errors import InsufficientLiquidity
from papertrader_tui.amm.swap_math import swap_step_in, swap_step_out
from papertrader_tui.amm.tick_math import tick_at_sqrt_ratio

EVIDENCE = Path(os.environ.get("PAPERTRADER_EVIDENCE", "")) / "amm"

pytestmark = pytest.mark.skipif(
    "PAPERTRADER_EVIDENCE" not in os.environ,
    reason="PAPERTRADER_EVIDENCE does not name the folder of recorded contract answers",
)


def load(name: str) -> Any:
    return json.loads((EVIDENCE / name).read_text())


def pool_of(record: dict[str, Any], nets: dict[int, int]) -> ConcentratedPool:
    return ConcentratedPool(
        fee_ppm=record["fee_ppm"],
        tick_spacing=record["tick_spacing"],
        sqrt_price_x96=int(record["sqrt_price_x96"]),
        tick=record["tick"],
        liquidity=int(record["liquidity"]),
        ticks=TickTable.from_nets(nets, record["tick_spacing"]),
    )


def swap(pool: ConcentratedPool, zero_for_one: bool, exact: str, amount: int) -> ConcentratedSwap:
    return (pool.exact_in if exact == "in" else pool.exact_out)(zero_for_one, amount)


def test_v2_router_and_pair() -> None:
    record = load("v2_golden.json")
    pool = ConstantProductPool(
        int(record["reserve0"]), int(record["reserve1"]), record["fee_bps"] * 100
    )
    for case in record["cases"]:
        zero_for_one, amount = case["zero_for_one"], int(case["amount"])
        quote = get_amount_out if case["exact"] == "in" else get_amount_in
        reserves = pool.reserves(zero_for_one)
        if case["quote"] is None:
            with pytest.raises(InsufficientLiquidity):
                quote(amount, *reserves, pool.fee_ppm)
        else:
            assert quote(amount, *reserves, pool.fee_ppm) == int(case["quote"]), case
        if case["executed_out"] is not None:
            assert pool.exact_in(zero_for_one, amount).amount_out == int(case["executed_out"])
    assert len(record["cases"]) == 178


def test_v3_quoter_and_executed_swaps() -> None:
    compared = refused = 0
    for record in load("v3_golden.json")["pools"]:
        pool = pool_of(record, {int(t): int(n) for t, n in record["liquidity_net"].items()})
        for case in record["cases"]:
            result = swap(pool, case["zero_for_one"], case["exact"], int(case["amount"]))
            if case["quote"] is None:
                assert not result.complete, case
                refused += 1
                continue
            quoted = result.amount_out if case["exact"] == "in" else result.amount_in
            assert quoted == int(case["quote"]), case
            assert result.sqrt_price_after == int(case["sqrt_price_x96_after"]), case
            assert result.ticks_crossed == case["ticks_crossed"], case
            assert result.amount_in == int(case["amount_in"]), case
            assert result.amount_out == int(case["amount_out"]), case
            compared += 1
    assert (compared, refused) == (497, 43)


def test_v3_quoter_of_a_real_pool_up_to_exhausting_it() -> None:
    record = load("v3_wbtc_weth_24407242.json")
    pool = pool_of(record, {int(t): int(d["liquidity_net"]) for t, d in record["ticks"].items()})
    exhausted = 0
    for case in record["cases"]:
        exact_in = case["function"] == "quoteExactInputSingle"
        result = swap(pool, case["zero_for_one"], "in" if exact_in else "out", int(case["amount"]))
        answer = result.amount_out if exact_in else result.amount_in
        assert answer == int(case["answer"]), case
        exhausted += not result.complete
    assert len(record["cases"]) == 80
    assert exhausted > 0


def test_v3_steps_of_real_swaps() -> None:
    with (EVIDENCE / "v3_swap_steps_real.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        price, after = int(row["sqrt_price_x96_before"]), int(row["sqrt_price_x96_after"])
        amounts = int(row["amount0"]), int(row["amount1"])
        zero_for_one = row["zero_for_one"] == "true"
        paid_in, got_out = amounts if zero_for_one else amounts[::-1]
        target = 1 << 60 if zero_for_one else 1 << 150
        exact_in = row["exact"] == "in"
        step = swap_step_in if exact_in else swap_step_out
        asked = paid_in if exact_in else -got_out
        reached, paid, got, fee = step(
            price, target, int(row["liquidity"]), asked, int(row["fee_ppm"])
        )
        assert (reached, paid + fee, got) == (after, paid_in, -got_out), row
        assert tick_at_sqrt_ratio(after) == int(row["tick_after"]), row
    assert len(rows) == 2723
