"""How each of the five price services words an answer, for a market that tests decide on.

A dialect is a function of the book, the path behind the service's base address, the query and the
posted body. It returns a JSON value, or None for what the service does not have (404).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from urllib.parse import unquote

from papertrader_tui.domain.tokens import Token
from papertrader_tui.registry import chain_facts, token_facts

MAX_PAIRS = 30


class Raw(str):
    """A JSON literal, written out as it is: `NaN`, `3.97e-06`, `20`."""

    __slots__ = ()


class Form(StrEnum):
    """What is odd about a price that is sent."""

    NULL = "null"
    NAN = "nan"
    NEGATIVE = "negative"
    ZERO = "zero"
    HUGE = "huge"
    OTHER_FORM = "string or number"  # a string where numbers are usual, and the other way round
    EXPONENT = "exponent"
    MISSING = "missing key"
    WRONG_CASE = "wrong case"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown token"


#: Forms that are readable, so that the price has to arrive all the same.
READABLE = frozenset({Form.OTHER_FORM, Form.EXPONENT, Form.WRONG_CASE, Form.DUPLICATE})
_MISSING = object()
Query = dict[str, list[str]]


def dump(value: object) -> str:
    """JSON text of dicts (also as lists of pairs, so that a key can come twice), lists and Raws."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(k)}:{dump(v)}" for k, v in value.pairs) + "}"
    if isinstance(value, dict):
        return dump(Pairs(list(value.items())))
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dump, value)) + "]"
    return json.dumps(value)


@dataclass
class Pairs:
    """A JSON object whose keys may repeat."""

    pairs: list[tuple[str, object]]


@dataclass
class Entry:
    """A token in the book. Depth and volume are dollars; history is (milliseconds, price)."""

    token: Token
    price: Decimal
    coingecko_id: str
    liquidity: Decimal = Decimal(5_000_000)
    volume: Decimal = Decimal(1_000_000)
    history: list[tuple[int, Decimal]] = field(default_factory=list)

    @property
    def pool(self) -> str:
        """A made-up pool address of this token."""
        return "0x" + self.token.address[2:][::-1]


class Book:
    """The market: prices, and what each source says differently.

    Attributes:
        clock: Milliseconds since 1970.
        age_s: By source: how old its answers say that they are.
    """

    def __init__(self, tokens: Iterable[Token], clock: Callable[[], int]) -> None:
        self.clock = clock
        self.entries = {t.id: Entry(t, Decimal(100), _coin(t)) for t in tokens}
        self.said: dict[tuple[str, str], Decimal] = {}
        self.forms: dict[tuple[str, str], Form] = {}
        self.age_s: dict[str, int] = {}

    def price(self, source: str, entry: Entry) -> Decimal:
        return self.said.get((source, entry.token.id), entry.price)

    def form(self, source: str, entry: Entry) -> Form | None:
        return self.forms.get((source, entry.token.id)) or self.forms.get((source, ""))

    def observed(self, source: str) -> int:
        return self.clock() // 1000 - self.age_s.get(source, 5)

    def on(self, source: str, network: str, address: str) -> Entry | None:
        """The entry at an address on a network, unless this source does not know it."""
        for entry in self.entries.values():
            if entry.token.address == address.lower() and network in (
                "", _network(entry.token.chain, source),
            ):  # fmt: skip
                return None if self.form(source, entry) is Form.UNKNOWN else entry
        return None

    def number(self, source: str, entry: Entry, *, text: bool) -> object:
        """The price as the source words it: a string, or a number."""
        price, form = self.price(source, entry), self.form(source, entry)
        match form:
            case Form.NULL:
                return None
            case Form.NAN:
                return Raw("NaN")
            case Form.MISSING:
                return _MISSING
            case Form.NEGATIVE:
                literal = f"-{price:f}"
            case Form.ZERO:
                literal = "0"
            case Form.HUGE:
                literal = "1e300"
            case Form.EXPONENT:
                literal = f"{price:E}"
            case _:
                literal = f"{price:f}"
        as_text = text != (form is Form.OTHER_FORM)
        return literal if as_text else Raw(literal)

    def key(self, source: str, entry: Entry, key: str) -> str:
        """A key or address as the source sends it back."""
        upper = self.form(source, entry) is Form.WRONG_CASE
        return key.upper().replace("0X", "0x") if upper else key

    def repeat(self, source: str, entry: Entry, one: object) -> list[object]:
        return [one, one] if self.form(source, entry) is Form.DUPLICATE else [one]


def _coin(token: Token) -> str:
    try:
        return str(token_facts(token.id)["coingecko_id"])
    except KeyError:
        return ""


def _network(chain: str, source: str) -> str:
    name = "coingecko_platform" if source == "coingecko" else source
    return str(chain_facts(chain)["ids"].get(name, ""))


def _object(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not _MISSING}


