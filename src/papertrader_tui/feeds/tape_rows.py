"""Rows of a tape to market objects, by kind.

A price's text is read twice, as Decimal for money and as float for indicators: converting one
into the other costs more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from papertrader_tui.domain.market import Bar, Depth, MarketInput, Quote
from papertrader_tui.domain.money import MAX_PRICE, MIN_PRICE, PRICE_DIGITS, add, mul, parse_price
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.feeds.tape_lines import Row
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
LOW = float(MIN_PRICE)
HIGH = float(MAX_PRICE)
_HALF = Decimal("0.5")

_OHLC = ("open", "high", "low", "close")

Candle = tuple[Bar, Decimal | str, Depth | None]
"""A finished candle, its opening price, and how deep the market was at its end if that changed."""


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
    if LOW <= value <= HIGH:
        return value
    raise _no_price(text)


class TradeRows:
    """Each trade a quote at its time; its price is the pool's where the tape has it.

    Attributes:
        at_price, at_volume: Columns; -1 for no volume.
        in_tokens: The volume is in tokens, not in dollars.
        may_be_dust: A trade may be too small to have a price.
        depths: Liquidity, None where the tape has none.
    """

    def __init__(self, reader: TapeReader) -> None:
        at = reader.columns.at
        self._report = reader.report
        self.at_price = at.get("pool_price", at.get("price", -1))
        self.at_volume = at.get("notional", at.get("volume", -1))
        self.in_tokens = "notional" not in at
        self.may_be_dust = "pool_price" not in at and self.at_volume >= 0
        self.depths = _depths(reader)

    def of(self, rows: Iterable[Row]) -> Iterator[MarketInput]:
        """Quotes and depths of rows."""
        at_price, at_volume, in_tokens = self.at_price, self.at_volume, self.in_tokens
        depths, report = self.depths, self._report
        for line, time, token, fields in rows:
            text = fields[at_price]
            depth = None
            try:
                value = rough(text)
                price = exact(text)
                volume = _dollars(fields, at_volume, value if in_tokens else 1.0)
                if depths is not None:
                    depth = depths.change(token, time, fields)
            except ValueError as error:
                report.fault(line, str(error))
                continue
            if self.may_be_dust and 0 <= volume < DUST_USD:
                report.dust += 1
                continue
            if depth is not None:
                yield depth
            yield Quote(token, time, price, value, SOURCE, volume)


def quotes(reader: TapeReader, rows: Iterable[Row]) -> Iterator[MarketInput]:
    """Each pair of bid and ask a quote at their middle."""
    at_bid = reader.columns.at["bid"]
    at_ask = reader.columns.at["ask"]
    depths = _depths(reader)
    for line, time, token, fields in rows:
        try:
            price, value = _middle(fields[at_bid], fields[at_ask])
            depth = None if depths is None else depths.change(token, time, fields)
        except ValueError as error:
            reader.report.fault(line, str(error))
            continue
        if depth is not None:
            yield depth
        yield Quote(token, time, price, value, SOURCE)


class CandleRows:
    """Each candle a bar, what it opens with, and depth; in the file's order.

    Args:
        reader: The tape.
        shift: What to take from a row's time to have the candle's start.

    Attributes:
        length: Of a candle per token.
        ends: End of the last candle per token: two may not overlap; what is missing is counted.
    """

    def __init__(self, reader: TapeReader, shift: dict[TokenId, int]) -> None:
        at = reader.columns.at
        self._reader = reader
        self.shift = shift
        self.length = reader.intervals
        self.ends = dict.fromkeys(reader.intervals, 0)
        self.at = [at[name] for name in _OHLC] if "open" in at else []
        self.pairs = [] if self.at else [(at[f"bid_{n}"], at[f"ask_{n}"]) for n in _OHLC]
        self.at_volume = at.get("notional", at.get("volume", -1)) if self.at else -1
        self.in_tokens = "notional" not in at
        self.depths = _depths(reader)

    def of(self, rows: Iterable[Row]) -> Iterator[Candle]:
        """Candles of rows."""
        length, report = self.length, self._reader.report
        prices = self._middles if self.pairs else self._prices
        for line, time, token, fields in rows:
            start = time - self.shift[token]
            end = start + length[token]
            depth = None
            try:
                (first, opened), (top, high), (bottom, low), (price, close) = prices(fields)
                scale = close if self.in_tokens else 1.0
                volume = _dollars(fields, self.at_volume, scale)
                if self.ends[token] != start:
                    self._gap(line, token, start)
                if self.depths is not None:
                    depth = self.depths.change(token, end, fields)
            except ValueError as error:
                report.fault(line, str(error))
                continue
            self.ends[token] = end
            bar = Bar(
                token, start, end, opened, high, low, close, volume, price, top, bottom, SOURCE
            )
            yield bar, first, depth

    def _prices(self, fields: list[str]) -> list[tuple[Decimal, float]]:
        texts = [fields[at] for at in self.at]
        opened, high, low, close = [rough(text) for text in texts]
        if not (low <= opened <= high and low <= close <= high):
            raise _impossible(*texts)
        return [(exact(t), v) for t, v in zip(texts, (opened, high, low, close), strict=True)]

    def _middles(self, fields: list[str]) -> list[tuple[Decimal, float]]:
        """As `_prices`, of bid and ask: each price is the middle of the two."""
        found = [_middle(fields[bid], fields[ask]) for bid, ask in self.pairs]
        (first, opened), (top, high), (bottom, low), (price, close) = found
        if not (low <= opened <= high and low <= close <= high):
            raise _impossible(str(first), str(top), str(bottom), str(price))
        return found

    def _gap(self, line: int, token: TokenId, start: int) -> None:
        """Count what is missing.

        Raises:
            ValueError: the candle starts before the one above has ended.
        """
        before = self.ends[token]
        if start < before:
            msg = "it starts before the symbol's candle above has ended"
            raise ValueError(msg)
        if before:
            self._reader.report.gap(line, self._reader.label(token), start - before)


def opening(bar: Bar, price: Decimal | str) -> Quote:
    """What a bar opened with, as a price that orders may land on."""
    exactly = exact(price) if isinstance(price, str) else price
    return Quote(bar.token, bar.start, exactly, bar.open, SOURCE, -1.0, True)


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


def _impossible(opened: str, high: str, low: str, close: str) -> ValueError:
    return ValueError(
        f"open {printable(opened)} and close {printable(close)} do not lie between "
        f"low {printable(low)} and high {printable(high)}"
    )
