"""A period of an account put together: its metrics, and the same by day, token, origin, level."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.ledger import Closed
from papertrader_tui.domain.market import DAY
from papertrader_tui.domain.money import ZERO, add, sub, total
from papertrader_tui.domain.performance.curve import Curve, daily_closes, window
from papertrader_tui.domain.performance.hold import Prices, buy_and_hold
from papertrader_tui.domain.performance.metrics import Metrics, metrics
from papertrader_tui.domain.performance.tally import Tally, Trade
from papertrader_tui.domain.tokens import TokenId


@dataclass(frozen=True, slots=True)
class Slice:
    """Closed positions that have something in common.

    Attributes:
        key: A token's id, an origin, a level.
        label: What it is called.
        closed, wins: Positions, and those that made money after costs.
        gross: Their profit at reference prices.
        costs: LP fees, impact and gas paid on them; gross - costs = net.
        net: What they made.
    """

    key: str
    label: str
    closed: int
    wins: int
    gross: Decimal
    costs: Decimal
    net: Decimal

    @property
    def win_rate(self) -> float:
        """Part of them that made money after costs."""
        return self.wins / self.closed


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day.

    Attributes:
        start: Its midnight; the first day of a period may begin later.
        close: Equity at its end.
        change: Since the close before.
        fills: Swaps that were filled.
        closed, wins: Positions sold to zero; those that made money.
        costs: Booked on that day.
    """

    start: int
    close: Decimal
    change: Decimal
    fills: int
    closed: int
    wins: int
    costs: Decimal


@dataclass(frozen=True, slots=True)
class Hold:
    """Buy and hold of a watchlist.

    Attributes:
        tokens: In it, in equal parts.
        left_out: Watched, but without a price when the period began.
    """

    metrics: Metrics
    curve: Curve
    tokens: tuple[TokenId, ...]
    left_out: tuple[TokenId, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is told of a period.

    Attributes:
        curve: Equity in it, from what it stood at when it began.
        fills, reverts: Swaps that were mined.
        open_positions: Held at the end of the account, whatever the period.
        tokens, opened_by, closed_by, levels: Closed positions; level is that of the opening.
        symbols: What tokens that were traded are called.
        hold: None where no prices are stored.
    """

    metrics: Metrics
    curve: Curve
    fills: int
    reverts: int
    open_positions: int
    days: tuple[Day, ...]
    tokens: tuple[Slice, ...]
    opened_by: tuple[Slice, ...]
    closed_by: tuple[Slice, ...]
    levels: tuple[Slice, ...]
    symbols: Mapping[TokenId, str]
    hold: Hold | None = None


def slices(
    trades: Iterable[Trade],
    key: Callable[[Trade], Hashable],
    label: Callable[[Trade], str] | None = None,
) -> tuple[Slice, ...]:
    """Closed positions put together by what `key` says of them, in the order of their first."""
    groups: dict[str, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(str(key(trade)), []).append(trade)
    found = []
    for name, group in groups.items():
        closed = [one.closed for one in group]
        found.append(
            Slice(
                name,
                label(group[-1]) if label else name,
                len(closed),
                sum(1 for one in closed if one.win),
                total(one.realized for one in closed),
                total(one.costs for one in closed),
                total(one.net for one in closed),
            )
        )
    return tuple(found)


def report(
    tally: Tally,
    since: int | None = None,
    until: int | None = None,
    prices: Mapping[TokenId, Prices] | None = None,
) -> Report:
    """Judge a period of an account; the whole of it if none is named.

    Args:
        tally: Of the account from its first event on.
        since: Market milliseconds; what happens then belongs to the time before.
        until: Its end, inclusive. A period does not reach further than what is recorded.
        prices: Of the watchlist as it stood at the beginning, to hold it for comparison.
    """
    curve = window(tally.curve, since, until)
    if not curve:
        return _nothing(tally)
    begun = curve[0][0] if since is not None else None

    def inside(time: int) -> bool:
        return (begun is None or time > begun) and (until is None or time <= until)

    trades = [one for one in tally.trades if inside(one.closed.time)]
    swaps = [one for one in tally.swaps if inside(one.time)]
    costs: dict[str, Decimal] = dict.fromkeys(tally.cost_names(), ZERO)
    for swap in swaps:
        for name, amount in swap.costs.items():
            costs[name] = add(costs[name], amount)
    end = curve[-1][0]
    closed = [one.closed for one in trades]
    found = metrics(
        curve,
        closed,
        costs=costs,
        traded=total(swap.cash for swap in swaps),
        invested=tally.invested,
        held=tally.held(end),
    )
    return Report(
        found,
        curve,
        sum(1 for swap in swaps if swap.filled),
        sum(1 for swap in swaps if not swap.filled),
        len(tally.ledger.positions),
        _days(curve, tally, closed, inside),
        _by_net(slices(trades, lambda t: t.closed.token, lambda t: t.symbol)),
        _by_net(slices(trades, lambda t: t.opened_by.value)),
        _by_net(slices(trades, lambda t: t.closed_by.value)),
        tuple(sorted(slices(trades, lambda t: t.level), key=lambda s: int(s.key))),
        dict(tally.symbols),
        _hold(curve, prices),
    )


def _nothing(tally: Tally) -> Report:
    return Report(Metrics(), [], 0, 0, len(tally.ledger.positions), (), (), (), (), (), {})


def _by_net(found: tuple[Slice, ...]) -> tuple[Slice, ...]:
    return tuple(sorted(found, key=lambda s: s.net, reverse=True))


def _days(
    curve: Curve, tally: Tally, closed: Sequence[Closed], inside: Callable[[int], bool]
) -> tuple[Day, ...]:
    closes = daily_closes(curve)
    if not closes:
        return ()
    first, last = closes[0][0], closes[-1][0]

    def day(time: int) -> int:
        """The day that something counts for, as in `daily_closes`: midnight ends one."""
        return max(first, min(last, (time - 1) // DAY * DAY))

    swaps: dict[int, list[tuple[bool, Decimal]]] = {}
    for swap in tally.swaps:
        if inside(swap.time):
            swaps.setdefault(day(swap.time), []).append((swap.filled, swap.booked))
    trades: dict[int, list[bool]] = {}
    for one in closed:
        trades.setdefault(day(one.time), []).append(one.win)
    found = []
    before = curve[0][1]
    for start, close in closes:
        mined, ended = swaps.get(start, []), trades.get(start, [])
        found.append(
            Day(
                start,
                close,
                sub(close, before),
                sum(filled for filled, _ in mined),
                len(ended),
                sum(ended),
                total(cost for _, cost in mined),
            )
        )
        before = close
    return tuple(found)


def _hold(curve: Curve, prices: Mapping[TokenId, Prices] | None) -> Hold | None:
    if not prices:
        return None
    held, tokens = buy_and_hold(prices, curve[0][1], curve[0][0], curve[-1][0])
    if not tokens:
        return None
    left_out = tuple(token for token in prices if token not in tokens)
    return Hold(metrics(held), held, tokens, left_out)
