"""The pools of a chain as they were read last, and what of them has been told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from papertrader_tui.chain.discovery import Reads
from papertrader_tui.chain.loading import LoadedPool, State, crossings_explain
from papertrader_tui.chain.routing import load, words_around
from papertrader_tui.domain.market import MarketInput
from papertrader_tui.domain.pools import V3, ConcentratedState, Pool

#: Milliseconds after which all ticks are read anew.
TICKS_MS: Final = 5 * 60_000


class Standing:
    """Pools that routes lead through, each with its state and the ticks that are known of it."""

    def __init__(self) -> None:
        self._pools: dict[Pool, LoadedPool] = {}
        self._ticks_read: dict[Pool, int] = {}
        self._told: dict[Pool, tuple[object, ...]] = {}
        self._told_ticks: dict[Pool, object] = {}

    def __iter__(self) -> Iterator[Pool]:
        return iter(self._pools)

    def __getitem__(self, pool: Pool) -> LoadedPool:
        return self._pools[pool]

    def add(self, loaded: LoadedPool, now: int) -> None:
        """Keep a pool, if it is not kept already."""
        if loaded.pool not in self._pools:
            self._pools[loaded.pool] = loaded
            self._ticks_read[loaded.pool] = now

    def drop(self, pool: Pool) -> None:
        """Keep it no more."""
        for known in (self._pools, self._ticks_read, self._told, self._told_ticks):
            known.pop(pool, None)

    def keep_only(self, used: Collection[Pool]) -> list[Pool]:
        """Keep no other pools; those that went."""
        gone = [pool for pool in self._pools if pool not in used]
        for pool in gone:
            self.drop(pool)
        return gone

    def doubt(self, pools: Iterable[Pool]) -> None:
        """Read all of these anew, and tell it: an order lands on nothing that was read earlier."""
        for pool in pools:
            self._ticks_read.pop(pool, None)
            self._told.pop(pool, None)

    async def take_in(
        self, reads: Reads, states: Mapping[Pool, State], block: int, time: int
    ) -> None:
        """Keep states of a block, with ticks where those known are old or do not fit.

        Raises:
            RpcError: no node answered; nothing of it was kept.
        """
        again = {p: s for p, s in states.items() if self._ticks_are_old(p, s, time)}
        loaded = await load(reads, again, block, {p: self._pools[p].words for p in again})
        self._ticks_read.update(dict.fromkeys(loaded, time))
        for pool, state in states.items():
            known = loaded.get(pool)
            self._pools[pool] = known if known is not None else self._pools[pool].moved_to(state)

    def _ticks_are_old(self, pool: Pool, state: State, now: int) -> bool:
        if not isinstance(state, ConcentratedState) or pool.kind != V3:
            return False
        before = self._pools[pool]
        if now - self._ticks_read.get(pool, 0) >= TICKS_MS:
            return True
        unknown = any(word not in before.words for word in words_around(pool, state))
        return unknown or not crossings_explain(before, state)

    def news(self, pool: Pool) -> list[MarketInput]:
        """What is to be told of a pool, if it is not what was told last."""
        loaded = self._pools[pool]
        state, found = loaded.state, []
        key: tuple[object, ...]
        if isinstance(state, ConcentratedState):
            if self._told_ticks.get(pool) != loaded.words:
                self._told_ticks[pool] = loaded.words
                found.append(loaded.ticks)
            key = (state.sqrt_price_x96, state.tick, state.liquidity, state.fee_ppm)
        else:
            key = (state.reserve0, state.reserve1, state.fee_ppm)
        if self._told.get(pool) != key or found:
            self._told[pool] = key
            return [*found, state]
        return []
