"""Asks the nodes of one chain: the first that is up, keeps up and may be asked."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from papertrader_tui.chain.errors import OUTAGES, Fault, RpcError, failed
from papertrader_tui.chain.head import Head
from papertrader_tui.chain.health import EndpointHealth, RpcSettings
from papertrader_tui.chain.node import Node
from papertrader_tui.chain.url import NodeUrl
from papertrader_tui.feeds.policy import Chance, Clock
from papertrader_tui.feeds.sources.http import wall_clock

__all__ = ["EndpointHealth", "Rpc", "RpcSettings"]

T = TypeVar("T")

#: Seconds between two looks at the heads of the nodes that are not asked otherwise.
LOOK_AROUND: Final = 60.0
#: The same while one of them is behind.
LOOK_AGAIN: Final = 15.0
#: A head is stale that lags the best of the others by more milliseconds or blocks than these,
#: or is older, or newer than now, than these milliseconds or blocks' time.
LAG_MS, LAG_BLOCKS = 15_000, 2
AGE_MS, AGE_BLOCKS = 60_000, 20


class Rpc:
    """The nodes of one chain.

    A request goes to the first node, in the order given, that is of this chain, keeps up, and may
    be asked; if that one fails, to the next. What a node says about the question itself (it
    reverts) is raised at once; what another might know better (state that it does not keep) is
    asked of the others first. Nothing is sent before the first request, and web3 is loaded in a
    thread then.

    Args:
        chain: Key of the chain, for messages.
        chain_id: What its nodes have to answer to eth_chainId; one that does not is not asked.
        urls: The preferred one first.
        block_ms: Milliseconds between blocks.
        stale_ms: Age at which a head is stale, 0 for never (a chain that mines on demand), None
            for the usual: 20 blocks, a minute at least.
        clock: Monotonic seconds.
        wall: Milliseconds since 1970.
        chance: A random number in [0, 1) at each call, for back-off.
        sleep: Waits some seconds.

    Raises:
        ValueError: no URL was given, or one cannot be asked.
    """

    def __init__(
        self,
        chain: str,
        chain_id: int,
        urls: Sequence[str | NodeUrl],
        *,
        block_ms: int = 12_000,
        stale_ms: int | None = None,
        settings: RpcSettings | None = None,
        clock: Clock = time.monotonic,
        wall: Callable[[], int] = wall_clock,
        chance: Chance = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not urls:
            msg = f"no node of {chain} is known; set rpc in [chain.{chain}]"
            raise ValueError(msg)
        self.chain = chain
        self.chain_id = chain_id
        self._settings = settings or RpcSettings()
        self._stale_ms = max(AGE_MS, AGE_BLOCKS * block_ms) if stale_ms is None else stale_ms
        self._lag = max(LAG_BLOCKS, LAG_MS // max(1, block_ms))
        self._clock, self._wall, self._sleep = clock, wall, sleep
        self._nodes = [
            Node(
                url if isinstance(url, NodeUrl) else NodeUrl(url), chain_id, self._settings,
                wall=wall, clock=clock, chance=chance,
            )
            for url in urls
        ]  # fmt: skip
        _tell_apart(self._nodes)
        self._looked = clock() - LOOK_AROUND
        self._looking: asyncio.Task[None] | None = None

    async def request(
        self, method: str, params: Sequence[object] = (), *, block: int | None = None
    ) -> object:
        """The result of one request, as its JSON.

        Args:
            method: `eth_call`.
            params: Its parameters, in order.
            block: The request is about the state at this block: only a node that has it is asked.

        Raises:
            RpcError: a node refused the question, or none answered; see its fault.
        """
        return await self._ask(lambda node: node.request(method, params), block)

    async def batch(
        self, requests: Sequence[tuple[str, Sequence[object]]], *, block: int | None = None
    ) -> list[object]:
        """Results of several requests of the same node, sent in one where it takes that.

        Args:
            requests: Methods with their parameters.
            block: As in `request`.

        Returns:
            In the order of the requests: the result, or the `RpcError` of that one.

        Raises:
            RpcError: no node answered all of them.
        """
        if not requests:
            return []

        async def send(node: Node) -> list[object]:
            found = await node.batch(requests)
            out = next((e for e in found if isinstance(e, RpcError) and e.fault in OUTAGES), None)
            if out is not None:
                raise out  # another node may answer all of them
            return found

        return await self._ask(send, block)

    async def head(self) -> Head:
        """The newest block.

        Raises:
            RpcError: no node answered (`fault` says why), or every one that did is behind
                (`Fault.STALE`).
        """
        self._look_around()
        return await self._ask(self._newest, None, even_stale=True)

    async def block_number(self) -> int:
        """Number of the newest block; raises as `head`."""
        return (await self.head()).number

    async def survey(self) -> Sequence[EndpointHealth]:
        """Ask every node for its newest block, all at once; how each is doing then."""
        await self._look()
        return self.health()

    def health(self) -> Sequence[EndpointHealth]:
        """How each node has been doing, in the order given."""
        return [node.health() for node in self._nodes]

    async def close(self) -> None:
        """Close all connections."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        for node in self._nodes:
            await node.close()

    # ------------------------------------------------------------------ choosing a node

    async def _ask(
        self,
        send: Callable[[Node], Awaitable[T]],
        block: int | None,
        *,
        even_stale: bool = False,
    ) -> T:
        tried: set[Node] = set()
        failures: list[RpcError] = []
        until = self._clock() + self._settings.patience
        while (node := await self._next(tried, until, even_stale=even_stale)) is not None:
            tried.add(node)
            try:
                if block is not None:
                    await self._has(node, block)
                return await send(node)
            except RpcError as error:
                if error.fault is Fault.REVERTED:
                    raise
                failures.append(error)
        raise self._no_answer(failures, tried)

    async def _next(self, tried: set[Node], until: float, *, even_stale: bool) -> Node | None:
        """The node to try next, once it may be asked; None if none will be soon."""
        while True:
            left = [n for n in self._nodes if n not in tried and (even_stale or not n.stale)]
            left.sort(key=lambda node: bool(node.stale))
            waits = [node.wait() for node in left]
            for node, wait in zip(left, waits, strict=True):
                if wait <= 0:
                    return node
            soonest = min(waits, default=float("inf"))
            # what is known to be down is not waited for where another has said something
            if self._clock() + soonest > until or tried:
                return None
            await self._sleep(soonest)

    async def _has(self, node: Node, block: int) -> None:
        """Make sure that a node has a block.

        Raises:
            RpcError: it has not, or did not answer.
        """
        if node.head is None or node.head.number < block:
            head = await node.newest()
            if head.number < block:
                words = f"it has not seen block {block} yet, only {head.number}"
                raise failed(node.url, Fault.UNKNOWN_BLOCK, words)

    def _no_answer(self, failures: Sequence[RpcError], tried: set[Node]) -> RpcError:
        rest = [node for node in self._nodes if node not in tried]
        said = [str(error) for error in failures]
        said += [node.why or f"{node.name}: its limit is used up" for node in rest]
        # what a node knows about the question tells more than that another was down
        faults = [e.fault for e in failures if e.fault not in OUTAGES]
        faults += [e.fault for e in failures] + [node.fault for node in rest]
        first = next((e for e in failures if e.fault is faults[0]), None)
        if first is not None and len(said) == 1:
            return first
        return RpcError(
            faults[0],
            f"{self.chain}: no node answered: " + "; ".join(said),
            code=first.code if first else 0,
            data=first.data if first else b"",
            retry_after=first.retry_after if first else None,
        )

    # ------------------------------------------------------------------ who keeps up

    async def _newest(self, node: Node) -> Head:
        head = await node.newest()
        node.stale = self._staleness(node, head)
        if node.stale:
            raise RpcError(Fault.STALE, node.stale)
        return head

    def _staleness(self, node: Node, head: Head) -> str:
        """Why a head is stale, "" if it is not."""
        since = self._clock() - 2 * LOOK_AROUND
        best = max(
            (o.head.number for o in self._nodes if o.head is not None and o.heard > since),
            default=head.number,
        )
        if best - head.number > self._lag:
            words = f"block {head.number:,} is {best - head.number:,} behind the other nodes"
            return str(failed(node.url, Fault.STALE, words))
        age = self._wall() - head.time
        if self._stale_ms and age > self._stale_ms:
            words = f"its newest block {head.number:,} is {age / 1_000:,.0f} s old"
            return str(failed(node.url, Fault.STALE, words))
        if self._stale_ms and -age > self._stale_ms:
            words = f"its newest block {head.number:,} is of {-age / 1_000:,.0f} s from now"
            return str(failed(node.url, Fault.STALE, words))
        return ""

    def _look_around(self) -> None:
        """Now and then, ask the other nodes for their heads, beside what goes on."""
        behind = any(node.stale for node in self._nodes)
        due = self._looked + (LOOK_AGAIN if behind else LOOK_AROUND)
        if len(self._nodes) < 2 or self._looking is not None or self._clock() < due:
            return
        self._looked = self._clock()
        self._looking = asyncio.create_task(self._look(), name=f"heads of {self.chain}")
        self._looking.add_done_callback(self._seen)

    def _seen(self, task: asyncio.Task[None]) -> None:
        self._looking = None
        if not task.cancelled():
            task.exception()  # asked for, so that it is not reported as forgotten

    async def _look(self) -> None:
        async def one(node: Node) -> None:
            with suppress(RpcError):
                await self._newest(node)

        await asyncio.gather(*(one(node) for node in self._nodes if node.wait() <= 0))


def _tell_apart(nodes: Sequence[Node]) -> None:
    """Give nodes at the same host names that differ."""
    hosts = [node.url.host for node in nodes]
    for index, node in enumerate(nodes):
        if hosts.count(node.url.host) > 1:
            node.name = f"{node.url.host} #{hosts[: index + 1].count(node.url.host)}"
