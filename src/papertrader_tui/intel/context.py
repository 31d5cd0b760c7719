"""Everything that one decision looks at."""

from __future__ import annotations

from papertrader_tui.domain.exit_rules import USUAL_EXITS
from papertrader_tui.intel.curve import Curve
from papertrader_tui.intel.exits import ExitPlan
from papertrader_tui.intel.indicators import Series
from papertrader_tui.intel.levels import LEVELS, Profile

#: A price older than this is not traded on, unless the desk says otherwise.
MAX_AGE_MS = 60_000


class Context:
    """One token at one moment, and the account that would trade it.

    The desk keeps one per token and updates it in place; a decision reads nothing else.  Money
    is in dollars as floats: sizes are judged here and booked exactly elsewhere.

    Attributes:
        time: Market milliseconds now.
        value, source, age_ms: The price, who said so, and how old it is.
        max_age_ms: Age at which it is stale.
        fault: Which price check failed, in words (`older than 60 s`, `sources differ by 4 %`),
            or "" if it is fresh and agreed.
        exits: In spite of the fault there is a price, `value`, that exits may go at.
        sources: How many sources agreed on it; 0 for a market that is its own source (demo,
            tape), whose price is judged by age alone.
        spread: How far they lie apart, a fraction of the highest.
        series: Its bars and indicators.
        liquidity: Dollars in its pool, both sides; None if unknown.
        fee_bps: LP fee of one swap.
        curve: Costs by the pool's own arithmetic where its state is known, else None: then
            liquidity and fee stand for it.
        depth_source, depth_time: Where liquidity and fee come from.
        volume_24h: Dollars traded in 24 h, negative if unknown.
        volume_change, volume_span: That against what it was `volume_span` milliseconds before;
            None if unknown.
        gas_usd: Gas of one swap in dollars, the same at every level; None if unknown.
        gas_rank: Where gas stands within its own day, 0 lowest to 1 highest (`GasDay`).
        gas_fullness: Gas used over gas limit of the newest block; negative if unknown.
        gas_source, gas_time: Where it comes from.
        public_mempool: Whether orders on the chain can be seen before they are mined.
        watch_drop: How far the watchlist has fallen in 24 h, a fraction; None if unknown.
        profile, rules: The level, and the settings of the exits in force.
        equity, cash, exposure: Of the account; `exposure` is what its positions are worth.
        blocked, blocked_reason: The account gate that forbids entries, or "".
        pending: An order for this token is under way.
        held: A position is open, whoever opened it.
        opened, pnl: When it was opened; what it has made net of costs, as a fraction.
        plan: Its exits, None if the bot does not manage it.
        breached: The exit rule that `exits.breach` found at this price, or "".
        record: How often a buy paid off in such cases before, in hundredths of a percent; negative
            where no case is known.
        cases: What that is made of: outcomes of this token and how many paid off, then of all.
        limit: Most dollars that one order for this token may spend, None for no limit of its own.
    """

    __slots__ = (
        "age_ms", "blocked", "blocked_reason", "breached", "cases", "cash", "curve", "depth_source",
        "depth_time", "equity", "exits", "exposure", "fault", "fee_bps", "gas_fullness",
        "gas_rank", "gas_source", "gas_time", "gas_usd", "held", "limit", "liquidity", "marks",
        "max_age_ms", "opened", "pending", "plan", "pnl", "profile", "public_mempool", "record",
        "rules", "series", "source", "sources", "spread", "time", "value", "volume_24h",
        "volume_change", "volume_span", "watch_drop",
    )  # fmt: skip

    def __init__(self, series: Series, profile: Profile = LEVELS[5]) -> None:
        self.series = series
        self.profile = profile
        self.rules = USUAL_EXITS
        self.time = 0
        self.value = 0.0
        self.source = ""
        self.age_ms = 0
        self.max_age_ms = MAX_AGE_MS
        self.fault = ""
        self.exits = False
        self.sources = 0
        self.spread = 0.0
        self.liquidity: float | None = None
        self.fee_bps = 30.0
        self.curve: Curve | None = None
        self.depth_source = ""
        self.depth_time = 0
        self.volume_24h = -1.0
        self.volume_change: float | None = None
        self.volume_span = 0
        self.gas_usd: float | None = None
        self.gas_rank: float | None = None
        self.gas_fullness = -1.0
        self.gas_source = ""
        self.gas_time = 0
        self.public_mempool = False
        self.watch_drop: float | None = None
        self.equity = 0.0
        self.cash = 0.0
        self.exposure = 0.0
        self.blocked = ""
        self.blocked_reason = ""
        self.pending = False
        self.held = False
        self.opened = 0
        self.pnl = 0.0
        self.plan: ExitPlan | None = None
        self.breached = ""
        self.limit: float | None = None
        self.record = -1
        self.cases = (0, 0, 0, 0)
        self.marks = Marks()


DepthKey = tuple[float | None, float, bool, Curve | None]
"""Liquidity, the reference order's dollars, whether the mempool is public, and the pool's curve."""


class Marks:
    """Factor scores that change with bars, depth and gas only, kept until those do.

    They are derived from the context, never an input to it.  Scores are in hundredths; `present`
    is the bit mask of the factors that can be had.

    Attributes:
        most_risk, most_confidence: The highest that these scores can be, whatever the price does.
    """

    __slots__ = (
        "agreement", "calm", "crowded", "depth", "depth_key", "expected", "fixed",
        "fixed_confidence", "fixed_opportunity", "fixed_risk", "fullness", "hour_scale", "mev",
        "momentum", "most_confidence", "most_risk", "moving", "network", "present", "quality",
        "rank", "record", "series", "trend", "version", "volatility", "volume", "volume_change",
        "weighed", "weights",
    )  # fmt: skip

    def __init__(self) -> None:
        self.series: Series | None = None
        self.version = -1
        self.depth_key: DepthKey | None = None
        self.volume_change: float | None = None
        self.rank: float | None = None
        self.fullness = -1.0
        self.weighed = self.record = -1
        self.weights: tuple[int, ...] = ()
        self.moving: tuple[int, ...] = ()
        self.fixed: tuple[int, ...] = ()
        self.fixed_risk = self.fixed_opportunity = self.fixed_confidence = 0
        self.most_risk = self.most_confidence = 0
        self.agreement = self.depth = self.mev = self.present = 0
        self.network = self.crowded = self.calm = 0
        self.quality = self.trend = self.volatility = self.volume = 0
        self.expected = self.hour_scale = self.momentum = 0.0
