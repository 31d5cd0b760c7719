"""Why a price is doubted, in words that name the sources and their prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from papertrader_tui.domain.money import divide, plain, sub


class Named(Protocol):
    """A source and what it said."""

    @property
    def source(self) -> str:
        """Its name."""
        ...

    @property
    def price(self) -> Decimal:
        """In dollars."""
        ...


def price_text(price: Decimal) -> str:
    """To two decimals from a dollar on, to four digits below: `3,000`, `0.9712`, `0.000004012`."""
    places = 2 if price >= 1 else 3 - price.adjusted()
    text = plain(round(price, places))
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}"


def percent_text(fraction: Decimal) -> str:
    """A fraction in percent: to a tenth below ten, else whole."""
    percent = fraction * 100
    return f"{percent:.1f}" if abs(percent) < 10 else f"{percent:.0f}"


def time_text(moment: int) -> str:
    """Milliseconds as `12:03:04Z`."""
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%H:%M:%S}Z"


def disputed_text(high: Named, low: Named, spread: Decimal, word: str = "disputed") -> str:
    """`disputed: coingecko 3,000 vs dexscreener 2,700 (10 %)`."""
    return (
        f"{word}: {high.source} {price_text(high.price)} vs "
        f"{low.source} {price_text(low.price)} ({percent_text(spread)} %)"
    )


def jump_text(said: Named, before: Decimal, missing: int) -> str:
    """`jump: coingecko alone says 3,900 after 3,000 (+30 %); waiting for …`."""
    change = divide(sub(said.price, before), before)
    sign = "+" if change > 0 else ""
    answers = "answer" if missing == 1 else "answers"
    return (
        f"jump: {said.source} alone says {price_text(said.price)} after {price_text(before)} "
        f"({sign}{percent_text(change)} %); waiting for a second source or {missing} more {answers}"
    )


def outvoted_text(sources: Sequence[str], note: str) -> str:
    """`outvoted: dexscreener contradicts two that agree, and does not count`."""
    text = f"outvoted: {', '.join(sources)} contradicted two that agree, and does not count"
    return f"{text}; {note}" if note else text


def stale_text(source: str, fetched: int) -> str:
    """`stale: nothing newer than coingecko's of 12:03:04Z`."""
    return f"stale: nothing newer than {source}'s price of {time_text(fetched)}"
