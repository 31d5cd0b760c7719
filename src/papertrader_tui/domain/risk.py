"""Account gates: the limits that bind every order, and how near the account is to each.

A gate blocks entries only; exits always run.  Sizing rules and cooldowns bind the bot and merely
warn a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.ranges import check_ranges


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """Settings of the account gates.

    Attributes:
        daily_trades: Fills in one UTC day.
        daily_loss_pct: Loss of equity since the UTC day began, in percent, then a pause.
        daily_loss_pause_h: Hours of that pause.
        peak_loss_pct: Loss of equity from its peak, in percent, until a person resets it.
        loss_streak: Losing positions (net of costs) in a row, then a pause.
        loss_streak_pause_h: Hours of that pause.
        cooldown_token_min: Minutes between two buys of the same token.
        cooldown_any_min: Minutes between two buys of any token.
        max_open_positions: Positions open at once, entries in flight included.
        min_liquidity_usd: Least liquidity of a token's pool, where it is known.
    """

    daily_trades: int = 50
    daily_loss_pct: Decimal = Decimal(5)
    daily_loss_pause_h: int = 24
    peak_loss_pct: Decimal = Decimal(10)
    loss_streak: int = 5
    loss_streak_pause_h: int = 4
    cooldown_token_min: int = 15
    cooldown_any_min: int = 3
    max_open_positions: int = 5
    min_liquidity_usd: Decimal = Decimal(50_000)

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)


RANGES: dict[str, tuple[int, int]] = {
    "daily_trades": (1, 10_000),
    "daily_loss_pct": (1, 100),
    "daily_loss_pause_h": (1, 168),
    "peak_loss_pct": (1, 100),
    "loss_streak": (1, 100),
    "loss_streak_pause_h": (1, 168),
    "cooldown_token_min": (0, 1_440),
    "cooldown_any_min": (0, 1_440),
    "max_open_positions": (1, 1_000),
    "min_liquidity_usd": (0, 1_000_000_000),
}


@dataclass(frozen=True, slots=True)
class GateRow:
    """One account gate and how near it is.

    Attributes:
        used: Fraction of the limit used, 1 or more is at the limit.
        text: `3 of 20 trades today`.
        tripped: Blocks entries now.
        until: When it opens by itself, None if it is open or needs a person.
    """

    gate: str
    used: float
    text: str
    tripped: bool
    until: int | None


#: Gates that close as an event and stay closed until a time or a person.
DAILY_TRADES = "daily_trades"
DAILY_LOSS = "daily_loss"
PEAK_LOSS = "peak_loss"
LOSS_STREAK = "loss_streak"
#: Gates that are looked up at each entry.
COOLDOWN_TOKEN = "cooldown_token"
COOLDOWN_ANY = "cooldown_any"
OPEN_POSITIONS = "open_positions"
MIN_LIQUIDITY = "min_liquidity"


def loss_fraction(reference: Decimal, equity: Decimal) -> Decimal:
    """Loss from a reference equity as a fraction, 0 where there is none."""
    if reference <= 0 or equity >= reference:
        return Decimal(0)
    return (reference - equity) / reference


def threshold(reference: Decimal, percent: Decimal) -> Decimal:
    """Equity at which a loss of `percent` from the reference is reached."""
    return reference * (100 - percent) / 100
