"""Decisions as rows: everything that is stored, in few cells, and nothing that is obeyed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from rich.cells import cell_len

from papertrader_tui.domain.decision import Check, Factor, FactorInput
from papertrader_tui.tui import decision_rows
from tests.tui import fake_desk as make
from tests.tui.driving import console, press, text

CHECKS = (
    Check("entry", "confidence", "71.00", "at least 65", 0.915, False),
    Check("entry", "expected move", "+0.20%", "at least 0.43%, 2 × the round trip", 2.15, True),
    Check("account", "daily trades", "3 of 50 trades today", "", 0.06, False),
)
HOSTILE = "\x1b]0;gone\x07\u202etxt\x9b31m\r\n"


def lines(*args: object, width: int = 80) -> list[str]:
    rows = decision_rows.whole(*args, width)  # type: ignore[arg-type]
    return ["".join(part for part, _ in row) for row in rows]


def test_contributions_come_to_the_score() -> None:
    shown = lines(make.decision(0), "T0·base")
    assert "  trend            82.00 ████████████████▍     40.00%  32.80" in shown
    assert "  depth            52.00 ██████████▍           60.00%  31.20" in shown
    assert any(line.endswith("100.00%  64.00") for line in shown)
    assert "    demo, 2s old: slope_1h +2.1σ" in shown


def test_conditions_say_how_near_they_were_and_which_decided() -> None:
    shown = lines(replace(make.decision(1), checks=CHECKS), "T1·base")
    assert "  confidence      █████████▏   92% 71.00; at least 65" in shown
    hit = "✗ expected move   ██████████  215% +0.20%; at least 0.43%, 2 × the round trip"
    assert hit in shown
    narrow = lines(replace(make.decision(1), checks=CHECKS), "T1·base", width=60)
    at = next(i for i, line in enumerate(narrow) if line.startswith("✗ "))
    told = " ".join(line.strip() for line in narrow[at : at + 2])
    assert " ".join(told.split()) == " ".join(hit.split())
    assert shown[shown.index("account gates") + 1].endswith("  6% 3 of 50 trades today")


def test_a_condition_that_cannot_be_told_is_a_dash() -> None:
    unknown = Check("entry", "stress", None, "below 70", None, False)
    shown = lines(replace(make.decision(1), checks=(unknown,)), "T1·base")
    assert "  stress                         – –; below 70" in shown


@pytest.mark.parametrize("width", [60, 80, 96])
def test_nothing_is_wider_than_asked_and_nothing_foreign_is_obeyed(width: int) -> None:
    item = FactorInput(f"in{HOSTILE}", "9" * 90, f"src{HOSTILE}", 5)
    factor = Factor(
        f"name{HOSTILE}", "risk", Decimal(1), Decimal(100), Decimal(1), f"wide 漢字 {HOSTILE}" * 9,
        (item,),
    )  # fmt: skip
    hostile = replace(
        make.decision(2), reason=HOSTILE + "because " * 40, rule=HOSTILE, source=HOSTILE,
        factors=(factor,), missing=(HOSTILE,), id=HOSTILE,
        checks=(Check("entry", HOSTILE, HOSTILE * 5, HOSTILE, 99.0, True),),
    )  # fmt: skip
    rows = decision_rows.whole(hostile, "T2·base", width)
    rows += decision_rows.listing([hostile], {}, width=max(80, width))
    for row in rows:
        line = "".join(part for part, _ in row)
        assert cell_len(line) <= max(80, width)
        assert line.isprintable()


async def test_the_console_shows_the_same_conditions() -> None:
    desk = make.FakeDesk()
    desk.change(decisions=(replace(make.decision(1), checks=CHECKS, factors=()),))
    async with console(desk) as (app, pilot):
        app.desk_screen.show_panel("decisions")
        await press(app, pilot, "enter")
        shown = text(app)
        for part in ("held against, to buy", "✗ expected move", "215%", "account gates"):
            assert part in shown
