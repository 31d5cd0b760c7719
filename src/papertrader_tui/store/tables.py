"""The rows that follow from facts: the writer stores them, `verify` derives them once more."""

from __future__ import annotations

from papertrader_tui.domain.events import (
    AccountMarked,
    Event,
    Filled,
    OrderAccepted,
    Reverted,
)
from papertrader_tui.domain.ledger import Ledger, Position, postings
from papertrader_tui.domain.orders import Order
from papertrader_tui.store.codec import encode, text

Values = tuple[object, ...]

COLUMNS: dict[str, tuple[str, ...]] = {
    "fills": (
        "seq", "time", "status", "order_id", "token", "symbol", "side", "origin", "quantity",
        "cash", "price", "reference_price", "reference_source", "drift", "lp_fee", "impact", "gas",
        "gas_units", "gas_price_wei", "l1_fee_wei", "native_usd", "gas_source", "fidelity", "cost",
        "realized", "decision", "reason", "mev",
    ),
    "equity": (
        "seq", "time", "initial", "equity", "cash", "holdings", "realized", "unrealized",
        "lp_fees", "impact", "gas", "exposure", "trades", "decisions", "reconciled", "mev",
        "liquidation",
    ),
    "entries": ("seq", "line", "time", "account", "token", "amount"),
    "orders": (
        "id", "accepted", "seq", "time", "token", "side", "kind", "origin", "status", "body",
    ),
    "positions": (
        "token", "quantity", "cost", "bought", "realized", "lp_fees", "impact", "gas", "opened",
        "mev",
    ),
    "balances": ("account", "amount"),
}  # fmt: skip


def insert(table: str, *, verb: str = "INSERT", columns: tuple[str, ...] | None = None) -> str:
    """An INSERT statement for all columns of a table of this module."""
    names = columns or COLUMNS[table]
    return f"{verb} INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def token_of(event: Event) -> str | None:
    """The token that an event is about, if it is about one."""
    if isinstance(event, OrderAccepted):
        return event.order.token
    token = getattr(event, "token", None)
    return token if isinstance(token, str) else None


def order_of(event: Event) -> str | None:
    """The id of the order that an event changes, if it changes one."""
    if isinstance(event, OrderAccepted):
        return event.order.id
    order_id = getattr(event, "order_id", None)
    return order_id if isinstance(order_id, str) else None


def fill_values(event: Filled | Reverted) -> Values:
    """A `fills` row."""
    quantity = cash = lp_fee = impact = mev = cost = realized = "0"
    status, reason, decision = "filled", "", None
    if isinstance(event, Filled):
        quantity, cash = format(event.quantity, "f"), format(event.cash, "f")
        lp_fee, impact = format(event.lp_fee, "f"), format(event.impact, "f")
        mev = format(event.mev, "f")
        cost, realized = format(event.cost, "f"), format(event.realized, "f")
        decision = event.decision
    else:
        status, reason = "reverted", event.reason
    return (
        event.seq, event.time, status, event.order_id, event.token, event.symbol,
        event.side.value, event.origin.value, quantity, cash, text(event.price),
        text(event.reference_price), event.reference_source, text(event.drift), lp_fee, impact,
        text(event.gas), str(event.gas_units), str(event.gas_price_wei), str(event.l1_fee_wei),
        text(event.native_usd), event.gas_source, event.fidelity.value, cost, realized, decision,
        reason, mev,
    )  # fmt: skip


def equity_values(event: AccountMarked) -> Values:
    """An `equity` row."""
    return (
        event.seq, event.time, text(event.initial), text(event.equity), text(event.cash),
        text(event.holdings), text(event.realized), text(event.unrealized), text(event.lp_fees),
        text(event.impact), text(event.gas), text(event.exposure), event.trades, event.decisions,
        int(event.reconciled), text(event.mev), text(event.liquidation),
    )  # fmt: skip


def entry_values(event: Event) -> list[Values]:
    """The `entries` rows of an event, in the order that the ledger posts them."""
    return [
        (event.seq, line, event.time, leg.account, leg.token, format(leg.amount, "f"))
        for line, leg in enumerate(postings(event))
    ]


def order_values(order: Order, accepted: int, seq: int) -> Values:
    """An `orders` row: `accepted` and `seq` are its first and its latest fact."""
    return (
        order.id, accepted, seq, order.time, order.token, order.side.value, order.kind.value,
        order.origin.value, order.status.value, encode(order),
    )  # fmt: skip


def position_values(position: Position) -> Values:
    """A `positions` row; what it is worth depends on prices and is not stored."""
    return (
        position.token, text(position.quantity), text(position.cost), text(position.bought),
        text(position.realized), text(position.lp_fees), text(position.impact),
        text(position.gas), position.opened, text(position.mev),
    )  # fmt: skip


def balance_values(ledger: Ledger) -> list[Values]:
    """The `balances` rows."""
    return [(name, format(amount, "f")) for name, amount in ledger.balances.items()]
