"""Judges outcomes anew from their prices, for `verify`."""

from __future__ import annotations

from papertrader_tui.domain.events import Scored
from papertrader_tui.domain.outcomes import HORIZONS, is_right, moved
from papertrader_tui.domain.record import Record

#: A price that bars knew is kept with ten digits, so that a move may differ in its last one.
_SLACK = 2e-6


def fault(event: Scored, record: Record) -> tuple[str, str] | None:
    """The first outcome that does not follow from its price: what is stored, what follows.

    Args:
        event: Not folded yet.
        record: What waits before it.
    """
    queues = record.waiting_for(event.token)
    for outcome in event.outcomes:
        if not queues or outcome.horizon not in HORIZONS:
            continue  # the fold says that nobody waits for it
        queue = queues[HORIZONS.index(outcome.horizon)]
        followed = next((f for f in queue if f.id == outcome.decision), None)
        if followed is None or outcome.price is None or outcome.move is None:
            continue
        move = moved(float(outcome.price), followed.base)
        if abs(float(move - outcome.move)) > _SLACK * max(1.0, abs(float(move))):
            return f"move {outcome.move} of {outcome.decision}", f"{move}"
        right = is_right(followed.asked, outcome.move, followed.round_trip)
        if right is not outcome.right:
            return f"{outcome.decision} right {outcome.right}", f"right {right}"
    return None
