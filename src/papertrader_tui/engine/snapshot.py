"""A frozen view of the desk for any front end. Only stored facts are in it.

Decimals are exact; ratios and series for drawing are floats.  Times are market milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.events import AccountMarked, Fidelity, KillMode
from papertrader_tui.domain.money import ZERO
from papertrader_tui.domain.orders import Order, OrderRequest
from papertrader_tui.domain.risk import GateRow
from papertrader_tui.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One line of the watchlist.

    Attributes:
        price: Last price, None before the first.
        change_24h: Fraction (0.0169 is +1.69 %), None where 24 h ago is not known.
        spark: Closes of the last 24 h for a sparkline, oldest first, at most 48.
        liquidity: Dollars in the pool, None where not known.
        source, time: Of the last price.
        stale: Too old to trade on.
        action, confidence: Of the bot's last decision about it, None before the first.
        held: Quantity held, 0 for none.
        doubt: Why no entry may be made on its price now, "" if one may.
        note: What else there is to say of the price (`flagged: …`), "" if nothing.
    """

    token: Token
    price: Decimal | None
    change_24h: float | None
    spark: tuple[float, ...]
    liquidity: Decimal | None
    source: str
    time: int
    stale: bool
    action: str | None
    confidence: Decimal | None
    held: Decimal
    doubt: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One open position.

    Attributes:
        average: cost / quantity, rounded for display.
        value: quantity x mark.
        unrealized: value - cost, gross of costs.
        pnl: Unrealised + realised - costs since it was opened: what it made, net.
        pnl_pct: pnl over the cost of everything bought, as a fraction.
        stop, target: Nearest exit planned by the bot or resting in the book, if any.
        liquidation: What selling all of it now would bring, after LP fee, impact and gas; None
            where nothing can be sold now.
        stop_bot, target_bot: That exit is the bot's, no order rests for it.
        stop_part, target_part: Fraction of the holding that the orders at that price sell, 1 of
            the bot's.
    """

    token: Token
    quantity: Decimal
    average: Decimal
    cost: Decimal
    mark: Decimal
    value: Decimal
    unrealized: Decimal
    realized: Decimal
    costs: Decimal
    pnl: Decimal
    pnl_pct: float
    stop: Decimal | None
    target: Decimal | None
    opened: int
    liquidation: Decimal | None = None
    stop_bot: bool = False
    target_bot: bool = False
    stop_part: float = 1.0
    target_part: float = 1.0


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One price source of a live market.

    Attributes:
        up: It may be asked, and answered when it was last.
        state: Of its circuit breaker: `closed` (asked as usual), `open` (left alone) or
            `half-open` (tried again).
        calls: Requests since the start; `per_minute` in the last one, of `limit` documented.
        hits, misses, coalesced: Prices taken from its cached answers, by a request of its own,
            and by one that was under way; `stale_served` of them were stale.
        errors: How often by kind.
        throttled: How often its limit kept it from being asked.
        p50, p95: Seconds that answers take, None before the first.
        idle: Seconds since it last answered, None if never.
    """

    name: str
    up: bool
    state: str
    calls: int
    per_minute: int
    limit: float
    hits: int
    misses: int
    coalesced: int
    stale_served: int
    errors: tuple[tuple[str, int], ...]
    throttled: int
    p50: float | None
    p95: float | None
    idle: float | None


