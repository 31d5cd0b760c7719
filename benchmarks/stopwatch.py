"""What a program measures of itself: its share of a core, and how late its event loop is."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from time import perf_counter, process_time

#: Seconds between two looks at the event loop.
EVERY = 0.01


class Stopwatch:
    """Begun inside a running event loop; SIGUSR1 starts the part that counts, SIGUSR2 ends it.

    Args:
        count: How much work was done so far, of whatever kind the program does.
    """

    def __init__(self, count: Callable[[], int] = lambda: 0) -> None:
        self._count = count
        self._lags: list[float] = []
        self._from = (0.0, 0.0, 0)
        self._measured: dict[str, object] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Listen to the signals, and look at the loop from now on."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._start)
        loop.add_signal_handler(signal.SIGUSR2, self._stop)
        self._start()
        self._task = asyncio.ensure_future(self._look())

    def plain(self) -> dict[str, object]:
        """Share of a core, seconds, work done in them, and every lag of the loop in seconds."""
        if not self._measured:
            self._stop()
        return self._measured

    def _start(self) -> None:
        self._lags.clear()
        self._measured = {}
        self._from = (perf_counter(), process_time(), self._count())

    def _stop(self) -> None:
        wall, processor, count = self._from
        seconds = perf_counter() - wall
        self._measured = {
            "cpu": (process_time() - processor) / seconds,
            "seconds": seconds,
            "count": self._count() - count,
            "lags": list(self._lags),
        }

    async def _look(self) -> None:
        while True:
            due = perf_counter() + EVERY
            await asyncio.sleep(EVERY)
            self._lags.append(perf_counter() - due)
