"""Finding routes: pools asked for, read at one block, and the best way chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from papertrader_tui.amm.bitmap import word_of
from papertrader_tui.amm.tick_math import MAX_TICK, MIN_TICK
from papertrader_tui.chain.discovery import Pair, Reads, find_pools
from papertrader_tui.chain.factories import Factory
from papertrader_tui.chain.loading import LoadedPool, State, Words, read_states, read_words
from papertrader_tui.chain.routes import Candidate, NeedWords, best_route, pairs_for
from papertrader_tui.domain.pools import V3, ConcentratedState, Pool
from papertrader_tui.domain.tokens import Token, TokenId

#: What a route is chosen by: a round trip of so many dollars.
REFERENCE_USD: Final = 1_000
#: Ticks around the price that are always read: 2,000 ticks are a fifth of the price either way.
REACH_TICKS: Final = 2_000
#: Words of one pool that are read at most; a way that needs more is no way for that size.
MOST_WORDS: Final = 24
#: Words that are read at once when one more is needed.
_STRIDE: Final = 4


@dataclass(frozen=True, slots=True)
class Market:
    """What routes are found between.

    Attributes:
        cash: USDC on the chain.
        native: The wrapped native token.
    """

    cash: Token
    native: Token
    factories: tuple[Factory, ...]


def words_around(pool: Pool, state: State) -> range:
    """The words that are always read of a concentrated pool; none of another."""
    if not isinstance(state, ConcentratedState):
        return range(0)
    low = max(MIN_TICK, state.tick - REACH_TICKS)
    high = min(MAX_TICK, state.tick + REACH_TICKS)
    return range(word_of(low, pool.tick_spacing), word_of(high, pool.tick_spacing) + 1)


async def load(
    reads: Reads,
    states: Mapping[Pool, State],
    block: int,
    words: Mapping[Pool, Iterable[int]],
) -> dict[Pool, LoadedPool]:
    """Pools with the words around their prices, and others that are wanted, read at `block`.

    Raises:
        RpcError: no node answered.
    """
    wanted = {
        (pool, word)
        for pool, state in states.items()
        if pool.kind == V3
        for word in (*words_around(pool, state), *words.get(pool, ()))
    }
    read = await read_words(reads, wanted, block) if wanted else {}
    return {
        pool: LoadedPool(pool, state, read.get(pool, {}), block if pool.kind == V3 else 0)
        for pool, state in states.items()
    }


async def find_routes(
    reads: Reads,
    market: Market,
    tokens: Sequence[Token],
    time: int,
    block: int,
    spend: int | None = None,
) -> dict[TokenId, Candidate | None]:
    """The best way to each token at a block; None where there is none.

    Args:
        reads: Of their chain.
        market: What the ways lead between.
        tokens: Which.
        time: Of the block, market milliseconds.
        block: Its number.
        spend: Raw USDC that the ways are compared by (default: REFERENCE_USD); the pools that
            are found are read as far as it needs.

    Raises:
        RpcError: no node answered.
    """
    by_token = {t.id: pairs_for(t, market.cash, market.native) for t in tokens}
    pairs = {pair for some in by_token.values() for pair in some}
    found = await find_pools(reads, market.factories, sorted(pairs, key=_ids), block)
    pools = [pool for some in found.values() for pool in some]
    states = await read_states(reads, pools, time, block)
    alive = {p: s for p, s in states.items() if isinstance(s, ConcentratedState) is (p.kind == V3)}
    loaded = await load(reads, alive, block, {})
    size = REFERENCE_USD * 10**market.cash.decimals if spend is None else spend
    return {
        token.id: await _choose(reads, market, token, found, loaded, size, block)
        for token in tokens
        if token.id != market.cash.id
    }


async def _choose(
    reads: Reads,
    market: Market,
    token: Token,
    found: Mapping[Pair, Sequence[Pool]],
    loaded: dict[Pool, LoadedPool],
    spend: int,
    block: int,
) -> Candidate | None:
    """The best route of one token; words that the choice needs are added to `loaded`."""
    while True:
        pools = {
            pair: [loaded[pool] for pool in some if pool in loaded] for pair, some in found.items()
        }
        try:
            return best_route(token, market.cash, market.native, pools, spend)
        except NeedWords as needed:
            await _read_on(reads, needed.words, loaded, block)


async def _read_on(
    reads: Reads,
    words: Sequence[tuple[Pool, int]],
    loaded: dict[Pool, LoadedPool],
    block: int,
) -> None:
    """Read more words; a pool that needs too many, or that cannot be read, is left out.

    Such a pool is so thin there that nobody would swap so much in it.
    """
    wanted = [
        (pool, further)
        for pool, word in words
        if len(loaded[pool].words) < MOST_WORDS
        for further in _onward(loaded[pool], word)
    ]
    read = await read_words(reads, wanted, block) if wanted else {}
    for pool, word in words:
        more: Words = read.get(pool, {})
        if pool in loaded and word not in more:
            del loaded[pool]
        elif pool in loaded:
            loaded[pool] = replace(loaded[pool], words={**loaded[pool].words, **more})


def _onward(loaded: LoadedPool, word: int) -> range:
    """That word and the next ones away from the price."""
    if word > loaded.word():
        return range(word, word + _STRIDE)
    return range(word - _STRIDE + 1, word + 1)


def _ids(pair: Pair) -> tuple[TokenId, TokenId]:
    return pair[0].id, pair[1].id