@dataclass(frozen=True, slots=True)
class HistoryProgress:
    """How far past candles have been filled in.

    Attributes:
        done, total: Series of candles (a token's of one length) that had gaps.
        eta: Seconds to go as far as can be told, None before the first is done.
        failed: Of the done, how many stayed without an answer.
        over: Nothing more is asked for now; what is not done is tried again later.
    """

    done: int
    total: int
    eta: float | None
    failed: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """How the prices of a live market come in.

    Attributes:
        sources: In order of preference.
        hit_rate: Part of the prices asked for that waited for no request, None before the first.
        position_updates: Prices of held tokens in the last minute.
        history: Of the last look for gaps that found some, None before it.
    """

    sources: tuple[SourceRow, ...]
    hit_rate: float | None = None
    position_updates: int = 0
    history: HistoryProgress | None = None

    @property
    def up(self) -> int:
        """Sources that answer."""
        return sum(1 for source in self.sources if source.up)

    @property
    def asked(self) -> int:
        """Sources that have been asked, or have told something by themselves."""
        return sum(1 for source in self.sources if source.up or source.calls)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a screen or a log shows of one account at one moment.

    Attributes:
        version: Grows whenever anything in it may have changed.
        now: The market's time.
        account: Name of the account.
        market: `demo`, `tape` or `live`.
        badge: What a screen must say about the market: `DEMO`, `TAPE`, `LIVE`.
        market_detail: `20 tokens, seed 7, ×1`; a tape's file and progress.
        notice: A sentence to show while it is true (why demo, what is bundled), or "".
        progress: Fraction of a tape that has been played, None where there is no end.
        speed: Market seconds per second, None for as fast as possible.
        day_pnl: Equity now less equity at the UTC day's start.
        free_cash: Cash that no order has reserved.
        orders: Open orders, oldest first.
        decisions: The last kept decisions, newest first, at most 200.
        hits: (action, first confidence of its band of ten points) -> how many decisions like it
            were right four hours later, and of how many.
        kill_detail: What the kill switch's setting means now, in words.
        feed: Health of the sources of a live market, None on others.
    """

    version: int
    now: int
    account: str
    market: str
    badge: str
    market_detail: str
    notice: str
    progress: float | None
    speed: float | None
    totals: AccountMarked
    day_pnl: Decimal
    free_cash: Decimal
    bot: bool
    level: int
    level_name: str
    level_note: str
    kill: KillMode
    kill_detail: str
    gates_on: bool
    gates: tuple[GateRow, ...]
    tokens: tuple[TokenRow, ...]
    positions: tuple[PositionRow, ...]
    orders: tuple[Order, ...]
    decisions: tuple[Decision, ...]
    feed: FeedHealth | None = None
    hits: Mapping[tuple[str, int], tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExactQuote:
    """A quote on the pools themselves, in raw integers.

    Attributes:
        block: The newest block; the pools are as at its end.
        pools: Address and fee (millionths) of each, in the order of the swap.
        gas_price_wei: Base fee of the next block, predicted, and tip.
        l1_fee_wei: Data and operator fee, 0 where there is none.
    """

    block: int
    pools: tuple[tuple[str, int], ...]
    amount_in: int
    amount_out: int
    bound: int
    gas_units: int
    gas_price_wei: int
    l1_fee_wei: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would cost if it landed on the price on the screen.

    Attributes:
        request: The order as asked.
        spend: USDC in (buy) or tokens in (sell).
        receive: Tokens out (buy) or USDC out (sell).
        minimum: Worst that is accepted: minimum out, or maximum in for a buy by quantity.
        price: cash leg / quantity.
        reference: Price on the screen.
        lp_fee, impact, gas: USDC; lp_fee_pct and impact_pct are fractions of the notional.
        gas_note: `fee history`, `bundled + L1`: where the figure comes from.
        mev: What a sandwich would take of it: the chain sees it and nothing protects it.
        route: `USDC -0.05%-> WETH -0.3%-> TOKEN`, "" for an estimate.
        exact: The whole of it in raw integers, None for an estimate.
        problems: Why it would be rejected; empty if it would be accepted.
        warnings: Rules that advise against it.
    """

    request: OrderRequest
    token: Token
    spend: Decimal
    receive: Decimal
    minimum: Decimal
    price: Decimal
    reference: Decimal
    lp_fee: Decimal
    lp_fee_pct: float
    impact: Decimal
    impact_pct: float
    gas: Decimal
    gas_note: str
    fidelity: Fidelity
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    mev: Decimal = ZERO
    route: str = ""
    exact: ExactQuote | None = None