def _points(entry: Entry, since_s: int, until_s: int) -> list[tuple[int, Decimal]]:
    return [(ms, p) for ms, p in sorted(entry.history) if since_s <= ms // 1000 <= until_s]


def coingecko(book: Book, path: list[str], query: Query, body: object) -> object:
    source = "coingecko"

    def worded(entry: Entry) -> dict[str, object]:
        return _object(
            usd=book.number(source, entry, text=False),
            usd_24h_vol=Raw(f"{entry.volume:f}"),
            usd_24h_change=Raw("1.5"),
            last_updated_at=book.observed(source),
        )

    match path:
        case ["simple", "price"]:
            pairs: list[object] = []
            for coin in query["ids"][0].split(","):
                entry = next((e for e in book.entries.values() if e.coingecko_id == coin), None)
                if entry is not None and book.form(source, entry) is not Form.UNKNOWN:
                    pairs += book.repeat(
                        source, entry, (book.key(source, entry, coin), worded(entry))
                    )
            return Pairs(pairs)  # type: ignore[arg-type]
        case ["simple", "token_price", platform]:
            pairs = []
            for address in query["contract_addresses"][0].split(","):
                entry = book.on(source, platform, address)
                if entry is not None:
                    key = book.key(source, entry, entry.token.address)
                    pairs += book.repeat(source, entry, (key, worded(entry)))
            return Pairs(pairs)  # type: ignore[arg-type]
        case ["coins", coin, "market_chart"]:
            entry = next((e for e in book.entries.values() if e.coingecko_id == coin), None)
        case ["coins", platform, "contract", address, "market_chart"]:
            entry = book.on(source, platform, address)
        case ["search"]:
            wanted = query["query"][0].lower()
            coins = {e.coingecko_id: e.token for e in book.entries.values() if e.coingecko_id}
            return {
                "coins": [
                    {"id": coin, "name": token.name, "symbol": token.symbol.upper()}
                    for coin, token in coins.items()
                    if wanted in token.symbol.lower() or wanted in token.name.lower()
                ]
            }
        case _:
            return None
    if entry is None:
        return None
    since = book.clock() // 1000 - 86_400 * int(query["days"][0])
    prices = [[ms, Raw(f"{p:f}")] for ms, p in _points(entry, since, book.clock() // 1000)]
    return {"prices": prices, "market_caps": [], "total_volumes": []}


def dexscreener(book: Book, path: list[str], query: Query, body: object) -> object:
    source = "dexscreener"

    def pair(entry: Entry) -> dict[str, object]:
        price = book.price(source, entry)
        half = entry.liquidity / 2
        return _object(
            chainId=_network(entry.token.chain, source),
            dexId="uniswap",
            pairAddress=entry.pool,
            baseToken={
                "address": book.key(source, entry, entry.token.address),
                "name": entry.token.name,
                "symbol": entry.token.symbol,
            },
            quoteToken={"address": "0x" + "11" * 20, "name": "Test Dollar", "symbol": "TUSD"},
            priceNative=f"{price:f}",
            priceUsd=book.number(source, entry, text=True),
            txns={"h24": {"buys": 10, "sells": 9}},
            volume={"h24": Raw(f"{entry.volume:f}")},
            priceChange={"h24": Raw("1.5")},
            liquidity={
                "usd": Raw(f"{entry.liquidity:f}"),
                "base": Raw(f"{half / price:f}"),
                "quote": Raw(f"{half:f}"),
            },
        )

    match path:
        case ["tokens" | "token-pairs", "v1", chain, addresses]:
            found = [book.on(source, chain, address) for address in addresses.split(",")]
            pairs = [p for e in found if e is not None for p in book.repeat(source, e, pair(e))]
            return pairs[:MAX_PAIRS]
        case ["latest", "dex", "search"]:
            wanted = query["q"][0].lower()
            return {
                "schemaVersion": "1.0.0",
                "pairs": [
                    pair(e)
                    for e in book.entries.values()
                    if wanted in e.token.symbol.lower() or wanted == e.token.address
                ]
                or None,
            }
    return None


def geckoterminal(book: Book, path: list[str], query: Query, body: object) -> object:
    source = "geckoterminal"

    def pool(entry: Entry, network: str) -> dict[str, object]:
        return {
            "id": f"{network}_{entry.pool}",
            "type": "pool",
            "attributes": _object(
                base_token_price_usd=book.number(source, entry, text=True),
                quote_token_price_usd="1.0",
                address=entry.pool,
                name=f"{entry.token.symbol} / TUSD 0.3%",
                reserve_in_usd=f"{entry.liquidity:f}",
                price_change_percentage={"h24": "1.5"},
                volume_usd={"h24": f"{entry.volume:f}"},
            ),
            "relationships": {
                "base_token": {
                    "data": {
                        "id": f"{network}_{book.key(source, entry, entry.token.address)}",
                        "type": "token",
                    }
                },
                "quote_token": {"data": {"id": f"{network}_0x{'11' * 20}", "type": "token"}},
            },
        }

    def token(entry: Entry, network: str) -> dict[str, object]:
        address = book.key(source, entry, entry.token.address)
        return {
            "id": f"{network}_{address}",
            "type": "token",
            "attributes": _object(
                address=address,
                name=entry.token.name,
                symbol=entry.token.symbol,
                decimals=entry.token.decimals,
                price_usd=book.number(source, entry, text=True),
            ),
        }

    match path:
        case ["networks", network, "tokens", "multi", addresses]:
            known = [e for a in addresses.split(",") if (e := book.on(source, network, a))]
            data = [t for e in known for t in book.repeat(source, e, token(e, network))]
            return {"data": data, "included": [pool(e, network) for e in known]}
        case ["networks", network, "tokens", address, "pools"]:
            entry = book.on(source, network, address)
            return {"data": [pool(entry, network)]} if entry else None
        case ["networks", _, "pools", address, "ohlcv", frame]:
            entry = next((e for e in book.entries.values() if e.pool == address), None)
            if entry is None:
                return None
            seconds = {"minute": 60, "hour": 3600, "day": 86400}[frame]
            step = seconds * int(query["aggregate"][0])
            before = int(query["before_timestamp"][0])
            rows: dict[int, list[Decimal]] = {}
            for ms, price in _points(entry, 0, before - 1):
                rows.setdefault(ms // 1000 // step * step, []).append(price)
            listed = [
                [start, *(Raw(f"{p:f}") for p in (ps[0], max(ps), min(ps), ps[-1])), Raw("10.5")]
                for start, ps in sorted(rows.items(), reverse=True)
            ]
            limit = int(query["limit"][0])
            return {"data": {"attributes": {"ohlcv_list": listed[:limit]}}}
        case ["search", "pools"]:
            wanted = query["query"][0].lower()
            found = [
                (e, _network(e.token.chain, source))
                for e in book.entries.values()
                if wanted in e.token.symbol.lower() or wanted == e.token.address
            ]
            return {
                "data": [pool(e, network) for e, network in found],
                "included": [token(e, network) for e, network in found],
            }
    return None


def defillama(book: Book, path: list[str], query: Query, body: object) -> object:
    source = "defillama"
    if path[1:2] == ["coins"]:  # the pro address: a key, then `coins`
        path = path[2:]
    pairs: list[object] = []
    kind, keys = path[:-1], unquote(path[-1]).split(",")
    for key in keys:
        network, _, address = key.partition(":")
        entry = book.on(source, network, address)
        if entry is None:
            continue
        said: dict[str, object] = {"symbol": entry.token.symbol, "confidence": Raw("0.99")}
        if kind == ["prices", "current"]:
            said |= _object(
                price=book.number(source, entry, text=False),
                decimals=entry.token.decimals,
                timestamp=book.observed(source),
            )
        elif kind == ["chart"]:
            start, span = int(query["start"][0]), int(query["span"][0])
            length = {"m": 60, "h": 3600, "d": 86400}[query["period"][0][-1]]
            until = start + span * length * int(query["period"][0][:-1])
            said["prices"] = [
                {"timestamp": ms // 1000, "price": Raw(f"{p:f}")}
                for ms, p in _points(entry, start, until - 1)
            ]
        else:
            return None
        pairs += book.repeat(source, entry, (book.key(source, entry, key), said))
    return {"coins": Pairs(pairs)}  # type: ignore[arg-type]


def alchemy(book: Book, path: list[str], query: Query, body: object) -> object:
    source = "alchemy"

    def iso(seconds: int) -> str:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def priced(entry: Entry | None) -> dict[str, object]:
        if entry is None:
            return {"prices": [], "error": {"message": "Token not found"}}
        value = book.number(source, entry, text=True)
        when = iso(book.observed(source))
        return {"prices": [_object(currency="usd", value=value, lastUpdatedAt=when)]}

    asked = body if isinstance(body, dict) else {}
    match path[1:]:  # behind the key
        case ["tokens", "by-address"]:
            data: list[object] = []
            for one in asked["addresses"]:
                entry = book.on(source, one["network"], one["address"])
                address = book.key(source, entry, one["address"]) if entry else one["address"]
                said = {"network": one["network"], "address": address, **priced(entry)}
                data += book.repeat(source, entry, said) if entry else [said]
            return {"data": data}
        case ["tokens", "by-symbol"]:
            symbols = query["symbols"]
            by_symbol = {e.token.symbol: e for e in book.entries.values()}
            return {"data": [{"symbol": s, **priced(by_symbol.get(s))} for s in symbols]}
        case ["tokens", "historical"]:
            entry = book.on(source, asked["network"], asked["address"])
            if entry is None:
                return None
            since, until = (
                int(datetime.fromisoformat(asked[name]).timestamp())
                for name in ("startTime", "endTime")
            )
            return {
                "symbol": entry.token.symbol,
                "currency": "usd",
                "data": [
                    {"value": f"{p:f}", "timestamp": iso(ms // 1000)}
                    for ms, p in _points(entry, since, until)
                ],
            }
    return None


DIALECTS: dict[str, Callable[[Book, list[str], Query, object], object]] = {
    "alchemy": alchemy,
    "coingecko": coingecko,
    "dexscreener": dexscreener,
    "geckoterminal": geckoterminal,
    "defillama": defillama,
}
