"""Gathers what performance is told from: the fold of an account's events, stored or as they come.

It needs fills, reverts, marks, levels and the watchlist, and passes over all other events, so
that a journal can be read for those kinds alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.ledger import (
    ACCOUNTS,
    CAPITAL,
    CASH,
    HOLDINGS,
    REALIZED,
    Closed,
    Ledger,
    postings,
)
from papertrader_tui.domain.money import ZERO, add, divide, mul, sub, total
from papertrader_tui.domain.orders import Origin, Side
from papertrader_tui.domain.tokens import TokenId

#: Drift between quote and landing: a cost to the trader, but in the prices, so never booked.
SLIPPAGE = "slippage"
_NOT_COSTS = frozenset((CASH, HOLDINGS, REALIZED, CAPITAL))

#: The level that an account begins with.
FIRST_LEVEL = 5

#: Kinds of events that a tally heeds.
KINDS: tuple[type[ev.Event], ...] = (
    ev.AccountOpened,
    ev.Filled,
    ev.Reverted,
    ev.AccountMarked,
    ev.LevelChanged,
    ev.WatchChanged,
)


@dataclass(frozen=True, slots=True)
class Trade:
    """A position from its first buy to the sale of the last of it.

    Attributes:
        opened_by: Who made its first buy.
        closed_by: Who made its last sale.
        level: Intelligence level when it was opened.
    """

    closed: Closed
    symbol: str
    opened_by: Origin
    closed_by: Origin
    level: int


@dataclass(frozen=True, slots=True)
class Swap:
    """One mined swap, reverted ones included: the cash it moved and what it cost by name."""

    time: int
    token: TokenId
    origin: Origin
    cash: Decimal
    costs: Mapping[str, Decimal]
    filled: bool

    @property
    def booked(self) -> Decimal:
        """Its costs without slippage, which is in the prices."""
        return total(amount for name, amount in self.costs.items() if name != SLIPPAGE)


@dataclass(slots=True)
class _Opened:
    time: int
    origin: Origin
    level: int


class Tally:
    """An account's curve, trades and swaps so far.

    Attributes:
        curve: Equity as it was marked, from the cash that the account began with.
        invested: Share of equity held in tokens, at each mark and after each swap.
        trades: Positions closed, in the order in which they were.
        swaps: Every mined swap.
        symbols: What tokens that were traded are called.
        marked: The last mark, None before the first.
        ledger: Balances and open positions; marks of positions are those of their last fill.
    """

    def __init__(self) -> None:
        self.curve: list[tuple[int, Decimal]] = []
        self.invested: list[tuple[int, float]] = []
        self.trades: list[Trade] = []
        self.swaps: list[Swap] = []
        self.symbols: dict[TokenId, str] = {}
        self.marked: ev.AccountMarked | None = None
        self.ledger = Ledger()
        self._level = FIRST_LEVEL
        self._holdings = self._equity = ZERO
        self._open: dict[TokenId, _Opened] = {}
        self._watches: list[ev.WatchChanged] = []

    def apply(self, event: ev.Event) -> None:
        """Take in the next event.

        Raises:
            Unbalanced: its legs do not sum to zero: the journal is damaged.
        """
        if isinstance(event, ev.Filled | ev.Reverted):
            self._swap(event)
        elif isinstance(event, ev.AccountMarked):
            self._mark(event)
        elif isinstance(event, ev.LevelChanged):
            self._level = event.level
        elif isinstance(event, ev.WatchChanged):
            self._watches.append(event)
        elif isinstance(event, ev.AccountOpened):
            self.ledger.apply(event)
            self.curve.append((event.time, event.cash))
            self._equity = event.cash

    def _mark(self, event: ev.AccountMarked) -> None:
        self.marked = event
        self._holdings, self._equity = event.holdings, event.equity
        self.curve.append((event.time, event.equity))
        self._share(event.time)

    def _share(self, time: int) -> None:
        part = divide(self._holdings, self._equity) if self._equity > 0 else ZERO
        self.invested.append((time, float(part)))

    def _swap(self, event: ev.Filled | ev.Reverted) -> None:
        costs: dict[str, Decimal] = {}
        for leg in postings(event):
            if leg.account not in _NOT_COSTS:
                costs[leg.account] = add(costs.get(leg.account, ZERO), leg.amount)
        closed = self.ledger.apply(event)
        filled = isinstance(event, ev.Filled)
        cash = ZERO
        if isinstance(event, ev.Filled):
            cash = event.cash
            costs[SLIPPAGE] = event.drift
            self._move(event)
            self._follow(event, closed)
        swap = Swap(event.time, event.token, event.origin, cash, costs, filled)
        self.swaps.append(swap)
        self._equity = sub(self._equity, swap.booked)
        self._share(event.time)

    def _move(self, event: ev.Filled) -> None:
        """Until the next mark, what was held is worth what it was at the last one."""
        value = mul(event.quantity, event.reference_price)
        moved = (add if event.side is Side.BUY else sub)(self._holdings, value)
        self._holdings = max(moved, ZERO) if self.ledger.positions else ZERO

    def _follow(self, event: ev.Filled, closed: Closed | None) -> None:
        token = event.token
        self.symbols[token] = event.symbol
        if event.side is Side.BUY:
            self._open.setdefault(token, _Opened(event.time, event.origin, self._level))
        elif closed is not None:
            begun = self._open.pop(token)
            self.trades.append(Trade(closed, event.symbol, begun.origin, event.origin, begun.level))

    def cost_names(self) -> list[str]:
        """Names of costs in the order of the books, slippage last."""
        return [name for name in ACCOUNTS if name not in _NOT_COSTS] + [SLIPPAGE]

    def held(self, until: int) -> list[tuple[int, int]]:
        """Spans in which a position was open, those still open until a time."""
        spans = [(one.closed.opened, one.closed.time) for one in self.trades]
        return spans + [(one.time, until) for one in self._open.values()]

    def watched(self, time: int) -> list[TokenId]:
        """The watchlist at a time; before the first, the one that the account began with."""
        watches = self._watches
        if not watches:
            return []
        time = max(time, watches[0].time)
        found: dict[TokenId, None] = {}
        for event in watches:
            if event.time > time:
                break
            if event.on:
                found[event.token] = None
            else:
                found.pop(event.token, None)
        return list(found)
