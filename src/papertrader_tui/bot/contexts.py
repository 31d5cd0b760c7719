"""Brings what one decision looks at up to now."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from papertrader_tui.bot.sampling import sample
from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.events import Fidelity
from papertrader_tui.domain.exit_rules import ExitRules
from papertrader_tui.domain.gates import Gates
from papertrader_tui.domain.ledger import Position
from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Depth, Gas, Trust
from papertrader_tui.domain.money import ZERO
from papertrader_tui.domain.orders import Status
from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.domain.tokens import Registry, TokenId
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.curve import Curve
from papertrader_tui.intel.gasday import GasDay
from papertrader_tui.intel.learning import odds
from papertrader_tui.intel.levels import Profile
from papertrader_tui.simulator.costs import Pricer
from papertrader_tui.simulator.gas import swap_gas

_FREE = ("", "")
#: Market milliseconds between two looks at the whole watchlist, and how many tokens make one.
DROP_EVERY = 5 * MINUTE
FEWEST_FOR_DROP = 3


class Situation(Protocol):
    """What of the desk the bot looks at."""

    account: Account
    gates: Gates
    limits: RiskLimits
    exit_rules: ExitRules
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


class Contexts:
    """Keeps one context per token, and what several of them share."""

    __slots__ = (
        "_cash", "_curves", "_days", "_drop", "_drop_due", "_free", "_gas", "_heard",
        "_moves", "_of",
    )  # fmt: skip

    def __init__(self, of: Situation) -> None:
        self._of = of
        self._days: dict[str, GasDay] = {}
        #: per chain: dollars of a swap, rank within the day, block fullness, source, time
        self._gas: dict[str, tuple[float, float | None, float, str, int]] = {}
        #: per token: the pool that costs were sampled from, and what they were
        self._curves: dict[TokenId, tuple[Pricer, Curve | None]] = {}
        self._heard = 0  # gas and pools, as often as they were told of
        self._moves = -1  # of the account when cash was last looked at
        self._cash = self._free = 0.0
        self._drop: float | None = None  # fall of the watchlist, and when to look again
        self._drop_due = 0

    @property
    def drop_due(self) -> int:
        """When the next context looks at the whole watchlist anew."""
        return self._drop_due

    @property
    def drop(self) -> float | None:
        """How far the watchlist had fallen when it was last looked at."""
        return self._drop

    def on_gas(self, gas: Gas) -> None:
        """Remember what gas cost, to know later whether it is dear."""
        day = self._days.setdefault(gas.chain, GasDay())
        day.on_gas(gas.time, gas.price_wei, gas.source)
        usd = swap_gas(self._of.registry.chains[gas.chain], gas).usd
        self._heard += 1
        self._gas[gas.chain] = (float(usd), day.percentile, gas.fullness, gas.source, gas.time)

    def on_pools(self) -> None:
        """Chains have told of a pool or a route."""
        self._heard += 1

    def touch(self, market: TokenMarket) -> Context | None:
        """The token's context, where nothing but time and its price can have changed it.

        None where more has happened since it was last brought up to now: an event of the
        account, gas, depth, a doubt, a chain's word.  Cash and equity stay as they were but where
        pools are known, whose depth is measured by them.
        """
        of, context, now = self._of, market.context, self._of.now
        if (
            context is None
            or market.settled != of.account.moves + self._heard
            or market.record_seen != of.account.record.version
            or now - market.time > of.stale_after
        ):
            return None
        if now >= self._drop_due:
            self._look_around(now)
        context.time = now
        context.value = market.value
        context.source = market.source
        context.age_ms = now - market.time
        context.watch_drop = self._drop
        if market.held:
            if now - context.opened >= of.exit_rules.hold_h * HOUR:
                return None
            context.plan = market.plan
        if context.liquidity is not None and of.account.ledger.positions:
            context.equity = float(of.equity)
        return context

    def bring(self, market: TokenMarket) -> Context:
        """The token's context, brought up to now. Runs at every decision: keep it flat."""
        of, account = self._of, self._of.account
        context = market.context
        if context is None:
            context = market.context = self._new_context(market)
        now = of.now
        context.profile = of.profile
        context.rules = of.exit_rules
        context.time = now
        context.value = market.value
        context.source = market.source
        context.age_ms = age = now - market.time
        if market.trust is not None:
            self._trust(context, market, market.trust)
        else:
            context.fault = f"its price is {age // 1000} s old" if age > of.stale_after else ""
        depth = market.depth
        if depth is not None and depth.time != context.depth_time:
            self._deepen(context, market, depth)
        if market.pools is not None:
            context.curve = self._curve(market)
        gas = self._gas.get(market.chain.key)
        if gas is not None:
            context.gas_usd, context.gas_rank, context.gas_fullness = gas[:3]
            context.gas_source, context.gas_time = gas[3:]
        if account.moves != self._moves:
            self._moves = account.moves
            self._cash = float(account.ledger.cash)
            self._free = float(account.free_cash())
        context.cash = self._free
        if account.ledger.positions:
            context.equity = equity = float(of.equity)
        else:
            context.equity = equity = self._cash
        context.exposure = equity - self._free  # what buys under way have reserved included
        if now >= self._drop_due:
            self._look_around(now)
        context.watch_drop = self._drop
        if account.record.version != market.record_seen:
            self.remember(market, context)
        self._position(context, market)
        calm = market.trust is None and not (context.fault or context.blocked)
        known = market.pools is not None and market.pools.knows(market.token.id)
        market.settled = account.moves + self._heard if calm and not known else -1
        return context

    def remember(self, market: TokenMarket, context: Context) -> None:
        """How buys paid off in such cases before, where outcomes have been counted since."""
        record = self._of.account.record
        if record.version != market.record_seen:
            market.record_seen = record.version
            context.record, context.cases = odds(record, market.token.id)

    def _position(self, context: Context, market: TokenMarket) -> None:
        """What is held, and whether an entry may be made where nothing is."""
        of, token, now = self._of, market.token.id, self._of.now
        context.held = market.held
        context.plan = market.plan
        context.pending = market.working and self._in_flight(market)
        if market.held:
            position = of.account.ledger.positions[token]
            context.opened = position.opened
            if now - position.opened >= of.exit_rules.hold_h * HOUR:  # the one that asks for it
                context.pnl = profit(position)
            context.blocked, context.blocked_reason = _FREE  # an exit is never forbidden
            return
        if market.unsafe:
            context.blocked = "unsafe token"
            context.blocked_reason = f"the token is not safe: {market.unsafe}"
            return
        depth = market.depth
        block = of.gates.entry_block(
            token, depth.liquidity if depth is not None else None
        ) or of.gates.cooldown(token, now)
        context.blocked, context.blocked_reason = block or _FREE

    def _deepen(self, context: Context, market: TokenMarket, depth: Depth) -> None:
        """What was last heard of its pool."""
        context.liquidity = float(depth.liquidity)
        context.fee_bps = float(depth.fee_bps)
        context.depth_source, context.depth_time = depth.source, depth.time
        context.volume_24h = depth.volume_24h
        context.volume_change, context.volume_span = market.volumes.ratio, market.volumes.span

    def _trust(self, context: Context, market: TokenMarket, trust: Trust) -> None:
        """What the sources say of the price, where there are several."""
        context.sources = trust.sources
        context.spread = trust.spread
        context.max_age_ms = max(1, trust.stale_at - market.time)
        context.fault = trust.fault
        context.exits = trust.fault != "" and trust.exit_price is not None
        if not context.fault and self._of.now > trust.stale_at:
            context.fault = f"its price is {context.age_ms // 1000} s old"
        if context.exits and market.held:
            context.value, context.source = trust.exit_value, trust.exit_source

    def _curve(self, market: TokenMarket) -> Curve | None:
        """What swaps cost in the token's pool, sampled once per state of it."""
        pricer, token = market.pricer, market.token
        if pricer.fidelity is not Fidelity.POOL:
            return None
        known = self._curves.get(token.id)
        if known is None or known[0] is not pricer:
            known = pricer, sample(pricer, market.price or ZERO, token.decimals)
            self._curves[token.id] = known
        return known[1]

    def _look_around(self, now: int) -> None:
        self._drop_due = (now // DROP_EVERY + 1) * DROP_EVERY
        few = len(self._of.account.watch) < FEWEST_FOR_DROP
        self._drop = None if few else self._watch_drop()

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


def profit(position: Position) -> float:
    """What a position has made net of costs, as a fraction of all that was bought."""
    return float(position.net) / float(position.bought)
