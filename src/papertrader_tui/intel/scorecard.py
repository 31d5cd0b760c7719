"""The scorecard: how often decisions were right, how sure that is, and what they were worth.

Prices of one token within one horizon are not independent.  So every row counts, of each token,
the oldest outcome, then the first whose decision came when that one's horizon had passed, and so
on; rates, intervals, Brier scores and dollars are of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from papertrader_tui.domain.decision import Action, Decision
from papertrader_tui.domain.outcomes import Outcome, Question
from papertrader_tui.domain.record import BAND
from papertrader_tui.intel.proportion import brier, margin, mean, wilson

#: Outcomes below which a rate says little.
ENOUGH = 30

#: In the order in which the console names them.
_ACTIONS = [action.value for action in Action]


@dataclass(frozen=True, slots=True)
class Result:
    """A decision and what became of it at one horizon; the outcome is known."""

    decision: Decision
    outcome: Outcome
    asked: Question

    @property
    def right(self) -> bool:
        """Whether it was right."""
        return bool(self.outcome.right)

    @property
    def beyond(self) -> float:
        """What a buy would have made beyond its round trip, as a fraction of what it spent."""
        return float((self.outcome.move or 0) - (self.decision.round_trip or 0))

    @property
    def worth(self) -> float:
        """What it was worth against its opposite, as a fraction of the dollars it was about.

        What a buy made net, what not buying saved, what a sale avoided, what keeping made.
        """
        if self.asked is Question.BUY:
            return self.beyond
        if self.asked is Question.PASS:
            return -self.beyond
        move = float(self.outcome.move or 0)
        return -move if self.asked is Question.SELL else move


@dataclass(frozen=True, slots=True)
class Slice:
    """One row of the scorecard.

    Attributes:
        key: What its decisions have in common.
        outcomes: All that are known.
        apart: Those that do not overlap; everything below is of them.
        right, rate: How many were right, and their part.
        low, high: Wilson's 95 % interval of that part.
        brier: Of confidence / 100 as the forecast that the decision is right.
        confidence: Mean, 0 to 100.
        worth: Dollars per $100, mean: what the decisions saved (positive) or cost (negative).
        worth_sum: The same summed up, as if each had been about $100.
    """

    key: str
    outcomes: int
    apart: int
    right: int
    rate: float
    low: float
    high: float
    brier: float | None
    confidence: float
    worth: float
    worth_sum: float


@dataclass(frozen=True, slots=True)
class FactorRow:
    """How a factor scored where a buy paid for its round trip, and where not.

    Attributes:
        of, name: The score and the factor.
        paid, not_paid: How many decisions of each kind knew it.
        score_paid, score_not: Its mean score in them, 0 to 100.
        difference: The first less the second: what knowing the factor tells.
        margin: Half the 95 % interval of the difference, None with fewer than two of a kind.
    """

    of: str
    name: str
    paid: int
    not_paid: int
    score_paid: float
    score_not: float
    difference: float
    margin: float | None


def apart(results: Iterable[Result]) -> list[Result]:
    """Those that do not overlap: of each token at most one per horizon, the oldest first."""
    last: dict[str, int] = {}
    found = []
    for result in results:
        decision, horizon = result.decision, result.outcome.horizon
        before = last.get(decision.token)
        if before is None or decision.time >= before + horizon:
            last[decision.token] = decision.time
            found.append(result)
    return found


def sliced(key: str, results: Sequence[Result]) -> Slice:
    """One row of these results, which are in the order of their decisions."""
    own = apart(results)
    right = sum(result.right for result in own)
    low, high = wilson(right, len(own))
    worth = [100 * result.worth for result in own]
    return Slice(
        key,
        len(results),
        len(own),
        right,
        right / len(own) if own else 0.0,
        low,
        high,
        brier([(float(r.decision.confidence) / 100, r.right) for r in own]),
        mean([float(r.decision.confidence) for r in own]),
        mean(worth),
        sum(worth),
    )


@dataclass(frozen=True, slots=True)
class Base:
    """What skill is measured against: how often a buy would have paid whenever one was decided on.

    Attributes:
        of: Decisions to buy or not to buy that do not overlap.
        paid: In how many of them a buy made more than its round trip.
    """

    of: int
    paid: int

    @property
    def rate(self) -> float | None:
        """Part of them; who never buys is right in the rest. None of none."""
        return self.paid / self.of if self.of else None


def base_rate(results: Iterable[Result]) -> Base:
    """How often a buy would have paid, over decisions that bought and that did not alike."""
    own = apart(r for r in results if r.asked in (Question.BUY, Question.PASS))
    return Base(len(own), sum(result.beyond > 0.0 for result in own))


def grouped(results: Iterable[Result], by: str) -> tuple[Slice, ...]:
    """A row for each level, token, rule, action or band of confidence that there is."""
    name = KEYS[by]
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(name(result.decision), []).append(result)
    rows = [sliced(key, group) for key, group in groups.items()]
    if by == "action":
        return tuple(sorted(rows, key=lambda row: _ACTIONS.index(row.key)))
    if by in ("band", "level"):
        return tuple(sorted(rows, key=lambda row: int(row.key.partition("–")[0].split()[0])))
    return tuple(sorted(rows, key=lambda row: (-row.apart, row.key)))


def band(decision: Decision) -> str:
    """The ten points of confidence that a decision lies in: `60–70`."""
    low = min(99, int(decision.confidence)) // BAND * BAND
    return f"{low}–{low + BAND}"


KEYS: Mapping[str, Callable[[Decision], str]] = MappingProxyType(
    {
        "action": lambda d: d.action.value,
        "band": band,
        "rule": lambda d: d.rule,
        "level": lambda d: f"{d.level} {d.level_name}",
        "token": lambda d: d.token,
    }
)


def by_factor(results: Iterable[Result]) -> tuple[FactorRow, ...]:
    """How each factor scored where a buy would have paid and where not, most telling first.

    Of decisions to buy or not to buy; one made while a position was open knows of no round trip.
    """
    paid: dict[tuple[str, str], list[float]] = {}
    missed: dict[tuple[str, str], list[float]] = {}
    for result in apart(r for r in results if r.asked in (Question.BUY, Question.PASS)):
        scores = paid if result.beyond > 0.0 else missed
        for factor in result.decision.factors:
            scores.setdefault((factor.of, factor.name), []).append(float(factor.score))
    rows = []
    for of, name in dict.fromkeys((*paid, *missed)):
        yes, no = paid.get((of, name), []), missed.get((of, name), [])
        difference = mean(yes) - mean(no) if yes and no else 0.0
        rows.append(
            FactorRow(of, name, len(yes), len(no), mean(yes), mean(no), difference, margin(yes, no))
        )
    return tuple(sorted(rows, key=lambda row: (-abs(row.difference), row.of, row.name)))
