"""An account's own record: which decisions wait for their outcome, and how others turned out.

The fold of `Decided`, `Scored` and `SessionStarted`. Prices of one token within one horizon are
not independent, so a count takes at most one outcome of a token per horizon: the oldest, then the
first whose decision came when that one's horizon had passed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.outcomes import HORIZONS, REFERENCE, Outcome, Question, question
from papertrader_tui.domain.tokens import TokenId

NEVER = 1 << 62
#: Rules that come before the size is looked at, or are about it, and the buy itself.
CASE_RULES = frozenset(
    ("entry.buy", "skip.confidence", "skip.risk", "skip.gate", "skip.exposure", "skip.size")
)
#: Widths of the bands that cases are counted in, in points of the score.
CONFIDENCE_STEP, RISK_STEP = 5, 10
#: Width of the bands that hits are shown for.
BAND = 10


@dataclass(slots=True)
class Followed:
    """A decision whose outcomes are waited for; never changed (a frozen one is slow to make)."""

    id: str
    time: int
    base: float
    asked: Question
    round_trip: Decimal
    action: str
    confidence: int
    risk: int
    case: bool


@dataclass(slots=True)
class Count:
    """How many outcomes there are, and how many of them were right."""

    total: int = 0
    right: int = 0

    def add(self, right: bool) -> None:
        """Count one more."""
        self.total += 1
        self.right += right


class Record:
    """See the module.

    Attributes:
        version: Grows with every outcome that was counted.
        since: When the session began.
        hits: (action, first confidence of its band of ten points) -> decisions of that action
            that were right.
        cases: Decisions that bought, or would have but for confidence, risk, size or a gate: in
            how many of them a buy paid off.
        of_token: The same by token.
        by_confidence, by_risk: The same by the band's first point.
        won, lost: What the cases' buys made beyond their costs, and what they lost, summed up as
            fractions of what was spent.
        unknown: Outcomes for which there was no price.
    """

    __slots__ = (
        "_last", "_last_case", "_waiting", "by_confidence", "by_risk", "cases", "hits", "lost",
        "of_token", "since", "unknown", "version", "won",
    )  # fmt: skip

    def __init__(self) -> None:
        self.version = self.since = self.unknown = 0
        self.hits: dict[tuple[str, int], Count] = {}
        self.cases = Count()
        self.of_token: dict[TokenId, Count] = {}
        self.by_confidence: dict[int, Count] = {}
        self.by_risk: dict[int, Count] = {}
        self.won = self.lost = 0.0
        self._waiting: dict[TokenId, tuple[deque[Followed], ...]] = {}
        self._last: dict[tuple[TokenId, str, int], int] = {}
        self._last_case: dict[TokenId, int] = {}

    # ------------------------------------------------------------------ folding

    def follow(self, decision: Decision) -> None:
        """Wait for the outcomes of a decision, if it can be followed."""
        asked = question(decision)
        base = float(decision.price)
        if asked is None or base <= 0.0:
            return
        followed = Followed(
            decision.id,
            decision.time,
            base,
            asked,
            decision.round_trip or Decimal(0),
            decision.action.value,
            min(99, int(decision.confidence)),
            min(99, int(decision.risk)),
            _is_case(decision),
        )
        queues = self._waiting.get(decision.token)
        if queues is None:
            queues = self._waiting[decision.token] = tuple(deque() for _ in HORIZONS)
        for queue in queues:
            queue.append(followed)

    def take(self, token: TokenId, outcomes: tuple[Outcome, ...]) -> None:
        """Count outcomes of decisions about a token.

        Raises:
            ValueError: nobody waits for one of them.
        """
        queues = self._waiting.get(token)
        for outcome in outcomes:
            queue = queues[HORIZONS.index(outcome.horizon)] if queues is not None else deque()
            if queue and queue[0].id == outcome.decision:
                followed = queue.popleft()
            else:  # one that waits for history stands before it
                followed = _pick(queue, outcome.decision)
                queue.remove(followed)
            if outcome.right is None or outcome.move is None:
                self.unknown += 1
            elif outcome.horizon == REFERENCE:
                self._count(token, followed, outcome.right, outcome.move)

    def _count(self, token: TokenId, followed: Followed, right: bool, move: Decimal) -> None:
        band = followed.confidence - followed.confidence % BAND
        key = (token, followed.action, band)
        if followed.time >= self._last.get(key, -REFERENCE) + REFERENCE:
            self._last[key] = followed.time
            self.hits.setdefault((followed.action, band), Count()).add(right)
            self.version += 1
        if not followed.case:
            return
        if followed.time >= self._last_case.get(token, -REFERENCE) + REFERENCE:
            self._last_case[token] = followed.time
            net = float(move - followed.round_trip)
            paid = net > 0.0
            self.cases.add(paid)
            self.of_token.setdefault(token, Count()).add(paid)
            for bands, value, step in (
                (self.by_confidence, followed.confidence, CONFIDENCE_STEP),
                (self.by_risk, followed.risk, RISK_STEP),
            ):
                bands.setdefault(value - value % step, Count()).add(paid)
            if paid:
                self.won += net
            else:
                self.lost -= net
            self.version += 1

    # ------------------------------------------------------------------ questions

    def due(self, token: TokenId, after: int = -1) -> int:
        """When the next outcome about a token can be told; `NEVER` where none is waited for.

        Args:
            token: Its id.
            after: Those that could have been told by then, and wait for history, are left out.
        """
        found = NEVER
        for queue, horizon in zip(self._waiting.get(token, ()), HORIZONS, strict=False):
            for followed in queue:
                due = followed.time + horizon
                if due > after:
                    found = min(found, due)
                    break
        return found

    def waiting_for(self, token: TokenId) -> tuple[deque[Followed], ...]:
        """Per horizon the decisions that wait for it, oldest first."""
        return self._waiting.get(token, ())

    def waiting(self, horizon: int) -> int:
        """Outcomes of a horizon that are waited for."""
        at = HORIZONS.index(horizon)
        return sum(len(queues[at]) for queues in self._waiting.values())

    def hits_of(self, action: str, confidence: Decimal) -> Count:
        """How decisions like this one turned out: same action, same band of ten points."""
        points = min(99, int(confidence))
        return self.hits.get((action, points - points % BAND), Count())


def _pick(queue: Iterable[Followed], ident: str) -> Followed:
    """One that waits behind others.

    Raises:
        ValueError: it does not wait.
    """
    for followed in queue:
        if followed.id == ident:
            return followed
    msg = f"nobody waits for the outcome of {ident!r}: the journal is damaged"
    raise ValueError(msg)


def _is_case(decision: Decision) -> bool:
    """Whether only confidence, risk, size or a gate can have kept it from a buy.

    The move that was expected paid for the round trip twice over, and the opportunity was there.
    """
    cost, expected = decision.round_trip, decision.expected_move
    return (
        decision.rule in CASE_RULES
        and cost is not None
        and expected is not None
        and expected >= 2 * cost
        and decision.opportunity * 10 >= decision.risk * 8
    )
