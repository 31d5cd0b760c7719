"""GeckoTerminal: prices of DEX pools and their candles, without a key.

With a CoinGecko key the same is served under `/onchain` of CoinGecko's address. All numbers but
counts and candles are strings; ids are `network_address`, and networks hold underscores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Candle
from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Answer, Fault, Found, Limits, SourceError, SourcePrice
from papertrader_tui.feeds.sources import ids, values
from papertrader_tui.feeds.sources.base import Reading, Source, grouped
from papertrader_tui.feeds.sources.finding import Finding, ranked, split_id
from papertrader_tui.feeds.sources.history import from_rows, span_name, whole
from papertrader_tui.feeds.sources.http import Reply, Request
from papertrader_tui.feeds.sources.pools import Pool, deepest

MAX_CANDLES = 1_000  # in one answer
_POOL_FOR = HOUR  # how long a pool stays a token's deepest without looking again
_FRAMES = {
    **{n * MINUTE: ("minute", n) for n in (1, 5, 15)},
    **{n * HOUR: ("hour", n) for n in (1, 4, 12)},
    DAY: ("day", 1),
}
_ONCHAIN = {
    "pro": "https://pro-api.coingecko.com/api/v3/onchain",
    "demo": "https://api.coingecko.com/api/v3/onchain",
}

Resource = dict[str, object]


class GeckoTerminal(Source):
    """Price of the deepest usable pool, and that pool's candles."""

    NAME: ClassVar[str] = "geckoterminal"
    WITNESS: ClassVar[str] = "coingecko"
    NETWORK_ID: ClassVar[str] = "geckoterminal"
    BASE_URL: ClassVar[str] = "https://api.geckoterminal.com/api/v2"
    # It tells no times; but a cache on the way may say how long it has held an answer.
    LIMITS: ClassVar[Limits] = Limits(per_minute=30, batch=30, stale_ms=3 * MINUTE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.candles_dropped = 0  # rows of history so far that were no candles
        self._pools: dict[str, tuple[str, str, int]] = {}  # id, side, when looked up

    @property
    def base_url(self) -> str:
        """Its own address, or CoinGecko's where there is a key."""
        own = _ONCHAIN[self._plan] if self._settings.key else self.BASE_URL
        return self._settings.base_url or own

    @property
    def _plan(self) -> str:
        return self._settings.plan or "demo"

    async def prices(self, tokens: Sequence[Token]) -> Answer:
        """One request for tokens of one network: see `PriceSource.prices`."""
        groups = grouped(tokens, lambda token: self._require(token).address)
        network = self._require(tokens[0]).network(self.NETWORK_ID)
        path = f"/networks/{network}/tokens/multi/{','.join(map(str, groups))}"
        reply = await self._fetch(self._ask(path, ("include", "top_pools")))
        return read_prices(reply, groups, tokens)

    async def candles(
        self, token: Token, interval: int, since: int, until: int
    ) -> Sequence[Candle]:
        """Candles of the token's deepest pool; two requests the first time, then one a thousand."""
        place = self._require(token)
        if interval not in _FRAMES:
            raise self._unsupported(f"has no candles of {span_name(interval)}")
        frame, aggregate = _FRAMES[interval]
        network = place.network(self.NETWORK_ID)
        pool, side = await self._deepest_pool(network, place.address)
        path = f"/networks/{network}/pools/{pool}/ohlcv/{frame}"
        rows: list[object] = []
        before = until
        while before > since:
            # One more, because a row needs the one before it to be checked.
            limit = min(MAX_CANDLES, -(-(before - since) // interval) + 1)
            reply = await self._fetch(
                self._ask(
                    path,
                    ("aggregate", str(aggregate)),
                    ("limit", str(limit)),
                    ("before_timestamp", str(before // 1000)),
                    ("currency", "usd"),
                    ("token", side),
                )
            )
            page = ohlcv_rows(reply)
            starts = [s for row in page if (s := _start(row)) is not None and s < before]
            rows += page
            if len(page) < limit or not starts:
                break
            before = min(starts)
        candles, dropped = from_rows(rows)
        self.candles_dropped += dropped
        return whole(candles, interval, since, until)

    async def search(self, text: str) -> Sequence[Found]:
        """Tokens by symbol, name, address or `chain:address`, the deepest first."""
        chain, query = split_id(text)
        request = self._ask(
            "/search/pools", ("query", query), ("include", "base_token,quote_token")
        )
        found = read_search(await self._fetch(request), query)
        return [one for one in found if not chain or one.token.chain == chain]

    async def _deepest_pool(self, network: str, address: str) -> tuple[str, str]:
        """Id of a token's deepest pool, and which side of it the token is: `base` or `quote`."""
        key = f"{network}:{address}"
        now = self._clock()
        known = self._pools.get(key)
        if known is None or now - known[2] > _POOL_FOR:
            reply = await self._fetch(self._ask(f"/networks/{network}/tokens/{address}/pools"))
            views = {
                view.address: (view, side_of(one, address))
                for one in _data(reply.body)
                if (view := pool_for(one, address)) is not None and is_pool_id(view.address)
            }
            pool = deepest(view for view, _ in views.values())
            if isinstance(pool, str):
                raise SourceError(Fault.NOT_FOUND, f"{self.name}: no pool to read: {pool}")
            known = self._pools[key] = (pool.address, views[pool.address][1], now)
        return known[0], known[1]

    def _ask(self, path: str, *params: tuple[str, str]) -> Request:
        return Request(
            self.name,
            self.base_url,
            path,
            params,
            accept="application/json;version=20230302",
            key=self._settings.key,
            key_header=f"x-cg-{self._plan}-api-key",
        )


def is_pool_id(text: str) -> bool:
    """Is it the hexadecimal id of a pool (20 or, on Uniswap V4, 32 bytes)?"""
    digits = text.lower().removeprefix("0x")
    return len(digits) in (40, 64) and not set(digits) - set("0123456789abcdef")


def _data(body: object) -> list[Resource]:
    if "data" not in values.mapping(body):
        raise SourceError(Fault.GARBAGE, "geckoterminal: an answer without data")
    data = values.mapping(body).get("data")
    found = [data] if isinstance(data, dict) else values.items(data)
    return [one for one in found if isinstance(one, dict)]


def _attributes(resource: Resource) -> dict[str, object]:
    return values.mapping(resource.get("attributes"))


def _related(resource: Resource, name: str) -> str:
    relation = values.mapping(values.mapping(resource.get("relationships")).get(name))
    return values.word(values.mapping(relation.get("data")).get("id"))


def _address(resource_id: str) -> str:
    # Networks hold underscores, addresses do not.
    return resource_id.rpartition("_")[2].lower()


def side_of(resource: Resource, address: str) -> str:
    """`base`, `quote`, or "" if the pool does not hold the token."""
    for side in ("base", "quote"):
        if _address(_related(resource, f"{side}_token")) == address:
            return side
    return ""


def pool_for(resource: Resource, address: str) -> Pool | None:
    """A pool seen from the token at a lower-case address; None if it is not one of its own."""
    side = side_of(resource, address)
    if not side:
        return None
    facts = _attributes(resource)
    changes = values.mapping(facts.get("price_change_percentage"))
    return Pool(
        address=values.word(facts.get("address")) or _address(values.word(resource.get("id"))),
        price=values.price(facts.get(f"{side}_token_price_usd")),
        liquidity=values.amount(facts.get("reserve_in_usd")),
        volume_24h=values.amount(values.mapping(facts.get("volume_usd")).get("h24")),
        change_24h=values.change(changes.get("h24")) if side == "base" else None,
        fee_bps=_fee_bps(values.word(facts.get("name"))),
    )


def _fee_bps(name: str) -> Decimal | None:
    """The fee at the end of a pool's name, `WETH / USDC 0.05%`; None where there is none."""
    last = name.rpartition(" ")[2]
    percent = values.number(last[:-1]) if last.endswith("%") else None
    return percent * 100 if percent is not None and 0 <= percent < 100 else None


def read_prices(reply: Reply, groups: dict[object, list[Token]], tokens: Iterable[Token]) -> Answer:
    """Prices from a `tokens/multi` answer that includes the top pools.

    `groups` are the tokens by the address that was asked for, in lower case.
    """
    reading = Reading(tokens)
    included = values.items(values.mapping(reply.body).get("included"))
    pools = [one for one in included if isinstance(one, dict)]
    observed, age_from = reply.observed(None)
    for resource in _data(reply.body):
        facts = _attributes(resource)
        address = values.word(facts.get("address")).lower()
        address = address or _address(values.word(resource.get("id")))
        wanted = groups.get(address, [])
        pool = deepest(view for one in pools if (view := pool_for(one, address)) is not None)
        if isinstance(pool, str) or isinstance(pool.price, str):
            listed = values.price(facts.get("price_usd"))
            reading.drop(wanted, listed if isinstance(listed, str) else str(pool))
            continue
        price = SourcePrice(
            "", pool.price, observed, reply.fetched, age_from, pool.liquidity, pool.volume_24h,
            pool.change_24h, pool.address, pool.fee_bps,
        )  # fmt: skip
        reading.add(wanted, price)
    return reading.answer()


def ohlcv_rows(reply: Reply) -> list[object]:
    """The rows of a candle answer.

    Raises:
        SourceError: there is no list of rows.
    """
    data = next(iter(_data(reply.body)), {})
    rows = _attributes(data).get("ohlcv_list")
    if not isinstance(rows, list):
        raise SourceError(Fault.GARBAGE, "geckoterminal: an answer without ohlcv_list")
    return rows


def _start(row: object) -> int | None:
    return values.millis(next(iter(values.items(row)), None))


def read_search(reply: Reply, query: str) -> list[Found]:
    """Tokens in the pools of an answer that match a query, the deepest first."""
    chains = ids.mainnets("geckoterminal")
    included = values.items(values.mapping(reply.body).get("included"))
    named = {values.word(one.get("id")): _attributes(one) for one in included
             if isinstance(one, dict)}  # fmt: skip
    found: list[Finding] = []
    for resource in _data(reply.body):
        for side in ("base_token", "quote_token"):
            token = _related(resource, side)
            network, _, address = token.rpartition("_")
            pool = pool_for(resource, address.lower())
            if network in chains and pool is not None:
                facts = named.get(token, {})
                decimals = values.number(facts.get("decimals"))
                found.append(
                    Finding(
                        chains[network],
                        address.lower(),
                        facts.get("symbol"),
                        facts.get("name"),
                        pool,
                        int(decimals) if decimals is not None and 0 <= decimals <= 36 else -1,
                    )
                )
    return ranked(found, query, "geckoterminal")
