"""How an account has done, as rows and in the console's window."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from rich.cells import cell_len

from papertrader_tui.domain.performance import Metrics, Report, Tally, report
from papertrader_tui.tui import curves
from papertrader_tui.tui.performance_rows import (
    WIDTH,
    chart,
    comparison,
    costs,
    days,
    slices,
    whole,
)
from tests.performancekit import tallied, traded_for_three_days
from tests.tui.driving import console, lines, press, quiet, text
from tests.tui.fake_desk import FakeDesk

D = Decimal


@pytest.fixture(scope="module")
def found() -> Report:
    return report(tallied(traded_for_three_days()))


def words(rows) -> list[str]:
    return ["".join(part for part, _ in row) for row in rows]


def test_a_step_curve_keeps_its_extremes_whatever_its_width():
    points = [(0, 1.0), (10, 9.0), (11, 2.0), (50, 2.0), (100, 4.0)]
    drawn = curves.columns(points, 4)
    assert drawn == [(1.0, 9.0), (2.0, 2.0), (2.0, 2.0), (2.0, 4.0)]
    assert curves.columns(points, 1) == [(1.0, 9.0)]
    assert curves.columns([], 4) == []
    for width in (1, 3, 7, 60):
        part = curves.columns(points, width)
        assert len(part) == width
        assert (min(low for low, _ in part), max(high for _, high in part)) == (1.0, 9.0)


def test_a_rising_curve_rises_from_the_lower_left_to_the_upper_right():
    drawn = curves.line([(t, float(t)) for t in range(9)], 4, 2, 0.0, 8.0)
    assert [len(row) for row in drawn] == [4, 4]
    assert drawn[0][0] == " "
    assert drawn[1][0] != " "
    assert drawn[0][3] != " "
    assert drawn[1][3] == " "


def test_a_flat_curve_is_one_line():
    assert sum(row.strip() != "" for row in curves.line([(0, 5.0), (9, 5.0)], 6, 3, 5.0, 5.0)) == 1


def test_a_drawdown_hangs_from_zero_where_there_is_one():
    drawn = curves.hanging([(0, 0.0), (4, -0.5), (6, -1.0), (8, 0.0)], 8, 2, -1.0)
    assert drawn[0][:3] == "   "
    assert drawn[0][6] == "⣿"
    assert drawn[1][6] != " "
    assert drawn[1][0] == " "


def test_the_time_below_names_hours_only_where_days_would_say_too_little():
    assert curves.time_line(0, 9 * 86_400_000, 30) == "1970-01-01          1970-01-10"
    assert curves.time_line(0, 3_600_000, 40) == "1970-01-01 00:00        1970-01-01 01:00"


def test_no_row_is_wider_than_a_window_at_80_columns(found: Report):
    for row in words(whole(found, {})):
        assert cell_len(row) <= WIDTH, row


def test_rows_keep_their_width_with_enormous_figures_and_foreign_names(found: Report):
    huge = D("123456789012345678.123456")
    token = replace(found.tokens[0], closed=123_456, wins=99_999, gross=huge, costs=huge, net=-huge)
    drawn = words(slices("By token", [("\x1b[31mlong\u202e name of a token 長い", token)]))
    day = replace(found.days[0], close=huge, change=-huge, costs=huge, fills=9_999)
    drawn += words(days([day])) + words(costs({"mev\x1b[2J": huge}, huge))
    assert all(cell_len(row) <= WIDTH for row in drawn)
    assert "\x1b" not in "".join(drawn)
    assert "\u202e" not in "".join(drawn)


def test_what_cannot_be_told_is_a_dash_and_never_a_number():
    drawn = words(comparison([("account", Metrics())]))
    assert [row.split()[-1] for row in drawn[1:]] == ["–"] * 8


def test_an_absurd_yearly_rate_says_no_more_than_that():
    row = words(comparison([("account", Metrics(annual_return=4.5e9))]))[2]
    assert row.split()[-2:] == ["over", "10,000%"]


def test_figures_of_few_days_are_called_so(found: Report):
    def notes(days: int) -> list[str]:
        said = words(whole(replace(found, metrics=replace(found.metrics, days=days)), {}))
        return [line for line in said if "annual figures and ratios" in line]

    assert notes(29) == ["annual figures and ratios are of 29 daily returns: too few to go by"]
    assert notes(30) == []
    assert notes(1) == ["– cannot be told: annual figures and ratios need two UTC days"]


def test_only_the_last_days_are_listed(found: Report):
    many = [replace(found.days[0], start=i * 86_400_000) for i in range(20)]
    drawn = words(days(many))
    assert drawn[3].startswith("1970-01-07")
    assert drawn[-1] == "and 6 days before"


def test_a_curve_of_one_moment_is_not_drawn(found: Report):
    assert chart(found.curve[:1]) == []
    assert chart([]) == []


async def opened(app, pilot) -> None:
    """Press the key, and let the account be read."""
    await press(app, pilot, "4")
    for worker in [worker for worker in app.workers if worker.group == "report"]:
        await worker.wait()
    await quiet(app, pilot)


async def test_the_window_shows_what_the_report_tells(found: Report):
    asked = []

    async def judge(account: str) -> Report:
        asked.append(account)
        return found

    desk = FakeDesk()
    async with console(desk, (80, 50)) as (app, pilot):
        app.judge = judge
        await opened(app, pilot)
        shown = text(app)
        assert asked == [desk.snapshot().account]
        assert " Performance " in shown
        for row in words(whole(found, {}))[:12]:
            assert row.rstrip() in shown
        await press(app, pilot, "escape")
        assert " Performance " not in text(app)


@pytest.mark.parametrize("size", [(140, 42), (80, 24), (60, 16)])
async def test_the_window_fits_every_size_and_scrolls(found: Report, size: tuple[int, int]):
    async def judge(account: str) -> Report:
        return found

    async with console(FakeDesk(), size) as (app, pilot):
        app.judge = judge
        await opened(app, pilot)
        assert len(lines(app)) == size[1]
        assert "By token" not in text(app)
        await press(app, pilot, "end")
        await quiet(app, pilot)
        assert words(whole(found, {}))[-1].strip()[:10] in text(app)


async def test_an_empty_account_and_a_failure_are_said():
    async def empty(account: str) -> Report:
        return report(Tally())

    async def broken(account: str) -> Report:
        msg = "account 'main' cannot be judged: \x1b[2Jtry verify"
        raise RuntimeError(msg)

    async with console(FakeDesk()) as (app, pilot):
        await press(app, pilot, "4")
        assert app.told[-1][2] == "warning"
        app.judge = empty
        await opened(app, pilot)
        assert "Nothing is recorded yet" in text(app)
        await press(app, pilot, "escape")
        app.judge = broken
        await opened(app, pilot)
        assert "account 'main' cannot be judged: [2Jtry verify" in text(app)
