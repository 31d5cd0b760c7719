"""Combinations, what identifies them, and results that survive a kill."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

import papertrader_tui
from papertrader_tui.replay.run import Terms
from papertrader_tui.replay.sweep import (
    RESULTS,
    Job,
    base_of,
    changed,
    combinations,
    parse_sets,
    table,
)
from papertrader_tui.sweeping import Results, program

JOB = Job("a.csv", "tape:ab", 5, 7, (("stop_pct", "3"),))
ROW = dict.fromkeys(RESULTS, "1")


def test_every_combination_once_in_the_order_of_the_table() -> None:
    sets = parse_sets(["stop_pct=3,5", "risk.daily_trades=10"])
    jobs = list(combinations([("a", "x"), ("b", "y")], (1, 9), sets, (7, 8)))
    assert len(jobs) == len(set(jobs)) == 2 * 2 * 2 * 2
    assert [j.tape for j in jobs] == ["a"] * 8 + ["b"] * 8
    assert jobs[0] == Job("a", "x", 1, 7, (("stop_pct", "3"), ("daily_trades", "10")))
    assert (jobs[1].seed, jobs[2].level, jobs[4].changes[0]) == (8, 9, ("stop_pct", "5"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stop_pct", "write it like stop_pct=3,5"),
        ("stop_pct=", "write it like"),
        ("cash=3", "'cash' is no setting"),
    ],
)
def test_what_is_no_setting_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_sets([text])
    with pytest.raises(ValueError, match="named twice"):
        parse_sets(["hold_h=1", "exits.hold_h=2"])


def test_settings_reach_the_level_the_gates_and_the_exits() -> None:
    job = replace(
        JOB,
        level=9,
        seed=3,
        changes=(
            ("stop_pct", "2.5"), ("mev_protection", "off"), ("gas_strategy", "low"),
            ("decide_every_ms", "60000"), ("daily_loss_pct", "2.5"), ("hold_h", "6"),
        ),
    )  # fmt: skip
    found = changed(Terms(), job)
    assert (found.level, found.seed, found.exits.hold_h) == (9, 3, 6)
    assert found.limits.daily_loss_pct == Decimal("2.5")
    assert found.changes == {
        "stop_pct": 2.5, "mev_protection": False, "gas_strategy": "low", "decide_every_ms": 60_000
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("stop_pct", "wide"), "'wide' is no value of stop_pct"),
        (("stop_pct", "99"), "between|from 0.5 to 50"),
        (("mev_protection", "maybe"), "'maybe' is no value"),
        (("daily_trades", "0"), "daily_trades is 0; it must lie between"),
        (("hold_h", "x"), "'x' is no value of hold_h"),
        (("hold_h", "6.5"), "'6.5' is no value of hold_h"),
        (("daily_trades", "1e3"), "'1e3' is no value"),
        (("daily_loss_pct", "nan"), "'nan' is no value of daily_loss_pct"),
        (("min_liquidity_usd", "-inf"), "'-inf' is no value"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(change: tuple[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        changed(Terms(), replace(JOB, changes=(change,)))


def test_a_key_changes_with_everything_that_a_result_depends_on() -> None:
    base = base_of(Terms(), "full", "p 1")
    others = [
        replace(JOB, identity="tape:cd"), replace(JOB, level=6), replace(JOB, seed=8),
        replace(JOB, changes=(("stop_pct", "5"),)), replace(JOB, changes=()),
    ]  # fmt: skip
    bases = [
        base_of(Terms(cash=Decimal(5)), "full", "p 1"), base_of(Terms(), "none", "p 1"),
        base_of(Terms(), "full", "p 2"), base_of(Terms(gates=False), "full", "p 1"),
    ]  # fmt: skip
    keys = [JOB.key(base), *(job.key(base) for job in others), *(JOB.key(b) for b in bases)]
    assert len(set(keys)) == len(keys)
    assert replace(JOB, tape="renamed.csv").key(base) == JOB.key(base)


@pytest.mark.parametrize("name", ["intel/scoring.py", "data/chains.toml", "registry.py"])
def test_a_result_is_of_the_code_and_the_data_that_it_was_made_with(
    tmp_path: Path, name: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(Path(papertrader_tui.__file__).parent, copy)
    assert program(copy) == program()
    (copy / "tui" / "theme.py").write_text("")
    assert program(copy) == program()
    (copy / name).write_text((copy / name).read_text() + "\n")
    assert program(copy) != program()


def test_the_table_has_a_row_a_job_whatever_was_done_first() -> None:
    jobs = [JOB, replace(JOB, level=6)]
    rows = {jobs[1].key("b"): {**ROW, "fills": "2"}, jobs[0].key("b"): ROW}
    text = table(jobs, rows, "b", ["stop_pct"])
    found = list(csv.DictReader(StringIO(text)))
    assert [(row["level"], row["fills"], row["stop_pct"]) for row in found] == [
        ("5", "1", "3"), ("6", "2", "3"),
    ]  # fmt: skip


def test_a_line_that_a_kill_cut_short_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "results.jsonl"
    results = Results(path)
    results.keep("one", ROW)
    results.keep("two", ROW)
    results.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    again = Results(path)
    assert set(again.found) == {"one"}
    again.keep("two", ROW)
    again.close()
    assert path.read_bytes() == whole
    assert set(Results(path).found) == {"one", "two"}


def test_one_sweep_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    first = Results(path)
    with pytest.raises(BlockingIOError):
        Results(path)
    first.keep("one", ROW)
    first.close()
    second = Results(path)
    assert set(second.found) == {"one"}
    second.close()


def test_a_line_of_something_else_is_no_result(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text('not json\n{"key": "k"}\n' + json.dumps({"key": "one", "row": ROW}) + "\n")
    results = Results(path)
    assert set(results.found) == {"one"}
    results.close()
