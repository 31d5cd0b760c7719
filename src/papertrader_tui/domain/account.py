"""An account: the fold of its events. Live stepping and recovery both go through `apply`."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from papertrader_tui.domain import events as ev
from papertrader_tui.domain import risk
from papertrader_tui.domain.ledger import Closed, Ledger
from papertrader_tui.domain.market import DAY
from papertrader_tui.domain.money import CENT6, ONE, ZERO, add, mul, quantize_up, sub, total
from papertrader_tui.domain.orders import Kind, Order, Side, Status
from papertrader_tui.domain.record import Record
from papertrader_tui.domain.tokens import TokenId

_BPS = Decimal("0.0001")


class Account:
    """Everything about an account that its events determine.

    Attributes:
        seq: Sequence number of the last event.
        moves: Events that can have changed money, orders, or what may be traded.
        ledger: Balances and positions.
        orders: Every order by id, open and ended.
        open: Open orders by token, oldest first.
        client_ids: Order id by client id.
        gates: Closed gates: name -> (reason, until).
        losses: Losing positions in a row.
        fills_today: Fills on the UTC day `day`.
        day_equity: Equity at the first mark of the UTC day `equity_day`.
        marked: Equity at the last mark.
        peak: Highest equity recorded; between recordings the desk raises it itself.
        last_buy: Time of the last buy by token, and of any under "".
        approved: What a router may take: tokens sold before, and chains bought on before.
        closed: Positions closed, wins among them.
        record: How its decisions turned out.
    """

    __slots__ = (
        "approved",
        "bot",
        "client_ids",
        "closed",
        "closed_by",
        "day",
        "day_equity",
        "decisions",
        "equity_day",
        "fills_today",
        "gates",
        "gates_on",
        "kill",
        "last_buy",
        "ledger",
        "level",
        "level_name",
        "losses",
        "marked",
        "market",
        "moves",
        "name",
        "open",
        "opened",
        "orders",
        "orders_made",
        "peak",
        "record",
        "seed",
        "seq",
        "sessions",
        "trades",
        "watch",
        "wins",
    )

    def __init__(self) -> None:
        self.seq = 0
        self.moves = 0
        self.name = ""
        self.market = ""
        self.seed = 0
        self.opened = 0
        self.ledger = Ledger()
        self.orders: dict[str, Order] = {}
        self.open: dict[TokenId, dict[str, Order]] = {}
        self.client_ids: dict[str, str] = {}
        self.gates: dict[str, tuple[str, int | None]] = {}
        self.gates_on = True
        self.kill = ev.KillMode.OFF
        self.bot = False
        self.level = 5
        self.level_name = "Balanced"
        self.watch: dict[TokenId, None] = {}
        self.losses = 0
        self.wins = 0
        self.closed = 0
        self.closed_by: Closed | None = None
        self.trades = 0
        self.decisions = 0
        self.sessions = 0
        self.orders_made = 0
        self.day = 0
        self.fills_today = 0
        self.equity_day = 0
        self.day_equity = ZERO
        self.marked = ZERO
        self.peak = ZERO
        self.last_buy: dict[TokenId, int] = {}
        self.approved: set[str] = set()
        self.record = Record()

    # ------------------------------------------------------------------ folding

    def apply(self, event: ev.Event) -> None:
        """Fold one event in.

        Raises:
            ValueError: its sequence number is not the next one.
            Unbalanced, IllegalTransition, KeyError: the journal is damaged.
        """
        if event.seq != self.seq + 1:
            msg = f"event {event.seq} follows event {self.seq}: the journal has a gap"
            raise ValueError(msg)
        self.seq = event.seq
        self.closed_by = self.ledger.apply(event)
        kind = type(event)
        if kind not in _NOTES:
            self.moves += 1
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, event)

    def _opened(self, event: ev.AccountOpened) -> None:
        self.name, self.market, self.seed = event.name, event.market, event.seed
        self.opened = event.time
        self.day = self.equity_day = event.time // DAY
        self.day_equity = self.peak = self.marked = event.cash

    def _session(self, event: ev.SessionStarted) -> None:
        self.sessions += 1
        self.record.since = event.time

    def _accepted(self, event: ev.OrderAccepted) -> None:
        order = event.order
        self.orders_made += 1
        self.client_ids[order.client_id] = order.id
        self._put(order)

    def _submitted(self, event: ev.OrderSubmitted) -> None:
        self._put(
            self.orders[event.order_id].to(
                Status.SUBMITTED,
                attempts=event.attempt,
                lands_at=event.lands_at,
                lands_block=event.lands_block,
                quote_price=event.quote_price,
                quote_source=event.quote_source,
                quote_time=event.quote_time,
                expected=event.expected,
                bound=event.bound,
                tolerance_bps=event.tolerance_bps,
                high=event.high,
            )
        )

    def _activated(self, event: ev.OrderActivated) -> None:
        self._put(
            self.orders[event.order_id].to(Status.WORKING, quantity=event.quantity, high=event.high)
        )

    def _cancelled(self, event: ev.OrderCancelled) -> None:
        self._put(self.orders[event.order_id].to(Status.CANCELLED, reason=event.reason))

    def _expired(self, event: ev.OrderExpired) -> None:
        self._put(self.orders[event.order_id].to(Status.EXPIRED, reason="its time was up"))

    def _filled(self, event: ev.Filled) -> None:
        self._put(self.orders[event.order_id].to(Status.FILLED, lands_at=None))
        self.approved.add(approval(event.token, event.side))
        self._count_fill(event.time)
        if event.side is Side.BUY:
            self.last_buy[event.token] = self.last_buy[""] = event.time
        closed = self.closed_by
        if closed is not None:
            self.closed += 1
            if closed.win:
                self.wins += 1
                self.losses = 0
            else:
                self.losses += 1

    def _reverted(self, event: ev.Reverted) -> None:
        self.approved.add(approval(event.token, event.side))
        self._returned(event)

    def _returned(self, event: ev.Reverted | ev.NotIncluded) -> None:
        status = Status(event.again)
        changes: dict[str, object] = {"reason": event.reason}
        if status is not Status.SUBMITTED:
            changes["lands_at"] = None
        self._put(self.orders[event.order_id].to(status, **changes))

    def _count_fill(self, time: int) -> None:
        self._roll(time)
        self.trades += 1
        self.fills_today += 1

    def _roll(self, time: int) -> None:
        day = time // DAY
        if day != self.day:
            self.day = day
            self.fills_today = 0

    def _marked(self, event: ev.AccountMarked) -> None:
        if event.time // DAY != self.equity_day:
            self.equity_day = event.time // DAY
            self.day_equity = event.equity
        self._roll(event.time)
        self.marked = event.equity
        self.peak = max(self.peak, event.equity)

    def _decided(self, event: ev.Decided) -> None:
        self.decisions += 1
        self.record.follow(event.decision)

    def _scored(self, event: ev.Scored) -> None:
        self.record.take(event.token, event.outcomes)

    def _tripped(self, event: ev.GateTripped) -> None:
        self.gates[event.gate] = (event.reason, event.until)

    def _cleared(self, event: ev.GateCleared) -> None:
        self.gates.pop(event.gate, None)
        if event.gate == risk.LOSS_STREAK:
            self.losses = 0
        elif event.gate == risk.PEAK_LOSS:
            self.peak = self.marked

    def _bot(self, event: ev.BotSwitched) -> None:
        self.bot = event.on

    def _level(self, event: ev.LevelChanged) -> None:
        self.level, self.level_name = event.level, event.name

    def _kill(self, event: ev.KillSwitched) -> None:
        self.kill = event.mode

    def _gates(self, event: ev.GatesSwitched) -> None:
        self.gates_on = event.on

    def _watch(self, event: ev.WatchChanged) -> None:
        if event.on:
            self.watch[event.token] = None
        else:
            self.watch.pop(event.token, None)

    def _put(self, order: Order) -> None:
        self.orders[order.id] = order
        book = self.open.setdefault(order.token, {})
        if order.status.final:
            book.pop(order.id, None)
            if not book:
                del self.open[order.token]
        else:
            book[order.id] = order

    # ------------------------------------------------------------------ questions

    def order(self, order_id: str) -> Order:
        """An order by id.

        Raises:
            KeyError: there is none.
        """
        return self.orders[order_id]

    def open_orders(self) -> list[Order]:
        """Open orders, oldest first."""
        found = [o for book in self.open.values() for o in book.values()]
        return sorted(found, key=lambda o: int(o.id[1:]))

    def held(self, token: TokenId) -> Decimal:
        """Quantity of a token held."""
        position = self.ledger.positions.get(token)
        return position.quantity if position is not None else ZERO

    def reserved(self, token: TokenId) -> Decimal:
        """Quantity that open sells have taken; the exits of one bracket take it once."""
        groups: dict[str, Decimal] = {}
        for order in self.open.get(token, {}).values():
            if order.side is Side.SELL and order.status is not Status.HELD:
                key = order.group or order.id
                groups[key] = max(groups.get(key, ZERO), order.quantity or ZERO)
        return total(groups.values())

    def available(self, token: TokenId) -> Decimal:
        """Quantity that can still be sold."""
        return max(ZERO, sub(self.held(token), self.reserved(token)))

    def reserved_cash(self) -> Decimal:
        """USDC that open buys may need, gas not included."""
        orders = (order for book in self.open.values() for order in book.values())
        return total(cash_need(order) for order in orders if order.side is Side.BUY)

    def free_cash(self) -> Decimal:
        """USDC that no order has reserved."""
        return max(ZERO, sub(self.ledger.cash, self.reserved_cash()))

    def mark(self, token: TokenId, price: Decimal) -> None:
        """Value a position at a price."""
        position = self.ledger.positions.get(token)
        if position is not None:
            position.mark = price
            position.value = mul(position.quantity, price)

    def totals(self, time: int, liquidation: Decimal | None = None) -> ev.AccountMarked:
        """The account now, as the event that would record it (with the next sequence number).

        Args:
            time: Market milliseconds.
            liquidation: What cash and all holdings, sold now, would come to; None if not known.
        """
        ledger = self.ledger
        holdings = ledger.holdings()
        equity = add(ledger.cash, holdings)
        exposure = (holdings / equity * 100).quantize(Decimal("0.01")) if equity > 0 else ZERO
        return ev.AccountMarked(
            self.seq + 1,
            time,
            ledger.initial,
            equity,
            ledger.cash,
            holdings,
            ledger.realized,
            ledger.unrealized(),
            ledger.balances["lp_fees"],
            ledger.balances["impact"],
            ledger.balances["gas"],
            exposure,
            self.trades,
            self.decisions,
            ledger.reconciled(),
            ledger.balances["mev"],
            liquidation,
        )


def approval(token: TokenId, side: Side) -> str:
    """What a swap's router must have been approved to take: the token, or USDC on its chain."""
    return token if side is Side.SELL else token.partition(":")[0]


