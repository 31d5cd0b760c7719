"""The life of an order: accepted, triggered, sent, landed.

Everything here is decided from what it is given and told through `emit`, which folds the event
into the account at once, so that the next line already sees its effect.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import cash_need
from papertrader_tui.domain.money import ZERO, add, mul, sub
from papertrader_tui.domain.orders import (
    Kind,
    Order,
    OrderRequest,
    Origin,
    Side,
    SizeBy,
    Status,
)
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.checks import trial_order
from papertrader_tui.engine.estimates import Estimates
from papertrader_tui.engine.landing import Landing
from papertrader_tui.engine.outcomes import source_of
from papertrader_tui.engine.resting import Resting
from papertrader_tui.engine.situation import Emit, Situation
from papertrader_tui.simulator.costs import Swap
from papertrader_tui.simulator.landing import BLOCKS_BY_STRATEGY, MOST_UNSEEN_MS, lands_at, wait
from papertrader_tui.simulator.matching import (
    moves,
    quote_or_why,
    terms,
)
from papertrader_tui.simulator.pools import SILENCE


class OrderDesk:
    """Accepts orders, watches the resting ones, and lands those that were sent.

    Attributes:
        draft, gas_of: See `Estimates`.
        match, stops: See `Resting`.
        trails: Highest price seen per working trailing stop, between the events that record it.
    """

    __slots__ = (
        "_account", "_emit", "_landing", "_of", "draft", "gas_of", "match", "stops",
        "trails",
    )  # fmt: skip

    def __init__(self, of: Situation, emit: Emit) -> None:
        self._of = of
        self._account = of.account
        self._emit = emit
        estimates, resting = Estimates(of), Resting(of, self)
        self.draft, self.gas_of = estimates.draft, estimates.gas_of
        self.match, self.stops, self.trails = resting.match, resting.stops, resting.trails
        self._landing = Landing(of, self, emit)

    # ------------------------------------------------------------------ placing

    def place(self, request: OrderRequest) -> None:
        """Accept a request, or reject it with the reason; the same client id only once."""
        if request.client_id in self._account.client_ids:
            return
        sized = self.draft(request)
        of, seq = self._of, self._account.seq + 1
        if sized.problems:
            rule, reason = sized.problems[0]
            self._emit(
                ev.OrderRejected(
                    seq,
                    of.now,
                    request.client_id,
                    request.token,
                    request.side,
                    request.origin,
                    rule,
                    reason,
                )
            )
            return
        market = of.markets[request.token]
        number = self._account.orders_made + 1
        bracket = request.stop is not None or request.target is not None
        order = replace(
            trial_order(request, sized, of.now),
            id=f"o{number}",
            trail_bps=request.trail_bps,
            good_until=request.good_until,
            group=f"g{number}" if bracket else None,
            decision=request.decision,
            high=market.price if request.kind is Kind.TRAILING_STOP else None,
            insist=request.insist,
        )
        self._emit(ev.OrderAccepted(seq, of.now, order, sized.warnings))
        exits = ((Kind.STOP, request.stop, "stop"), (Kind.TAKE_PROFIT, request.target, "target"))
        for kind, price, name in exits:
            if price is not None:
                self._hold_exit(order, kind, price, name)
        market.working = True
        if order.kind is Kind.TRAILING_STOP and order.high is not None:
            self.trails[order.id] = order.high
        if order.kind is Kind.MARKET:
            self.send(order, market)

    def _hold_exit(self, entry: Order, kind: Kind, price: Decimal, name: str) -> None:
        number = self._account.orders_made + 1
        self._emit(
            ev.OrderAccepted(
                self._account.seq + 1,
                self._of.now,
                Order(
                    f"o{number}",
                    f"{entry.client_id}/{name}",
                    self._of.now,
                    entry.token,
                    Side.SELL,
                    kind,
                    Origin.EXIT,
                    SizeBy.PERCENT,
                    Decimal(100),
                    None,
                    None,
                    entry.tolerance_bps,
                    price,
                    None,
                    None,
                    entry.group,
                    entry.id,
                    entry.decision,
                    Status.HELD,
                ),
            )
        )

    # ------------------------------------------------------------------ taking back

    def cancel(self, order_id: str, reason: str = "taken back") -> str | None:
        """Cancel an order and the exits that wait for it; says why it cannot, if it cannot."""
        order = self._account.orders.get(order_id)
        if order is None:
            return f"there is no order {order_id!r}"
        if order.status.final:
            return f"order {order_id} is already {order.status.value}"
        if order.status is Status.SUBMITTED:
            return f"order {order_id} is in flight: it lands in its block or reverts"
        self.end(order, ev.OrderCancelled(self._account.seq + 1, self._of.now, order.id, reason))
        return None

    def end(self, order: Order, event: ev.Event) -> None:
        """End an order without a fill, and the exits that hang on it."""
        self._emit(event)
        self.trails.pop(order.id, None)
        self.drop_exits(order, "its entry ended without a fill")

    def drop_exits(self, entry: Order, reason: str) -> None:
        """Take back the exits that wait for an entry which will never fill."""
        for other in list(self._account.open.get(entry.token, {}).values()):
            if other.parent == entry.id and other.status is Status.HELD:
                self._emit(ev.OrderCancelled(self._account.seq + 1, self._of.now, other.id, reason))
        self.refresh(entry.token)

    def cancel_all(self, token: TokenId | None, side: Side | None, reason: str) -> None:
        """Cancel every order that is not in flight, of one token or side if given.

        Of one side only those that rest: exits that wait go with their entry, or not at all.
        """
        for order in self._account.open_orders():
            wanted = token in (None, order.token) and side in (None, order.side)
            # an order may have gone with its entry since the list was made
            current = self._account.orders[order.id].status
            if wanted and (current is Status.WORKING or (current is Status.HELD and side is None)):
                self.cancel(order.id, reason)

    def can_close(self, request: OrderRequest) -> bool:
        """Would a sale of all of it be accepted once its resting sells were taken back?"""
        account = self._account
        others = [rule for rule, _ in self.draft(request).problems if rule != "holding"]
        market = self._of.markets.get(request.token)
        if others or market is None:
            return False
        flying = ZERO
        for order in account.open.get(request.token, {}).values():
            if order.side is Side.SELL and order.status is Status.SUBMITTED:
                flying = add(flying, order.quantity or ZERO)
        free = sub(account.held(request.token), flying)
        worth = mul(free, market.price or ZERO)
        return free > 0 and add(account.ledger.cash, worth) >= self.gas_of(market).usd

    def drop_in_flight(self, reason: str) -> None:
        """Take back what was sent and can land nowhere."""
        for order in self._account.open_orders():
            if self._account.orders[order.id].status is Status.SUBMITTED:
                event = ev.OrderCancelled(self._account.seq + 1, self._of.now, order.id, reason)
                self.end(order, event)

    def expire(self, now: int) -> None:
        """End the orders whose time is up; what is in flight lands all the same."""
        for order in self._account.open_orders():
            if (
                order.good_until is not None
                and now >= order.good_until
                and self._account.orders[order.id].status is Status.WORKING
            ):
                self.end(order, ev.OrderExpired(self._account.seq + 1, now, order.id))

    def due(self) -> int:
        """When the next order expires."""
        times = [
            o.good_until
            for b in self._account.open.values()
            for o in b.values()
            if o.good_until is not None and o.status is Status.WORKING
        ]
        return min(times, default=1 << 62)

    # ------------------------------------------------------------------ prices

    def land(self, market: TokenMarket, opening: bool) -> None:
        """Mine what was sent and whose block has come, at the price that the market has now.

        Args:
            market: The token's market, its price just renewed.
            opening: The price is a candle's open: whatever was sent before it lands on it,
                since nothing is known of the market in between.
        """
        now = self._of.now
        for order in list(self._account.open.get(market.token.id, {}).values()):
            if (
                order.status is Status.SUBMITTED
                and self._time_has_come(order, market, now, opening)
                # on a doubted price an entry waits for one that is believed
                and market.price_of(order.side) is not None
            ):
                self._landing.mine(order, market)

    def _time_has_come(self, order: Order, market: TokenMarket, now: int, opening: bool) -> bool:
        """Does it land on a price? Where its chain tells blocks, only if that fell silent."""
        if order.lands_block:
            return self._late(order) and self._of.pools.silent(market.chain.key)
        return (order.lands_at or 0) <= now or (opening and order.quote_time <= now)

    def _late(self, order: Order) -> bool:
        """Has what it was to land on not been told for too long?

        Right after a start chains are still to be heard, ways to be found, and blocks that have
        gone by to be read: an order that an earlier session sent waits for them.
        """
        overdue = self._of.now > (order.lands_at or 0) + SILENCE
        return overdue and not self._of.pools.settling()

    def land_in(self, market: TokenMarket, block: int) -> None:
        """Mine what was sent for this block, or for an earlier one and could not land then.

        An order is the first transaction of its block, so the token's pools must stand as they
        did before it. Where that is not to be had for too long (no node keeps it, or the chain
        began anew), it lands on what there is, in the block after the newest.
        """
        pools, token = self._of.pools, market.token.id
        exact = pools.stands_before(token, block)
        for order in list(self._account.open.get(token, {}).values()):
            due = exact and order.lands_block <= block
            late = self._late(order)
            if (
                order.status is Status.SUBMITTED
                and order.lands_block
                and (due or late)
                and market.price_of(order.side) is not None
            ):
                self._landing.mine(order, market, block if due else block + 1, landed=due)

    # ------------------------------------------------------------------ sending and landing

    def send(self, order: Order, market: TokenMarket, tolerance: int | None = None) -> None:
        """Send an order to the chain on the quote of now, with another tolerance if given."""
        of = self._of
        order = self._account.orders[order.id]
        price = market.price_of(order.side) or ZERO
        if tolerance is not None:
            order = order.to(Status.SUBMITTED, tolerance_bps=tolerance)
        swap, why = quote_or_why(order, price, market.pricer, market.token.decimals)
        if not moves(swap):
            if order.urgent and order.status is Status.WORKING:
                return  # it has to get out: the next price may serve it
            reason = why or "the size comes to nothing after costs"
            self.end(order, ev.OrderCancelled(self._account.seq + 1, of.now, order.id, reason))
            return
        assert swap is not None
        expected, bound = terms(order, swap, market.token.decimals)
        if order.exact_out and self._beyond_cash(order, bound):
            reason = f"up to {bound:,.2f} USDC would be needed, which is more than is free"
            seq = self._account.seq + 1
            self.end(order, ev.OrderCancelled(seq, of.now, order.id, reason))
            return
        attempt = order.attempts + 1
        head = of.pools.head(market.chain.key)
        blocks, block = self._wait(order, market, attempt, swap)
        self._emit(
            ev.OrderSubmitted(
                self._account.seq + 1,
                of.now,
                order.id,
                attempt,
                lands_at(market.chain, blocks, of.now),
                swap.reference,
                source_of(swap, market, order.side, head),
                market.time,
                expected,
                bound,
                order.tolerance_bps,
                self.trails.get(order.id, order.high),
                block,
            )
        )
        market.working = True

    def _wait(self, order: Order, market: TokenMarket, attempt: int, swap: Swap) -> tuple[int, int]:
        """How many blocks an order waits, and the number of its block, 0 if it lands by time."""
        of, chain = self._of, market.chain
        gas = of.gas.get(chain.key)
        if swap.run is None or gas is None or gas.fees is None:
            return wait(self._account.seed, order.id, attempt), 0
        choices = BLOCKS_BY_STRATEGY[of.profile.gas_strategy]
        blocks = wait(self._account.seed, order.id, attempt, choices)
        # a node that is asked every few seconds tells of a block after newer ones were made
        unseen = min(max(0, of.now - gas.time), MOST_UNSEEN_MS) // chain.block_ms
        return blocks, of.pools.head(chain.key) + unseen + blocks

    def _beyond_cash(self, order: Order, bound: Decimal) -> bool:
        """Would it need more than is free and it has reserved itself?"""
        return bound > add(self._account.free_cash(), cash_need(order))

    def refresh(self, token: TokenId) -> None:
        """Note whether orders of a token are still open."""
        market = self._of.markets.get(token)
        if market is not None:
            market.working = token in self._account.open
