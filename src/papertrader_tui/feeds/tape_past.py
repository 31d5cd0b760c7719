"""The last day of inputs that were passed over: what an account that begins later knows of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from papertrader_tui.domain.market import (
    DAY,
    MINUTE,
    Bar,
    Candle,
    Depth,
    Gas,
    History,
    MarketInput,
    Quote,
)
from papertrader_tui.domain.tokens import Chain, Registry, TokenId
from papertrader_tui.feeds.tape_rows import SOURCE

CANDLE_MS = 5 * MINUTE


def typical_gas(registry: Registry, chain: Chain, time: int) -> list[Gas]:
    """The bundled gas of a tape's chain, and of every other that a token of it is on."""
    keys = dict.fromkeys([chain.key, *(token.chain for token in registry.tokens.values())])
    chains = [registry.chains[key] for key in keys]
    return [
        Gas(one.key, time, one.gas_price_wei, one.l1_fee_wei, one.native_usd, "bundled")
        for one in chains
    ]


class Past:
    """Takes inputs in order; hands them back as history, depth and last prices.

    Args:
        tokens: Of the tape.
        interval: Its longest candle in milliseconds, 0 for none.
    """

    def __init__(self, tokens: Iterable[TokenId], interval: int) -> None:
        self._length = max(CANDLE_MS, interval)
        self._days = {token: _Day(self._length) for token in tokens}
        self._depths: dict[TokenId, Depth] = {}
        self._prices: dict[TokenId, Quote] = {}

    def add(self, item: MarketInput) -> None:
        """An input that is passed over."""
        if isinstance(item, Bar):
            self._days[item.token].add_bar(item)
            self._prices[item.token] = Quote(
                item.token, item.end, item.price, item.close, item.source
            )
        elif isinstance(item, Quote):
            if not item.opening:
                self._days[item.token].add_price(item)
            self._prices[item.token] = item
        elif isinstance(item, Depth):
            self._depths[item.token] = item

    def inputs(self, time: int) -> list[MarketInput]:
        """What there is to warm a desk with at a time."""
        warm: list[MarketInput] = list(self._depths.values())
        for token, day in self._days.items():
            candles = day.since(time - DAY)
            if candles:
                warm.append(History(token, time, self._length, candles, SOURCE))
        return [*warm, *self._prices.values()]


class _Day:
    """The last day of one token in candles of one length."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._candles: deque[Candle] = deque(maxlen=DAY // length + 1)
        self._start = -1

    def add_bar(self, bar: Bar) -> None:
        """A finished candle that is no longer than ours."""
        candle = Candle(bar.start, bar.open, bar.high, bar.low, bar.close, bar.volume)
        self._add(candle)

    def add_price(self, quote: Quote) -> None:
        """A price, as the candle of a moment."""
        value = quote.value
        self._add(Candle(quote.time, value, value, value, value, quote.volume))

    def _add(self, part: Candle) -> None:
        start = part.start - part.start % self._length
        if start != self._start:
            self._start = part.start = start
            self._candles.append(part)
            return
        candle = self._candles[-1]
        candle.high = max(candle.high, part.high)
        candle.low = min(candle.low, part.low)
        candle.close = part.close
        if part.volume >= 0:
            candle.volume = max(candle.volume, 0.0) + part.volume

    def since(self, time: int) -> list[Candle]:
        """The candles that start at that time or later, oldest first."""
        return [candle for candle in self._candles if candle.start >= time]
