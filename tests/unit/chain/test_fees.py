"""Fees of a block: tips of the history, the next base fee by the chain's own rule, L1 prices."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from papertrader_tui.chain import abi
from papertrader_tui.chain.errors import Fault as Kind
from papertrader_tui.chain.errors import RpcError
from papertrader_tui.chain.fees import (
    ARBITRUM,
    EIP_1559,
    FEE_HISTORY,
    GAS_PRICE_ORACLE,
    L1_BLOCK,
    OP_STACK,
    FeeReader,
    fee_reader,
    read_fees,
    tips,
)
from papertrader_tui.chain.head import Head, head_of
from papertrader_tui.chain.multicall import Multicall
from papertrader_tui.chain.rpc import Rpc
from papertrader_tui.domain.chain_fees import TIP_PERCENTILES, L1Prices
from papertrader_tui.registry import chain_facts, load_registry
from tests.rpc_server import MULTICALL3, Fault, RpcServer

GWEI = 10**9
HEAD = Head(1_000, 0, "", "", 8 * GWEI, 20_000_000, 30_000_000)
# each block's rewards at the five percentiles
REWARDS = [[1, 2, 3, 4, 5], [10, 20, 30, 40, 50], [3, 3, 3, 3, 3]]


def history(
    rewards: list[list[int]] | None = None,
    ratios: list[float] | None = None,
    next_fee: int = 9 * GWEI,
    block: int = 1_000,
) -> dict[str, object]:
    rewards = REWARDS if rewards is None else rewards
    return {
        "oldestBlock": hex(block - len(rewards) + 1),
        "baseFeePerGas": [hex(8 * GWEI)] * len(rewards) + [hex(next_fee)],
        "gasUsedRatio": ratios or [0.5] * len(rewards),
        "reward": [[hex(one) for one in row] for row in rewards],
    }


def holocene(denominator: int, elasticity: int, minimum: int | None = None) -> bytes:
    head = bytes([0 if minimum is None else 1])
    tail = b"" if minimum is None else minimum.to_bytes(8, "big")
    return head + denominator.to_bytes(4, "big") + elasticity.to_bytes(4, "big") + tail


def l1_answers(forks: tuple[int, int, int, int]) -> list[bytes]:
    return [abi.word(value) for value in (11, 12, 13, 14, 15, 16, *forks)]


def test_tips_are_medians_of_blocks_that_had_transactions():
    assert tips(history()) == (3, 3, 3, 4, 5)
    assert tips(history(ratios=[0.5, 0, 0.5])) == (1, 2, 3, 3, 3)
    assert tips(history(ratios=[0, 0, 0])) == ()


@pytest.mark.parametrize(
    "odd",
    [{}, {"reward": None}, {"reward": [None, ["0x1"]]}, {"reward": [["x"] * 5]},
     {"reward": [[1] * 5], "gasUsedRatio": [None]}],
)  # fmt: skip
def test_a_history_without_usable_tips_has_none(odd: dict[str, object]):
    assert tips(odd) == ()
    fees = FeeReader().fees(HEAD, odd, tip_wei=7)
    assert fees.tips_wei == (7,) * len(TIP_PERCENTILES)


def test_ethereum_has_its_own_rule_whatever_the_node_predicts():
    fees = FeeReader(EIP_1559).fees(HEAD, history(next_fee=1))
    # a third above the target of 15 million, an eighth of that
    assert fees.next_base_fee_wei == 8 * GWEI + 8 * GWEI // 3 // 8
    assert (fees.block, fees.base_fee_wei) == (1_000, 8 * GWEI)
    assert fees.fullness == pytest.approx(2 / 3)


def test_an_op_stack_header_carries_its_rule():
    answers = l1_answers((1, 1, 1, 0))
    base = Head(5, 0, "", "", 1_000_000, 30_000_000, 60_000_000, holocene(50, 3))
    fees = FeeReader(OP_STACK).fees(base, history(), answers)
    assert fees.next_base_fee_wei == 1_000_000 + 1_000_000 * 10 // 20 // 50
    floor = Head(5, 0, "", "", 1_000_000, 0, 60_000_000, holocene(50, 3, 990_000))
    assert FeeReader(OP_STACK).fees(floor, {}, answers).next_base_fee_wei == 990_000


def test_since_jovian_the_data_footprint_counts_as_gas():
    head = Head(5, 0, "", "", 10**6, 0, 60 * 10**6, holocene(50, 3, 0), blob_gas_used=40 * 10**6)
    after = FeeReader(OP_STACK).fees(head, {}, l1_answers((1, 1, 1, 1)))
    before = FeeReader(OP_STACK).fees(head, {}, l1_answers((1, 1, 1, 0)))
    assert after.next_base_fee_wei == 10**6 + 10**6 // 50
    assert before.next_base_fee_wei < 10**6
    assert (after.jovian, before.jovian) == (True, False)


@pytest.mark.parametrize("kind", [ARBITRUM, FEE_HISTORY])
def test_chains_with_rules_of_their_own_have_the_nodes_prediction(kind: str):
    reader = FeeReader(kind)
    assert reader.fees(HEAD, history(next_fee=77)).next_base_fee_wei == 77
    # that of another block, or an error in its place, is none
    assert reader.fees(HEAD, history(next_fee=77, block=999)).next_base_fee_wei == 8 * GWEI
    assert reader.fees(HEAD, RpcError).next_base_fee_wei == 8 * GWEI
    assert reader.calls() == []


@pytest.mark.parametrize(
    ("forks", "rule", "operator"),
    [
        ((1, 0, 0, 0), "ecotone", (0, 0)),
        ((1, 1, 0, 0), "fjord", (0, 0)),
        ((1, 1, 1, 0), "fjord", (15, 16)),
        ((1, 1, 1, 1), "fjord", (15, 16)),
        ((0, 0, 0, 0), "", None),
    ],
)
def test_the_fork_decides_how_data_is_counted(
    forks: tuple[int, int, int, int], rule: str, operator: tuple[int, int] | None
):
    fees = FeeReader(OP_STACK).fees(HEAD, history(), l1_answers(forks))
    assert fees.l1_rule == rule
    expected = None if operator is None else L1Prices(11, 12, 13, 14, *operator)
    assert fees.l1 == expected


@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_l1_prices_that_are_not_all_there_are_none(missing: int):
    answers: list[bytes | None] = list(l1_answers((1, 1, 1, 1)))
    for nothing in (None, b""):
        answers[missing] = nothing
        fees = FeeReader(OP_STACK).fees(HEAD, history(), answers)
        assert (fees.l1, fees.l1_rule) == (None, "")


def test_forks_before_isthmus_have_no_functions_for_later_ones():
    answers: list[bytes | None] = [*l1_answers((1, 1, 0, 0))[:4], None, b"", abi.word(1), None,
                                   b"", None]  # fmt: skip
    fees = FeeReader(OP_STACK).fees(HEAD, history(), answers)
    assert fees.l1_rule == "ecotone"
    assert fees.l1 == L1Prices(11, 12, 13, 14)


def test_every_bundled_chain_names_a_kind_that_is_known():
    kinds = {key: fee_reader(chain_facts(key)).kind for key in load_registry().chains}
    assert kinds == {
        "ethereum": EIP_1559, "sepolia": EIP_1559, "polygon": FEE_HISTORY, "arbitrum": ARBITRUM,
        "base": OP_STACK, "base-sepolia": OP_STACK, "optimism": OP_STACK,
    }  # fmt: skip


# ---------------------------------------------------------------------- from a node


@pytest.fixture
def node() -> Iterator[RpcServer]:
    with RpcServer() as server:
        server.methods["eth_feeHistory"] = lambda params: history(block=int(params[1], 16))
        server.methods["eth_maxPriorityFeePerGas"] = lambda params: hex(42)
        names = [call.data.hex() for call in FeeReader(OP_STACK).calls()]
        told = dict(zip(names, l1_answers((1, 1, 1, 1)), strict=True))
        server.contract(L1_BLOCK, told)
        server.contract(GAS_PRICE_ORACLE, told)
        yield server


@pytest.fixture
async def reads(node: RpcServer) -> AsyncIterator[Multicall]:
    rpc = Rpc("base", 8453, [node.url()])
    yield Multicall(rpc, MULTICALL3)
    await rpc.close()


async def test_one_header_one_history_and_one_batch_of_reads(node, reads):
    fees = await read_fees(FeeReader(OP_STACK), reads, 995)
    assert (fees.block, fees.tips_wei) == (995, (3, 3, 3, 4, 5))
    assert fees.l1 == L1Prices(11, 12, 13, 14, 15, 16)
    assert fees.l1_rule == "fjord"
    assert node.calls["eth_feeHistory"] == node.calls["eth_call"] == 1
    assert (await read_fees(FeeReader(), reads)).block == 1_000


async def test_a_node_without_a_history_is_asked_for_a_usual_tip(node, reads):
    del node.methods["eth_feeHistory"]
    fees = await read_fees(FeeReader(), reads)
    assert fees.tips_wei == (42,) * 5
    assert fees.base_fee_wei == GWEI


@pytest.mark.parametrize("which", range(6))
def test_fees_that_cannot_be_are_refused(which: int):
    told = [abi.word(1)] * 6 + [abi.word(1)] * 4
    head = Head(7, 0, "0x1", "0x0", GWEI, 5, 10)
    assert FeeReader(OP_STACK).fees(head, {}, told).l1 is not None
    told[which] = abi.word(1 << 255)
    with pytest.raises(RpcError, match="at block 7 cannot be") as caught:
        FeeReader(OP_STACK).fees(head, {}, told)
    assert caught.value.fault is Kind.GARBAGE
    with pytest.raises(RpcError, match="cannot be"):
        FeeReader().fees(replace(head, base_fee_wei=1 << 255), {})
    with pytest.raises(RpcError, match="cannot be"):
        FeeReader().fees(head, {"reward": [[hex(1 << 255)] * 5]})


async def test_a_block_that_is_none_is_an_error(node, reads):
    await reads.rpc.head()
    node.methods["eth_getBlockByNumber"] = lambda params: {"number": "0x3e8", "timestamp": "?"}
    with pytest.raises(RpcError, match="is no block"):
        await read_fees(FeeReader(), reads, 1_000)
    node.methods["eth_getBlockByNumber"] = lambda params: None
    with pytest.raises(RpcError, match="no node has block"):
        await read_fees(FeeReader(), reads, 1_000)
    node.misbehave(Fault.NULL)
    with pytest.raises(RpcError):
        await read_fees(FeeReader(), reads)


# ---------------------------------------------------------------------- recorded answers

_EVIDENCE = os.environ.get("PAPERTRADER_EVIDENCE")


@pytest.mark.skipif(not _EVIDENCE, reason="PAPERTRADER_EVIDENCE is not set")
def test_recorded_histories_predict_the_block_after_their_last():
    path = Path(_EVIDENCE or "/nowhere") / "gas" / "eth_fee_history.json"
    cases = json.loads(path.read_text())
    assert cases
    for case in cases:
        told = case["result"]
        listed = told.get("baseFeePerGas") or []
        newest = int(told["oldestBlock"], 16) + max(0, len(listed) - 2)
        head = head_of({"number": hex(newest), "timestamp": "0x1", "baseFeePerGas": "0x7"})
        assert head is not None
        fees = FeeReader(FEE_HISTORY).fees(head, told)
        assert fees.next_base_fee_wei == (int(listed[-1], 16) if len(listed) > 1 else 7)
        assert len(fees.tips_wei) == len(TIP_PERCENTILES)
