"""What is asked before an order is sent: what it would come to, and what its gas costs."""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.account import approval
from papertrader_tui.domain.money import ZERO
from papertrader_tui.domain.orders import Order, OrderRequest, Side
from papertrader_tui.engine.checks import Draft, draft, trial_order
from papertrader_tui.engine.situation import Situation
from papertrader_tui.simulator.costs import Swap
from papertrader_tui.simulator.gas import GasCost, GasTerms, run_gas, swap_gas
from papertrader_tui.simulator.matching import quote
from papertrader_tui.simulator.pool_pricer import raw_bound


class Estimates:
    """Answers by what the desk knows now."""

    __slots__ = ("_account", "_of")

    def __init__(self, of: Situation) -> None:
        self._of = of
        self._account = of.account

    def draft(self, request: OrderRequest, now: int | None = None) -> Draft:
        """The request checked and sized as things stand."""
        of = self._of
        now = of.now if now is None else now
        market = of.markets.get(request.token)

        def drafted(gas_usd: Decimal) -> Draft:
            return draft(
                request, market, self._account, of.gates, of.profile, gas_usd, now, of.stale_after
            )

        if market is None:
            return drafted(ZERO)
        typical = self.gas_of(market)
        sized = drafted(typical.usd)
        if sized.notional is None and sized.quantity is None:
            return sized
        order = trial_order(request, sized, now)
        swap = quote(order, market.price or ZERO, market.pricer, market.token.decimals)
        if swap is None or swap.run is None:
            return sized
        return drafted(self.gas_of(market, order, swap).usd)

    def gas_of(
        self,
        market: TokenMarket,
        order: Order | None = None,
        swap: Swap | None = None,
        *,
        landed: bool = False,
    ) -> GasCost:
        """What a swap's gas costs on the token's chain now; a typical one's where it is not known.

        Args:
            market: Of the token.
            order: Whose swap it is.
            swap: Through the token's pools.
            landed: The newest block is the one it landed in.
        """
        gas = self._of.gas.get(market.chain.key)
        run = swap.run if swap is not None else None
        if order is None or run is None or gas is None or gas.fees is None:
            return swap_gas(market.chain, gas)
        account = self._account
        terms = GasTerms(
            self._of.profile.gas_strategy,
            approval(order.token, order.side) not in account.approved,
            order.side is Side.BUY and account.held(order.token) == 0,
            raw_bound(order, run.path),
            landed,
        )
        return run_gas(market.chain, gas, gas.fees, run, terms)
