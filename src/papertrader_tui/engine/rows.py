"""Facts as flat rows of text, the same ones in the headless log and in every export.

Numbers are plain decimal strings (`'0.00000123'`), never floats, so that nothing that reads a row
can round it; only yes and no are booleans.  A row has no time and no tag: whoever prints it puts
those in front.  Symbols and reasons come as they are stored: JSON escapes them, anything that
prints text to a terminal has to sanitise them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.events import (
    AccountMarked,
    Alerted,
    Filled,
    OrderRejected,
    PositionChanged,
    Reverted,
)
from papertrader_tui.domain.money import ZERO, add, mul, plain, sub
from papertrader_tui.domain.orders import Order
from papertrader_tui.domain.outcomes import Outcome
from papertrader_tui.engine.snapshot import FeedHealth, PositionRow, SourceRow

Row = dict[str, str | bool]

TRADE_FIELDS = (
    "order_id", "token", "symbol", "side", "quantity", "price", "reference_price", "drift_usd",
    "lp_fee_usd", "impact_usd", "gas_usd", "fidelity", "origin", "status", "reference_source",
    "mev_usd", "block",
)  # fmt: skip
DECISION_FIELDS = (
    "id", "token", "action", "confidence", "risk", "opportunity", "level", "size_usd", "rule",
    "reason", "repeats", "price", "source", "price_age_s",
)  # fmt: skip
ORDER_FIELDS = (
    "order_id", "client_id", "token", "symbol", "side", "kind", "origin", "size_by", "size",
    "notional_usd", "quantity", "price", "trail_bps", "tolerance_bps", "good_until",
    "quote_price", "expected", "bound", "attempts", "group", "parent", "decision", "status",
    "rule", "reason", "quote_source", "quote_time",
)  # fmt: skip
ENTRY_FIELDS = ("account", "token", "amount")


def iso(time: int) -> str:
    """Market milliseconds as `2026-01-05T00:10:00.000Z`: of one width, so that text sorts."""
    moment = datetime.fromtimestamp(time // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time % 1000:03d}Z"


def _optional(value: Decimal | int | None) -> str:
    return "" if value is None else plain(Decimal(value))


def price_row(
    token: str, price: Decimal, source: str, age_ms: int, stale: bool, *, symbol: str = ""
) -> Row:
    """One price: how old it is in seconds, and whether it is too old to trade on."""
    return {
        "token": token,
        "symbol": symbol,
        "price": plain(price),
        "source": source,
        "age_s": plain(Decimal(age_ms).scaleb(-3)),
        "stale": stale,
    }


def source_row(source: SourceRow, feed: FeedHealth) -> Row:
    """One price source of a live market: how often it was asked, and how it answered.

    Times are seconds; what is not known yet is empty.
    """
    return {
        "event": "source",
        "source": source.name,
        "up": source.up,
        "state": source.state,
        "calls": str(source.calls),
        "calls_per_minute": str(source.per_minute),
        "limit_per_minute": f"{source.limit:g}",
        "hits": str(source.hits),
        "misses": str(source.misses),
        "coalesced": str(source.coalesced),
        "stale_served": str(source.stale_served),
        "errors": ", ".join(f"{kind} × {count}" for kind, count in source.errors),
        "throttled": str(source.throttled),
        "p50_s": _seconds(source.p50),
        "p95_s": _seconds(source.p95),
        "last_success_s": _seconds(source.idle),
        "hit_rate": _seconds(feed.hit_rate),
        "position_updates_per_minute": str(feed.position_updates),
    }


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def decision_row(decision: Decision) -> Row:
    """One decision; `size_usd` is `0` where it orders nothing."""
    return {
        "id": decision.id,
        "token": decision.token,
        "action": decision.action.value,
        "confidence": plain(decision.confidence),
        "risk": plain(decision.risk),
        "opportunity": plain(decision.opportunity),
        "level": str(decision.level),
        "size_usd": plain(decision.size_usd),
        "rule": decision.rule,
        "reason": decision.reason,
        "repeats": str(decision.repeats),
        "price": plain(decision.price),
        "source": decision.source,
        "price_age_s": plain(Decimal(decision.price_age_ms).scaleb(-3)),
    }


def outcome_row(outcome: Outcome, token: str, symbol: str = "") -> Row:
    """What became of one decision; price and move are empty where no price is known."""
    known = outcome.price is not None
    return {
        "decision": outcome.decision,
        "token": token,
        "symbol": symbol,
        "horizon_s": str(outcome.horizon // 1000),
        "price": _optional(outcome.price),
        "move_pct": "" if outcome.move is None else plain(outcome.move.scaleb(2)),
        "observed": iso(outcome.time) if known else "",
        "result": ("right" if outcome.right else "wrong") if known else "unknown",
    }


def trade_row(event: Filled | Reverted) -> Row:
    """One mined swap; `block` is empty where it landed by time.

    A reverted one moved nothing: its quantity, LP fee and impact are `0`, its price is the one
    that was refused, and its gas was paid all the same.
    """
    quantity = lp_fee = impact = mev = ZERO
    block = 0
    status = "reverted"
    if isinstance(event, Filled):
        quantity, lp_fee, impact = event.quantity, event.lp_fee, event.impact
        mev = event.mev
        block = event.execution.block if event.execution is not None else 0
        status = "filled"
    return {
        "order_id": event.order_id,
        "token": event.token,
        "symbol": event.symbol,
        "side": event.side.value,
        "quantity": plain(quantity),
        "price": plain(event.price),
        "reference_price": plain(event.reference_price),
        "drift_usd": plain(event.drift),
        "lp_fee_usd": plain(lp_fee),
        "impact_usd": plain(impact),
        "gas_usd": plain(event.gas),
        "fidelity": event.fidelity.value,
        "origin": event.origin.value,
        "status": status,
        "reference_source": event.reference_source,
        "mev_usd": plain(mev),
        "block": str(block or ""),
    }


def order_row(order: Order, symbol: str = "") -> Row:
    """One order as it stands; what it does not have (a limit price, say) is empty.

    Args:
        order: The order after the event that is reported.
        symbol: Of its token, where it is known.
    """
    return {
        "order_id": order.id,
        "client_id": order.client_id,
        "token": order.token,
        "symbol": symbol,
        "side": order.side.value,
        "kind": order.kind.value,
        "origin": order.origin.value,
        "size_by": order.size_by.value,
        "size": plain(order.size),
        "notional_usd": _optional(order.notional),
        "quantity": _optional(order.quantity),
        "price": _optional(order.price),
        "trail_bps": _optional(order.trail_bps),
        "tolerance_bps": str(order.tolerance_bps),
        "good_until": "" if order.good_until is None else iso(order.good_until),
        "quote_price": _optional(order.quote_price),
        "expected": _optional(order.expected),
        "bound": _optional(order.bound),
        "attempts": str(order.attempts),
        "group": order.group or "",
        "parent": order.parent or "",
        "decision": order.decision or "",
        "status": order.status.value,
        "rule": "",
        "reason": order.reason,
        "quote_source": order.quote_source,
        "quote_time": iso(order.quote_time) if order.quote_source else "",
    }


def rejection_row(event: OrderRejected, symbol: str = "") -> Row:
    """An order that was refused, with the fields of `order_row`: it never got an id."""
    row: Row = dict.fromkeys(ORDER_FIELDS, "")
    row |= {
        "client_id": event.client_id,
        "token": event.token,
        "symbol": symbol,
        "side": event.side.value,
        "origin": event.origin.value,
        "status": "rejected",
        "rule": event.rule,
        "reason": event.reason,
    }
    return row


def position_row(event: PositionChanged) -> Row:
    """A position after a fill, in USDC; `pnl` is net of the costs paid on it."""
    value = mul(event.quantity, event.mark)
    unrealized = sub(value, event.cost)
    return {
        "token": event.token,
        "symbol": event.symbol,
        "quantity": plain(event.quantity),
        "cost": plain(event.cost),
        "mark": plain(event.mark),
        "value": plain(value),
        "unrealized": plain(unrealized),
        "realized": plain(event.realized),
        "costs": plain(event.costs),
        "pnl": plain(sub(add(unrealized, event.realized), event.costs)),
    }


def holding_row(position: PositionRow, source: str, age_ms: int) -> Row:
    """A position as it stands, with the fields of `position_row` and whose price its mark is."""
    return {
        "token": position.token.id,
        "symbol": position.token.symbol,
        "quantity": plain(position.quantity),
        "cost": plain(position.cost),
        "mark": plain(position.mark),
        "value": plain(position.value),
        "unrealized": plain(position.unrealized),
        "realized": plain(position.realized),
        "costs": plain(position.costs),
        "pnl": plain(position.pnl),
        "liquidation": _optional(position.liquidation),
        "mark_source": source,
        "mark_age_s": plain(Decimal(age_ms).scaleb(-3)),
    }


def account_row(event: AccountMarked) -> Row:
    """The account: cash + holdings = initial + realized + unrealized - its costs.

    `liquidation` is what the account would come to if all were sold now, after costs.
    """
    return {
        "initial": plain(event.initial),
        "equity": plain(event.equity),
        "cash": plain(event.cash),
        "holdings": plain(event.holdings),
        "realized": plain(event.realized),
        "unrealized": plain(event.unrealized),
        "lp_fees": plain(event.lp_fees),
        "impact": plain(event.impact),
        "mev": plain(event.mev),
        "gas": plain(event.gas),
        "exposure": plain(event.exposure),
        "trades": str(event.trades),
        "decisions": str(event.decisions),
        "reconciled": event.reconciled,
        "liquidation": _optional(event.liquidation),
    }


def alert_row(event: Alerted) -> Row:
    """Something a person should know."""
    return {"severity": event.severity, "text": event.text, "token": event.token or ""}


def entry_row(account: str, token: str | None, amount: Decimal) -> Row:
    """One line of the ledger: what was added to an account, in USDC."""
    return {"account": account, "token": token or "", "amount": plain(amount)}
