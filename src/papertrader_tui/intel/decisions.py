"""The rules, in order. The first that applies decides, and its id goes with the decision."""

from __future__ import annotations

from papertrader_tui.domain.decision import Action
from papertrader_tui.domain.market import HOUR
from papertrader_tui.intel import exits, sizing
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.scoring import Scores, score

#: Stress from which nothing is bought, in hundredths.
STRESS_ENTRY = 7_000
#: Opportunity must be this many tenths of risk.
OPPORTUNITY_TENTHS = 8
#: Standard deviations of the longest horizon below which a trend is against an entry.
AGAINST = -1.0

RULES: dict[str, str] = {
    "skip.price": "no fresh, agreed price",
    "exit.stop_loss": "the price fell to the stop",
    "exit.take_profit_1": "the price reached the first target: a third is sold",
    "exit.take_profit_2": "the price reached the second target: another third is sold",
    "exit.take_profit_3": "the price reached the third target: the rest is sold",
    "exit.trailing": "after the first target, the price fell one stop distance from its high",
    "exit.trend": "the trend turned down with little opportunity left",
    "exit.risk": "risk is far above the level's tolerance",
    "exit.time": "held for too long without a gain after costs",
    "exit.stress": "stress is too high to stay",
    "hold.pending": "an order for this token is under way",
    "hold.position": "a position is open and no exit applies",
    "skip.gate": "an account gate or the kill switch forbids entries",
    "skip.confidence": "confidence is below the level's minimum",
    "skip.risk": "risk is above the level's tolerance",
    "skip.stress": "stress is 70 or more: nothing is bought in a crash or a spike",
    "skip.history": "too few bars to say how far the price may move",
    "skip.cost": "the expected move is less than twice the round-trip cost",
    "hold.opportunity": "opportunity is less than 0.8 times risk",
    "hold.trend": "the longest trend is against it",
    "skip.exposure": "too little room under the level's exposure",
    "skip.size": "the size is below the level's minimum trade",
    "entry.buy": "everything above was passed",
}

# An enum's members are slow to look up.
_BUY, _SELL, _HOLD, _SKIP = Action.BUY, Action.SELL, Action.HOLD, Action.SKIP


class Verdict:
    """What the rules made of a context. Treat it as immutable.

    Attributes:
        scores: Risk, opportunity, confidence and all factors, as `scoring.score` returned them.
        size_cents: Of a BUY: USDC cents to spend; otherwise what it would have been, if the
            rules got that far.
        sell: Of a SELL: numerator and denominator of the part of the holding to sell.
        stop, targets: Of a BUY: planned exits, as prices.
        expected_move: Fraction that the price is expected to move.
        round_trip: Cost of going in and out with this size, as a fraction.
        bound: What set the size, in words.
    """

    # most verdicts order nothing: they are made of three values, and these are shared
    size_cents = 0
    expected_move = 0.0
    round_trip = 0.0
    bound = ""
    sell = (0, 1)
    stop = 0.0
    targets: tuple[float, ...] = ()

    __slots__ = ("action", "rule", "scores")

    def __init__(self, action: Action, rule: str, scores: Scores) -> None:
        self.action = action
        self.rule = rule
        self.scores = scores

    @property
    def risk(self) -> int:
        """In hundredths, 0 to 10,000."""
        return self.scores[0]

    @property
    def opportunity(self) -> int:
        """In hundredths, 0 to 10,000."""
        return self.scores[1]

    @property
    def confidence(self) -> int:
        """In hundredths, 0 to 10,000."""
        return self.scores[2]

    def values(self) -> tuple[object, ...]:
        """All of it, to compare."""
        return (
            self.action, self.rule, self.scores, self.size_cents, self.expected_move,
            self.round_trip, self.bound, self.sell, self.stop, self.targets,
        )  # fmt: skip


