"""A desk on a live market over fake sources, in made-up time and without a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from decimal import Decimal

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import Command, PlaceOrder
from papertrader_tui.domain.market import History, MarketInput
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy
from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.desk import Desk
from papertrader_tui.feeds.live import LiveMarket
from tests.feedkit import LANDING, START, FakeSource, Rig, clock, registry, wall

D = Decimal


class LiveDesk:
    """Batches are stepped as they come.

    Attributes:
        rig: The feed, and what it published.
        events: What came of it all, each with the second it came at.
    """

    def __init__(
        self, sources: Sequence[FakeSource], tokens: Sequence[Token], *, cash: str = "10000",
        limits: RiskLimits | None = None, history: Iterable[History] = (),
    ) -> None:  # fmt: skip
        self.rig = Rig(*sources)
        self._mark_landings()
        self.tokens = list(tokens)
        known = registry(*tokens)
        past = list(history)
        self.market = LiveMarket(
            self.rig.feed, known, [t.id for t in tokens], history=lambda: past, wall=wall
        )
        account = Account()
        account.apply(ev.AccountOpened(1, START, "test", "live", D(cash), 7, "0"))
        self.desk = Desk(account, known, limits)
        self.events: list[tuple[float, ev.Event]] = []
        self._orders = 0
        for item in self.market.warm():
            self.desk.warm(item)
        self._keep(self.desk.start_session(START, "0", "test", self.market.watchlist))

    def _mark_landings(self) -> None:
        """Let the sources know who asks because an order lands."""
        land = self.rig.feed.land

        async def marked(*tokens: TokenId) -> None:
            LANDING.set(True)
            await land(*tokens)

        self.rig.feed.land = marked  # type: ignore[method-assign]

    def _keep(self, events: Sequence[ev.Event]) -> list[ev.Event]:
        kept = list(events)
        for event in kept:
            self.events.append((clock(), event))
            self.seen(event)
        self.market.heed(kept, self.desk.account)
        return kept

    def seen(self, event: ev.Event) -> None:
        """Called with each event, once the step that made it is over."""

    def stepped(self, item: MarketInput) -> None:
        """Called after each input."""

    async def until(self, seconds: float) -> None:
        """Take what the market says until that second."""
        async with aclosing(self.market.batches(START + round(seconds * 1_000))) as batches:
            async for batch in batches:
                for item in batch:
                    self._keep(self.desk.step(item))
                    self.stepped(item)

    def say(self, command: Command) -> list[ev.Event]:
        """A command, now."""
        return self._keep(self.desk.command(command, wall()))

    def order(
        self, side: Side, size: str, kind: Kind = Kind.MARKET, token: TokenId = "", **more: object
    ) -> list[ev.Event]:
        """An order: a buy by dollars, a sale by percent; of the first token if none is named."""
        by = SizeBy.NOTIONAL if side is Side.BUY else SizeBy.PERCENT
        self._orders += 1
        request = OrderRequest(
            f"c{self._orders}", token or self.tokens[0].id, side, by, D(size), kind, **more  # type: ignore[arg-type]
        )  # fmt: skip
        return self.say(PlaceOrder(request))

    def of(self, kind: type[ev.Event]) -> list[tuple[float, ev.Event]]:
        """Events of a kind, with their seconds."""
        return [(at, e) for at, e in self.events if isinstance(e, kind)]

    def held(self, token: TokenId = "") -> Decimal:
        """How much of a token is held; of the first if none is named."""
        return self.desk.account.held(token or self.tokens[0].id)
