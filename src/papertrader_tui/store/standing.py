"""How an account stands at the last thing stored of it: its books, at the last stored prices.

An account is marked every quarter of an hour and when a session ends.  Whoever looks between two
marks, or after a session that could not end, is told what the swaps since have made of it.
"""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from papertrader_tui.domain.events import AccountMarked
from papertrader_tui.domain.ledger import (
    CAPITAL,
    GAS,
    HOLDINGS,
    IMPACT,
    LP_FEES,
    MEV,
    Ledger,
    Position,
)
from papertrader_tui.domain.money import ZERO, add, divide, mul, neg, quantize_even, sub, total
from papertrader_tui.domain.orders import Side
from papertrader_tui.store import facts
from papertrader_tui.store.codec import decode_event

# The newest of three tables that hold different ages; each is one step down its key.
_LAST_PRICE = """
SELECT time, price FROM (
    SELECT * FROM (SELECT time, price FROM prices
        WHERE token = :token ORDER BY time DESC LIMIT 1)
    UNION ALL SELECT * FROM (SELECT time, CAST(close AS TEXT) FROM prices_1m
        WHERE token = :token ORDER BY time DESC LIMIT 1)
    UNION ALL SELECT * FROM (SELECT time, CAST(close AS TEXT) FROM prices_1h
        WHERE token = :token ORDER BY time DESC LIMIT 1)
    UNION ALL SELECT * FROM (SELECT time, reference_price FROM fills
        WHERE token = :token AND status = 'filled' ORDER BY time DESC LIMIT 1)
) ORDER BY time DESC LIMIT 1
"""
_PRICED = "SELECT 1 FROM prices UNION ALL SELECT 1 FROM prices_1h LIMIT 1"


def standing(connection: sqlite3.Connection, ledger: Ledger) -> AccountMarked | None:
    """The account at the last thing stored of it.

    Holdings are valued at the last price stored of each.  Where a market's prices are not stored
    (a tape), they are what they were worth at the last mark, and what was swapped since.

    Args:
        connection: One read transaction.
        ledger: The fold of all its events.

    Returns:
        The last mark, if neither a swap nor a price of what is held came after it; else one with
        the next sequence number, as of whatever came last. None before anything was stored.
    """
    mark = last_mark(connection)
    seq, time = (mark.seq, mark.time) if mark else (0, 0)
    swap = connection.execute("SELECT seq, time FROM fills ORDER BY seq DESC LIMIT 1").fetchone()
    swapped = swap is not None and swap[0] > seq
    newest = max(time, swap[1]) if swapped else time
    if connection.execute(_PRICED).fetchone():
        holdings = ZERO
        for position in ledger.positions.values():
            told, price = connection.execute(_LAST_PRICE, {"token": position.token}).fetchone()
            newest = max(newest, told)
            holdings = add(holdings, mul(position.quantity, Decimal(price)))
    else:
        holdings = _carried(connection, mark) if ledger.positions else ZERO
    if not newest or (newest == time and not swapped):
        return mark
    return _marked(connection, ledger, newest, holdings)


def books(connection: sqlite3.Connection) -> Ledger:
    """Balances and positions as they are stored beside the journal; a position has no mark."""
    ledger = Ledger()
    ledger.balances |= {
        name: Decimal(amount)
        for name, amount in connection.execute("SELECT account, amount FROM balances")
    }
    ledger.initial = neg(ledger.balances[CAPITAL])
    for token, opened, *amounts in connection.execute(
        "SELECT token, opened, quantity, cost, bought, realized, lp_fees, impact, gas, mev"
        " FROM positions ORDER BY opened"
    ):
        quantity, cost, bought, realized, lp_fees, impact, gas, mev = map(Decimal, amounts)
        ledger.positions[token] = Position(
            token, quantity, cost, bought, realized, lp_fees, impact, gas, ZERO, ZERO, opened, mev
        )
    return ledger


def last_mark(connection: sqlite3.Connection) -> AccountMarked | None:
    """The account as it was last marked."""
    row = connection.execute(
        "SELECT seq, time, kind, body FROM journal WHERE kind = 'AccountMarked'"
        " ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    seq, time, kind, body = row
    found = decode_event(kind, seq, time, body)
    assert isinstance(found, AccountMarked)
    return found


def _carried(connection: sqlite3.Connection, mark: AccountMarked | None) -> Decimal:
    found = mark.holdings if mark else ZERO
    for side, quantity, price in connection.execute(
        "SELECT side, quantity, reference_price FROM fills"
        " WHERE seq > ? AND status = 'filled' ORDER BY seq",
        (mark.seq if mark else 0,),
    ):
        value = mul(Decimal(quantity), Decimal(price))
        found = (add if side == Side.BUY else sub)(found, value)
    return max(found, ZERO)


def _marked(
    connection: sqlite3.Connection, ledger: Ledger, time: int, holdings: Decimal
) -> AccountMarked:
    booked = ledger.balances
    unrealized = sub(holdings, booked[HOLDINGS])
    equity = add(ledger.cash, holdings)
    costs = total(booked[name] for name in (LP_FEES, IMPACT, MEV, GAS))
    right = sub(add(add(ledger.initial, ledger.realized), unrealized), costs)
    share = mul(divide(holdings, equity), Decimal(100)) if equity > 0 else ZERO
    (trades,) = connection.execute("SELECT count(*) FROM fills WHERE status = 'filled'").fetchone()
    (decisions,) = connection.execute("SELECT count(*) FROM decisions").fetchone()
    return AccountMarked(
        facts.last_seq(connection) + 1, time, ledger.initial, equity, ledger.cash, holdings,
        ledger.realized, unrealized, booked[LP_FEES], booked[IMPACT], booked[GAS],
        quantize_even(share, 2), trades, decisions, equity == right, booked[MEV],
    )  # fmt: skip
