"""The auto-trader: asks the intelligence engine about each token, and acts on the answer.

It looks at the ledger, never at notes of its own, for what is held: a position that a person
opened is managed like one of its own while the bot is on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from papertrader_tui.bot.keeper import Keeper
from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.decision import Action, Decision
from papertrader_tui.domain.gates import Gates
from papertrader_tui.domain.ledger import Position
from papertrader_tui.domain.market import DAY, MINUTE, Gas, Trust
from papertrader_tui.domain.money import ZERO, divide, mul, quantize_down
from papertrader_tui.domain.orders import OrderRequest, Origin, Side, SizeBy, Status
from papertrader_tui.domain.tokens import Registry, TokenId
from papertrader_tui.intel import exits
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.decisions import MAX_HOLD_MS, Verdict, judge
from papertrader_tui.intel.explain import explain
from papertrader_tui.intel.gasday import GasDay
from papertrader_tui.intel.levels import Profile
from papertrader_tui.simulator.gas import swap_gas

BOT_TOLERANCE_BPS = 100
_FREE = ("", "")
#: Market milliseconds between two looks at the whole watchlist, and how many tokens make one.
DROP_EVERY = 5 * MINUTE
FEWEST_FOR_DROP = 3


class Situation(Protocol):
    """What of the desk the bot looks at."""

    account: Account
    gates: Gates
    registry: Registry
    profile: Profile
    stale_after: int
    now: int

    @property
    def markets(self) -> Mapping[TokenId, TokenMarket]:
        """What is known of each token's market."""
        ...

    @property
    def equity(self) -> Decimal:
        """Cash and holdings at the newest marks."""
        ...


class Orders(Protocol):
    """What of the order desk the bot uses."""

    def place(self, request: OrderRequest) -> None:
        """Accept or reject an order."""
        ...


