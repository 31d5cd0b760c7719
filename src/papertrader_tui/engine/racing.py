"""Several desks on one feed: prices, indicators and scores are worked out once for all of them.

A leading desk without a bot takes in every input, and its indicators are everyone's.  A racer's
own desk is stepped where anything can come of an input for it: where it holds the token or works
orders of it, where time is due, and where its decision is more than one more of the same refusal.
Otherwise that refusal is counted, and that is all.  What comes of a racer is, event by event,
what would have come of it alone: tests hold it to that, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from papertrader_tui.bot.keeper import REPEAT_EVERY
from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain import commands as cmd
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.decision import Action
from papertrader_tui.domain.market import Bar, Depth, MarketInput, Quote
from papertrader_tui.domain.pools import PoolInput
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.desk import Desk
from papertrader_tui.engine.lanes import GATED, Lane, Racer, SharedSeries
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.marking import REFERENCE_SHARE, REFERENCE_USD, contribution
from papertrader_tui.intel.scoring import Scores, score
from papertrader_tui.intel.unsized import RECORD_WEIGHT, at_any_level, refused

Told = Callable[[int, Sequence[ev.Event]], None]
"""Takes a racer's number and the events that came of it, in order."""

_Found = tuple[Scores, int, str]
"""Scores but for the own record, that record's weight, and the rule that refuses at any level."""

_SKIP = Action.SKIP


