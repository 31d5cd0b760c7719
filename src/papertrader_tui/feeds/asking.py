"""One source as the feed sees it: asked within its limits, timed, its failures counted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.monitor import Monitor
from papertrader_tui.feeds.policy import Chance, Clock, Policy
from papertrader_tui.feeds.source import Answer, Fault, PriceSource, SourceError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

#: Seconds for which a source that kept a cycle waiting is asked only where the others fail.
SLOW_FOR = 600.0
#: Seconds that a request for history may take.
BACKGROUND_DEADLINE = 30.0


class Patience(Protocol):
    """The settings that matter here, in seconds."""

    @property
    def patience(self) -> float:
        """An answer that takes longer is slow."""
        ...


class Asker:
    """Asks one source, when its policy allows.

    Args:
        source: The adapter.
        monitor: Counts calls and failures.
        clock: Monotonic seconds.
        chance: Random numbers in [0, 1).
        settings: Of the feed.
    """

    def __init__(
        self,
        source: PriceSource,
        monitor: Monitor,
        clock: Clock,
        chance: Chance,
        settings: Patience,
    ) -> None:
        self.source = source
        self.policy = Policy(source.limits.per_minute, clock, chance)
        self._monitor = monitor
        self._clock = clock
        self._settings = settings
        self._slow_until = clock()
        self._counted = source.requests

    def ready(self) -> bool:
        """May it be asked now?"""
        return self.policy.wait() <= 0.0

    def slow(self) -> bool:
        """Has it kept a cycle waiting of late?"""
        return self._clock() < self._slow_until

    def was_slow(self) -> None:
        """It keeps a cycle waiting."""
        self._slow_until = self._clock() + SLOW_FOR

    def prices(self, batch: Sequence[Token], end: float) -> asyncio.Task[Answer | None] | None:
        """Ask for prices until `end`; the task's result is None where it did not answer.

        Returns:
            None where its limit does not allow it now.
        """
        name = self.source.name
        if not self.ready():
            self._monitor.throttled(name)
            return None
        self._start()
        task = asyncio.create_task(self._quietly(batch, end), name=f"prices {name}")
        # a task that is called off before it ran has no `finally` that could say so
        task.add_done_callback(lambda t: self.policy.abandoned() if t.cancelled() else None)
        return task

    async def background(
        self, call: Callable[[PriceSource], Awaitable[_T]], wait: float, *, awaited: bool = False
    ) -> _T:
        """Ask for something that is no price.

        Args:
            call: The request.
            wait: Most seconds to wait for its turn.
            awaited: A person waits for it: it need not leave anything saved up to prices.

        Raises:
            SourceError: it did not answer, or its turn did not come within `wait` seconds.
        """
        end = self._clock() + wait
        while (pause := self.policy.wait(background=not awaited)) > 0.0:
            left = end - self._clock()
            if left <= 0.0 or (pause > left and pause != float("inf")):
                msg = f"{self.source.name} cannot be asked now: it is at its limit or down"
                raise SourceError(Fault.RATE_LIMITED, msg)
            await asyncio.sleep(min(pause, left, 1.0) if pause == float("inf") else pause)
        self._start(can_wait=True)
        try:
            return await self._timed(call, BACKGROUND_DEADLINE, can_wait=True)
        except asyncio.CancelledError:
            self.policy.abandoned()
            raise

    def _start(self, *, can_wait: bool = False) -> None:
        self.policy.start()
        self._monitor.called(self.source.name, self._clock(), can_wait=can_wait)
        self._counted += 1

    def _count_more(self, *, can_wait: bool) -> None:
        """What was asked took more requests than one (pages, a batch that had to be split)."""
        more = self.source.requests - self._counted
        if more > 0:
            self._counted += more
            self.policy.spent(more)
            self._monitor.called(self.source.name, self._clock(), more, can_wait=can_wait)

    async def _quietly(self, batch: Sequence[Token], end: float) -> Answer | None:
        try:
            return await self._timed(lambda source: source.prices(batch), end - self._clock())
        except SourceError as error:
            _log.info("%s: %s", self.source.name, error)
            return None

    async def _timed(
        self,
        call: Callable[[PriceSource], Awaitable[_T]],
        seconds: float,
        *,
        can_wait: bool = False,
    ) -> _T:
        """One request with its bookkeeping; every failure becomes a `SourceError`."""
        source, began = self.source, self._clock()
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                result = await call(source)
        except SourceError as error:
            self._failed(error)
            raise
        except TimeoutError:
            late = SourceError(Fault.TIMEOUT, f"{source.name} took longer than {seconds:.0f} s")
            self._failed(late)
            raise late from None
        except Exception as bug:
            # an adapter that trips over an answer must not take the feed with it; what it
            # tripped over may hold a key, so only its kind is told
            kind = type(bug).__name__
            broken = SourceError(
                Fault.GARBAGE, f"{source.name}'s answer was not understood: {kind}"
            )
            self._failed(broken)
            raise broken from bug
        finally:
            self._count_more(can_wait=can_wait)
        took = self._clock() - began
        self.policy.succeeded()
        self._monitor.answered(source.name, took, self._clock())
        if took > self._settings.patience and not can_wait:
            self.was_slow()
        return result

    def _failed(self, error: SourceError) -> None:
        self.policy.failed(error)
        self._monitor.failed(self.source.name, error.fault, str(error))
