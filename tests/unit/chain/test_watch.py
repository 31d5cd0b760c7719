"""The watch of a chain whose node fails, lies, forgets, or begins anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from papertrader_tui.chain import abi
from papertrader_tui.chain.errors import Fault, RpcError
from papertrader_tui.chain.factories import V2, Factory
from papertrader_tui.chain.head import Head
from papertrader_tui.chain.multicall import Call
from papertrader_tui.chain.pool_calls import BALANCE_OF, GET_PAIR, GET_RESERVES
from papertrader_tui.chain.probe_code import WORDS
from papertrader_tui.chain.routing import Market
from papertrader_tui.chain.safety import Safety
from papertrader_tui.chain.watch import ROUTE_MS, BlockRead, ChainWatch
from papertrader_tui.domain.chain_fees import ChainFees
from papertrader_tui.domain.market import Gas, MarketInput
from papertrader_tui.domain.pools import PairState, Route
from papertrader_tui.domain.tokens import Token
from papertrader_tui.registry import load_registry

REGISTRY = load_registry()
BASE = REGISTRY.chains["base"]
USDC, WETH = REGISTRY.find("USDC@base"), REGISTRY.find("WETH@base")
GEM = Token("base:0x" + "ff" * 20, "GEM", "Gem", "base", 18)
FACTORY = Factory(V2, "0x" + "fa" * 20, "uniswap v2", (3_000,))
FIRST, SECOND = "0x" + "a1" * 20, "0x" + "b2" * 20
NOW = 1_700_000_000_000


def pair_of(one: Token, other: Token) -> tuple[str, str]:
    first, second = sorted((one.address, other.address))
    return first, second


@dataclass
class World:
    """Nodes that say what a test wants; pairs hold their reserves as of a block."""

    pairs: dict[tuple[str, str], str] = field(
        default_factory=lambda: {pair_of(USDC, WETH): FIRST, pair_of(WETH, GEM): SECOND}
    )
    reserves: dict[str, tuple[int, int]] = field(default_factory=dict)
    past: dict[int, dict[str, tuple[int, int]]] = field(default_factory=dict)
    number: int = 100
    fork: str = ""
    now: int = NOW
    ahead_ms: int = -1_000
    taken_bps: int = 0
    probes: bool = True
    down: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        # WETH's address is the lower one of both: 3,000 USDC, and 1,000 GEM for one WETH
        self.reserves = {FIRST: (10**21, 3 * 10**12), SECOND: (10**20, 10**23)}
        self.past[self.number] = dict(self.reserves)

    def mine(self, **reserves: tuple[int, int]) -> None:
        self.number += 1
        self.now += 2_000
        for name, both in reserves.items():
            self.reserves[{"first": FIRST, "second": SECOND}[name]] = both
        self.past[self.number] = dict(self.reserves)

    def _fails(self, what: str) -> None:
        if what in self.down:
            raise RpcError(Fault.TIMEOUT, f"no answer to {what}")

    # -------------------------------------------------------------- chain.watch.ChainReads

    async def head(self, block: int | str = "latest") -> Head | None:
        self._fails("head")
        number = self.number if isinstance(block, str) else block
        time = self.now + self.ahead_ms - 2_000 * (self.number - number)
        return Head(number, time, f"0x{number}{self.fork}", f"0x{number - 1}{self.fork}", 7)

    async def read(self, calls: Sequence[Call], block: int | str) -> list[bytes | None]:
        return [self._answer(call, int(block)) for call in calls]

    def _answer(self, call: Call, block: int) -> bytes | None:
        what = call.data[:4]
        if what == GET_PAIR:
            found = self.pairs.get((abi.address(call.data[4:]), abi.address(call.data[4:], 1)))
            return abi.address_word(found or abi.ZERO_ADDRESS)
        if what == GET_RESERVES:
            self._fails(f"reserves at {block}")
            reserves = self.past.get(block, {}).get(call.target)
            return None if reserves is None else b"".join(map(abi.word, (*reserves, 0)))
        if what == BALANCE_OF:
            self._fails("balances")
            return abi.word(10**20)
        return None

    async def disagreement(self, token: Token, block: int) -> str:
        del token, block
        self._fails("metadata")
        return ""

    async def block(self, head: Head, calls: Sequence[Call]) -> BlockRead:
        self._fails("block")
        fees = ChainFees(head.number, 7, 8, 0.5, (1, 2, 3, 4, 5))
        return BlockRead(await self.read(calls, head.number), fees, (Decimal(1), ""))

    async def probe(
        self, target: str, data: bytes, block: int, overrides: dict[str, object]
    ) -> bytes:
        del target, block, overrides
        if not self.probes:
            raise RpcError(Fault.UNSUPPORTED, "no overrides")
        amount = abi.uint(data, 2)
        arrived = amount * (10_000 - self.taken_bps) // 10_000
        answers = (1, 1, arrived, 1, 1, arrived * (10_000 - self.taken_bps) // 10_000)
        assert len(answers) == WORDS
        return b"".join(map(abi.word, answers))


class Watching:
    def __init__(self, world: World, *, poll: float = 0.001, ages: bool = True) -> None:
        self.world = world
        self.batches: list[list[MarketInput]] = []
        self.watch = ChainWatch(
            BASE,
            Market(USDC, WETH, (FACTORY,)),
            world,
            lambda items: self.batches.append(list(items)),
            priced=lambda _: None,
            safety=Safety(world.probe),
            poll=poll,
            wall=lambda: world.now,
            ages=ages,
        )

    async def look(self) -> list[MarketInput]:
        """One look; what it told."""
        before = len(self.batches)
        await self.watch.look()
        return [item for batch in self.batches[before:] for item in batch]


def routes(items: Sequence[MarketInput]) -> dict[str, Route]:
    return {item.token: item for item in items if isinstance(item, Route)}


def pairs(items: Sequence[MarketInput]) -> list[tuple[str, int, int]]:
    return [(i.pool[5:], i.block, i.reserve1) for i in items if isinstance(i, PairState)]


@pytest.mark.parametrize("part", ["balances", "metadata"])
async def test_a_way_that_was_half_found_is_told_once_the_node_answers(part: str) -> None:
    world = World(down={part})
    found = Watching(world)
    with pytest.raises(RpcError):
        await found.look()
    assert found.watch.route(WETH.id) == ()  # nothing is priced that nobody knows to be safe
    world.down.clear()
    told = await found.look()
    assert [pool.address for pool in routes(told)[WETH.id].hops] == [FIRST]
    assert pairs(told) == [(FIRST, 100, 3 * 10**12)]


async def test_a_pool_that_is_gone_is_no_way_any_more_before_its_block_is_told() -> None:
    world = World()
    found = Watching(world)
    found.watch.follow([GEM])
    assert len(routes(await found.look())[GEM.id].hops) == 2
    # the chain begins anew without that pool
    del world.pairs[pair_of(WETH, GEM)]
    del world.reserves[SECOND]
    world.mine()
    told = await found.look()
    assert routes(told)[GEM.id].hops == ()
    gas = next(n for n, item in enumerate(told) if isinstance(item, Gas))
    assert isinstance(told[0], Route)
    assert gas > 0
    assert WETH.id not in routes(told)
    world.mine()
    assert routes(await found.look()) == {}  # and that is said once


async def test_a_token_that_begins_to_take_its_share_is_told() -> None:
    world = World()
    found = Watching(world)
    assert routes(await found.look())[WETH.id].fault == ""
    world.taken_bps = 500
    world.now += ROUTE_MS
    world.mine()
    told = routes(await found.look())[WETH.id]
    assert (told.fault, told.transfer_fee_bps) == ("takes 5 % of every transfer", 500)
    # a node that allows no such call knows nothing better
    world.probes = False
    world.now += ROUTE_MS
    world.mine()
    assert routes(await found.look()) == {}


async def test_a_block_of_a_time_to_come_does_not_move_the_clock() -> None:
    world = World(ahead_ms=10**12)
    told = await Watching(world).look()
    assert told
    assert max(item.time for item in told) == NOW


async def test_an_order_of_an_earlier_session_lands_in_its_block_once_its_way_is_known() -> None:
    """A session ends with an order in flight; its block has come before the next one begins."""
    world = World()
    for _ in range(5):
        world.mine(first=(10**21, 3 * 10**12 + world.number))
    found = Watching(world)
    found.watch.land(WETH.id, 103)
    first = await found.look()
    assert pairs(first) == [(FIRST, 105, 3 * 10**12 + 104)]  # the way is found on the newest
    assert [i.fees.block for i in first if isinstance(i, Gas) and i.fees] == [105]
    again = await found.look()
    assert pairs(again) == [(FIRST, 102, 3 * 10**12 + 101), (FIRST, 105, 3 * 10**12 + 104)]
    assert [i.fees.block for i in again if isinstance(i, Gas) and i.fees] == [103, 105]
    assert await found.look() == []


async def test_a_state_that_was_read_for_a_landing_that_failed_is_told_later() -> None:
    world = World()
    found = Watching(world)
    await found.look()
    world.mine(first=(10**21, 31 * 10**11))
    world.mine()
    found.watch.land(WETH.id, 102)
    world.down = {"block"}
    with pytest.raises(RpcError):
        await found.look()
    world.down.clear()
    assert pairs(await found.look())[-1] == (FIRST, 101, 31 * 10**11)


async def test_a_landing_on_a_block_that_was_replaced_meanwhile_is_asked_again() -> None:
    world = World()
    found = Watching(world)
    await found.look()
    world.mine(first=(10**21, 31 * 10**11))
    found.watch.land(WETH.id, 101)
    answer = world.head

    async def torn(block: int | str = "latest") -> Head | None:
        head = await answer(block)
        if block == 100:
            world.fork = "b"  # what is asked next is of another chain
        return head

    world.head = torn  # type: ignore[method-assign]
    world.fork = "a"
    with pytest.raises(RpcError, match="was replaced"):
        await found.look()
    assert [i.fees.block for i in await found.look() if isinstance(i, Gas) and i.fees] == [101, 101]


async def test_a_chain_that_goes_back_is_told_as_it_is_now() -> None:
    world = World()
    found = Watching(world)
    await found.look()
    world.mine(first=(10**21, 31 * 10**11))
    await found.look()
    world.number, world.fork = 100, "b"
    told = await found.look()
    assert pairs(told) == [(FIRST, 100, 3 * 10**12)]
    assert [i.fees.block for i in told if isinstance(i, Gas) and i.fees] == [100]


@pytest.mark.parametrize("ages", [True, False])
async def test_a_chain_that_mines_on_demand_is_not_silent_between_its_blocks(ages: bool) -> None:
    world = World()
    found = Watching(world, ages=ages)
    await found.look()
    world.now += 15_000
    assert await found.look() == []
    world.ahead_ms -= 10_000  # the block stays what and when it was
    world.now += 10_000
    told = await found.look()
    assert [(type(item), item.time) for item in told] == ([] if ages else [(Gas, world.now)])
    assert [item.fees.block for item in told if isinstance(item, Gas) and item.fees] == (
        [] if ages else [100]
    )


async def test_what_cannot_be_is_a_fault_and_not_the_end_of_the_watch() -> None:
    world = World()
    found = Watching(world, poll=0.001)
    answer, made_up = world.block, [True]

    async def block(head: Head, calls: Sequence[Call]) -> BlockRead:
        if made_up:
            msg = "word 1 does not fit 128 signed bits"
            raise abi.BadAnswer(msg)
        return await answer(head, calls)

    world.block = block  # type: ignore[method-assign]
    found.watch.follow([])
    running = asyncio.create_task(found.watch.run())
    async with asyncio.timeout(30):
        while "cannot be" not in found.watch.fault:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert not running.done()
        made_up.clear()
        found.watch.follow([GEM])  # which wakes it before its pause is over
        while found.watch.fault:  # noqa: ASYNC110
            await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert routes([i for batch in found.batches for i in batch])[WETH.id].hops
