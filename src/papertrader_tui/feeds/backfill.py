"""Past candles of the tokens that are followed, from services that keep them.

Asks only for what the account does not know yet, one request after the other and within each
source's limits (prices go first), so that charts and indicators are warm soon after a start and
whole again after an outage.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Candle, History
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.snapshot import HistoryProgress
from papertrader_tui.feeds.source import Fault, PriceSource, SourceError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

#: What is kept filled, by length of a candle, in the order of need.
WINDOWS = {5 * MINUTE: DAY, HOUR: 30 * DAY}
#: What of the account's own prices is drawn besides.
MINUTES = DAY
INDICATORS = 5 * MINUTE
#: Order of asking: pools first, since those are what is traded.
ORDER = ("geckoterminal", "coingecko", "defillama")
#: A candle is asked for so long after its end: services are not there at once.
SETTLE = 2 * MINUTE
#: Most seconds to wait for a source's turn before the next one is asked: longer than any documented
#: limit needs, and shorter than one that is down is left alone.
PATIENCE = 10.0
#: Seconds between two looks for gaps.
EVERY = 300.0
#: Seconds until what nobody could answer, some could not, or nobody knew, is asked for again.
RETRY_DOWN, RETRY_FAILED, RETRY_UNKNOWN = 60.0, 600.0, 3_600.0
#: Services may be so late; what they leave out of the time before it did not happen.
LATE = 15 * MINUTE
#: The answer was about the question, not about the state of the service.
_KNOWN = (Fault.NOT_FOUND, Fault.UNSUPPORTED, Fault.BAD_REQUEST)

#: So many questions in a row that no source answered: there is no network.
DOWN = 2

Span = tuple[int, int]
Wanted = tuple[TokenId, int, int, int]  # token, interval, since, until


class Archive(Protocol):
    """Where candles are kept (`store.archive.CandleArchive`)."""

    def known(self, wanted: Iterable[Wanted]) -> list[list[Candle]]:
        """The candles known of each, oldest first."""
        ...

    async def candles(self, wanted: Sequence[Wanted]) -> list[list[Candle]]:
        """The same, prices of this moment included."""
        ...

    async def missing(self, wanted: Sequence[Wanted]) -> list[list[Span]]:
        """Of each the spans that are not known."""
        ...

    async def keep(
        self, token: TokenId, interval: int, span: Span, candles: Sequence[Candle], source: str
    ) -> None:
        """Store what a source answered for a span."""
        ...


class Asks(Protocol):
    """The price feed, as far as it matters here."""

    @property
    def source_names(self) -> Sequence[str]:
        """In order of preference."""
        ...

    async def ask(
        self, source: str, call: Callable[[PriceSource], Awaitable[_T]], *, wait: float = 0.0
    ) -> _T:
        """Ask within the source's limits, after prices."""
        ...

    def covers(self, source: str, token: Token) -> bool:
        """Can a source know the token at all?"""
        ...


@dataclass(frozen=True, slots=True)
class Gap:
    """Candles of one token that are asked for in one request.

    Attributes:
        spans: What is missing, oldest first; `since` to `until` holds them all.
    """

    token: Token
    interval: int
    spans: tuple[Span, ...]

    @property
    def since(self) -> int:
        """Beginning of the first span."""
        return self.spans[0][0]

    @property
    def until(self) -> int:
        """End of the last span."""
        return self.spans[-1][1]


