"""Stop-loss, take-profit tiers and trailing stop of one position, checked at every price."""

from __future__ import annotations

from typing import Any

from papertrader_tui.domain.exit_rules import USUAL_EXITS, ExitRules
from papertrader_tui.intel.levels import Profile

#: The least that the stop distance may be, as a fraction of the price.
STOP_FLOOR = 0.005
TIERS = 3

STOP_LOSS = "exit.stop_loss"
TRAILING = "exit.trailing"
TAKE_PROFIT = ("exit.take_profit_1", "exit.take_profit_2", "exit.take_profit_3")


class ExitPlan:
    """Where a position is to be left. Changes only through `breach`, `take` and `start`.

    Attributes:
        entry: Price that distances count from.
        distance: Stop distance in dollars.
        step: Dollars from one target to the next, the stop distance if not set otherwise.
        stop: Price of the stop-loss.
        targets: Prices at +1, +2 and +3 steps; a third of the original holding is sold at each.
        taken: Tiers already sold; from the first on the stop trails.
        high: Highest price seen.
        guard: The stop that is in force: the stop-loss, or one distance below `high`.
        opened: Market milliseconds of the entry.
    """

    __slots__ = ("_target", "distance", "entry", "guard", "high", "opened", "step", "stop",
                 "taken", "targets")  # fmt: skip

    def __init__(
        self,
        entry: float,
        distance: float,
        opened: int,
        taken: int = 0,
        high: float = 0.0,
        step: float = 0.0,
    ) -> None:
        self.entry = entry
        self.distance = distance
        self.step = step = step or distance
        self.stop = entry - distance
        self.targets = (entry + step, entry + 2 * step, entry + 3 * step)
        self.opened = opened
        self.high = max(high, entry)
        self.taken = taken
        self._set()

    def _set(self) -> None:
        self._target = self.targets[self.taken] if self.taken < TIERS else float("inf")
        self.guard = self.stop
        if self.taken:
            self.guard = max(self.stop, self.high - self.distance)

    def take(self, tiers: int) -> None:
        """The sale of the first `tiers` tiers has been filled."""
        self.taken = max(self.taken, min(tiers, TIERS))
        self._set()

    @property
    def target(self) -> float | None:
        """The next tier's price, None once all are taken."""
        return self.targets[self.taken] if self.taken < TIERS else None


def stop_distance(
    price: float, atr: float | None, profile: Profile, rules: ExitRules = USUAL_EXITS
) -> float:
    """So many average true ranges, at least 0.5 % of the price, at most the level's stop.

    Without an ATR it is the level's stop.
    """
    widest = price * profile.stop_pct / 100
    if atr is None:
        return widest
    return min(widest, max(rules.stop_atrs * atr, STOP_FLOOR * price))


def make_plan(
    price: float,
    atr: float | None,
    profile: Profile,
    now: int,
    rules: ExitRules = USUAL_EXITS,
) -> ExitPlan:
    """The exits of a position that was entered at `price`."""
    distance = stop_distance(price, atr, profile, rules)
    return ExitPlan(price, distance, now, step=distance * rules.target_pct / 100)


def breach(plan: ExitPlan, low: float, high: float) -> str | None:
    """The exit rule that a price (low = high) or a bar triggers, None if none does.

    Where a bar spans both, the stop goes before the target: which came first is not known.
    Of several tiers the farthest is named.  The trail follows only after the check.
    """
    if low <= plan.guard:
        return TRAILING if plan.guard > plan.stop else STOP_LOSS
    if high > plan.high:
        plan.high = high
        if plan.taken and high - plan.distance > plan.guard:
            plan.guard = high - plan.distance
    if high >= plan._target:
        tier = plan.taken
        while tier + 1 < TIERS and high >= plan.targets[tier + 1]:
            tier += 1
        return TAKE_PROFIT[tier]
    return None


def sold_part(plan: ExitPlan | None, rule: str) -> tuple[int, int]:
    """The part of the present holding that a rule sells, as numerator and denominator.

    A third of the original is a third of what is held before the first tier, a half before the
    second and all of it before the third; every other exit sells everything.
    """
    if plan is None or rule not in TAKE_PROFIT:
        return 1, 1
    tier = TAKE_PROFIT.index(rule) + 1
    return (tier - plan.taken, TIERS - plan.taken) if tier > plan.taken else (1, 1)


def to_plain(plan: ExitPlan) -> dict[str, Any]:
    """A plan as JSON values, for a checkpoint."""
    return {
        "entry": plan.entry,
        "distance": plan.distance,
        "opened": plan.opened,
        "taken": plan.taken,
        "high": plan.high,
        "step": plan.step,
    }


def from_plain(plain: dict[str, Any]) -> ExitPlan:
    """The plan that `to_plain` was given, to the bit.

    Raises:
        KeyError: a value is missing.
    """
    return ExitPlan(
        plain["entry"], plain["distance"], plain["opened"], plain["taken"], plain["high"],
        plain.get("step", 0.0),  # one from before there was such a setting
    )  # fmt: skip
