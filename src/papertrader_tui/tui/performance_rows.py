"""Performance as rows for the console and the command line: at most 75 cells, no Textual.

A row is a list of `Part`s, (text, tone) pairs; a tone is a name of `widgets.tones`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from rich.cells import set_cell_size

from papertrader_tui.domain.money import divide, sub, total
from papertrader_tui.domain.performance import (
    SLIPPAGE,
    Curve,
    Day,
    Metrics,
    Report,
    Slice,
    drawdowns,
)
from papertrader_tui.tui import curves
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.curves import Part

Row = list[Part]

#: What is left of 80 columns inside a window with a border and a scrollbar.
WIDTH = 75
_AXIS = 11
_EQUITY_ROWS, _DRAWDOWN_ROWS = 8, 4
#: Days and tokens shown; more of them would push the rest off the screen.
DAYS_SHOWN, TOKENS_SHOWN = 14, 20
#: Days below which a year that is made of them says little.
FEW_DAYS = 30

COST_NAMES = {"lp_fees": "LP fees", "impact": "price impact", "gas": "gas", "mev": "MEV"}


def heading(text: str) -> list[Row]:
    """A blank row, and what comes below it."""
    return [[], [(text, "strong")]]


def changed(text: str) -> Part:
    """A signed figure in the colour of its direction."""
    tone = {1: "up", -1: "down"}.get(fmt.direction(text), "")
    return text, tone


def comparison(named: Sequence[tuple[str, Metrics]]) -> list[Row]:
    """The figures of curves beside each other, a column each; at most four."""
    rows: list[Row] = [[(f"{'':<20}", "")] + [(f"{name:>15}", "muted") for name, _ in named]]
    for label, shown in (
        ("return", lambda m: fmt.percent(m.total_return)),
        ("annualised return", lambda m: _large(m.annual_return)),
        ("annual volatility", lambda m: fmt.percent(m.volatility, sign=False)),
        ("Sharpe ratio", lambda m: ratio(m.sharpe)),
        ("Sortino ratio", lambda m: ratio(m.sortino)),
        ("Calmar ratio", lambda m: ratio(m.calmar)),
        ("max drawdown", lambda m: fmt.percent(m.max_drawdown)),
        ("  its length", _length),
    ):
        row: Row = [(f"{label:<20}", "muted")]
        for _, found in named:
            text = shown(found)
            tone = changed(text)[1] if text.endswith("%") and label != "annual volatility" else ""
            row.append((f"{text:>15}", tone))
        rows.append(row)
    return rows


def trading(report: Report) -> list[Row]:
    """What the trades were like, and which part of the change of equity they account for."""
    found = report.metrics
    swaps = f"{report.fills:,} filled, {report.reverts:,} reverted"
    closed = total(one.net for one in report.tokens)
    rest = sub(sub(found.end, found.start), closed)
    return [
        _pair(
            "closed, net", fmt.money(closed, sign=True),
            "open and other", fmt.money(rest, sign=True),
        ),
        _pair("closed positions", f"{found.closed:,}", "win rate", _share(found.win_rate)),
        _pair(
            "expectancy", fmt.money(found.expectancy, sign=True),
            "profit factor", ratio(found.profit_factor),
        ),
        _pair(
            "average win", fmt.money(found.average_win, sign=True),
            "average loss", fmt.money(found.average_loss, sign=True),
        ),
        _pair("exposure", _share(found.exposure), "in the market", _share(found.in_market)),
        _pair("turnover", f"{ratio(found.turnover)}×", "traded", fmt.money(found.traded)),
        _pair("swaps", swaps, "", ""),
    ]  # fmt: skip


def costs(split: Mapping[str, Decimal], traded: Decimal) -> list[Row]:
    """Costs by name with their part of what was traded; slippage apart, it is in the prices."""
    booked = {name: amount for name, amount in split.items() if name != SLIPPAGE}
    rows: list[Row] = [[(f"{'':<20}{'USDC':>15}{'OF TRADED':>14}", "muted")]]
    for name, amount in [*booked.items(), ("together", total(booked.values()))]:
        part = float(divide(amount, traded)) if traded else None
        share = fmt.percent(part, 3, sign=False)
        tone = "strong" if name == "together" else ""
        label = fmt.clean(COST_NAMES.get(name, name), 20)
        rows.append(
            [(f"{label:<20}", "muted"), (f"{fmt.money(amount):>15}", tone), (f"{share:>14}", tone)]
        )
    if SLIPPAGE in split:
        what = "moved until landing; in the prices"
        text = f"{fmt.money(split[SLIPPAGE], sign=True):>15}"
        rows.append([(f"{'slippage':<20}", "muted"), (text, ""), (f"   {what}", "dim")])
    return rows


def chart(curve: Curve, width: int = WIDTH) -> list[Row]:
    """The equity curve, and below it how far it is off its peak."""
    if len(curve) < 2 or curve[0][0] == curve[-1][0]:
        return []
    room = width - _AXIS - 1
    points = [(time, float(value)) for time, value in curve]
    low, high = curves.bounds(points)
    labels = {0: fmt.money_fit(high, _AXIS), _EQUITY_ROWS - 1: fmt.money_fit(low, _AXIS)}
    if high == low:
        labels = {(_EQUITY_ROWS - 1) // 2: fmt.money_fit(low, _AXIS)}
    drawn = curves.line(points, room, _EQUITY_ROWS, low, high)
    rows = heading("Equity")
    rows += curves.labelled(drawn, labels, "accent", room=_AXIS)
    falls = drawdowns(curve)
    deepest = min(fall for _, fall in falls)
    rows.append([("Drawdown", "strong")])
    if deepest < 0:
        drawn = curves.hanging(falls, room, _DRAWDOWN_ROWS, deepest)
        labels = {0: "0%", _DRAWDOWN_ROWS - 1: fmt.percent(deepest)}
        rows += curves.labelled(drawn, labels, "down", room=_AXIS)
    else:
        rows.append([("none", "muted")])
    rows.append([(curves.time_line(curve[0][0], curve[-1][0], room), "muted")])
    return rows


def slices(
    title: str, labelled: Sequence[tuple[str, Slice]], shown: int = TOKENS_SHOWN
) -> list[Row]:
    """Closed positions by what they have in common, each with what that is called."""
    rows = heading(title)
    head = f"{'CLOSED':>8}{'WON':>6}{'WIN RATE':>10}{'GROSS':>12}{'COSTS':>11}{'NET':>12}"
    rows.append([(f"{'':<16}{head}", "muted")])
    for name, one in labelled[:shown]:
        label = fmt.clean(name, 16)
        gross = fmt.money_fit(one.gross, 11, sign=True)
        counts = f"{one.closed:>8,}{one.wins:>6,}{_share(one.win_rate):>10}"
        net, tone = changed(fmt.money_fit(one.net, 11, sign=True))
        rows.append([
            (set_cell_size(label, 16), ""),
            (f"{counts}{gross:>12}{fmt.money_fit(one.costs, 10):>11}", ""),
            (f"{net:>12}", tone),
        ])  # fmt: skip
    if len(labelled) > shown:
        rows.append([(f"and {len(labelled) - shown} more", "muted")])
    return rows


def days(found: Sequence[Day], shown: int = DAYS_SHOWN) -> list[Row]:
    """The last UTC days, newest last."""
    rows = heading("By day (UTC)")
    head = f"{'CLOSE':>13}{'CHANGE':>12}{'':>10}{'FILLS':>6}{'CLOSED':>8}{'WON':>5}{'COSTS':>10}"
    rows.append([(f"{'':<11}{head}", "muted")])
    for one in found[-shown:]:
        before = sub(one.close, one.change)
        part = fmt.percent(float(divide(one.change, before)) if before > 0 else None)
        change, tone = changed(fmt.money_fit(one.change, 11, sign=True))
        rows.append([
            (f"{date(one.start):<11}", ""),
            (f"{fmt.money_fit(one.close, 12):>13}", ""),
            (f"{change:>12}{part:>10}", tone),
            (f"{one.fills:>6,}{one.closed:>8,}{one.wins:>5,}", ""),
            (f"{fmt.money_fit(one.costs, 9):>10}", ""),
        ])  # fmt: skip
    if len(found) > shown:
        rows.append([(f"and {len(found) - shown} days before", "muted")])
    return rows


def period(since: int, until: int) -> str:
    """`2026-01-05 00:00 – 2026-02-03 14:00 UTC, 29d 14h`."""
    begin, end = (f"{_moment(t):%Y-%m-%d %H:%M}" for t in (since, until))
    return f"{begin} – {end} UTC, {fmt.span(until - since)}"


def whole(report: Report, symbols: Mapping[str, str]) -> list[Row]:
    """A report from its equity to its days.

    Args:
        report: Of a period in which something is recorded.
        symbols: What tokens are called.
    """
    found = report.metrics
    text = fmt.money(sub(found.end, found.start), sign=True)
    rows: list[Row] = [
        [(period(found.since, found.until), "muted")],
        [
            ("equity ", "muted"), (fmt.money(found.end), "strong"),
            ("   change ", "muted"), changed(text),
            ("   open positions ", "muted"), (f"{report.open_positions}", ""),
        ],
        [],
    ]  # fmt: skip
    named = [("account", found)]
    if report.hold is not None:
        named.append(("buy and hold", report.hold.metrics))
    rows += comparison([*named, ("cash", _cash(found))])
    rows += _footnotes(report, symbols)
    rows += chart(report.curve)
    if report.fills or report.reverts:
        rows += [*heading("Trades"), *trading(report)]
        rows += [*heading("Costs"), *costs(found.costs, found.traded)]
    else:
        rows += [*heading("Trades"), [("none in this period", "muted")]]
    if found.closed:
        rows += slices("By token", [(symbols.get(s.key, s.label), s) for s in report.tokens])
        ways = [(f"opened by {s.label}", s) for s in report.opened_by]
        ways += [(f"closed by {s.label}", s) for s in report.closed_by]
        ways += [(f"opened at L{s.label}", s) for s in report.levels]
        rows += slices("By origin and level", ways)
    if report.days:
        rows += days(report.days)
    return rows


def ratio(value: float | None) -> str:
    """A ratio: `1.42`, `–` where it cannot be told."""
    return fmt.money(value)


def date(time: int) -> str:
    """A UTC day: `2026-01-05`."""
    return f"{_moment(time):%Y-%m-%d}"


def _footnotes(report: Report, symbols: Mapping[str, str]) -> list[Row]:
    notes = []
    count = report.metrics.days
    if count < 2:
        notes.append("– cannot be told: annual figures and ratios need two UTC days")
    elif count < FEW_DAYS:
        notes.append(f"annual figures and ratios are of {count} daily returns: too few to go by")
    hold = report.hold
    if hold is None:
        notes.append("buy and hold: no prices of the watchlist are stored for this period")
    else:
        count = len(hold.tokens)
        what = "the watched token" if count == 1 else f"{count} watched tokens in equal parts"
        said = f"buy and hold: {what}, without costs"
        if hold.left_out:
            names = ", ".join(fmt.clean(symbols.get(t, t), 12) for t in hold.left_out)
            said += f"; without {names}"
        notes.append(said)
    return [[(fmt.cut(note, WIDTH), "dim")] for note in notes]


def _cash(found: Metrics) -> Metrics:
    """Doing nothing: USDC bears no interest."""
    annual = 0.0 if found.days > 1 else None
    spread = 0.0 if found.days > 1 else None
    return Metrics(
        found.since, found.until, found.days, found.start, found.start,
        total_return=0.0, annual_return=annual, volatility=spread, max_drawdown=0.0,
    )  # fmt: skip


def _pair(left: str, value: str, right: str, other: str) -> Row:
    return [
        (f"{left:<20}", "muted"), (f"{value:>15}", ""),
        (f"     {right:<20}" if right else "", "muted"), (f"{other:>15}" if right else "", ""),
    ]  # fmt: skip


def _share(value: float | None) -> str:
    return fmt.percent(value, 1, sign=False)


def _large(value: float | None) -> str:
    """A yearly rate: beyond ten thousand percent it says no more than that it is absurd."""
    return "over 10,000%" if value is not None and value > 100 else fmt.percent(value)


def _length(found: Metrics) -> str:
    if found.drawdown_length is None:
        return fmt.DASH
    return fmt.span(found.drawdown_length) + ("" if found.recovered else " so far")


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time // 1000, UTC)