class Trader:
    """Decides, and turns decisions into orders."""

    __slots__ = (
        "_cash",
        "_days",
        "_drop",
        "_drop_due",
        "_emit",
        "_free",
        "_gas",
        "_keeper",
        "_of",
        "_orders",
        "_selling",
        "_seq",
    )

    def __init__(self, of: Situation, orders: Orders, emit: Callable[[ev.Event], None]) -> None:
        self._of = of
        self._orders = orders
        self._emit = emit
        self._keeper = Keeper()
        self._days: dict[str, GasDay] = {}
        #: per chain: dollars of a swap, rank within the day, source, time
        self._gas: dict[str, tuple[float, float | None, str, int]] = {}
        self._seq = -1  # of the account when cash was last looked at
        self._cash = self._free = 0.0
        self._drop: float | None = None  # fall of the watchlist, and when to look again
        self._drop_due = 0
        #: rule of each decision whose sale is under way
        self._selling: dict[str, str] = {}

    # ------------------------------------------------------------------ what happens around it

    def on_gas(self, gas: Gas) -> None:
        """Remember what gas cost, to know later whether it is dear."""
        day = self._days.setdefault(gas.chain, GasDay())
        day.on_gas(gas.time, gas.price_wei, gas.source)
        usd = swap_gas(self._of.registry.chains[gas.chain], gas).usd
        self._gas[gas.chain] = (float(usd), day.percentile, gas.source, gas.time)

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
        market.plan = exits.make_plan(entry, market.series.atr, self._of.profile, position.opened)
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
        context = self._context(market)
        context.breached = rule
        verdict = judge(context)
        context.breached = ""
        if verdict.action is Action.SELL:
            self._act(market, context, verdict)

    def decide(self, market: TokenMarket) -> None:
        """Ask the intelligence engine, keep its answer if it is worth it, act on it."""
        of = self._of
        market.next_decision = market.time + of.profile.decide_every_ms
        context = self._context(market)
        verdict = judge(context)
        if verdict.action is Action.BUY or (
            verdict.action is Action.SELL and of.now >= market.exit_retry
        ):
            self._act(market, context, verdict)
            return
        repeats = self._keeper.count(market, verdict, of.profile.level)
        if repeats:
            self._keep(market, context, verdict, repeats, ZERO)

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
        of = self._of
        if market.held:
            context.pnl = _pnl(of.account.ledger.positions[market.token.id])
        reason, factors, missing = explain(context, verdict)
        side = Side.SELL if verdict.action is Action.SELL else Side.BUY
        price = market.price_of(side) or market.price or ZERO
        decision = Decision(
            f"d{of.account.decisions + 1}",
            of.now,
            market.token.id,
            verdict.action,
            Decimal(verdict.confidence).scaleb(-2),
            Decimal(verdict.risk).scaleb(-2),
            Decimal(verdict.opportunity).scaleb(-2),
            of.profile.level,
            of.profile.name,
            size,
            verdict.rule,
            reason,
            price,
            market.source_of(side),
            context.age_ms,
            factors,
            missing,
            repeats,
            _price(verdict.stop),
            tuple(p for t in verdict.targets if (p := _price(t))),
            quantity,
        )
        market.kept = decision
        self._emit(ev.Decided(of.account.seq + 1, of.now, decision))
        return decision

    # ------------------------------------------------------------------ context

    def _context(self, market: TokenMarket) -> Context:
        """The token's context, brought up to now. Runs at every decision: keep it flat."""
        of, account = self._of, self._of.account
        context = market.context
        if context is None:
            context = market.context = self._new_context(market)
        now = of.now
        context.profile = of.profile
        context.time = now
        context.value = market.value
        context.source = market.source
        context.age_ms = age = now - market.time
        if market.trust is None:
            context.fault = f"its price is {age // 1000} s old" if age > of.stale_after else ""
        else:
            self._trust(context, market, market.trust)
        depth = market.depth
        if depth is not None and depth.time != context.depth_time:
            context.liquidity = float(depth.liquidity)
            context.fee_bps = float(depth.fee_bps)
            context.depth_source, context.depth_time = depth.source, depth.time
        gas = self._gas.get(market.chain.key)
        if gas is not None:
            context.gas_usd, context.gas_rank, context.gas_source, context.gas_time = gas
        if account.seq != self._seq:
            self._seq = account.seq
            self._cash = float(account.ledger.cash)
            self._free = float(account.free_cash())
        context.cash = self._free
        if account.ledger.positions:
            context.equity = equity = float(of.equity)
        else:
            context.equity = equity = self._cash
        context.exposure = equity - self._free  # what buys under way have reserved included
        if now >= self._drop_due:
            self._drop_due = (now // DROP_EVERY + 1) * DROP_EVERY
            self._drop = self._watch_drop()
        context.watch_drop = self._drop
        context.held = market.held
        context.plan = market.plan
        context.pending = market.working and self._in_flight(market)
        if market.held:
            position = account.ledger.positions[market.token.id]
            context.opened = position.opened
            if now - position.opened >= MAX_HOLD_MS:  # the one rule that asks for it
                context.pnl = _pnl(position)
            context.blocked, context.blocked_reason = _FREE  # an exit is never forbidden
        else:
            block = of.gates.entry_block(
                market.token.id, depth.liquidity if depth is not None else None
            ) or of.gates.cooldown(market.token.id, now)
            context.blocked, context.blocked_reason = block or _FREE
        return context

    def _trust(self, context: Context, market: TokenMarket, trust: Trust) -> None:
        """What the sources say of the price, where there are several."""
        context.sources = trust.sources
        context.max_age_ms = max(1, trust.stale_at - market.time)
        context.fault = trust.fault
        context.exits = trust.fault != "" and trust.exit_price is not None
        if not context.fault and self._of.now > trust.stale_at:
            context.fault = f"its price is {context.age_ms // 1000} s old"
        if context.exits and market.held:
            context.value, context.source = trust.exit_value, trust.exit_source

    def _watch_drop(self) -> float | None:
        """How far the watchlist has fallen in 24 h on average; None where few of it are known."""
        markets = self._of.markets
        changes = [
            change
            for token in self._of.account.watch
            if (m := markets.get(token)) is not None
            and m.price is not None
            and (change := m.series.change(DAY, m.time, m.value)) is not None
        ]
        if len(changes) < FEWEST_FOR_DROP:
            return None
        return max(0.0, -sum(changes) / len(changes))

    def _new_context(self, market: TokenMarket) -> Context:
        context = Context(market.series, self._of.profile)
        context.public_mempool = market.chain.public_mempool
        context.fee_bps = float(market.token.fee_bps)
        context.max_age_ms = self._of.stale_after
        context.gas_usd = float(swap_gas(market.chain, None).usd)
        return context

    def _in_flight(self, market: TokenMarket) -> bool:
        book = self._of.account.open.get(market.token.id, {})
        return any(o.status is Status.SUBMITTED for o in book.values())

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


def _pnl(position: Position) -> float:
    return float(position.net) / float(position.bought)


def _price(value: float | None) -> Decimal | None:
    """A planned price, to ten significant digits: for people to read, never for the ledger."""
    return Decimal(f"{value:.10g}") if value is not None and value > 0 else None
