"""An event loop whose time is made up, a world of prices, and sources that tell of it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Sequence
from contextvars import ContextVar
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from papertrader_tui.domain.market import Candle
from papertrader_tui.domain.tokens import Chain, Registry, Token, TokenId
from papertrader_tui.feeds.feed_settings import FeedSettings
from papertrader_tui.feeds.monitor import Monitor
from papertrader_tui.feeds.service import PriceFeed
from papertrader_tui.feeds.source import Answer, Found, Limits, SourceError, SourcePrice
from papertrader_tui.feeds.trusted import Trusted

T = TypeVar("T")
D = Decimal
START = 1_767_571_200_000  # 2026-01-05T00:00:00Z
#: Set where sources are asked because an order lands (see `livekit`).
LANDING: ContextVar[bool] = ContextVar("LANDING", default=False)


class _Jump(selectors.DefaultSelector):
    """Instead of waiting it moves the loop's time."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            msg = "nothing is due and nobody will wake: a deadlock"
            raise RuntimeError(msg)
        self.loop.seconds += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeping takes no time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        selector = _Jump()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.seconds


def run(story: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in made-up time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story())


def clock() -> float:
    """Monotonic seconds of the running loop."""
    return asyncio.get_running_loop().time()


def wall() -> int:
    """Market milliseconds of the running loop."""
    return START + round(clock() * 1_000)


def tokens(count: int, chain: str = "base") -> list[Token]:
    """So many tokens of a chain."""
    return [
        Token(f"{chain}:0x{n:040x}", f"T{n}", f"Token {n}", chain, 18) for n in range(1, count + 1)
    ]


def registry(*of: Token) -> Registry:
    """A registry of these, each chain's first token being its wrapped native."""
    chains = {}
    for number, token in enumerate(of, 1):
        if token.chain not in chains:
            chains[token.chain] = Chain(
                token.chain, number, token.chain.title(), "ETH", token.id, 2_000, 10**7, 150_000,
                0, D(3000), False,
            )  # fmt: skip
    return Registry(chains, {token.id: token for token in of})


class FakeSource:
    """Tells what the world's prices are, as well as it can.

    Attributes:
        truth: Price of a token now; None: the source does not know it.
        error: Raised instead of an answer.
        factor: What it multiplies prices by.
        took: Seconds to an answer.
        lag: Seconds by which its prices are old; None: it tells no time, and they are new.
        calls: When it was asked, and what.
        landings: Those of the times at which it was because an order landed.
    """

    def __init__(
        self, name: str, truth: Callable[[TokenId, float], Decimal | None], *,
        witness: str = "", per_minute: float = 300, batch: int = 30, networks: int = 1,
        stale_ms: int | None = None, took: float = 0.2, lag: float | None = None,
        pooled: bool = False,
    ) -> None:  # fmt: skip
        self._name = name
        self._witness = witness or name
        self._limits = Limits(per_minute, batch, networks=networks, stale_ms=stale_ms)
        self.truth = truth
        self.error: SourceError | None = None
        self.bug: Exception | None = None
        self.factor = D(1)
        self.took, self.lag, self.pooled = took, lag, pooled
        self.drops: dict[TokenId, str] = {}
        self.uncovered: set[TokenId] = set()
        self.calls: list[tuple[float, tuple[TokenId, ...]]] = []
        self.landings: list[float] = []
        self.extra_requests = 0
        self.requests = 0
        self.closed = False
        self.wall: Callable[[], int] = wall

    name = property(lambda self: self._name)
    witness = property(lambda self: self._witness)
    limits = property(lambda self: self._limits)

    def covers(self, token: Token) -> bool:
        return token.id not in self.uncovered

    def batches(self, wanted: Sequence[Token]) -> list[list[Token]]:
        groups: dict[str, list[Token]] = {}
        for token in wanted:
            key = token.chain if self._limits.networks == 1 else ""
            groups.setdefault(key, []).append(token)
        size = self._limits.batch
        return [g[i : i + size] for g in groups.values() for i in range(0, len(g), size)]

    async def prices(self, wanted: Sequence[Token]) -> Answer:
        assert len(wanted) <= self._limits.batch
        self.called(wanted)
        self.requests += 1 + self.extra_requests
        await asyncio.sleep(self.took)
        if self.bug is not None:
            raise self.bug
        if self.error is not None:
            raise self.error
        prices, unknown = {}, set()
        for token in wanted:
            said = self.truth(token.id, clock() - (self.lag or 0.0))
            if token.id in self.drops:
                continue
            if said is None:
                unknown.add(token.id)
                continue
            observed = None if self.lag is None else self.wall() - round(self.lag * 1_000)
            prices[token.id] = SourcePrice(
                token.id, said * self.factor, observed, self.wall(),
                liquidity=D(5_000_000) if self.pooled else None,
                pool="0xpool" if self.pooled else "",
            )  # fmt: skip
        dropped = {t.id: self.drops[t.id] for t in wanted if t.id in self.drops}
        return Answer(prices, frozenset(unknown), dropped)

    async def candles(self, token: Token, interval: int, since: int, until: int) -> list[Candle]:
        self.calls.append((clock(), (token.id,)))
        self.requests += 1
        await asyncio.sleep(self.took)
        if self.error is not None:
            raise self.error
        return []

    async def search(self, text: str) -> list[Found]:
        return []

    async def close(self) -> None:
        self.closed = True

    def called(self, wanted: Sequence[Token]) -> None:
        """Note that it is asked."""
        self.calls.append((clock(), tuple(t.id for t in wanted)))
        if LANDING.get():
            self.landings.append(clock())

    def per_minute(self, *, landings: bool = True) -> int:
        """Most calls in any minute, with or without those for orders that landed."""
        times = [at for at, _ in self.calls]
        for at in () if landings else self.landings:
            times.remove(at)
        return max((sum(1 for t in times if at <= t < at + 60) for at in times), default=0)


def steady(price: str = "3000") -> Callable[[TokenId, float], Decimal | None]:
    """A world in which every token costs the same for ever."""
    return lambda token, at: D(price)


class Rig:
    """A feed over fake sources, and what it published."""

    def __init__(
        self, *sources: FakeSource, settings: FeedSettings | None = None, seed: int = 7,
        dollars: Sequence[TokenId] = (),
    ) -> None:  # fmt: skip
        self.sources = sources
        monitor = Monitor({s.name: s.limits.per_minute for s in sources}, dollars)
        self.feed = PriceFeed(
            sources, settings, wall=wall, clock=clock, chance=Random(seed).random, monitor=monitor
        )
        self.heard: list[Trusted] = []
        self.feed.subscribe(self.heard.append)

    async def __aenter__(self) -> Rig:
        self._running = asyncio.create_task(self.feed.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.feed.close()
