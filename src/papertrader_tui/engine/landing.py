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
from papertrader_tui.engine.outcomes import attack_gas, goes, source_of, what_failed
from papertrader_tui.engine.situation import Emit, Situation
from papertrader_tui.simulator.costs import Swap, drift
from papertrader_tui.simulator.executions import execution_of
from papertrader_tui.simulator.gas import GasCost
from papertrader_tui.simulator.matching import (
    MAX_ATTEMPTS,
    moves,
    quote_or_why,
    widened,
)
from papertrader_tui.simulator.pool_pricer import PoolPricer, raw_bound


class Book(Protocol):
    """What of the order desk a landing uses."""

    trails: dict[str, Decimal]

    def gas_of(
        self,
        market: TokenMarket,
        order: Order | None = None,
        swap: Swap | None = None,
        *,
        landed: bool = False,
    ) -> GasCost:
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

    def mine(
        self, order: Order, market: TokenMarket, block: int = 0, *, landed: bool = False
    ) -> None:
        """Execute an order on what its market is now.

        Args:
            order: One that was sent.
            market: Of its token.
            block: The block that it is the first transaction of, 0 where it lands by time.
            landed: That block is known, and so what its gas cost; else it is the next one.
        """
        of, cash = self._of, self._account.ledger.cash
        price = market.price_of(order.side) or ZERO
        pricer = market.pricer
        swap, why = quote_or_why(order, price, pricer, market.token.decimals)
        gas = self._book.gas_of(market, order, swap, landed=landed)
        passes = self._passes(order, swap, gas)
        protected = of.profile.mev_protection
        seen = market.chain.public_mempool and not protected
        if passes and seen and swap is not None and isinstance(pricer, PoolPricer):
            swap = pricer.sandwiched(swap, lambda s: goes(order, s), attack_gas(swap, gas))
            gas = self._book.gas_of(market, order, swap, landed=landed)
            passes = self._passes(order, swap, gas)
        if not passes and protected and block and pricer.fidelity is ev.Fidelity.POOL:
            self._leave_out(order, market, swap, block, why)
        elif not passes and cash < gas.usd:
            self._too_poor(order, market, swap)
        elif passes and swap is not None:
            self._fill(order, market, swap, gas, block)
            self._book.refresh(order.token)
        else:
            self._revert(order, market, swap, gas, block, why)
            self._book.refresh(order.token)

    def _passes(self, order: Order, swap: Swap | None, gas: GasCost) -> bool:
        """Does it keep its bound, and is there money for it?"""
        if swap is None or not goes(order, swap):
            return False
        needed = add(swap.cash, gas.usd) if order.side is Side.BUY else sub(gas.usd, swap.cash)
        return self._account.ledger.cash >= needed

    def _too_poor(self, order: Order, market: TokenMarket, swap: Swap | None) -> None:
        """There is no money for the gas of a revert, so it was not mined."""
        if order.urgent:
            if moves(swap):
                self._book.send(order, market, widened(order.tolerance_bps))
            return
        cash = self._account.ledger.cash
        reason = f"the cash of {cash:,.2f} no longer covers the swap and its gas"
        seq = self._account.seq + 1
        self._book.end(order, ev.OrderCancelled(seq, self._of.now, order.id, reason))

    def _leave_out(
        self, order: Order, market: TokenMarket, swap: Swap | None, block: int, why: str
    ) -> None:
        """A protected relay includes nothing that would revert."""
        again = self._again(order, swap)
        final = again is Status.REVERTED
        self._emit(
            ev.NotIncluded(
                self._account.seq + 1,
                self._of.now,
                order.id,
                order.token,
                market.token.symbol,
                order.side,
                order.origin,
                block,
                f"not included in block {block}: {what_failed(order, swap, why)}",
                Status.CANCELLED.value if final else again.value,
            )
        )
        self._go_on(order, market, again)
        self._book.refresh(order.token)

    def _fill(
        self, order: Order, market: TokenMarket, swap: Swap, gas: GasCost, block: int
    ) -> None:
        account, of = self._account, self._of
        buying = order.side is Side.BUY
        value = mul(swap.quantity, swap.reference)
        cost, realized = value, ZERO
        block = block or of.pools.head(market.chain.key) + 1
        execution = None
        if swap.run is not None:
            bound = raw_bound(order, swap.run.path)
            execution = execution_of(swap.run, block, bound, gas.made_of)
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
                self._source(order, market, swap, block),
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
                swap.mev,
                execution,
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

    def _source(self, order: Order, market: TokenMarket, swap: Swap | None, block: int) -> str:
        """Who says what it was executed on; and why it is an estimate where it was to be none."""
        source = source_of(swap, market, order.side, block)
        if not order.lands_block or (swap is not None and swap.run is not None):
            return source
        if self._of.pools.silent(market.chain.key):
            return f"{source}; {market.chain.name} is silent"
        return f"{source}; its pools are not known"

    def _revert(
        self,
        order: Order,
        market: TokenMarket,
        swap: Swap | None,
        gas: GasCost,
        block: int,
        why: str,
    ) -> None:
        reference = swap.reference if swap is not None else market.price_of(order.side) or ZERO
        price = swap.price if swap is not None else reference
        quantity = swap.quantity if swap is not None else order.quantity or ZERO
        again = self._again(order, swap)
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
                self._source(order, market, swap, block),
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
                what_failed(order, swap, why),
                again.value,
            )
        )
        self._go_on(order, market, again)

    def _again(self, order: Order, swap: Swap | None) -> Status:
        """The state that an order which did not fill goes on in."""
        again = self._after_revert(order)
        if again is Status.SUBMITTED and not moves(swap):
            return Status.WORKING
        return again

    def _go_on(self, order: Order, market: TokenMarket, again: Status) -> None:
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
