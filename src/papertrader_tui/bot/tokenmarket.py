"""What the desk knows of one token's market right now."""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.market import Depth, Trust
from papertrader_tui.domain.orders import Side
from papertrader_tui.domain.record import NEVER
from papertrader_tui.domain.tokens import Chain, Token
from papertrader_tui.intel.context import Context
from papertrader_tui.intel.exits import ExitPlan
from papertrader_tui.intel.indicators import Series
from papertrader_tui.intel.volumeday import VolumeDay
from papertrader_tui.simulator.costs import Pricer, Pricing, pricer_for
from papertrader_tui.simulator.pools import PoolBook


class TokenMarket:
    """Price, depth, indicators and the bot's running state of one token.

    Attributes:
        price, value: Last price, exact and as a float; None and 0 before the first.
        time: When that price was observed.
        trust: How far that price goes; None for a market that is its own source.
        doubt: Why no entry may be made on it, "" if one may.
        pricing: What makes that of what is known of the token's pool.
        estimate: What prices swaps where no chain tells of the token's pools.
        pools: What the chains have told.
        held: A position is open.
        working: Orders of it are open, so prices have to be matched against them.
        plan: Exits planned for its position, while the bot manages it.
        next_decision: Earliest market time of the next decision.
        exit_retry: Until when no exit is tried again, after one that came to no order.
        last, last_kept, repeats: Action, rule and level of the last decision, when one like it
            was last kept, and how many have passed since.
        kept: The last decision that was kept.
        record_seen: Version of the account's record that its context knows.
        score_due: From when a price of it tells what became of an earlier decision.
        settled: What had happened when its context was last brought up to now (see `Contexts`);
            -1 where that has to be done in full every time.
    """

    __slots__ = (
        "chain",
        "context",
        "depth",
        "doubt",
        "estimate",
        "exit_retry",
        "held",
        "kept",
        "last",
        "last_kept",
        "next_decision",
        "plan",
        "pools",
        "price",
        "pricing",
        "record_seen",
        "repeats",
        "score_due",
        "series",
        "settled",
        "source",
        "time",
        "token",
        "trust",
        "value",
        "volumes",
        "watched",
        "working",
    )

    def __init__(
        self,
        token: Token,
        chain: Chain,
        pools: PoolBook | None = None,
        pricing: Pricing = pricer_for,
    ) -> None:
        self.token = token
        self.chain = chain
        self.pools = pools
        self.price: Decimal | None = None
        self.value = 0.0
        self.time = 0
        self.source = ""
        self.trust: Trust | None = None
        self.doubt = ""
        self.depth: Depth | None = None
        self.pricing = pricing
        self.estimate: Pricer = pricing(None, token.fee_bps)
        self.series = Series()
        self.volumes = VolumeDay()
        self.context: Context | None = None
        self.held = False
        self.working = False
        self.watched = False
        self.plan: ExitPlan | None = None
        self.next_decision = 0
        self.exit_retry = 0
        self.last: tuple[str, str, int] | None = None
        self.last_kept = 0
        self.repeats = 0
        self.kept: Decision | None = None
        self.settled = -1
        self.score_due = NEVER
        self.record_seen = 0

    @property
    def pricer(self) -> Pricer:
        """What prices swaps: its pools themselves where a chain tells of them, else an estimate."""
        if self.pools is not None:
            exact = self.pools.pricer(self.token.id)
            if exact is not None and exact.decimals == self.token.decimals:
                return exact
        return self.estimate

    @property
    def unsafe(self) -> str:
        """Why the token itself must not be bought, "" if it may."""
        return self.pools.fault(self.token.id) if self.pools is not None else ""

    def heed(self, trust: Trust) -> None:
        """Take in how far the price can be trusted."""
        self.trust = trust
        self.settled = -1
        self.doubt = trust.fault

    def stale(self, now: int, stale_after: int) -> bool:
        """Is the price too old to trade on? Its sources know better than a common limit."""
        if self.trust is not None:
            return now > self.trust.stale_at
        return now - self.time > stale_after

    def price_of(self, side: Side) -> Decimal | None:
        """What a trade goes at now; None where a doubt leaves nothing to trade on.

        While a price is doubted nothing is bought, and exits go where a pool or two witnesses
        stand behind it.
        """
        if not self.doubt:
            return self.price
        return self.trust.exit_price if self.trust is not None and side is Side.SELL else None

    def source_of(self, side: Side) -> str:
        """Who said that price."""
        if self.doubt and self.trust is not None and side is Side.SELL:
            return self.trust.exit_source
        return self.source

    def deepen(self, depth: Depth) -> None:
        """Take in how deep the market is."""
        self.depth = depth
        self.settled = -1
        self.volumes.on_volume(depth.time, depth.volume_24h)
        self.estimate = self.pricing(depth, self.token.fee_bps)
