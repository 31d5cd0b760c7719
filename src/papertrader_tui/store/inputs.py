"""What a market said, as rows to keep and back: the recording of a live session.

A price with the trust that came right before it is one row, and timers are none: they follow
from the time.  Bodies are fields between tabs, empty ones at the end left out.  What a chain says
comes with every block, so of pools and fees only the fields that changed are written: `=` stands
for what the last row of that pool or chain had there.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.chain_fees import ChainFees, L1Prices
from papertrader_tui.domain.market import (
    HOUR,
    Bar,
    Candle,
    Depth,
    Gas,
    History,
    MarketInput,
    Quote,
    Timer,
    Trust,
)
from papertrader_tui.domain.money import plain
from papertrader_tui.domain.pools import ConcentratedState, PairState, PoolTicks, Route
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.store.pool_inputs import (
    read_pair,
    read_pool,
    read_route,
    read_ticks,
    write_route,
    write_state,
    write_ticks,
)

_INSERT = "INSERT INTO inputs (session, cursor, time, kind, body) VALUES (?, ?, ?, ?, ?)"
_WARM = "warm "
Fields = tuple[object, ...]
_SAME = "="
_MOST_FIELDS = 16


@dataclass(frozen=True, slots=True)
class Heard:
    """One row of a recording.

    Attributes:
        session: Run of the desk.
        cursor: Inputs handed over when it had been, this one included.
        warm: It was there before the session began: shown, and not acted on.
        items: The input, or a trust and the price that it is about.
    """

    session: int
    cursor: int
    warm: bool
    items: tuple[MarketInput, ...]


class Recorder:
    """Writes inputs; runs in the connection's thread, in its transaction.

    Args:
        connection: Of a writer.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._numbers: dict[TokenId, int] = dict(
            connection.execute("SELECT token, number FROM input_tokens")
        )
        #: fields of the last row by kind and by pool or chain
        self._last: dict[tuple[str, str], list[str]] = {}
        self._hour = 0

    def write(self, session: int, items: Sequence[MarketInput], cursor: int, warm: bool) -> None:
        """Store what was handed over together.

        Args:
            session: Run of the desk.
            items: In order.
            cursor: Of the market after the last of them.
            warm: They are from before the session began: the cursor did not move.
        """
        rows = []
        before: Trust | None = None
        last = len(items) - 1
        for index, item in enumerate(items):
            if isinstance(item, Timer):
                continue
            if isinstance(item, Trust) and index < last:
                following = items[index + 1]
                if isinstance(following, Quote) and following.token == item.token:
                    before = item
                    continue
            if item.time // HOUR > self._hour:
                self._hour = item.time // HOUR
                self._last.clear()
            kind, fields = self._encode(item, before)
            before = None
            at = cursor if warm else cursor - last + index
            body = fields if isinstance(fields, bytes) else _join(fields)
            rows.append((session, at, item.time, _WARM + kind if warm else kind, body))
        self._connection.executemany(_INSERT, rows)

    def _encode(self, item: MarketInput, trust: Trust | None) -> tuple[str, Fields | bytes]:
        if isinstance(item, Quote):
            quote = (
                self._number(item.token), plain(item.price), item.source,
                "" if item.volume < 0 else repr(item.volume), item.fetched - item.time,
                item.block, int(item.opening),
            )  # fmt: skip
            if trust is None:
                return "quote", quote
            return "price", (*quote, trust.time - item.time, *_trust(trust))
        if isinstance(item, Trust):
            return "trust", (self._number(item.token), *_trust(item))
        if isinstance(item, Depth):
            return "depth", (
                self._number(item.token), plain(item.liquidity), repr(item.volume_24h),
                plain(item.fee_bps), item.source,
            )  # fmt: skip
        if isinstance(item, Gas):
            fields = (
                item.chain, item.price_wei, item.l1_fee_wei, plain(item.native_usd), item.source
            )  # fmt: skip
            if item.fees is None:
                return "gas", fields
            return "fees", self._changed("fees", (*fields, *_fees(item.fees)))
        if isinstance(item, PairState | ConcentratedState):
            kind = "pair" if isinstance(item, PairState) else "pool"
            return kind, self._changed(kind, (self._number(item.pool), *write_state(item)))
        if isinstance(item, PoolTicks):
            return "ticks", write_ticks(item)
        if isinstance(item, Route):
            return "route", write_route(item)
        if isinstance(item, History):
            head = [item.token, item.interval, item.source, int(item.charts)]
            candles = [[c.start, c.open, c.high, c.low, c.close, c.volume] for c in item.candles]
            return "history", zlib.compress(_compact([head, candles]))
        assert isinstance(item, Bar)
        return "bar", _compact([
            item.token, item.start, item.end, item.open, item.high, item.low, item.close,
            item.volume, plain(item.price), plain(item.high_price),
            plain(item.low_price), item.source,
        ])  # fmt: skip

    def _changed(self, kind: str, fields: Fields) -> Fields:
        """The fields, with what is as in the last row left out; the first says which row that is.

        The first row of an hour is whole: older hours may be deleted.
        """
        texts = [_field(field) for field in fields]
        last = self._last.get((kind, texts[0]))
        self._last[kind, texts[0]] = texts
        if last is None or len(last) != len(texts):
            return tuple(texts)
        pairs = zip(texts[1:], last[1:], strict=True)
        return texts[0], *(_SAME if new == old else new for new, old in pairs)

    def _number(self, token: TokenId) -> int:
        number = self._numbers.get(token)
        if number is None:
            number = self._numbers[token] = len(self._numbers) + 1
            self._connection.execute("INSERT INTO input_tokens VALUES (?, ?)", (number, token))
        return number


