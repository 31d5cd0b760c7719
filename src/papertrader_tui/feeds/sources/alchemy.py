"""Alchemy Prices: DEX prices by address, with a key that is a part of the path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Candle
from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Answer, Fault, Limits, SourceError, SourcePrice
from papertrader_tui.feeds.sources import values
from papertrader_tui.feeds.sources.base import Reading, Source, grouped
from papertrader_tui.feeds.sources.history import Point, from_points, point, span_name, whole
from papertrader_tui.feeds.sources.http import KEY, Reply, Request
from papertrader_tui.feeds.sources.text import MESSAGE_CHARS, clean

#: The finest spacing of history that holds for a candle, and how far back one request reaches.
_SPACINGS = ((DAY, "1d", 365 * DAY), (HOUR, "1h", 30 * DAY), (5 * MINUTE, "5m", 7 * DAY))


class Alchemy(Source):
    """Prices by address or by symbol, and history by point. It needs a key."""

    NAME: ClassVar[str] = "alchemy"
    WITNESS: ClassVar[str] = "alchemy"
    NETWORK_ID: ClassVar[str] = "alchemy"
    BASE_URL: ClassVar[str] = "https://api.g.alchemy.com/prices/v1"
    # 300 requests an hour on the free plan: the tightest of all.
    LIMITS: ClassVar[Limits] = Limits(per_minute=5, batch=25, networks=3, stale_ms=5 * MINUTE)

    def covers(self, token: Token) -> bool:
        """Has it a key, and a name for this token's chain?"""
        return bool(self._settings.key) and super().covers(token)

    def batches(self, tokens: Sequence[Token]) -> list[list[Token]]:
        """At most 25 addresses over at most 3 networks a request, tokens of a network together."""
        by_network = grouped(
            (token for token in tokens if self.covers(token)), lambda t: self._pair(t)[0]
        )
        result: list[list[Token]] = []
        networks: set[object] = set()
        pairs: set[tuple[str, str]] = set()
        for network, group in sorted(by_network.items(), key=lambda item: -len(item[1])):
            for token in group:
                pair = self._pair(token)
                room = len(pairs | {pair}) <= self.limits.batch
                if not result or not room or len(networks | {network}) > self.limits.networks:
                    result.append([])
                    networks, pairs = set(), set()
                networks.add(network)
                pairs.add(pair)
                result[-1].append(token)
        return result

    async def prices(self, tokens: Sequence[Token]) -> Answer:
        """One request for up to 25 addresses: see `PriceSource.prices`."""
        groups = grouped(tokens, self._pair)
        asked = [{"network": n, "address": a} for n, a in dict.fromkeys(map(self._pair, tokens))]
        reply = await self._fetch(self._ask("/tokens/by-address", json={"addresses": asked}))
        reading = Reading(tokens)
        for entry in entries(reply):
            network = values.word(entry.get("network"))
            address = values.word(entry.get("address")).lower()
            read_entry(reply, entry, groups.get((network, address), []), reading)
        return reading.answer()

    async def by_symbol(self, symbol: str) -> SourcePrice | None:
        """The price of a symbol, blended over exchanges: for native coins, which have no address.

        A symbol is no identity; None where Alchemy has no price for it.
        """
        reply = await self._fetch(self._ask("/tokens/by-symbol", ("symbols", symbol)))
        coin = Token(symbol, symbol, symbol, "", -1)
        reading = Reading([coin])
        for entry in entries(reply):
            if values.word(entry.get("symbol")).casefold() == symbol.casefold():
                read_entry(reply, entry, [coin], reading)
        return reading.answer().prices.get(symbol)

    async def candles(
        self, token: Token, interval: int, since: int, until: int
    ) -> Sequence[Candle]:
        """Candles from single prices: of 5 minutes for 7 days, hourly for 30, daily for a year."""
        network, address = self._pair(token)
        spacing = next((s for s in _SPACINGS if interval >= s[0]), None)
        if spacing is None:
            raise self._unsupported(f"has no candles of {span_name(interval)}")
        start = max(since, until - spacing[2])
        question = {
            "network": network,
            "address": address,
            "startTime": _iso(start),
            "endTime": _iso(until),
            "interval": spacing[1],
        }
        reply = await self._fetch(self._ask("/tokens/historical", json=question))
        return whole(from_points(read_history(reply), interval), interval, start, until)

    def _pair(self, token: Token) -> tuple[str, str]:
        place = self._require(token)
        return place.network(self.NETWORK_ID), place.address

    def _ask(self, path: str, *params: tuple[str, str], json: object = None) -> Request:
        key = self._settings.key
        if not key:
            message = "alchemy needs a key; set PAPERTRADER_ALCHEMY_KEY"
            raise SourceError(Fault.UNAUTHORIZED, message)
        return Request(self.name, self.base_url, f"/{KEY}{path}", params, key=key, json=json)


def _iso(millis: int) -> str:
    return datetime.fromtimestamp(millis // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def entries(reply: Reply) -> list[dict[str, object]]:
    """The entries of a price answer, one for each that was asked for.

    Raises:
        SourceError: there is no list of them.
    """
    data = values.mapping(reply.body).get("data")
    if not isinstance(data, list):
        raise SourceError(Fault.GARBAGE, "alchemy: an answer without data")
    return [one for one in data if isinstance(one, dict)]


def read_entry(
    reply: Reply, entry: dict[str, object], wanted: Iterable[Token], reading: Reading
) -> None:
    """Take one entry's price. An unknown token has no prices and an `error`, text or object."""
    tokens = list(wanted)
    dollars = next(
        (
            one
            for one in map(values.mapping, values.items(entry.get("prices")))
            if values.word(one.get("currency")).lower() == "usd"
        ),
        None,
    )
    error = entry.get("error")
    said = clean(values.mapping(error).get("message") or error, MESSAGE_CHARS)
    if dollars is None:
        if said and "not found" not in said.lower():
            reading.drop(tokens, said)
        return
    usable = values.price(dollars.get("value"))
    if isinstance(usable, str):
        reading.drop(tokens, usable)
        return
    observed, age_from = reply.observed(values.iso_millis(dollars.get("lastUpdatedAt")))
    reading.add(tokens, SourcePrice("", usable, observed, reply.fetched, age_from))


def read_history(reply: Reply) -> list[Point]:
    """The usable points of a history answer, in the recorded form or in the documented one.

    Raises:
        SourceError: there is no list of them.
    """
    data = values.mapping(reply.body).get("data")
    rows = data if isinstance(data, list) else values.mapping(data).get("prices")
    if not isinstance(rows, list):
        raise SourceError(Fault.GARBAGE, "alchemy: an answer without data")
    found = [values.mapping(row) for row in rows]
    points = [point(values.iso_millis(r.get("timestamp")), r.get("value")) for r in found]
    return [one for one in points if one is not None]
