"""Events and prices as lines, one each: text to read, or JSON.

What a line says is a function of the events and prices given, in their order, and of nothing
else, so that a run can be repeated byte for byte.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.market import MINUTE
from papertrader_tui.domain.orders import Order, Status
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine import rows
from papertrader_tui.engine.snapshot import Snapshot
from papertrader_tui.headless.text import clean, text_line

TAGS = ("PRICE", "DECISION", "ORDER", "TRADE", "POSITION", "ACCOUNT", "ALERT")
#: Only where it is asked for: four lines for every decision.
OUTCOME = "OUTCOME"

#: Token, when it was observed, price, source, and whether it is too old to trade on.
PriceSeen = tuple[TokenId, int, Decimal, str, bool]


class Lines:
    """Turns what a desk publishes into lines.

    Args:
        style: `text` or `json`.
        tags: Which lines are wanted; nothing else is worked out.
        symbols: Symbol by token, for labels.
        orders: Orders that were open before the first event.
        watched: Tokens that were watched before it.
        every_price: Every price is wanted, not only the first of each token in each minute.
    """

    def __init__(
        self,
        style: str,
        tags: Iterable[str] = TAGS,
        symbols: Mapping[TokenId, str] | None = None,
        orders: Iterable[Order] = (),
        *,
        watched: Iterable[TokenId] = (),
        every_price: bool = False,
    ) -> None:
        self._every_price = every_price
        self._tags = frozenset(tags)
        self._symbols = symbols or {}
        self._orders = {o.id: o for o in orders}
        self._now = 0
        self._minutes: dict[TokenId, int] = {}
        #: how many watched tokens have each symbol
        self._named = Counter(self._symbol(token) for token in watched)
        self._write: Callable[[int, str, rows.Row], str] = (
            _json_line if style == "json" else self._text_line
        )
        self._handlers: dict[type, tuple[str, Callable[..., rows.Row]]] = {
            kind: (tag, make) for kind, (tag, make) in self._table().items() if tag in self._tags
        }

    def of_events(self, events: Sequence[ev.Event]) -> list[str]:
        """Lines of a batch of events, each with its line end."""
        lines = []
        for event in events:
            self._now = max(self._now, event.time)
            if isinstance(event, ev.WatchChanged):
                self._named[self._symbol(event.token)] += 1 if event.on else -1
            if isinstance(event, ev.Scored):
                lines += self._scored(event)
                continue
            handler = self._handlers.get(type(event))
            if handler is not None:
                tag, make = handler
                lines.append(self._write(event.time, tag, make(event)))
        return lines

    def _scored(self, event: ev.Scored) -> list[str]:
        if OUTCOME not in self._tags:
            return []
        symbol = self._symbol(event.token)
        return [
            self._write(event.time, OUTCOME, rows.outcome_row(outcome, event.token, symbol))
            for outcome in event.outcomes
        ]

    def of_prices(self, prices: Sequence[PriceSeen], now: int = 0) -> list[str]:
        """Lines of prices: the first of each token in each market minute, or every one.

        Args:
            prices: As the desk took them.
            now: Market time, which ages are counted from; the newest price's if that is later.
        """
        lines = []
        self._now = max(self._now, now)
        minutes = self._minutes
        for token, time, price, source, stale in prices:
            self._now = max(self._now, time)
            minute = self._now // MINUTE
            if minutes.get(token) == minute and not self._every_price:
                continue
            minutes[token] = minute
            symbol = self._symbol(token)
            row = rows.price_row(token, price, source, self._now - time, stale, symbol=symbol)
            lines.append(self._write(self._now, "PRICE", row))
        return lines

    def of_live(self, snapshot: Snapshot) -> list[str]:
        """Lines of the open positions at their marks, and of a live market's sources."""
        if snapshot.feed is None:
            return []
        now, feed, lines = snapshot.now, snapshot.feed, []
        if "POSITION" in self._tags:
            seen = {row.token.id: row for row in snapshot.tokens}
            for position in snapshot.positions:
                row = seen.get(position.token.id)
                source, age = (row.source, now - row.time) if row is not None else ("", 0)
                held = rows.holding_row(position, source, age)
                lines.append(self._write(now, "POSITION", held))
        if "PRICE" in self._tags:
            lines += [self._write(now, "PRICE", rows.source_row(s, feed)) for s in feed.sources]
        return lines

    def _text_line(self, time: int, tag: str, row: rows.Row) -> str:
        """A line to read: a symbol that two watched tokens share has its chain beside it."""
        symbol, token = row.get("symbol"), row.get("token")
        if symbol and token and self._named[str(symbol)] > 1:
            row = {**row, "symbol": f"{symbol}@{str(token).partition(':')[0]}"}
        return text_line(time, tag, row)

    def _symbol(self, token: TokenId | None) -> str:
        return "" if token is None else self._symbols.get(token, "")

    def _table(self) -> dict[type, tuple[str, Callable[..., rows.Row]]]:
        return {
            ev.Decided: ("DECISION", self._decided),
            ev.OrderAccepted: ("ORDER", self._accepted),
            ev.OrderRejected: ("ORDER", self._rejected),
            ev.OrderSubmitted: ("ORDER", self._submitted),
            ev.OrderActivated: ("ORDER", self._activated),
            ev.OrderCancelled: ("ORDER", self._cancelled),
            ev.OrderExpired: ("ORDER", self._expired),
            ev.NotIncluded: ("ORDER", self._left_out),
            ev.Filled: ("TRADE", rows.trade_row),
            ev.Reverted: ("TRADE", rows.trade_row),
            ev.PositionChanged: ("POSITION", rows.position_row),
            ev.AccountMarked: ("ACCOUNT", rows.account_row),
            ev.WatchChanged: ("ALERT", self._watched),
            **{kind: ("ALERT", alert) for kind, alert in _ALERTS.items()},
        }

    def _watched(self, event: ev.WatchChanged) -> rows.Row:
        name = self._symbol(event.token) or event.token
        text = f"{'watching' if event.on else 'no longer watching'} {name}"
        return _alert("watch_changed", "info", text, event.token)

    def _decided(self, event: ev.Decided) -> rows.Row:
        row = rows.decision_row(event.decision)
        return {"symbol": self._symbol(event.decision.token), **row}

    # Orders: an event says what changed, the line says the whole order after it.

    def _accepted(self, event: ev.OrderAccepted) -> rows.Row:
        self._orders[event.order.id] = event.order
        row = self._order("accepted", event.order)
        return {**row, "reason": "; ".join(event.warnings)} if event.warnings else row

    def _rejected(self, event: ev.OrderRejected) -> rows.Row:
        return {"event": "rejected", **rows.rejection_row(event, self._symbol(event.token))}

    def _submitted(self, event: ev.OrderSubmitted) -> rows.Row:
        return self._changed(
            "submitted",
            event.order_id,
            status=Status.SUBMITTED,
            attempts=event.attempt,
            lands_at=event.lands_at,
            lands_block=event.lands_block,
            quote_price=event.quote_price,
            quote_source=event.quote_source,
            quote_time=event.quote_time,
            expected=event.expected,
            bound=event.bound,
            tolerance_bps=event.tolerance_bps,
        )

    def _activated(self, event: ev.OrderActivated) -> rows.Row:
        return self._changed(
            "activated", event.order_id, status=Status.WORKING, quantity=event.quantity
        )

    def _cancelled(self, event: ev.OrderCancelled) -> rows.Row:
        return self._changed(
            "cancelled", event.order_id, status=Status.CANCELLED, reason=event.reason
        )

    def _expired(self, event: ev.OrderExpired) -> rows.Row:
        return self._changed("expired", event.order_id, status=Status.EXPIRED)

    def _left_out(self, event: ev.NotIncluded) -> rows.Row:
        status = Status(event.again)
        return self._changed("not_included", event.order_id, status=status, reason=event.reason)

    def _changed(self, what: str, order_id: str, **changes: object) -> rows.Row:
        order = replace(self._orders[order_id], **changes)  # type: ignore[arg-type]
        if order.open:
            self._orders[order_id] = order
        else:
            del self._orders[order_id]
        return self._order(what, order)

    def _order(self, what: str, order: Order) -> rows.Row:
        return {"event": what, **rows.order_row(order, self._symbol(order.token))}