def read(connection: sqlite3.Connection, *, prices: bool = False) -> Iterator[Heard]:
    """A recording in order.

    Args:
        connection: Of a reader.
        prices: Only prices that were acted on and depths, in the order of their own times: of
            two tokens' the one that was heard first may be the later one.

    Raises:
        ValueError: a row cannot be read; the message says which.
    """
    tokens = dict(connection.execute("SELECT number, token FROM input_tokens"))
    seen: dict[tuple[str, str], list[str]] = {}
    only = " WHERE kind IN ('price', 'quote', 'depth')" if prices else ""
    order = "time, seq" if prices else "seq"
    for seq, session, cursor, time, kind, body in connection.execute(
        f"SELECT seq, session, cursor, time, kind, body FROM inputs{only} ORDER BY {order}"
    ):
        try:
            items = _decode(kind.removeprefix(_WARM), time, body, tokens, seen)
        except (ValueError, TypeError, LookupError, ArithmeticError, zlib.error) as error:
            msg = f"recorded input {seq} ({kind}) cannot be read: {error!r}"
            raise ValueError(msg) from error
        yield Heard(session, cursor, kind.startswith(_WARM), items)


def _decode(
    kind: str,
    time: int,
    body: str | bytes,
    tokens: dict[int, TokenId],
    seen: dict[tuple[str, str], list[str]],
) -> tuple[MarketInput, ...]:
    if isinstance(body, bytes):
        if kind == "ticks":
            return (read_ticks(time, body),)
        if kind == "route":
            return (read_route(time, body),)
        if kind == "history":
            (token, interval, source, charts), rows = json.loads(zlib.decompress(body))
            candles = [Candle(*row) for row in rows]
            return (History(token, time, interval, candles, source, charts=bool(charts)),)
        token, start, end, first, top, bottom, last, volume, *exact, source = json.loads(body)
        close, high, low = map(Decimal, exact)
        bar = Bar(token, start, end, first, top, bottom, last, volume, close, high, low, source)
        return (bar,)
    text = body.split("\t")
    text += [""] * (_MOST_FIELDS - len(text))
    if kind in ("fees", "pair", "pool"):
        before = seen.get((kind, text[0]), text)
        text = [old if new == _SAME else new for new, old in zip(text, before, strict=True)]
        seen[kind, text[0]] = text
        if kind == "fees":
            return (_to_fees(time, text),)
        return ((read_pair if kind == "pair" else read_pool)(tokens[int(text[0])], time, text[1:]),)
    if kind == "gas":
        return (Gas(text[0], time, _int(text[1]), _int(text[2]), Decimal(text[3]), text[4]),)
    token = tokens[int(text[0])]
    if kind == "depth":
        depth = Decimal(text[1]), float(text[2]), Decimal(text[3])
        return (Depth(token, time, *depth, text[4]),)
    if kind == "trust":
        return (_to_trust(token, time, text[1:]),)
    if kind not in ("price", "quote"):
        msg = f"kind {kind!r} is not known"
        raise ValueError(msg)
    price = Decimal(text[1])
    quote = Quote(
        token, time, price, float(price), text[2], float(text[3] or "-1"), _int(text[6]) == 1,
        fetched=time + _int(text[4]), block=_int(text[5]),
    )  # fmt: skip
    if kind == "quote":
        return (quote,)
    return (_to_trust(token, time + _int(text[7]), text[8:]), quote)


def _trust(trust: Trust) -> Fields:
    return (
        trust.sources, trust.stale_at - trust.time,
        "" if trust.exit_price is None else plain(trust.exit_price), trust.fault, trust.note,
        trust.exit_source, repr(trust.spread) if trust.spread else "",
    )  # fmt: skip


def _to_trust(token: TokenId, time: int, text: Sequence[str]) -> Trust:
    sources, stale, leaves, fault, note, exit_source, spread = text[:7]
    exit_price = Decimal(leaves) if leaves else None
    return Trust(
        token, time, fault, _int(sources), time + _int(stale), exit_price,
        note=note, exit_source=exit_source, spread=float(spread or "0"),
    )  # fmt: skip


def _fees(fees: ChainFees) -> Fields:
    l1 = fees.l1
    return (
        fees.block, fees.base_fee_wei, fees.next_base_fee_wei, repr(fees.fullness),
        ",".join(map(str, fees.tips_wei)), fees.l1_rule, int(fees.jovian),
        "" if l1 is None else ",".join(str(getattr(l1, name)) for name in L1Prices.__slots__),
    )  # fmt: skip


def _to_fees(time: int, text: Sequence[str]) -> Gas:
    block, base, following, fullness, tips, rule, jovian, l1 = text[5:13]
    fees = ChainFees(
        _int(block), _int(base), _int(following), float(fullness),
        tuple(map(int, filter(None, tips.split(",")))),
        L1Prices(*map(int, l1.split(","))) if l1 else None, rule, _int(jovian) == 1,
    )  # fmt: skip
    native = Decimal(text[3])
    return Gas(text[0], time, _int(text[1]), _int(text[2]), native, text[4], fees)


def _join(fields: Fields) -> str:
    return "\t".join(map(_field, fields)).rstrip("\t")


def _field(value: object) -> str:
    return "" if value in (0, "") else " ".join(str(value).split("\t"))


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _int(text: str) -> int:
    return int(text or "0")
