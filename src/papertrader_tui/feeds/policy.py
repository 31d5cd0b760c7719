"""When may a source be asked? Rate limit, back-off and circuit breaker of one source.

Nothing here sleeps: `Policy.wait` says how long to leave the source alone, on a clock and with a
chance that are handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from papertrader_tui.feeds.source import Fault, SourceError

Clock = Callable[[], float]
Chance = Callable[[], float]

#: Part of a documented limit that is used.
SHARE = 0.8
#: Seconds: the span that a back-off's delay is drawn from begins with this, doubles, and ends here.
BACKOFF_FIRST, BACKOFF_LAST = 2.0, 300.0
#: A service that asks for more than this is asked again all the same: it may have mistaken itself.
RETRY_AFTER_MOST = 3_600.0
#: Failures in a row that open the circuit, and the seconds until a probe: doubling, at most.
FAILURES = 3
OPEN_FIRST, OPEN_LAST = 30.0, 120.0
#: A refused key does not heal by itself: it is tried again after this many seconds.
UNAUTHORIZED_PAUSE = 600.0

#: Failures of the service or the way to it; the others are about one question.
_OUTAGES = (Fault.SERVER, Fault.GARBAGE, Fault.TIMEOUT, Fault.CONNECTION)


class TokenBucket:
    """Requests at `SHARE` of a limit, in bursts of the rest of it.

    What is saved up (`(1 - SHARE) x limit`, one at least) and what comes in during a minute
    (`SHARE x limit`) never exceed the limit of any one minute together, for limits of five a
    minute and more.

    Args:
        per_minute: The documented limit.
        clock: Monotonic seconds.
    """

    def __init__(self, per_minute: float, clock: Clock) -> None:
        self._rate = SHARE * per_minute / 60.0
        self._most = max(1.0, (1.0 - SHARE) * per_minute)
        self._clock = clock
        self._saved = self._most
        self._at = clock()

    def wait(self, *, background: bool = False) -> float:
        """Seconds until the next request may go, 0 if it may go now.

        Args:
            background: It can wait: leave half of what can be saved up to those that cannot.
        """
        need = min(self._most, 1.0 + self._most / 2.0) if background else 1.0
        now = self._clock()
        self._saved = min(self._most, self._saved + max(0.0, now - self._at) * self._rate)
        self._at = now
        # a rounding error of the clock is no reason to wait
        return 0.0 if self._saved >= need - 1e-9 else (need - self._saved) / self._rate

    def take(self, requests: int = 1) -> None:
        """Some were sent; more than was saved up is owed."""
        self.wait()
        self._saved -= requests


class Breaker(StrEnum):
    """State of a circuit breaker."""

    CLOSED = "closed"  # asked as usual
    OPEN = "open"  # left alone
    HALF_OPEN = "half-open"  # one request may try whether it is back


class Policy:
    """Rate limit, back-off and circuit breaker of one source.

    Args:
        per_minute: The source's documented limit.
        clock: Monotonic seconds.
        chance: A random number in [0, 1) at each call.
        open_first, open_last: Seconds that an open circuit stays open, the first time and at most.
    """

    def __init__(
        self,
        per_minute: float,
        clock: Clock,
        chance: Chance,
        *,
        open_first: float = OPEN_FIRST,
        open_last: float = OPEN_LAST,
    ) -> None:
        self._bucket = TokenBucket(per_minute, clock)
        self._spans = (open_first, open_last)
        self._clock = clock
        self._chance = chance
        self._not_before = self._told = clock()
        self._refusals = 0
        self._failures = 0
        self._opened = 0
        self._open = False
        self._probing = False

    @property
    def state(self) -> Breaker:
        """State of the circuit now."""
        if not self._open:
            return Breaker.CLOSED
        probing = self._probing or self._clock() >= self._not_before
        return Breaker.HALF_OPEN if probing else Breaker.OPEN

    def wait(self, *, background: bool = False) -> float:
        """Seconds until it may be asked, 0 if now; infinite while another request probes it.

        Args:
            background: For a request that can wait (history): prices go before it.
        """
        if self._probing:
            return float("inf")
        pause = self._not_before - self._clock()
        return max(pause, self._bucket.wait(background=background), 0.0)

    def start(self) -> None:
        """A request goes out; it ends with `succeeded`, `failed` or `abandoned`."""
        self._bucket.take()
        self._probing = self._open

    def spent(self, more: int) -> None:
        """The request took so many more than one, or several pages."""
        self._bucket.take(more)

    def abandoned(self) -> None:
        """The request was called off: nothing was learned."""
        self._probing = False

    def hurry(self) -> None:
        """A person asks: an outage's pause is over. Refusals and `Retry-After` are obeyed still."""
        self._not_before = min(self._not_before, max(self._clock(), self._told))

    def succeeded(self) -> None:
        """It answered."""
        self._probing = self._open = False
        self._refusals = self._failures = self._opened = 0

    def failed(self, error: SourceError) -> None:
        """It did not answer the question; how long it is left alone depends on why."""
        probing, self._probing = self._probing, False
        if error.fault is Fault.RATE_LIMITED:
            self._refused(error.retry_after)
        elif error.fault is Fault.UNAUTHORIZED:
            self._open = True
            self._pause(UNAUTHORIZED_PAUSE)
        elif error.fault in _OUTAGES:
            self._failures += 1
            if error.retry_after is not None:
                self._pause(min(error.retry_after, RETRY_AFTER_MOST))
            if probing or self._failures >= FAILURES:
                self._trip()
        elif error.fault is not Fault.UNSUPPORTED:  # that its adapter says, and asks nobody
            # it is up, it only does not know what was asked for
            self._open = False
            self._failures = self._opened = 0

    def _refused(self, retry_after: float | None) -> None:
        """Obey `Retry-After`; without one, exponential back-off with full jitter."""
        span = min(BACKOFF_LAST, BACKOFF_FIRST * 2.0 ** min(self._refusals, 30))
        self._refusals += 1
        if retry_after is None:
            self._pause(self._chance() * span)
        else:
            self._pause(min(max(retry_after, 0.0), RETRY_AFTER_MOST))

    def _trip(self) -> None:
        span = min(self._spans[1], self._spans[0] * 2.0 ** min(self._opened, 30))
        self._open = True
        self._opened += 1
        # half of it is by chance, so that many programs do not come back at the same moment
        pause = span * (0.5 + 0.5 * self._chance())
        self._not_before = max(self._not_before, self._clock() + pause)

    def _pause(self, seconds: float) -> None:
        self._told = max(self._told, self._clock() + seconds)
        self._not_before = max(self._not_before, self._told)
