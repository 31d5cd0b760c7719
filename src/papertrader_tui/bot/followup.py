"""Tells what became of decisions about a token, from its prices as they come in.

The price of an outcome is the first trusted one at or after its moment, if that comes soon
enough (`TOLERANCES`).  After a gap it is the one that the token's bars know of that moment, which
is how history that is filled in late finishes what a stop of the program left open.  Where there
is neither the outcome is unknown, for good.
"""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.market import MINUTE
from papertrader_tui.domain.outcomes import HORIZONS, TOLERANCES, Outcome, is_right, moved
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
    time, value, price = market.time, market.value, market.price
    queues = record.waiting_for(market.token.id)
    for horizon, tolerance, queue in zip(HORIZONS, TOLERANCES, queues, strict=False):
        for followed in queue:
            due = followed.time + horizon
            if due > time:
                break
            if time - due <= tolerance:
                move = moved(value, followed.base)
                right = is_right(followed.asked, move, followed.round_trip)
                outcome = Outcome(followed.id, horizon, time, price, move, right)
            else:
                past = market.series.at(due) if market.series.bar_ms <= tolerance else None
                if past is None and now < max(due + tolerance, record.since) + PATIENCE:
                    continue
                outcome = _looked_up(followed, horizon, due, past, now)
            found.append(outcome)
    return tuple(found)


def _looked_up(followed: Followed, horizon: int, due: int, past: float | None, now: int) -> Outcome:
    """The outcome by what the bars know of its moment, or that nobody knows it."""
    if past is None or past <= 0.0:
        return Outcome(followed.id, horizon, now, None, None, None)
    move = moved(past, followed.base)
    right = is_right(followed.asked, move, followed.round_trip)
    return Outcome(followed.id, horizon, due, Decimal(f"{past:.10g}"), move, right)
