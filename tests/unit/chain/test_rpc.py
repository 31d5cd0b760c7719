"""The nodes of a chain: which one is asked, what becomes of one that misbehaves, what is said."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from papertrader_tui.chain import abi
from papertrader_tui.chain.errors import Fault as Kind
from papertrader_tui.chain.errors import RpcError
from papertrader_tui.chain.rpc import Rpc, RpcSettings
from tests.rpc_server import Fault, RpcServer

KEY = "an-api-key-of-someone-0123456789"
TOKEN = "0x" + "11" * 20
CALL = ("eth_call", [{"to": TOKEN, "data": "0x313ce567"}, "latest"])
SIX = "0x" + abi.word(6).hex()

Open = Callable[..., Rpc]


class Time:
    """Seconds and milliseconds that pass when somebody waits for them."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def wall(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds + 0.001


@pytest.fixture
def passing() -> Time:
    return Time()


@pytest.fixture
def nodes() -> Iterator[list[RpcServer]]:
    found = [RpcServer(), RpcServer()]
    for number, node in enumerate(found):
        node.start()
        node.contract(TOKEN, {"0x313ce567": abi.word(6), "0x06fdde03": abi.word(number)})
    yield found
    for node in found:
        node.stop()


@pytest.fixture
async def opened(passing: Time) -> AsyncIterator[Open]:
    """Opens an Rpc over some nodes; all are closed in the end."""
    async with AsyncExitStack() as stack:

        def make(*servers: RpcServer, deadline: float = 5.0, **more: object) -> Rpc:
            settings = RpcSettings(deadline=deadline, max_bytes=200_000)
            rpc = Rpc(
                "base", 8453, [node.url(f"/v2/{KEY}") for node in servers], block_ms=2_000,
                settings=settings, clock=passing, wall=passing.wall, chance=lambda: 0.5,
                sleep=passing.sleep, **more,
            )  # fmt: skip
            stack.push_async_callback(rpc.close)
            return rpc

        yield make


async def seen_around(rpc: Rpc) -> None:
    """Until the look at all nodes that a question for the head began is over."""
    if rpc._looking is not None:
        await asyncio.wait([rpc._looking])


async def test_the_first_node_is_asked_once_it_has_said_which_chain_it_is_of(nodes, opened):
    rpc = opened(*nodes)
    assert await rpc.request(*CALL) == SIX
    assert await rpc.request(*CALL) == SIX
    assert nodes[0].calls == {"eth_chainId": 1, "eth_call": 2}
    assert nodes[1].calls == {}
    first, second = rpc.health()
    assert (first.state, first.requests, first.errors) == ("ok", 3, {})
    assert first.latency_ms is not None
    assert (second.state, second.latency_ms) == ("not asked", None)


async def test_a_node_of_another_chain_is_taken_out_and_looked_at_again(nodes, opened, passing):
    nodes[0].chain_id = 1
    rpc = opened(*nodes)
    assert await rpc.request(*CALL) == SIX
    assert nodes[0].calls == {"eth_chainId": 1}
    assert nodes[1].calls["eth_call"] == 1
    health = rpc.health()[0]
    assert health.state == "wrong chain"
    assert "it is of chain 1, not 8453; take it out, or correct its URL" in health.reason
    nodes[0].chain_id = 8453
    await rpc.request(*CALL)
    assert nodes[0].calls == {"eth_chainId": 1}
    passing.seconds += 61
    await rpc.request(*CALL)
    assert nodes[0].calls == {"eth_chainId": 2, "eth_call": 1}
    assert rpc.health()[0].state == "ok"


async def test_a_chain_of_nothing_but_wrong_nodes_says_so(nodes, opened):
    for node in nodes:
        node.chain_id = 1
    rpc = opened(*nodes)
    with pytest.raises(
        RpcError, match=r"base: no node answered: .*; .*chain 1, not 8453"
    ) as caught:
        await rpc.head()
    assert caught.value.fault is Kind.WRONG_CHAIN
    with pytest.raises(RpcError) as caught:
        await rpc.request(*CALL)
    assert caught.value.fault is Kind.WRONG_CHAIN