def _json_line(time: int, tag: str, row: rows.Row) -> str:
    return _encode({"time": rows.iso(time), "tag": tag, **row}) + "\n"


_encode = json.JSONEncoder(ensure_ascii=True, check_circular=False).encode


def _alert(event: str, severity: str, text: str, token: str = "") -> rows.Row:
    return {"event": event, "severity": severity, "text": text, "token": token}


def _opened(event: ev.AccountOpened) -> rows.Row:
    seed = f", seed {event.seed}" if event.market == "demo" else ""
    text = f"account {event.name} opened on the {event.market} market{seed}"
    return _alert("account_opened", "info", f"{text} with ${event.cash:,f}")


def _tripped(event: ev.GateTripped) -> rows.Row:
    until = "until you reset it" if event.until is None else f"until {rows.iso(event.until)}"
    return _alert("gate_tripped", "warning", f"gate {event.gate}: {event.reason}; {until}")


_ALERTS: dict[type, Callable[..., rows.Row]] = {
    ev.Alerted: lambda e: {"event": "alerted", **rows.alert_row(e)},
    ev.AccountOpened: _opened,
    ev.SessionStarted: lambda e: _alert("session_started", "info", f"session: {clean(e.detail)}"),
    ev.GateTripped: _tripped,
    ev.GateCleared: lambda e: _alert("gate_cleared", "info", f"gate {e.gate} open again: {e.by}"),
    ev.BotSwitched: lambda e: _alert("bot_switched", "info", f"bot {'on' if e.on else 'off'}"),
    ev.LevelChanged: lambda e: _alert("level_changed", "info", f"level {e.level}: {e.name}"),
    ev.KillSwitched: lambda e: _alert("kill_switched", "warning", f"kill switch: {e.mode.value}"),
    ev.GatesSwitched: lambda e: _alert(
        "gates_switched",
        "info" if e.on else "warning",
        "account gates on" if e.on else "account gates off: an experiment",
    ),
}
