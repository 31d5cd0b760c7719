"""An account's story told in consistent facts, for tests of the store."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from papertrader_tui.domain.account import Account
from papertrader_tui.domain.decision import Action, Check, Decision, Factor, FactorInput
from papertrader_tui.domain.events import (
    AccountMarked,
    AccountOpened,
    Decided,
    Event,
    Fidelity,
    Filled,
    OrderAccepted,
    OrderRejected,
    OrderSubmitted,
    Reverted,
)
from papertrader_tui.domain.ledger import cost_of
from papertrader_tui.domain.money import add, divide, mul, quantize_even, sub
from papertrader_tui.domain.orders import Kind, Order, Origin, Side, SizeBy, Status
from papertrader_tui.store import accounts
from papertrader_tui.store.meta import Meta

WETH = "base:0x4200000000000000000000000000000000000006"
TOSHI = "base:0xac1bd2486aaf3b5c0fc3fd868558b082a531b2b4"
START = 1_767_571_200_000  # 2026-01-05T00:00:00Z
CASH = Decimal(10_000)


def meta(name: str = "main") -> Meta:
    return Meta(name, CASH, "demo", "demo:7:1", 7, "2026-01-05T00:00:00Z", "0.0.0")


def new_account(data: Path, name: str = "main") -> Path:
    return accounts.create(data, meta(name))


class Story:
    """Makes facts in sequence, and folds them as it goes."""

    def __init__(self) -> None:
        self.account = Account()
        self.events: list[Event] = []
        self.time = START

    def __iter__(self):
        return iter(self.events)

    def add(self, event: Event) -> Event:
        self.account.apply(event)
        self.events.append(event)
        return event

    def _next(self) -> tuple[int, int]:
        self.time += 1_000
        return self.account.seq + 1, self.time

    def open(self) -> None:
        self.add(AccountOpened(*self._next(), "main", "demo", CASH, 7, "0.0.0"))

    def order(self, side: Side, size: Decimal, token: str = WETH) -> str:
        seq, time = self._next()
        number = self.account.orders_made + 1
        buy = side is Side.BUY
        order = Order(
            f"o{number}", f"c{number}", time, token, side, Kind.MARKET, Origin.MANUAL,
            SizeBy.NOTIONAL if buy else SizeBy.QUANTITY, size,
            size if buy else None, None if buy else size, 50,
        )  # fmt: skip
        self.add(OrderAccepted(seq, time, order, ("near the daily limit",)))
        seq, time = self._next()
        self.add(OrderSubmitted(
            seq, time, order.id, 1, time + 2_000, Decimal("2000.5"), "demo", time, Decimal("0.1"),
            Decimal("0.0995"), 50,
        ))  # fmt: skip
        return order.id

    def fill(
        self, order_id: str, quantity: Decimal, price: Decimal, *, symbol: str = "WETH"
    ) -> Filled:
        seq, time = self._next()
        order = self.account.order(order_id)
        value = mul(quantity, price)
        lp_fee, impact, gas = Decimal("0.123456"), Decimal("0.000001"), Decimal("0.0421")
        costs = add(lp_fee, impact)
        if order.side is Side.BUY:
            cash, cost, realized = add(value, costs), value, Decimal(0)
        else:
            cash = sub(value, costs)
            cost = cost_of(self.account.ledger.positions[order.token], quantity)
            realized = sub(value, cost)
        event = Filled(
            seq, time, order_id, order.token, symbol, order.side, order.origin, quantity, cash,
            quantize_even(divide(cash, quantity), 12), price, "demo", Decimal("-0.01"), lp_fee,
            impact, gas, 150_000, 12_000_000, 30_000_000_000_000_000_000, Decimal(2000), "demo",
            Fidelity.LIQUIDITY, cost, realized, "d1",
        )  # fmt: skip
        self.add(event)
        return event

    def revert(self, order_id: str, *, symbol: str = "WETH", again: str = "reverted") -> Reverted:
        seq, time = self._next()
        order = self.account.order(order_id)
        event = Reverted(
            seq, time, order_id, order.token, symbol, order.side, order.origin, Decimal(2100),
            Decimal("2099.5"), "demo", Decimal("9.9"), Decimal("0.05"), 90_000, 12_000_000, 0,
            Decimal(2000), "demo", Fidelity.LIQUIDITY, "below its minimum", again,
        )  # fmt: skip
        self.add(event)
        return event

    def reject(self, reason: str = "no cash left") -> None:
        self.add(OrderRejected(
            *self._next(), "cx", WETH, Side.BUY, Origin.BOT, "cash", reason))  # fmt: skip

    def decide(self, action: Action = Action.HOLD, ident: str | None = None, **changes) -> Decision:
        seq, time = self._next()
        decision = Decision(
            ident or f"d{self.account.decisions + 1}", time, WETH, action, Decimal("71.25"),
            Decimal("40.00"), Decimal("66.10"), 5, "Balanced", Decimal(0), "hold.edge",
            "the edge does not pay for its costs", Decimal("2000.5"), "demo", 400,
            factors=(
                Factor("trend", "opportunity", Decimal("66.10"), Decimal(100), Decimal("66.10"),
                       "the trend is up", (FactorInput("slope", "0.4", "candles", 300),)),
            ),
            checks=(Check("entry", "confidence", "71.25", "at least 65", 0.912, False),),
            missing=("holders",), stop=Decimal(1900), targets=(Decimal(2100), Decimal(2200)),
        )  # fmt: skip
        decision = replace(decision, **changes)
        self.add(Decided(seq, time, decision))
        return decision

    def mark(self) -> AccountMarked:
        _, time = self._next()
        event = self.account.totals(time)
        self.add(event)
        return event


def trading_day() -> Story:
    """Buys, sells part, reverts, is refused, decides and marks."""
    story = Story()
    story.open()
    story.decide()
    first = story.order(Side.BUY, Decimal(500))
    story.fill(first, Decimal("0.249912345678901234"), Decimal("2000.123456789"))
    story.mark()
    other = story.order(Side.BUY, Decimal(250), TOSHI)
    story.fill(other, Decimal("1234567.000000000000000001"), Decimal("0.000202"), symbol="TOSHI")
    story.decide(Action.SELL, size_usd=Decimal("120.5"), quantity=Decimal("0.06"))
    sale = story.order(Side.SELL, Decimal("0.06"))
    story.fill(sale, Decimal("0.06"), Decimal("2050.987654321"))
    lost = story.order(Side.BUY, Decimal(100))
    story.revert(lost)
    story.reject()
    resting = story.order(Side.SELL, Decimal("0.01"))
    assert story.account.order(resting).status is Status.SUBMITTED
    story.mark()
    return story


async def store(journal, story: Story, *, cursor: int = 42, checkpoint: str = '{"peak":"1"}'):
    await journal.append(
        story.events, inputs=[], checkpoint=checkpoint, cursor=cursor, durable=True
    )
