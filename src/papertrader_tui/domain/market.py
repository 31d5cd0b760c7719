"""What a market says: prices, bars, depth and gas, each with its source and its time.

Times are integer milliseconds since 1970-01-01 UTC on the market's own clock.  These objects
are made once per tick, so they are plain classes with slots: a frozen dataclass costs three
times as much to build.  Treat them as immutable all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from papertrader_tui.domain.chain_fees import ChainFees
from papertrader_tui.domain.pools import PoolInput
from papertrader_tui.domain.tokens import TokenId

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Quote:
    """One observed price of a token in USDC.

    Attributes:
        token: Token id.
        time: When it was observed, market milliseconds.
        price: Exact price, for money.
        value: The same price as a float, for indicators and drawing only.
        source: Which source said so (`demo`, `tape`, `coingecko`, …).
        volume: Dollars traded since the token's previous quote; negative if unknown.
        opening: True for the opening price of a candle: orders land on it and positions are
            marked to it, but it is no new information to decide on.
        fetched: When it was received; equals `time` for a market that is its own clock.
        block: Block it was read at, 0 if none.
    """

    __slots__ = (
        "block",
        "fetched",
        "opening",
        "price",
        "source",
        "time",
        "token",
        "value",
        "volume",
    )

    def __init__(
        self,
        token: TokenId,
        time: int,
        price: Decimal,
        value: float,
        source: str,
        volume: float = -1.0,
        opening: bool = False,
        fetched: int = 0,
        block: int = 0,
    ) -> None:
        self.token = token
        self.time = time
        self.price = price
        self.value = value
        self.source = source
        self.volume = volume
        self.opening = opening
        self.fetched = fetched or time
        self.block = block

    def __repr__(self) -> str:
        return f"Quote({self.token} {self.price} @{self.time} {self.source})"


class Bar:
    """A finished candle, known at its end.

    Attributes:
        start, end: Market milliseconds; `end` is when the bar is known.
        price: Exact close, for money.
        low_price, high_price: Exact extremes, for stops and targets; made of their texts, if
            they were given as such, when someone looks.
        open, high, low, close: The same as floats.
        volume: Dollars traded in it; negative if unknown.
    """

    __slots__ = (
        "_high_price",
        "_low_price",
        "close",
        "end",
        "high",
        "low",
        "open",
        "price",
        "source",
        "start",
        "token",
        "volume",
    )

    def __init__(
        self,
        token: TokenId,
        start: int,
        end: int,
        open: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        price: Decimal,
        high_price: Decimal | str,
        low_price: Decimal | str,
        source: str,
    ) -> None:
        self.token = token
        self.start = start
        self.end = end
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.price = price
        self._high_price = high_price
        self._low_price = low_price
        self.source = source

    @property
    def high_price(self) -> Decimal:
        """Its highest price."""
        return Decimal(self._high_price)

    @property
    def low_price(self) -> Decimal:
        """Its lowest price."""
        return Decimal(self._low_price)

    @property
    def time(self) -> int:
        """When the bar is known: its end."""
        return self.end

    def __repr__(self) -> str:
        return f"Bar({self.token} {self.price} {self.start}-{self.end} {self.source})"


class Candle:
    """A candle for drawing and for warming indicators: floats only.

    Attributes:
        start: Market milliseconds of its beginning.
        volume: Dollars traded in it; negative if unknown.
    """

    __slots__ = ("close", "high", "low", "open", "start", "volume")

    def __init__(
        self, start: int, open: float, high: float, low: float, close: float, volume: float = -1.0
    ) -> None:
        self.start = start
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume

    def __repr__(self) -> str:
        return f"Candle({self.start} {self.open} {self.high} {self.low} {self.close})"


class History:
    """Past candles of one token, oldest first, that warm its indicators before it trades.

    Attributes:
        interval: Length of each candle in milliseconds (300,000 for the indicators).
        time: When they were handed over.
        charts: They are for charts only: no indicator begins anew with them.
    """

    __slots__ = ("candles", "charts", "interval", "source", "time", "token")

    def __init__(
        self,
        token: TokenId,
        time: int,
        interval: int,
        candles: Sequence[Candle],
        source: str,
        *,
        charts: bool = False,
    ) -> None:
        self.charts = charts
        self.token = token
        self.time = time
        self.interval = interval
        self.candles = candles
        self.source = source


class Depth:
    """How deep a token's market is; changes slowly, so it is a fact of its own.

    Attributes:
        liquidity: Dollars in its deepest pool, both sides counted.
        volume_24h: Dollars traded in 24 hours; negative if unknown.
        fee_bps: LP fee of that pool in basis points.
    """

    __slots__ = ("fee_bps", "liquidity", "source", "time", "token", "volume_24h")

    def __init__(
        self,
        token: TokenId,
        time: int,
        liquidity: Decimal,
        volume_24h: float,
        fee_bps: Decimal,
        source: str,
    ) -> None:
        self.token = token
        self.time = time
        self.liquidity = liquidity
        self.volume_24h = volume_24h
        self.fee_bps = fee_bps
        self.source = source


class Gas:
    """What a unit of gas costs on a chain, and what the native token is worth.

    Attributes:
        price_wei: Base fee + priority fee per unit of gas.
        l1_fee_wei: Data fee of one swap on an OP-stack chain, else 0.
        native_usd: Price of the native token in USDC.
        source: `demo`, `bundled`, `fee history`, …
        fees: What a node said of the newest block, None where none was asked. Once it has been
            heard, orders of the chain land by block number.
    """

    __slots__ = ("chain", "fees", "l1_fee_wei", "native_usd", "price_wei", "source", "time")

    def __init__(
        self,
        chain: str,
        time: int,
        price_wei: int,
        l1_fee_wei: int,
        native_usd: Decimal,
        source: str,
        fees: ChainFees | None = None,
    ) -> None:
        self.fees = fees
        self.chain = chain
        self.time = time
        self.price_wei = price_wei
        self.l1_fee_wei = l1_fee_wei
        self.native_usd = native_usd
        self.source = source

    @property
    def fullness(self) -> float:
        """Gas used / gas limit of the newest block, -1 where no node was asked."""
        return self.fees.fullness if self.fees is not None else -1.0


class Trust:
    """How far a token's price can be trusted from now on; comes before the price it is about.

    A market that is its own source (demo, tape) says nothing of the kind.

    Attributes:
        fault: Why no entry may be made (`disputed: a 3,000 vs b 2,700 (10 %)`), "" if one may.
        sources: Independent witnesses behind the price.
        exit_price: Where exits go while there is a fault; None with a fault: they wait.
        exit_value: The same as a float, 0 if None.
        exit_source: Who said it.
        stale_at: Market milliseconds after which the price is stale unless more is heard of it.
        note: What else there is to say of it (`flagged: …`).
        spread: How far the sources lie apart, a fraction of the highest price.
    """

    __slots__ = (
        "exit_price",
        "exit_source",
        "exit_value",
        "fault",
        "note",
        "sources",
        "spread",
        "stale_at",
        "time",
        "token",
    )

    def __init__(
        self,
        token: TokenId,
        time: int,
        fault: str,
        sources: int,
        stale_at: int,
        exit_price: Decimal | None = None,
        exit_source: str = "",
        note: str = "",
        spread: float = 0.0,
    ) -> None:
        self.spread = spread
        self.token = token
        self.time = time
        self.fault = fault
        self.sources = sources
        self.stale_at = stale_at
        self.exit_price = exit_price
        self.exit_source = exit_source
        self.exit_value = float(exit_price) if exit_price is not None else 0.0
        self.note = note

    def __repr__(self) -> str:
        return f"Trust({self.token} {self.fault or 'trusted'} @{self.time})"


class Timer:
    """Nothing happened but time passed: pauses end, orders expire, days roll over."""

    __slots__ = ("time",)

    def __init__(self, time: int) -> None:
        self.time = time


MarketInput = Quote | Bar | History | Depth | Gas | Trust | Timer | PoolInput
