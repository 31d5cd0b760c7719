"""Every condition that a decision was held against, with how near it was.

Worked out when someone looks, from the numbers that the decision was made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from papertrader_tui.domain import risk as gates
from papertrader_tui.domain.decision import Check
from papertrader_tui.domain.market import HOUR
from papertrader_tui.domain.risk import GateRow
from papertrader_tui.intel import exits, sizing
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.decisions import AGAINST, OPPORTUNITY_TENTHS, STRESS_ENTRY, Verdict
from papertrader_tui.intel.sentences import lasting, number

#: Most that is said of how much of a limit is used.
FULL = 9.999


def conditions(ctx: Context, verdict: Verdict, rows: Iterable[GateRow]) -> tuple[Check, ...]:
    """Those of an exit while a position is managed, else those of an entry and the gates.

    Args:
        ctx: The context that the verdict was made of.
        verdict: What `judge` said.
        rows: The account's gates.
    """
    if ctx.held:
        return (_price(ctx, "exit"), *(_exits(ctx, verdict) if ctx.plan is not None else ()))
    gated = [_gate(row) for row in rows]
    if ctx.blocked and not any(check.hit for check in gated):
        # the kill switch and an unsafe token are no gates with a limit
        name = ctx.blocked.removeprefix("gate.").replace("_", " ")
        gated.append(_check("account", name, ctx.blocked_reason, "", 1.0, hit=True))
    return (_price(ctx, "entry"), *_entry(ctx, verdict), *gated)


def _check(of: str, name: str, value: str, limit: str, used: float, *, hit: bool) -> Check:
    return Check(of, name, value, limit, round(min(FULL, max(0.0, used)), 3), hit)


def _price(ctx: Context, of: str) -> Check:
    old = ctx.age_ms > ctx.max_age_ms
    value = ctx.fault or f"{round(ctx.age_ms / 1000, 1):g} s old"
    used = 1.0 if ctx.fault else ctx.age_ms / ctx.max_age_ms
    stops = bool(ctx.fault) and not (ctx.exits and ctx.held)
    limit = f"at most {ctx.max_age_ms / 1000:g} s, agreed"
    return _check(of, "price", value, limit, used, hit=stops or old)


def _least(name: str, value: float, least: float, words: str, limit: str) -> Check:
    """A value that has to be at least so much: the nearer to it, the more is used."""
    used = least / value if value > 0.0 else (FULL if least > 0.0 else 0.0)
    return _check("entry", name, words, limit, used, hit=value < least)


def _most(of: str, name: str, value: float, most: float, limit: str, *, hit: bool) -> Check:
    return _check(of, name, f"{value:.2f}", limit, value / most if most else FULL, hit=hit)


def _stress(of: str, ctx: Context, verdict: Verdict, most: float, limit: str) -> Check:
    """Stress; the watchlist's fall alone can be known, and then it is known only as a fall."""
    score, series = verdict.scores[7] / 100, ctx.series
    if not score and series.resistance is None and series.ref_bar is None:
        return Check(of, "stress", None, limit, None, hit=False)
    return _most(of, "stress", score, most, limit, hit=score >= most)


# ---------------------------------------------------------------------- of an entry


def _entry(ctx: Context, verdict: Verdict) -> Iterator[Check]:
    profile, series = ctx.profile, ctx.series
    confidence, risk = verdict.confidence / 100, verdict.risk / 100
    opportunity = verdict.opportunity / 100
    least = profile.min_confidence
    yield _least("confidence", confidence, least, f"{confidence:.2f}", f"at least {least:g}")
    most = profile.risk_tolerance
    yield _most("entry", "risk", risk, most, f"at most {most:g}", hit=risk > most)
    most = STRESS_ENTRY / 100
    yield _stress("entry", ctx, verdict, most, f"below {most:g}")
    if series.trend is None or series.atr is None:
        bars = series.bars
        yield _least("history", bars, 14, f"{bars} bars", "at least 14")
    else:
        yield from _sized(ctx, verdict)
    least = risk * OPPORTUNITY_TENTHS / 10
    words, limit = f"{opportunity:.2f}", f"at least {least:.2f}, 0.8 × risk"
    yield _least("opportunity", opportunity, least, words, limit)
    longest = series.walks[2]
    if longest is not None:
        against = longest < AGAINST
        limit = f"not below {AGAINST:+.1f}σ"
        used = max(0.0, longest / AGAINST)
        yield _check("entry", "longest trend", f"{longest:+.1f}σ", limit, used, hit=against)


