"""Resting orders: which of them does a price send, and how far are they from it?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.money import ZERO, add
from papertrader_tui.domain.orders import Kind, Order, Side, Status
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.situation import Situation
from papertrader_tui.simulator.matching import quote, trail_price, triggered


class Sends(Protocol):
    """What sends an order to the chain (`engine.orderdesk.OrderDesk`)."""

    def send(self, order: Order, market: TokenMarket, tolerance: int | None = None) -> None:
        """Send it on the quote of now."""
        ...


@dataclass(frozen=True, slots=True)
class Exit:
    """A price at which orders would sell, and how many tokens of a holding they would."""

    price: Decimal
    quantity: Decimal


class Resting:
    """Watches the orders that wait for their price.

    Attributes:
        trails: Highest price seen per working trailing stop, between the events that record it.
    """

    __slots__ = ("_account", "_of", "_sends", "trails")

    def __init__(self, of: Situation, sends: Sends) -> None:
        self._of = of
        self._account = of.account
        self._sends = sends
        self.trails: dict[str, Decimal] = {}

    def match(self, market: TokenMarket, low: Decimal, high: Decimal) -> None:
        """Send the resting orders that this price, or the path since the last one, triggers."""
        if market.price is None:
            return
        busy: set[str] = set()
        book = self._account.open.get(market.token.id, {})
        for order in book.values():
            if order.status is Status.SUBMITTED and order.group is not None:
                busy.add(order.group)
        # stops before targets: where one candle holds both, the stop wins
        for order in sorted(book.values(), key=_stops_first):
            if order.status is not Status.WORKING or order.group in busy:
                continue
            price = market.price_of(order.side)
            if price is None:
                continue
            seen = self._trailed(order, high) if order.kind is Kind.TRAILING_STOP else order
            swap = None
            if order.kind is Kind.LIMIT:
                swap = quote(order, price, market.pricer, market.token.decimals)
            if not triggered(seen, price, low, high, swap, market.token.decimals):
                continue
            if order.side is Side.BUY and self._blocked(market):
                continue
            self._sends.send(order, market)
            if order.group is not None:
                busy.add(order.group)

    def _trailed(self, order: Order, high: Decimal) -> Order:
        """The order with the highest price before this path; then the path raises it.

        Within a candle the low may have come before the high, so the low is held against the
        old high only: a stop is never set off by a high that may have come after.
        """
        top = self.trails.get(order.id, order.high or high)
        self.trails[order.id] = max(top, high)
        return replace(order, high=top)

    def _blocked(self, market: TokenMarket) -> bool:
        liquidity = market.depth.liquidity if market.depth is not None else None
        return self._of.gates.entry_block(market.token.id, liquidity) is not None

    def stops(self, token: TokenId) -> tuple[Exit | None, Exit | None]:
        """Nearest resting stop and target of a holding, for display."""
        stops: dict[Decimal, Decimal] = {}
        targets: dict[Decimal, Decimal] = {}
        for order in self._account.open.get(token, {}).values():
            if order.side is not Side.SELL or order.status is Status.HELD:
                continue
            price = order.price
            if order.kind is Kind.TRAILING_STOP and order.high is not None:
                price = trail_price(self.trails.get(order.id, order.high), order.trail_bps or 0)
            if price is None:
                continue
            found = stops if order.kind in (Kind.STOP, Kind.TRAILING_STOP) else targets
            found[price] = add(found.get(price, ZERO), order.quantity or ZERO)
        return (
            Exit(max(stops), stops[max(stops)]) if stops else None,
            Exit(min(targets), targets[min(targets)]) if targets else None,
        )


def _stops_first(order: Order) -> tuple[int, int]:
    rank = 0 if order.kind in (Kind.STOP, Kind.TRAILING_STOP) else 1
    return rank, int(order.id[1:])