OUTAGES = {
    Fault.RATE_LIMITED: Kind.RATE_LIMITED,
    Fault.LIMIT_CODE: Kind.RATE_LIMITED,
    Fault.UNAUTHORIZED: Kind.UNAUTHORIZED,
    Fault.SERVER_ERROR: Kind.SERVER,
    Fault.SERVER_JSON: Kind.SERVER,
    Fault.HTML: Kind.GARBAGE,
    Fault.TRUNCATED: Kind.GARBAGE,
    Fault.CUT: Kind.GARBAGE,
    Fault.EMPTY: Kind.GARBAGE,
    Fault.WRONG_ID: Kind.GARBAGE,
    Fault.REDIRECT: Kind.GARBAGE,
    Fault.RESET: Kind.CONNECTION,
    Fault.TIMEOUT: Kind.TIMEOUT,
}


@pytest.mark.parametrize("bad", OUTAGES)
async def test_a_node_that_fails_hands_over_and_comes_back_by_itself(
    bad: Fault, nodes, opened, passing, caplog
):
    caplog.set_level(logging.DEBUG)
    rpc = opened(*nodes, deadline=0.3 if bad is Fault.TIMEOUT else 5.0)
    await rpc.head()
    await seen_around(rpc)
    nodes[0].misbehave(bad, method="eth_call")
    for _ in range(3):
        assert await rpc.request(*CALL) == SIX
    health = rpc.health()[0]
    assert health.errors[OUTAGES[bad].value] >= 1
    assert health.state in ("left alone", "waiting")
    assert OUTAGES[bad].value in health.reason
    assert nodes[1].calls["eth_call"] == 3
    nodes[0].behave()
    passing.seconds += 700
    assert await rpc.request(*CALL) == SIX
    assert nodes[1].calls["eth_call"] == 3
    assert rpc.health()[0].state == "ok"
    shown = health.reason + repr(health) + repr(rpc.health()) + caplog.text
    assert KEY not in shown


async def test_a_single_node_that_fails_says_what_is_wrong_with_it(nodes, opened):
    rpc = opened(nodes[0])
    nodes[0].misbehave(Fault.UNAUTHORIZED)
    with pytest.raises(RpcError) as caught:
        await rpc.request(*CALL)
    assert str(caught.value) == (
        f"127.0.0.1:{nodes[0].url().rpartition(':')[2]}: key refused: HTTP 401 Unauthorized no "
        "such project: /v2/***; check the key in its URL"
    )
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_a_limit_is_obeyed_as_long_as_the_node_asks(nodes, opened, passing):
    rpc = opened(nodes[0])
    await rpc.request(*CALL)
    nodes[0].misbehave(Fault.RATE_LIMITED, times=1)
    with pytest.raises(RpcError) as caught:
        await rpc.request(*CALL)
    assert caught.value.retry_after == 1
    began = passing.seconds
    assert await rpc.request(*CALL) == SIX  # it waits for its turn, on the clock
    assert passing.seconds - began == pytest.approx(1, abs=0.01)


async def test_each_node_is_asked_within_its_limit(nodes, passing):
    rpc = Rpc(
        "base", 8453, [nodes[0].url()], settings=RpcSettings(per_minute=60, patience=100),
        clock=passing, wall=passing.wall, sleep=passing.sleep,
    )  # fmt: skip
    began = passing.seconds
    for _ in range(40):
        await rpc.request(*CALL)
    # 12 of 60 are saved up, the rest come in at 48 a minute
    assert passing.seconds - began == pytest.approx((41 - 12) / 48 * 60, rel=0.05)
    await rpc.close()


async def test_a_revert_is_an_answer_and_no_other_node_is_asked(nodes, opened):
    rpc = opened(*nodes)
    with pytest.raises(RpcError) as caught:
        await rpc.request("eth_call", [{"to": TOKEN, "data": "0x12345678"}, "latest"])
    assert caught.value.fault is Kind.REVERTED
    assert nodes[1].calls == {}
    assert rpc.health()[0].state == "ok"


