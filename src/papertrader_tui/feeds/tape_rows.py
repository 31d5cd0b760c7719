"""Rows of a tape to market objects, by kind. This is the hot path of a replay.

A price's text is read twice, as Decimal for money and as float for indicators: converting one
into the other costs more.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from papertrader_tui.domain.market import Bar, Depth, MarketInput, Quote
from papertrader_tui.domain.money import MAX_PRICE, MIN_PRICE, PRICE_DIGITS, add, mul, parse_price
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.feeds.tape_report import printable

if TYPE_CHECKING:
    from papertrader_tui.feeds.tape_reader import TapeReader

SOURCE = "tape"
#: A trade of less is made of so few of a token's smallest units that its price is rounding.
DUST_USD = 0.01
MOST_USD = 1e15
FEE_BPS = Decimal(30)
#: A change of liquidity that is worth telling.
LIQUIDITY_STEP = 0.01
_LOW = float(MIN_PRICE)
_HIGH = float(MAX_PRICE)
_HALF = Decimal("0.5")

Candles = Iterator[tuple[Quote, Bar, Depth | None]]


def exact(text: str) -> Decimal:
    """A price for money, from a text that `rough` (or the same checks) has passed.

    Raises:
        ValueError: it is no usable price.
    """
    if len(text) <= PRICE_DIGITS:
        return Decimal(text)
    price = parse_price(text)
    if price is None:
        raise _no_price(text)
    return price


def rough(text: str) -> float:
    """The same price as a float.

    Raises:
        ValueError: it is no number, or not between 1e-24 and 1e12 dollars.
    """
    try:
        value = float(text)
    except ValueError:
        raise _no_price(text) from None
    if _LOW <= value <= _HIGH:
        return value
    raise _no_price(text)


def trades(reader: TapeReader) -> Iterator[MarketInput]:
    """Each trade a quote at its time; its price is the pool's where the tape has it."""
    at = reader.columns.at
    at_price = at.get("pool_price", at.get("price", -1))
    at_volume = at.get("notional", at.get("volume", -1))
    in_tokens = "notional" not in at
    may_be_dust = "pool_price" not in at and at_volume >= 0
    depths = _depths(reader)
    report = reader.report
    for line, time, token, fields in reader.rows():
        text = fields[at_price]
        try:
            value = float(text)
            volume = float(fields[at_volume]) if at_volume >= 0 else -1.0
            if in_tokens and at_volume >= 0:
                volume *= value
            usable = _LOW <= value <= _HIGH and (0 <= volume < MOST_USD or at_volume < 0)
        except ValueError:
            usable = False
        depth = None
        if not usable or depths is not None:
            try:
                value = rough(text)
                volume = _dollars(fields, at_volume, value if in_tokens else 1.0)
                if depths is not None:
                    depth = depths.change(token, time, fields)
            except ValueError as error:
                report.fault(line, str(error))
                continue
        if may_be_dust and 0 <= volume < DUST_USD:
            report.dust += 1
            continue
        if depth is not None:
            yield depth
        # A short text is exact as it stands.
        price = Decimal(text) if len(text) <= PRICE_DIGITS else exact(text)
        yield Quote(token, time, price, value, SOURCE, volume)


def quotes(reader: TapeReader) -> Iterator[MarketInput]:
    """Each pair of bid and ask a quote at their middle."""
    at_bid = reader.columns.at["bid"]
    at_ask = reader.columns.at["ask"]
    depths = _depths(reader)
    for line, time, token, fields in reader.rows():
        try:
            price, value = _middle(fields[at_bid], fields[at_ask])
            depth = None if depths is None else depths.change(token, time, fields)
        except ValueError as error:
            reader.report.fault(line, str(error))
            continue
        if depth is not None:
            yield depth
        yield Quote(token, time, price, value, SOURCE)


def candles(reader: TapeReader, shift: dict[TokenId, int]) -> Candles:
    """Opening quote, bar and depth of each candle, in the file's order.

    Args:
        reader: The tape.
        shift: What to take from a row's time to have the candle's start.
    """
    at = reader.columns.at
    at_open, at_high, at_low, at_close = (at[name] for name in ("open", "high", "low", "close"))
    at_volume = at.get("notional", at.get("volume", -1))
    in_tokens = "notional" not in at
    depths = _depths(reader)
    ends = _Ends(reader)
    length = reader.intervals
    report = reader.report
    for line, time, token, fields in reader.rows():
        start = time - shift[token]
        first = fields[at_open]
        top = fields[at_high]
        bottom = fields[at_low]
        final = fields[at_close]
        depth = None
        try:
            opened = float(first)
            high = float(top)
            low = float(bottom)
            close = float(final)
            if not (_LOW <= low <= opened <= high <= _HIGH and low <= close <= high):
                _impossible(first, top, bottom, final)
            volume = _dollars(fields, at_volume, close if in_tokens else 1.0)
            if ends[token] != start:
                ends.check(line, token, start)
            if depths is not None:
                depth = depths.change(token, start + length[token], fields)
        except ValueError as error:
            report.fault(line, _plain(error, first, top, bottom, final))
            continue
        end = ends[token] = start + length[token]
        if max(len(first), len(top), len(bottom), len(final)) <= PRICE_DIGITS:
            # Short texts are exact as they stand.
            opening = Quote(token, start, Decimal(first), opened, SOURCE, -1.0, True)
            prices = Decimal(final), Decimal(top), Decimal(bottom)
        else:
            opening = Quote(token, start, exact(first), opened, SOURCE, -1.0, True)
            prices = exact(final), exact(top), exact(bottom)
        yield (
            opening,
            Bar(token, start, end, opened, high, low, close, volume, *prices, SOURCE),
            depth,
        )


