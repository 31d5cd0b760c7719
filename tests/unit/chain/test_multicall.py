"""Many reads in one request: in order, pinned, cut where a node finds it too much."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from papertrader_tui.chain import abi, multicall
from papertrader_tui.chain.errors import Fault as Kind
from papertrader_tui.chain.errors import RpcError
from papertrader_tui.chain.multicall import Call, Multicall, eth_call
from papertrader_tui.chain.rpc import Rpc
from tests.rpc_server import MULTICALL3, Fault, RpcServer, refuse

COUNTER = "0x" + "c0" * 20
TOKEN = "0x" + "11" * 20
NOBODY = "0x" + "22" * 20


@pytest.fixture
def node() -> Iterator[RpcServer]:
    with RpcServer() as server:
        server.contract(COUNTER, lambda data, block: data[4:36])
        server.contract(TOKEN, lambda data, block: abi.word(block))
        yield server


@pytest.fixture
async def reads(node: RpcServer) -> AsyncIterator[Multicall]:
    rpc = Rpc("base", 8453, [node.url()])
    yield Multicall(rpc, MULTICALL3)
    await rpc.close()


def count(number: int, gas: int = multicall.CALL_GAS) -> Call:
    return Call(COUNTER, b"\0\0\0\1" + abi.word(number), gas)


async def test_every_answer_stands_where_its_call_stood(reads, node):
    node.contract("0x" + "33" * 20, {})
    calls = [count(7), Call("0x" + "33" * 20, b"\1\2\3\4"), Call(NOBODY, b""), count(8)]
    assert await reads.read(calls) == [abi.word(7), None, b"", abi.word(8)]
    assert node.calls["eth_call"] == 1
    assert await reads.read([]) == []


async def test_all_are_of_the_block_that_is_asked_for(reads, node):
    assert await reads.read([Call(TOKEN, b"")] * 2, 990) == [abi.word(990)] * 2
    assert await reads.read([Call(TOKEN, b"")], "latest") == [abi.word(1_000)]


async def test_they_are_cut_by_count_and_by_gas(reads, node):
    calls = [count(number) for number in range(2 * multicall.CALLS + 3)]
    assert await reads.read(calls, 1_000) == [abi.word(number) for number in range(len(calls))]
    assert node.calls["eth_call"] == 3
    heavy = [count(number, multicall.GAS // 2) for number in range(4)]
    assert await reads.read(heavy, 1_000) == [abi.word(number) for number in range(4)]
    assert node.calls["eth_call"] == 5


async def test_what_a_node_finds_too_much_is_halved(reads, node):
    sizes = []

    def limited(params: list) -> str:
        data = bytes.fromhex(params[0]["data"][2:])
        wanted = int.from_bytes(data[36:68], "big")
        sizes.append(wanted)
        if wanted > 3:
            raise refuse(-32000, "out of gas")
        return "0x" + node._aggregate3(data, 1_000).hex()

    node.methods["eth_call"] = limited
    assert await reads.read([count(n) for n in range(8)]) == [abi.word(n) for n in range(8)]
    assert sizes == [8, 4, 2, 2, 4, 2, 2]


async def test_a_chain_without_multicall3_says_what_to_set(node, reads):
    missing = Multicall(reads.rpc, NOBODY)
    with pytest.raises(RpcError, match=r"no Multicall3 at 0x22.*set multicall3 in \[chain.base\]"):
        await missing.read([count(1)])
    wrong = Multicall(reads.rpc, TOKEN)
    with pytest.raises(RpcError, match="is no Multicall3") as caught:
        await wrong.read([count(1)])
    assert caught.value.fault is Kind.GARBAGE


@pytest.mark.parametrize("bad", [Fault.NULL, Fault.STRING_ERROR])
async def test_an_answer_that_is_none_is_an_error_of_the_read(bad: Fault, reads, node):
    await reads.read([count(1)])
    node.misbehave(bad, times=1)
    with pytest.raises(RpcError, match=r"not hexadecimal|Missed `to` address"):
        await reads.read([count(1)])
    assert await reads.read([count(1)]) == [abi.word(1)]


async def test_a_single_call_has_a_sender_and_overrides(reads, node):
    asked = []
    node.methods["eth_call"] = lambda params: asked.append(params) or "0x01"
    state = {TOKEN: {"balance": "0x1"}}
    assert await eth_call(reads.rpc, TOKEN, b"\1", 5, sender=NOBODY, overrides=state) == b"\1"
    assert asked == [[{"to": TOKEN, "data": "0x01", "from": NOBODY}, "0x5", state]]
