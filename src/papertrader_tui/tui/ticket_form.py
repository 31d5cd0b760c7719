"""From what a person typed in the order ticket to an order, or to what is wrong with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from papertrader_tui.domain.market import DAY, HOUR, MINUTE
from papertrader_tui.domain.money import AmountError, mul, parse_amount
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy
from papertrader_tui.domain.tokens import Token
from papertrader_tui.tui.formatting import clean

KINDS: dict[Side, tuple[Kind, ...]] = {
    Side.BUY: (Kind.MARKET, Kind.LIMIT, Kind.STOP),
    Side.SELL: (Kind.MARKET, Kind.LIMIT, Kind.STOP, Kind.TAKE_PROFIT, Kind.TRAILING_STOP),
}
KIND_NAMES: dict[Kind, str] = {
    Kind.MARKET: "market",
    Kind.LIMIT: "limit",
    Kind.STOP: "stop",
    Kind.TAKE_PROFIT: "target",
    Kind.TRAILING_STOP: "trail",
}
DEFAULT_TOLERANCE_BPS = 50
_UNTIL = {"m": MINUTE, "h": HOUR, "d": DAY}
_UNTIL_MAX = 365 * DAY


@dataclass(frozen=True, slots=True)
class Draft:
    """An order as it is being typed: every field but side and kind is text."""

    side: Side = Side.BUY
    kind: Kind = Kind.MARKET
    size: str = ""
    price: str = ""
    trail: str = ""
    stop: str = ""
    target: str = ""
    tolerance: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a draft means.

    Attributes:
        request: The order, or None where a field is wrong or the size is still empty.
        errors: Field name to what is wrong with it and what is expected.
        unit: What the size counts: `USDC`, `% of cash`, `WETH`.
    """

    request: OrderRequest | None
    errors: dict[str, str] = field(default_factory=dict)
    unit: str = "USDC"


def fields_for(side: Side, kind: Kind) -> tuple[str, ...]:
    """Names of the fields that an order of this side and kind has, in order."""
    names = ["size"]
    if kind is Kind.TRAILING_STOP:
        names.append("trail")
    elif kind is not Kind.MARKET:
        names.append("price")
    if side is Side.BUY:
        names += ["stop", "target"]
    return (*names, "tolerance", "until")


def read(draft: Draft, token: Token, now: int, client_id: str) -> Reading:
    """Read a draft.

    Args:
        draft: What was typed.
        token: The token that it is for.
        now: Market milliseconds, which `until` counts from.
        client_id: Of the order that comes out.
    """
    errors: dict[str, str] = {}
    names = fields_for(draft.side, draft.kind)

    def attempt(name: str, parse: object, *args: object) -> object:
        if name not in names:
            return None
        try:
            return parse(*args)  # type: ignore[operator]
        except ValueError as error:
            errors[name] = str(error)
            return None

    size = attempt("size", parse_size, draft.size, token.symbol)
    price = attempt("price", _price, draft.price, "price", True)
    trail = attempt("trail", _basis_points, draft.trail, "trail", None)
    stop = attempt("stop", _price, draft.stop, "stop", False)
    target = attempt("target", _price, draft.target, "target", False)
    tolerance = attempt(
        "tolerance", _basis_points, draft.tolerance, "tolerance", DEFAULT_TOLERANCE_BPS
    )
    until = attempt("until", parse_until, draft.until, now)
    size_by, amount = size if isinstance(size, tuple) else (SizeBy.NOTIONAL, None)
    unit = unit_of(size_by, draft.side, token)
    if errors or amount is None:
        return Reading(None, errors, unit)
    request = OrderRequest(
        client_id=client_id,
        token=token.id,
        side=draft.side,
        size_by=size_by,
        size=amount,
        kind=draft.kind,
        price=_decimal(price),
        trail_bps=_int(trail),
        tolerance_bps=_int(tolerance) or DEFAULT_TOLERANCE_BPS,
        good_until=_int(until),
        stop=_decimal(stop),
        target=_decimal(target),
    )
    return Reading(request, errors, unit)


def unit_of(size_by: SizeBy, side: Side, token: Token) -> str:
    """What a size counts, for beside the field."""
    if size_by is SizeBy.NOTIONAL:
        return "USDC"
    if size_by is SizeBy.PERCENT:
        return "of cash" if side is Side.BUY else "of holding"
    return clean(token.symbol, 10)


def parse_size(text: str, symbol: str) -> tuple[SizeBy, Decimal]:
    """A size: `500`, `$1.5k`, `500 usdc` (dollars), `25%`, `0.3t` or `0.3 WETH` (tokens).

    Raises:
        AmountError: it is none of these.
    """
    typed = text.strip().lower()
    if not typed:
        msg = "type a size: 500 (dollars), 25% or 0.3t (tokens)"
        raise AmountError(msg)
    if typed.endswith("%"):
        percent = parse_amount(typed[:-1], "size")
        if percent > 100:
            msg = f"size {text.strip()!r} is more than 100%"
            raise AmountError(msg)
        return SizeBy.PERCENT, percent
    number, space, word = typed.partition(" ")
    word = word.strip()
    if space and word == symbol.strip().lower():
        return SizeBy.QUANTITY, parse_amount(number, "size")
    for suffix in ("usdc", "usd"):
        if typed.endswith(suffix):
            return SizeBy.NOTIONAL, parse_amount(typed.removesuffix(suffix), "size")
    for suffix in (symbol.strip().lower(), "tokens", "token", "t"):
        # a symbol "K" or "M" right behind a number means thousands or millions, as elsewhere
        if suffix and suffix not in ("k", "m") and typed.endswith(suffix):
            return SizeBy.QUANTITY, parse_amount(typed.removesuffix(suffix), "size")
    return SizeBy.NOTIONAL, parse_amount(typed.removeprefix("$"), "size")


def parse_until(text: str, now: int) -> int | None:
    """`30m`, `4h`, `2d` from now, or nothing for good-till-cancelled.

    Raises:
        AmountError: it is neither, or longer than a year.
    """
    typed = text.strip().lower()
    if typed in ("", "gtc"):
        return None
    unit = _UNTIL.get(typed[-1:])
    if unit is None:
        msg = f"until {text.strip()!r} is not a time; write 30m, 4h, 2d or gtc"
        raise AmountError(msg)
    length = int(mul(parse_amount(typed[:-1], "until"), Decimal(unit)))
    if not 0 < length <= _UNTIL_MAX:
        msg = f"until {text.strip()!r} is out of range; up to 365d"
        raise AmountError(msg)
    return now + length


def _price(text: str, what: str, required: bool) -> Decimal | None:
    if not text.strip():
        if required:
            msg = "type a price in dollars"
            raise AmountError(msg)
        return None
    return parse_amount(text.strip().removeprefix("$"), what)


def _basis_points(text: str, what: str, default: int | None) -> int:
    """`50` or `0.5%`, as basis points."""
    typed = text.strip().lower().removesuffix("bps").strip()
    if not typed:
        if default is None:
            msg = f"type a {what}: 300 (basis points) or 3%"
            raise AmountError(msg)
        return default
    if typed.endswith("%"):
        value = mul(parse_amount(typed[:-1], what), Decimal(100))
    else:
        value = parse_amount(typed, what)
    if value != int(value) or not 1 <= value <= 9999:
        msg = f"{what} {text.strip()!r} must be 1 to 9999 whole basis points, or like 0.5%"
        raise AmountError(msg)
    return int(value)


def _decimal(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None
