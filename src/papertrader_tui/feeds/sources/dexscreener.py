"""DexScreener: prices of DEX pools, without a key.

A price is that of the BASE token of a pair; a token that is the quote costs priceUsd divided by
priceNative. The order of the pairs means nothing, and most keys can be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import ClassVar

from papertrader_tui.domain.market import MINUTE
from papertrader_tui.domain.money import divide, parse_price
from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Answer, Fault, Found, Limits, SourceError, SourcePrice
from papertrader_tui.feeds.sources import ids, values
from papertrader_tui.feeds.sources.base import Reading, Source, grouped
from papertrader_tui.feeds.sources.finding import Finding, ranked, split_id
from papertrader_tui.feeds.sources.http import Reply, Request
from papertrader_tui.feeds.sources.pools import Pool, deepest

#: Pairs in one answer, however many tokens were asked for.
MAX_PAIRS = 30
#: A quote token's price is a quotient: its divisor must be known to a thousandth.
MAX_ROUNDING = Decimal("0.001")


class DexScreener(Source):
    """Price, liquidity and volume of the deepest usable pool. It keeps no history."""

    NAME: ClassVar[str] = "dexscreener"
    WITNESS: ClassVar[str] = "dexscreener"
    NETWORK_ID: ClassVar[str] = "dexscreener"
    BASE_URL: ClassVar[str] = "https://api.dexscreener.com"
    # It tells no times; but a cache on the way may say how long it has held an answer.
    LIMITS: ClassVar[Limits] = Limits(per_minute=300, batch=30, stale_ms=3 * MINUTE)

    async def prices(self, tokens: Sequence[Token]) -> Answer:
        """One request for tokens of one chain: see `PriceSource.prices`."""
        groups = grouped(tokens, lambda token: self._require(token).address)
        network = self._require(tokens[0]).network(self.NETWORK_ID)
        reply = await self._fetch(self._ask(f"/tokens/v1/{network}/{','.join(map(str, groups))}"))
        return read_prices(reply, groups, network, tokens)

    async def search(self, text: str) -> Sequence[Found]:
        """Tokens by symbol, name, address or `chain:address`, the deepest first."""
        chain, query = split_id(text)
        network = next((n for n, key in ids.mainnets(self.NAME).items() if key == chain), "")
        if chain and not network:
            raise self._unsupported(f"does not cover chain {chain!r}")
        if network:
            request = self._ask(f"/token-pairs/v1/{network}/{query}")
        else:
            request = self._ask("/latest/dex/search", ("q", query))
        return read_search(await self._fetch(request), query)

    def _ask(self, path: str, *params: tuple[str, str]) -> Request:
        return Request(self.name, self.base_url, path, params)


def pairs_of(body: object) -> list[dict[str, object]]:
    """The pairs in either form of answer: a bare array, or an object whose `pairs` may be null.

    Raises:
        SourceError: it is neither.
    """
    if not isinstance(body, list) and not values.mapping(body).keys() & {"pairs", "pair"}:
        raise SourceError(Fault.GARBAGE, "dexscreener: an answer without pairs")
    found = values.items(body) or values.items(values.mapping(body).get("pairs"))
    if not found:
        found = [values.mapping(body).get("pair")]
    return [pair for pair in found if isinstance(pair, dict)]


def read_prices(
    reply: Reply, groups: dict[object, list[Token]], network: str, tokens: Iterable[Token]
) -> Answer:
    """Prices from the pairs of an answer that are on a network.

    `groups` are the tokens by the address that was asked for, in lower case.
    """
    reading = Reading(tokens)
    pairs = [p for p in pairs_of(reply.body) if values.word(p.get("chainId")) == network]
    for address, wanted in groups.items():
        pools = [pool for pair in pairs if (pool := pool_for(pair, str(address))) is not None]
        best = deepest(pools)
        if isinstance(best, Pool) and isinstance(best.price, Decimal):
            observed, age_from = reply.observed(None)
            price = SourcePrice(
                "", best.price, observed, reply.fetched, age_from, best.liquidity,
                best.volume_24h, best.change_24h, best.address,
            )  # fmt: skip
            reading.add(wanted, price)
        elif pools:
            reading.drop(wanted, str(best))
        elif len(pairs) >= MAX_PAIRS:
            # Not unknown: other tokens' pairs may have left no room for its own.
            reading.drop(wanted, f"not among the {MAX_PAIRS} pairs that one answer holds")
    return reading.answer()


def pool_for(pair: dict[str, object], address: str) -> Pool | None:
    """A pair seen from the token at an address; None if the pair is not its own."""
    base, quote = _address(pair, "baseToken"), _address(pair, "quoteToken")
    if address not in (base, quote):
        return None
    is_base = base == address
    usd = values.price(pair.get("priceUsd"))
    native = values.price(pair.get("priceNative"))
    liquidity = values.mapping(pair.get("liquidity"))
    volume = values.mapping(pair.get("volume"))
    traded = values.amount(volume.get("h24"))
    changes = values.mapping(pair.get("priceChange"))
    return Pool(
        address=values.word(pair.get("pairAddress")).partition(":")[0][:80],
        price=usd if is_base else _quote_price(usd, native),
        liquidity=values.amount(liquidity.get("usd")),
        sides=_sides(liquidity, usd, native),
        # Nothing traded beside hundreds of trades has been sent: then it is not known.
        volume_24h=None if not traded and _trades(pair) else traded,
        change_24h=values.change(changes.get("h24")) if is_base else None,
    )


def _address(pair: dict[str, object], side: str) -> str:
    return values.word(values.mapping(pair.get(side)).get("address")).lower()


def _quote_price(usd: Decimal | str, native: Decimal | str) -> Decimal | str:
    if isinstance(usd, str):
        return usd
    if isinstance(native, str):
        return f"it is the quote token, and of priceNative: {native}"
    exponent = native.as_tuple().exponent
    last_place = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else native
    if last_place > native * 2 * MAX_ROUNDING:
        return f"it is the quote token, and priceNative {native} is too coarse"
    return parse_price(str(divide(usd, native))) or "its price is outside 1e-24 to 1e12 dollars"


def _sides(
    liquidity: dict[str, object], usd: Decimal | str, native: Decimal | str
) -> tuple[Decimal, Decimal] | None:
    base = values.quantity(liquidity.get("base"))
    quote = values.quantity(liquidity.get("quote"))
    total = values.amount(liquidity.get("usd"))
    if base is None or isinstance(usd, str):
        return None
    base_usd = base * usd
    if quote is not None and isinstance(native, Decimal):
        return base_usd, quote * usd / native
    return None if total is None else (base_usd, max(Decimal(0), total - base_usd))


def _trades(pair: dict[str, object]) -> bool:
    day = values.mapping(values.mapping(pair.get("txns")).get("h24"))
    return any((values.number(count) or 0) > 0 for count in day.values())


def read_search(reply: Reply, query: str) -> list[Found]:
    """Tokens in the pairs of an answer that match a query, the deepest first."""
    chains = ids.mainnets("dexscreener")
    found: list[Finding] = []
    for pair in pairs_of(reply.body):
        chain = chains.get(values.word(pair.get("chainId")), "")
        for side in ("baseToken", "quoteToken"):
            token = values.mapping(pair.get(side))
            pool = pool_for(pair, _address(pair, side))
            if chain and pool is not None:
                found.append(
                    Finding(chain, _address(pair, side), token.get("symbol"), token.get("name"),
                            pool)
                )  # fmt: skip
    return ranked(found, query, "dexscreener")
