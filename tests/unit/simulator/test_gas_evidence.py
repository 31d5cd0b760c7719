"""Receipts, where they are at hand: set PAPERTRADER_EVIDENCE to the folder of recorded answers."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from papertrader_tui.amm.bitmap import TickTable
from papertrader_tui.amm.concentrated import ConcentratedPool
from papertrader_tui.domain.chain_fees import L1Prices
from papertrader_tui.simulator.base_fee import BaseFeeRule, next_base_fee
from papertrader_tui.simulator.fastlz import fastlz_length
from papertrader_tui.simulator.gas_units import APPROVAL, HopWork, swap_units, work_of
from papertrader_tui.simulator.l1_fee import (
    calldata_gas,
    ecotone_l1_fee,
    fjord_l1_fee,
)

EVIDENCE = Path(os.environ.get("PAPERTRADER_EVIDENCE", ""))

pytestmark = pytest.mark.skipif(
    "PAPERTRADER_EVIDENCE" not in os.environ,
    reason="PAPERTRADER_EVIDENCE does not name the folder of recorded receipts",
)

V2 = HopWork()
V3 = HopWork(concentrated=True)


def within_3_percent(units: int, receipt: int | str) -> bool:
    return abs(units - int(receipt)) * 100 <= 3 * int(receipt)


def rows(name: str) -> list[dict[str, str]]:
    with (EVIDENCE / "gas" / name).open() as lines:
        return list(csv.DictReader(lines))


def vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((EVIDENCE / "gas" / name).read_text())["vectors"]
    return found


def test_next_base_fee() -> None:
    cases = vectors("eip1559_next_base_fee.json")
    for case in cases:
        assert (
            next_base_fee(
                case["parent_base_fee"],
                case["parent_gas_used"],
                case["parent_gas_limit"],
                BaseFeeRule(case["denominator"], case["elasticity"]),
            )
            == case["next_base_fee"]
        ), case
    assert len(cases) == 12


def test_next_base_fee_of_fee_histories_whose_fill_is_exact() -> None:
    # gasUsedRatio is a float, so only a history whose gas can be told from it is compared.
    history = json.loads((EVIDENCE / "gas" / "eth_fee_history.json").read_text())[1]["result"]
    fees = [int(fee, 16) for fee in history["baseFeePerGas"]]
    for fee, ratio, following in zip(fees, history["gasUsedRatio"], fees[1:], strict=False):
        limit = 30_000_000
        assert next_base_fee(fee, round(ratio * limit), limit) == following


def test_l1_fees_of_receipts() -> None:
    cases = vectors("op_stack_l1_fee.json")
    for case in cases:
        raw = bytes.fromhex(case["raw_tx"].removeprefix("0x"))
        prices = L1Prices(**case["l1"])
        fee = ecotone_l1_fee if case["fork"] == "ecotone" else fjord_l1_fee
        assert fee(raw, prices) == case["expected_l1_fee_wei"], case["tx"]
        assert fastlz_length(raw) == case["fastlz_bytes"], case["tx"]
        assert calldata_gas(raw) == case["calldata_gas"], case["tx"]
    assert len(cases) == 67


def test_units_of_whole_transactions() -> None:
    measured = {row["action"]: row["gas_used"] for row in rows("gas_per_action.csv")}
    v2 = "v2 swapExactTokensForTokens 1 hop"
    expected = {
        "approve 0 -> max (new slot)": APPROVAL,
        v2: swap_units([V2]),
        f"{v2}, recipient fresh": swap_units([V2], new_holder=True),
        "v2 swapExactTokensForTokensSupportingFeeOnTransfer": swap_units([V2]),
        "v2 swapExactETHForTokens": swap_units([V2], native_in=True),
        "v2 swapExactTokensForETH": swap_units([V2], native_out=True),
        "v2 2 hops ETH->T0->T1": swap_units([V2, V2], native_in=True),
        "v2 1 hop via SwapRouter02": swap_units([V2]),
        "v3 exactInputSingle 3000 small": swap_units([V3]),
        "v3 exactInputSingle 3000 small via SwapRouter02": swap_units([V3]),
        # T0 is read, and the trader's balance of it written, by the time it comes back.
        "v3 2 hops T0-500-T1-3000-T0": swap_units([V3, V3]) - 7_300,
    }
    for action, units in expected.items():
        assert within_3_percent(units, measured[action]), action


def test_units_by_ticks_crossed() -> None:
    for row in rows("gas_v3_by_ticks_crossed.csv"):
        crossed = int(row["ticks_crossed"])
        new = crossed if row["phase"] == "first-cross" else 0
        hop = HopWork(
            concentrated=True,
            ticks_new=new,
            ticks_again=crossed - new,
            empty_words=int(row["swap_steps"]) - crossed - 1,
            tick_moved=row["tick_moved"] == "true",
        )
        assert within_3_percent(swap_units([hop]), row["gas_used"]), row


def test_units_of_executed_swaps_over_ticks_and_empty_words() -> None:
    compared = 0
    for record in json.loads((EVIDENCE / "amm" / "v3_golden.json").read_text())["pools"]:
        nets = {int(tick): int(net) for tick, net in record["liquidity_net"].items()}
        pool = ConcentratedPool(
            record["fee_ppm"],
            record["tick_spacing"],
            int(record["sqrt_price_x96"]),
            record["tick"],
            int(record["liquidity"]),
            TickTable.from_nets(nets, record["tick_spacing"]),
        )
        for case in record["cases"]:
            if case["gas_used"] is None or case["amount_out"] == "0":
                continue  # a swap too small to pay anything does not transfer, and is no trade
            out = case["exact"] == "out"
            swap = (pool.exact_out if out else pool.exact_in)(
                case["zero_for_one"], int(case["amount"])
            )
            units = swap_units([work_of(pool, swap, (), exact_out=out)])
            assert within_3_percent(units, case["gas_used"]), (units, case)
            compared += 1
    assert compared == 491
