"""What an account file says of its orders, held against each other and against its market.

Reckoned from the stored events by hand, not by the account's own fold, wherever that says more.
"""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import PlaceOrder
from papertrader_tui.domain.market import Quote
from papertrader_tui.domain.money import add, sub, total
from papertrader_tui.domain.orders import Kind, Order, Side, Status
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.ports import Market
from papertrader_tui.simulator.matching import MAX_ATTEMPTS, trail_price
from papertrader_tui.store.load import load


@dataclass(slots=True)
class Prices:
    """Every price of one token: when it is, and how far the market's cursor is before it."""

    at: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    prices: list[Decimal] = field(default_factory=list)

    def between(self, cursor: int, end: int) -> list[Decimal]:
        """Those handed over from one cursor to another."""
        return self.prices[bisect_left(self.at, cursor) : bisect_left(self.at, end)]

    def last_before(self, cursor: int) -> int:
        """When the last price before a cursor is, 0 where there is none."""
        place = bisect_left(self.at, cursor)
        return self.times[place - 1] if place else 0

    def first_from(self, time: int) -> int | None:
        """When the first price from a time on is, None where there is none."""
        place = bisect_left(self.times, time)
        return self.times[place] if place < len(self.times) else None


def played(
    market: Market, until: int | None, place: Callable[[int, Quote], int]
) -> dict[TokenId, Prices]:
    """Play a market.

    Args:
        market: At its beginning, as fast as possible.
        until: Time of the last price.
        place: The cursor before a price, from how many inputs came before it.
    """
    found: dict[TokenId, Prices] = {}

    async def play() -> None:
        number = 0
        async for batch in market.batches(until):
            for item in batch:
                if isinstance(item, Quote):
                    known = found.setdefault(item.token, Prices())
                    known.at.append(place(number, item))
                    known.times.append(item.time)
                    known.prices.append(item.price)
                number += 1

    asyncio.run(play())
    return found


