"""Runs a desk as a log."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Protocol, TextIO

from papertrader_tui.domain.commands import Command, MarkAccount
from papertrader_tui.domain.events import Event
from papertrader_tui.domain.market import DAY, HOUR, MINUTE, SECOND
from papertrader_tui.domain.money import ZERO
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.rows import iso
from papertrader_tui.engine.snapshot import Snapshot
from papertrader_tui.headless.history import HistoryWords
from papertrader_tui.headless.lines import TAGS, Lines, PriceSeen
from papertrader_tui.headless.output import Narrator, Output
from papertrader_tui.headless.text import money, signed
from papertrader_tui.ports import Desk
from papertrader_tui.text import counted

#: Seconds of wall time between two reports of progress: on a terminal, and elsewhere.
_LIVE, _SPARSE = 0.25, 15.0
_TRIES, _SOON = 20, 0.01
#: Seconds between two lines about each position and each source of a live market.
_LIVE_LINES = 60.0
#: Seconds between two looks at how far history is filled in.
_HISTORY = 1.0


class HeadlessDesk(Desk, Protocol):
    """A desk that also publishes the prices it steps."""

    def subscribe_prices(
        self, listener: Callable[[Sequence[PriceSeen]], None]
    ) -> Callable[[], None]:
        """Call `listener` with prices as they are stepped, in order with the events."""
        ...

    def now(self) -> int:
        """Market time."""
        ...

    async def finish(self, command: Command) -> Sequence[Event]:
        """Step one more command after `run` has returned."""
        ...


@dataclass(frozen=True, slots=True)
class HeadlessOptions:
    """What is printed, and what is known beforehand.

    Attributes:
        style: `text` or `json`.
        tags: Which lines are printed.
        symbols: Symbol by token.
        commands: Stepped before the first price.
        narration: Sentences about what was opened.
        closing: Gives sentences about the session once it is over.
        span: Market milliseconds after which the desk stops by itself, None where unlimited.
        live: Standard error is a terminal of its own, so progress may overwrite itself.
        signals: Handle SIGINT and SIGTERM.
        every_price: Print every price, not only the first of each token in each minute.
    """

    style: str = "text"
    tags: Sequence[str] = TAGS
    symbols: Mapping[TokenId, str] = field(default_factory=dict)
    commands: Sequence[Command] = ()
    narration: Sequence[str] = ()
    closing: Callable[[], Sequence[str]] = tuple
    span: int | None = None
    live: bool = False
    signals: bool = True
    every_price: bool = False


async def run_headless(
    desk: HeadlessDesk, options: HeadlessOptions, out: TextIO, err: TextIO
) -> int:
    """Run a desk to its end and print what happens.

    Returns:
        The exit code: 0, or 1 where the data could not be written.

    Raises:
        JournalError: the store failed; what was stored before has been printed.
        KeyboardInterrupt: a second SIGINT.
    """
    narrator = Narrator(err, live=options.live)
    for sentence in options.narration:
        narrator.say(sentence)
    before = desk.snapshot()
    output = Output(out, desk.stop)
    lines = Lines(
        options.style,
        options.tags,
        options.symbols,
        before.orders,
        watched=[row.token.id for row in before.tokens],
        every_price=options.every_price,
    )
    subscriptions = [desk.subscribe(lambda events: output.write(lines.of_events(events)))]
    live = before.market == "live"
    if "PRICE" in options.tags:
        # elsewhere the newest price is the time: what is printed must not depend on the clock
        clock = desk.now if live else (lambda: 0)
        subscriptions.append(
            desk.subscribe_prices(lambda prices: output.write(lines.of_prices(prices, clock())))
        )
    stopped: list[str] = []
    helpers: list[asyncio.Task[object]] = []
    try:
        with _signals(desk, stopped) if options.signals else contextlib.nullcontext():
            # They are answered while the desk runs, so nothing waits for them here; one turn of
            # the loop puts them into its inbox, in order and ahead of the first price.
            helpers += [asyncio.ensure_future(desk.submit(c)) for c in options.commands]
            await asyncio.sleep(0)
            helpers.append(asyncio.create_task(_report(desk, narrator, options)))
            if live:
                helpers.append(asyncio.create_task(_every_minute(desk, output, lines)))
                history = HistoryWords()
                helpers.append(asyncio.create_task(_tell_history(desk, narrator, history)))
            await desk.run()
            if live:
                output.write(lines.of_live(desk.snapshot()))
                _say_history(desk, narrator, history)
            await desk.finish(MarkAccount())
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        for unsubscribe in subscriptions:
            unsubscribe()
    if output.broken:
        return 0
    for sentence in options.closing():
        narrator.say(sentence)
    narrator.say(_summary(desk.snapshot(), before.now, stopped))
    if output.error is not None:
        narrator.say(f"error: cannot write the output: {output.error.strerror}")
        return 1
    return 0


@contextlib.contextmanager
def _signals(desk: HeadlessDesk, stopped: list[str]) -> Iterator[None]:
    """The first SIGINT or SIGTERM stops the desk after its step; a second SIGINT aborts.

    Plain handlers rather than the loop's own: they also run while a write waits for a reader.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - their signature
        if stopped and number == signal.SIGINT:
            raise KeyboardInterrupt
        stopped.append(signal.Signals(number).name)
        loop.call_soon_threadsafe(desk.stop)

    previous = {s: signal.signal(s, handle) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


async def _every_minute(desk: HeadlessDesk, output: Output, lines: Lines) -> None:
    """Positions at their marks, and how the sources of a live market are doing."""
    while True:
        await asyncio.sleep(_LIVE_LINES)
        output.write(lines.of_live(desk.snapshot()))


async def _tell_history(desk: HeadlessDesk, narrator: Narrator, words: HistoryWords) -> None:
    """How far past candles are filled in: indicators are not warm before."""
    while True:
        await asyncio.sleep(_HISTORY)
        _say_history(desk, narrator, words)


def _say_history(desk: HeadlessDesk, narrator: Narrator, words: HistoryWords) -> None:
    feed = desk.snapshot().feed
    sentence = words.news(feed.history if feed is not None else None)
    if sentence:
        narrator.say(sentence)


async def _report(desk: HeadlessDesk, narrator: Narrator, options: HeadlessOptions) -> None:
    snapshot = desk.snapshot()
    start = snapshot.now
    while True:
        await asyncio.sleep(_LIVE if options.live else _SPARSE)
        # While the disk is being waited for (often just when this wakes) a desk shows what was
        # stored before; a moment later it shows what is stored now.
        before = snapshot.version
        for _ in range(_TRIES):
            snapshot = desk.snapshot()
            if snapshot.version != before:
                break
            await asyncio.sleep(_SOON)
        fraction = snapshot.progress
        if options.span:
            fraction = max(fraction or 0.0, (snapshot.now - start) / options.span)
        done = "" if fraction is None else f"{min(fraction, 1.0):6.1%}  "
        narrator.progress(
            f"{done}{iso(snapshot.now)[:19]}Z  equity {money(snapshot.totals.equity)}"
            f"  {snapshot.totals.trades} trades"
        )


def _summary(snapshot: Snapshot, start: int, stopped: Sequence[str]) -> str:
    totals = snapshot.totals
    made = totals.equity - totals.initial
    percent = made / totals.initial if totals.initial else ZERO
    why = f"stopped by {stopped[0]}" if stopped else "done"
    books = "the books reconcile" if totals.reconciled else "THE BOOKS DO NOT RECONCILE"
    return (
        f"{why} after {_span(snapshot.now - start)} of market time: "
        f"{counted(totals.trades, 'trade')}, "
        f"equity ${money(totals.equity)} ({signed(made)}, {percent:+.2%}), {books}"
    )


def _span(milliseconds: int) -> str:
    """The two largest units of a duration: `2d 3h`."""
    parts = []
    milliseconds = (milliseconds + SECOND // 2) // SECOND * SECOND  # 39.9 s are no 39
    for name, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)):
        count, milliseconds = divmod(max(0, milliseconds), size)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts[:2]) or "0s"
