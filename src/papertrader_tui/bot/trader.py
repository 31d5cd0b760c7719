"""The auto-trader: asks the intelligence engine about each token, and acts on the answer.

It looks at the ledger, never at notes of its own, for what is held: a position that a person
opened is managed like one of its own while the bot is on.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, Protocol

from papertrader_tui.bot.contexts import Contexts, Situation, profit
from papertrader_tui.bot.followup import RETRY, settle
from papertrader_tui.bot.keeper import Keeper
from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.decision import Action, Decision
from papertrader_tui.domain.gate_rows import gate_rows
from papertrader_tui.domain.market import MINUTE, Gas
from papertrader_tui.domain.money import ZERO, divide, mul, quantize_down
from papertrader_tui.domain.orders import OrderRequest, Origin, Side, SizeBy, Status
from papertrader_tui.intel import exits
from papertrader_tui.intel.alike import alike
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.decisions import Verdict, judge
from papertrader_tui.intel.explain import explain
from papertrader_tui.intel.sizing import known_move, known_round_trip

BOT_TOLERANCE_BPS = 100


class Orders(Protocol):
    """What of the order desk the bot uses."""

    def place(self, request: OrderRequest) -> None:
        """Accept or reject an order."""
        ...


class Trader:
    """Decides, and turns decisions into orders."""

    __slots__ = ("_contexts", "_emit", "_keeper", "_of", "_orders", "_selling")

    def __init__(self, of: Situation, orders: Orders, emit: Callable[[ev.Event], None]) -> None:
        self._of = of
        self._orders = orders
        self._emit = emit
        self._keeper = Keeper()
        self._contexts = Contexts(of)
        #: rule of each decision whose sale is under way
        self._selling: dict[str, str] = {}

    @property
    def contexts(self) -> Contexts:
        """What brings together what a decision looks at."""
        return self._contexts

    # ------------------------------------------------------------------ what happens around it

    def on_gas(self, gas: Gas) -> None:
        """Remember what gas cost, to know later whether it is dear."""
        self._contexts.on_gas(gas)

    def on_pools(self) -> None:
        """Chains have told of a pool or a route."""
        self._contexts.on_pools()

    def woken(self) -> None:
        """The bot was switched or its level changed: decide anew at the next price."""
        for market in self._of.markets.values():
            market.next_decision = 0

    def after_fill(self, event: ev.Filled, market: TokenMarket) -> None:
        """Plan the exits of what was bought, count the tiers of what was sold."""
        if not market.held:
            market.plan = None
        elif event.side is Side.BUY:
            market.plan = None
            self._adopt(market)
        rule = self._selling.pop(event.decision or "", None)
        if rule in exits.TAKE_PROFIT and market.plan is not None:
            market.plan.take(exits.TAKE_PROFIT.index(rule) + 1)

    def _adopt(self, market: TokenMarket) -> exits.ExitPlan | None:
        """Plan the exits of a holding that has none, from its average entry."""
        position = self._of.account.ledger.positions.get(market.token.id)
        if position is None or not self._of.account.bot:
            return None
        entry = float(divide(position.cost, position.quantity))
        market.plan = exits.make_plan(
            entry, market.series.atr, self._of.profile, position.opened, self._of.exit_rules
        )
        return market.plan

    # ------------------------------------------------------------------ prices

    def on_path(self, market: TokenMarket, low: float, high: float) -> None:
        """Act on the exits that a price, or a candle's extremes, reach."""
        plan = market.plan or self._adopt(market)
        # looked at while the bot is off, too: its trail goes on from the highest price
        rule = exits.breach(plan, low, high) if plan is not None else None
        if rule is None or not self._of.account.bot:
            return
        if self._of.now < market.exit_retry or self._selling_now(market):
            return
        context = self._contexts.bring(market)
        context.breached = rule
        verdict = judge(context)
        context.breached = ""
        if verdict.action is Action.SELL:
            self._act(market, context, verdict)

    def decide(self, market: TokenMarket) -> None:
        """Ask the intelligence engine, keep its answer if it is worth it, act on it."""
        of = self._of
        market.next_decision = market.time + of.profile.decide_every_ms
        last = market.last
        if last is not None and self._keeper.passes(market, of.profile.level):
            # most often it is one more of the same: then a sixth of the work will do
            known = self._contexts.touch(market)
            if known is not None and alike(known, last[1]):
                market.repeats += 1
                return
        context = self._contexts.bring(market)
        verdict = judge(context)
        if verdict.action is Action.BUY or (
            verdict.action is Action.SELL and of.now >= market.exit_retry
        ):
            self._act(market, context, verdict)
            return
        repeats = self._keeper.count(market, verdict, of.profile.level)
        if repeats:
            self._keep(market, context, verdict, repeats, ZERO)

    def score(self, market: TokenMarket) -> None:
        """Tell what became of earlier decisions about a token, at its price of now."""
        account, token = self._of.account, market.token.id
        outcomes = settle(market, account.record, self._of.now)
        if outcomes:
            self._emit(ev.Scored(account.seq + 1, self._of.now, token, outcomes))
        market.score_due = due = account.record.due(token)
        if due <= market.time:  # it waits for history; what comes due meanwhile does not
            market.score_due = min(account.record.due(token, market.time), market.time + RETRY)

    def flatten(self, market: TokenMarket) -> None:
        """Sell all of a token that can be sold, whatever the bot thinks of it."""
        account = self._of.account
        self._orders.place(
            OrderRequest(
                f"flatten-{account.seq + 1}",
                market.token.id,
                Side.SELL,
                SizeBy.PERCENT,
                Decimal(100),
                tolerance_bps=BOT_TOLERANCE_BPS,
                origin=Origin.EXIT,
                insist=True,
            )
        )
        self._try_later(market)

    def _selling_now(self, market: TokenMarket) -> bool:
        book = self._of.account.open.get(market.token.id, {})
        return any(o.side is Side.SELL and o.status is Status.SUBMITTED for o in book.values())

    # ------------------------------------------------------------------ acting

    def _act(self, market: TokenMarket, context: Context, verdict: Verdict) -> None:
        account, token = self._of.account, market.token.id
        size = quantity = ZERO
        if verdict.action is Action.BUY:
            size = Decimal(verdict.size_cents).scaleb(-2)
        else:
            quantity = self._part(market, verdict)
            if quantity == 0:
                # all of it is reserved by orders that someone placed: theirs to manage
                market.exit_retry = self._of.now + self._of.profile.decide_every_ms
                repeats = self._keeper.count(market, verdict, self._of.profile.level)
                if repeats:
                    self._keep(market, context, verdict, repeats, ZERO)
                return
        self._keeper.ordered(market, verdict, self._of.profile.level)
        decision = self._keep(market, context, verdict, 1, size, quantity)
        buying = verdict.action is Action.BUY
        if not buying:
            self._selling[decision.id] = verdict.rule
        made = account.orders_made
        self._orders.place(
            OrderRequest(
                f"bot-{decision.id}",
                token,
                Side.BUY if buying else Side.SELL,
                SizeBy.NOTIONAL if buying else SizeBy.QUANTITY,
                size if buying else quantity,
                tolerance_bps=BOT_TOLERANCE_BPS,
                origin=Origin.BOT if buying else Origin.EXIT,
                decision=decision.id,
                insist=not buying,
            )
        )
        if account.orders_made == made:
            self._selling.pop(decision.id, None)
        if not buying:
            self._try_later(market)

    def _try_later(self, market: TokenMarket) -> None:
        """A sale that came to no order in flight is not tried at every price."""
        if market.held and not self._selling_now(market):
            market.exit_retry = self._of.now + max(MINUTE, self._of.profile.decide_every_ms)

    def _part(self, market: TokenMarket, verdict: Verdict) -> Decimal:
        """Tokens to sell: the rule's part of the holding, as far as it is free."""
        account, token = self._of.account, market.token.id
        available = account.available(token)
        part, whole = verdict.sell
        if part == whole:
            return available
        wanted = divide(mul(account.held(token), Decimal(part)), Decimal(whole))
        return min(available, quantize_down(wanted, market.token.decimals))

    def _keep(
        self,
        market: TokenMarket,
        context: Context,
        verdict: Verdict,
        repeats: int,
        size: Decimal,
        quantity: Decimal = ZERO,
    ) -> Decision:
        of, token = self._of, market.token.id
        if market.held:
            context.pnl = profit(of.account.ledger.positions[token])
        depth = market.depth
        if of.account.gates_on and not market.held:
            pool = depth.liquidity if depth is not None else None
            state = of.gates.state(of.equity, of.now, market.token.id, pool)
            story = explain(context, verdict, partial(gate_rows, state, of.limits))
        else:
            story = explain(context, verdict)
        side = Side.SELL if verdict.action is Action.SELL else Side.BUY
        price = market.price_of(side) or market.price or ZERO
        decision = Decision(
            f"d{of.account.decisions + 1}",
            of.now,
            token,
            verdict.action,
            Decimal(verdict.confidence).scaleb(-2),
            Decimal(verdict.risk).scaleb(-2),
            Decimal(verdict.opportunity).scaleb(-2),
            of.profile.level,
            of.profile.name,
            size,
            verdict.rule,
            story.reason,
            price,
            market.source_of(side),
            context.age_ms,
            story.factors,
            story.missing,
            repeats,
            _price(verdict.stop),
            tuple(p for t in verdict.targets if (p := _price(t))),
            quantity,
            story.checks,
            known_round_trip(context, verdict),
            known_move(context),
        )
        market.kept = decision
        self._emit(ev.Decided(of.account.seq + 1, of.now, decision))
        market.score_due = of.account.record.due(token)
        return decision

    # ------------------------------------------------------------------ checkpoints

    def to_plain(self) -> dict[str, Any]:
        """What the bot knows and no event says, as JSON values."""
        markets = self._of.markets.values()
        return {
            "plans": {m.token.id: exits.to_plain(m.plan) for m in markets if m.plan is not None},
            "selling": self._selling,
            "markets": {m.token.id: self._keeper.to_plain(m) for m in markets if m.last},
        }

    def from_plain(self, plain: dict[str, Any]) -> None:
        """Take that back in."""
        markets = self._of.markets
        for token, plan in plain["plans"].items():
            if token in markets and markets[token].held:
                markets[token].plan = exits.from_plain(plan)
        self._selling.update(plain["selling"])
        for token, state in plain["markets"].items():
            if token in markets:
                self._keeper.from_plain(markets[token], state)


def _price(value: float | None) -> Decimal | None:
    """A planned price, to ten significant digits: for people to read, never for the ledger."""
    return Decimal(f"{value:.10g}") if value is not None and value > 0 else None
