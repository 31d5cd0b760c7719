"""CoinGecko: blended prices of every exchange; keyless, or with a demo or pro key.

Bundled tokens are asked for by CoinGecko's own ids, all chains in one request; others by their
contract, a platform at a time. Ids do not follow symbols, and an absent id is not a zero price.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Candle
from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Answer, Fault, Found, Limits, SourceError, SourcePrice
from papertrader_tui.feeds.sources import ids, values
from papertrader_tui.feeds.sources.base import Reading, Source, grouped
from papertrader_tui.feeds.sources.coins import found_bundled, found_of_coin, search_ids
from papertrader_tui.feeds.sources.finding import split_id
from papertrader_tui.feeds.sources.history import Point, from_points, point, span_name, whole
from papertrader_tui.feeds.sources.http import Reply, Request

HOSTS = {
    "demo": "https://api.coingecko.com/api/v3",
    "pro": "https://pro-api.coingecko.com/api/v3",
}
#: Calls a minute and contracts a call. Keyless calls are shared by IP address and uncertain (5 to
#: 30 have been documented); keyless contracts were 10 a call in 2023 and 1 in 2024.
_PLANS = {"": (10.0, 1), "demo": (30.0, 30), "pro": (500.0, 100)}
_IDS = 250
_STALE_MS = 3 * MINUTE
_WRONG_HOST = {10010: "pro", 10011: "demo"}  # error code: the plan that the key is of
_TOO_MANY = 10012
_COINS_LOOKED_UP = 3  # of a search: each costs a request


class CoinGecko(Source):
    """Prices by id and by contract, and history by point."""

    NAME: ClassVar[str] = "coingecko"
    WITNESS: ClassVar[str] = "coingecko"
    NETWORK_ID: ClassVar[str] = "coingecko_platform"
    BASE_URL: ClassVar[str] = HOSTS["demo"]
    LIMITS: ClassVar[Limits] = Limits(
        per_minute=_PLANS[""][0], batch=_IDS, url_chars=4_000, networks=99, stale_ms=_STALE_MS
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plan = (self._settings.plan or "demo") if self._settings.key else ""
        self._contracts = _PLANS[self._plan][1]

    @property
    def plan(self) -> str:
        """`demo` or `pro`, found out from the first answer where not set; "" without a key."""
        return self._plan

    @property
    def limits(self) -> Limits:
        """What it may be asked at most, which depends on the plan."""
        return self._settings.limits or replace(self.LIMITS, per_minute=_PLANS[self._plan][0])

    @property
    def base_url(self) -> str:
        """Address in use: pro keys have a host of their own."""
        return self._settings.base_url or HOSTS[self._plan or "demo"]

    def covers(self, token: Token) -> bool:
        """Has it an id of this token, or a platform for its chain?"""
        return self._place(token) is not None

    def batches(self, tokens: Sequence[Token]) -> list[list[Token]]:
        """Tokens with an id together, then the others by platform."""
        covered = [token for token in tokens if self.covers(token)]
        known = [token for token in covered if self._coin(token)]
        platforms = grouped(
            [token for token in covered if not self._coin(token)],
            lambda token: self._require(token).network(self.NETWORK_ID),
        )
        return [
            *self._chunks(known, self._coin),
            *(
                batch
                for group in platforms.values()
                for batch in self._chunks(
                    group, self._address_of, min(self._contracts, self.limits.batch)
                )
            ),
        ]

    async def prices(self, tokens: Sequence[Token]) -> Answer:
        """One request for one of `batches`' lists (two when the key's plan was taken wrongly)."""
        coins = [self._coin(token) for token in tokens]
        if all(coins):
            groups = grouped(tokens, self._coin)
            path, name = "/simple/price", "ids"
        else:
            place = self._require(tokens[0])
            groups = grouped(tokens, self._address_of)
            path, name = (
                f"/simple/token_price/{place.network(self.NETWORK_ID)}", "contract_addresses",
            )  # fmt: skip
        try:
            reply = await self._get(
                path,
                (name, ",".join(map(str, groups))),
                ("vs_currencies", "usd"),
                ("include_24hr_vol", "true"),
                ("include_24hr_change", "true"),
                ("include_last_updated_at", "true"),
                ("precision", "full"),
            )
        except SourceError as error:
            if error.code == _TOO_MANY:
                # The limit has changed before: the next batches are smaller.
                self._contracts = max(1, len(groups) // 2)
            raise
        return read_prices(reply, groups, tokens)

    async def candles(
        self, token: Token, interval: int, since: int, until: int
    ) -> Sequence[Candle]:
        """Candles from single prices: 5-minute ones of the last day, or hourly ones of 90 days."""
        place = self._require(token)
        if interval < 5 * MINUTE:
            raise self._unsupported(f"has no candles of {span_name(interval)}")
        days = 1
        if interval >= HOUR:
            days = min(90 if interval < DAY else 365, max(1, -(-(self._clock() - since) // DAY)))
        coin = place.coingecko_id
        where = f"{place.network(self.NETWORK_ID)}/contract/{place.address}"
        reply = await self._get(
            f"/coins/{quote(coin, safe='') if coin else where}/market_chart",
            ("vs_currency", "usd"),
            ("days", str(days)),
        )
        return whole(from_points(read_chart(reply), interval), interval, since, until)

    async def search(self, text: str) -> Sequence[Found]:
        """Tokens by symbol or name, or one by `chain:address`; up to four requests."""
        chain, query = split_id(text)
        if chain or ids.is_address(query):
            platforms = ids.mainnets(self.NETWORK_ID)
            platform = next((name for name, key in platforms.items() if key == chain), "")
            if not platform:
                raise self._unsupported("finds an address only with its chain, as base:0x…")
            coin = await self._get(f"/coins/{platform}/contract/{query}")
            return [f for f in found_of_coin(coin, self.name) if f.token.id == f"{chain}:{query}"]
        found: list[Found] = []
        looked_up = 0
        for coin_id in search_ids(await self._get("/search", ("query", query)), query):
            known = found_bundled(coin_id, self.name)
            if not known and looked_up < _COINS_LOOKED_UP:
                looked_up += 1
                one = await self._get(
                    f"/coins/{quote(coin_id, safe='')}",
                    *((part, "false") for part in ("localization", "tickers", "community_data",
                                                   "developer_data", "sparkline")),
                )  # fmt: skip
                known = found_of_coin(one, self.name)
            found += known
        return found

    def _coin(self, token: Token) -> str:
        return self._require(token).coingecko_id

    async def _get(self, path: str, *params: tuple[str, str]) -> Reply:
        try:
            return await self._fetch(self._ask(path, params))
        except SourceError as error:
            plan = _WRONG_HOST.get(error.code or 0, self._plan)
            if plan == self._plan or self._settings.plan or not self._plan:
                raise
            # The key does not tell its plan, but a refusal does.
            self._plan, self._contracts = plan, _PLANS[plan][1]
        return await self._fetch(self._ask(path, params))

    def _ask(self, path: str, params: Sequence[tuple[str, str]]) -> Request:
        return Request(
            self.name,
            self.base_url,
            path,
            params,
            key=self._settings.key,
            key_header=f"x-cg-{self._plan or 'demo'}-api-key",
        )


def read_prices(
    reply: Reply,
    groups: dict[object, list[Token]],
    tokens: Iterable[Token],
    currency: str = "usd",
) -> Answer:
    """Prices from `simple/price` or `simple/token_price`.

    `groups` are the tokens by the id or address that was asked for, in lower case.
    """
    reading = Reading(tokens)
    if not isinstance(reply.body, dict):
        raise SourceError(Fault.GARBAGE, "coingecko: an answer that is no object")
    for key, value in reply.body.items():
        wanted = groups.get(key.lower(), [])
        entry = values.mapping(value)
        if currency not in entry:
            continue  # a known id without the currency: no price is known, which is not zero
        usable = values.price(entry[currency])
        if isinstance(usable, str):
            reading.drop(wanted, usable)
            continue
        observed, age_from = reply.observed(values.millis(entry.get("last_updated_at")))
        price = SourcePrice(
            "", usable, observed, reply.fetched, age_from,
            volume_24h=values.amount(entry.get(f"{currency}_24h_vol")),
            change_24h=values.change(entry.get(f"{currency}_24h_change")),
        )  # fmt: skip
        reading.add(wanted, price)
    return reading.answer()


def read_chart(reply: Reply) -> list[Point]:
    """The usable points of `market_chart`; its volumes are rolling days, so of no candle.

    Raises:
        SourceError: there is no list of prices.
    """
    rows = values.mapping(reply.body).get("prices")
    if not isinstance(rows, list):
        raise SourceError(Fault.GARBAGE, "coingecko: a chart without prices")
    points = []
    for row in rows:
        cells = values.items(row)
        if len(cells) >= 2:
            time = values.number(cells[0])
            points.append(point(values.millis(time / 1000) if time else None, cells[1]))
    return [one for one in points if one is not None]
