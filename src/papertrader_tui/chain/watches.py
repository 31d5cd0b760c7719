"""Every chain that is watched, as the live market asks for them (`feeds.chains.Chains`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from papertrader_tui.chain.watch import ChainWatch
from papertrader_tui.domain.market import MarketInput
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds.chains import ChainListener


class Closes(Protocol):
    """Something with connections."""

    async def close(self) -> None:
        """Let go of them."""
        ...


class Watches:
    """Watches chains once `start` was called; told of tokens before or after.

    Args:
        opener: Makes the watch of a chain, and what is to be closed after it; None for a chain
            that has no node, or no USDC to trade against. Called with `tell`.
    """

    def __init__(
        self, opener: Callable[[str, ChainListener], tuple[ChainWatch, Closes] | None]
    ) -> None:
        self._opener = opener
        self._watches: dict[str, ChainWatch] = {}
        self._without: set[str] = set()
        self._nodes: list[Closes] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._listeners: list[ChainListener] = []
        self._started = False

    def follow(self, tokens: Iterable[Token]) -> None:
        """See `Chains`."""
        by_chain: dict[str, list[Token]] = {}
        for token in tokens:
            by_chain.setdefault(token.chain, []).append(token)
        for chain, some in by_chain.items():
            watch = self._watch(chain)
            if watch is not None:
                watch.follow(some)

    def _watch(self, chain: str) -> ChainWatch | None:
        if chain not in self._watches and chain not in self._without:
            opened = self._opener(chain, self._tell)
            if opened is None:
                self._without.add(chain)
                return None
            watch, node = opened
            self._watches[chain] = watch
            self._nodes.append(node)
            if self._started:
                self._tasks.append(asyncio.create_task(watch.run()))
        return self._watches.get(chain)

    def land(self, token: TokenId, block: int) -> None:
        """See `Chains`."""
        watch = self._watches.get(token.partition(":")[0])
        if watch is not None:
            watch.land(token, block)

    def subscribe(self, listener: ChainListener) -> Callable[[], None]:
        """See `Chains`."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def faults(self) -> Mapping[str, str]:
        """See `Chains`."""
        return {w.chain.name: w.fault for w in self._watches.values() if w.fault}

    def silent(self) -> bool:
        """Has every chain been looked at, and none of them answered?"""
        return all(watch.tried and not watch.seen for watch in self._watches.values())

    def answering(self) -> bool:
        """Does a node of any chain answer?"""
        return any(watch.seen for watch in self._watches.values())

    def any(self) -> bool:
        """Is any chain watched?"""
        return bool(self._watches)

    def start(self) -> None:
        """See `Chains`."""
        if not self._started:
            self._started = True
            self._tasks += [asyncio.create_task(w.run()) for w in self._watches.values()]

    async def close(self) -> None:
        """See `Chains`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for node in self._nodes:
            await node.close()

    def _tell(self, items: Sequence[MarketInput]) -> None:
        for listener in list(self._listeners):
            listener(items)