class Backfill:
    """Keeps the history of followed tokens without gaps.

    Args:
        feed: Asks the sources.
        archive: Keeps what they answer.
        wall: Market milliseconds.
        clock: Monotonic seconds.
        order: Sources by preference; those that the feed does not have are left out.
        progress: Is told before the first request, after every one, and when it is over.
    """

    def __init__(
        self,
        feed: Asks,
        archive: Archive,
        *,
        wall: Callable[[], int],
        clock: Callable[[], float],
        order: Sequence[str] = ORDER,
        progress: Callable[[HistoryProgress], None] = lambda _: None,
    ) -> None:
        self._feed, self._archive = feed, archive
        self._wall, self._clock = wall, clock
        self._order = [name for name in order if name in feed.source_names]
        self._progress = progress
        self._tokens: dict[TokenId, Token] = {}
        self._not_before: dict[tuple[TokenId, int], float] = {}
        self._listeners: list[Callable[[History], None]] = []
        self._wake = asyncio.Event()

    def subscribe(self, listener: Callable[[History], None]) -> Callable[[], None]:
        """Call `listener` with history that came after the session began; returns unsubscribe.

        Each replaces what is known of a token's past candles of that length, its own included.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def follow(self, tokens: Iterable[Token]) -> None:
        """Keep the history of these too, those named first being served first."""
        new = [token for token in tokens if token.id not in self._tokens]
        self._tokens.update((token.id, token) for token in new)
        if new:
            self._wake.set()

    def unfollow(self, token: TokenId) -> None:
        """Nobody needs it any more."""
        self._tokens.pop(token, None)

    def stored(self) -> list[History]:
        """What is known already, to begin a session with; reads the disk, asks nobody."""
        now = self._wall()
        tokens = list(self._tokens)
        spans = [(MINUTE, MINUTES), *reversed(WINDOWS.items())]
        wanted = [_window(t, interval, span, now) for t in tokens for interval, span in spans]
        known = self._archive.known(wanted)
        return [
            _history(one, candles, now, "stored")
            for one, candles in zip(wanted, known, strict=True)
            if candles
        ]

    async def run(self) -> None:
        """Fill what is missing, then look for gaps now and then, until cancelled.

        Raises:
            JournalError: the account cannot be written any more.
        """
        while True:
            self._wake.clear()
            state = await self.fill()
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_DOWN if state.failed else EVERY):
                    await self._wake.wait()

    async def gaps(self, now: int) -> list[Gap]:
        """What is missing of every followed token: shorter candles first, they trade."""
        settled = now - SETTLE
        kinds = [(token, interval) for interval in WINDOWS for token in self._tokens.values()]
        wanted = [_window(t.id, interval, WINDOWS[interval], settled) for t, interval in kinds]
        found = await self._archive.missing(wanted) if wanted else []
        return [
            Gap(token, interval, tuple(spans))
            for (token, interval), spans in zip(kinds, found, strict=True)
            if spans
        ]

    async def fill(self) -> HistoryProgress:
        """Ask once for everything that is missing and may be asked for now.

        Ends early where no source answers at all: there is no network.
        """
        began = self._clock()
        due = [
            gap
            for gap in await self.gaps(self._wall())
            if self._not_before.get((gap.token.id, gap.interval), began) <= began
        ]
        state, down = HistoryProgress(0, len(due), None, 0), 0
        if not due:
            return state
        self._progress(state)
        for done, gap in enumerate(due, 1):
            answered = True
            if gap.token.id in self._tokens:
                answered, pause = await self._fill(gap)
                self._not_before[gap.token.id, gap.interval] = self._clock() + pause
                down = down + 1 if pause == RETRY_DOWN else 0
            left = (self._clock() - began) / done * (len(due) - done)
            over = done == len(due) or down == DOWN
            state = HistoryProgress(done, len(due), left, state.failed + (not answered), over)
            self._progress(state)
            if over:
                break
        return state

    async def _fill(self, gap: Gap) -> tuple[bool, float]:
        """Ask source after source; what one does not go back to may be known to the next.

        Returns:
            Whether anything was found, and the seconds until more may be asked for.
        """
        until, found = gap.until, ""
        failed = 0
        asked = [name for name in self._order if self._feed.covers(name, gap.token)]
        for name in asked:
            try:
                told = await self._feed.ask(name, _question(gap, until), wait=PATIENCE)
            except SourceError as error:
                failed += error.fault not in _KNOWN
                _log.info("history of %s: %s", gap.token.label, error)
                continue
            candles = usable(told, gap.interval, gap.since, until)
            if not candles:
                continue
            found = name
            first, last = candles[0].start, candles[-1].start + gap.interval
            last = max(last, min(until, self._wall() - max(LATE, gap.interval)))
            wanted = [c for c in candles if any(a <= c.start < b for a, b in gap.spans)]
            whole = first - gap.since <= (until - gap.since) // 2
            span = (gap.since if whole else first, last)
            await self._archive.keep(gap.token.id, gap.interval, span, wanted, name)
            if whole:
                break
            until = first
        if found:
            await self._hand_over(gap, found)
        if asked and failed == len(asked):
            return False, RETRY_DOWN
        if failed:
            return bool(found), RETRY_FAILED
        return bool(found), 0.0 if found and until == gap.until else RETRY_UNKNOWN

    async def _hand_over(self, gap: Gap, source: str) -> None:
        now = self._wall()
        one = _window(gap.token.id, gap.interval, WINDOWS[gap.interval], now)
        candles = (await self._archive.candles([one]))[0]
        history = _history(one, candles, now, source)
        for listener in list(self._listeners):
            listener(history)


def usable(candles: Iterable[Candle], interval: int, since: int, until: int) -> list[Candle]:
    """Whole candles of [since, until), oldest first, without what cannot be true.

    Left out are those whose extremes do not hold their open and close, that are not finite and
    above zero, that do not begin on a boundary of their length, and the second of one time.
    """
    found: dict[int, Candle] = {}
    for candle in candles:
        start = candle.start
        if start % interval == 0 and since <= start <= until - interval and _possible(candle):
            found.setdefault(start, candle)
    return [found[start] for start in sorted(found)]


def _possible(candle: Candle) -> bool:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return (
        all(math.isfinite(price) and price > 0 for price in prices)
        and candle.low <= min(candle.open, candle.close)
        and candle.high >= max(candle.open, candle.close)
        and not math.isnan(candle.volume)
    )


def _question(gap: Gap, until: int) -> Callable[[PriceSource], Awaitable[Sequence[Candle]]]:
    async def ask(source: PriceSource) -> Sequence[Candle]:
        return await source.candles(gap.token, gap.interval, gap.since, until)

    return ask


def _window(token: TokenId, interval: int, span: int, now: int) -> Wanted:
    """The last whole candles; the one that is forming is made of live prices."""
    until = now - now % interval
    return token, interval, until - span, until


def _history(one: Wanted, candles: Sequence[Candle], now: int, source: str) -> History:
    token, interval, _, _ = one
    return History(token, now, interval, candles, source, charts=interval != INDICATORS)
