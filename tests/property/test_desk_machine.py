"""Whatever is asked in whatever order, the books balance and nothing is sold twice.

Narrow on purpose: one token and three prices, so that orders meet each other often.
"""

from __future__ import annotations

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import SetKill, SwitchBot, Watch
from papertrader_tui.domain.events import from_record, to_record
from papertrader_tui.domain.market import Depth
from papertrader_tui.domain.orders import Kind, SizeBy, Status
from papertrader_tui.domain.risk import RiskLimits
from tests.deskkit import WETH, D, Kit

PRICES = st.sampled_from(["2900", "3000", "3100"])
PERCENT = st.sampled_from(["34", "50", "100"])
LOOSE = RiskLimits(
    daily_trades=10_000,
    daily_loss_pct=D(100),
    peak_loss_pct=D(100),
    loss_streak=100,
    max_open_positions=1_000,
)


class DeskMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.kit = Kit(cash="1000", limits=LOOSE, liquidity="1000000")
        self.kit.price("3000")
        self.sold = self.bought = Decimal(0)

    @rule(price=PRICES, after=st.sampled_from([1_000, 5_000, 60_000]))
    def tick(self, price: str, after: int) -> None:
        self.kit.price(price, after=after)

    @rule(low=PRICES, high=PRICES, close=PRICES)
    def candle(self, low: str, high: str, close: str) -> None:
        low, close, high = sorted([low, close, high])
        self.kit.bar(close, high, low, close)

    @rule(price=PRICES)
    def opening(self, price: str) -> None:
        self.kit.price(price, after=0, opening=True)

    @rule(spend=st.sampled_from(["100", "450", "999"]), bps=st.sampled_from([10, 500]))
    def buy(self, spend: str, bps: int) -> None:
        self.kit.buy(spend, tolerance=bps)

    @rule(quantity=st.sampled_from(["0.05", "0.3"]), price=PRICES)
    def buy_quantity_at(self, quantity: str, price: str) -> None:
        self.kit.buy(quantity, by=SizeBy.QUANTITY, kind=Kind.LIMIT, price=price)

    @rule(percent=PERCENT, price=PRICES)
    def limit_buy(self, percent: str, price: str) -> None:
        self.kit.buy(percent, by=SizeBy.PERCENT, kind=Kind.LIMIT, price=price)

    @rule(spend=st.sampled_from(["100", "450"]))
    def bracket(self, spend: str) -> None:
        self.kit.buy(spend, stop="2850", target="3150", tolerance=500)

    @rule(
        percent=PERCENT,
        price=PRICES,
        kind=st.sampled_from([Kind.LIMIT, Kind.STOP, Kind.TAKE_PROFIT]),
        bps=st.sampled_from([10, 500]),
    )
    def resting_sell(self, percent: str, price: str, kind: Kind, bps: int) -> None:
        self.kit.sell(percent, kind=kind, price=price, tolerance=bps)

    @rule(percent=PERCENT)
    def trail(self, percent: str) -> None:
        self.kit.sell(percent, kind=Kind.TRAILING_STOP, trail=200)

    @rule(percent=PERCENT, bps=st.sampled_from([10, 500]))
    def sell(self, percent: str, bps: int) -> None:
        self.kit.sell(percent, tolerance=bps)

    @rule()
    def close(self) -> None:
        self.kit.close()

    @precondition(lambda self: self.kit.account.open)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.kit.account.open_orders()))
        self.kit.cancel(order.id)

    @rule(mode=st.sampled_from(list(ev.KillMode)))
    def kill(self, mode: ev.KillMode) -> None:
        self.kit.say(SetKill(mode))

    @rule()
    def restart(self) -> None:
        before = self.kit.desk
        self.kit.restart()
        after = self.kit.desk
        assert after.equity == before.equity
        assert after.account.peak == before.account.peak
        assert after.orders.trails == before.orders.trails

    @rule(on=st.booleans())
    def watch(self, on: bool) -> None:
        self.kit.say(Watch(WETH, on))

    @rule(liquidity=st.sampled_from(["0", "1000", "1000000"]))
    def depth(self, liquidity: str) -> None:
        self.kit.desk.step(Depth(WETH, self.kit.now, D(liquidity), 1e6, D(5), "test"))

    @rule(price=st.sampled_from([10**6, 10**9, 10**12]))
    def gas(self, price: int) -> None:
        self.kit.gas(price)

    @rule(price=PRICES)
    def passing_limit(self, price: str) -> None:
        self.kit.buy("100", kind=Kind.LIMIT, price=price, good_until=self.kit.now + 30_000)

    @rule(on=st.booleans())
    def bot(self, on: bool) -> None:
        self.kit.say(SwitchBot(on))

    @invariant()
    def the_books_balance(self) -> None:
        ledger = self.kit.account.ledger
        assert ledger.difference() == 0
        assert ledger.reconciled()
        assert ledger.cash >= 0
        assert all(p.quantity > 0 and p.cost >= 0 for p in ledger.positions.values())

    @invariant()
    def nothing_is_reserved_twice(self) -> None:
        account = self.kit.account
        assert account.reserved(WETH) <= account.held(WETH)
        groups: dict[str, set[Status]] = {}
        for order in account.open_orders():
            if order.group and order.side == "sell":
                groups.setdefault(order.group, set()).add(order.status)
        assert all(len([s for s in g if s is Status.SUBMITTED]) <= 1 for g in groups.values())

    @invariant()
    def flags_follow_the_account(self) -> None:
        market, account = self.kit.desk.markets[WETH], self.kit.account
        assert market.working == (WETH in account.open)
        assert market.held == (WETH in account.ledger.positions)

    def teardown(self) -> None:
        """The fold of the stored events is the account that was lived."""
        again = Account()
        again.apply(ev.AccountOpened(1, self.kit.events[0].time, "test", "demo", D(1000), 7, "0"))
        for event in self.kit.events:
            again.apply(from_record(type(event).__name__, event.seq, event.time, to_record(event)))
        account = self.kit.account
        assert again.ledger.balances == account.ledger.balances
        assert again.orders == account.orders
        assert {
            t: (p.quantity, p.cost, p.realized, p.costs) for t, p in again.ledger.positions.items()
        } == {
            t: (p.quantity, p.cost, p.realized, p.costs)
            for t, p in account.ledger.positions.items()
        }
        assert (again.kill, again.bot, again.losses, again.wins, again.trades) == (
            account.kill,
            account.bot,
            account.losses,
            account.wins,
            account.trades,
        )


TestDeskMachine = DeskMachine.TestCase
TestDeskMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
