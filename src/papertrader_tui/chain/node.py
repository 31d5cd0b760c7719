"""One node of a chain: whether it may be asked, what it is asked, and how it has been doing."""

from __future__ import annotations

import asyncio
import importlib
import statistics
import sys
import threading
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from papertrader_tui.chain.errors import OUTAGES, Fault, RpcError, failed
from papertrader_tui.chain.head import Head, head_of, quantity
from papertrader_tui.chain.health import EndpointHealth, RpcSettings
from papertrader_tui.chain.url import NodeUrl
from papertrader_tui.feeds.policy import Breaker, Chance, Clock, Policy
from papertrader_tui.feeds.source import Fault as SourceFault
from papertrader_tui.feeds.source import SourceError

if TYPE_CHECKING:
    from web3 import AsyncWeb3

    from papertrader_tui.chain.provider import NodeProvider

T = TypeVar("T")

#: Seconds until a node of another chain is looked at again.
WRONG_CHAIN_PAUSE: Final = 60.0
#: Seconds that a node is left alone after three failures: the first time, and at most.
OPEN_FIRST, OPEN_LAST = 2.0, 60.0

_POLICY_FAULTS: Final = {
    Fault.RATE_LIMITED: SourceFault.RATE_LIMITED,
    Fault.UNAUTHORIZED: SourceFault.UNAUTHORIZED,
    Fault.SERVER: SourceFault.SERVER,
    Fault.GARBAGE: SourceFault.GARBAGE,
    Fault.TIMEOUT: SourceFault.TIMEOUT,
    Fault.CONNECTION: SourceFault.CONNECTION,
}


