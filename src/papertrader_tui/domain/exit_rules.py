"""Settings of the bot's exits: when a position is left, apart from what its level says."""

from __future__ import annotations

from dataclasses import dataclass

from papertrader_tui.domain.ranges import check_ranges


@dataclass(frozen=True, slots=True)
class ExitRules:
    """When the bot leaves a position; the widest stop is the level's.

    Attributes:
        stop_atrs: Stop distance in average true ranges.
        target_pct: Distance from one take-profit tier to the next, in percent of the stop
            distance.
        trend_opportunity: Opportunity below which a trend that has turned ends it.
        risk_pct: Risk above which it ends, in percent of the level's tolerance.
        hold_h: Hours after which it ends without a gain.
        stress: Stress from which it ends.
    """

    stop_atrs: int = 6
    target_pct: int = 100
    trend_opportunity: int = 30
    risk_pct: int = 120
    hold_h: int = 12
    stress: int = 90

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)


RANGES: dict[str, tuple[int, int]] = {
    "stop_atrs": (1, 50),
    "target_pct": (10, 1_000),
    "trend_opportunity": (0, 100),
    "risk_pct": (100, 500),
    "hold_h": (1, 720),
    "stress": (70, 100),
}

USUAL_EXITS = ExitRules()
