"""The desk: the one place where an account changes. Pure: inputs and a time in, events out.

`step` takes what the market says, `command` what a person says.  Both return the events that
follow, already folded into the account; an event's effect is visible to the line after it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.bot.trader import Trader
from papertrader_tui.domain import commands as cmd
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.exit_rules import USUAL_EXITS, ExitRules
from papertrader_tui.domain.gates import Gates
from papertrader_tui.domain.market import (
    DAY,
    HOUR,
    MINUTE,
    Bar,
    Depth,
    Gas,
    History,
    MarketInput,
    Quote,
    Timer,
    Trust,
)
from papertrader_tui.domain.money import ZERO, add, mul, sub
from papertrader_tui.domain.orders import Side, Status
from papertrader_tui.domain.pools import PoolInput
from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.domain.tokens import Registry, Token, TokenId
from papertrader_tui.engine.command_desk import CommandDesk
from papertrader_tui.engine.liquidation import Liquidation
from papertrader_tui.engine.orderdesk import OrderDesk
from papertrader_tui.engine.outcomes import position_changed
from papertrader_tui.intel.learning import learned_profile, moved
from papertrader_tui.intel.levels import AUTONOMOUS, Profile
from papertrader_tui.intel.levels import profile as level_profile
from papertrader_tui.simulator.costs import Pricing, pricer_for
from papertrader_tui.simulator.pools import PoolBook

NOTHING: Sequence[ev.Event] = ()

#: Why an order is taken back whose block can never come.
MARKET_ENDED = "the market ended before it landed"
#: The account is recorded this often: with positions, and without.
MARK_EVERY_OPEN = 15 * MINUTE
MARK_EVERY_FLAT = HOUR


class Desk:
    """One account, its orders and its bot, on the markets that it is told about.

    Args:
        account: Folded from its events, the opening one included.
        registry: Chains and tokens.
        limits: Settings of the account gates.
        exits: Settings of the bot's exits.
        stale_after: Milliseconds after which a price is too old to trade on.
        profiles: Profile per level; the built-in table if not given.
        pricing: What prices swaps where no chain tells of a token's pools.
    """

    def __init__(
        self,
        account: Account,
        registry: Registry,
        limits: RiskLimits | None = None,
        *,
        stale_after: int = 60_000,
        profiles: dict[int, Profile] | None = None,
        exits: ExitRules = USUAL_EXITS,
        pricing: Pricing = pricer_for,
    ) -> None:
        self.account = account
        self.registry = registry
        self.limits = limits or RiskLimits()
        self.exit_rules = exits
        self.gates = Gates(account, self.limits)
        self.stale_after = stale_after
        self.pools = PoolBook(lambda: self.now)
        self.markets: dict[TokenId, TokenMarket] = {}
        self.gas: dict[str, Gas] = {}
        self.now = 0
        self._profiles = profiles or {}
        self._pricing = pricing
        self.profile = self.profile_of(account.level)
        self._out: list[ev.Event] = []
        self._flattening = account.kill is ev.KillMode.FLATTEN
        self.orders = OrderDesk(self, self.emit)
        self.liquidation = Liquidation(self, self.orders)
        self.trader = Trader(self, self.orders, self.emit)
        self._commands = CommandDesk(self, self.emit)
        self._due = 0
        self._next_mark = 0
        self._floor = ZERO
        self._equity = account.ledger.equity()
        for token in (*account.watch, *account.ledger.positions, *account.open):
            self.market_of(token)
        self._refresh()

    @property
    def equity(self) -> Decimal:
        """Cash and holdings at the newest marks."""
        return self._equity

    @property
    def due(self) -> int:
        """Market time from which something happens by itself: a mark, a new day, an expiry."""
        return self._due

    @property
    def flattening(self) -> bool:
        """Everything is being closed."""
        return self._flattening

    def profile_of(self, level: int) -> Profile:
        """The profile of a level.

        Raises:
            KeyError, ValueError: there is no such level.
        """
        found = self._profiles.get(level) or level_profile(level)
        return learned_profile(found, self.account.record) if level == AUTONOMOUS else found

    def market_of(self, token: TokenId) -> TokenMarket | None:
        """What is known of a token's market; None for a token that is not known here."""
        market = self.markets.get(token)
        if market is None and token in self.registry.tokens:
            known, chain = self.registry.tokens[token], self.registry.chain_of(token)
            market = self.markets[token] = TokenMarket(known, chain, self.pools, self._pricing)
            market.score_due = self.account.record.due(token)
            self.flag(market)
        return market

    def learn(self, token: Token) -> None:
        """Know another token; what is known already stays as it is."""
        if token.id not in self.registry.tokens:
            self.registry = self.registry.with_tokens([token])

    def awaits(self, token: TokenId) -> bool:
        """Does anything wait for the opening price of a token's next candle?

        Where nothing does, a desk that is not handed that price comes to the same.
        """
        market = self.markets.get(token)
        return market is None or market.held or market.working

    def flag(self, market: TokenMarket) -> None:
        """Note whether it is held, worked and watched, so that a price need not look."""
        token = market.token.id
        market.held = token in self.account.ledger.positions
        market.working = token in self.account.open
        # what everything is paid in is nothing to enter, and so nothing to judge
        market.watched = token in self.account.watch and token != market.chain.cash

    # ------------------------------------------------------------------ events

    def emit(self, event: ev.Event) -> None:
        """Fold an event in and hand it out."""
        self.account.apply(event)
        self._out.append(event)
        if isinstance(event, ev.KillSwitched):
            self._flattening = event.mode is ev.KillMode.FLATTEN
        if isinstance(event, ev.Filled | ev.Reverted):
            self._after_swap(event)

    def _after_swap(self, event: ev.Filled | ev.Reverted) -> None:
        account, market = self.account, self.markets[event.token]
        self.flag(market)
        if isinstance(event, ev.Filled):
            if event.execution is not None:
                self.pools.book(event.execution)
            changed = position_changed(account, event, self.now)
            if changed is not None:
                self.emit(changed)
            self.trader.after_fill(event, market)
        self._equity = account.ledger.equity()
        for gate in self.gates.after_fill(account.seq + 1, self.now):
            self.emit(gate)
        self._watch_losses()
        self._refresh()

    def _take_out(self) -> Sequence[ev.Event]:
        if self._flattening:
            self._flatten()
        out, self._out = self._out, []
        return out

    # ------------------------------------------------------------------ the market's side

    def step(self, item: MarketInput) -> Sequence[ev.Event]:
        """Take in one market input.

        Returns:
            The events that follow from it, in order; often none.
        """
        kind = type(item)
        if kind is Quote:
            return self._on_quote(item)  # type: ignore[arg-type]
        if kind is Bar:
            return self._on_bar(item)  # type: ignore[arg-type]
        self.now = max(self.now, item.time)
        if isinstance(item, Depth):
            market = self.market_of(item.token)
            if market is not None:
                market.deepen(item)
        elif isinstance(item, Trust):
            market = self.market_of(item.token)
            if market is not None:
                market.heed(item)
        elif isinstance(item, Gas):
            self._hear(item)
            self._land(item)
        elif isinstance(item, History):
            market = self.market_of(item.token)
            if market is not None and not item.charts:
                market.series.warm(item)
        elif isinstance(item, Timer):
            if self.now >= self._due:
                self._on_time()
        elif isinstance(item, PoolInput):
            self.pools.step(item)
            self.trader.on_pools()
        return self._take_out() if self._out or self._flattening else NOTHING

    def warm(self, item: MarketInput) -> None:
        """Learn what the market is like from what it hands over before it begins.

        A price is shown and valued, but nothing lands, triggers or is decided on it.
        """
        if isinstance(item, Gas):
            self.now = max(self.now, item.time)
            self._hear(item)
            return
        if not isinstance(item, Quote):
            self.step(item)
            return
        market = self.market_of(item.token)
        if market is None:
            return
        self.now = max(self.now, item.time)
        market.price, market.value = item.price, item.value
        market.time, market.source = item.time, item.source
        if market.held:
            self.account.mark(item.token, item.price)
            self._equity = self.account.ledger.equity()

    def _hear(self, gas: Gas) -> None:
        self.gas[gas.chain] = gas
        self.pools.hear(gas)
        self.trader.on_gas(gas)

    def _land(self, gas: Gas) -> None:
        """Mine what was sent for this block."""
        if gas.fees is None:
            return
        for token in list(self.account.open):
            market = self.markets.get(token)
            if market is not None and market.chain.key == gas.chain:
                self.orders.land_in(market, gas.fees.block)

    def land(self, quote: Quote) -> None:
        """Mine what waits for this price, ahead of `step` with it, which then goes on from there.

        For desks that share their indicators: nothing may have been learned from a price before
        it was landed on. What comes of it is handed out by `step`.
        """
        market = self.markets.get(quote.token)
        if market is None or not market.working or market.doubt or quote.opening:
            return
        self.now = max(self.now, quote.time)
        market.price, market.value = quote.price, quote.value
        market.time, market.source = quote.time, quote.source
        if self.now >= self._due:
            self._on_time()
        self.orders.land(market, opening=False)

    def _on_quote(self, quote: Quote) -> Sequence[ev.Event]:  # noqa: PLR0912 - the hot path
        market = self.markets.get(quote.token)
        if market is None:
            market = self.market_of(quote.token)
            if market is None:
                return NOTHING
        time = quote.time
        if time > self.now:
            self.now = time
        opening = quote.opening
        if opening and not market.working and not market.held:
            # nobody waits for it: the candle's close will bring a newer price
            return NOTHING
        market.price = quote.price
        market.value = quote.value
        market.time = time
        market.source = quote.source
        if self.now >= self._due:
            self._on_time()
        if market.doubt:
            return self._on_doubted(market)
        if market.working:
            self.orders.land(market, opening)
        if opening:
            if market.held:
                self._mark(market, quote.price)
            return self._take_out() if self._out or self._flattening else NOTHING
        market.series.on_price(time, quote.value, quote.volume)
        if time >= market.score_due:
            self._score(market)
        if market.working:
            self.orders.match(market, quote.price, quote.price)
        if market.held:
            self._mark(market, quote.price)
            self.trader.on_path(market, quote.value, quote.value)
        if time >= market.next_decision and self.account.bot and (market.watched or market.held):
            self.trader.decide(market)
        return self._take_out() if self._out or self._flattening else NOTHING

    def _on_doubted(self, market: TokenMarket) -> Sequence[ev.Event]:
        """A price that is not believed: exits act on what backs one, and nothing else does.

        Nothing is learned from it, and holdings keep the value of the last price believed: a
        source that lies must neither bend an indicator nor close a loss gate.
        """
        price = market.price_of(Side.SELL)
        if price is not None:
            if market.working:
                self.orders.land(market, opening=False)
                self.orders.match(market, price, price)
            if market.held:
                value = float(price)
                self.trader.on_path(market, value, value)
        if (
            market.time >= market.next_decision
            and self.account.bot
            and (market.watched or market.held)
        ):
            self.trader.decide(market)
        return self._take_out() if self._out or self._flattening else NOTHING

    def _on_bar(self, bar: Bar) -> Sequence[ev.Event]:
        market = self.markets.get(bar.token)
        if market is None:
            market = self.market_of(bar.token)
            if market is None:
                return NOTHING
        if bar.end > self.now:
            self.now = bar.end
        market.price = bar.price
        market.value = bar.close
        market.time = bar.end
        market.source = bar.source
        if self.now >= self._due:
            self._on_time()
        market.series.on_bar(bar)
        if bar.end >= market.score_due and not market.doubt:
            self._score(market)
        if market.working:
            self.orders.match(market, bar.low_price, bar.high_price)
        if market.held:
            self._mark(market, bar.price)
            self.trader.on_path(market, bar.low, bar.high)
        if bar.end >= market.next_decision and self.account.bot and (market.watched or market.held):
            self.trader.decide(market)
        return self._take_out() if self._out or self._flattening else NOTHING

    def _score(self, market: TokenMarket) -> None:
        """Tell what became of earlier decisions; level 10 learns from it."""
        self.trader.score(market)
        if self.account.level == AUTONOMOUS:
            before, self.profile = self.profile, self.profile_of(AUTONOMOUS)
            if moved(before, self.profile):
                text = f"level {AUTONOMOUS}, {self.profile.note}"
                self.emit(ev.Alerted(self.account.seq + 1, self.now, "info", text))

    def _mark(self, market: TokenMarket, price: Decimal) -> None:
        """Value a holding at a fresh price, and close the loss gates if it comes to that."""
        position = self.account.ledger.positions[market.token.id]
        before = position.value
        position.mark = price
        position.value = mul(position.quantity, price)
        self._equity = add(self._equity, sub(position.value, before))
        self._watch_losses()

    def _watch_losses(self) -> None:
        account, equity = self.account, self._equity
        if equity > account.peak:
            account.peak = equity
            self._floor = self.gates.floor()
        elif equity <= self._floor and account.gates_on:
            for gate in self.gates.after_mark(equity, account.seq + 1, self.now):
                self.emit(gate)
            self._refresh()

    # ------------------------------------------------------------------ time

    def _on_time(self) -> None:
        """Roll the day, record the account, expire orders, open gates: whatever is due."""
        account, now = self.account, self.now
        if self._next_mark and (now // DAY != account.equity_day or now >= self._next_mark):
            self.record()
        for gate in self.gates.after_time(account.seq + 1, now):
            self.emit(gate)
        self.orders.expire(now)
        self._refresh()

    def record(self) -> None:
        """Emit the account as it stands."""
        self.emit(self.account.totals(self.now, self.liquidation.total()))

    def _refresh(self) -> None:
        """Work out when time matters next, and which equity closes a gate."""
        account, now = self.account, self.now
        if now:
            every = MARK_EVERY_OPEN if account.ledger.positions else MARK_EVERY_FLAT
            self._next_mark = (now // every + 1) * every
        day_end = (now // DAY + 1) * DAY
        self._due = min(self._next_mark or 0, day_end, self.gates.due(), self.orders.due())
        self._floor = self.gates.floor()

    # ------------------------------------------------------------------ commands

    def start_session(
        self, now: int, program: str, detail: str, watchlist: Sequence[TokenId]
    ) -> Sequence[ev.Event]:
        """Record that the desk (re)started; a new account watches the market's tokens."""
        self.now = max(self.now, now)
        self.pools.begin()
        settings = json.dumps(
            {
                "risk": ev.to_plain(self.limits),
                "stale_after": self.stale_after,
                "exits": ev.to_plain(self.exit_rules),
            },
            separators=(",", ":"),
        )
        self.emit(ev.SessionStarted(self.account.seq + 1, self.now, program, detail, settings))
        if self.account.sessions == 1:
            for token in watchlist:
                self._commands.do(cmd.Watch(token, True))
        if self.now // DAY != self.account.equity_day:
            self.record()
        self._refresh()
        return self._take_out()

    def recall(self, decisions: Sequence[ev.Event]) -> None:
        """Take in the last decisions of earlier sessions, oldest first, for what is shown."""
        for event in decisions:
            if isinstance(event, ev.Decided):
                market = self.markets.get(event.decision.token)
                if market is not None:
                    market.kept = event.decision

    def end_of_market(self) -> Sequence[ev.Event]:
        """There will be no more prices: what was sent lands nowhere and is taken back."""
        self.orders.drop_in_flight(MARKET_ENDED)
        self._refresh()
        return self._take_out()

    def command(self, command: cmd.Command, now: int) -> Sequence[ev.Event]:
        """Do what a person says.

        Returns:
            The events that follow; none where nothing changed (the same client id again).
        """
        self.now = max(self.now, now)
        if self.now >= self._due:
            self._on_time()
        self._commands.do(command)
        self._refresh()
        return self._take_out()

    def _flatten(self) -> None:
        """Sell what is held and not being sold yet; once all is closed, flatten becomes pause."""
        account = self.account
        self.orders.cancel_all(None, None, "everything is being closed")
        for token in list(account.ledger.positions):
            market = self.markets[token]
            fresh = not market.stale(self.now, self.stale_after)
            ready = fresh and self.now >= market.exit_retry
            if market.price_of(Side.SELL) is not None and ready and account.available(token) > 0:
                self.trader.flatten(market)
        if not account.ledger.positions and not account.open:
            self.emit(ev.KillSwitched(account.seq + 1, self.now, ev.KillMode.PAUSE))

    # ------------------------------------------------------------------ checkpoints

    def checkpoint(self) -> str:
        """High-water marks that no event records, as JSON."""
        return json.dumps(
            {
                "now": self.now,
                "peak": str(self.account.peak),
                "trails": {i: str(v) for i, v in self.orders.trails.items()},
                "bot": self.trader.to_plain(),
                "pools": self.pools.to_plain(),
            },
            separators=(",", ":"),
        )

    def restore(self, checkpoint: str) -> None:
        """Take high-water marks back in."""
        if not checkpoint:
            return
        state = json.loads(checkpoint)
        self.now = max(self.now, int(state["now"]))
        self.account.peak = max(self.account.peak, Decimal(state["peak"]))
        open_ids = {o.id for o in self.account.open_orders() if o.status is not Status.HELD}
        self.orders.trails.update(
            {i: Decimal(v) for i, v in state["trails"].items() if i in open_ids}
        )
        self.trader.from_plain(state["bot"])
        self.pools.from_plain(state.get("pools", {}))
        self._refresh()
