"""An account's recorded prices as a tape: CSV that the tape market plays."""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from papertrader_tui.domain.market import Depth, Quote
from papertrader_tui.domain.money import plain
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.rows import iso
from papertrader_tui.store import inputs
from papertrader_tui.store.database import reading

FIELDS = ("timestamp", "symbol", "price", "liquidity_usd", "token_id")

_ODD = re.compile(r"[^A-Z0-9]+")

Price = tuple[int, TokenId, str, str]  # time, token, price, liquidity


@dataclass(frozen=True, slots=True)
class Written:
    """What went onto a tape.

    Attributes:
        rows: Prices.
        whole: They are all that the market said; otherwise those that charts are drawn from.
    """

    rows: int
    whole: bool


def write_tape(path: Path, out: TextIO, tokens: Mapping[TokenId, Token]) -> Written:
    """Write every recorded price of one moment of an account, oldest first.

    Args:
        path: The account file.
        out: Open for text, with `newline=""`.
        tokens: Known tokens by id; others are named after their address.

    Raises:
        StoreError: the file cannot be used.
        ValueError: a row cannot be read.
    """
    with reading(path) as connection:
        whole = bool(
            connection.execute("SELECT 1 FROM inputs WHERE kind IN ('price', 'quote')").fetchone()
        )
        table = "input_tokens" if whole else "prices"
        ids = [t for (t,) in connection.execute(f"SELECT DISTINCT token FROM {table} ORDER BY 1")]
        names = name_tokens(ids, tokens)
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(FIELDS)
        rows = 0
        for time, token, price, liquidity in _heard(connection) if whole else _kept(connection):
            writer.writerow((iso(time), names[token], price, liquidity, token))
            rows += 1
    return Written(rows, whole)


def _heard(connection: sqlite3.Connection) -> Iterator[Price]:
    depths = _first_depths(connection)
    for heard in inputs.read(connection, prices=True):
        for item in heard.items:
            if isinstance(item, Depth):
                depths[item.token] = plain(item.liquidity)
            elif isinstance(item, Quote) and not heard.warm:
                yield item.time, item.token, plain(item.price), depths.get(item.token, "")


def _first_depths(connection: sqlite3.Connection) -> dict[TokenId, str]:
    """How deep each token was when its first price was heard, though by a later observation."""
    ids = dict(connection.execute("SELECT number, token FROM input_tokens"))
    found: dict[TokenId, str] = {}
    priced: set[str] = set()
    for kind, body in connection.execute(
        "SELECT kind, body FROM inputs WHERE kind IN ('price', 'quote', 'depth', 'warm depth')"
        " ORDER BY seq"
    ):
        number, *values = body.split("\t")
        if not kind.endswith("depth"):
            priced.add(number)
            if len(priced) == len(ids):
                break
        elif number not in priced:
            found[ids[int(number)]] = plain(Decimal(values[0]))
    return found


def _kept(connection: sqlite3.Connection) -> Iterator[Price]:
    yield from (
        (time, token, plain(Decimal(price)), "")
        for time, token, price in connection.execute(
            "SELECT time, token, price FROM prices ORDER BY time, token"
        )
    )


def name_tokens(ids: list[TokenId], tokens: Mapping[TokenId, Token]) -> dict[TokenId, str]:
    """A symbol for each that a tape's reader takes for one token of its own, quoted in dollars.

    The token's symbol where no other has it too; with its chain, and at last its address, if so.
    """
    found: dict[TokenId, str] = {}
    bare = {key: _plain(tokens[key].symbol if key in tokens else "") for key in ids}
    for key in ids:
        chain, _, address = key.partition(":")
        named = [bare[key], f"{bare[key]}.{_plain(chain)}", _plain(f"{bare[key]}.{address}")]
        taken = [other for other in bare if other != key]
        base = named[0] if named[0] and all(bare[o] != named[0] for o in taken) else named[1]
        if base in found.values() or not bare[key]:
            base = named[2]
        found[key] = base
    return {key: f"{_cased(base, key, tokens)}/USD" for key, base in found.items()}


def _plain(text: str) -> str:
    """Letters, figures and points only: all else would be taken for a pair or be lost."""
    return _ODD.sub(".", text.upper()).strip(".")[:36]


def _cased(base: str, key: TokenId, tokens: Mapping[TokenId, Token]) -> str:
    """The same as its token writes it, where the name is no more than its symbol."""
    symbol = tokens[key].symbol if key in tokens else ""
    return symbol if symbol.upper() == base and not _ODD.search(base) else base
