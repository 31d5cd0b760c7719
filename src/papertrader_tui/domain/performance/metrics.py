"""The figures by which a curve and its trades are judged.

A figure that cannot be told is None, never infinite and never not-a-number.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypedDict

from papertrader_tui.domain.ledger import Closed
from papertrader_tui.domain.money import ZERO, divide, neg, plain, quantize_even, total
from papertrader_tui.domain.performance.curve import (
    Curve,
    check,
    daily_closes,
    daily_returns,
    max_drawdown,
)

#: Tokens trade every day of the year.
YEAR_DAYS = 365
#: Returns that differ by less do so by the last bit of a float.
NO_SPREAD = 1e-14


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures of one period. Ratios and returns are fractions, money is USDC, times are ms.

    With r the simple returns from UTC day to UTC day, n of them, and a year of 365 days:

    Attributes:
        since, until: First and last time of the curve.
        days: n.
        start, end: Equity then.
        total_return: end / start - 1.
        annual_return: (1 + total_return)^(365 / n) - 1; from two days on.
        volatility: Standard deviation of r (ddof 1) times the root of 365.
        sharpe: Mean of r over its standard deviation (ddof 1), times the root of 365; the
            riskless rate is 0.
        sortino: Mean of r over the root of the mean of min(r, 0) squared, times the root of 365.
        calmar: annual_return / -max_drawdown.
        max_drawdown: Deepest fall from a peak over every point of the curve, 0 or below.
        drawdown_length: From that peak until it was reached again, or to the end of the curve.
        recovered: It was reached again; None without a drawdown.
        closed, wins: Positions that were sold to zero; those of them that made money after
            LP fees, impact and gas.
        win_rate: wins / closed.
        profit_factor: What the gaining ones made net over what the losing ones lost net; None
            without a loss.
        expectancy: Mean net profit of a closed position.
        average_win, average_loss: The same of those that gained, and of those that lost.
        exposure: Mean share of equity that was invested, weighted by time.
        in_market: Share of the time in which any position was open.
        traded: Cash of all buys and sales.
        turnover: traded over the mean of start and daily closes.
        costs: By name. All but `slippage` are booked and out of the equity; slippage is what
            prices moved between quote and landing, and is in the prices already.
    """

    since: int = 0
    until: int = 0
    days: int = 0
    start: Decimal = ZERO
    end: Decimal = ZERO
    total_return: float | None = None
    annual_return: float | None = None
    volatility: float | None = None
    sharpe: float | None = None
    sortino: float | None = None
    calmar: float | None = None
    max_drawdown: float | None = None
    drawdown_length: int | None = None
    recovered: bool | None = None
    closed: int = 0
    wins: int = 0
    win_rate: float | None = None
    profit_factor: float | None = None
    expectancy: Decimal | None = None
    average_win: Decimal | None = None
    average_loss: Decimal | None = None
    exposure: float | None = None
    in_market: float | None = None
    traded: Decimal = ZERO
    turnover: float | None = None
    costs: Mapping[str, Decimal] = field(default_factory=dict)


class _Ratios(TypedDict):
    volatility: float | None
    sharpe: float | None
    sortino: float | None


class _Trades(TypedDict):
    closed: int
    wins: int
    win_rate: float | None
    profit_factor: float | None
    expectancy: Decimal | None
    average_win: Decimal | None
    average_loss: Decimal | None


