"""The one loop: inbox -> step -> journal -> publish.

Market inputs come in batches, commands one by one; everything that is waiting is stepped through
the desk without a pause, the events of it go to the journal in one transaction, and only then
does anyone see them.  Many waiting orders so share one disk write, and a burst of prices costs
none at all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Protocol

from papertrader_tui import __version__
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import ClosePosition, Command, PlaceOrder
from papertrader_tui.domain.decision import Action
from papertrader_tui.domain.market import Bar, Candle, MarketInput, Quote
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.desk import Desk
from papertrader_tui.engine.preview import preview
from papertrader_tui.engine.snapshot import Preview, Snapshot
from papertrader_tui.engine.view import View
from papertrader_tui.ports import Journal, Market

#: token, observed time, price, source, stale
PriceTick = tuple[TokenId, int, Decimal, str, bool]
PriceListener = Callable[[Sequence[PriceTick]], None]
FactListener = Callable[[Sequence[ev.Event]], None]

#: Wall seconds after which the market's cursor is stored although nothing happened.
CHECKPOINT_EVERY = 2.0
#: Market milliseconds between two prices of a token in the price history.
RECORD_EVERY = 30_000
#: Fills and reverts kept per token for the chart.
FILLS_KEPT = 500


class Candles(Protocol):
    """What draws a chart's candles from the inputs that pass by."""

    def observe(self, batch: Iterable[MarketInput]) -> None:
        """Take in what the market handed over."""
        ...

    def candles(self, token: TokenId, interval: int, limit: int) -> Sequence[Candle]:
        """The last candles of a token, oldest first."""
        ...


