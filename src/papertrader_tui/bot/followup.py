"""Tells what became of decisions about a token, from its prices as they come in.

The price of an outcome is the first trusted one at or after its moment, if that comes soon
enough (`tolerance`).  After a gap it is the one that the token's bars know of that moment, which
is how history that is filled in late finishes what a stop of the program left open.  Where there
is neither the outcome is unknown, for good.
"""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.market import MINUTE
from papertrader_tui.domain.outcomes import Outcome, is_right, moved, tolerance
from papertrader_tui.domain.record import Followed, Record

#: How long history may take to come, after the moment or after the session began.
PATIENCE = 15 * MINUTE
RETRY = MINUTE


def settle(market: TokenMarket, record: Record, now: int) -> tuple[Outcome, ...]:
    """The outcomes that can be told now, at the token's price of this moment.

    Args:
        market: The token's; its price is trusted and its bars know of it.
        record: What is waited for; it is not changed.
        now: Market milliseconds.
    """
    found: list[Outcome] = []
    for horizon, waiting in record.ripe(market.token.id, market.time):
        for followed in waiting:
            outcome = _tell(market, record, followed, horizon, now)
            if outcome is None:
                break  # those behind it wait too, so that outcomes keep their order
            found.append(outcome)
    return tuple(found)


def _tell(
    market: TokenMarket, record: Record, followed: Followed, horizon: int, now: int
) -> Outcome | None:
    """One outcome; None while history may still come."""
    due = followed.time + horizon
    late = tolerance(horizon)
    if market.time - due <= late and market.price is not None:
        return _judged(followed, horizon, market.time, market.price)
    series = market.series
    past = series.at(due) if series.bar_ms <= late else None
    if past is not None and past > 0.0:
        return _judged(followed, horizon, due, Decimal(f"{past:.10g}"))
    if now < max(due + late, record.since) + PATIENCE:
        return None
    return Outcome(followed.id, horizon, now, None, None, None)


def _judged(followed: Followed, horizon: int, time: int, price: Decimal) -> Outcome:
    move = moved(float(price), followed.base)
    right = is_right(followed.asked, move, followed.round_trip)
    return Outcome(followed.id, horizon, time, price, move, right)
