"""The console's desk while it is not known yet which it will be, and after that has changed.

The first frame waits for no network: it shows the account as it is stored and says that prices are
being looked for.  Then one kernel is behind it, and, where a demo market stands in for a live one,
another one later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

from papertrader_tui.bootstrap import Opened, decide, open_desk, open_live
from papertrader_tui.claim import Claim, claim
from papertrader_tui.config import Loaded as Config
from papertrader_tui.domain.commands import ClosePosition, Command, MarkAccount, PlaceOrder
from papertrader_tui.domain.events import Event
from papertrader_tui.domain.market import Candle
from papertrader_tui.domain.search import Candidate, SearchResult
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.kernel import FactListener, Kernel, Stopped
from papertrader_tui.engine.snapshot import Preview, Snapshot
from papertrader_tui.launch import Launch, market_kind
from papertrader_tui.lookout import NOTICE, lookout
from papertrader_tui.ports import TokenSearch

RETRY = "market.retry"
NOT_NOW = "The market is the one that was asked for. papertrader --market live opens live prices."
FOUND = "Prices are there: the live market opens. The demo account is kept."
NO_SEARCH = "This market has its own tokens only: nobody can be asked for others."
STILL = "Still no price source answers. papertrader doctor looks at each of them."


class Switchboard:
    """`ports.Desk` whose kernel comes after the first frame and may be exchanged.

    Args:
        config: Settings.
        launch: What was asked for.
        claimed: The live account, not yet opened; `close` lets it go.
    """

    def __init__(self, config: Config, launch: Launch, claimed: Claim) -> None:
        self._config, self._launch, self._claimed = config, launch, claimed
        self._stack = AsyncExitStack()
        self._opened: Opened | None = None
        self._next: tuple[Opened, AsyncExitStack] | None = None
        self._stands_in = False
        self._looking: asyncio.Task[tuple[Opened, bool]] | None = None
        self._ready = asyncio.Event()
        self._over = self._retrying = False
        self._listeners: list[FactListener] = []
        self._unsubscribes: dict[FactListener, Callable[[], None]] = {}
        # what the kernel showed last, and the same as it was handed on
        self._first = lookout(config, claimed)
        self._shown: tuple[Snapshot, Snapshot] = (self._first, self._first)

    async def close(self) -> None:
        """Close whatever is open."""
        if self._next is not None:
            await self._next[1].aclose()
        await self._stack.aclose()
        self._claimed.release()

    # ------------------------------------------------------------------ running

    async def run(self) -> None:
        """See `ports.Desk.run`.

        Raises:
            NoPrices: the market was to be live, and no source answered.
        """
        try:
            opened = await self._begin()
            while opened is not None and not self._over:
                self._attach(opened)
                await opened.kernel.run()
                going_on = self._next is not None and not self._over
                opened = await self._exchange(opened) if going_on else None
        finally:
            self._over = True
            self._ready.set()

    async def _begin(self) -> Opened | None:
        """Look for prices; None if the console is left meanwhile."""
        self._looking = asyncio.create_task(
            decide(self._config, self._launch, self._claimed, self._stack)
        )
        try:
            opened, self._stands_in = await self._looking
        except asyncio.CancelledError:
            if self._over:
                return None
            raise
        finally:
            self._looking = None
        return opened

    def _attach(self, opened: Opened) -> None:
        self._opened = opened
        for listener in self._listeners:
            self._unsubscribes[listener] = opened.kernel.subscribe(listener)
        self._ready.set()

    async def _exchange(self, demo: Opened) -> Opened:
        """From the demo market, which has just stopped, to the live one."""
        assert self._next is not None
        await demo.kernel.finish(MarkAccount())
        await self._stack.aclose()
        (opened, self._stack), self._next = self._next, None
        self._stands_in = False
        return opened

    async def retry(self) -> str:
        """Look for prices once more where a demo market stands in, else ask the sources again.

        Returns:
            What came of it, in a sentence.

        Raises:
            StoreError: the live account cannot be opened.
        """
        if self._looking is not None or self._retrying or self._next is not None:
            return NOTICE
        if self._opened is None:
            return NOT_NOW
        if not self._stands_in:
            return await self._ask_again()
        self._retrying = True
        stack = AsyncExitStack()
        try:
            opened = await self._look_again(stack)
            if opened is None:
                return STILL
            self._next = (opened, stack)
            self._opened.kernel.stop()
            return FOUND
        except BaseException:
            await stack.aclose()
            raise
        finally:
            self._retrying = False

    async def _ask_again(self) -> str:
        """Live already: is anyone there now?"""
        assert self._opened is not None
        if self._opened.again is None:
            return NOT_NOW
        self._retrying = True
        try:
            health = await self._opened.again()
        finally:
            self._retrying = False
        if not health.up:
            return STILL
        return f"{health.up} of the {health.asked} price sources that were asked answer."

    async def _look_again(self, stack: AsyncExitStack) -> Opened | None:
        from papertrader_tui.going_live import look_for_prices

        claimed = claim(self._config, self._launch, "live")
        stack.callback(claimed.release)
        found = await look_for_prices(self._config, claimed)
        if found.answered:
            return await open_live(self._config, self._launch, claimed, found, stack)
        await found.close()
        await stack.aclose()
        return None

    def stop(self) -> None:
        """See `ports.Desk.stop`."""
        self._over = True
        if self._looking is not None:
            self._looking.cancel()
        if self._opened is not None:
            self._opened.kernel.stop()

    # ------------------------------------------------------------------ what it is now

    @property
    def _kernel(self) -> Kernel | None:
        return self._opened.kernel if self._opened is not None else None

    async def submit(self, command: Command) -> Sequence[Event]:
        """See `ports.Desk.submit`; while prices are being looked for, all but orders wait.

        Raises:
            Stopped: the desk does not run (any more), or it is too early for an order.
        """
        if self._kernel is None and isinstance(command, PlaceOrder | ClosePosition):
            msg = "prices are still being looked for; give the order again in a moment"
            raise Stopped(msg)
        await self._ready.wait()
        if self._kernel is None:
            msg = "the desk has stopped"
            raise Stopped(msg)
        return await self._kernel.submit(command)

    async def finish(self, command: Command) -> Sequence[Event]:
        """Step one more command after `run` has returned."""
        return await self._kernel.finish(command) if self._kernel is not None else ()

    def closing(self) -> Sequence[str]:
        """What is to be said once it is over."""
        return self._opened.closing() if self._opened is not None else ()

    def snapshot(self) -> Snapshot:
        """See `ports.Desk.snapshot`: versions go on where the kernel is another one."""
        if self._kernel is None:
            return self._first
        made, handed = self._shown
        found = self._kernel.snapshot()
        if found is not made:
            notice = found.notice
            if self._stands_in:
                notice = f"{notice} Press {self._retry_key} to try again."
            handed = replace(found, version=handed.version + 1, notice=notice)
            self._shown = (found, handed)
        return handed

    @property
    def _retry_key(self) -> str:
        return self._config.settings.ui.keys.get(RETRY, "R")

    def preview(self, command: Command) -> Preview | None:
        """See `ports.Desk.preview`."""
        return self._kernel.preview(command) if self._kernel is not None else None

    def candles(self, token: TokenId, interval: int, limit: int) -> Sequence[Candle]:
        """See `ports.Desk.candles`."""
        return self._kernel.candles(token, interval, limit) if self._kernel is not None else ()

    def fills(self, token: TokenId) -> Sequence[Event]:
        """See `ports.Desk.fills`."""
        return self._kernel.fills(token) if self._kernel is not None else ()

    def subscribe(self, listener: FactListener) -> Callable[[], None]:
        """See `ports.Desk.subscribe`."""
        self._listeners.append(listener)
        if self._kernel is not None:
            self._unsubscribes[listener] = self._kernel.subscribe(listener)

        def unsubscribe() -> None:
            self._listeners.remove(listener)
            self._unsubscribes.pop(listener, lambda: None)()

        return unsubscribe

    @property
    def latest(self) -> dict[TokenId, tuple[Decimal, int]]:
        """See `ports.Desk.latest`."""
        return self._kernel.latest if self._kernel is not None else {}

    @property
    def tokens(self) -> Collection[Token]:
        """See `ports.Desk.tokens`."""
        return self._kernel.tokens if self._kernel is not None else ()

    def set_speed(self, speed: float | None) -> bool:
        """See `ports.Desk.set_speed`."""
        return self._kernel is not None and self._kernel.set_speed(speed)

    # ------------------------------------------------------------------ other tokens

    @property
    def open(self) -> bool:
        """See `ports.TokenSearch.open`: once the live market is."""
        return self._opened is not None and self._opened.search is not None

    async def search(self, text: str, told: Callable[[SearchResult], None]) -> SearchResult:
        """See `ports.TokenSearch.search`."""
        return await self._others.search(text, told)

    async def add(self, candidate: Candidate) -> Token:
        """See `ports.TokenSearch.add`."""
        return await self._others.add(candidate)

    @property
    def _others(self) -> TokenSearch:
        found = self._opened.search if self._opened is not None else None
        if found is None:
            raise Stopped(NO_SEARCH)
        return found


@dataclass(frozen=True, slots=True)
class Console:
    """What the console is handed.

    Attributes:
        retry: Looks for live prices once more and says in a sentence what came of it.
        closing: What is to be said once it is over.
        search: Finds tokens that the desk does not know, None where there are no others.
    """

    desk: Kernel | Switchboard
    retry: Callable[[], Awaitable[str]]
    closing: Callable[[], Sequence[str]]
    search: TokenSearch | None = None


@asynccontextmanager
async def open_console(config: Config, launch: Launch) -> AsyncIterator[Console]:
    """The desk of the console, without waiting for a network; see `bootstrap.open_desk`.

    Raises:
        ConfigError: the flags do not fit each other or the account.
        StoreError: the account cannot be used; AccountBusy: by another process.
        ValueError: the market cannot be opened (a tape that is none).
    """
    if market_kind(config, launch) in ("demo", "tape"):
        async with open_desk(config, launch) as opened:
            yield Console(opened.kernel, _not_now, opened.closing)
        return
    claimed = claim(config, launch, "live")
    try:
        board = Switchboard(config, launch, claimed)
    except BaseException:
        claimed.release()
        raise
    try:
        yield Console(board, board.retry, board.closing, board)
    finally:
        await board.close()


async def _not_now() -> str:
    return NOT_NOW