class Race:
    """Steps desks that all hear the same, so that what they share costs once.

    Args:
        lead: A desk of its own, with no bot and no position, that knows the same tokens.
        desks: The racers, as new as it is.
        told: Told of what comes of each.
    """

    def __init__(self, lead: Desk, desks: Sequence[Desk], told: Told) -> None:
        self._lead = lead
        self._racers = [Racer(number, desk) for number, desk in enumerate(desks)]
        self._told = told
        self._lanes: dict[TokenId, Lane] = {}
        self._now = 0
        self._scores: dict[tuple[float | None, bool], _Found] = {}
        self._context: Context | None = None
        for token in lead.registry.tokens:
            self._open(token)

    @property
    def desks(self) -> list[Desk]:
        """The racers' desks, in order."""
        return [racer.desk for racer in self._racers]

    @property
    def lead(self) -> Desk:
        """What is known of the market."""
        return self._lead

    def awaits(self, token: TokenId) -> bool:
        """Does any racer wait for the opening price of a token's next candle?"""
        lane = self._lanes.get(token)
        return lane is None or any(market.held or market.working for market in lane.markets)

    def learn(self, token: Token) -> None:
        """Know another token."""
        for desk in (self._lead, *self.desks):
            desk.learn(token)
        if token.id not in self._lanes:
            self._open(token.id)

    def _open(self, token: TokenId) -> None:
        lead = self._lead.market_of(token)
        if lead is None:
            return
        series = SharedSeries()
        lead.series = series
        markets = []
        for racer in self._racers:
            market = racer.desk.market_of(token)
            assert market is not None  # every desk knows what the leader knows
            market.series = series
            markets.append(market)
        self._lanes[token] = Lane(lead, series, self._racers, markets)

    # ------------------------------------------------------------------ what everyone hears

    def warm(self, item: MarketInput) -> None:
        """Learn what the market is like before it begins; see `Desk.warm`."""
        self._leading(item, self._lead.warm)
        for racer in self._racers:
            racer.desk.warm(item)

    def start(self, program: str, detail: str, watchlist: Sequence[TokenId], now: int) -> None:
        """Begin everyone's session; see `Desk.start_session`."""
        self._lead.start_session(now, program, detail, watchlist)
        for racer in self._racers:
            self._after(racer, racer.desk.start_session(now, program, detail, watchlist))

    def command(self, number: int, command: cmd.Command, now: int) -> Sequence[ev.Event]:
        """Tell one racer something; see `Desk.command`."""
        racer = self._racers[number]
        out = racer.desk.command(command, now)
        self._after(racer, out)
        return out

    def end_of_market(self) -> None:
        """There are no more prices; see `Desk.end_of_market`."""
        for racer in self._racers:
            self._catch_up(racer)
            self._after(racer, racer.desk.end_of_market())

    def _leading(self, item: MarketInput, step: Callable[[MarketInput], object]) -> None:
        lane = self._lanes.get(getattr(item, "token", ""))
        if lane is None:
            step(item)
            return
        lane.series.awake = True
        try:
            step(item)
        finally:
            lane.series.awake = False

    # ------------------------------------------------------------------ an input

    def step(self, item: MarketInput) -> None:
        """Take in one market input."""
        kind = type(item)
        if kind is Quote:
            self._on_quote(item)  # type: ignore[arg-type]
            return
        if kind is Bar:
            self._on_bar(item)  # type: ignore[arg-type]
            return
        self._leading(item, self._lead.step)
        self._now = max(self._now, item.time)
        if isinstance(item, Depth | PoolInput):
            for lane in self._lanes.values():  # a pool may have become too shallow, or unsafe
                lane.clear = [-1] * len(lane.clear)
        for racer in self._racers:
            desk = racer.desk
            if desk.now < self._now:
                desk.now = self._now
            self._after(racer, desk.step(item))

    def _on_quote(self, quote: Quote) -> None:
        lane = self._lanes.get(quote.token)
        if lane is None:
            return
        time, opening = quote.time, quote.opening
        if time > self._now:
            self._now = time
        if not opening:
            # before the indicators know of it, as on a desk of its own
            for racer, market in lane.rows:
                if market.working:
                    self._catch_up(racer)
                    racer.desk.land(quote)
                    racer.due = 0  # whatever became of it, the desk goes on below
            lane.series.awake = True
            self._lead.step(quote)
            lane.series.awake = False
        self._everyone(lane, quote, time, opening)

    def _on_bar(self, bar: Bar) -> None:
        lane = self._lanes.get(bar.token)
        if lane is None:
            return
        time = bar.end
        if time > self._now:
            self._now = time
        lane.series.awake = True
        self._lead.step(bar)
        lane.series.awake = False
        self._everyone(lane, bar, time, False)

    def _everyone(self, lane: Lane, item: Quote | Bar, time: int, opening: bool) -> None:
        """Let each racer have it to whom it can matter. Runs at every price: keep it flat."""
        now = self._now
        self._scores.clear()
        self._context = None
        for racer, market in lane.rows:
            if (
                market.held
                or market.working
                or now >= racer.due
                or racer.flattening
                or (
                    not opening
                    and (
                        time >= market.score_due
                        or (
                            time >= market.next_decision
                            and racer.bot
                            and market.watched
                            and not self._counted(racer, lane, market, time)
                        )
                    )
                )
            ):
                self._step(racer, lane, market, item)

    def _counted(self, racer: Racer, lane: Lane, market: TokenMarket, time: int) -> bool:
        """Is the decision that is due one more of the last refusal, with nothing to be kept?"""
        last, own = market.last, market.context
        if (
            last is None
            or last[0] is not _SKIP
            or time - market.last_kept >= REPEAT_EVERY
            or (racer.watches and self._now >= racer.drop_due)
            or own is None
        ):
            return False
        if last[1] == GATED:
            known = self._context or self._look(lane)
            if (
                known.fault
                or known.age_ms > known.max_age_ms
                or last[2] != racer.level
                or not racer.forbids(market, self._now)
            ):
                return False
            market.repeats += 1
            market.next_decision = time + racer.every
            return True
        if lane.clear[racer.number] != racer.epoch:
            return False
        racer.desk.trader.contexts.remember(market, own)
        record = own.record
        found = self._scores.get((racer.drop, record >= 0))
        if found is None:
            found = self._score(lane, racer.drop, record >= 0)
        context = self._context
        assert context is not None  # what there are scores of
        if context.fault or context.age_ms > context.max_age_ms:
            return False
        deep = context.liquidity is not None or context.curve is not None
        if deep and _weighs(racer.desk):
            return False
        scores, weight, anyway = found
        confidence = scores[2] + (contribution(record, weight) if record > 0 else 0)
        rule = refused(racer.profile, scores[0], confidence, anyway)
        if not rule or last[1] != rule or last[2] != racer.level:
            return False
        market.repeats += 1
        market.next_decision = time + racer.every
        return True

    def _score(self, lane: Lane, drop: float | None, known: bool) -> _Found:
        """What the market scores now, and what refuses an entry at any level.

        Of what is looked at only the fall of the watchlist, which is looked at now and then, and
        the own record are a racer's own; the record's part is added to the confidence last.
        """
        context = self._context or self._look(lane)
        context.watch_drop = drop
        context.record = 0 if known else -1
        scores = score(context)
        weight = context.marks.weights[RECORD_WEIGHT]
        found = self._scores[drop, known] = scores, weight, at_any_level(context, scores)
        return found

    def _look(self, lane: Lane) -> Context:
        """What is known of the market now, by the leader."""
        context = self._context = self._lead.trader.contexts.bring(lane.lead)
        return context

    def _step(self, racer: Racer, lane: Lane, market: TokenMarket, item: Quote | Bar) -> None:
        """Step a racer's own desk."""
        now, desk = self._now, racer.desk
        due, epoch = market.next_decision, racer.epoch
        looks = racer.watches and now >= racer.drop_due
        if looks:
            self._catch_up(racer)
        elif desk.now < now:
            desk.now = now
        events = desk.step(item)
        if events or looks or now >= racer.due:
            self._after(racer, events)
        if market.next_decision == due:
            return
        context, lead = market.context, lane.lead.context
        if context is not None:
            if lead is not None:
                context.marks = lead.marks  # derived from the same bars and depth
            if not context.held and not context.blocked:
                lane.clear[racer.number] = epoch

    def _catch_up(self, racer: Racer) -> None:
        """Let a desk know what it was not stepped for, as far as it may look at it."""
        desk, now = racer.desk, self._now
        if desk.now < now:
            desk.now = now
        if racer.watches and now >= racer.drop_due:
            for lane in self._lanes.values():
                lead, market = lane.lead, lane.markets[racer.number]
                if lead.time > market.time:
                    market.price, market.value = lead.price, lead.value
                    market.time, market.source = lead.time, lead.source

    def _after(self, racer: Racer, events: Sequence[ev.Event]) -> None:
        """Note what came of it."""
        desk = racer.desk
        if events:
            self._told(racer.number, events)
            moves = desk.account.moves
            if moves != racer.epoch or desk.profile is not racer.profile:
                racer.look()
                return
        # otherwise only what time does by itself can have changed
        racer.due = desk.due
        if racer.watches:
            contexts = desk.trader.contexts
            racer.drop_due, racer.drop = contexts.drop_due, contexts.drop


def _weighs(desk: Desk) -> bool:
    """Is its equity what depth is measured with, rather than the reference that is common?"""
    return float(desk.equity) * REFERENCE_SHARE > REFERENCE_USD