async def test_state_that_one_node_has_pruned_is_asked_of_the_next(nodes, opened):
    nodes[0].oldest = 900
    rpc = opened(*nodes)
    params = [{"to": TOKEN, "data": "0x313ce567"}, hex(500)]
    assert await rpc.request("eth_call", params, block=500) == SIX
    nodes[1].oldest = 900
    with pytest.raises(RpcError) as caught:
        await rpc.request("eth_call", params, block=500)
    assert caught.value.fault is Kind.PRUNED
    assert [health.state for health in rpc.health()] == ["ok", "ok"]


async def test_a_pinned_read_goes_to_a_node_that_has_the_block(nodes, opened):
    rpc = opened(*nodes)
    nodes[1].block = 1_003
    params = [{"to": TOKEN, "data": "0x06fdde03"}, hex(1_003)]
    assert await rpc.request("eth_call", params, block=1_003) == "0x" + abi.word(1).hex()
    assert nodes[0].calls["eth_call"] == 0
    with pytest.raises(RpcError, match=r"it has not seen block 1004 yet, only 1000") as caught:
        await rpc.request("eth_call", params, block=1_004)
    assert caught.value.fault is Kind.UNKNOWN_BLOCK


async def test_a_node_that_lags_is_passed_over_until_it_has_caught_up(nodes, opened, passing):
    nodes[1].block = 1_100
    rpc = opened(*nodes)
    await rpc.head()  # of the first that answers: nobody else has been heard yet
    await seen_around(rpc)
    await rpc.head()
    assert rpc.health()[0].state == "stale head"
    assert "block 1,000 is 100 behind the other nodes" in rpc.health()[0].reason
    assert await rpc.block_number() == 1_100
    assert await rpc.request("eth_call", [{"to": TOKEN, "data": "0x06fdde03"}, "latest"]) == (
        "0x" + abi.word(1).hex()
    )
    nodes[0].block = 1_101
    passing.seconds += 16
    await rpc.head()
    await seen_around(rpc)
    assert rpc.health()[0].state == "ok"
    assert await rpc.block_number() == 1_101


async def test_heads_that_are_all_old_are_said_and_healed(nodes, opened):
    for node in nodes:
        node.age_s = 300
    rpc = opened(*nodes)
    with pytest.raises(RpcError, match=r"its newest block 1,000 is 30\d s old") as caught:
        await rpc.head()
    assert caught.value.fault is Kind.STALE
    with pytest.raises(RpcError) as caught:
        await rpc.request(*CALL)
    assert caught.value.fault is Kind.STALE
    nodes[1].age_s = 0
    assert (await rpc.head()).number == 1_000
    assert await rpc.request(*CALL) == SIX


async def test_a_head_of_a_time_to_come_is_not_believed(nodes, opened):
    nodes[0].age_s = -300
    rpc = opened(*nodes)
    assert (await rpc.head()).number == 1_000
    assert nodes[1].calls["eth_getBlockByNumber"] >= 1
    assert "s from now" in rpc.health()[0].reason


async def test_a_chain_that_mines_on_demand_is_never_stale(nodes, opened):
    nodes[0].age_s = 100_000
    rpc = opened(nodes[0], stale_ms=0)
    assert (await rpc.head()).number == 1_000


async def test_a_node_that_was_restarted_is_asked_again_and_checked_anew(nodes, opened, passing):
    rpc = opened(nodes[0])
    await rpc.head()
    nodes[0].stop()
    for _ in range(4):
        with pytest.raises(RpcError) as caught:
            await rpc.head()
        assert caught.value.fault is Kind.CONNECTION
    assert rpc.health()[0].state == "left alone"
    nodes[0].chain_id, nodes[0].block = 1, 5
    nodes[0].start()
    passing.seconds += 3
    with pytest.raises(RpcError) as caught:
        await rpc.head()
    assert caught.value.fault is Kind.WRONG_CHAIN
    nodes[0].chain_id = 8453
    passing.seconds += 61
    assert (await rpc.head()).number == 5


async def test_a_connection_that_was_closed_meanwhile_is_opened_anew(nodes, opened):
    rpc = opened(nodes[0])
    await rpc.request(*CALL)
    nodes[0].stop()
    nodes[0].start()
    assert await rpc.request(*CALL) == SIX
    assert rpc.health()[0].errors == {}


