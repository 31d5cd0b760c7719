"""What tokens say of themselves, believed only where it can be true."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi import encode

from papertrader_tui.chain import abi
from papertrader_tui.chain.erc20 import disagreement, metadata_of, read_metadata
from papertrader_tui.chain.multicall import Multicall
from papertrader_tui.chain.rpc import Rpc
from papertrader_tui.registry import load_registry
from tests.rpc_server import MULTICALL3, RpcServer

AT = "0x" + "ab" * 20
USDC = load_registry().find("USDC@base")


def string(said: str) -> bytes:
    return encode(["string"], [said])


async def test_three_answers_of_each_in_one_batch():
    old = "0x" + "CD" * 20
    with RpcServer() as node:
        node.contract(
            AT,
            {"0x95d89b41": string("DOGE"), "0x06fdde03": string("Dog"), "0x313ce567": abi.word(8)},
        )
        node.contract(old, {"0x95d89b41": b"MKR".ljust(32, b"\0"), "0x313ce567": abi.word(18)})
        rpc = Rpc("base", 8453, [node.url()])
        found = await read_metadata(Multicall(rpc, MULTICALL3), [AT, old, AT, "0x" + "00" * 20])
        await rpc.close()
        assert node.calls["eth_call"] == 1
    doge, maker, nobody = found.values()
    assert (doge.symbol, doge.name, doge.decimals, doge.fault) == ("DOGE", "Dog", 8, "")
    assert (maker.address, maker.symbol, maker.name, maker.decimals) == (
        old.lower(), "MKR", "", 18,
    )  # fmt: skip
    assert nobody.decimals is None
    assert "no token at 0x000000" in nobody.fault


@pytest.mark.parametrize(
    ("decimals", "expected"),
    [
        (None, "does not say how many decimals"),
        (b"", "does not say how many decimals"),
        (b"\x12", "1 bytes long"),
        (abi.word(37), "says that it has 37 decimals; at most 36"),
        (abi.word(2**256 - 1), "an absurd number of decimals"),
    ],
)
def test_decimals_are_never_guessed(decimals: bytes | None, expected: str):
    said = metadata_of(AT, string("X"), string("X"), decimals)
    assert said.decimals is None
    assert expected in said.fault


def test_labels_lose_what_a_terminal_obeys():
    said = metadata_of(
        AT, string("\x1b]0;pwned\x07US\u202eDC\n" * 50), string("[red]A\u0301\u0301\u0301[/]"),
        abi.word(6),
    )  # fmt: skip
    assert said.symbol.isprintable()
    assert len(said.symbol) <= 20
    assert "\x1b" not in said.symbol
    assert "\u202e" not in said.symbol
    assert said.name == "[red]A\u0301[/]"  # front ends show it as text, without markup
    assert said.fault == ""


@pytest.mark.parametrize("data", [b"\xff" * 64, b"", b"\x01", abi.word(32) + abi.word(10**9)])
def test_labels_that_are_none_are_empty(data: bytes):
    said = metadata_of(AT, data, data, abi.word(6))
    assert (said.symbol, said.name, said.decimals) == ("", "", 6)


def test_a_contract_that_lies_about_a_known_token_is_named():
    said = metadata_of(USDC.address, string("USDC"), string("USD Coin"), abi.word(18))
    assert "USDC·base has 6 decimals here and its contract says 18" in disagreement(USDC, said)
    assert disagreement(USDC, replace(said, decimals=6)) == ""
    silent = metadata_of(USDC.address, string("USDC"), b"", None)
    assert "does not say" in disagreement(USDC, silent)
