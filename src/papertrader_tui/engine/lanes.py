"""What a race keeps of each racer and of each token, so that a price need not look it up."""

from __future__ import annotations

from collections.abc import Sequence

from papertrader_tui.bot.contexts import FEWEST_FOR_DROP
from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.market import Bar, History
from papertrader_tui.engine.desk import Desk
from papertrader_tui.intel.indicators import Series

#: The rule of an entry that an account gate, the kill switch or the token itself forbids.
GATED = "skip.gate"


class SharedSeries(Series):
    """Indicators that many desks read, and that learn only from the one that leads.

    Attributes:
        awake: What is handed in now is taken in; else it has been already.
    """

    __slots__ = ("awake",)

    def __init__(self) -> None:
        super().__init__()
        self.awake = False

    def on_price(self, time: int, value: float, volume: float = -1.0) -> None:
        """See `Bars.on_price`."""
        if self.awake:
            super().on_price(time, value, volume)

    def on_bar(self, bar: Bar) -> None:
        """See `Bars.on_bar`."""
        if self.awake:
            super().on_bar(bar)

    def warm(self, history: History) -> None:
        """See `Bars.warm`."""
        if self.awake:
            super().warm(history)


class Racer:
    """A desk, and what of it says whether an input can matter; looked at anew when it is stepped.

    Attributes:
        epoch: Grows with every event that may close or open a gate (`Account.moves`).
        watches: It watches enough tokens to look at all of them together.
    """

    __slots__ = (
        "bot", "desk", "drop", "drop_due", "due", "epoch", "every", "flattening", "level",
        "number", "profile", "watches",
    )  # fmt: skip

    def __init__(self, number: int, desk: Desk) -> None:
        self.number = number
        self.desk = desk
        self.look()

    def look(self) -> None:
        """Note what the desk is like now."""
        desk = self.desk
        account, contexts = desk.account, desk.trader.contexts
        self.epoch = account.moves
        self.profile = profile = desk.profile
        self.level = profile.level
        self.every = profile.decide_every_ms
        self.due = desk.due
        self.bot = account.bot
        self.flattening = desk.flattening
        self.watches = len(account.watch) >= FEWEST_FOR_DROP
        self.drop_due, self.drop = contexts.drop_due, contexts.drop

    def forbids(self, market: TokenMarket, now: int) -> bool:
        """Would a decision to enter be `GATED` now, whatever it scores?"""
        if market.unsafe:
            return True
        token, depth, gates = market.token.id, market.depth, self.desk.gates
        pool = depth.liquidity if depth is not None else None
        return (gates.entry_block(token, pool) or gates.cooldown(token, now)) is not None


class Lane:
    """One token: the leader's market, and each racer's.

    Attributes:
        clear: Per racer the epoch in which no gate forbade an entry, -1 where one may.
    """

    __slots__ = ("clear", "lead", "markets", "rows", "series")

    def __init__(
        self, lead: TokenMarket, series: SharedSeries, racers: Sequence[Racer],
        markets: Sequence[TokenMarket],
    ) -> None:  # fmt: skip
        self.lead = lead
        self.series = series
        self.markets = markets
        self.rows = tuple(zip(racers, markets, strict=True))
        self.clear = [-1] * len(markets)
