"""The kit does what the tests built on it take for granted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.chainkit.market import ChainMarket
from tests.chainkit.node import BLOCK_SECONDS, Anvil
from tests.chainkit.packs import unavailable
from tests.chainkit.rpc import RpcError, View


def test_each_transaction_is_a_block_12_seconds_after_the_last(chain_market: ChainMarket) -> None:
    node = chain_market.node
    number, timestamp = node.number, node.timestamp
    chain_market.trade(chain_market.route("usdc", "v2 usdc/weth"), 10**9)
    chain_market.node.mine(2)
    assert (node.number, node.timestamp) == (number + 3, timestamp + 3 * BLOCK_SECONDS)
    node.jump(1_000)
    assert node.timestamp == timestamp + 3 * BLOCK_SECONDS + 1_000


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_did_is_undone(chain_market: ChainMarket, turn: int) -> None:
    gem = chain_market.tokens["gem"]
    assert chain_market.balance(gem, chain_market.newcomer) == 0
    chain_market.give(gem, chain_market.newcomer, turn)
    assert chain_market.balance(gem, chain_market.newcomer) == turn


@pytest.mark.parametrize("turn", [1, 2])
def test_a_killed_node_comes_back_with_what_was_dumped(
    chain_market: ChainMarket, turn: int
) -> None:
    node, gem = chain_market.node, chain_market.tokens["gem"]
    assert chain_market.balance(gem, chain_market.newcomer) == 0
    chain_market.give(gem, chain_market.newcomer, turn)
    head, url = node.block, node.rpc_url
    node.dump()
    node.kill()
    with pytest.raises(httpx.TransportError):
        httpx.post(url, json={}, trust_env=False)
    node.restart()
    assert (node.block["hash"], node.rpc_url) == (head["hash"], url)
    assert chain_market.balance(gem, chain_market.newcomer) == turn
    node.mine()
    assert node.timestamp == int(head["timestamp"], 16) + BLOCK_SECONDS


@pytest.mark.parametrize("turn", [1, 2])
def test_blocks_may_carry_the_time_of_day(chain_market: ChainMarket, turn: int) -> None:
    assert chain_market.node.timestamp < time.time() - 86_400
    chain_market.node.follow_clock()
    assert abs(chain_market.node.timestamp - time.time()) < 60


def test_another_node_has_a_chain_of_its_own(new_node: Callable[..., Anvil]) -> None:
    node = new_node(chain_id=8453)
    assert (node.rpc.call("eth_chainId"), node.number) == ("0x2105", 0)
    assert node.rpc_url.startswith("http://127.0.0.1:")


def test_what_is_taken_back_leaves_the_next_block_as_it_was(chain_market: ChainMarket) -> None:
    node = chain_market.node
    with chain_market.taken_back():
        node.mine(3)
        later = node.block["baseFeePerGas"]
    with chain_market.taken_back():
        node.mine()
        first = node.block
    node.mine()
    assert node.block["baseFeePerGas"] == first["baseFeePerGas"] != later
    assert node.block["timestamp"] == first["timestamp"]


def test_a_node_may_mine_by_itself(new_node: Callable[..., Anvil]) -> None:
    node = new_node(block_time=1)
    before = node.number
    receipt = node.send(node.accounts[0], node.accounts[1], value=1)
    assert int(receipt["blockNumber"], 16) > before


def test_odd_tokens_are_odd(chain_market: ChainMarket) -> None:
    def say(key: str, what: str, kind: str) -> Any:
        view = View(chain_market.addresses.tokens[key], f"{what}()", f"({kind})")
        return chain_market.rpc.view(view)[0][0]

    assert say("maker", "symbol", "bytes32").rstrip(b"\0") == b"MKR"
    assert say("lying", "decimals", "uint256") == 1_000
    assert "\x1b[2J" in say("hostile", "symbol", "string")
    with pytest.raises(RpcError, match="revert"):
        say("mute", "symbol", "string")
    taxed = chain_market.rehearse(chain_market.route("weth", "v2 taxed/weth"), 10**16)
    quoted = chain_market.quote(chain_market.route("weth", "v2 taxed/weth"), 10**16)
    assert taxed.amount_out == quoted - quoted * 300 // 10_000
    bought = chain_market.trade(chain_market.route("weth", "v2 trap/weth"), 10**16)
    with pytest.raises(RuntimeError, match="reverted"):
        chain_market.trade(chain_market.route("trap", "v2 trap/weth"), bought.amount_out)


def test_a_feed_answers_what_it_was_told(chain_market: ChainMarket) -> None:
    feed = chain_market.addresses.feeds["eth/usd"]
    view = View(feed, "latestRoundData()", "(uint80,int256,uint256,uint256,uint80)")
    chain_market.set_feed("eth/usd", 2_900 * 10**8)
    now = chain_market.node.timestamp
    assert chain_market.rpc.view(view) == [(2, 2_900 * 10**8, now, now, 2)]
    chain_market.set_feed_round("eth/usd", answer=-1, updated_at=5)
    assert chain_market.rpc.view(view) == [(1_000, -1, 5, 5, 1_000)]


def test_the_l1_attributes_are_what_they_were_told_to_be(chain_market: ChainMarket) -> None:
    chain_market.set_l1_prices(
        base_fee=7, blob_base_fee=6, base_fee_scalar=5, blob_base_fee_scalar=4,
        operator_fee_scalar=3, operator_fee_constant=2,
    )  # fmt: skip
    where = chain_market.addresses.l1_block
    names = (
        "basefee", "blobBaseFee", "baseFeeScalar", "blobBaseFeeScalar", "operatorFeeScalar",
        "operatorFeeConstant",
    )  # fmt: skip
    views = [View(where, f"{name}()", "(uint256)") for name in names]
    assert chain_market.rpc.view(*views) == [(7,), (6,), (5,), (4,), (3,), (2,)]


def test_one_batch_reads_many_contracts(chain_market: ChainMarket) -> None:
    usdc, nobody = chain_market.addresses.usdc, "0x" + "12" * 20
    symbol = View(usdc, "symbol()", "(string)").request["data"]
    calls = [(usdc, True, bytes.fromhex(symbol[2:])), (usdc, True, b"none")]
    batch = View(
        chain_market.addresses.multicall3,
        "aggregate3((address,bool,bytes)[])",
        "((bool,bytes)[])",
        (calls,),
    )
    head = View(chain_market.addresses.multicall3, "getBlockNumber()", "(uint256)")
    rich = View(chain_market.addresses.multicall3, "getEthBalance(address)", "(uint256)", (nobody,))
    (results,), (number,), (held,) = chain_market.rpc.view(batch, head, rich)
    assert [success for success, _ in results] == [True, False]
    assert results[0][1][64:68] == b"USDC"
    assert (number, held) == (chain_market.node.number, 0)


def test_what_cannot_be_had_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAPERTRADER_REQUIRE_CHAIN", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no npm"):
        unavailable("no npm")
    monkeypatch.setenv("PAPERTRADER_REQUIRE_CHAIN", "1")
    with pytest.raises(pytest.fail.Exception, match="no npm"):
        unavailable("no npm")
