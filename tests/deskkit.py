"""A desk with one or two tokens, and short ways to tell it things."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import TypeVar

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import CancelOrder, ClosePosition, Command, PlaceOrder
from papertrader_tui.domain.market import Bar, Depth, Gas, Quote
from papertrader_tui.domain.orders import Kind, Order, OrderRequest, Origin, Side, SizeBy
from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.domain.tokens import Chain, Registry, Token
from papertrader_tui.engine.desk import Desk

D = Decimal
WETH = "base:0x4200000000000000000000000000000000000006"
PEPE = "ethereum:0x6982508145454ce325ddbe47a25d4ec3d2311933"
_E = TypeVar("_E", bound=ev.Event)
START = 1_767_571_200_000  # 2026-01-05T00:00:00Z

BASE = Chain("base", 8453, "Base", "ETH", WETH, 2_000, 10**7, 150_000, 10**11, D(3000), False)
ETHEREUM = Chain(
    "ethereum", 1, "Ethereum", "ETH", "ethereum:0xc0", 12_000, 2 * 10**9, 150_000, 0, D(3000), True
)
REGISTRY = Registry(
    {"base": BASE, "ethereum": ETHEREUM},
    {
        WETH: Token(WETH, "WETH", "Wrapped Ether", "base", 18, D(5)),
        PEPE: Token(PEPE, "PEPE", "Pepe", "ethereum", 18, D(30)),
    },
)


class Kit:
    """A desk and a clock that only goes forward."""

    def __init__(
        self,
        cash: str = "10000",
        limits: RiskLimits | None = None,
        seed: int = 7,
        liquidity: str | None = "10000000",
    ) -> None:
        account = Account()
        self._opened = ev.AccountOpened(1, START, "test", "demo", D(cash), seed, "0")
        account.apply(self._opened)
        self.desk = Desk(account, REGISTRY, limits, stale_after=60_000)
        self.now = START
        self.events: list[ev.Event] = []
        self._ids = count(1)
        self._take(self.desk.start_session(START, "0", "test", [WETH, PEPE]))
        if liquidity is not None:
            for token in (WETH, PEPE):
                self.desk.step(Depth(token, START, D(liquidity), 1e6, D(5), "test"))

    def restart(self) -> None:
        """Another desk on what was stored: the events, as JSON, and the checkpoint."""
        before, text = self.desk, self.desk.checkpoint()
        account = Account()
        account.apply(self._opened)
        for event in self.events:
            kind, record = type(event).__name__, ev.to_record(event)
            account.apply(ev.from_record(kind, event.seq, event.time, record))
        self.desk = Desk(account, REGISTRY, before.limits, stale_after=60_000)
        self.desk.restore(text)
        for m in before.markets.values():
            if m.depth is not None:
                self.desk.warm(m.depth)
            if m.price is not None:
                self.desk.warm(Quote(m.token.id, m.time, m.price, m.value, m.source))
        self._take(self.desk.start_session(self.now, "0", "again", [WETH, PEPE]))

    @property
    def account(self) -> Account:
        return self.desk.account

    def _take(self, events: Sequence[ev.Event]) -> list[ev.Event]:
        self.events += events
        return list(events)

    def price(
        self, price: str, token: str = WETH, after: int = 10_000, opening: bool = False
    ) -> list[ev.Event]:
        """A price, `after` milliseconds later."""
        self.now += after
        return self._take(
            self.desk.step(Quote(token, self.now, D(price), float(price), "test", 1000.0, opening))
        )

    def bar(
        self, open: str, high: str, low: str, close: str, token: str = WETH, length: int = 60_000
    ) -> list[ev.Event]:
        """A candle that begins now and is known at its end."""
        start, self.now = self.now, self.now + length
        return self._take(
            self.desk.step(
                Bar(
                    token,
                    start,
                    self.now,
                    float(open),
                    float(high),
                    float(low),
                    float(close),
                    1000.0,
                    D(close),
                    D(high),
                    D(low),
                    "test",
                )
            )
        )

    def gas(self, price_wei: int, native: str = "3000", chain: str = "base") -> None:
        """What gas costs from now on."""
        self.desk.step(Gas(chain, self.now, price_wei, 0, D(native), "test"))

    def say(self, command: Command) -> list[ev.Event]:
        """A command."""
        return self._take(self.desk.command(command, self.now))

    def buy(
        self,
        spend: str = "1000",
        token: str = WETH,
        kind: Kind = Kind.MARKET,
        price: str | None = None,
        *,
        by: SizeBy = SizeBy.NOTIONAL,
        tolerance: int = 100,
        stop: str | None = None,
        target: str | None = None,
        client: str | None = None,
        good_until: int | None = None,
        origin: Origin = Origin.MANUAL,
    ) -> list[ev.Event]:
        """Ask for a buy."""
        return self.say(
            PlaceOrder(
                OrderRequest(
                    client or f"c{next(self._ids)}",
                    token,
                    Side.BUY,
                    by,
                    D(spend),
                    kind,
                    D(price) if price else None,
                    None,
                    tolerance,
                    good_until,
                    D(stop) if stop else None,
                    D(target) if target else None,
                    origin,
                )
            )
        )

    def sell(
        self,
        size: str = "100",
        token: str = WETH,
        kind: Kind = Kind.MARKET,
        price: str | None = None,
        *,
        by: SizeBy = SizeBy.PERCENT,
        trail: int | None = None,
        tolerance: int = 100,
        client: str | None = None,
        good_until: int | None = None,
        origin: Origin = Origin.MANUAL,
    ) -> list[ev.Event]:
        """Ask for a sale."""
        return self.say(
            PlaceOrder(
                OrderRequest(
                    client or f"c{next(self._ids)}",
                    token,
                    Side.SELL,
                    by,
                    D(size),
                    kind,
                    D(price) if price else None,
                    trail,
                    tolerance,
                    good_until,
                    origin=origin,
                )
            )
        )

    def hold(self, spend: str = "1000", price: str = "3000", token: str = WETH) -> Decimal:
        """Buy at a price and let it land there; returns the quantity."""
        self.price(price, token)
        self.buy(spend, token)
        self.price(price, token)
        return self.account.held(token)

    def cancel(self, order: str) -> list[ev.Event]:
        """Take an order back."""
        return self.say(CancelOrder(order))

    def close(self, token: str = WETH) -> list[ev.Event]:
        """Close a position."""
        return self.say(ClosePosition(token, f"c{next(self._ids)}"))

    def order(self, number: int) -> Order:
        """The n-th order of the account."""
        return self.account.orders[f"o{number}"]


def only(events: Sequence[ev.Event], kind: type[_E]) -> _E:
    """The one event of a kind among these."""
    found = [e for e in events if isinstance(e, kind)]
    assert len(found) == 1, f"{len(found)} of {kind.__name__} in {events}"
    return found[0]