def _sized(ctx: Context, verdict: Verdict) -> Iterator[Check]:
    """Whether an entry would pay for itself, and whether it is worth an order."""
    expected = ctx.marks.expected
    found = sizing.entry(ctx, expected, verdict.confidence, verdict.risk)
    if found is None:
        size = sizing.cents(sizing.own_size(ctx.profile, ctx, verdict.confidence, verdict.risk)[0])
        cost = sizing.round_trip(max(size, 1) / 100, ctx)
        yield _pays(expected, cost, hit=True)
        return
    size, cost, bound, smallest, limit = found
    yield _pays(expected, cost, hit=0 < size < smallest * 100)
    least = ctx.profile.min_trade_usd
    small = size < least * 100 and not (
        size and sizing.cautious_would(ctx, verdict.confidence, verdict.risk, smallest, limit)
    )
    words = f"${size / 100:,.2f}: {bound}"
    used = least * 100 / size if size else FULL
    yield _check("entry", "size", words, f"at least ${least:g}", used, hit=small)


def _pays(expected: float, cost: float, *, hit: bool) -> Check:
    least = sizing.PAY_RATIO * cost
    used = least / expected if expected > 0.0 else FULL
    limit = f"at least {least:.2%}, {sizing.PAY_RATIO:g} × the round trip"
    return _check("entry", "expected move", f"{expected:+.2%}", limit, used, hit=hit)


# ---------------------------------------------------------------------- of an exit


def _exits(ctx: Context, verdict: Verdict) -> Iterator[Check]:
    rules, rule = ctx.rules, verdict.rule
    yield from _path(ctx, rule)
    opportunity, trend = verdict.opportunity / 100, ctx.series.trend
    if trend is not None:
        most = rules.trend_opportunity
        left = most / opportunity if opportunity else FULL
        used = min(left, 1.0 if trend < 0.0 else 1 / (1 + trend))
        words = f"{trend:+.1f}σ, opportunity {opportunity:.2f}"
        limit = f"below 0σ with less than {most}"
        hit = trend < 0.0 and opportunity < most
        yield _check("exit", "trend", words, limit, used if hit else min(used, 0.999), hit=hit)
    risk, times = verdict.risk / 100, rules.risk_pct / 100
    worst = ctx.profile.risk_tolerance * times
    limit = f"above {worst:g}, {times:g} × tolerance"
    yield _most("exit", "risk", risk, worst, limit, hit=risk > worst)
    held = max(0, ctx.time - ctx.opened)
    gains = ctx.pnl > 0.0
    used = held / (rules.hold_h * HOUR)
    words = f"{lasting(held)}, P&L {ctx.pnl:+.2%}"
    limit = f"{rules.hold_h} h without a gain"
    used = min(used, 0.999) if gains else used
    yield _check("exit", "time", words, limit, used, hit=not gains and held >= rules.hold_h * HOUR)
    yield _stress("exit", ctx, verdict, rules.stress, f"{rules.stress} or more")


def _path(ctx: Context, rule: str) -> Iterator[Check]:
    """Stop and next target: how much of the way to them the price has gone."""
    plan = ctx.plan
    assert plan is not None  # asked for only where there is one
    trails = plan.guard > plan.stop
    start = plan.high if trails else plan.entry
    way = start - plan.guard
    name = "trailing stop" if trails else "stop"
    used = (start - ctx.value) / way if way > 0.0 else FULL
    hit = rule in (exits.STOP_LOSS, exits.TRAILING)
    yield _check("exit", name, number(ctx.value), f"at {number(plan.guard)}", used, hit=hit)
    if plan.target is not None:
        used = (ctx.value - plan.entry) / (plan.target - plan.entry)
        name, limit = f"target {plan.taken + 1}", f"at {number(plan.target)}"
        hit = rule in exits.TAKE_PROFIT
        yield _check("exit", name, number(ctx.value), limit, used, hit=hit)


# ---------------------------------------------------------------------- of the account

_TOLD = {gates.COOLDOWN_ANY, gates.COOLDOWN_TOKEN}


def _gate(row: GateRow) -> Check:
    """A gate says its own limit; a cooldown and the pool's depth close without an event."""
    closed = row.tripped or (row.gate in _TOLD and row.until is not None)
    closed = closed or (row.gate == gates.MIN_LIQUIDITY and row.used > 1.0)
    return _check("account", row.gate.replace("_", " "), row.text, "", row.used, hit=closed)
