"""The scorecard as rows, and how often decisions like one were right beside its confidence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from rich.cells import cell_len

from papertrader_tui.domain.outcomes import HORIZONS, Outcome
from papertrader_tui.domain.record import Count, Record
from papertrader_tui.intel.learning import learn
from papertrader_tui.intel.scorecard import Base, FactorRow, Slice
from papertrader_tui.tui import decision_rows, learned_rows, scorecard_rows
from papertrader_tui.tui.scorecard_rows import Row
from tests.tui import fake_desk as make
from tests.tui.driving import console, press, text


def band(low: int, rate: float, count: int = 100) -> Slice:
    right = round(rate * count)
    return Slice(
        f"{low}–{low + 10}", count, count, right, rate, rate / 2, rate, 0.2, low + 5.0, -0.5, -50.0
    )


def lines(rows: list[Row]) -> list[str]:
    return ["".join(part for part, _ in row) for row in rows]


def test_a_row_says_how_often_how_sure_and_what_it_was_worth() -> None:
    shown = lines(scorecard_rows.table("by rule", [replace(band(60, 0.5), key="skip.cost")]))
    assert shown[-1].split() == [
        "skip.cost", "██████", "50.0", "%", "100", "25–50", "%", "0.200", "-0.50",
    ]  # fmt: skip


def test_few_outcomes_are_called_few() -> None:
    few = " ".join(lines(scorecard_rows.overall(band(60, 0.5, 29))))
    assert "too few outcomes to tell: 29 do not overlap, 30 would say something" in few
    enough = lines(scorecard_rows.overall(band(60, 0.5, 30)))
    assert not any("too few" in line for line in enough)


def test_all_are_told_beside_what_never_buying_comes_to() -> None:
    shown = lines(scorecard_rows.overall(band(60, 0.7), Base(800, 200)))
    assert shown[-1] == "a buy would have paid in 25.0% of 800; never to buy is right in 75.0%"
    assert not any("never to buy" in line for line in lines(scorecard_rows.overall(band(60, 0.7))))


def test_columns_of_the_curve_are_as_high_as_the_rates() -> None:
    shown = lines(scorecard_rows.reliability([band(0, 1.0), band(50, 0.5), band(90, 0.0)]))
    plot = shown[2:10]
    heights = [sum(line[7 + 6 * column] == "█" for line in plot) for column in (0, 5, 9, 3)]
    # the line where 5 % would end is cut out of the full column, and stands alone over an empty one
    assert heights == [7, 4, 0, 0]
    marks = [[line[7 + 6 * column] for line in plot].index("╌") for column in (0, 5, 9)]
    assert marks == [7, 3, 0]
    assert shown[-1].split() == ["of", "100", "100", "100"]
    assert shown[-2].split()[:3] == ["conf", "0–10", "10–20"]
    assert max(map(cell_len, shown)) <= 80


def test_factors_that_tell_something_are_marked() -> None:
    sure = FactorRow("opportunity", "trend", 30, 40, 60.0, 40.0, 20.0, 5.0)
    rows = scorecard_rows.factors([sure, replace(sure, name="depth", margin=25.0)])
    assert "+20.0 ± 5.0" in lines(rows)[2]
    assert rows[2][2][1] == "up"
    assert rows[3][2][1] == "muted"
    chance = lines(scorecard_rows.factors([replace(sure, margin=None)]))
    assert chance[-1] == "no factor differs by more than chance would make it"


def test_foreign_names_are_not_obeyed() -> None:
    hostile = replace(band(60, 0.5), key="base:x")
    shown = lines(
        scorecard_rows.table("by token", [hostile], {"base:x": "\x1b]0;gone\x07漢字" * 9})
    )
    assert "\x1b" not in shown[-1]
    assert cell_len(shown[-1]) <= 80


def test_what_was_learned_names_its_thresholds() -> None:
    record = Record()
    for paid in [True] * 45 + [False] * 15:
        record.cases.add(paid)
        record.by_confidence.setdefault(60, Count()).add(paid)
        record.by_risk.setdefault(20, Count()).add(paid)
    record.won, record.lost = 0.45, 0.15
    shown = lines(learned_rows.whole(learn(record), 10))
    assert shown[1] == "level 10: learned from 60 outcomes"
    assert "a buy paid off in 45 of 60: +1.00% when it did, -1.00% when not" in shown
    at = shown.index(next(line for line in shown if line.startswith("least confidence")))
    assert shown[at].split() == ["least", "confidence", "60", "65"]
    assert shown[at + 2].split() == ["largest", "position", "11", "%", "10", "%"]
    assert max(map(cell_len, shown)) <= 80


def test_an_outcome_that_is_not_known_says_so() -> None:
    known = Outcome("d1", HORIZONS[0], 0, Decimal("3.5"), Decimal("-0.0123"), False)
    shown = lines(decision_rows.became([known, Outcome("d1", HORIZONS[1], 0, None, None, None)]))
    assert shown[2].split() == ["after", "15", "min", "3.5000", "-1.23%", "wrong"]
    assert shown[3] == "  after 1 h     no price near that moment is known"
    assert decision_rows.became([]) == []


# ---------------------------------------------------------------------- in the console


def test_beside_the_confidence_stands_how_often_it_was_right() -> None:
    decision = replace(make.decision(0), confidence=Decimal(71))
    key = (decision.action.value, 70)
    rows = lines(decision_rows.whole(decision, "T0·base", known={key: (123, 212)}))
    assert "conf 71 (right 58% of 212 such decisions four hours later)" in rows
    for known in ({}, {key: (17, 29)}, {(decision.action.value, 60): (123, 212)}):
        assert not any("such decisions" in line for line in lines(
            decision_rows.whole(decision, "T0·base", known=known)
        ))  # fmt: skip


async def test_the_console_shows_them_in_the_log_and_in_the_decision() -> None:
    desk = make.FakeDesk()
    decision = replace(make.decision(0), confidence=Decimal(71))
    desk.change(
        decisions=(decision,), hits={(decision.action.value, 70): (123, 212)}, level=10,
        level_note="17 of 50 outcomes: runs as level 5 (Balanced) until then",
    )  # fmt: skip
    async with console(desk, size=(200, 50)) as (app, pilot):
        app.desk_screen.show_panel("decisions")
        await press(app, pilot, "home")
        shown = text(app)
        assert "RIGHT" in shown
        assert "58% of 212" in shown
        assert "17 of 50 outcomes" in shown
        await press(app, pilot, "enter")
        assert "conf 71 (right 58% of 212" in text(app)


async def test_without_outcomes_the_log_has_no_such_column() -> None:
    async with console(make.FakeDesk(), size=(200, 50)) as (app, pilot):
        app.desk_screen.show_panel("decisions")
        await press(app, pilot, "home")
        assert "RIGHT" not in text(app)
