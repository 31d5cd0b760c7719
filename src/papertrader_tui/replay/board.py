"""How accounts stand against each other, during a race and at its end."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.money import divide, plain, total
from papertrader_tui.domain.performance import Curve, max_drawdown
from papertrader_tui.replay.run import Stage


@dataclass(frozen=True, slots=True)
class Standing:
    """One account's place.

    Attributes:
        rank: 1 is the highest return; equal ones stand in the order of their levels.
        total_return, drawdown: Fractions; the drawdown is the deepest so far.
        trades: Fills.
        closed, wins: Positions sold to zero, and those that made money after costs.
        costs: USDC paid in LP fees, impact, MEV and gas.
        curve: Equity at each mark, and now.
    """

    rank: int
    level: int
    name: str
    equity: Decimal
    total_return: float
    drawdown: float
    trades: int
    closed: int
    wins: int
    costs: Decimal
    curve: Curve

    def plain(self) -> dict[str, object]:
        """For JSON: money as text, fractions as numbers, the curve left out."""
        return {
            "rank": self.rank,
            "level": self.level,
            "name": self.name,
            "equity": plain(self.equity),
            "total_return": self.total_return,
            "max_drawdown": self.drawdown,
            "trades": self.trades,
            "closed": self.closed,
            "wins": self.wins,
            "win_rate": self.wins / self.closed if self.closed else None,
            "costs": plain(self.costs),
        }


def standings(stage: Stage) -> list[Standing]:
    """Every account, the first one first."""
    found = []
    for desk, tally in zip(stage.desks, stage.tallies, strict=True):
        account, now = desk.account, max(desk.now, stage.now)
        equity = desk.equity
        curve: Curve = [*tally.curve, (max(now, tally.curve[-1][0]), equity)]
        fall = max_drawdown(curve)
        initial = account.ledger.initial
        part = float(divide(equity, initial)) - 1 if initial > 0 else 0.0
        costs = total(swap.booked for swap in tally.swaps)
        found.append((
            -part, account.level, account.level_name, equity, part,
            fall.depth if fall else 0.0, account.trades, account.closed, account.wins, costs, curve,
        ))  # fmt: skip
    found.sort(key=lambda row: row[:2])
    return [Standing(rank, *row[1:]) for rank, row in enumerate(found, 1)]