class Node:
    """One node.

    Args:
        url: Where it listens.
        chain_id: What it has to answer to eth_chainId.
        wall: Milliseconds since 1970.
        clock: Monotonic seconds.
        chance: A random number in [0, 1) at each call.

    Attributes:
        name: Host, with a number where several nodes have the same one.
        head: Its newest block that we know of, and on the clock when it was `heard`.
        stale: Why it is passed over though it answers, "" if it is not.
        batches: Whether it takes several requests in one.
    """

    def __init__(
        self,
        url: NodeUrl,
        chain_id: int,
        settings: RpcSettings,
        *,
        wall: Callable[[], int],
        clock: Clock,
        chance: Chance,
    ) -> None:
        self.url = url
        self.name = url.host
        self.head: Head | None = None
        self.heard = 0.0
        self.stale = ""
        self.batches = True
        self._chain_id = chain_id
        self._settings = settings
        self._wall = wall
        self._clock = clock
        self._policy = Policy(
            settings.per_minute, clock, chance, open_first=OPEN_FIRST, open_last=OPEN_LAST
        )
        self._web3: AsyncWeb3[NodeProvider] | None = None
        self._opening = asyncio.Lock()
        self._checked = False
        self._wrong = ""
        self._wrong_until = 0.0
        self._why = ""
        self._last: Fault | None = None
        self._latencies: deque[float] = deque(maxlen=50)
        self._errors: Counter[str] = Counter()
        self._requests = 0

    def wait(self) -> float:
        """Seconds until it may be asked; infinite while another request tries whether it is up."""
        pause = self._policy.wait()
        return max(pause, self._wrong_until - self._clock()) if self._wrong else pause

    @property
    def why(self) -> str:
        """Why it is not asked, or what it failed with last; "" if nothing."""
        return self._wrong or self.stale or self._why

    @property
    def fault(self) -> Fault:
        """The same as a kind; that of a node that may only not be asked yet is its limit."""
        if self._wrong:
            return Fault.WRONG_CHAIN
        if self.stale:
            return Fault.STALE
        return self._last if self._why and self._last else Fault.RATE_LIMITED

    def health(self) -> EndpointHealth:
        """How it has been doing."""
        if self._wrong:
            state = Fault.WRONG_CHAIN.value
        elif self._policy.state is Breaker.OPEN:
            state = "left alone"
        elif self.stale:
            state = Fault.STALE.value
        elif not self._requests:
            state = "not asked"
        else:
            state = "waiting" if self._why else "ok"
        latency = statistics.median(self._latencies) * 1_000 if self._latencies else None
        return EndpointHealth(
            self.name, state, self.why, latency, self._requests, dict(self._errors), self.head
        )

    async def request(self, method: str, params: Sequence[object]) -> object:
        """One request.

        Raises:
            RpcError: see its fault.
        """
        provider = await self._ready()
        answer = await self._counted(lambda: provider.make_request(_endpoint(method), list(params)))
        return answer.get("result")

    async def batch(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
        """Several requests; each answer is its result or its `RpcError`.

        Raises:
            RpcError: the whole batch failed.
        """
        provider = await self._ready()
        if self.batches and len(requests) > 1:
            try:
                found = await self._counted(lambda: provider.make_many(requests), len(requests))
            except RpcError as error:
                if error.fault in OUTAGES - {Fault.GARBAGE}:
                    raise
                self.batches = False  # it takes none: one by one from now on
            else:
                worst = next((e for e in found if isinstance(e, RpcError)), None)
                if worst is not None and worst.fault in OUTAGES:
                    self._failed(worst)
                return found
        return [await self._one(method, params) for method, params in requests]

    async def newest(self) -> Head:
        """Its newest block.

        Raises:
            RpcError: see its fault.
        """
        return self._heard(await self.request("eth_getBlockByNumber", ["latest", False]))

    async def close(self) -> None:
        """Close its connections."""
        if self._web3 is not None:
            web3, self._web3 = self._web3, None
            await web3.provider.disconnect()

    async def _one(self, method: str, params: Sequence[object]) -> object:
        try:
            return await self.request(method, params)
        except RpcError as error:
            if error.fault in OUTAGES:
                raise
            return error

    async def _ready(self) -> NodeProvider:
        """Its provider, once it has said that it is of our chain."""
        async with self._opening:
            provider = await self._open()
            if not self._checked:
                if self.wait() == float("inf") or self._policy.state is Breaker.OPEN:
                    # it failed while this request waited for its turn
                    raise failed(self.url, self.fault, "it is left alone for a while")
                try:
                    answer = await self._counted(
                        lambda: provider.make_request(_endpoint("eth_chainId"), [])
                    )
                except RpcError as error:
                    if error.fault not in OUTAGES:
                        self._take_out(str(error))  # no node: it does not even know its chain
                    raise
                self._check(answer.get("result"))
            return provider

    async def _open(self) -> NodeProvider:
        if self._web3 is None:
            # web3 takes a second or two to load: not on the event loop
            self._web3 = await asyncio.to_thread(self._connect)
        return self._web3.provider

    def _connect(self) -> AsyncWeb3[NodeProvider]:
        with _LOADING:
            limit = sys.getrecursionlimit()
            try:
                module = importlib.import_module(_PROVIDER)
            finally:
                # A library of web3's raises it so far that JSON nested deeply enough, of a node
                # or of a price service, would end the process instead of being refused.
                sys.setrecursionlimit(limit)
        settings = self._settings
        opened: AsyncWeb3[NodeProvider] = module.connect(
            self.url, settings.deadline, settings.max_bytes, self._wall
        )
        return opened

    def _check(self, said: object) -> None:
        try:
            found = quantity(said)
        except ValueError:
            error = failed(self.url, Fault.GARBAGE, "eth_chainId is no number")
            self._failed(error)
            raise error from None
        if found != self._chain_id:
            words = f"it is of chain {found}, not {self._chain_id}; take it out, or correct its URL"
            error = failed(self.url, Fault.WRONG_CHAIN, words)
            self._errors[error.fault.value] += 1
            self._take_out(str(error))
            raise error
        self._wrong = ""
        self._checked = True

    def _take_out(self, why: str) -> None:
        self._wrong = why
        self._wrong_until = self._clock() + WRONG_CHAIN_PAUSE

    def _heard(self, block: object) -> Head:
        try:
            head = head_of(block)
        except ValueError:
            head = None
        if head is None:
            error = failed(self.url, Fault.GARBAGE, "its newest block is none")
            self._failed(error)
            raise error
        self.head, self.heard = head, self._clock()
        return head

    async def _counted(self, send: Callable[[], Awaitable[T]], requests: int = 1) -> T:
        self._policy.start()
        if requests > 1:
            self._policy.spent(requests - 1)
        self._requests += requests
        began = self._clock()
        try:
            answer = await send()
        except RpcError as error:
            self._failed(error)
            raise
        except BaseException:
            self._policy.abandoned()
            raise
        self._latencies.append(self._clock() - began)
        self._policy.succeeded()
        self._why = ""
        return answer

    def _failed(self, error: RpcError) -> None:
        self._errors[error.fault.value] += 1
        if error.fault not in OUTAGES:
            self._policy.succeeded()  # it answered; what it said is about the question
            return
        self._why, self._last = str(error), error.fault
        if error.fault is Fault.CONNECTION:
            self._checked = False  # who listens there next may be another node
        self._policy.failed(
            SourceError(
                _POLICY_FAULTS[error.fault], self._why, retry_after=error.retry_after,
                status=error.status,
            )
        )  # fmt: skip


_PROVIDER: Final = "papertrader_tui.chain.provider"
_LOADING = threading.Lock()


def _endpoint(method: str) -> Any:
    """web3 has a type of its own for names of methods; it is text."""
    return method
