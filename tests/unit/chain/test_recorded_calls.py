"""Real answers to eth_call on five chains, read as the product reads them."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from eth_abi import decode, encode

from papertrader_tui.chain import abi, pool_calls
from papertrader_tui.chain.erc20 import metadata_of

_EVIDENCE = os.environ.get("PAPERTRADER_EVIDENCE")
_FILE = Path(_EVIDENCE or "/nowhere") / "amm" / "eth_call_answers.jsonl"

pytestmark = pytest.mark.skipif(not _EVIDENCE, reason="PAPERTRADER_EVIDENCE is not set")


def recorded() -> list[dict[str, object]]:
    return [json.loads(line) for line in _FILE.read_text().splitlines()]


def test_every_answer_is_its_value_or_known_to_be_none():
    seen: Counter[str] = Counter()
    for case in recorded():
        name, data = str(case["function"]), bytes.fromhex(str(case["result"])[2:])
        seen[name] += 1
        if not case["ok"]:
            assert name == "decimals()"
            said = metadata_of(str(case["to"]), b"", b"", data or None)
            assert said.decimals is None
            assert said.fault
            continue
        match name:
            case "decimals()":
                expected = decode(["uint8"], data)[0]
                assert metadata_of(str(case["to"]), b"x", b"", data).decimals == expected
            case "slot0()":
                price, tick, *_ = decode(
                    ["uint160", "int24", *["uint16"] * 3, "uint8", "bool"], data
                )
                assert pool_calls.price_and_tick(data) == (price, tick)
            case "getReserves()":
                assert (
                    pool_calls.reserves(data) == decode(["uint112", "uint112", "uint32"], data)[:2]
                )
            case "liquidity()":
                assert pool_calls.number(data) == decode(["uint128"], data)[0]
            case _:
                (expected,) = decode(["address"], data)
                assert abi.address(data) == expected.lower()
                nothing = expected.lower() == abi.ZERO_ADDRESS
                assert (pool_calls.address(data) is None) is nothing
    assert set(seen) >= {"decimals()", "slot0()", "getReserves()", "liquidity()", "token0()"}


def test_all_of_them_survive_a_batch():
    cases = recorded()
    told = [(bool(case["ok"]), bytes.fromhex(str(case["result"])[2:])) for case in cases]
    packed = encode(["(bool,bytes)[]"], [told])
    assert abi.decode_aggregate3(packed, len(told)) == [data if ok else None for ok, data in told]
