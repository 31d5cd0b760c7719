"""Entries that are refused before any size is worked out: what is the same at every level first."""

from __future__ import annotations

from papertrader_tui.intel.context import Context
from papertrader_tui.intel.decisions import STRESS_ENTRY
from papertrader_tui.intel.levels import Profile
from papertrader_tui.intel.scoring import Scores
from papertrader_tui.intel.sizing import paying_sizes

#: Place of the own record among `Marks.weights`: the last of sixteen.
RECORD_WEIGHT = 15


def at_any_level(ctx: Context, scores: Scores) -> str:
    """The rule that refuses an entry here whatever the level, "" if none does."""
    if scores[7] >= STRESS_ENTRY:
        return "skip.stress"
    if ctx.series.trend is None or ctx.series.atr is None:
        return "skip.history"
    return "" if paying_sizes(ctx.marks.expected, ctx) is not None else "skip.cost"


def refused(profile: Profile, risk: int, confidence: int, anyway: str) -> str:
    """The rule by which `judge` refuses an entry that no gate forbids, "" if a size decides.

    Args:
        profile: The level.
        risk: Score of the context.
        confidence: Likewise.
        anyway: `at_any_level` of it.
    """
    if confidence < profile.min_confidence * 100:
        return "skip.confidence"
    if risk > profile.risk_tolerance * 100:
        return "skip.risk"
    return anyway
