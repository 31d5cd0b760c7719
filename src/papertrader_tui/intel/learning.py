"""What level 10 learns from its record, and the profile that follows from it.

It counts cases: decisions that bought, or would have but for confidence, risk, size or a gate,
each judged four hours later by whether a buy paid for its round trip.  Cases of one token are at
least those four hours apart.  Everything here is a function of these counts, so the same record
always learns the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import sqrt

from papertrader_tui.domain.record import CONFIDENCE_STEP, RISK_STEP, Count, Record
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.intel.levels import AUTONOMOUS, DEFAULT_LEVEL, LEVELS, Profile

#: Cases before anything is learned.
NEEDED = 50
#: Cases in a band before it moves a threshold.
FEW = 8
#: Where thresholds may go: no further than the dial's own levels.
CONFIDENCE_RANGE, RISK_RANGE = (45, 95), (20, 90)
#: Part of the Kelly fraction that is staked, and the limits of a position and of all together.
KELLY_PART = 0.25
LEAST_POSITION, MOST_POSITION, MOST_EXPOSURE = 2, 25, 95
#: Each so many cases beyond the first allow one more percent than level 5 takes.
CASES_PER_PERCENT = 10
DECIDE_EVERY_MS = 15_000
#: Cases that the own record is shrunk by.
SHRINK = 10

_NONE = Count()


@dataclass(frozen=True, slots=True)
class Band:
    """Cases whose score lay in [low, high): how many a buy paid off in.

    Attributes:
        mean: Of the Beta(1 + right, 1 + wrong) posterior of the part that pays off.
    """

    low: int
    high: int
    total: int
    right: int
    mean: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What a record teaches.

    Attributes:
        cases: How many there are.
        ready: Enough to learn from; until then the thresholds are those of level 5.
        mean_win, mean_loss: What a buy that paid off made beyond its costs, and what another
            lost, as fractions of what was spent.
        break_even: Part that has to pay off for buys to come to nothing, loss / (win + loss).
        edge: Posterior mean, less its standard deviation, of the part that pays off among cases
            at or above the learned confidence.
        kelly: Fraction of equity that Kelly's rule stakes at that edge, 0 where there is none.
        confidence, risk: Bands, the lowest first.
    """

    cases: int
    ready: bool
    mean_win: float
    mean_loss: float
    break_even: float
    edge: float
    kelly: float
    confidence: tuple[Band, ...]
    risk: tuple[Band, ...]
    min_confidence: float
    risk_tolerance: float
    max_position_pct: float
    max_exposure_pct: float
    stop_pct: float


def learn(record: Record, base: Profile = LEVELS[AUTONOMOUS]) -> Learned:
    """What a record teaches, beginning from level 5's thresholds."""
    cases = record.cases
    win = record.won / cases.right if cases.right else 0.0
    lost = cases.total - cases.right
    loss = record.lost / lost if lost else 0.0
    even = loss / (win + loss) if win + loss > 0.0 else 0.5
    confidence = _bands(record.by_confidence, CONFIDENCE_STEP)
    risk = _bands(record.by_risk, RISK_STEP)
    start = LEVELS[DEFAULT_LEVEL]
    ready = cases.total >= NEEDED
    least, most = base.min_confidence, base.risk_tolerance
    position, exposure, stop = base.max_position_pct, base.max_exposure_pct, base.stop_pct
    if ready:
        if "min_confidence" not in base.changed:
            least = lowest_confidence(confidence, even)
        if "risk_tolerance" not in base.changed:
            most = highest_risk(risk, even)
        stop = next((p.stop_pct for p in _boldest() if p.risk_tolerance <= most), 3.0)
    edge = _edge([band for band in confidence if band.low >= least])
    stake = kelly(edge, win, loss)
    if ready:
        ratio = start.max_exposure_pct / start.max_position_pct
        grown = start.max_position_pct + (cases.total - NEEDED) // CASES_PER_PERCENT
        position = float(min(MOST_POSITION, grown, max(LEAST_POSITION, int(25 * stake))))
        exposure = min(float(MOST_EXPOSURE), ratio * position)
    return Learned(
        cases.total, ready, win, loss, even, edge, stake, confidence, risk,
        least, most, position, exposure, stop,
    )  # fmt: skip


def odds(record: Record, token: TokenId) -> tuple[int, tuple[int, int, int, int]]:
    """How often a buy paid off in such cases: the own record, as a factor of confidence.

    The rate of all tokens is drawn toward one half as if ten more cases had split evenly, and
    the token's own toward that rate, likewise.

    Returns:
        Hundredths of a percent, -1 where there is no case; then cases of the token and how many
        paid off, and the same of all.
    """
    every, own = record.cases, record.of_token.get(token, _NONE)
    counts = (own.total, own.right, every.total, every.right)
    if not every.total:
        return -1, counts
    rate = (every.right + SHRINK / 2) / (every.total + SHRINK)
    rate = (own.right + SHRINK * rate) / (own.total + SHRINK)
    return int(rate * 10_000), counts