def cash_need(order: Order) -> Decimal:
    """The most USDC that a buy can spend, gas not included."""
    if order.notional is not None:
        return order.notional
    if order.bound is not None:
        return order.bound
    value = mul(order.quantity or ZERO, order.price or ZERO)
    if order.kind is not Kind.LIMIT:
        value = mul(value, add(ONE, mul(Decimal(order.tolerance_bps), _BPS)))
    return max(CENT6, quantize_up(value, 6))


_HANDLERS: dict[type[ev.Event], Callable[[Account, Any], None]] = {
    ev.AccountOpened: Account._opened,
    ev.SessionStarted: Account._session,
    ev.OrderAccepted: Account._accepted,
    ev.OrderSubmitted: Account._submitted,
    ev.OrderActivated: Account._activated,
    ev.OrderCancelled: Account._cancelled,
    ev.OrderExpired: Account._expired,
    ev.Filled: Account._filled,
    ev.Reverted: Account._reverted,
    ev.NotIncluded: Account._returned,
    ev.AccountMarked: Account._marked,
    ev.Decided: Account._decided,
    ev.Scored: Account._scored,
    ev.GateTripped: Account._tripped,
    ev.GateCleared: Account._cleared,
    ev.BotSwitched: Account._bot,
    ev.LevelChanged: Account._level,
    ev.KillSwitched: Account._kill,
    ev.GatesSwitched: Account._gates,
    ev.WatchChanged: Account._watch,
}

#: What is written down and changes neither money nor what may be traded.
_NOTES = frozenset((ev.Decided, ev.Scored, ev.AccountMarked))
