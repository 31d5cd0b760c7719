"""How large an entry is, what it costs both ways, and which sizes pay for themselves."""

from __future__ import annotations

from decimal import Decimal
from math import inf, sqrt
from typing import TYPE_CHECKING, NamedTuple

from papertrader_tui.intel.context import Context
from papertrader_tui.intel.levels import AUTONOMOUS, DEFAULT_LEVEL, LEVELS, Profile

if TYPE_CHECKING:
    from papertrader_tui.intel.decisions import Verdict

#: The expected move must be this many times the cost of going in and out.
PAY_RATIO = 2.0
#: Cash kept for gas, in swaps: the entry and three exits.
RESERVED_SWAPS = 4
MAX_IMPACT = 0.005

LEVEL = "the level's size"
EXPOSURE = "room under the level's exposure"
IMPACT = "0.5 % impact"
PAYS = "the largest size that pays for itself"
CASH = "free cash less gas"
LIMIT = "the token's limit"


def round_trip(size: float, ctx: Context) -> float:
    """Cost of buying for `size` dollars and selling again, as a fraction of it.

    2 x (fee + S/(L/2 + S) + gas/S), or by the pool's own arithmetic where that is known; what is
    unknown (depth, gas) is left out.
    """
    if ctx.curve is not None:
        return ctx.curve.both(size) + 2 * (ctx.gas_usd or 0.0) / size
    cost = ctx.fee_bps / 10_000
    if ctx.liquidity is not None:
        cost += size / (ctx.liquidity / 2 + size)
    if ctx.gas_usd is not None:
        cost += ctx.gas_usd / size
    return 2 * cost


def known_round_trip(ctx: Context, verdict: Verdict) -> Decimal | None:
    """What a decision knows of the cost of going in and out: a fraction of six decimals.

    For the size that it orders or would have ordered, the level's minimum trade at least; None
    while a position is open, since nothing is to be bought then.
    """
    if ctx.held:
        return None
    cost = verdict.round_trip
    if cost <= 0.0:
        own = own_size(ctx.profile, ctx, verdict.confidence, verdict.risk)[0]
        cost = round_trip(max(own, ctx.profile.min_trade_usd), ctx)
    return _millionths(cost)


def known_move(ctx: Context) -> Decimal | None:
    """The expected move, likewise; None where there is none."""
    known = ctx.series.trend is not None and ctx.series.atr is not None
    return _millionths(ctx.marks.expected) if known else None


def _millionths(value: float) -> Decimal:
    return Decimal(round(value * 1_000_000)).scaleb(-6)


def paying_sizes(expected: float, ctx: Context) -> tuple[float, float] | None:
    """Smallest and largest size whose round trip costs at most half the expected move.

    With a = L/2, gas g and b = expected/4 - fee they solve S/(a + S) + g/S = b, a quadratic:
    below its roots gas eats the trade, above them impact does.  None if no size pays.  They
    depend on nothing that a level sets.
    """
    if ctx.curve is not None:
        if expected <= 0.0:
            return None
        return ctx.curve.paying(expected / PAY_RATIO, ctx.gas_usd or 0.0)
    b = expected / (2 * PAY_RATIO) - ctx.fee_bps / 10_000
    if b <= 0.0:
        return None
    gas = ctx.gas_usd or 0.0
    if ctx.liquidity is None:
        return gas / b, inf
    a = ctx.liquidity / 2
    half = b * a - gas
    if half <= 0.0:
        return None
    # expected is at most 1, so that b is at most 0.25
    square = half * half - 4 * (1 - b) * gas * a
    if square < 0.0:
        return None
    large = (half + sqrt(square)) / (2 * (1 - b))
    return gas * a / ((1 - b) * large), large


def own_size(profile: Profile, ctx: Context, confidence: int, risk: int) -> tuple[float, str]:
    """What a level asks for in dollars, and which of its two limits set it.

    Its largest position x confidence x (1 - risk), at most the room under its exposure.
    """
    size = (
        ctx.equity
        * (profile.max_position_pct / 100)
        * (confidence / 10_000 * ((10_000 - risk) / 10_000))
    )
    room = ctx.equity * (profile.max_exposure_pct / 100) - ctx.exposure
    return (room, EXPOSURE) if room < size else (size, LEVEL)


def common_limit(ctx: Context, largest_paying: float) -> tuple[float, str]:
    """The least of the limits that are the same at every level, and its name."""
    limit, name = ctx.cash - RESERVED_SWAPS * (ctx.gas_usd or 0.0), CASH
    if largest_paying < limit:
        limit, name = largest_paying, PAYS
    deep = limit
    if ctx.curve is not None:
        deep = ctx.curve.size_for_impact(MAX_IMPACT)
    elif ctx.liquidity is not None:
        deep = ctx.liquidity / 2 * (MAX_IMPACT / (1 - MAX_IMPACT))
    if deep < limit:
        limit, name = deep, IMPACT
    if ctx.limit is not None and ctx.limit < limit:
        limit, name = ctx.limit, LIMIT
    return limit, name


class Entry(NamedTuple):
    """What an entry would come to.

    Attributes:
        cents: USDC cents to spend, 0 where nothing is left.
        cost: Of the round trip, as a fraction.
        bound: What set the size, in words.
        smallest: Dollars below which it does not pay for itself.
        limit: Dollars that no level may spend.
    """

    cents: int
    cost: float
    bound: str
    smallest: float
    limit: float


def entry(ctx: Context, expected: float, confidence: int, risk: int) -> Entry | None:
    """Size and cost of an entry now, with scores in hundredths; None if no size pays."""
    pays = paying_sizes(expected, ctx)
    if pays is None:
        return None
    own, bound = own_size(ctx.profile, ctx, confidence, risk)
    limit, limited = common_limit(ctx, pays[1])
    if limit < own:
        own, bound = limit, limited
    size = cents(own)
    cost = round_trip(size / 100, ctx) if size else 0.0
    return Entry(size, cost, bound, pays[0], limit)


def cents(size: float) -> int:
    """Whole cents, rounded down; 0 where nothing is left."""
    return int(size * 100) if size > 0 else 0


def cautious_would(ctx: Context, confidence: int, risk: int, smallest: float, limit: float) -> bool:
    """Whether a level below this one would buy here with what it deems enough.

    The minimum trade rises with the level, so that without this a higher level could skip, as
    too small, a trade that a lower one makes.  A minimum that a user set is not softened.
    """
    profile = ctx.profile
    if "min_trade_usd" in profile.changed:
        return False
    # level 10 begins as level 5, and so it has the same levels below it
    own = DEFAULT_LEVEL if profile.level == AUTONOMOUS else profile.level
    for level in range(1, own):
        other = LEVELS[level]
        if confidence < other.min_confidence * 100 or risk > other.risk_tolerance * 100:
            continue
        size = cents(min(own_size(other, ctx, confidence, risk)[0], limit))
        if size >= other.min_trade_usd * 100 and size >= smallest * 100:
            return True
    return False
