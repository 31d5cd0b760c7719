"""How near an account is to each of its gates, told from numbers that were taken down before."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from papertrader_tui.domain import risk
from papertrader_tui.domain.market import MINUTE
from papertrader_tui.domain.risk import GateRow, RiskLimits


class GateState(NamedTuple):
    """What the gates of an account look at, as it was at one moment.

    Attributes:
        closed: Gates that are closed: reason, and when they open by themselves.
        taken: Positions open or being entered.
        since_token, since_any: Milliseconds since the last buy of the token in question and of
            any, None without one.
        liquidity: Dollars in the pool in question, None where not known.
        pool: Whose pool that is, "" where it goes without saying.
    """

    now: int
    equity: Decimal
    day_equity: Decimal
    peak: Decimal
    fills_today: int
    losses: int
    taken: int
    closed: dict[str, tuple[str, int | None]]
    since_token: int | None = None
    since_any: int | None = None
    liquidity: Decimal | None = None
    pool: str = ""


def gate_rows(state: GateState, limits: RiskLimits) -> tuple[GateRow, ...]:
    """Every gate with how near it is; the pool's only where its depth is known."""
    day_loss = risk.loss_fraction(state.day_equity, state.equity) * 100
    peak_loss = risk.loss_fraction(state.peak, state.equity) * 100
    rows = [
        _row(
            state,
            risk.DAILY_TRADES,
            state.fills_today / limits.daily_trades,
            f"{state.fills_today} of {limits.daily_trades} trades today",
        ),
        _row(
            state,
            risk.DAILY_LOSS,
            float(day_loss / limits.daily_loss_pct),
            f"{day_loss:.2f} of {limits.daily_loss_pct} % today",
        ),
        _row(
            state,
            risk.PEAK_LOSS,
            float(peak_loss / limits.peak_loss_pct),
            f"{peak_loss:.1f} of {limits.peak_loss_pct} % off peak",
        ),
        _row(
            state,
            risk.LOSS_STREAK,
            state.losses / limits.loss_streak,
            f"{state.losses} of {limits.loss_streak} lost in a row",
        ),
        _row(
            state,
            risk.OPEN_POSITIONS,
            state.taken / limits.max_open_positions,
            f"{state.taken} of {limits.max_open_positions} positions",
        ),
        _cooldown(risk.COOLDOWN_ANY, state, state.since_any, limits.cooldown_any_min),
        _cooldown(risk.COOLDOWN_TOKEN, state, state.since_token, limits.cooldown_token_min),
    ]
    if state.liquidity is not None:
        least = limits.min_liquidity_usd
        used = float(least / state.liquidity) if state.liquidity > 0 else 9.999
        text = f"{_short(state.liquidity)}, least {_short(least)}"
        text = f"{state.pool} {text}" if state.pool else text
        rows.append(GateRow(risk.MIN_LIQUIDITY, min(used, 9.999), text, False, None))
    return tuple(rows)


def _row(state: GateState, gate: str, used: float, text: str) -> GateRow:
    closed = state.closed.get(gate)
    return GateRow(gate, used, text, closed is not None, closed[1] if closed else None)


def _cooldown(gate: str, state: GateState, since: int | None, minutes: int) -> GateRow:
    """Used up right after a buy, and free when it is over; it binds the bot alone."""
    left = 0 if since is None else max(0, minutes * MINUTE - since)
    if not left:
        text = f"none, {minutes} min" if since is None else f"over, {minutes} min"
        return GateRow(gate, 0.0, text, False, None)
    text = f"{left // MINUTE}:{left // 1000 % 60:02} left of {minutes} min"
    return GateRow(gate, left / (minutes * MINUTE), text, False, state.now + left)


def _short(dollars: Decimal) -> str:
    for unit, sign in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if dollars >= unit:
            return f"${float(dollars / unit):.3g}{sign}"
    return f"${float(dollars):.0f}"