class Kernel:
    """Runs one desk on one market with one journal; what every front end is handed.

    Args:
        desk: The pure core, its account already folded.
        market: Opened at the account's cursor.
        journal: Where facts go.
        candles: What keeps candles for charts.
        span: Market milliseconds after which `run` ends, counted from where the market stands.
        watchlist: What a new account watches; the market's own if None.
    """

    def __init__(
        self,
        desk: Desk,
        market: Market,
        journal: Journal,
        candles: Candles,
        *,
        span: int | None = None,
        past_fills: Iterable[ev.Event] = (),
        past_decisions: Iterable[ev.Event] = (),
        watchlist: Sequence[TokenId] | None = None,
    ) -> None:
        self.desk = desk
        self.market = market
        self.until: int | None = None
        self._span = span
        self._watchlist = watchlist
        self._journal = journal
        self._candles = candles
        self._view = View(desk, market, self.now)
        self._pending: asyncio.Future[Sequence[MarketInput] | None] | None = None
        self._commands: deque[tuple[Command, asyncio.Future[Sequence[ev.Event]]]] = deque()
        self._wake = asyncio.Event()
        self._stopping = False
        self._storing = False
        self._asked = False
        self._ended = False
        self._facts: list[FactListener] = []
        self._prices: list[PriceListener] = []
        self._fills: dict[TokenId, deque[ev.Event]] = {}
        self._checkpointed = 0.0
        # the market may have handed over a batch already that the desk has not seen yet
        self._cursor = market.cursor
        self._record_due: dict[TokenId, int] = {}
        for event in past_fills:
            self._keep_fill(event)
        decisions = list(past_decisions)
        self._view.remember(decisions)
        desk.recall(decisions)
        # what is shown while the disk is being waited for: never ahead of what is stored
        self._snapshot = self._view.snapshot()

    # ------------------------------------------------------------------ running

    async def run(self) -> None:
        """See `ports.Desk.run`."""
        loop = asyncio.get_running_loop()
        try:
            await self._warm()
            # what a session is begun with belongs to its first moment, however long it took
            await self._serve(self.desk.now)
            batches = aiter(self.market.batches(self.until))
            pending = self._pending = asyncio.ensure_future(_next(batches))
            try:
                while not self._stopping:
                    if not self._commands and not pending.done():
                        self._wake.clear()
                        waker = asyncio.ensure_future(self._wake.wait())
                        await asyncio.wait({pending, waker}, return_when=asyncio.FIRST_COMPLETED)
                        waker.cancel()
                    await self._serve()
                    if pending.done():
                        batch = pending.result()
                        if batch is None:
                            await self._end_of_market()
                            break
                        self._cursor = self.market.cursor
                        await self._take(batch, loop.time())
                        pending = self._pending = asyncio.ensure_future(_next(batches))
                        await asyncio.sleep(0)
                await self._serve()
                await self._write([], [], durable=True)
            finally:
                pending.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await pending
                close = getattr(batches, "aclose", None)
                if close is not None:
                    await close()
        finally:
            self._ended = True
            for _, future in self._commands:
                if not future.done():
                    future.set_exception(Stopped("the desk has stopped"))
            self._commands.clear()

    async def _warm(self) -> None:
        """Hand the desk its history, and record that a session began."""
        # a day of candles takes a while to make: in a thread, so that a screen can be drawn
        inputs = await asyncio.to_thread(lambda: list(self.market.warm()))
        if self.market.info.keeps_inputs:
            await self._journal.record_inputs(inputs, self._cursor, warm=True)
        for item in inputs:
            self.desk.warm(item)
        self._candles.observe(inputs)
        began = self.desk.now or self.market.now()
        if self._span is not None:
            self.until = began + self._span
        watchlist = self.market.watchlist if self._watchlist is None else self._watchlist
        events = self.desk.start_session(began, __version__, self.market.info.detail, watchlist)
        await self._write(events, [], durable=True)
        self._publish(list(events))

    async def _take(self, batch: Sequence[MarketInput], now: float) -> None:
        step = self.desk.step
        told: list[object] = []
        events: list[ev.Event] = []
        listening = bool(self._prices)
        if self.market.info.keeps_inputs:
            # before the step: what follows from them is then never stored without them
            await self._journal.record_inputs(batch, self._cursor)
        for item in batch:
            out = step(item)
            if listening and isinstance(item, Quote | Bar):
                told.append(
                    (
                        item.token,
                        item.time,
                        item.price,
                        item.source,
                        self._stale(item),
                    )
                )
            if out:
                events += out
                told += out
        self._candles.observe(batch)
        if events or now - self._checkpointed > CHECKPOINT_EVERY:
            self._checkpointed = now
            await self._write(events, [], durable=any(map(is_fact, events)))
        self._publish(told)
        # after the facts: it may wait for the disk, and then nothing may be ahead of it
        if self.market.info.keeps_prices:
            await self._record(batch)

    def _stale(self, item: Quote | Bar) -> bool:
        market = self.desk.markets.get(item.token)
        return market is not None and market.stale(self.desk.now, self.desk.stale_after)

    async def _record(self, batch: Sequence[MarketInput]) -> None:
        """Keep prices for the history, one per token and `RECORD_EVERY`."""
        due = self._record_due
        rows: list[tuple[TokenId, int, Decimal, float]] = []
        for item in batch:
            if isinstance(item, Quote) and item.time >= due.get(item.token, 0):
                due[item.token] = item.time - item.time % RECORD_EVERY + RECORD_EVERY
                rows.append((item.token, item.time, item.price, item.volume))
        if rows:
            await self._journal.record(rows)

    async def _end_of_market(self) -> None:
        """A tape has run out: what was sent on it can land nowhere any more."""
        progress = self.market.progress
        if progress is not None and progress >= 1:
            events = self.desk.end_of_market()
            if events:
                await self._write(events, [], durable=True)
                self._publish(list(events))

    async def _serve(self, at: int | None = None) -> None:
        """Step every command that is waiting, store them together, then answer."""
        if not self._commands:
            return
        now = self.now() if at is None else at
        cursor = self._cursor
        events: list[ev.Event] = []
        inputs: list[tuple[int, int, Command]] = []
        answers: list[tuple[asyncio.Future[Sequence[ev.Event]], Sequence[ev.Event]]] = []
        try:
            while self._commands:
                command, future = self._commands.popleft()
                answers.append((future, ()))
                out = self.desk.command(command, now)
                inputs.append((cursor, now, command))
                events += out
                answers[-1] = (future, out)
            await self._write(events, inputs, durable=True)
        except BaseException as fault:
            for future, _ in answers:
                if not future.done():
                    future.set_exception(fault)
                    future.exception()  # seen: the run itself raises it as well
            raise
        self._publish(list(events))
        for future, out in answers:
            if not future.done():
                future.set_result(out)

    async def _write(
        self,
        events: Sequence[ev.Event],
        inputs: Sequence[tuple[int, int, Command]],
        *,
        durable: bool,
    ) -> None:
        self._storing = True
        await self._journal.append(
            events,
            inputs=inputs,
            checkpoint=self.desk.checkpoint(),
            cursor=self._cursor,
            durable=durable,
        )
        # after a failed write the desk is ahead of the store: it stays frozen as it was
        self._storing = False

    def _publish(self, told: Sequence[object]) -> None:
        """Tell listeners, in order: runs of prices and runs of facts."""
        self._view.touch()
        run: list[object] = []
        prices = False
        for item in told:
            is_price = isinstance(item, tuple)
            if run and is_price != prices:
                self._tell(run, prices)
                run = []
            prices = is_price
            run.append(item)
        if run:
            self._tell(run, prices)
        if self._asked:
            self._asked = False
            self._snapshot = self._view.snapshot()

    def _tell(self, run: list, prices: bool) -> None:  # type: ignore[type-arg]
        if prices:
            for price_listener in list(self._prices):
                price_listener(run)
            return
        for event in run:
            self._keep_fill(event)
        self._view.remember(run)
        for fact_listener in list(self._facts):
            fact_listener(run)

    def _keep_fill(self, event: ev.Event) -> None:
        if isinstance(event, ev.Filled | ev.Reverted):
            self._fills.setdefault(event.token, deque(maxlen=FILLS_KEPT)).append(event)

    # ------------------------------------------------------------------ front ends

    def now(self) -> int:
        """Market time: never before the last input, never after the end that was set.

        While a batch is waiting to be stepped the market's clock is ahead of the desk: a command
        that comes in between belongs to the time before it.
        """
        if self._pending is not None and self._pending.done():
            return self.desk.now
        now = self.market.now()
        if self.until is not None:
            now = min(now, self.until)
        return max(now, self.desk.now)

    def stop(self) -> None:
        """See `ports.Desk.stop`."""
        self._stopping = True
        self._wake.set()

    async def submit(self, command: Command) -> Sequence[ev.Event]:
        """See `ports.Desk.submit`.

        Raises:
            Stopped: the desk does not run (any more).
        """
        if self._ended:
            msg = "the desk has stopped"
            raise Stopped(msg)
        future: asyncio.Future[Sequence[ev.Event]] = asyncio.get_running_loop().create_future()
        self._commands.append((command, future))
        self._wake.set()
        return await future

    async def finish(self, command: Command) -> Sequence[ev.Event]:
        """Step one more command after `run` has returned: the closing account line."""
        future: asyncio.Future[Sequence[ev.Event]] = asyncio.get_running_loop().create_future()
        self._commands.append((command, future))
        await self._serve()
        return await future

    def snapshot(self) -> Snapshot:
        """See `ports.Desk.snapshot`."""
        if self._storing:
            self._asked = True  # too early; whoever asks again gets the state after this write
        else:
            self._snapshot = self._view.snapshot()
        return self._snapshot

    def preview(self, command: Command) -> Preview | None:
        """See `ports.Desk.preview`."""
        if isinstance(command, PlaceOrder | ClosePosition):
            return preview(self.desk, command, self.now())
        return None

    def candles(self, token: TokenId, interval: int, limit: int) -> Sequence[Candle]:
        """See `ports.Desk.candles`."""
        return self._candles.candles(token, interval, limit)

    def fills(self, token: TokenId) -> Sequence[ev.Event]:
        """See `ports.Desk.fills`."""
        return tuple(self._fills.get(token, ()))

    def learn(self, token: Token) -> None:
        """Let the desk know another token, which its market can price from now on."""
        self.desk.learn(token)
        self._view.touch()

    def announce(self, events: Sequence[ev.Event]) -> None:
        """Tell listeners of what is no fact of the account (a price source is down).

        Such events have the sequence number 0, change nothing, and are not stored.
        """
        for listener in list(self._facts):
            listener(events)

    def subscribe(self, listener: FactListener) -> Callable[[], None]:
        """See `ports.Desk.subscribe`."""
        self._facts.append(listener)
        return lambda: self._facts.remove(listener)

    def subscribe_prices(self, listener: PriceListener) -> Callable[[], None]:
        """Call `listener` with every price, in order with the facts; returns unsubscribe."""
        self._prices.append(listener)
        return lambda: self._prices.remove(listener)

    @property
    def latest(self) -> dict[TokenId, tuple[Decimal, int]]:
        """See `ports.Desk.latest`."""
        return {
            token: (m.price, m.time)
            for token, m in self.desk.markets.items()
            if m.price is not None
        }

    @property
    def tokens(self) -> Collection[Token]:
        """See `ports.Desk.tokens`."""
        return self.market.registry.tokens.values()

    def set_speed(self, speed: float | None) -> bool:
        """See `ports.Desk.set_speed`."""
        changed = self.market.set_speed(speed)
        if changed:
            self._view.touch()
        return changed


class Stopped(RuntimeError):
    """A command came to a desk that does not run."""


def is_fact(event: ev.Event) -> bool:
    """Must this be on disk before anyone sees it?"""
    if isinstance(event, ev.Decided):
        return event.decision.action in (Action.BUY, Action.SELL)
    return not isinstance(event, ev.AccountMarked | ev.PositionChanged | ev.Alerted | ev.Scored)


async def _next(
    batches: AsyncIterator[Sequence[MarketInput]],
) -> Sequence[MarketInput] | None:
    return await anext(batches, None)