class Books:
    """An account file at one moment, and what has to be so in it."""

    def __init__(self, path: Path) -> None:
        with load(path) as file:
            self.events = list(file.events())
            self.inputs = list(file.inputs())
            assert file.checkpoint is not None
            self.cursor = file.checkpoint.cursor
            body = file.checkpoint.body
        self.trails: dict[str, Decimal] = {
            order: Decimal(high)
            for order, high in json.loads(body or "{}").get("trails", {}).items()
        }
        self.account = Account()
        for event in self.events:
            self.account.apply(event)
        self.orders = list(self.account.orders.values())

    def in_flight(self) -> set[str]:
        return {order.id for order in self.orders if order.status is Status.SUBMITTED}

    def ended(self, kind: Kind, status: Status = Status.FILLED) -> int:
        """How many orders of a kind ended like that."""
        return sum(o.kind is kind and o.status is status for o in self.orders)

    # ------------------------------------------------------------------ what has to be so

    def assert_sound(self) -> None:
        self.assert_nothing_is_doubled()
        self.assert_holdings_are_the_fills()
        self.assert_brackets_are_whole()

    def assert_nothing_is_doubled(self) -> None:
        accepted = [e.order.client_id for e in self.events if isinstance(e, ev.OrderAccepted)]
        assert len(accepted) == len(set(accepted))
        filled = [e.order_id for e in self.events if isinstance(e, ev.Filled)]
        assert len(filled) == len(set(filled))
        assert set(filled) == {o.id for o in self.orders if o.status is Status.FILLED}

    def assert_holdings_are_the_fills(self) -> None:
        """Nothing is sold that was not there, and what was not sold is there."""
        held: dict[TokenId, Decimal] = {}
        opened = self.events[0]
        assert isinstance(opened, ev.AccountOpened)
        cash = opened.cash
        for event in self.events:
            if isinstance(event, ev.Filled):
                before = held.get(event.token, Decimal(0))
                buying = event.side is Side.BUY
                assert buying or event.quantity <= before
                held[event.token] = (add if buying else sub)(before, event.quantity)
                cash = (sub if buying else add)(cash, event.cash)
            if isinstance(event, ev.Filled | ev.Reverted):
                cash = sub(cash, event.gas)
        positions = {t: p.quantity for t, p in self.account.ledger.positions.items()}
        assert positions == {token: quantity for token, quantity in held.items() if quantity}
        assert cash == self.account.ledger.cash
        for token, quantity in positions.items():
            assert self.account.reserved(token) <= quantity

    def assert_brackets_are_whole(self) -> None:
        """Of each bracket one exit at most fills, one at most flies, and none gets lost."""
        groups: dict[str, list[Order]] = {}
        for order in self.orders:
            if order.group is not None:
                groups.setdefault(order.group, []).append(order)
        for entry, *exits in groups.values():
            assert [o.client_id for o in exits] == [
                f"{entry.client_id}/{name}" for name in ("stop", "target")
            ]
            assert sum(o.status is Status.FILLED for o in exits) <= 1
            assert sum(o.status is Status.SUBMITTED for o in exits) <= 1
            for order in exits:
                self._assert_in_place(entry, order, exits)

    def _assert_in_place(self, entry: Order, order: Order, exits: list[Order]) -> None:
        """An exit waits for its entry, then rests for all of it, and ends for a reason only."""
        if entry.open:
            assert order.status is Status.HELD
        elif entry.status is not Status.FILLED:
            assert order.status is Status.CANCELLED
            assert order.reason == "its entry ended without a fill"
        elif order.open:
            assert order.status in (Status.WORKING, Status.SUBMITTED)
            got = [e.quantity for e in self.events if isinstance(e, ev.Filled)
                   and e.order_id == entry.id]  # fmt: skip
            assert [order.quantity] == got
        elif order.status is Status.REVERTED:
            assert (order.kind, order.attempts) == (Kind.TAKE_PROFIT, MAX_ATTEMPTS)
        elif order.status is Status.CANCELLED:
            fills = [f"order {o.id} of its bracket filled" for o in exits if
                     o.status is Status.FILLED and o is not order]  # fmt: skip
            assert order.reason in ("its position is being closed", *fills)
        else:
            assert order.status is Status.FILLED

    def assert_landed_in_time(self, prices: dict[TokenId, Prices]) -> None:
        """Everything that was sent landed on the first price from its block on, or is due later."""
        flying: dict[str, ev.OrderSubmitted] = {}
        for event in self.events:
            if isinstance(event, ev.OrderSubmitted):
                assert event.order_id not in flying
                flying[event.order_id] = event
            elif isinstance(event, ev.Filled | ev.Reverted):
                sent = flying.pop(event.order_id)
                assert event.time == prices[event.token].first_from(sent.lands_at)
            elif isinstance(event, ev.OrderCancelled):
                assert event.order_id not in flying, "there is cash enough to land"
        assert flying.keys() == self.in_flight()
        for order, sent in flying.items():
            had = prices[self.account.orders[order].token].last_before(self.cursor)
            assert had < sent.lands_at, f"{order} should have landed"

    def assert_trails_follow(self, prices: dict[TokenId, Prices]) -> int:
        """Every trailing stop has seen every price since it was placed, and acted on the first.

        Returns:
            How many there are.
        """
        sent: dict[str, ev.OrderSubmitted] = {}
        for event in self.events:
            if isinstance(event, ev.OrderSubmitted):
                sent.setdefault(event.order_id, event)
        count = 0
        for event in self.events:
            if not isinstance(event, ev.OrderAccepted):
                continue
            placed = event.order
            if placed.kind is not Kind.TRAILING_STOP:
                continue
            count += 1
            order = self.account.orders[placed.id]
            assert placed.high is not None
            assert placed.trail_bps is not None
            high, went = placed.high, False
            known = prices[placed.token]
            for price in known.between(self._given(placed), self.cursor):
                if order.status is Status.CANCELLED and order.attempts == 0:
                    break  # it was taken back at some time: up to when is not asked
                if went := price <= trail_price(high, placed.trail_bps):
                    assert order.attempts, f"{order.id} should have gone at {price}"
                    first = sent[order.id]
                    assert (first.quote_price, first.high) == (price, high)
                    break
                high = max(high, price)
            assert went or order.attempts == 0
            if order.status is Status.WORKING:
                assert self.trails[order.id] == high
        return count

    def _given(self, order: Order) -> int:
        """Where the market stood when an order was asked for."""
        return next(
            given.cursor
            for given in self.inputs
            if isinstance(given.command, PlaceOrder)
            and given.command.request.client_id == order.client_id
            and given.time == order.time
        )

    def assert_closed_exactly(self) -> None:
        """The last account line: the identity, exactly."""
        marked = self.events[-1]
        assert isinstance(marked, ev.AccountMarked)
        made = total((marked.initial, marked.realized, marked.unrealized))
        spent = total((marked.lp_fees, marked.impact, marked.mev, marked.gas))
        assert marked.equity == add(marked.cash, marked.holdings) == sub(made, spent)
        assert marked.reconciled