def metrics(
    equity: Curve,
    closed: Sequence[Closed] = (),
    *,
    costs: Mapping[str, Decimal] | None = None,
    traded: Decimal = ZERO,
    invested: Sequence[tuple[int, float]] = (),
    held: Sequence[tuple[int, int]] = (),
) -> Metrics:
    """Judge a curve and the positions that were closed in its time.

    Args:
        equity: (market milliseconds, USDC), sorted by time; a single point has no return.
        closed: Positions sold to zero.
        costs: What was paid, by name.
        traded: Cash of all buys and sales.
        invested: Share of equity that is invested from each time on, sorted by time.
        held: Spans of time in which a position was open; they may overlap.

    Raises:
        ValueError: times of the curve fall.
    """
    check(equity)
    trades = _of_trades(closed)
    paid = dict(costs or {})
    if not equity:
        return Metrics(traded=traded, costs=paid, **trades)
    (since, start), (until, end) = equity[0], equity[-1]
    closes = [value for _, value in daily_closes(equity)]
    returns = daily_returns(equity)
    fall = max_drawdown(equity)
    whole = float(divide(end, start)) - 1 if start > 0 and until > since else None
    annual = _annual(whole, len(closes))
    mean_equity = divide(total([start, *closes]), Decimal(len(closes) + 1))
    return Metrics(
        since=since,
        until=until,
        days=len(closes),
        start=start,
        end=end,
        total_return=_told(whole),
        annual_return=annual,
        **_of_returns(returns),
        calmar=_told(annual / -fall.depth) if annual is not None and fall else None,
        max_drawdown=None if until == since else fall.depth if fall else 0.0,
        drawdown_length=fall.length if fall else None,
        recovered=fall.recovered if fall else None,
        exposure=_weighted(invested, since, until),
        in_market=_covered(held, since, until),
        traded=traded,
        turnover=_told(float(divide(traded, mean_equity))) if mean_equity > 0 else None,
        costs=paid,
        **trades,
    )


def to_plain(found: Metrics) -> dict[str, object]:
    """Metrics as JSON values: money as text, ratios as numbers, what cannot be told as null."""

    def value(item: object) -> object:
        if isinstance(item, Decimal):
            return plain(item)
        if isinstance(item, Mapping):
            return {name: value(part) for name, part in item.items()}
        return item

    return {f.name: value(getattr(found, f.name)) for f in dataclasses.fields(found)}


def _annual(whole: float | None, days: int) -> float | None:
    if whole is None or days < 2 or whole < -1:
        return None
    try:
        return _told((1 + whole) ** (YEAR_DAYS / days) - 1)
    except OverflowError:
        return None


def _of_returns(returns: Sequence[float] | None) -> _Ratios:
    if returns is None or len(returns) < 2:
        return {"volatility": None, "sharpe": None, "sortino": None}
    count, year = len(returns), math.sqrt(YEAR_DAYS)
    mean = math.fsum(returns) / count
    spread = math.sqrt(math.fsum((r - mean) ** 2 for r in returns) / (count - 1))
    below = math.sqrt(math.fsum(min(r, 0.0) ** 2 for r in returns) / count)
    if spread <= NO_SPREAD:
        spread = 0.0
    return {
        "volatility": _told(spread * year),
        "sharpe": _told(mean / spread * year) if spread else None,
        "sortino": _told(mean / below * year) if below > NO_SPREAD else None,
    }


def _of_trades(closed: Sequence[Closed]) -> _Trades:
    nets = [one.net for one in closed]
    gains = [net for net in nets if net > 0]
    losses = [net for net in nets if net < 0]
    lost = neg(total(losses))
    return {
        "closed": len(nets),
        "wins": len(gains),
        "win_rate": len(gains) / len(nets) if nets else None,
        "profit_factor": _told(float(divide(total(gains), lost))) if lost else None,
        "expectancy": _mean(nets),
        "average_win": _mean(gains),
        "average_loss": _mean(losses),
    }


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return quantize_even(divide(total(values), Decimal(len(values))), 6) if values else None


def _weighted(shares: Sequence[tuple[int, float]], since: int, until: int) -> float | None:
    """The mean of a step function over a period; before its first step it is 0."""
    if until <= since or not shares:
        return None
    parts = []
    ends = [time for time, _ in shares[1:]] + [until]
    for (time, share), end in zip(shares, ends, strict=True):
        parts.append(share * max(0, min(end, until) - max(time, since)))
    return math.fsum(parts) / (until - since)


def _covered(spans: Sequence[tuple[int, int]], since: int, until: int) -> float | None:
    """How much of a period spans cover together."""
    if until <= since:
        return None
    covered, reached = 0, since
    for begin, end in sorted(spans):
        covered += max(0, min(end, until) - max(begin, reached))
        reached = max(reached, min(end, until))
    return covered / (until - since)


def _told(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
