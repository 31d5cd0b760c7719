"""What performance is told from, read from an account file beside whoever writes it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from papertrader_tui.domain.market import DAY, HOUR, MINUTE
from papertrader_tui.domain.performance import Report, Tally, report
from papertrader_tui.domain.performance.hold import Prices
from papertrader_tui.domain.performance.tally import KINDS
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.store.archive import merged
from papertrader_tui.store.codec import decode_event
from papertrader_tui.store.database import reading
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.meta import Meta, read_meta
from papertrader_tui.store.standing import standing

_FACTS = (
    "SELECT seq, time, kind, body FROM journal"
    f" WHERE kind IN ({', '.join('?' * len(KINDS))}) ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """An account and what it made.

    Attributes:
        recorded: First and last time of its equity, None before it was first used.
        watched: The watchlist that buy and hold is about.
    """

    meta: Meta
    recorded: tuple[int, int] | None
    watched: tuple[TokenId, ...]
    report: Report


def judge(path: Path, since: int | None = None, until: int | None = None) -> Judged:
    """Judge a period of an account, the whole of it if none is named.

    It ends with the account as it stands at the last thing stored, which may be after its last
    mark.

    Args:
        path: Its file.
        since: Beginning in market milliseconds.
        until: End, inclusive.

    Raises:
        StoreError: the file cannot be used, or its journal is damaged.
    """
    with reading(path) as connection:
        meta = read_meta(connection)
        tally = read_tally(connection, path)
        now = standing(connection, tally.ledger)
        if now is not None and now != tally.marked:
            tally.apply(now)
        if not tally.curve:
            return Judged(meta, None, (), report(tally))
        first, last = tally.curve[0][0], tally.curve[-1][0]
        begin = first if since is None else max(since, first)
        end = last if until is None else min(until, last)
        watched = tuple(tally.watched(begin))
        prices = {token: closes(connection, token, begin, end) for token in watched}
        found = report(tally, since, until, prices)
        return Judged(meta, (first, last), watched, found)


def read_tally(connection: sqlite3.Connection, path: Path) -> Tally:
    """Fold the facts that performance is told from.

    Raises:
        StoreError: the journal is damaged.
    """
    tally = Tally()
    kinds = [kind.__name__ for kind in KINDS]
    try:
        for seq, time, kind, body in connection.execute(_FACTS, kinds):
            tally.apply(decode_event(kind, seq, time, body))
    except (ValueError, KeyError, RuntimeError, ArithmeticError) as fault:
        name = path.stem
        msg = (
            f"account {name!r} cannot be judged: {fault}; papertrader verify --account {name} "
            "says more"
        )
        raise StoreError(msg) from fault
    return tally


def closes(connection: sqlite3.Connection, token: TokenId, since: int, until: int) -> Prices:
    """Stored prices of a token: the open of the first candle, then the close of each.

    Candles are as wide as a curve of that length can show: a minute within a day, an hour within
    two months, else a day.
    """
    span = until - since
    width = MINUTE if span <= DAY else HOUR if span <= 60 * DAY else DAY
    found: list[tuple[int, float]] = []
    for candle in merged(connection, token, width, since - since % width, until + 1):
        if candle.close <= 0 or candle.open <= 0:
            continue
        if not found:
            found.append((candle.start, candle.open))
        found.append((min(candle.start + width, max(candle.start, until)), candle.close))
    return found
