"""What every price source is: a small adapter that asks one service and says what it answered.

An adapter knows its service's addresses, forms and faults, and nothing about caching, retrying or
which of several answers to believe: that is the feed's (`feeds/service.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from papertrader_tui.domain.market import Candle
from papertrader_tui.domain.tokens import Token, TokenId


class Fault(StrEnum):
    """What went wrong at a source, as far as it matters for what to do next."""

    RATE_LIMITED = "rate limited"  # wait, then ask less
    UNAUTHORIZED = "unauthorized"  # the key is missing, wrong or for another host
    NOT_FOUND = "not found"  # the service does not know what was asked for
    BAD_REQUEST = "bad request"  # our request is wrong (too many addresses, a bad parameter)
    SERVER = "server error"  # 5xx
    GARBAGE = "garbage"  # HTML, truncated or unexpected JSON
    TIMEOUT = "timeout"
    CONNECTION = "connection"  # refused, reset, no such host, no network
    UNSUPPORTED = "unsupported"  # the service does not cover this chain or interval


class SourceError(RuntimeError):
    """A source did not answer the question. The message never contains a key.

    Attributes:
        fault: What kind of failure.
        retry_after: Seconds that the service asks to wait, None if it did not say.
        status: HTTP status, None if there was no answer.
        code: The service's own error code, None if it sent none.
    """

    def __init__(
        self,
        fault: Fault,
        message: str,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.retry_after = retry_after
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class SourcePrice:
    """One source's answer about one token.

    Attributes:
        price: In US dollars as the source says it, finite and positive.
        observed: Market milliseconds at which it was true, None where the source does not say.
        fetched: When it was received.
        age_from: Where `observed` comes from: `answer`, `age header`, or `fetch` if unknown.
        liquidity: Dollars in the pool that it comes from, both sides; None if unknown or blended.
        volume_24h: Dollars; None if unknown.
        change_24h: Fraction; None if unknown.
        pool: Address of that pool, "" if blended.
        fee_bps: LP fee of that pool, None if unknown.
        confidence: 0 to 1 where the source gives one.
        block: 0 if none.
        priced_as: Id of the mainnet token whose price this is, "" if the token's own: a testnet
            token has no market.
    """

    token: TokenId
    price: Decimal
    observed: int | None
    fetched: int
    age_from: str = "fetch"
    liquidity: Decimal | None = None
    volume_24h: Decimal | None = None
    change_24h: float | None = None
    pool: str = ""
    fee_bps: Decimal | None = None
    confidence: float | None = None
    block: int = 0
    priced_as: TokenId = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source said to one request.

    Attributes:
        prices: By token; a token that is absent here is in `unknown` or `dropped`.
        unknown: Asked for, and the source has no price for it.
        dropped: Asked for, and what it sent is no usable price; with the reason in words.
    """

    prices: dict[TokenId, SourcePrice]
    unknown: frozenset[TokenId] = frozenset()
    dropped: dict[TokenId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """One candidate of a token search. Names come from outside: sanitised already.

    Attributes:
        token: Id `chain:address`, with symbol, name and chain; decimals -1 where not known.
        liquidity: Dollars of its deepest pool, None if unknown.
        price: Dollars, None if unknown.
    """

    token: Token
    liquidity: Decimal | None
    volume_24h: Decimal | None
    price: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Documented limits of a source; defaults that config can change.

    Attributes:
        per_minute: Requests a minute; the feed uses 80 % of it.
        batch: Most tokens in one request.
        url_chars: Longest URL.
        networks: Most networks in one request, 1 where each has its own address.
        stale_ms: Age at which its own observation is too old, where it has a time or a cache on
            the way says how old the answer is; None where neither can be.
    """

    per_minute: float
    batch: int
    url_chars: int = 8_000
    networks: int = 1
    stale_ms: int | None = None


class PriceSource(Protocol):
    """One service. Every method raises `SourceError` where it gets no usable answer."""

    @property
    def requests(self) -> int:
        """Requests sent so far, for the rate limit: history and search may take several."""
        ...

    @property
    def name(self) -> str:
        """Its word in settings and on screens: `coingecko`, `dexscreener`."""
        ...

    @property
    def witness(self) -> str:
        """Sources that share this word are not independent of each other."""
        ...

    @property
    def limits(self) -> Limits:
        """What it allows."""
        ...

    def covers(self, token: Token) -> bool:
        """Has it an id for this token and chain at all?"""
        ...

    def batches(self, tokens: Sequence[Token]) -> list[list[Token]]:
        """The tokens it covers, in as few requests as its limits allow."""
        ...

    async def prices(self, tokens: Sequence[Token]) -> Answer:
        """One request for one of `batches`' lists."""
        ...

    async def candles(
        self, token: Token, interval: int, since: int, until: int
    ) -> Sequence[Candle]:
        """Whole candles of `interval` milliseconds in [since, until), oldest first, gaps left out.

        A service that keeps less history returns what it has; one that has no such interval
        raises `SourceError` with `Fault.UNSUPPORTED`.
        """
        ...

    async def search(self, text: str) -> Sequence[Found]:
        """Candidates for a symbol, a name or an address."""
        ...

    async def close(self) -> None:
        """Let go of its connections."""
        ...