class Sized(Verdict):
    """A verdict that got as far as a size, or sells."""

    __slots__ = ("bound", "expected_move", "round_trip", "sell", "size_cents", "stop", "targets")

    def __init__(
        self,
        action: Action,
        rule: str,
        scores: Scores,
        *,
        size: int = 0,
        expected: float = 0.0,
        cost: float = 0.0,
        bound: str = "",
    ) -> None:
        super().__init__(action, rule, scores)
        self.size_cents = size
        self.expected_move = expected
        self.round_trip = cost
        self.bound = bound
        self.sell = Verdict.sell
        self.stop = Verdict.stop
        self.targets = Verdict.targets


def judge(ctx: Context) -> Verdict:
    """Decide; the same context always gives the same verdict."""
    scores = score(ctx)
    if (ctx.fault and not (ctx.exits and ctx.held)) or ctx.age_ms > ctx.max_age_ms:
        return Verdict(_SKIP, "skip.price", scores)
    if ctx.held:
        return _leave(ctx, scores)
    if ctx.pending:
        return Verdict(_HOLD, "hold.pending", scores)
    if ctx.blocked:
        return Verdict(_SKIP, "skip.gate", scores)
    profile = ctx.profile
    if scores[2] < profile.min_confidence * 100:
        return Verdict(_SKIP, "skip.confidence", scores)
    if scores[0] > profile.risk_tolerance * 100:
        return Verdict(_SKIP, "skip.risk", scores)
    return _enter(ctx, scores)


def _leave(ctx: Context, scores: Scores) -> Verdict:
    """Exits of an open position, in order."""
    plan = ctx.plan
    if ctx.pending and not ctx.breached:
        return Verdict(_HOLD, "hold.pending", scores)
    rule = ctx.breached
    if not rule:
        if plan is None:
            return Verdict(_HOLD, "hold.position", scores)
        trend, limits = ctx.series.trend, ctx.rules
        if trend is not None and trend < 0.0 and scores[1] < limits.trend_opportunity * 100:
            rule = "exit.trend"
        elif scores[0] > ctx.profile.risk_tolerance * limits.risk_pct:
            rule = "exit.risk"
        elif ctx.time - ctx.opened >= limits.hold_h * HOUR and ctx.pnl <= 0.0:
            rule = "exit.time"
        elif scores[7] >= limits.stress * 100:
            rule = "exit.stress"
        else:
            return Verdict(_HOLD, "hold.position", scores)
    verdict = Sized(_SELL, rule, scores)
    verdict.sell = exits.sold_part(plan, rule)
    return verdict


def _enter(ctx: Context, scores: Scores) -> Verdict:
    """The rest of the entry's rules, and its size."""
    series, profile = ctx.series, ctx.profile
    if scores[7] >= STRESS_ENTRY:
        return Verdict(_SKIP, "skip.stress", scores)
    if series.trend is None or series.atr is None:
        return Verdict(_SKIP, "skip.history", scores)
    expected = ctx.marks.expected
    risk, confidence = scores[0], scores[2]
    entry = sizing.entry(ctx, expected, confidence, risk)
    if entry is None:
        return Verdict(_SKIP, "skip.cost", scores)
    size, cost, bound, smallest, limit = entry
    longest = series.walks[2]
    action, rule = _BUY, "entry.buy"
    if 0 < size < smallest * 100:
        action, rule = _SKIP, "skip.cost"
    elif scores[1] * 10 < risk * OPPORTUNITY_TENTHS:
        action, rule = _HOLD, "hold.opportunity"
    elif longest is not None and longest < AGAINST:
        action, rule = _HOLD, "hold.trend"
    elif not size or (
        size < profile.min_trade_usd * 100
        and not sizing.cautious_would(ctx, confidence, risk, smallest, limit)
    ):
        action, rule = _SKIP, "skip.exposure" if bound == sizing.EXPOSURE else "skip.size"
    verdict = Sized(action, rule, scores, size=size, expected=expected, cost=cost, bound=bound)
    if action is _BUY:
        distance = exits.stop_distance(ctx.value, series.atr, profile, ctx.rules)
        step = distance * ctx.rules.target_pct / 100
        verdict.stop = ctx.value - distance
        verdict.targets = tuple(ctx.value + n * step for n in range(1, exits.TIERS + 1))
    return verdict
