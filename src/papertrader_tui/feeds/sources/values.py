"""Values out of a service's JSON: numbers in every form that is known to be sent, no guesses.

JSON is parsed so that every number is a Decimal with the digits of its own text; some services
send numbers as strings. What is neither is None here, never a zero.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from papertrader_tui.domain.money import parse_price
from papertrader_tui.feeds.sources.nesting import too_deep

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NAN = Decimal("NaN")
_LONGEST = 1_000  # characters of one number; GeckoTerminal sends just over 100
_FURTHEST = 400  # power of ten
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z

#: A change over 24 hours beyond this factor is a service's division by nearly nothing.
MAX_CHANGE = 1e4


class NotJson(ValueError):
    """The text is no JSON document; the message says what it looks like instead."""


def parse_json(text: str) -> object:
    """A JSON document whose numbers are all Decimals, exactly as written.

    `NaN` and `Infinity`, which are no JSON but are sent, become a Decimal NaN: so only the token
    that they stand for is dropped, and not the whole answer.

    Raises:
        NotJson: empty, HTML, cut off, or nested beyond reason.
    """
    stripped = text.lstrip("\ufeff \t\r\n")
    if not stripped:
        msg = "an empty answer"
        raise NotJson(msg)
    if too_deep(stripped):
        msg = "JSON nested beyond reason"
        raise NotJson(msg)
    try:
        return json.loads(
            stripped, parse_float=_number, parse_int=_number, parse_constant=lambda _: _NAN
        )
    except ValueError as error:
        if stripped.startswith("<"):
            msg = "HTML instead of JSON"
        elif stripped[0] in "{[" and _is_cut(error, stripped):
            msg = "JSON that is cut off"
        else:
            msg = "text that is not JSON"
        raise NotJson(msg) from None


def _is_cut(error: ValueError, text: str) -> bool:
    at_end = getattr(error, "pos", 0) >= len(text.rstrip()) - 1
    return at_end or "Unterminated" in str(error)


def _number(text: str) -> Decimal:
    if len(text) > _LONGEST:
        return _NAN
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal holds
        return _NAN
    # An exponent that arithmetic would overflow on stands for no quantity in the world.
    return value if abs(value.adjusted()) <= _FURTHEST else _NAN


def number(value: object) -> Decimal | None:
    """A finite number that was sent as a JSON number or as a string of one, else None."""
    if isinstance(value, str):
        text = value.strip()
        value = _number(text) if _NUMBER.fullmatch(text) else None
    if isinstance(value, Decimal) and value.is_finite():
        return value
    return None


def price(value: object) -> Decimal | str:
    """A usable price, or the reason in words why it is none."""
    if value is None:
        return "no price (null)"
    known = number(value)
    if known is None:
        return f"{_shown(value)} is no finite number"
    if known <= 0:
        return f"{_shown(value)} is not above zero"
    usable = parse_price(str(known))
    if usable is None:
        return f"{_shown(value)} is outside 1e-24 to 1e12 dollars"
    return usable


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, Decimal | str | bool) else type(value).__name__
    text = "".join(c if c.isascii() and c.isprintable() else "?" for c in text)
    return text if len(text) <= 40 else text[:39] + "…"


def amount(value: object) -> Decimal | None:
    """Dollars of volume or liquidity: zero or more and not absurd, else None."""
    known = number(value)
    if known is None or known < 0 or known.adjusted() > 15:
        return None
    # GeckoTerminal sends over a hundred digits; a ledger keeps 24 before and after the point.
    digits = Decimal(1).scaleb(-6)
    return known.quantize(digits) if known.as_tuple().exponent not in range(-6, 1) else known


def quantity(value: object) -> Decimal | None:
    """Units of a token: zero or more and not absurd, else None."""
    known = number(value)
    return known if known is not None and 0 <= known < Decimal("1e36") else None


def change(percent: object) -> float | None:
    """A fraction from a percentage; None where unknown or absurd (3.7e+42 has been sent)."""
    known = number(percent)
    if known is None or abs(known) > MAX_CHANGE * 100:
        return None
    return float(known) / 100


def fraction(value: object) -> float | None:
    """A number from 0 to 1, else None."""
    known = number(value)
    return float(known) if known is not None and 0 <= known <= 1 else None


def millis(seconds: object) -> int | None:
    """Milliseconds from Unix seconds, None where it is no time."""
    known = number(seconds)
    if known is None or not 0 < known <= _LAST_SECOND:
        return None
    return int(known * 1000)


def iso_millis(value: object) -> int | None:
    """Milliseconds from RFC 3339 text, None where it is none."""
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    result = round(when.timestamp() * 1000)
    return result if result > 0 else None


def mapping(value: object) -> dict[str, object]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def word(value: object) -> str:
    """The value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""
