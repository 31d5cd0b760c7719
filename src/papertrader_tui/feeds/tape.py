"""A recorded market: the inputs of a tape, in market time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path

from papertrader_tui.domain.market import MarketInput
from papertrader_tui.domain.tokens import Registry, TokenId
from papertrader_tui.feeds.pacing import Pacer, Wait, wait_for_event
from papertrader_tui.feeds.tape_past import Past, typical_gas
from papertrader_tui.feeds.tape_reader import Stamp, TapeReader
from papertrader_tui.feeds.tape_report import TapeError, TapeReport
from papertrader_tui.ports import MarketInfo
from papertrader_tui.registry import load_registry

#: Inputs handed over at a time as fast as possible.
RUN = 512
_NEVER = 1 << 62


class TapeMarket:
    """`ports.Market` of one recorded file.

    Args:
        path: CSV file of trades, quotes or candles, plain or gzipped.
        chain: Chain whose gas and block time its orders get.
        speed: Market seconds per second; None is as fast as possible.
        cursor: Inputs handed over before, to go on from there.
        zone: Zone of times that name none.
        stamp: Whether a candle's time is its start or its end.
        symbol: Play only this symbol; for a file without a symbol column, its name.
        clock: Wall seconds, never going back.
        wait: Waits for an event at most that many seconds.

    Raises:
        TapeError: the file cannot be played, or the chain is not known.
        ValueError: the cursor is negative, or the speed not above zero.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        chain: str = "base",
        speed: float | None = None,
        cursor: int = 0,
        zone: tzinfo | None = None,
        stamp: Stamp = "start",
        symbol: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Wait = wait_for_event,
    ) -> None:
        if cursor < 0:
            msg = f"cursor {cursor} is negative; a tape begins at 0"
            raise ValueError(msg)
        bundled = load_registry()
        if chain not in bundled.chains:
            msg = f"chain {chain!r} is not known; choose one of {', '.join(bundled.chains)}"
            raise TapeError(msg)
        self._chain = bundled.chains[chain]
        self._reader = TapeReader(Path(path), chain=chain, zone=zone, stamp=stamp, symbol=symbol)
        tokens = list(self._reader.tokens.values())
        self._registry = Registry(bundled.chains).with_tokens(tokens)
        self._watchlist = [token.id for token in tokens]
        # How a file is read decides what comes out of it: a cursor holds for one reading only.
        reading = [
            str(part) for part in (zone, stamp if stamp != "start" else None, symbol) if part
        ]
        self._identity = ":".join(["tape", self._reader.file.digest(), chain, *reading])
        self._cursor = 0
        self._inputs: Iterator[MarketInput] = self._reader.inputs()
        self._next = next(self._inputs, None)
        if self._next is None:
            faults = "; ".join(map(str, self.report.faults[:3])) or "every row is dust"
            msg = f"{self._reader.file.name}: none of its rows is usable: {faults}"
            raise TapeError(msg)
        self._last = self._next.time
        self._warm = self._skip(cursor)
        self._pacer = Pacer(self._last, speed, clock, wait)

    @property
    def info(self) -> MarketInfo:
        """What every screen says of it."""
        chains = self._registry.chains
        on = [self._chain.key, *(token.chain for token in self._reader.tokens.values())]
        name = " and ".join(chains[key].name for key in dict.fromkeys(on))
        notes = "; ".join(self._reader.notes)
        return MarketInfo(
            kind="tape",
            badge="TAPE",
            detail=f"{self._reader.file.path.name.encode('ascii', 'replace').decode()}: "
            f"{self._reader.describe()}; {notes}",
            notice=f"Tape: gas and native price are bundled typical values of {name}.",
            identity=self._identity,
            interval=max(self._reader.intervals.values(), default=0),
            gas_note=f"bundled typical values of {name}",
            keeps_prices=False,
        )

    @property
    def report(self) -> TapeReport:
        """Rows read so far, and what was left out of them."""
        return self._reader.report

    @property
    def registry(self) -> Registry:
        """The bundled chains and this tape's tokens."""
        return self._registry

    @property
    def watchlist(self) -> Sequence[TokenId]:
        """The tape's tokens, in order of appearance."""
        return self._watchlist

    @property
    def cursor(self) -> int:
        """Inputs handed over since the tape's beginning."""
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
        """Fraction of the file's bytes that has been read."""
        if self._next is None:
            return 1.0
        return min(1.0, self._reader.file.position / self._reader.file.size)

    def now(self) -> int:
        """Market milliseconds; waits at the next input until that is handed over."""
        return self._pacer.now(self._last if self._next is None else self._next.time)

    def warm(self) -> Iterable[MarketInput]:
        """The chain's bundled gas; at a cursor also the last day before it, and depth."""
        yield from typical_gas(self._registry, self._chain, self._last)
        yield from self._warm

    async def batches(self, until: int | None = None) -> AsyncIterator[Sequence[MarketInput]]:
        """Inputs whose time has come, 512 at most.

        Ends with the tape, or before the first input later than `until`.
        """
        last = _NEVER if until is None else until
        following = self._next
        while following is not None and following.time <= last:
            await self._pacer.until(following.time)
            due = last
            if self._pacer.speed is not None:
                due = min(last, max(self._pacer.due(), following.time))
            batch: list[MarketInput] = []
            while following is not None and len(batch) < RUN and following.time <= due:
                batch.append(following)
                following = next(self._inputs, None)
            self._next = following
            self._last = batch[-1].time
            self._cursor += len(batch)
            self._pacer.reached(self._last)
            yield batch

    def _skip(self, count: int) -> list[MarketInput]:
        """Pass over inputs handed over before; what they leave behind warms the account."""
        if not count:
            return []
        past = Past(self._watchlist, max(self._reader.intervals.values(), default=0))
        while self._cursor < count and self._next is not None:
            self._last = self._next.time
            past.add(self._next)
            self._next = next(self._inputs, None)
            self._cursor += 1
        if self._cursor < count:
            msg = (
                f"{self._reader.file.name} has {self._cursor} inputs, but the account has "
                f"seen {count}; play the tape it began with"
            )
            raise TapeError(msg)
        return past.inputs(self._last)