def spreads(reader: TapeReader, shift: dict[TokenId, int]) -> Candles:
    """As `candles`, of bid and ask: each price is the middle of the two."""
    at = reader.columns.at
    pairs = [(at[f"bid_{name}"], at[f"ask_{name}"]) for name in ("open", "high", "low", "close")]
    depths = _depths(reader)
    ends = _Ends(reader)
    for line, time, token, fields in reader.rows():
        start = time - shift[token]
        try:
            (first, opened), (top, high), (bottom, low), (price, close) = [
                _middle(fields[bid], fields[ask]) for bid, ask in pairs
            ]
            if not (low <= opened <= high and low <= close <= high):
                _impossible(str(first), str(top), str(bottom), str(price))
            end = start + reader.intervals[token]
            if ends[token] != start:
                ends.check(line, token, start)
            depth = None if depths is None else depths.change(token, end, fields)
        except ValueError as error:
            reader.report.fault(line, str(error))
            continue
        ends[token] = end
        opening = Quote(token, start, first, opened, SOURCE, -1.0, True)
        yield (
            opening,
            Bar(token, start, end, opened, high, low, close, -1.0, price, top, bottom, SOURCE),
            depth,
        )


class _Ends(dict[TokenId, int]):
    """Ends of the last candles: two of one symbol may not overlap; what is missing is counted."""

    def __init__(self, reader: TapeReader) -> None:
        super().__init__(dict.fromkeys(reader.intervals, 0))
        self._reader = reader

    def check(self, line: int, token: TokenId, start: int) -> None:
        """Count a gap.

        Raises:
            ValueError: the candle starts before the one above has ended.
        """
        before = self[token]
        if start < before:
            msg = "it starts before the symbol's candle above has ended"
            raise ValueError(msg)
        if before:
            self._reader.report.gap(line, self._reader.label(token), start - before)


class _Depths:
    """Liquidity in dollars, told when it has changed by a hundredth."""

    def __init__(self, column: int) -> None:
        self._column = column
        self._told: dict[TokenId, float] = {}

    def change(self, token: TokenId, time: int, fields: list[str]) -> Depth | None:
        dollars = _dollars(fields, self._column, 1.0)
        told = self._told.get(token, 0.0)
        if dollars < 0 or abs(dollars - told) <= LIQUIDITY_STEP * told:
            return None
        self._told[token] = dollars
        return Depth(token, time, Decimal(int(dollars)), -1.0, FEE_BPS, SOURCE)


def _depths(reader: TapeReader) -> _Depths | None:
    column = reader.columns.at.get("liquidity")
    return None if column is None else _Depths(column)


def _middle(bid: str, ask: str) -> tuple[Decimal, float]:
    low, high = rough(bid), rough(ask)
    if high < low:
        msg = f"the ask {printable(ask)} is below the bid {printable(bid)}"
        raise ValueError(msg)
    return mul(add(exact(bid), exact(ask)), _HALF), (low + high) / 2


def _dollars(fields: list[str], column: int, price: float) -> float:
    """A volume in dollars; -1 where there is no column or the field is empty."""
    if column < 0 or not fields[column]:
        return -1.0
    try:
        amount = float(fields[column]) * price
    except ValueError:
        amount = -1.0
    if 0 <= amount < MOST_USD:
        return amount
    msg = f"{printable(fields[column])} is no usable volume"
    raise ValueError(msg)


def _no_price(text: str) -> ValueError:
    return ValueError(f"{printable(text)} is no usable price")


def _impossible(opened: str, high: str, low: str, close: str) -> None:
    for text in (opened, high, low, close):
        rough(text)
    msg = (
        f"open {printable(opened)} and close {printable(close)} do not lie between "
        f"low {printable(low)} and high {printable(high)}"
    )
    raise ValueError(msg)


def _plain(error: ValueError, *texts: str) -> str:
    """The reason in our words, where it was a text that float() refused."""
    try:
        for text in texts:
            rough(text)
    except ValueError as reason:
        return str(reason)
    return str(error)
