"""Exact decimal arithmetic for the ledger, and named rounding for everything else.

Python's ``Decimal`` operators use the calling thread's context, which by default rounds
silently to 28 digits.  A token amount with 18 decimals times a price with 18 decimals needs
more, so money is never added or multiplied with the bare operators: it goes through `add`,
`sub` and `mul`, which work at 96 digits and *raise* `decimal.Inexact` rather than round.
Where rounding is meant it is named: `quantize_down`, `quantize_up`, `quantize_even`, `divide`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Clamped,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    Subnormal,
    Underflow,
)
from functools import lru_cache

ZERO = Decimal(0)
ONE = Decimal(1)
USDC_DECIMALS = 6
CENT6 = Decimal(1).scaleb(-USDC_DECIMALS)
BPS = Decimal("0.0001")

_FAULTS = [InvalidOperation, DivisionByZero, Overflow, Underflow, Subnormal, Clamped]

EXACT = Context(
    prec=96,
    rounding=ROUND_HALF_EVEN,
    Emin=-999,
    Emax=999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[*_FAULTS, Inexact],
)
ROUNDING = Context(
    prec=96,
    rounding=ROUND_HALF_EVEN,
    Emin=-999,
    Emax=999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow],
)

add = EXACT.add
sub = EXACT.subtract
mul = EXACT.multiply
neg = EXACT.minus


@lru_cache(maxsize=64)
def unit(decimals: int) -> Decimal:
    """The smallest amount of something with that many decimals: ``unit(6) == 0.000001``."""
    return Decimal(1).scaleb(-decimals)


def quantize_down(value: Decimal, decimals: int) -> Decimal:
    """Round toward minus infinity: what a person receives is never rounded up."""
    return value.quantize(unit(decimals), ROUND_FLOOR, ROUNDING)


def quantize_up(value: Decimal, decimals: int) -> Decimal:
    """Round toward plus infinity: what a person pays is never rounded down."""
    return value.quantize(unit(decimals), ROUND_CEILING, ROUNDING)


def quantize_even(value: Decimal, decimals: int) -> Decimal:
    """Round half to even, for figures that are neither paid nor received."""
    return value.quantize(unit(decimals), ROUND_HALF_EVEN, ROUNDING)


def divide(numerator: Decimal, denominator: Decimal) -> Decimal:
    """A quotient to 96 digits; round the result by name before posting it."""
    return ROUNDING.divide(numerator, denominator)


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum of an iterable of Decimals."""
    result = ZERO
    for value in values:
        result = add(result, value)
    return result


def plain(value: Decimal) -> str:
    """A Decimal without exponent and without trailing zeros: ``'0.00000123'``, ``'1500'``."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


class AmountError(ValueError):
    """A text that is no usable amount; the message names it and says what is expected."""


def parse_amount(text: str, what: str = "amount") -> Decimal:
    """Read a positive amount as a person types it: ``1,500.25``, ``1_500``, ``2.5k``, ``1m``.

    Raises:
        AmountError: not a number, not finite, zero or negative.
    """
    cleaned = text.strip().replace(",", "").replace("_", "").lower()
    scale = ONE
    if cleaned[-1:] in ("k", "m"):
        scale = Decimal(1000) if cleaned[-1] == "k" else Decimal(1_000_000)
        cleaned = cleaned[:-1]
    try:
        value = Decimal(cleaned)
    except (InvalidOperation, ValueError):
        msg = f"{what} {text!r} is not a number; write it like 500 or 0.25"
        raise AmountError(msg) from None
    if not value.is_finite() or value <= 0:
        msg = f"{what} {text!r} must be a finite number above zero"
        raise AmountError(msg)
    if len(value.as_tuple().digits) > 40 or not -30 <= value.adjusted() <= 30:
        msg = f"{what} {text!r} has more digits than any token has"
        raise AmountError(msg)
    return mul(value, scale)


#: A price keeps at most this many significant digits, so that quantity x price stays exact.
PRICE_DIGITS = 24
_PRICE = Context(
    prec=PRICE_DIGITS, rounding=ROUND_HALF_EVEN, Emin=-999, Emax=999, traps=[InvalidOperation]
)
MIN_PRICE = Decimal("1e-24")
MAX_PRICE = Decimal("1e12")


def price_digits(value: Decimal) -> Decimal:
    """A price rounded to the digits that a price keeps, and written as its text would be read.

    A quotient may come out as 3E+3: what is worked out from 3000 has other digits after the point.
    """
    rounded = _PRICE.plus(value)
    if int(rounded.as_tuple().exponent) <= 0 or rounded.adjusted() >= ROUNDING.prec:
        return rounded
    return rounded.quantize(ONE, context=ROUNDING)


def parse_price(text: str) -> Decimal | None:
    """A usable price from a source's own text, or None where it is not one.

    Usable is finite, positive and between 1e-24 and 1e12 dollars: what lies outside (a source
    has sent 1e300) is garbage, and no price is better than a made-up one.
    """
    try:
        value = _PRICE.create_decimal(text)
    except (InvalidOperation, ValueError, TypeError):
        return None
    if not value.is_finite() or not MIN_PRICE <= value <= MAX_PRICE:
        return None
    return value
