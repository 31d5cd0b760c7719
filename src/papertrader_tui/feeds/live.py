"""The live market: what the price feed believes, as inputs for the desk."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import Protocol

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.market import History, MarketInput, Quote, Timer, Trust
from papertrader_tui.domain.money import ONE, sub
from papertrader_tui.domain.orders import Status
from papertrader_tui.domain.tokens import Registry, Token, TokenId
from papertrader_tui.engine.snapshot import HistoryProgress
from papertrader_tui.feeds.backfill import Archive, Backfill
from papertrader_tui.feeds.chain_inbox import ChainInbox
from papertrader_tui.feeds.chains import Chains
from papertrader_tui.feeds.health import FeedNews, feed_health
from papertrader_tui.feeds.live_inputs import GasBoard, depth_of, quote_of, trust_of
from papertrader_tui.feeds.monitor import DEPEG
from papertrader_tui.feeds.service import PriceFeed
from papertrader_tui.feeds.trusted import Grade, Trusted
from papertrader_tui.ports import MarketInfo

_log = logging.getLogger(__name__)

#: Milliseconds between two of the timers by which orders expire and gates open.
TICK_MS = 1_000


def wall_clock() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


class Past(Protocol):
    """What fills in history while the market runs (`feeds.backfill.Backfill`)."""

    def stored(self) -> Iterable[History]:
        """What is known already."""
        ...

    def follow(self, tokens: Iterable[Token]) -> None:
        """Fill in these too."""
        ...

    def subscribe(self, listener: Callable[[History], None]) -> Callable[[], None]:
        """Tell of history that comes later."""
        ...

    async def run(self) -> None:
        """Fill in, until cancelled."""
        ...


class LiveMarket:
    """`ports.Market` over the price feed: real prices, each with how far it is trusted.

    Prices are conflated: of several that came while the desk was busy it gets the newest.

    Args:
        feed: Not yet running; the market runs it while its batches are taken.
        registry: Bundled chains and tokens, and those that were added.
        watchlist: What a new account watches.
        also: Tokens that the account holds, orders or watches beside those.
        cursor: Inputs handed over in earlier sessions.
        history: Past candles for `warm`, where nothing fills them in (see `remember`).
        last: Last prices of earlier sessions: shown as stale until newer ones come.
        wall: Market milliseconds.
        chains: Tells of blocks and pools, where any chain is watched.

    Raises:
        ValueError: the cursor is negative.
    """

    def __init__(
        self,
        feed: PriceFeed,
        registry: Registry,
        watchlist: Sequence[TokenId],
        *,
        also: Iterable[TokenId] = (),
        cursor: int = 0,
        history: Callable[[], Iterable[History]] = tuple,
        last: Callable[[], Iterable[Quote]] = tuple,
        wall: Callable[[], int] = wall_clock,
        chains: Chains | None = None,
    ) -> None:
        if cursor < 0:
            msg = f"cursor {cursor} is negative; a live market begins at 0"
            raise ValueError(msg)
        self._feed, self._registry, self._wall = feed, registry, wall
        self._watchlist = list(watchlist)
        self._cursor = cursor
        self._past: Past | None = None
        self._progress: HistoryProgress | None = None
        self._history, self._last = history, last
        self._learned: list[History] = []
        self._followed: dict[TokenId, Token] = {}
        self._cash: dict[TokenId, None] = {}
        self._reached = 0
        self._changed: dict[TokenId, Trusted] = {}
        self._times: dict[TokenId, int] = {}
        self._depths: dict[TokenId, tuple[object, ...]] = {}
        self._held: Collection[TokenId] = ()
        self._landings: dict[str, tuple[int, TokenId]] = {}  # by order
        self._refreshes: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._gas = GasBoard(registry)
        self._chains = ChainInbox(chains, self._gas, self._wake.set)
        self._news = FeedNews()
        self._listeners: list[Callable[[Sequence[ev.Event]], None]] = []
        self._feed.subscribe(self._heard)
        self.follow((*self._watchlist, *also))

    # ------------------------------------------------------------------ what it is

    @property
    def info(self) -> MarketInfo:
        """What every screen says of it."""
        seconds = self._feed.settings.ttl
        return MarketInfo(
            kind="live",
            badge="LIVE",
            detail=f"{', '.join(self._feed.source_names)}, every {seconds:g} s",
            notice=self._notice(),
            identity="live",
            interval=int(seconds * 1_000),
            gas_note="a node's fees where one answers, else bundled typical ones",
            feed=feed_health(self._feed, self._progress),
            keeps_inputs=True,
        )

    def _notice(self) -> str:
        if not self._feed.all_stale():
            return self._off_the_dollar()
        if not self._times:
            return "No price source has answered yet: waiting for prices."
        return "No price source answers: prices are stale, and nothing is traded on them."

    def _off_the_dollar(self) -> str:
        """An account counts in USDC: while that is no dollar it is said all the time."""
        for token in self._cash:
            trusted = self._feed.peek(token)
            if trusted is not None and not trusted.fault and abs(sub(trusted.price, ONE)) > DEPEG:
                name = self._registry.tokens[token].label
                return f"{name} is at {trusted.price:.4f} dollars, and this account counts in USDC."
        return ""

    @property
    def registry(self) -> Registry:
        """Chains and tokens."""
        return self._registry

    @property
    def watchlist(self) -> Sequence[TokenId]:
        """What a new account watches."""
        return self._watchlist

    @property
    def cursor(self) -> int:
        """Inputs handed over, in earlier sessions too."""
        return self._cursor

    @property
    def speed(self) -> float | None:
        """As fast as the world."""
        return 1.0

    def set_speed(self, speed: float | None) -> bool:
        """The world cannot be hurried."""
        del speed
        return False

    @property
    def progress(self) -> float | None:
        """None: it has no end."""
        return None

    def now(self) -> int:
        """Market milliseconds; a wall clock that is set back stands still instead."""
        self._reached = max(self._reached, self._wall())
        return self._reached

    # ------------------------------------------------------------------ what it follows

    def follow(self, tokens: Iterable[TokenId]) -> None:
        """Get prices of these too, and of what gas and everything is paid in on their chains."""
        wanted: list[Token] = []
        cash: list[Token] = []
        for token in tokens:
            known = self._registry.tokens.get(token)
            if known is not None:
                wanted.append(known)
                native = self._registry.tokens.get(self._registry.chain_of(token).wrapped_native)
                if native is not None:
                    wanted.append(native)
                paid = self._registry.tokens.get(self._registry.chain_of(token).cash)
                if paid is not None:
                    cash.append(paid)
                self._gas.watch(known.chain)
        self._feed.follow([*wanted, *cash])
        self._cash.update(dict.fromkeys(token.id for token in cash))
        self._chains.follow(wanted)
        self._followed.update((token.id, token) for token in wanted)
        if self._past is not None:
            self._past.follow(wanted)

    def add(self, token: Token) -> None:
        """Know another token; it is asked for once it is followed."""
        self._registry = self._registry.with_tokens([token])

    def heed(self, events: Sequence[ev.Event], account: Account) -> None:
        """Take note of stored events: what is watched or held, and when orders land."""
        self._held = account.ledger.positions.keys()
        for event in events:
            if isinstance(event, ev.WatchChanged) and event.on:
                self.follow([event.token])
            elif isinstance(event, ev.OrderAccepted):
                self.follow([event.order.token])
            elif isinstance(event, ev.SessionStarted):
                # sent in an earlier session: their blocks may have come meanwhile
                for order in account.open_orders():
                    if order.status is Status.SUBMITTED and order.lands_block:
                        self._chains.land(order.token, order.lands_block)
            elif isinstance(event, ev.OrderSubmitted):
                sent = account.orders.get(event.order_id)
                if sent is not None and event.lands_block:
                    self._chains.land(sent.token, event.lands_block)
                elif sent is not None:
                    self._landings[event.order_id] = event.lands_at, sent.token

    def listen(self, listener: Callable[[Sequence[ev.Event]], None]) -> None:
        """Tell `listener` of alerts about the feed: no facts of the account."""
        self._listeners.append(listener)

    def remember(self, archive: Archive) -> None:
        """Fill in the history of what is followed; call it before `warm`.

        Args:
            archive: Where candles are kept.
        """
        clock = time.monotonic
        self.fill_from(
            Backfill(self._feed, archive, wall=self.now, clock=clock, progress=self._filled)
        )

    def _filled(self, progress: HistoryProgress) -> None:
        self._progress = progress

    def fill_from(self, past: Past) -> None:
        """The same, from something that fills in history."""
        self._past = past
        self._history = past.stored
        past.subscribe(self.learn)
        past.follow(self._followed.values())

    def learn(self, history: History) -> None:
        """Hand over past candles that came late, with the next batch."""
        self._learned.append(history)
        self._wake.set()

    # ------------------------------------------------------------------ what it says

    def warm(self) -> Iterable[MarketInput]:
        """History, and the last prices of earlier sessions as stale ones.

        What was heard just now comes with the first batch, to be acted on.
        """
        now = self.now()
        yield from self._gas.all(now)
        yield from self._history()
        for quote in self._last():
            if quote.token in self._registry.tokens and quote.time <= now:
                text = "stale: from an earlier session, no source has answered yet"
                yield Trust(quote.token, quote.time, text, 0, quote.time)
                yield quote
                self._times[quote.token] = quote.time

    async def batches(self, until: int | None = None) -> AsyncIterator[Sequence[MarketInput]]:
        """What is new, as soon as the desk is free for it, and a timer every second.

        Raises:
            RuntimeError: the feed failed in a way that no source is to blame for.
        """
        self._chains.start()
        running = asyncio.create_task(self._feed.run())
        running.add_done_callback(lambda _: self._wake.set())
        filling = None if self._past is None else asyncio.create_task(self._fill(self._past))
        tick = 0
        try:
            while True:
                now = self.now()
                if until is not None and now > until:
                    break
                if running.done():
                    running.result()
                batch: list[MarketInput] = [*self._learned, *self._chains.take(), *self._take(now)]
                self._learned.clear()
                if now >= tick:
                    tick = (now // TICK_MS + 1) * TICK_MS
                    batch.append(Timer(now))
                    self._each_second(now)
                self._land(now)
                if batch:
                    self._cursor += len(batch)
                    yield batch
                await self._pause(tick)
        finally:
            tasks = [running, *self._refreshes, *([filling] if filling else [])]
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _fill(self, past: Past) -> None:
        """Fill in history; trading goes on without it."""
        try:
            await past.run()
        except Exception:
            _log.exception("history is not filled in any more")
            self._progress = None

    def _each_second(self, now: int) -> None:
        """The desk values what is watched and held: prices from the cache. And what is wrong?"""
        for token in self._feed.followed:
            self._feed.read(token)
        alerts = [*self._news.update(self._feed, now), *self._chains.news(now)]
        if alerts:
            for listener in self._listeners:
                listener(alerts)

    async def _pause(self, tick: int) -> None:
        """Wait for news, the next tick, or the next block that an order lands in."""
        left = min([tick, *(at for at, _ in self._landings.values())]) - self._wall()
        if not self._changed and not self._learned and not self._chains:
            with suppress(TimeoutError):
                # never longer than a tick, should the clock have been set back
                async with asyncio.timeout(min(max(0, left), TICK_MS) / 1_000):
                    await self._wake.wait()
        self._wake.clear()

    def _land(self, now: int) -> None:
        """Ask for the prices that orders land on."""
        due = [order for order, (at, _) in self._landings.items() if at <= now]
        if due:
            tokens = dict.fromkeys(self._landings.pop(order)[1] for order in due)
            task = asyncio.create_task(self._feed.land(*tokens))
            self._refreshes.add(task)
            task.add_done_callback(self._refreshes.discard)

    def _heard(self, trusted: Trusted) -> None:
        self._changed[trusted.token] = trusted
        self._wake.set()

    def _take(self, now: int) -> Iterable[MarketInput]:
        """The newest of everything that changed, as inputs."""
        changed, self._changed = self._changed, {}
        for token, trusted in changed.items():
            known = self._registry.tokens[token]
            gas = self._gas.heard(trusted, now)
            if gas is not None:
                yield gas
            depth = depth_of(trusted, known, now)
            if depth is not None:
                key = (depth.liquidity, depth.fee_bps, depth.source)
                if self._depths.get(token) != key:
                    self._depths[token] = key
                    yield depth
            yield trust_of(trusted, known, now)
            if trusted.grade is Grade.STALE:
                continue  # nothing new was said: no order may land on what was
            # another source may have seen an earlier moment; a token's time does not go back
            seen = max(trusted.observed, self._times.get(token, 0))
            self._times[token] = seen
            if token in self._held:
                self._feed.note_position()
            yield quote_of(trusted, known, seen)