def lowest_confidence(bands: tuple[Band, ...], even: float) -> float:
    """The lowest confidence that is bought.

    From level 5's, down one band at a time while that band has paid off more often than it must;
    if the first one below has not, up while the band at the threshold has paid off too seldom.
    """
    known = {band.low: band for band in bands}
    low, high = CONFIDENCE_RANGE
    start = at = int(LEVELS[DEFAULT_LEVEL].min_confidence)
    while at > low and _pays(known.get(at - CONFIDENCE_STEP), even) is True:
        at -= CONFIDENCE_STEP
    if at == start:
        while at < high and _pays(known.get(at), even) is False:
            at += CONFIDENCE_STEP
    return float(at)


def highest_risk(bands: tuple[Band, ...], even: float) -> float:
    """The highest risk that is bought: the same walk, the other way round."""
    known = {band.low: band for band in bands}
    low, high = RISK_RANGE
    start = at = int(LEVELS[DEFAULT_LEVEL].risk_tolerance)
    while at < high and _pays(known.get(at), even) is True:
        at += RISK_STEP
    if at == start:
        while at > low and _pays(known.get(at - RISK_STEP), even) is False:
            at -= RISK_STEP
    return float(at)


def kelly(part: float, win: float, loss: float) -> float:
    """Kelly's fraction of equity for a bet that wins `win` of its stake with probability `part`.

    part / loss - (1 - part) / win (Kelly 1956, for a loss that is not the whole stake), kept
    within 0 and 1.
    """
    if win <= 0.0:
        return 0.0
    if loss <= 0.0:
        return 1.0
    return min(1.0, max(0.0, part / loss - (1 - part) / win))


def learned_profile(base: Profile, record: Record) -> Profile:
    """Level 10 as its record makes it; what a user has set stays as it is.

    Before it has learned it is level 5 in everything but its name.
    """
    found = learn(record, base)
    if not found.ready:
        changes: dict[str, object] = {
            "decide_every_ms": LEVELS[DEFAULT_LEVEL].decide_every_ms,
            "note": f"{found.cases} of {NEEDED} outcomes: runs as level 5 (Balanced) until then",
        }
    else:
        changes = {
            "decide_every_ms": DECIDE_EVERY_MS,
            "min_confidence": found.min_confidence,
            "risk_tolerance": found.risk_tolerance,
            "max_position_pct": found.max_position_pct,
            "max_exposure_pct": found.max_exposure_pct,
            "stop_pct": found.stop_pct,
            "note": f"learned from {found.cases} outcomes: confidence from "
            f"{found.min_confidence:g}, risk to {found.risk_tolerance:g}, at most "
            f"{found.max_position_pct:g} % each and {found.max_exposure_pct:g} % in all, "
            f"stop {found.stop_pct:g} %",
        }
    kept = {name: value for name, value in changes.items() if name not in base.changed}
    made = replace(base, **kept)  # type: ignore[arg-type]
    if made.max_exposure_pct < made.max_position_pct:  # a user set one of them, and it stays
        if "max_exposure_pct" in base.changed:
            return replace(made, max_position_pct=made.max_exposure_pct)
        return replace(made, max_exposure_pct=made.max_position_pct)
    return made


def moved(before: Profile, after: Profile) -> bool:
    """Whether a threshold moved that a person should hear of; the size moves all the time."""
    return (before.min_confidence, before.risk_tolerance, before.decide_every_ms) != (
        after.min_confidence, after.risk_tolerance, after.decide_every_ms,
    )  # fmt: skip


def _boldest() -> list[Profile]:
    """The dial's levels of a fixed setting, the one that takes most risk first."""
    return [LEVELS[level] for level in range(9, 0, -1)]


def _bands(counts: Mapping[int, Count], step: int) -> tuple[Band, ...]:
    return tuple(
        Band(low, low + step, c.total, c.right, posterior(c.right, c.total))
        for low, c in sorted(counts.items())
    )


def posterior(right: int, total: int) -> float:
    """Mean of a Beta posterior that began uniform."""
    return (right + 1) / (total + 2)


def _pays(band: Band | None, even: float) -> bool | None:
    """Whether a band has paid off more often than it must; None where few cases say so."""
    if band is None or band.total < FEW:
        return None
    return band.mean > even


def _edge(bands: list[Band]) -> float:
    right, total = sum(b.right for b in bands), sum(b.total for b in bands)
    mean = posterior(right, total)
    return mean - sqrt(mean * (1 - mean) / (total + 3))
