"""The block that an order was sent for has come: it fills, or it reverts."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.ledger import cost_of
from papertrader_tui.domain.money import ZERO, add, mul, sub
from papertrader_tui.domain.orders import Kind, Order, Side, Status
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.situation import Emit, Situation
from papertrader_tui.simulator.costs import Swap, drift
from papertrader_tui.simulator.gas import GasCost
from papertrader_tui.simulator.matching import MAX_ATTEMPTS, moves, quote, widened, within


class Book(Protocol):
    """What of the order desk a landing uses."""

    trails: dict[str, Decimal]

    def gas_of(self, market: TokenMarket) -> GasCost:
        """What a swap's gas costs on the token's chain now."""
        ...

    def send(self, order: Order, market: TokenMarket, tolerance: int | None = None) -> None:
        """Send an order to the chain."""
        ...

    def end(self, order: Order, event: ev.Event) -> None:
        """End an order without a fill."""
        ...

    def cancel(self, order_id: str, reason: str = ...) -> str | None:
        """Take an order back."""
        ...

    def drop_exits(self, entry: Order, reason: str) -> None:
        """Take back the exits that wait for an entry."""
        ...

    def refresh(self, token: TokenId) -> None:
        """Note whether orders of a token are still open."""
        ...


class Landing:
    """Mines orders: swaps at the state of their block, books what that cost."""

    __slots__ = ("_account", "_book", "_emit", "_of")

    def __init__(self, of: Situation, book: Book, emit: Emit) -> None:
        self._of = of
        self._account = of.account
        self._book = book
        self._emit = emit

    def mine(self, order: Order, market: TokenMarket) -> None:
        """Execute an order at the price that its market has now."""
        price = market.price_of(order.side) or ZERO
        swap = quote(order, price, market.pricer, market.token.decimals)
        gas = self._book.gas_of(market)
        cash = self._account.ledger.cash
        passes = swap is not None and moves(swap) and within(order, swap, order.bound or ZERO)
        if passes and swap is not None:
            needed = add(swap.cash, gas.usd) if order.side is Side.BUY else sub(gas.usd, swap.cash)
            if cash < needed:
                passes = False
        if not passes and cash < gas.usd:
            if order.urgent:
                # no money for the gas of a revert, so it was not mined; it goes again, wider
                if moves(swap):
                    self._book.send(order, market, widened(order.tolerance_bps))
                return
            self._book.end(
                order,
                ev.OrderCancelled(
                    self._account.seq + 1,
                    self._of.now,
                    order.id,
                    f"the cash of {cash:,.2f} no longer covers the swap and its gas",
                ),
            )
            return
        if passes and swap is not None:
            self._fill(order, market, swap, gas)
        else:
            self._revert(order, market, swap, gas)
        self._book.refresh(order.token)

    def _fill(self, order: Order, market: TokenMarket, swap: Swap, gas: GasCost) -> None:
        account, of = self._account, self._of
        buying = order.side is Side.BUY
        value = mul(swap.quantity, swap.reference)
        cost, realized = value, ZERO
        if not buying:
            cost = cost_of(account.ledger.positions[order.token], swap.quantity)
            realized = sub(value, cost)
        self._emit(
            ev.Filled(
                account.seq + 1,
                of.now,
                order.id,
                order.token,
                market.token.symbol,
                order.side,
                order.origin,
                swap.quantity,
                swap.cash,
                swap.price,
                swap.reference,
                market.source_of(order.side),
                drift(
                    swap.reference,
                    order.quote_price or swap.reference,
                    swap.quantity,
                    buying=buying,
                ),
                swap.lp_fee,
                swap.impact,
                gas.usd,
                gas.units,
                gas.price_wei,
                gas.l1_fee_wei,
                gas.native_usd,
                gas.source,
                swap.fidelity,
                cost,
                realized,
                order.decision,
            )
        )
        self._book.trails.pop(order.id, None)
        if buying:
            self._activate_exits(order, swap.quantity)
        elif order.group is not None:
            for other in list(account.open.get(order.token, {}).values()):
                if other.group == order.group and other.status is Status.WORKING:
                    self._book.cancel(other.id, f"order {order.id} of its bracket filled")

    def _activate_exits(self, entry: Order, quantity: Decimal) -> None:
        for other in list(self._account.open.get(entry.token, {}).values()):
            if other.parent == entry.id and other.status is Status.HELD:
                self._emit(
                    ev.OrderActivated(self._account.seq + 1, self._of.now, other.id, quantity)
                )

    def _revert(self, order: Order, market: TokenMarket, swap: Swap | None, gas: GasCost) -> None:
        reference = market.price_of(order.side) or ZERO
        price = swap.price if swap is not None else reference
        quantity = order.quantity or ZERO
        if swap is not None:
            quantity = swap.quantity
        what = "the pool cannot serve this size"
        if swap is not None:
            got = swap.quantity if order.side is Side.BUY and not order.exact_out else swap.cash
            word = "maximum in" if order.exact_out else "minimum out"
            what = f"it would have come to {got:f}, the {word} was {order.bound or ZERO:f}"
            if within(order, swap, order.bound or ZERO):
                what = "cash no longer covers the swap and its gas"
        again = self._after_revert(order)
        if again is Status.SUBMITTED and not moves(swap):
            again = Status.WORKING
        self._emit(
            ev.Reverted(
                self._account.seq + 1,
                self._of.now,
                order.id,
                order.token,
                market.token.symbol,
                order.side,
                order.origin,
                price,
                reference,
                market.source_of(order.side),
                drift(
                    reference,
                    order.quote_price or reference,
                    quantity,
                    buying=order.side is Side.BUY,
                ),
                gas.usd,
                gas.units,
                gas.price_wei,
                gas.l1_fee_wei,
                gas.native_usd,
                gas.source,
                market.pricer.fidelity,
                what,
                again.value,
            )
        )
        if again is Status.SUBMITTED:
            self._book.send(self._account.orders[order.id], market, widened(order.tolerance_bps))
        elif again is Status.REVERTED:
            self._book.trails.pop(order.id, None)
            self._book.drop_exits(order, "its entry ended without a fill")

    def _after_revert(self, order: Order) -> Status:
        """A stop has to get out: it goes again, wider. A limit or target rests again."""
        if order.urgent:
            return Status.SUBMITTED
        if order.side is Side.BUY and self._account.kill in (
            ev.KillMode.REDUCE_ONLY,
            ev.KillMode.FLATTEN,
        ):
            return Status.REVERTED
        if order.kind in (Kind.LIMIT, Kind.TAKE_PROFIT) and order.attempts < MAX_ATTEMPTS:
            return Status.WORKING
        return Status.REVERTED
