"""The ten levels of the intelligence dial. The table never changes; overrides make new profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

GAS_STRATEGIES = ("minimal", "low", "standard", "adaptive", "aggressive", "ultra")


@dataclass(frozen=True, slots=True)
class Profile:
    """What one setting of the dial means.

    Attributes:
        risk_tolerance: Highest risk score (0 to 100) that is bought.
        max_position_pct, max_exposure_pct: Of equity, in one token and in all together.
        min_confidence: Lowest confidence score (0 to 100) that is bought.
        min_trade_usd: Smallest order in dollars.
        mev_protection: Whether orders go past the public mempool.
        stop_pct: Widest stop below the entry, percent.
        decide_every_ms: Market milliseconds between two decisions about one token.
        note: What a person should know about it, or "".
        changed: Names of the fields that a user overrode.
    """

    level: int
    name: str
    risk_tolerance: float
    max_position_pct: float
    max_exposure_pct: float
    min_confidence: float
    min_trade_usd: float
    mev_protection: bool
    gas_strategy: str
    stop_pct: float
    decide_every_ms: int
    note: str = ""
    changed: tuple[str, ...] = ()


_TABLE = (
    Profile(1, "Ultra Cautious", 20, 2, 10, 95, 10, True, "minimal", 3, 300_000),
    Profile(2, "Very Cautious", 25, 3, 15, 90, 20, True, "low", 3, 300_000),
    Profile(3, "Cautious", 30, 5, 25, 85, 30, True, "standard", 3, 120_000),
    Profile(4, "Moderately Cautious", 40, 7, 35, 75, 40, True, "standard", 5, 60_000),
    Profile(5, "Balanced", 50, 10, 50, 65, 50, True, "adaptive", 5, 60_000),
    Profile(6, "Moderately Aggressive", 60, 12, 60, 60, 60, True, "adaptive", 5, 30_000),
    Profile(7, "Aggressive", 70, 15, 75, 55, 70, False, "aggressive", 8, 30_000),
    Profile(8, "Very Aggressive", 80, 18, 85, 50, 80, False, "aggressive", 8, 15_000),
    Profile(9, "Ultra Aggressive", 90, 20, 95, 45, 90, False, "ultra", 8, 15_000),
)
DEFAULT_LEVEL, AUTONOMOUS = 5, 10
_AUTONOMOUS = replace(
    _TABLE[DEFAULT_LEVEL - 1],
    level=AUTONOMOUS,
    name="Autonomous",
    decide_every_ms=15_000,
    note="runs as level 5 (Balanced) until it has learned from 50 outcomes",
)

LEVELS: Mapping[int, Profile] = MappingProxyType({p.level: p for p in (*_TABLE, _AUTONOMOUS)})

#: What a user may change, and between which values.
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "risk_tolerance": (1, 100),
        "max_position_pct": (0.1, 50),
        "max_exposure_pct": (1, 100),
        "min_confidence": (0, 100),
        "min_trade_usd": (1, 1_000_000),
        "stop_pct": (0.5, 50),
        "decide_every_ms": (1_000, 3_600_000),
    }
)


def profile(level: int) -> Profile:
    """The profile of a level.

    Raises:
        ValueError: there is no such level.
    """
    found = LEVELS.get(level)
    if found is None:
        msg = f"level {level!r} is not on the dial; choose 1 (Ultra Cautious) to 10 (Autonomous)"
        raise ValueError(msg)
    return found


def override(base: Profile, **changes: object) -> Profile:
    """A new profile with some fields changed; the table and `base` stay as they are.

    Raises:
        ValueError: a field is unknown, of the wrong type or out of its range, or one position
            would be allowed more than all together.
    """
    for name, value in changes.items():
        _check(name, value)
    changed = tuple(sorted({*base.changed, *changes}))
    made = replace(base, **changes, changed=changed)  # type: ignore[arg-type]
    if made.max_position_pct > made.max_exposure_pct:
        msg = (
            f"max_position_pct {made.max_position_pct:g} is more than max_exposure_pct"
            f" {made.max_exposure_pct:g}; one position cannot exceed all of them"
        )
        raise ValueError(msg)
    return made


def _check(name: str, value: object) -> None:
    if name == "mev_protection":
        if not isinstance(value, bool):
            msg = f"mev_protection {value!r} must be true or false"
            raise ValueError(msg)
        return
    if name == "gas_strategy":
        if value not in GAS_STRATEGIES:
            msg = f"gas_strategy {value!r} must be one of {', '.join(GAS_STRATEGIES)}"
            raise ValueError(msg)
        return
    if name not in RANGES:
        known = ", ".join([*RANGES, "mev_protection", "gas_strategy"])
        msg = f"{name!r} is no setting of a level; choose from {known}"
        raise ValueError(msg)
    low, high = RANGES[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # type: ignore[operator]
        msg = f"{name} {value!r} must be a number from {low:g} to {high:g}"
        raise ValueError(msg)
    if name == "decide_every_ms" and not isinstance(value, int):
        msg = f"{name} {value!r} must be whole milliseconds from {low:g} to {high:g}"
        raise ValueError(msg)
