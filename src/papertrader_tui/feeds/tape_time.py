"""Times of a tape: ISO 8601 or a count of seconds since 1970, by magnitude."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from papertrader_tui.feeds.tape_report import printable

#: Nothing on a tape is older than the first block of Bitcoin or later than this century.
EARLIEST = int(datetime(2009, 1, 3, tzinfo=UTC).timestamp()) * 1000
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * 1000

#: Name of a count's unit, and how many of it make a millisecond (as numerator, denominator).
UNITS = {
    "seconds": (1000, 1),
    "milliseconds": (1, 1),
    "microseconds": (1, 1000),
    "nanoseconds": (1, 1_000_000),
}
#: Most rows differ from their predecessor in minutes and seconds only: '2024-01-05T00:' + '04:23Z'.
_HOUR = len("2024-01-05T00:")
_WITHIN_HOUR = {f"{m:02d}:{s:02d}Z": (m * 60 + s) * 1000 for m in range(60) for s in range(60)}


def unit_of(text: str) -> str | None:
    """The unit of a count such as `1704412823`; None if the text is no plain count."""
    try:
        number = float(text)
    except ValueError:
        return None
    for unit, (up, down) in UNITS.items():
        if EARLIEST <= number * up / down < LATEST:
            return unit
    return None


class CountParser:
    """Counts of one unit since 1970 to milliseconds."""

    def __init__(self, unit: str) -> None:
        self._up, self._down = UNITS[unit]

    def __call__(self, text: str) -> int:
        """One time in milliseconds.

        Raises:
            ValueError, OverflowError: it is no count, or out of range.
        """
        try:
            time = int(text) * self._up // self._down
        except ValueError:
            time = round(float(text) * self._up / self._down)
        return _within(time, text)

    def many(self, texts: Iterable[str]) -> list[int]:
        """All of them; raises as for one."""
        return [self(text) for text in texts]


class IsoParser:
    """ISO 8601 to milliseconds.

    Args:
        zone: Where a text that names no zone is at.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        #: the last hour that was read in full, and its beginning
        self._hour = ""
        self._base = 0

    def __call__(self, text: str) -> int:
        """One time in milliseconds.

        Raises:
            ValueError: it is no ISO 8601, or out of range.
        """
        if text[:_HOUR] == self._hour:
            past = _WITHIN_HOUR.get(text[_HOUR:])
            if past is not None:
                return self._base + past
        if text[10:11] not in ("T", " ", "t", ""):
            msg = f"time {printable(text)} is not ISO 8601"
            raise ValueError(msg)
        try:
            stamp = datetime.fromisoformat(text.strip())
        except ValueError:
            msg = f"time {printable(text)} is neither ISO 8601 nor a count since 1970"
            raise ValueError(msg) from None
        if stamp.tzinfo is None:
            stamp = stamp.replace(tzinfo=self._zone)
        time = _within(round(stamp.timestamp() * 1000), text)
        if text[_HOUR:] in _WITHIN_HOUR:
            self._hour, self._base = text[:_HOUR], time - _WITHIN_HOUR[text[_HOUR:]]
        return time

    def many(self, texts: Sequence[str]) -> list[int]:
        """All of them; raises as for one."""
        hours = {text[:_HOUR] for text in texts}
        try:
            # one look-up each for the hour and what is past it: a fifth of a call's time
            bases = {hour: self(f"{hour}00:00Z") for hour in hours if len(hour) == _HOUR}
            return [bases[text[:_HOUR]] + _WITHIN_HOUR[text[_HOUR:]] for text in texts]
        except (KeyError, ValueError):
            return [self(text) for text in texts]


def names_zone(text: str) -> bool:
    """Whether an ISO text says which zone it is in.

    Raises:
        ValueError: it is not ISO 8601.
    """
    return datetime.fromisoformat(text.strip()).tzinfo is not None


def _within(time: int, text: str) -> int:
    if not EARLIEST <= time < LATEST:
        msg = f"time {printable(text)} is not between 2009 and 2100 in the unit of this file"
        raise ValueError(msg)
    return time
