"""Double entry: what each event posts, exactly, and what positions it leaves.

Amounts are signed like debits: assets and costs grow with plus, capital and profit with minus,
so every event's postings sum to zero.  With M the reference price of the landing block:

- buy, spending S for q: cash -S, holdings +q*M, lp_fees +F, impact +(S - F - q*M - V), mev +V;
- sale of q for R: cash +R, lp_fees +F, impact +(q*M - F - R - V), mev +V, holdings -c,
  realized -(q*M - c), where c is the weighted-average cost of q (all of it when all is sold);
- gas, of fills and of reverts: cash -G, gas +G.

So realised and unrealised profit are gross of costs, and after every event, exactly,

    cash + holdings at mark = initial + realised + unrealised - LP fees - impact - MEV - gas.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.events import AccountOpened, Event, Filled, Reverted
from papertrader_tui.domain.money import (
    ROUNDING,
    ZERO,
    add,
    divide,
    mul,
    neg,
    quantize_even,
    sub,
    total,
)
from papertrader_tui.domain.orders import Side

CASH = "cash"
HOLDINGS = "holdings"
LP_FEES = "lp_fees"
IMPACT = "impact"
MEV = "mev"
GAS = "gas"
REALIZED = "realized"
CAPITAL = "capital"
ACCOUNTS = (CASH, HOLDINGS, LP_FEES, IMPACT, GAS, REALIZED, CAPITAL, MEV)

#: Decimals to which the cost of a partial sale is rounded; the remainder stays with the holding.
COST_DECIMALS = 18


class Unbalanced(RuntimeError):
    """An event's postings do not sum to zero: a bug or a damaged journal, never input."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One leg: an account (and the token, for holdings) and a signed amount in USDC."""

    account: str
    amount: Decimal
    token: str | None = None


@dataclass(slots=True)
class Position:
    """A holding, and what it has cost and made since it was opened.

    Attributes:
        quantity: Tokens held.
        cost: Their total cost at reference prices, gross of costs.
        bought: Reference value of everything bought since it was opened.
        realized: Gross profit of what was sold since it was opened.
        lp_fees, impact, mev, gas: Paid on it since it was opened, reverts included.
        mark: Last price it was valued at.
        value: quantity x mark.
        opened: Market milliseconds of the first fill.
    """

    token: str
    quantity: Decimal
    cost: Decimal
    bought: Decimal
    realized: Decimal
    lp_fees: Decimal
    impact: Decimal
    gas: Decimal
    mark: Decimal
    value: Decimal
    opened: int
    mev: Decimal = ZERO

    @property
    def costs(self) -> Decimal:
        """LP fees, impact, MEV and gas together."""
        return add(add(self.lp_fees, self.impact), add(self.mev, self.gas))

    @property
    def unrealized(self) -> Decimal:
        """Value less cost, gross."""
        return sub(self.value, self.cost)

    @property
    def net(self) -> Decimal:
        """What the position has made: realised + unrealised - costs."""
        return sub(add(self.realized, self.unrealized), self.costs)


@dataclass(frozen=True, slots=True)
class Closed:
    """A position that was sold to zero; a win only if it made money net of its costs."""

    token: str
    time: int
    opened: int
    bought: Decimal
    realized: Decimal
    costs: Decimal

    @property
    def net(self) -> Decimal:
        """Realised less costs."""
        return sub(self.realized, self.costs)

    @property
    def win(self) -> bool:
        """Made money net of LP fees, impact, MEV and gas."""
        return self.net > 0


def cost_of(position: Position, quantity: Decimal) -> Decimal:
    """Weighted-average cost of a part of a holding; of all of it, all its cost."""
    if quantity == position.quantity:
        return position.cost
    # rounded to 18 decimals in any case, so the product may be rounded to 96 digits before
    share = divide(ROUNDING.multiply(position.cost, quantity), position.quantity)
    return quantize_even(share, COST_DECIMALS)


def postings(event: Event) -> tuple[Posting, ...]:
    """The legs that an event posts; most events post none."""
    if isinstance(event, Filled):
        value = mul(event.quantity, event.reference_price)
        costs = [Posting(LP_FEES, event.lp_fee), Posting(IMPACT, event.impact)]
        if event.mev:
            costs.append(Posting(MEV, event.mev))
        legs: tuple[Posting, ...]
        if event.side is Side.BUY:
            legs = (Posting(CASH, neg(event.cash)), Posting(HOLDINGS, value, event.token), *costs)
        else:
            legs = (
                Posting(CASH, event.cash),
                Posting(HOLDINGS, neg(event.cost), event.token),
                *costs,
                Posting(REALIZED, neg(sub(value, event.cost))),
            )
        return (*legs, Posting(CASH, neg(event.gas)), Posting(GAS, event.gas))
    if isinstance(event, Reverted):
        return (Posting(CASH, neg(event.gas)), Posting(GAS, event.gas))
    if isinstance(event, AccountOpened):
        return (Posting(CASH, event.cash), Posting(CAPITAL, neg(event.cash)))
    return ()


