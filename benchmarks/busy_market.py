"""A market of many tokens whose prices move many times a second, in wall time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal
from math import exp
from random import Random
from time import monotonic

from papertrader_tui.domain.market import (
    DAY,
    MINUTE,
    Candle,
    Depth,
    Gas,
    History,
    MarketInput,
    Quote,
)
from papertrader_tui.domain.tokens import Registry, Token, TokenId
from papertrader_tui.ports import MarketInfo
from papertrader_tui.registry import load_registry

START = 1_767_571_200_000
CANDLE_MS = 5 * MINUTE
CHAIN = "base"
SOURCE = "bench"
SIGMA = 0.0002


def symbol(number: int) -> str:
    """What the n-th token is called; all are of one length."""
    return f"T{number:03}"


class BusyMarket:
    """`ports.Market`: each token gets `rate` prices a second, a tenth of the tokens at a time.

    Args:
        tokens: How many.
        rate: Prices a second of each.
        seed: Of their walks.
    """

    def __init__(self, tokens: int = 100, rate: float = 10.0, seed: int = 7) -> None:
        bundled = load_registry()
        self._tokens = [
            Token(f"{CHAIN}:0x{n + 1:040x}", symbol(n), f"Token {n}", CHAIN, 18, Decimal(30))
            for n in range(tokens)
        ]
        self._registry = Registry(bundled.chains).with_tokens(self._tokens)
        self._chain = bundled.chains[CHAIN]
        self._rate = rate
        self._chance = Random(seed)
        self._values = [10 ** self._chance.uniform(-3, 4) for _ in self._tokens]
        self._cursor = 0
        self._began = monotonic()
        self._last = START

    @property
    def info(self) -> MarketInfo:
        """For labels."""
        return MarketInfo(
            kind="demo",
            badge="DEMO",
            detail=f"{len(self._tokens)} tokens at {self._rate:g} Hz",
            notice="",
            identity="bench",
            interval=int(1_000 / self._rate),
            gas_note="typical values",
        )

    @property
    def registry(self) -> Registry:
        """The bundled chains and the tokens of this market."""
        return self._registry

    @property
    def watchlist(self) -> Sequence[TokenId]:
        """All tokens."""
        return [token.id for token in self._tokens]

    @property
    def cursor(self) -> int:
        """Prices handed over."""
        return self._cursor

    @property
    def speed(self) -> float | None:
        """Wall time."""
        return 1.0

    def set_speed(self, speed: float | None) -> bool:  # noqa: ARG002 - it has only its own
        """It goes as it goes."""
        return False

    @property
    def progress(self) -> float | None:
        """It has no end."""
        return None

    def now(self) -> int:
        """Market milliseconds."""
        return max(self._last, START + int(1_000 * (monotonic() - self._began)))

    def warm(self) -> Iterable[MarketInput]:
        """A day of candles, depth and gas, as a real market would hand over."""
        chain = self._chain
        yield Gas(CHAIN, START, chain.gas_price_wei, chain.l1_fee_wei, chain.native_usd, SOURCE)
        for index, token in enumerate(self._tokens):
            yield Depth(token.id, START, Decimal(5_000_000), 2e6, Decimal(30), SOURCE)
            candles = []
            for start in range(START - DAY - CANDLE_MS, START, CANDLE_MS):
                first = self._values[index]
                last = self._step(index, 15.0)
                high, low = max(first, last), min(first, last)
                candles.append(Candle(start, first, high, low, last, 5_000.0))
            yield History(token.id, START, CANDLE_MS, candles, SOURCE)

    async def batches(self, until: int | None = None) -> AsyncIterator[Sequence[MarketInput]]:
        """Ten batches for each round over all tokens; what is late is handed over at once."""
        parts = 10
        turn = 0
        self._began = monotonic()
        while until is None or self.now() <= until:
            due = self._began + turn / (self._rate * parts)
            await asyncio.sleep(max(0.0, due - monotonic()))
            self._last = now = self.now()
            batch = []
            for index in range(turn % parts, len(self._tokens), parts):
                text = f"{self._step(index):.7g}"
                price = Decimal(text)
                token = self._tokens[index].id
                batch.append(Quote(token, now, price, float(text), SOURCE, 50.0))
            turn += 1
            self._cursor += len(batch)
            yield batch

    def _step(self, index: int, scale: float = 1.0) -> float:
        self._values[index] *= exp(self._chance.gauss(0.0, SIGMA * scale))
        return self._values[index]
