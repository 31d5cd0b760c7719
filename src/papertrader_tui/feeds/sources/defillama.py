"""DefiLlama: aggregated prices with a confidence, of all chains in one request.

It takes many of its prices from CoinGecko, so the two are one witness. The pro key is a part of
the path.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import ClassVar

from papertrader_tui.domain.market import MINUTE, SECOND, Candle
from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Answer, Fault, Limits, SourceError, SourcePrice
from papertrader_tui.feeds.sources import values
from papertrader_tui.feeds.sources.base import Reading, Source, grouped
from papertrader_tui.feeds.sources.history import Point, from_points, point, span_name, whole
from papertrader_tui.feeds.sources.http import KEY, Reply, Request

PRO_URL = "https://pro-api.llama.fi"
#: DefiLlama itself takes nothing below it.
MIN_CONFIDENCE = Decimal("0.5")
MAX_POINTS = 500  # of a chart in one request; not documented, so modest


class DefiLlama(Source):
    """Prices by chain and address, and history by point."""

    NAME: ClassVar[str] = "defillama"
    WITNESS: ClassVar[str] = "coingecko"
    NETWORK_ID: ClassVar[str] = "defillama"
    BASE_URL: ClassVar[str] = "https://coins.llama.fi"
    # 172 keys of chain and address passed and 180 did not: the URL ends a batch before the 200
    # that are documented. Calls a minute are not documented.
    LIMITS: ClassVar[Limits] = Limits(
        per_minute=20, batch=150, url_chars=8_000, networks=99, stale_ms=10 * MINUTE
    )

    @property
    def base_url(self) -> str:
        """Address in use: pro keys have a host of their own."""
        return self._settings.base_url or (PRO_URL if self._settings.key else self.BASE_URL)

    def batches(self, tokens: Sequence[Token]) -> list[list[Token]]:
        """Tokens of all chains together, split by number and by length of the URL."""
        return self._chunks([token for token in tokens if self.covers(token)], self._coin)

    async def prices(self, tokens: Sequence[Token]) -> Answer:
        """One request: see `PriceSource.prices`."""
        groups = grouped(tokens, self._coin)
        reply = await self._fetch(self._ask(f"/prices/current/{','.join(map(str, groups))}"))
        return read_prices(reply, groups, tokens)

    async def candles(
        self, token: Token, interval: int, since: int, until: int
    ) -> Sequence[Candle]:
        """Candles from single prices: a request for every 500."""
        if interval < 5 * MINUTE:
            raise self._unsupported(f"has no candles of {span_name(interval)}")
        coin = self._coin(token)
        step = MAX_POINTS * interval
        points: list[Point] = []
        for start in range(since - since % interval, until, step):
            span = min(MAX_POINTS, -(-(until - start) // interval))
            reply = await self._fetch(
                self._ask(
                    f"/chart/{coin}",
                    ("start", str(start // SECOND)),
                    ("span", str(span)),
                    ("period", span_name(interval)),
                )
            )
            points += read_chart(reply, coin)
        return whole(from_points(points, interval), interval, since, until)

    def _coin(self, token: Token) -> str:
        place = self._require(token)
        return f"{place.network(self.NETWORK_ID)}:{place.address}"

    def _ask(self, path: str, *params: tuple[str, str]) -> Request:
        key = self._settings.key
        return Request(
            self.name, self.base_url, f"/{KEY}/coins{path}" if key else path, params, key=key
        )


def read_prices(reply: Reply, groups: dict[object, list[Token]], tokens: Iterable[Token]) -> Answer:
    """Prices from `prices/current`, whose keys come back as they were asked for.

    `groups` are the tokens by the key that was asked for, in lower case.
    """
    reading = Reading(tokens)
    for key, value in _coins(reply).items():
        wanted = groups.get(key.lower(), [])
        entry = values.mapping(value)
        usable = values.price(entry.get("price"))
        if isinstance(usable, str):
            reading.drop(wanted, usable)
            continue
        confidence = values.number(entry.get("confidence"))
        if confidence is not None and confidence < MIN_CONFIDENCE:
            reading.drop(wanted, f"a confidence of {confidence}, below {MIN_CONFIDENCE}")
            continue
        observed, age_from = reply.observed(values.millis(entry.get("timestamp")))
        price = SourcePrice(
            "", usable, observed, reply.fetched, age_from,
            confidence=values.fraction(entry.get("confidence")),
        )  # fmt: skip
        reading.add(wanted, price)
    return reading.answer()


def read_chart(reply: Reply, coin: str) -> list[Point]:
    """The usable points of one coin's chart; none where it is not known."""
    for key, value in _coins(reply).items():
        if key.lower() == coin:
            rows = [
                values.mapping(one) for one in values.items(values.mapping(value).get("prices"))
            ]
            points = [point(values.millis(r.get("timestamp")), r.get("price")) for r in rows]
            return [one for one in points if one is not None]
    return []


def _coins(reply: Reply) -> dict[str, object]:
    coins = values.mapping(reply.body).get("coins")
    if not isinstance(coins, dict):
        raise SourceError(Fault.GARBAGE, "defillama: an answer without coins")
    return coins