async def test_a_batch_is_one_request_and_its_answers_come_in_its_order(nodes, opened):
    rpc = opened(nodes[0])
    nodes[0].misbehave(Fault.SHUFFLED, method="eth_foo")
    asked = [("eth_chainId", []), ("eth_foo", []), CALL]
    chain, refused, six = await rpc.batch(asked)
    assert (chain, six) == (hex(8453), SIX)
    assert isinstance(refused, RpcError)
    assert refused.fault is Kind.UNSUPPORTED
    assert nodes[0].requests == 2  # which chain it is of, and the batch
    assert await rpc.batch([]) == []


@pytest.mark.parametrize("bad", [Fault.ONE_ERROR, Fault.STRING_ERROR, Fault.HTML])
async def test_a_node_that_takes_no_batches_is_asked_one_by_one(bad: Fault, nodes, opened):
    rpc = opened(nodes[0])
    await rpc.request(*CALL)
    nodes[0].misbehave(bad, times=1)
    assert await rpc.batch([CALL, ("eth_chainId", [])]) == [SIX, hex(8453)]
    before = nodes[0].requests
    assert await rpc.batch([CALL, CALL]) == [SIX, SIX]
    assert nodes[0].requests == before + 2


async def test_a_batch_that_is_not_answered_whole_goes_to_the_next_node(nodes, opened):
    rpc = opened(*nodes)
    nodes[0].misbehave(Fault.PARTIAL, method="eth_call")
    assert await rpc.batch([("eth_chainId", []), CALL]) == [hex(8453), SIX]
    assert nodes[1].calls["eth_call"] == 1
    assert rpc.health()[0].errors == {"garbage": 1}


async def test_an_endless_answer_is_cut_off(nodes, opened):
    rpc = opened(nodes[0])
    await rpc.request(*CALL)
    nodes[0].misbehave(Fault.HUGE, times=1)
    with pytest.raises(RpcError, match="longer than 200,000 bytes"):
        await rpc.request(*CALL)
    assert await rpc.request(*CALL) == SIX


async def test_json_nested_beyond_reason_is_refused_and_ends_nothing(nodes, opened):
    # web3 brings a library that raises the limit that protects from this
    rpc = opened(nodes[0])
    limit = sys.getrecursionlimit()
    await rpc.request(*CALL)
    assert sys.getrecursionlimit() == limit
    nodes[0].misbehave(Fault.NESTED, times=1)
    with pytest.raises(RpcError) as caught:
        await rpc.request(*CALL)
    assert caught.value.fault is Kind.GARBAGE


async def test_an_explorer_in_place_of_a_node_is_left_alone(nodes, opened):
    nodes[0].misbehave(Fault.NOTOK)
    rpc = opened(*nodes)
    await rpc.request(*CALL)
    await rpc.request(*CALL)
    assert nodes[0].requests == 1
    assert rpc.health()[0].state == "wrong chain"
    assert "Please upgrade your plan" in rpc.health()[0].reason


async def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(nodes, opened, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert await opened(nodes[0]).request(*CALL) == SIX


async def test_nodes_at_one_host_are_told_apart(nodes, opened):
    rpc = opened(nodes[0], nodes[0])
    names = [health.host for health in rpc.health()]
    assert [name.partition(" ")[2] for name in names] == ["#1", "#2"]


async def test_a_cancelled_request_costs_the_node_nothing(nodes, opened):
    rpc = opened(nodes[0])
    await rpc.request(*CALL)
    nodes[0].misbehave(Fault.TIMEOUT, times=1)
    task = asyncio.create_task(rpc.request(*CALL))
    assert await asyncio.to_thread(nodes[0].hanging.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert rpc.health()[0].errors == {}
    assert await rpc.request(*CALL) == SIX


def test_a_chain_without_nodes_says_where_to_set_some():
    with pytest.raises(ValueError, match=r"no node of base is known; set rpc in \[chain.base\]"):
        Rpc("base", 8453, [])
