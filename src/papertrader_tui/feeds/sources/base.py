"""What the adapters have in common: settings, batching, and collecting one answer's prices."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlsplit

from papertrader_tui.domain.market import Candle
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds.source import Answer, Fault, Found, Limits, SourceError, SourcePrice
from papertrader_tui.feeds.sources.http import Http, Reply, Request, wall_clock
from papertrader_tui.feeds.sources.ids import Listing, listing
from papertrader_tui.feeds.sources.secret import NO_KEY, Secret


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What can be set of a source; everything has a default.

    Attributes:
        base_url: Instead of the service's own address; http or https.
        plan: `demo` or `pro` where a key does not tell its plan (CoinGecko), "" to find out.
        limits: Instead of the documented ones.

    Raises:
        ValueError: the address or the plan is not usable.
    """

    base_url: str = ""
    key: Secret = NO_KEY
    plan: str = ""
    limits: Limits | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if self.base_url and (parts.scheme not in ("http", "https") or not parts.hostname):
            msg = f"base_url {self.base_url!r} is no address; write it like https://host/path"
            raise ValueError(msg)
        if self.plan not in ("", "demo", "pro"):
            msg = f"plan {self.plan!r} is not known; choose demo or pro, or leave it empty"
            raise ValueError(msg)


DEFAULT_SETTINGS = SourceSettings()


class Reading:
    """Collects what one answer says of the tokens that were asked for."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._left = {token.id for token in tokens}
        self._prices: dict[TokenId, SourcePrice] = {}
        self._dropped: dict[TokenId, str] = {}

    def add(self, tokens: Iterable[Token], price: SourcePrice) -> None:
        """A price of all these tokens; a second and different one leaves them without any."""
        for token in tokens:
            if token.id in self._dropped:
                continue
            known = self._prices.get(token.id)
            if known is not None and known.price != price.price:
                del self._prices[token.id]
                self._dropped[token.id] = f"two prices, {known.price} and {price.price}"
                continue
            place = listing(token)
            twin = place.priced_as if place else ""
            self._prices[token.id] = replace(price, token=token.id, priced_as=twin)

    def drop(self, tokens: Iterable[Token], reason: str) -> None:
        """What was sent of these tokens is no usable price."""
        for token in tokens:
            self._prices.pop(token.id, None)
            self._dropped[token.id] = reason

    @property
    def unanswered(self) -> frozenset[TokenId]:
        """Tokens that nothing was said of so far."""
        return frozenset(self._left - self._prices.keys() - self._dropped.keys())

    def answer(self) -> Answer:
        """Everything said; tokens not mentioned are unknown to the source."""
        return Answer(self._prices, self.unanswered, self._dropped)


class Source:
    """A price service; the adapters fill in how it is asked and how it answers.

    Args:
        http: The shared client; `close` gives it back.
        clock: Milliseconds since 1970.
    """

    NAME: ClassVar[str]
    WITNESS: ClassVar[str]
    BASE_URL: ClassVar[str]
    LIMITS: ClassVar[Limits]
    NETWORK_ID: ClassVar[str]  # key of `ids` in chains.toml

    def __init__(
        self,
        http: Http,
        settings: SourceSettings = DEFAULT_SETTINGS,
        *,
        clock: Callable[[], int] = wall_clock,
    ) -> None:
        self._http = http.share()
        self._settings = settings
        self._clock = clock
        self._requests = 0
        self._closed = False

    @property
    def name(self) -> str:
        """Name of the service."""
        return self.NAME

    @property
    def witness(self) -> str:
        """Sources that share this word are not independent of each other."""
        return self.WITNESS

    @property
    def limits(self) -> Limits:
        """What it may be asked at most."""
        return self._settings.limits or self.LIMITS

    @property
    def base_url(self) -> str:
        """Address in use; the key is no part of it."""
        return self._settings.base_url or self.BASE_URL

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._requests

    def covers(self, token: Token) -> bool:
        """Has it a name for this token's chain?"""
        return self._place(token) is not None

    def batches(self, tokens: Sequence[Token]) -> list[list[Token]]:
        """The tokens it covers, in as few requests as its limits allow."""
        return self._by_network(tokens)

    async def prices(self, tokens: Sequence[Token]) -> Answer:
        """One request for one of `batches`' lists."""
        raise NotImplementedError

    async def candles(
        self, token: Token, interval: int, since: int, until: int
    ) -> Sequence[Candle]:
        """Whole candles in [since, until), oldest first."""
        del interval, since, until  # none, of whatever kind
        raise self._unsupported(f"keeps no history of {token.label}")

    async def search(self, text: str) -> Sequence[Found]:
        """Candidates for a symbol, a name or an address."""
        raise self._unsupported(f"cannot search for {text!r}")

    async def close(self) -> None:
        """Give the shared client back."""
        if not self._closed:
            self._closed = True
            await self._http.close()

    async def _fetch(self, request: Request) -> Reply:
        self._requests += 1
        return await self._http.fetch(request)

    def _place(self, token: Token) -> Listing | None:
        place = listing(token)
        return place if place is not None and place.network(self.NETWORK_ID) else None

    def _require(self, token: Token) -> Listing:
        place = self._place(token)
        if place is None:
            raise self._unsupported(f"does not cover {token.label}")
        return place

    def _unsupported(self, why: str) -> SourceError:
        return SourceError(Fault.UNSUPPORTED, f"{self.name} {why}")

    def _garbage(self, why: str) -> SourceError:
        return SourceError(Fault.GARBAGE, f"{self.name}: {why}")

    def _by_network(self, tokens: Sequence[Token]) -> list[list[Token]]:
        groups: dict[str, list[Token]] = {}
        for token in tokens:
            place = self._place(token)
            if place is not None:
                groups.setdefault(place.network(self.NETWORK_ID), []).append(token)
        return [
            batch for group in groups.values() for batch in self._chunks(group, self._address_of)
        ]

    def _address_of(self, token: Token) -> str:
        return self._require(token).address

    def _chunks(
        self, tokens: Sequence[Token], key: Callable[[Token], str], size: int | None = None
    ) -> list[list[Token]]:
        """Tokens in lists of at most `size` different keys whose URL is not too long."""
        most = size or self.limits.batch
        room = self.limits.url_chars - len(self.base_url) - 200  # path, parameters and key
        result: list[list[Token]] = []
        keys: set[str] = set()
        used = 0
        for token in tokens:
            name = key(token)
            if name not in keys:
                length = len(name) + 3  # a comma may be sent as %2C
                if not result or len(keys) >= most or used + length > room:
                    result.append([])
                    keys, used = set(), 0
                keys.add(name)
                used += length
            result[-1].append(token)
        return result


def grouped(
    tokens: Iterable[Token], key: Callable[[Token], Hashable]
) -> dict[Hashable, list[Token]]:
    """Tokens by what they are asked for as: several may share one."""
    groups: dict[Hashable, list[Token]] = {}
    for token in tokens:
        groups.setdefault(key(token), []).append(token)
    return groups
