"""Numbers, times and foreign text as a terminal shows them. Pure functions, no Textual.

Money is rounded here for the eye only; nothing that is formatted goes back into the ledger.
A number is never shown with an exponent, and a missing one is `DASH`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from rich.cells import cell_len, set_cell_size

from papertrader_tui.domain.money import quantize_even
from papertrader_tui.text import clean as harmless

DASH = "–"
UP, DOWN, FLAT = "▲", "▼", " "
BLOCKS = "▁▂▃▄▅▆▇█"
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))
_SIGNIFICANT = 4
Number = Decimal | float | int


def decimals_for(price: Number | None) -> int:
    """How many decimals a price of this size is shown with: at least four digits count.

    Prices of 100 and more have two decimals, prices below 1 as many as their leading zeros need.
    """
    value = _finite(price)
    if value is None or value == 0:
        return 2
    exponent = value.adjusted()
    if exponent >= 2:
        return 2
    if exponent >= 0:
        return _SIGNIFICANT - exponent
    return _SIGNIFICANT - 1 - exponent


def price(value: Number | None, decimals: int | None = None) -> str:
    """A price: `3,388.21`, `0.8010`, `0.0₅1234`; `decimals` fixes them for a column or axis."""
    number = _finite(value)
    if number is None:
        return DASH
    places = decimals_for(number) if decimals is None else decimals
    text = _fixed(number, places)
    return subscript_zeros(text) if number and -1 < number < 1 else text


def price_fit(value: Number | None, width: int) -> str:
    """A price in at most `width` cells where fewer decimals make it fit."""
    text = price(value)
    places = decimals_for(value)
    while len(text) > width and places > 0:
        places -= 1
        text = price(value, places)
    return text


def subscript_zeros(text: str) -> str:
    """`0.000001234` as `0.0₅1234`: four or more zeros after the point become their count."""
    head, point, tail = text.partition(".")
    digits = tail.lstrip("0")
    zeros = len(tail) - len(digits)
    if not point or not digits or zeros < 4 or head not in ("0", "-0", "+0"):
        return text
    return f"{head}.0{str(zeros).translate(_SUBSCRIPTS)}{digits}"


def money(value: Number | None, decimals: int = 2, *, sign: bool = False) -> str:
    """Dollars: `10,482.11`; with `sign` also `+112.40`. Zero never has a sign."""
    number = _finite(value)
    if number is None:
        return DASH
    text = _fixed(number, decimals)
    return f"+{text}" if sign and _is_positive(text) else text


def money_fit(value: Number | None, width: int, *, sign: bool = False) -> str:
    """Dollars in at most `width` cells: cents first, then whole dollars, then `1.2M`."""
    for places in (2, 0):
        text = money(value, places, sign=sign)
        if len(text) <= width:
            return text
    text = compact(value)
    return f"+{text}" if sign and _is_positive(text) else text


def percent(fraction: Number | None, decimals: int = 2, *, sign: bool = True) -> str:
    """A fraction in percent: 0.0169 is `+1.69%`."""
    number = _finite(fraction)
    if number is None:
        return DASH
    return money(number.scaleb(2), decimals, sign=sign) + "%"


def arrow(value: Number | None) -> str:
    """`▲` for more than zero, `▼` for less, a space for neither."""
    number = _finite(value)
    if number is None or number == 0:
        return FLAT
    return UP if number > 0 else DOWN


def direction(text: str) -> int:
    """Of a formatted change: 1, -1, or 0 for one that is shown as zero or not known."""
    if not any("1" <= c <= "9" for c in text):
        return 0
    return -1 if text[0] == "-" else 1


def span(milliseconds: int) -> str:
    """How long, in two units: `45s`, `12m`, `1h 04m`, `3d 02h`."""
    minutes = max(0, milliseconds) // 60_000
    if minutes < 60:
        return age(milliseconds)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours < 24 else f"{hours // 24}d {hours % 24:02}h"


def compact(value: Number | None) -> str:
    """An amount in at most five characters below 1,000 trillion: `950`, `3.2k`, `41M`, `1.2B`."""
    number = _finite(value)
    if number is None:
        return DASH
    size = abs(number)
    if size < 1:
        return _fixed(number, 2)
    for scale, (limit, suffix) in enumerate(_SCALES):
        # 999,950 would print as 1000.0k, so a scale begins where the one below rounds up to it
        if size >= limit - Decimal(limit) / 2000:
            scaled = number.scaleb(-3 * (len(_SCALES) - scale))
            text = _fixed(scaled, 1 if abs(scaled) < Decimal("9.95") else 0)
            return text.removesuffix(".0") + suffix
    text = _fixed(number, 1 if size < Decimal("9.95") else 0)
    return text.removesuffix(".0")


def quantity(value: Number | None, width: int = 10) -> str:
    """A token quantity in at most `width` cells (8 or more), as exact as fits, zeros trimmed.

    `0.147403`, `12,345.67`, `1.2M`, `0.0₇1234`; what does not fit is cut, never rounded up.
    """
    number = _finite(value)
    if number is None:
        return DASH
    if number == 0:
        return "0"
    whole = f"{int(number):,}" if abs(number) >= 1 else ("-0" if number < 0 else "0")
    room = width - len(whole) - 1
    if len(whole) > width:
        return _scaled(number, width)
    if abs(number) < 1 and -number.adjusted() > 4:
        zeros = -number.adjusted() - 1
        room = max(1, width - len(whole) - 2 - len(str(zeros)))
        return subscript_zeros(_trim(_truncated(number, zeros + room)))
    return _trim(_truncated(number, max(0, room)))


def age(milliseconds: int | None) -> str:
    """How long ago, in one unit: `2s`, `4m`, `3h`, `12d`."""
    if milliseconds is None:
        return DASH
    seconds = max(0, milliseconds) // 1000
    for limit, divisor, suffix in ((60, 1, "s"), (3600, 60, "m"), (86400, 3600, "h")):
        if seconds < limit:
            return f"{seconds // divisor}{suffix}"
    return f"{seconds // 86400}d"


def clock(milliseconds: int | None, *, seconds: bool = True, zone: bool = True) -> str:
    """Time of day in UTC: `14:32:07Z`."""
    if milliseconds is None:
        return DASH
    total = milliseconds // 1000 % 86400
    text = f"{total // 3600:02}:{total // 60 % 60:02}"
    if seconds:
        text += f":{total % 60:02}"
    return text + "Z" if zone else text


def sparkline(values: Sequence[float], width: int) -> str:
    """A line of block characters, exactly `width` of them for two values or more.

    Longer series are averaged per column, shorter ones repeat their nearest value; a flat series
    draws in the middle.  Values that are not finite are left out.
    """
    # halves, because the span of two huge values of opposite sign is not a float
    halves = [v / 2 for v in values if math.isfinite(v)]
    count = len(halves)
    if width <= 0 or count < 2:
        return ""
    if count > width:
        edges = [i * count // width for i in range(width + 1)]
        points = [math.fsum(v / (b - a) for v in halves[a:b]) for a, b in pairwise(edges)]
    else:
        points = [halves[i * count // width] for i in range(width)]
    low = min(points)
    span = max(points) - low
    if span <= 0:
        return BLOCKS[3] * width
    return "".join(BLOCKS[min(7, max(0, int((v - low) / span * 8)))] for v in points)


def meter(fraction: float, width: int) -> str:
    """A bar of eighths of a cell, padded to `width`; outside 0 to 1 is empty or full."""
    if not math.isfinite(fraction) or width <= 0:
        return " " * max(0, width)
    eighths = round(min(1.0, max(0.0, fraction)) * width * 8)
    bar = "█" * (eighths // 8)
    if eighths % 8:
        bar += "▏▎▍▌▋▊▉"[eighths % 8 - 1]
    return bar.ljust(width)


def clean(text: str, width: int | None = None) -> str:
    """Foreign text made safe to show (see `text.clean`), in at most `width` cells."""
    kept = harmless(text)
    return kept if width is None else cut(kept, width)


def cut(text: str, width: int) -> str:
    """Text in at most `width` cells, ending in `…` where something is missing."""
    if width <= 0:
        return ""
    # combining marks take no cell: a text may be longer than it is wide
    if (len(text) if text.isascii() else cell_len(text)) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def _finite(value: Number | None) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, Decimal):
        # through repr: a float's shortest decimal text is what a person would call it
        value = Decimal(repr(value))
    return value if value.is_finite() and abs(value.adjusted()) <= 60 else None


def _fixed(value: Decimal, decimals: int) -> str:
    text = f"{quantize_even(value, decimals):,f}"
    return text[1:] if text[0] == "-" and not text.strip("-0.,") else text


def _truncated(value: Decimal, decimals: int) -> str:
    # cutting digits off the text is exact, whatever the number of digits
    whole, _, tail = f"{value:,f}".partition(".")
    return f"{whole}.{tail[:decimals]}" if decimals and tail else whole


def _scaled(value: Decimal, width: int) -> str:
    for scale, (limit, suffix) in enumerate(_SCALES):
        if abs(value) >= limit:
            scaled = value.scaleb(-3 * (len(_SCALES) - scale))
            room = width - len(f"{int(scaled):,}") - 2
            text = _trim(_truncated(scaled, max(0, room))) + suffix
            return text if len(text) <= width else compact(value)
    return compact(value)


def _trim(text: str) -> str:
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text[1:] if text[0] == "-" and not text.strip("-0.,") else text


def _is_positive(text: str) -> bool:
    return text[0] != "-" and any("1" <= c <= "9" for c in text)
