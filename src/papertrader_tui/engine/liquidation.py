"""What holdings would bring if they were sold now, after LP fee, impact and gas."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.money import ZERO, add, sub
from papertrader_tui.domain.orders import Kind, Order, Origin, Side, SizeBy
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.situation import Situation
from papertrader_tui.simulator.costs import Swap
from papertrader_tui.simulator.gas import GasCost
from papertrader_tui.simulator.matching import quote


class Gas(Protocol):
    """Says what a swap's gas costs (`engine.orderdesk.OrderDesk`)."""

    def gas_of(
        self, market: TokenMarket, order: Order | None = None, swap: Swap | None = None
    ) -> GasCost:
        """Of one swap."""
        ...


class Liquidation:
    """Works it out when it is asked, once for each state of a market and a holding."""

    __slots__ = ("_account", "_gas", "_known", "_of")

    def __init__(self, of: Situation, gas: Gas) -> None:
        self._of = of
        self._account: Account = of.account
        self._gas = gas
        self._known: dict[TokenId, tuple[tuple[object, ...], Decimal | None]] = {}

    def of(self, token: TokenId) -> Decimal | None:
        """What all of a holding would bring, 0 if less than its gas; None if it cannot be sold."""
        market = self._of.markets.get(token)
        held = self._account.held(token)
        price = market.price_of(Side.SELL) if market is not None else None
        if market is None or price is None:
            return None
        gas = self._of.gas.get(market.chain.key)
        key = (held, price, market.pricer, gas, self._of.profile)
        known = self._known.get(token)
        if known is None or known[0] != key:
            known = self._known[token] = key, self._proceeds(market, held, price)
        return known[1]

    def total(self) -> Decimal | None:
        """Cash and what everything held would bring; None where something cannot be sold."""
        value = self._account.ledger.cash
        for token in self._account.ledger.positions:
            proceeds = self.of(token)
            if proceeds is None:
                return None
            value = add(value, proceeds)
        return value

    def _proceeds(self, market: TokenMarket, held: Decimal, price: Decimal) -> Decimal | None:
        sale = Order(
            "o0", "", self._of.now, market.token.id, Side.SELL, Kind.MARKET, Origin.MANUAL,
            SizeBy.PERCENT, Decimal(100), None, held, 0,
        )  # fmt: skip
        swap = quote(sale, price, market.pricer, market.token.decimals)
        if swap is None:
            return None
        return max(ZERO, sub(swap.cash, self._gas.gas_of(market, sale, swap).usd))
