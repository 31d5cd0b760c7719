"""Pools as they stand at the end of a block: prices, reserves, and the ticks that are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from papertrader_tui.amm.bitmap import word_of
from papertrader_tui.amm.path import AnyPool
from papertrader_tui.chain.abi import encode
from papertrader_tui.chain.discovery import Reads
from papertrader_tui.chain.multicall import Call
from papertrader_tui.chain.pool_calls import (
    BALANCE_OF,
    FEE,
    GET_RESERVES,
    LIQUIDITY,
    SLOT0,
    bitmap_call,
    fee_ppm,
    net_and_crossed,
    number,
    price_and_tick,
    reserves,
    tick_call,
)
from papertrader_tui.domain.pools import V2, ConcentratedState, PairState, Pool, PoolTicks
from papertrader_tui.simulator.cores import NO_TICKS, core_of, tick_table

#: By bitmap word: net liquidity and "crossed before" of each initialised tick in it.
Words = Mapping[int, Mapping[int, tuple[int, bool]]]
State = PairState | ConcentratedState


@dataclass(frozen=True, slots=True)
class LoadedPool:
    """A pool at the end of a block, as far as it was read.

    Attributes:
        words: The words of its bitmap that are known; {} for a constant product pool.
        ticks_block: Block that the words were read at.
    """

    pool: Pool
    state: State
    words: Words
    ticks_block: int = 0

    @property
    def amm(self) -> AnyPool:
        """The same for the arithmetic.

        Raises:
            AmmError: a state that no pool can be in.
        """
        spacing = self.pool.tick_spacing
        return core_of(self.state, spacing, tick_table(self.words, spacing))

    @property
    def priced(self) -> AnyPool:
        """The same without its ticks, which a price has no need of; raises as `amm`."""
        return core_of(self.state, self.pool.tick_spacing, NO_TICKS)

    @property
    def ticks(self) -> PoolTicks:
        """Its words as an input of the desk."""
        return PoolTicks(self.pool.id, self.state.time, self.ticks_block, self.words)

    def moved_to(self, state: State) -> LoadedPool:
        """The same pool at another block."""
        return replace(self, state=state)

    def word(self) -> int:
        """The word of the bitmap that its tick is in; 0 for a constant product pool."""
        if isinstance(self.state, PairState):
            return 0
        return word_of(self.state.tick, self.pool.tick_spacing)


def crossings_explain(before: LoadedPool, now: ConcentratedState) -> bool:
    """Is the liquidity in range what crossing the known ticks makes of what it was?

    If not, somebody has added or removed some.
    """
    was = before.state
    assert isinstance(was, ConcentratedState)
    low, high = sorted((was.tick, now.tick))
    crossed = sum(
        net
        for ticks in before.words.values()
        for tick, (net, _) in ticks.items()
        if low < tick <= high
    )
    return now.liquidity == was.liquidity + (crossed if now.tick >= was.tick else -crossed)


def state_calls(pool: Pool) -> list[Call]:
    """What has to be read of a pool at each block; its fee too, since a fork's may change."""
    if pool.kind == V2:
        return [Call(pool.address, GET_RESERVES)]
    return [Call(pool.address, what) for what in (SLOT0, LIQUIDITY, FEE)]


def state_of(pool: Pool, answers: Sequence[bytes | None], time: int, block: int) -> State | None:
    """A pool's state from the answers to `state_calls`; None where it cannot be traded in."""
    if pool.kind == V2:
        both = reserves(answers[0])
        return None if both is None else PairState(pool.id, time, block, *both, pool.fee_ppm)
    found, liquidity, fee = price_and_tick(answers[0]), number(answers[1]), fee_ppm(answers[2])
    if found is None or liquidity is None or liquidity >= 1 << 128 or fee is None:
        return None
    return ConcentratedState(pool.id, time, block, *found, liquidity, fee)


async def read_states(
    reads: Reads, pools: Sequence[Pool], time: int, block: int
) -> dict[Pool, State]:
    """States of many pools in one batch; see `states_of`.

    Raises:
        RpcError: no node answered.
    """
    return states_of(pools, await reads.read(calls_of(pools), block), time, block)


def calls_of(pools: Sequence[Pool]) -> list[Call]:
    """What has to be read of many pools."""
    return [call for pool in pools for call in state_calls(pool)]


def states_of(
    pools: Sequence[Pool], answers: Sequence[bytes | None], time: int, block: int
) -> dict[Pool, State]:
    """States of many pools; those that cannot be traded in are left out.

    Args:
        pools: Which.
        answers: To `calls_of` the same pools.
        time: Of the block, market milliseconds.
        block: Its number.
    """
    found, at = {}, 0
    for pool in pools:
        count = len(state_calls(pool))
        state = state_of(pool, answers[at : at + count], time, block)
        at += count
        if state is not None:
            found[pool] = state
    return found


async def read_words(
    reads: Reads, wanted: Iterable[tuple[Pool, int]], block: int
) -> dict[Pool, dict[int, dict[int, tuple[int, bool]]]]:
    """Words of tick bitmaps with their ticks, for many pools in two batches.

    A word whose ticks could not all be read is left out: it stays unknown.

    Raises:
        RpcError: no node answered.
    """
    asked = list(dict.fromkeys(wanted))
    bits = await reads.read([bitmap_call(pool.address, word) for pool, word in asked], block)
    ticks: list[tuple[Pool, int, int]] = []
    found: dict[Pool, dict[int, dict[int, tuple[int, bool]]]] = {}
    for (pool, word), data in zip(asked, bits, strict=True):
        value = number(data)
        if value is None:
            continue
        found.setdefault(pool, {})[word] = {}
        ticks += [
            (pool, word, (word * 256 + bit) * pool.tick_spacing)
            for bit in range(256)
            if value >> bit & 1
        ]
    answers = await reads.read([tick_call(pool.address, tick) for pool, _, tick in ticks], block)
    for (pool, word, tick), data in zip(ticks, answers, strict=True):
        told = net_and_crossed(data)
        if told is None:
            found[pool].pop(word, None)
        elif word in found[pool]:
            found[pool][word][tick] = told
    return found


async def balances(reads: Reads, pools: Sequence[Pool], block: int) -> dict[Pool, tuple[int, int]]:
    """What pools hold of their two tokens, raw: how deep they are in all.

    Raises:
        RpcError: no node answered.
    """
    calls = [
        Call(token.partition(":")[2], encode(BALANCE_OF, pool.address))
        for pool in pools
        for token in (pool.token0, pool.token1)
    ]
    answers = [number(data) for data in await reads.read(calls, block)]
    found = {}
    for index, pool in enumerate(pools):
        one, other = answers[2 * index], answers[2 * index + 1]
        if one is not None and other is not None:
            found[pool] = (one, other)
    return found
