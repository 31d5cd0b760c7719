"""What became of a decision: the price some time later, and whether it was right after costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from papertrader_tui.domain.decision import Action, Decision
from papertrader_tui.domain.market import HOUR, MINUTE

#: How long after a decision its price is looked at, in market milliseconds.
HORIZONS = (15 * MINUTE, HOUR, 4 * HOUR, 24 * HOUR)
#: The one that records and learning go by: as long as the expected move looks ahead.
REFERENCE = 4 * HOUR
#: How late the price of an outcome may be: a twelfth of the horizon, five minutes at least.
TOLERANCES = tuple(max(5 * MINUTE, horizon // 12) for horizon in HORIZONS)
#: Most that a move is put down as: nothing that a bought token can do is lost by it.
_MOST = 1e9


class Question(StrEnum):
    """What a decision answered, and so what would have made it right."""

    BUY = "buy"  # bought: right if the price then rose by more than the round trip costs
    PASS = "pass"  # did not buy: right if a buy would not have been
    SELL = "sell"  # sold: right if the price was lower then
    KEEP = "keep"  # did not sell what was held: right if a sale would not have been


@dataclass(slots=True, unsafe_hash=True)
class Outcome:
    """One decision at one horizon; never changed (a frozen one takes thrice as long to make).

    Attributes:
        decision: Id.
        horizon: Milliseconds after the decision, of `HORIZONS`.
        time: When `price` was observed; where nothing is known, when that was found.
        price: USDC, None where no price near that moment is known.
        move: price / the decision's price - 1, a fraction of six decimals; None with `price`.
        right: Whether the decision was right; None with `price`.
    """

    decision: str
    horizon: int
    time: int
    price: Decimal | None
    move: Decimal | None
    right: bool | None


def question(decision: Decision) -> Question | None:
    """What a decision answered; None for one that cannot be followed.

    A price that was not believed is nothing to measure a move from, and without the round trip
    nobody can say what a buy would have come to.
    """
    if decision.price <= 0 or decision.rule == "skip.price":
        return None
    if decision.action is Action.SELL:
        return Question.SELL
    if decision.rule == "hold.position":
        return Question.KEEP
    if decision.round_trip is None:
        return None
    return Question.BUY if decision.action is Action.BUY else Question.PASS


def moved(price: float, base: float) -> Decimal:
    """How far a price moved from `base`: price / base - 1, rounded to six decimals."""
    return Decimal(round(min(price / base - 1, _MOST) * 1_000_000)).scaleb(-6)


def is_right(asked: Question, move: Decimal, round_trip: Decimal) -> bool:
    """Whether a decision was right, given how far the price moved."""
    if asked is Question.BUY:
        return move > round_trip
    if asked is Question.PASS:
        return move <= round_trip
    return move < 0 if asked is Question.SELL else move >= 0
