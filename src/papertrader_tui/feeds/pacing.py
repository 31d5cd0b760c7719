"""Market time against wall time: when is the next input due, and what time is it now?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

#: A consumer this far behind (wall seconds) is not chased: the market lags with it instead of
#: playing a laptop's night of sleep in one burst.
PATIENCE = 1.0

Wait = Callable[[asyncio.Event, float], Awaitable[None]]


async def wait_for_event(event: asyncio.Event, seconds: float) -> None:
    """Return after that many seconds, or as soon as the event is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


class Pacer:
    """Maps a monotonic wall clock to market time at a speed that may change.

    Args:
        market_time: Market milliseconds now.
        speed: Market seconds per second; None is as fast as possible.
        clock: Wall seconds, never going back.
        wait: Waits for an event at most that many seconds.

    Raises:
        ValueError: the speed is zero or negative.
    """

    def __init__(
        self,
        market_time: int,
        speed: float | None,
        clock: Callable[[], float] = time.monotonic,
        wait: Wait = wait_for_event,
    ) -> None:
        self._clock = clock
        self._wait = wait
        self._changed = asyncio.Event()
        self._speed = _checked(speed)
        self._reached = market_time
        self._wall = clock()
        self._market = float(market_time)

    @property
    def speed(self) -> float | None:
        """Market seconds per second; None is as fast as possible."""
        return self._speed

    def set_speed(self, speed: float | None) -> None:
        """Go on at another speed from this moment; wakes whoever waits.

        Raises:
            ValueError: the speed is zero or negative.
        """
        speed = _checked(speed)
        self._rebase(self._elapsed())
        self._speed = speed
        self._changed.set()

    def now(self, limit: int) -> int:
        """Market milliseconds, not past `limit` (the first input not yet handed over)."""
        self._reached = max(self._reached, min(int(self._elapsed()), limit))
        return self._reached

    def due(self) -> int:
        """Up to which market time inputs are due; use it after `until`, at a finite speed."""
        return int(self._elapsed())

    async def until(self, market_time: int) -> None:
        """Wait until an input of that time is due; returns at once as fast as possible."""
        while self._speed is not None:
            behind = (self._elapsed() - market_time) / 1000 / self._speed
            if behind >= 0:
                if behind > PATIENCE:
                    self._rebase(market_time)
                return
            self._changed.clear()
            await self._wait(self._changed, -behind)

    def reached(self, market_time: int) -> None:
        """An input of that time was handed over: `now` is never before it."""
        self._reached = max(self._reached, market_time)
        if self._speed is None:
            self._rebase(self._reached)

    def _elapsed(self) -> float:
        if self._speed is None:
            return self._market
        return self._market + (self._clock() - self._wall) * 1000 * self._speed

    def _rebase(self, market_time: float) -> None:
        self._market = float(market_time)
        self._wall = self._clock()


def _checked(speed: float | None) -> float | None:
    if speed is not None and not 0 < speed < float("inf"):
        msg = f"speed {speed!r} is not above zero; give a number such as 60, or max"
        raise ValueError(msg)
    return speed
