"""Values of flags that are no settings: durations, levels, tags, time zones."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from papertrader_tui.domain.money import AmountError, parse_amount

TAGS = ("PRICE", "DECISION", "ORDER", "TRADE", "POSITION", "ACCOUNT", "ALERT")
#: Not printed unless they are asked for.
MORE_TAGS = ("OUTCOME",)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> int:
    """Milliseconds of `30s`, `10m`, `2h`, `7d` or `1h30m`."""
    if not re.fullmatch(r"(\d{1,9}[smhd])+", text.strip().lower()):
        msg = f"{text!r} is no duration; write it like 30s, 10m, 2h or 7d"
        raise argparse.ArgumentTypeError(msg)
    parts = re.findall(r"(\d+)([smhd])", text.strip().lower())
    total = sum(int(n) * _UNITS[unit] for n, unit in parts) * 1000
    if not 0 < total <= 36_500 * 86_400_000:
        msg = f"{text!r} has to be longer than nothing and at most 36500d"
        raise argparse.ArgumentTypeError(msg)
    return total


def beginning(text: str) -> int:
    """Milliseconds of `2026-01-05`, `2026-01-05T14:00` or `2026-01-05T14:00+02:00`; UTC if bare."""
    return _moment(text)[0]


def ending(text: str) -> int:
    """The same; a day that is named as an end is meant whole."""
    time, whole_day = _moment(text)
    return time + 86_400_000 if whole_day else time


def _moment(text: str) -> tuple[int, bool]:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        msg = f"{text!r} is no time; write it like 2026-01-05 or 2026-01-05T14:00"
        raise argparse.ArgumentTypeError(msg) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1), len(text.strip()) <= len("2026-01-05")


def count(text: str) -> int:
    """How many of something: a whole number above zero."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 1_000_000:
        msg = f"{text!r} is no count; it is a whole number from 1 to 1000000"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def amount(text: str) -> Decimal:
    """Dollars or tokens, as a person writes them: 1,500 or 2.5k."""
    try:
        return parse_amount(text)
    except AmountError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def block(text: str) -> int:
    """The number of a block; 0x… and commas are read too."""
    cleaned = text.replace(",", "").replace("_", "")
    try:
        number = int(cleaned, 16) if cleaned.lower().startswith("0x") else int(cleaned)
    except ValueError:
        number = -1
    if not 0 < number < 1 << 62:
        msg = f"{text!r} is no block; give its number, like 24407242"
        raise argparse.ArgumentTypeError(msg)
    return number


def basis_points(text: str) -> int:
    """Hundredths of a percent, from 0 to 5,000."""
    if not (text.isascii() and text.isdigit()) or not 0 <= int(text) <= 5_000:
        msg = f"{text!r} is no slippage; give basis points from 0 to 5000, 50 is half a percent"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def level(text: str) -> int:
    """An intelligence level."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 10:
        msg = f"{text!r} is no level; it is a whole number from 1 (cautious) to 10 (autonomous)"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


_HORIZONS = {"15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "24h": 86_400_000}


def horizon(text: str) -> int:
    """How long after a decision it is judged, as milliseconds."""
    found = _HORIZONS.get(text.strip().lower())
    if found is None:
        msg = f"{text!r} is no horizon of the scorecard; take {', '.join(_HORIZONS)}"
        raise argparse.ArgumentTypeError(msg)
    return found


def tags(text: str) -> tuple[str, ...]:
    """Tags of the headless log, in any case, comma-separated."""
    chosen = [t.strip().upper() for t in text.split(",") if t.strip()]
    known = (*TAGS, *MORE_TAGS)
    wrong = [t for t in chosen if t not in known]
    if wrong or not chosen:
        msg = f"{text!r}: choose from {', '.join(known)}, separated by commas"
        raise argparse.ArgumentTypeError(msg)
    return tuple(t for t in known if t in chosen)


def zone(text: str) -> tzinfo:
    """A time zone: `Europe/Berlin`, `UTC` or `+02:00`."""
    offset = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", text.strip())
    if offset and int(offset[2]) < 24 and int(offset[3]) < 60:
        delta = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-delta if offset[1] == "-" else delta)
    try:
        return ZoneInfo(text.strip())
    except (ValueError, OSError, ZoneInfoNotFoundError):
        msg = f"{text!r} is no time zone; write it like UTC, Europe/Berlin or +02:00"
        raise argparse.ArgumentTypeError(msg) from None


def levels(text: str) -> tuple[int, ...]:
    """Intelligence levels: `7`, `1-10` or `1,5,7-9`, each once, in order."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        low = level(first)
        high = level(last) if dash else low
        if high < low:
            msg = f"{part.strip()!r} counts down; write it like 1-10"
            raise argparse.ArgumentTypeError(msg)
        found.update(range(low, high + 1))
    return tuple(sorted(found))
