"""The embedded demo market: seeded, invented prices that need no network and no key."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from papertrader_tui.domain.market import MINUTE, Candle, History, MarketInput, Quote
from papertrader_tui.domain.tokens import Registry, TokenId
from papertrader_tui.feeds import demo_parameters as p
from papertrader_tui.feeds.demo_process import SOURCE, HourTicks
from papertrader_tui.feeds.demo_skeleton import Skeleton
from papertrader_tui.feeds.pacing import Pacer, Wait, wait_for_event
from papertrader_tui.ports import MarketInfo
from papertrader_tui.registry import load_registry

#: An hour more than a day, so that the change over 24 h is known from the first price on.
HISTORY_TICKS = 25 * p.TICKS_PER_HOUR
CANDLE_MS = 5 * MINUTE
CANDLE_TICKS = CANDLE_MS // p.TICK_MS
#: A day's gas prices are handed over as they were, to rank the present one among.
GAS_TICKS = p.GAS_EVERY
#: Instants made at a time: small enough not to be felt as a stall on a screen.
RUN = 25


NOTICE = "Embedded demo market: invented prices, not real ones."


class DemoMarket:
    """`ports.Market` of invented prices: 20 tokens on two chains, one price each every 10 s.

    Args:
        seed: Which market; the same seed gives the same prices for ever.
        speed: Market seconds per second; None is as fast as possible.
        cursor: Instants handed over before, to go on from there.
        clock: Wall seconds, never going back.
        wait: Waits for an event at most that many seconds.

    Raises:
        ValueError: the cursor is negative, or the speed not above zero.
    """

    def __init__(
        self,
        seed: int = 7,
        speed: float | None = 1,
        cursor: int = 0,
        *,
        notice: str = "",
        clock: Callable[[], float] = time.monotonic,
        wait: Wait = wait_for_event,
    ) -> None:
        if cursor < 0:
            msg = f"cursor {cursor} is negative; a demo market begins at 0"
            raise ValueError(msg)
        self._seed = seed
        self._notice = notice or NOTICE
        self._cursor = cursor
        bundled = load_registry()
        self._chains = [
            bundled.chains[key] for key in dict.fromkeys(listing.chain for listing in p.LISTINGS)
        ]
        self._tokens = [bundled.find(f"{listing.symbol}@{listing.chain}") for listing in p.LISTINGS]
        self._registry = Registry(bundled.chains).with_tokens(self._tokens)
        self._watchlist = [token.id for token in self._tokens]
        self._skeleton = Skeleton(seed)
        self._ticks: HourTicks | None = None
        self._pacer = Pacer(self._time(cursor - 1), speed, clock, wait)

    @property
    def info(self) -> MarketInfo:
        """What every screen says of it."""
        return MarketInfo(
            kind="demo",
            badge="DEMO",
            detail=f"{len(self._tokens)} tokens on {len(self._chains)} chains, seed {self._seed}",
            notice=self._notice,
            identity=f"demo:{self._seed}:{p.PROCESS_VERSION}",
            interval=p.TICK_MS,
            gas_note="invented, around each chain's typical gas price",
        )

    @property
    def registry(self) -> Registry:
        """The bundled chains, and the tokens that it has prices of."""
        return self._registry

    @property
    def watchlist(self) -> Sequence[TokenId]:
        """All 20 tokens."""
        return self._watchlist

    @property
    def cursor(self) -> int:
        """Instants handed over: one every 10 s of market time, all tokens in each."""
        return self._cursor

    @property
    def speed(self) -> float | None:
        """Market seconds per second; None is as fast as possible."""
        return self._pacer.speed

    def set_speed(self, speed: float | None) -> bool:
        """Go on at another speed from now.

        Raises:
            ValueError: the speed is not above zero.
        """
        self._pacer.set_speed(speed)
        return True

    @property
    def progress(self) -> float | None:
        """None: the demo has no end."""
        return None

    def now(self) -> int:
        """Market milliseconds; waits at the next instant until that is handed over."""
        return self._pacer.now(self._time(self._cursor))

    def warm(self) -> Iterable[MarketInput]:
        """Gas, depth and prices of the last instant, and 25 h of 5-minute candles of each token.

        The last candle ends with the last instant: where the cursor stands within a candle it
        holds the part that has been seen.
        """
        last = self._cursor - 1
        first = (last + 1 - HISTORY_TICKS) // CANDLE_TICKS * CANDLE_TICKS
        candles: list[list[Candle]] = [[] for _ in self._tokens]
        for number in range(first // p.TICKS_PER_HOUR, last // p.TICKS_PER_HOUR + 1):
            hour = self._hour(number)
            begin = max(0, first - number * p.TICKS_PER_HOUR)
            ticks = min(p.TICKS_PER_HOUR, last + 1 - number * p.TICKS_PER_HOUR)
            for i, own in enumerate(candles):
                own.extend(hour.candles(i, begin, ticks, CANDLE_TICKS))
            for tick in range(begin, ticks, GAS_TICKS):
                yield from hour.gas(tick)
        hour, tick = self._hour(last // p.TICKS_PER_HOUR), last % p.TICKS_PER_HOUR
        yield from hour.gas(tick)
        yield from hour.depth(tick)
        for token, own in zip(self._watchlist, candles, strict=True):
            yield History(token, self._time(last), CANDLE_MS, own, SOURCE)
        yield from (item for item in hour.instants(ticks - 1, ticks) if isinstance(item, Quote))

    async def batches(self, until: int | None = None) -> AsyncIterator[Sequence[MarketInput]]:
        """One batch per instant; as fast as possible, one per run of 25.

        Ends before the first instant later than `until`, else never.
        """
        while until is None or self._time(self._cursor) <= until:
            await self._pacer.until(self._time(self._cursor))
            number, tick = divmod(self._cursor, p.TICKS_PER_HOUR)
            end = min(tick + self._due(), p.TICKS_PER_HOUR)
            if until is not None:
                end = min(end, tick + (until - self._time(self._cursor)) // p.TICK_MS + 1)
            batch = self._hour(number).instants(tick, end)
            self._cursor += end - tick
            self._pacer.reached(self._time(self._cursor - 1))
            yield batch

    def _due(self) -> int:
        """Instants that may be handed over now: those whose time has come, a run at most."""
        if self._pacer.speed is None:
            return RUN
        behind = (self._pacer.due() - self._time(self._cursor)) // p.TICK_MS
        return min(RUN, max(1, 1 + behind))

    def _hour(self, number: int) -> HourTicks:
        if self._ticks is None or self._ticks.number != number:
            self._ticks = HourTicks(self._seed, self._skeleton, number, self._tokens, self._chains)
        return self._ticks

    @staticmethod
    def _time(instant: int) -> int:
        return p.START + instant * p.TICK_MS
