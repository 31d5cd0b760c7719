"""The price feed: asks the sources in cycles, keeps what they say, and tells what to believe.

One cycle asks, for every followed token, the primary source and one independent witness, in as
few requests as the sources' limits allow; where one fails or does not know a token the next in
order is asked, for that token only.  Whoever wants a price is served from the cache.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds.alerts import Alert
from papertrader_tui.feeds.asking import Asker
from papertrader_tui.feeds.cache import Cache, SourceFacts
from papertrader_tui.feeds.cycle import Cycle
from papertrader_tui.feeds.feed_settings import FeedSettings
from papertrader_tui.feeds.monitor import Monitor, SourceHealth
from papertrader_tui.feeds.policy import Chance, Clock
from papertrader_tui.feeds.source import Answer, PriceSource
from papertrader_tui.feeds.trusted import Grade, Trusted

_T = TypeVar("_T")

Listener = Callable[[Trusted], None]

#: A cycle comes up to this part of the TTL late, so that programs do not ask in step.
JITTER = 0.1
#: Longest sleep in seconds: a clock that was set, or a computer that slept, is noticed after it.
NAP = 1.0
#: Cycles without any price of a token after which it is said that it has none.
PRICELESS_AFTER = 2


class PriceFeed:
    """Prices of followed tokens from several sources.

    Args:
        sources: In order of preference: the first that is up is the primary.
        settings: See `FeedSettings`.
        wall: Market milliseconds: the clock that prices are dated by.
        clock: Monotonic seconds, for limits and delays.
        chance: Random numbers in [0, 1), for jitter.
        monitor: Counts what happens; its limits name every source.

    Raises:
        ValueError: there is no source, or two have one name.
    """

    def __init__(
        self,
        sources: Sequence[PriceSource],
        settings: FeedSettings | None = None,
        *,
        wall: Callable[[], int],
        clock: Clock = time.monotonic,
        chance: Chance = random.random,
        monitor: Monitor | None = None,
    ) -> None:
        names = [source.name for source in sources]
        if not names or len(set(names)) < len(names):
            msg = f"price sources {names} must be one or more, each of its own name"
            raise ValueError(msg)
        self.settings = settings or FeedSettings()
        self.monitor = monitor or Monitor({s.name: s.limits.per_minute for s in sources})
        self._wall, self._clock, self._chance = wall, clock, chance
        self._ttl_ms = int(self.settings.ttl * 1_000)
        self._askers = {
            s.name: Asker(s, self.monitor, clock, chance, self.settings) for s in sources
        }
        facts = [SourceFacts(s.name, s.witness, s.limits.stale_ms) for s in sources]
        self._cache = Cache(facts, self._ttl_ms)
        self._tokens: dict[TokenId, Token] = {}
        self._cycle = Cycle(
            self._askers, self._cache, self._tokens, self.settings, wall, clock, self._publish
        )
        self._fresh: set[TokenId] = set()
        self._urgent: dict[TokenId, None] = {}
        self._published: dict[TokenId, Trusted] = {}
        self._cycles: Counter[TokenId] = Counter()  # that were about a token
        self._listeners: list[Listener] = []
        self._due, self._due_wall = clock(), wall()
        self._flight: asyncio.Task[None] | None = None
        self._landing: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    # ------------------------------------------------------------------ what is followed

    def follow(self, tokens: Iterable[Token]) -> None:
        """Keep the prices of these up to date from now on."""
        for token in tokens:
            if token.id not in self._tokens:
                self._tokens[token.id] = token
                self._fresh.add(token.id)
        if self._fresh:
            self._wake.set()

    def unfollow(self, token: TokenId) -> None:
        """Nobody needs it any more."""
        self._tokens.pop(token, None)
        self._fresh.discard(token)
        self._published.pop(token, None)
        self._cycles.pop(token, None)
        self._cache.forget(token)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every new price and every change of trust; returns unsubscribe."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # ------------------------------------------------------------------ asking for prices

    def peek(self, token: TokenId) -> Trusted | None:
        """The price as it stands now, without asking anyone; None before the first answer."""
        return self._cache.weigh(token, self._wall())

    def read(self, token: TokenId) -> Trusted | None:
        """The same for somebody who works with it: counted as served from the cache."""
        trusted = self.peek(token)
        if trusted is not None:
            self._served("hits", trusted)
        return trusted

    def _served(self, how: str, trusted: Trusted | None) -> None:
        sources = trusted.sources if trusted is not None else ()
        self.monitor.served(how, sources, self._clock())
        if trusted is not None and trusted.grade is Grade.STALE:
            self.monitor.served("stale", sources, self._clock())

    async def price(self, token: TokenId) -> Trusted | None:
        """The price from the cache, or from a cycle if the cache is older than its TTL.

        While a cycle is under way the price before it is served, unless that is stale.

        Returns:
            None for a token that is not followed, or that no source has answered for.
        """
        if token not in self._tokens:
            return None
        trusted, how = self.peek(token), "hits"
        flying = self._flight is not None and not self._flight.done()
        usable = trusted is not None and trusted.grade is not Grade.STALE
        if not flying and self._is_due():
            how = "misses"
            await asyncio.shield(self._fly())
        elif token in self._fresh:
            landing = self._landing is not None and not self._landing.done()
            how = "coalesced" if landing else "misses"
            await self.refresh(token)
        elif flying and not usable:
            how = "coalesced"
            await asyncio.shield(self._fly())
        if how != "hits":
            trusted = self.peek(token)
        self._served(how, trusted)
        return trusted

    async def land(self, *tokens: TokenId) -> None:
        """Ask about these now and wait: orders land on what is answered."""
        await self.refresh(*tokens)
        for token in tokens:
            self._served("misses", self.peek(token))

    async def refresh(self, *tokens: TokenId) -> None:
        """Ask about these now: an order lands on them. Askings at one time go together."""
        self._urgent.update(dict.fromkeys(t for t in tokens if t in self._tokens))
        if self._landing is None or self._landing.done():
            self._landing = asyncio.create_task(self._land())
        await asyncio.shield(self._landing)

    async def again(self) -> None:
        """Ask everybody now, those too that are left alone after an outage: a person wants to know.

        Limits hold, and so does what a source has asked for (`Retry-After`).
        """
        for asker in self._askers.values():
            asker.policy.hurry()
        await self._cycle.everybody(list(self._tokens))

    async def probe(self, seconds: float = 3.0) -> bool:
        """Does any source answer within that time? Begins the first cycle."""
        waiter = asyncio.create_task(self._cycle.answered.wait())
        try:
            await asyncio.wait(
                {waiter, self._fly()}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiter.cancel()
            with suppress(asyncio.CancelledError):
                await waiter
        return self._cycle.answered.is_set()

    async def answered(self, seconds: float) -> bool:
        """Wait for the first price of any source, without asking anybody."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._cycle.answered.wait()
        return self._cycle.answered.is_set()

    def covers(self, source: str, token: Token) -> bool:
        """Can a source know a token at all?"""
        return self._askers[source].source.covers(token)

    def hear(self, source: str, answer: Answer) -> None:
        """Take in what a source says without being asked: a block of its chain came.

        Args:
            source: Its name.
            answer: About followed tokens; others are passed over.
        """
        if answer.prices:
            self.monitor.heard(source, self._clock())
        followed = [known for i in answer.prices if (known := self._tokens.get(i)) is not None]
        for token in self._cycle.hear(source, followed, answer):
            self._publish(token)

    async def ask(
        self,
        source: str,
        call: Callable[[PriceSource], Awaitable[_T]],
        *,
        wait: float = 0.0,
        awaited: bool = False,
    ) -> _T:
        """Ask one source something that is no price (history, search), within its limits.

        Args:
            source: Its name.
            call: The request.
            wait: Most seconds to wait for its turn.
            awaited: A person waits for it: it goes before what can wait.

        Raises:
            SourceError: it did not answer, or its turn did not come in time.
        """
        return await self._askers[source].background(call, wait, awaited=awaited)

    # ------------------------------------------------------------------ running

    async def run(self) -> None:
        """Cycle until cancelled."""
        while True:
            if self._is_due():
                await asyncio.shield(self._fly())
            elif self._fresh:
                await self._gather(list(self._fresh))
            self._wake.clear()
            nap = min(NAP, max(0.0, self._due - self._clock()))
            with suppress(TimeoutError):
                async with asyncio.timeout(nap):
                    await self._wake.wait()
            self.sweep()

    def sweep(self) -> None:
        """Tell of prices that have gone stale since they were published."""
        now = self._wall()
        for token, trusted in list(self._published.items()):
            if now > trusted.stale_at and trusted.grade is not Grade.STALE:
                self._publish(token)

    async def close(self) -> None:
        """Call off what is under way and close the sources."""
        tasks = [t for t in (self._flight, self._landing) if t is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._cycle.close()
        for asker in self._askers.values():
            await asker.source.close()

    def _is_due(self) -> bool:
        return self._clock() >= self._due or not (
            self._due_wall - 2 * self._ttl_ms < self._wall() < self._due_wall
        )

    def _fly(self) -> asyncio.Task[None]:
        """The cycle that is under way, or a new one."""
        if self._flight is None or self._flight.done():
            span = self.settings.ttl * (1.0 + JITTER * self._chance())
            self._due = self._clock() + span
            self._due_wall = self._wall() + int(span * 1_000)
            self._fresh.clear()
            self._flight = asyncio.create_task(self._gather(list(self._tokens)))
        return self._flight

    async def _gather(self, tokens: Sequence[TokenId]) -> None:
        self._fresh.difference_update(tokens)
        await self._cycle.run(tokens)
        self._cycles.update(tokens)

    async def _land(self) -> None:
        while self._urgent:
            tokens = list(self._urgent)
            self._urgent.clear()
            await self._gather(tokens)

    def _publish(self, token: TokenId) -> None:
        if token not in self._tokens:
            return
        trusted = self.peek(token)
        if trusted is None or trusted == self._published.get(token):
            return
        self._published[token] = trusted
        for listener in list(self._listeners):
            listener(trusted)

    # ------------------------------------------------------------------ how it is

    @property
    def followed(self) -> tuple[TokenId, ...]:
        """Tokens whose prices are kept up to date."""
        return tuple(self._tokens)

    @property
    def source_names(self) -> tuple[str, ...]:
        """In order of preference."""
        return tuple(self._askers)

    def all_stale(self) -> bool:
        """Is there no followed token whose price is fresh?"""
        if not self._published:
            return not self._cycle.answered.is_set()
        now = self._wall()
        return all(now > trusted.stale_at for trusted in self._published.values())

    def note_position(self) -> None:
        """A price of a token that is held was handed on."""
        self.monitor.position_updated(self._clock())

    def said(self) -> tuple[str, ...]:
        """What the sources that do not answer said last."""
        return tuple(h.said for h in self.health() if h.said)

    def health(self) -> tuple[SourceHealth, ...]:
        """Figures of every source."""
        breakers = {name: asker.policy.state for name, asker in self._askers.items()}
        return self.monitor.health(breakers, self._clock())

    def label(self, subject: str) -> str:
        """A followed token's name on screen; anything else as it is."""
        token = self._tokens.get(subject)
        return token.label if token is not None else subject

    def clock(self) -> float:
        """Its own monotonic seconds, which `SourceHealth.last_success` is in."""
        return self._clock()

    def alerts(self) -> tuple[Alert, ...]:
        """What is wrong now."""
        breakers = {name: asker.policy.state for name, asker in self._askers.items()}
        prices = [t for token in self._tokens if (t := self._published.get(token)) is not None]
        names = {token.id: token.label for token in self._tokens.values()}
        priceless = [
            token
            for token in self._tokens
            if token not in self._published and self._cycles[token] >= PRICELESS_AFTER
        ]
        if not self._cycle.answered.is_set():
            priceless = []  # nobody has answered at all: that is said of the sources
        return self.monitor.alerts(breakers, prices, names, self._clock(), priceless)
