"""Blocks of plain rows to market objects, column by column. This is the hot path of a replay.

Most blocks of most tapes have nothing to report and nothing missing.  So a block is first tried
whole, a column at a time, which costs a third of going through its rows; `tape_rows` goes
through those of a block in which anything is not plain.  Both ways give the same objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import repeat

from papertrader_tui.domain.market import Bar, MarketInput, Quote
from papertrader_tui.domain.money import PRICE_DIGITS
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.feeds.tape_lines import Lines
from papertrader_tui.feeds.tape_rows import (
    DUST_USD,
    HIGH,
    LOW,
    MOST_USD,
    SOURCE,
    Candle,
    CandleRows,
    TradeRows,
    exact,
)


def trades(lines: Lines, rows: TradeRows) -> Iterator[MarketInput]:
    """All trades of a tape."""
    for block in lines.blocks():
        try:
            yield from _quotes(lines, rows, block)
        except ValueError:
            yield from rows.of(lines.rows(block))


def candles(lines: Lines, rows: CandleRows) -> Iterator[Candle]:
    """All candles of a tape."""
    for block in lines.blocks():
        try:
            yield from _bars(lines, rows, block)
        except ValueError:
            yield from rows.of(lines.rows(block))


def _quotes(lines: Lines, rows: TradeRows, block: list[str]) -> Iterable[Quote]:
    """A block of trades.

    Raises:
        ValueError: something in it is not plain.
    """
    if rows.depths is not None or not block:
        raise ValueError
    times, tokens, columns = lines.columns(block)
    texts = columns[rows.at_price]
    values = list(map(float, texts))
    volumes = _volumes(columns, rows.at_volume, values if rows.in_tokens else None)
    least = DUST_USD if rows.may_be_dust else -1.0
    for value, volume in zip(values, volumes, strict=True):
        if not (LOW <= value <= HIGH and least <= volume < MOST_USD):
            raise ValueError
    prices = _decimals(texts)
    lines.passed(block, times[-1])
    return map(Quote, tokens, times, prices, values, repeat(SOURCE), volumes)


def _bars(lines: Lines, rows: CandleRows, block: list[str]) -> Iterable[Candle]:
    """A block of candles, each following the one before of its token.

    Raises:
        ValueError: something in it is not plain.
    """
    if rows.depths is not None or rows.pairs or not block:
        raise ValueError
    times, tokens, columns = lines.columns(block)
    starts, ends = _spans(rows, times, tokens)
    texts = [columns[at] for at in rows.at]
    opened, high, low, close = [list(map(float, text)) for text in texts]
    volumes = _volumes(columns, rows.at_volume, close if rows.in_tokens else None)
    for bottom, first, top, last, volume in zip(low, opened, high, close, volumes, strict=True):
        if not (LOW <= bottom <= first <= top <= HIGH and bottom <= last <= top):
            raise ValueError
        if not -1.0 <= volume < MOST_USD:
            raise ValueError
    # hardly anyone looks at the exact extremes: a bar makes them of their texts
    tops, bottoms = [
        text if max(map(len, text)) <= PRICE_DIGITS else _decimals(text) for text in texts[1:3]
    ]
    lines.passed(block, times[-1])
    rows.ends.update(zip(tokens, ends, strict=True))
    bars = map(
        Bar, tokens, starts, ends, opened, high, low, close, volumes, _decimals(texts[3]), tops,
        bottoms, repeat(SOURCE),
    )  # fmt: skip
    return zip(bars, texts[0], repeat(None))


def _spans(
    rows: CandleRows, times: list[int], tokens: Sequence[TokenId]
) -> tuple[list[int], list[int]]:
    """Starts and ends of candles that leave nothing out and do not overlap.

    Raises:
        ValueError: there are others.
    """
    last = dict(rows.ends)
    if len(last) == 1:
        token = tokens[0]
        shift, step = rows.shift[token], rows.length[token]
        steady = range(times[0], times[0] + step * len(times), step)
        if times != list(steady) or last[token] not in (0, times[0] - shift):
            raise ValueError
        starts = [time - shift for time in times]
        return starts, [start + step for start in starts]
    starts, ends = [], []
    for time, token in zip(times, tokens, strict=True):
        start = time - rows.shift[token]
        if start != last[token] and last[token]:
            raise ValueError
        starts.append(start)
        last[token] = end = start + rows.length[token]
        ends.append(end)
    return starts, ends


def _volumes(columns: list[tuple[str, ...]], at: int, scale: list[float] | None) -> list[float]:
    """Dollars traded; -1 where there is no column.

    Raises:
        ValueError: a text is no number, or below zero.
    """
    if at < 0:
        return [-1.0] * len(columns[0])
    amounts = list(map(float, columns[at]))
    if scale is not None:
        amounts = [amount * price for amount, price in zip(amounts, scale, strict=True)]
    if min(amounts) < 0.0:
        raise ValueError
    return amounts


def _decimals(texts: tuple[str, ...]) -> list[Decimal]:
    # a short text is exact as it stands
    return list(map(Decimal if max(map(len, texts)) <= PRICE_DIGITS else exact, texts))