class Ledger:
    """Balances and positions: the fold of the events' postings.

    Attributes:
        balances: Signed balance per account; `holdings` is at cost.
        positions: Open positions by token.
        initial: What the account was opened with.
    """

    __slots__ = ("balances", "initial", "positions")

    def __init__(self) -> None:
        self.balances: dict[str, Decimal] = dict.fromkeys(ACCOUNTS, ZERO)
        self.positions: dict[str, Position] = {}
        self.initial = ZERO

    def apply(self, event: Event) -> Closed | None:
        """Post an event.

        Returns:
            The position that the event closed, if it closed one.

        Raises:
            Unbalanced: its legs do not sum to zero, or it sells what is not held.
        """
        legs = postings(event)
        if not legs:
            return None
        balance = total(leg.amount for leg in legs)
        if balance != 0:
            msg = f"event {event.seq} posts legs that sum to {balance}"
            raise Unbalanced(msg)
        for leg in legs:
            self.balances[leg.account] = add(self.balances[leg.account], leg.amount)
        if isinstance(event, Filled):
            if event.side is Side.SELL:
                return self._sell(event)
            self._buy(event)
        elif isinstance(event, Reverted):
            position = self.positions.get(event.token)
            if position is not None:
                position.gas = add(position.gas, event.gas)
        elif isinstance(event, AccountOpened):
            self.initial = add(self.initial, event.cash)
        return None

    def _buy(self, event: Filled) -> None:
        value = mul(event.quantity, event.reference_price)
        position = self.positions.get(event.token)
        if position is None:
            position = self.positions[event.token] = Position(
                event.token,
                ZERO,
                ZERO,
                ZERO,
                ZERO,
                ZERO,
                ZERO,
                ZERO,
                event.reference_price,
                ZERO,
                event.time,
            )
        position.quantity = add(position.quantity, event.quantity)
        position.cost = add(position.cost, value)
        position.bought = add(position.bought, value)
        self._charge(position, event)

    def _sell(self, event: Filled) -> Closed | None:
        position = self.positions.get(event.token)
        if position is None or event.quantity > position.quantity:
            held = position.quantity if position else ZERO
            msg = f"event {event.seq} sells {event.quantity} {event.token}, held {held}"
            raise Unbalanced(msg)
        if event.cost != cost_of(position, event.quantity):
            msg = f"event {event.seq} books a cost that is not the weighted average"
            raise Unbalanced(msg)
        position.quantity = sub(position.quantity, event.quantity)
        position.cost = sub(position.cost, event.cost)
        position.realized = add(position.realized, event.realized)
        self._charge(position, event)
        if position.quantity > 0:
            return None
        del self.positions[event.token]
        return Closed(
            event.token,
            event.time,
            position.opened,
            position.bought,
            position.realized,
            position.costs,
        )

    @staticmethod
    def _charge(position: Position, event: Filled) -> None:
        position.lp_fees = add(position.lp_fees, event.lp_fee)
        position.impact = add(position.impact, event.impact)
        position.mev = add(position.mev, event.mev)
        position.gas = add(position.gas, event.gas)
        position.mark = event.reference_price
        position.value = mul(position.quantity, position.mark)

    @property
    def cash(self) -> Decimal:
        """USDC that the account holds, reserved or not."""
        return self.balances[CASH]

    @property
    def realized(self) -> Decimal:
        """Realised profit, gross of costs."""
        return neg(self.balances[REALIZED])

    def holdings(self) -> Decimal:
        """Everything held, at mark."""
        return total(position.value for position in self.positions.values())

    def equity(self) -> Decimal:
        """Cash and holdings at mark."""
        return add(self.cash, self.holdings())

    def unrealized(self) -> Decimal:
        """Holdings at mark less their cost, gross."""
        return total(position.unrealized for position in self.positions.values())

    def difference(self) -> Decimal:
        """The identity's two sides apart; anything but zero is a bug."""
        right = add(add(self.initial, self.realized), self.unrealized())
        for name in (LP_FEES, IMPACT, MEV, GAS):
            right = sub(right, self.balances[name])
        return sub(self.equity(), right)

    def reconciled(self) -> bool:
        """The identity holds, and holdings at cost equal the positions' costs."""
        cost = total(position.cost for position in self.positions.values())
        return self.difference() == 0 and cost == self.balances[HOLDINGS]
