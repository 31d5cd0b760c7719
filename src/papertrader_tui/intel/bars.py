"""Bars of one token on UTC boundaries, and what its price was some time ago."""

from __future__ import annotations

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Bar, Candle, History

BAR_MS = 5 * MINUTE
#: Bars kept: a day of five-minute bars and some more.
RING = 320


class Bars:
    """Builds bars from prices or finished candles, and keeps the last ones.

    A bar is as long as five minutes or as the first candle, whichever is longer.  Bars without
    any price do not exist: nothing is filled in.  After more than an hour without a price a new
    run begins, since a gap is no flat market.

    Attributes:
        bar_ms: Length of a bar.
        bars: Closed bars in the present run.
        total: Closed bars ever; `total - 1` is the index of the newest.
        version: Grows with every closed bar, and with every move of the moments that
            changes count from, so that what is derived from bars can be kept until it does.
        start, end: Of the bar that is forming.
        forming: A bar is forming; `high`, `low`, `close` and `volume` (dollars, negative if
            unknown) are its values so far.
        last: Close of the newest closed bar.
        last_time: Time of the newest price.
    """

    __slots__ = (
        "_closes", "_gap", "_highs", "_lows", "_times", "_volumes", "bar_ms", "bars", "close",
        "end", "forming", "high", "last", "last_time", "low", "start", "total", "version", "volume",
    )  # fmt: skip

    def __init__(self) -> None:
        self._times = [0] * RING
        self._closes = [0.0] * RING
        self._highs = [0.0] * RING
        self._lows = [0.0] * RING
        self._volumes = [0.0] * RING
        self.version = 0
        self._set_length(BAR_MS)
        self._empty()

    def _set_length(self, bar_ms: int) -> None:
        self.bar_ms = bar_ms
        self._gap = max(HOUR, 2 * bar_ms)

    def _empty(self) -> None:
        self.bars = self.total = self.start = self.end = self.last_time = 0
        self.high = self.low = self.close = self.last = 0.0
        self.volume = -1.0
        self.forming = False
        self.version += 1

    # ------------------------------------------------------------------ what comes in

    def warm(self, history: History) -> None:
        """Begin anew with past candles, oldest first, but for the bar that is forming.

        So history may come late: closed bars are what it says, and prices since then stay.
        """
        length = max(BAR_MS, history.interval)
        kept = self.forming and self.bar_ms == length
        start, high, low, close = self.start, self.high, self.low, self.close
        volume, last_time = self.volume, self.last_time
        self._empty()
        self._set_length(length)
        self._restart()
        for candle in history.candles:
            # the last one may still be forming: it goes on with the next price
            self._merge(
                candle, min(candle.start + history.interval, max(history.time, candle.start))
            )
        if kept and start >= self.end:
            self._begin(start)
            self.high, self.low, self.close = high, low, close
            self.volume, self.last_time = volume, last_time

    def on_price(self, time: int, value: float, volume: float = -1.0) -> None:
        """Take in one price, with the dollars traded since the one before (negative: unknown)."""
        if time < self.end:
            if value > self.high:
                self.high = value
            elif value < self.low:
                self.low = value
            self.close = value
            self.last_time = time
            if volume > 0.0:
                self.volume = volume + self.volume if self.volume > 0.0 else volume
            return
        self._begin(time)
        self.high = self.low = self.close = value
        self.volume = volume
        self.last_time = time

    def on_bar(self, bar: Bar) -> None:
        """Take in a finished candle."""
        if not self.total and not self.forming:
            length = bar.end - bar.start
            if length > self.bar_ms:
                self._set_length(length)
                self._restart()
        self._merge(bar, bar.end)

    def _merge(self, bar: Bar | Candle, end: int) -> None:
        high, low, volume = bar.high, bar.low, bar.volume
        if bar.start < self.end:
            if high > self.high:
                self.high = high
            if low < self.low:
                self.low = low
            if volume > 0.0:
                self.volume = volume + self.volume if self.volume > 0.0 else volume
        else:
            self._begin(bar.start)
            self.high = high
            self.low = low
            self.volume = volume
        self.close = bar.close
        self.last_time = end
        if end >= self.end:
            self.forming = False
            self._close()

    def _begin(self, time: int) -> None:
        """Start the bar that `time` lies in, after closing the one before."""
        before = self.end
        if self.forming:
            self._close()
        self.forming = True
        start = time - time % self.bar_ms
        self.end = start + self.bar_ms
        self.start = start
        if start != before:
            if self.bars and time - self.last_time > self._gap:
                self._restart()
            self._refer(start)
            self.version += 1

    # ------------------------------------------------------------------ for a subclass to add to

    def _close(self) -> None:
        """The forming bar is complete: keep it."""
        at = self.total % RING
        self._times[at] = self.last_time
        self._closes[at] = self.last = self.close
        self._highs[at] = self.high
        self._lows[at] = self.low
        self._volumes[at] = self.volume
        self.total += 1
        self.bars += 1
        self.version += 1

    def _restart(self) -> None:
        """A new run of bars begins after a gap."""
        self.bars = 0
        self.version += 1

    def _refer(self, moment: int) -> None:
        """Changes are now measured back from `moment`."""

    # ------------------------------------------------------------------ what was

    @property
    def closed_at(self) -> int:
        """Time of the last price in the newest closed bar, 0 before the first."""
        return self._times[(self.total - 1) % RING] if self.total else 0

    def at(self, moment: int) -> float | None:
        """The newest sample at or before a moment; None if it is more than one bar older.

        Samples are the closes of bars, at the times of their last prices.
        """
        times, total = self._times, self.total
        oldest = max(0, total - RING)
        # where it would be if no bar were missing: never newer than where it is
        index = max(oldest, total - 1 - max(0, self.last_time - moment) // self.bar_ms - 1)
        if not total or times[index % RING] > moment:
            return None
        while index + 1 < total and times[(index + 1) % RING] <= moment:
            index += 1
        if moment - times[index % RING] > self.bar_ms:
            return None
        return self._closes[index % RING]

    def change(self, span: int, now: int, value: float) -> float | None:
        """Fraction that `value` at `now` lies above the price `span` milliseconds earlier.

        None where that time's price is not known: an older sample never stands in for it.
        """
        before = self.at(now - span)
        return None if before is None else value / before - 1

    def closes(self, limit: int = 48) -> list[float]:
        """Prices of the last 24 h for a sparkline: at most `limit`, oldest first."""
        found: list[float] = [self.close] if self.forming else []
        since = self.last_time - DAY
        for index in range(self.total - 1, max(0, self.total - RING) - 1, -1):
            if self._times[index % RING] < since:
                break
            found.append(self._closes[index % RING])
        step = max(1, -(-len(found) // limit)) if limit > 0 else 1
        return found[::step][:limit][::-1]
