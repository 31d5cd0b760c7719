"""The node side on a real node: heads, batches, tokens, feeds and fees, killed and restarted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from papertrader_tui.chain import abi
from papertrader_tui.chain.chainlink import Feed, read_feeds
from papertrader_tui.chain.erc20 import read_metadata
from papertrader_tui.chain.errors import Fault, RpcError
from papertrader_tui.chain.fees import EIP_1559, OP_STACK, FeeReader, read_fees
from papertrader_tui.chain.multicall import Call, Multicall, eth_call
from papertrader_tui.chain.rpc import Rpc
from papertrader_tui.domain.chain_fees import L1Prices

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket

pytestmark = pytest.mark.xdist_group("chain")

BALANCE_OF = abi.selector("0x70a08231")


@pytest.fixture
async def reads(chain_market: ChainMarket) -> AsyncIterator[Multicall]:
    # the kit's blocks have a fixed date
    rpc = Rpc("local", 31_337, [chain_market.rpc_url], stale_ms=0)
    yield Multicall(rpc, chain_market.addresses.multicall3)
    await rpc.close()


async def test_blocks_follow_each_other(chain_market: ChainMarket, reads: Multicall) -> None:
    first = await reads.rpc.head()
    chain_market.node.mine()
    second = await reads.rpc.head()
    assert (second.number, second.parent) == (first.number + 1, first.hash)
    assert second.time > first.time


async def test_a_node_of_another_chain_is_not_read(chain_market: ChainMarket) -> None:
    rpc = Rpc("base", 8453, [chain_market.rpc_url], stale_ms=0)
    with pytest.raises(RpcError, match="it is of chain 31337, not 8453"):
        await rpc.head()
    await rpc.close()


async def test_reads_are_of_the_block_that_they_are_pinned_to(
    chain_market: ChainMarket, reads: Multicall
) -> None:
    gem = chain_market.tokens["gem"]
    holder = "0x" + "77" * 20
    asked = [Call(gem.address, abi.encode(BALANCE_OF, holder))] * 3
    before = (await reads.rpc.head()).number
    chain_market.give(gem, holder, 1_000)
    after = (await reads.rpc.head()).number
    assert await reads.read(asked, before) == [abi.word(0)] * 3
    assert await reads.read(asked, after) == [abi.word(1_000)] * 3
    with pytest.raises(RpcError) as caught:
        await reads.read(asked, after + 1)
    assert caught.value.fault is Fault.UNKNOWN_BLOCK


async def test_a_revert_has_its_reason(chain_market: ChainMarket, reads: Multicall) -> None:
    gem = chain_market.tokens["gem"]
    transfer = abi.encode(abi.selector("0xa9059cbb"), "0x" + "77" * 20, 1)
    with pytest.raises(RpcError, match="balance") as caught:
        await eth_call(reads.rpc, gem.address, transfer, sender="0x" + "66" * 20)
    assert caught.value.fault is Fault.REVERTED
    assert await reads.read([Call(gem.address, transfer), Call(gem.address, BALANCE_OF)]) == [
        None,
        None,
    ]


async def test_tokens_say_what_they_say(chain_market: ChainMarket, reads: Multicall) -> None:
    tokens = chain_market.tokens
    addresses = {key: token.address.lower() for key, token in tokens.items()}
    found = await read_metadata(reads, addresses.values())
    said = {key: found[address] for key, address in addresses.items()}
    assert {key: said[key].decimals for key in ("usdc", "weth", "gem", "sats")} == {
        "usdc": 6, "weth": 18, "gem": 18, "sats": 8,
    }  # fmt: skip
    assert said["maker"].symbol
    assert said["maker"].decimals == 18
    assert (said["mute"].decimals, said["mute"].symbol) == (None, "")
    assert "no token at" in said["mute"].fault
    assert said["lying"].decimals is None
    assert "1000 decimals; at most 36" in said["lying"].fault
    assert said["hostile"].symbol.isprintable()
    assert said["hostile"].fault == ""


async def test_feeds_are_read_with_their_sequencer(
    chain_market: ChainMarket, reads: Multicall
) -> None:
    feeds = chain_market.addresses.feeds
    now = chain_market.node.timestamp
    chain_market.set_feed_round("eth/usd", answer=335_172_810_074, updated_at=now)
    chain_market.set_feed_round("sequencer", answer=0, updated_at=now, started_at=now - 4_000)
    head = await reads.rpc.head()
    feed = Feed("ETH/USD", feeds["eth/usd"].lower())
    asked = (reads, [feed], head.number, head.time, feeds["sequencer"].lower())
    (reading,) = await read_feeds(*asked)
    assert reading.fault == ""
    assert reading.usable == Decimal("3351.72810074")
    chain_market.set_feed_round("sequencer", answer=1, updated_at=now)
    head = await reads.rpc.head()
    (reading,) = await read_feeds(reads, [feed], head.number, head.time, feeds["sequencer"].lower())
    assert reading.fault == "the sequencer is down"


async def test_the_next_base_fee_is_that_of_the_next_block(
    chain_market: ChainMarket, reads: Multicall
) -> None:
    route = chain_market.route("usdc", "v3 usdc/weth 500")
    for spend in (10**6, 10**9):
        chain_market.trade(route, spend)
        fees = await read_fees(FeeReader(EIP_1559), reads)
        chain_market.node.mine()
        head = await reads.rpc.head()
        assert (head.number, head.base_fee_wei) == (fees.block + 1, fees.next_base_fee_wei)
        # and it is told of a block that is not the newest any more
        again = await read_fees(FeeReader(EIP_1559), reads, fees.block)
        assert (again.block, again.next_base_fee_wei) == (fees.block, fees.next_base_fee_wei)


async def test_l1_prices_are_those_of_the_predeploy(
    chain_market: ChainMarket, reads: Multicall
) -> None:
    chain_market.set_l1_prices(
        base_fee=11, blob_base_fee=12, base_fee_scalar=13, blob_base_fee_scalar=14,
        operator_fee_scalar=15, operator_fee_constant=16,
    )  # fmt: skip
    reader = FeeReader(OP_STACK, chain_market.addresses.l1_block.lower())
    head = await reads.rpc.head()
    said = await reads.read(reader.calls(), head.number)
    forks = [abi.word(1), abi.word(1), abi.word(1), abi.word(0)]
    fees = reader.fees(head, {}, [*said[:6], *forks])
    assert fees.l1 == L1Prices(11, 12, 13, 14, 15, 16)
    assert fees.l1_rule == "fjord"


async def test_a_node_that_was_killed_comes_back_by_itself(
    chain_market: ChainMarket, reads: Multicall
) -> None:
    before = await reads.rpc.head()
    chain_market.node.kill()
    with pytest.raises(RpcError) as caught:
        await reads.rpc.head()
    assert caught.value.fault is Fault.CONNECTION
    assert "connection refused" in reads.rpc.health()[0].reason
    chain_market.node.restart()
    after = await reads.rpc.head()
    assert after.number <= before.number
    assert reads.rpc.health()[0].state == "ok"
