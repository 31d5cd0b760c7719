"""The bytes of a swap's transaction, against an independent encoder."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_account.typed_transactions import TypedTransaction
from eth_utils import function_signature_to_4byte_selector as selector_of
from hexbytes import HexBytes

from papertrader_tui.simulator.transactions import (
    ROUTER,
    TRADER,
    approve_calldata,
    rlp,
    signed,
    swap_calldata,
)

A, B, C = (bytes([n]) * 20 for n in (0x11, 0x22, 0x33))
IDS = [f"base:0x{address.hex()}" for address in (A, B, C)]
SINGLE = "((address,address,uint24,address,uint256,uint256,uint160))"
MULTI = "((bytes,address,uint256,uint256))"
V2_SWAP = "(uint256,uint256,address[],address,uint256)"


def call(signature: str, *arguments: object) -> bytes:
    name, _, types = signature.partition("(")
    assert name
    return selector_of(signature) + encode(split(types[:-1]), arguments)


def split(types: str) -> list[str]:
    """Top-level types of a signature."""
    found, depth, last = [], 0, ""
    for letter in types:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            found.append(last)
            last = ""
        else:
            last += letter
    return [*found, last]


@pytest.mark.parametrize(("exact_out", "name"), [(False, "exactInput"), (True, "exactOutput")])
def test_swaps_through_concentrated_pools(exact_out: bool, name: str) -> None:
    one = swap_calldata(IDS[:2], [("v3", 500)], 10**6, 7, exact_out=exact_out)
    assert one == call(f"{name}Single{SINGLE}", (A, B, 500, TRADER, 10**6, 7, 0))
    two = swap_calldata(IDS, [("v3", 500), ("v3", 10_000)], 10**6, 7, exact_out=exact_out)
    way = A + (500).to_bytes(3, "big") + B + (10_000).to_bytes(3, "big") + C
    if exact_out:  # the path of an exact output begins at what is received
        way = C + (10_000).to_bytes(3, "big") + B + (500).to_bytes(3, "big") + A
    assert two == call(f"{name}{MULTI}", (way, TRADER, 10**6, 7))


@pytest.mark.parametrize(
    ("exact_out", "name"),
    [(False, "swapExactTokensForTokens"), (True, "swapTokensForExactTokens")],
)
@pytest.mark.parametrize("tokens", [2, 3])
def test_swaps_through_pairs(exact_out: bool, name: str, tokens: int) -> None:
    pools = [("v2", 3_000)] * (tokens - 1)
    data = swap_calldata(IDS[:tokens], pools, 10**21, 1 << 200, exact_out=exact_out)
    arguments = (10**21, 1 << 200, [A, B, C][:tokens], TRADER, 1_767_571_200)
    assert data == call(f"{name}{V2_SWAP}", *arguments)


def test_pools_of_both_kinds_are_called_one_after_the_other() -> None:
    data = swap_calldata(IDS, [("v2", 3_000), ("v3", 500)], 5, 6, exact_out=False)
    calls = [
        swap_calldata(IDS[:2], [("v2", 3_000)], 5, 6, exact_out=False),
        swap_calldata(IDS[1:], [("v3", 500)], 5, 6, exact_out=False),
    ]
    assert data == call("multicall(bytes[])", calls)


def test_an_approval() -> None:
    assert approve_calldata() == call("approve(address,uint256)", ROUTER, (1 << 256) - 1)


@pytest.mark.parametrize("size", [0, 4, 40, 200, 700])
def test_the_envelope_is_that_of_a_signed_transaction(size: int) -> None:
    data = bytes(n % 251 for n in range(size))
    raw = signed(8453, ROUTER, data, gas_limit=150_000, tip_wei=0, max_fee_wei=10**9)
    read = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    assert raw[0] == read["type"] == 2
    assert (read["chainId"], read["gas"], read["to"]) == (8453, 150_000, ROUTER)
    assert (read["maxPriorityFeePerGas"], read["maxFeePerGas"]) == (0, 10**9)
    assert (read["data"], read["value"], tuple(read["accessList"])) == (data, 0, ())
    signature = read["r"].to_bytes(32, "big") + read["s"].to_bytes(32, "big")
    assert 0 not in signature
    assert len(signature) == 64


@pytest.mark.parametrize(
    ("item", "encoded"),
    [
        (b"dog", "83646f67"),
        ([b"cat", b"dog"], "c88363617483646f67"),
        (b"", "80"),
        ([], "c0"),
        (b"\x00", "00"),
        (b"\x0f", "0f"),
        (b"\x04\x00", "820400"),
        ([[], [[]], [[], [[]]]], "c7c0c1c0c3c0c1c0"),
        (
            b"Lorem ipsum dolor sit amet, consectetur adipisicing elit",
            "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e73656374657475722061"
            "6469706973" + "6963696e6720656c6974",
        ),
    ],
)  # fmt: skip
def test_recursive_length_prefix(item: bytes, encoded: str) -> None:
    # the examples of ethereum.org's documentation of RLP
    assert rlp(item).hex() == encoded
