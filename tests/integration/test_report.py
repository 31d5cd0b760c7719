"""`papertrader report` as a person or a script meets it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from papertrader_tui.cli import main
from papertrader_tui.cli.painting import paint
from papertrader_tui.domain.market import DAY, HOUR, MINUTE
from papertrader_tui.domain.money import plain
from papertrader_tui.domain.performance import report
from papertrader_tui.store.database import connect_writer, reading
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.lock import AccountLock
from papertrader_tui.store.performance import closes, judge
from tests.deskkit import PEPE, START, WETH
from tests.performancekit import tallied, traded_for_three_days
from tests.unit.store.helpers import new_account

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PAPERTRADER_DATA_DIR", str(tmp_path))

    def command(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(("report", *arguments))
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return command


@pytest.fixture
async def traded(tmp_path: Path) -> Path:
    """An account that traded for three days, with hourly prices of one of its two tokens."""
    path = new_account(tmp_path)
    kit = traded_for_three_days()
    journal = await SqliteJournal.open(path)
    events = [kit._opened, *kit.events]
    await journal.append(events, inputs=[], checkpoint="{}", cursor=1, durable=True)
    hours = range(START, kit.now, HOUR)
    await journal.record([(WETH, t, Decimal(3000 + i), 1.0) for i, t in enumerate(hours)])
    await journal.close()
    return path


def test_a_report_tells_what_its_parts_tell(run: Run, traded: Path) -> None:
    found = report(tallied(traded_for_three_days()))
    code, out, err = run("--account", "main")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "account main  demo"
    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)
    assert "\x1b" not in out
    heads = ["Equity", "Drawdown", "Trades", "Costs", "By token", "By origin and level"]
    assert [line for line in lines if line in heads] == heads
    words = {line[:20].strip(): line[20:].split() for line in lines}
    assert words["return"][0] == f"{found.metrics.total_return:+.2%}"
    assert words["return"][2] == "0.00%"
    assert words["max drawdown"][0] == f"{found.metrics.max_drawdown:.2%}"
    assert words["closed positions"] == ["2", "win", "rate", "50.0%"]
    assert words["gas"][0] == f"{found.metrics.costs['gas']:.2f}"
    assert words["opened by manual"][:2] == ["1", "1"]
    assert words["closed by exit"][:2] == ["1", "0"]
    assert words["opened at L7"][:2] == ["1", "0"]
    assert "without PEPE" in out


def test_json_tells_the_same_exactly(run: Run, traded: Path) -> None:
    code, out, _ = run("--account", "main", "--json")
    told: dict[str, Any] = json.loads(out)
    found = report(tallied(traded_for_three_days()))
    assert code == 0
    assert told["metrics"]["end"] == plain(found.metrics.end)
    assert told["metrics"]["sharpe"] == found.metrics.sharpe
    assert told["metrics"]["since"] == told["recorded"][0] == "2026-01-05T00:00:00.000Z"
    assert [day["close"] for day in told["by_day"]] == [plain(day.close) for day in found.days]
    assert [point["equity"] for point in told["equity"]] == [plain(v) for _, v in found.curve]
    assert min(p["drawdown"] for p in told["equity"]) == told["metrics"]["max_drawdown"]
    hold = told["buy_and_hold"]
    assert (hold["tokens"], hold["left_out"]) == ([WETH], [PEPE])
    assert hold["total_return"] == pytest.approx(50 / 3000)


def test_a_period_is_told_alone(run: Run, traded: Path) -> None:
    _, out, _ = run("--account", "main", "--json", "--from", "2026-01-06", "--to", "2026-01-06")
    told = json.loads(out)
    assert [day["day"] for day in told["by_day"]] == ["2026-01-06"]
    assert [one["label"] for one in told["by_token"]] == ["PEPE"]
    assert told["metrics"]["annual_return"] is None
    _, bare, _ = run("--account", "main", "--json", "--from", "2026-01-06T00:00")
    _, zoned, _ = run("--account", "main", "--json", "--from", "2026-01-06T02:00+02:00")
    assert json.loads(bare) == json.loads(zoned)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--from", "yesterday"], ["--from", "'yesterday'", "2026-01-05T14:00"]),
        (["--from", "2026-01-07", "--to", "2026-01-05"], ["--from 2026-01-07", "is not before"]),
        (["--from", "2027-01-01"], ["'main'", "nothing recorded", "it has 2026-01-05 00:00 –"]),
        (["--account", "mian"], ["'mian'", "main"]),
    ],
)
def test_bad_input_is_named_and_exits_2(
    run: Run, traded: Path, words: list[str], parts: list[str]
) -> None:
    code, out, err = run("--account", "main", *words)
    assert (code, out) == (2, "")
    for part in parts:
        assert part in err


def test_an_account_without_a_history_says_so(run: Run, tmp_path: Path) -> None:
    new_account(tmp_path)
    assert run() == (
        0, "account main: nothing is recorded yet; papertrader --account main opens it\n", "",
    )  # fmt: skip
    assert json.loads(run("--json")[1])["recorded"] is None


async def test_an_account_that_only_began_has_no_figures_and_no_chart(
    run: Run, tmp_path: Path
) -> None:
    kit = traded_for_three_days()
    journal = await SqliteJournal.open(new_account(tmp_path))
    await journal.append([kit._opened], inputs=[], checkpoint="{}", cursor=1, durable=True)
    await journal.close()
    code, out, err = run()
    assert (code, err) == (0, "")
    assert "Drawdown" not in out
    assert next(line for line in out.splitlines() if line.startswith("return")).split()[1] == "–"
    assert "no prices of the watchlist are stored" in out
    assert "\nTrades\nnone in this period" in out


def test_a_report_neither_waits_for_a_running_desk_nor_writes(run: Run, traded: Path) -> None:
    before = run("--account", "main")
    lock = AccountLock(traded)
    writer = connect_writer(traded)
    try:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM journal")
        assert run("--account", "main") == before
    finally:
        writer.execute("ROLLBACK")
        writer.close()
        lock.release()


def test_a_damaged_journal_is_named_with_the_way_on(run: Run, traded: Path) -> None:
    writer = connect_writer(traded)
    body = "json_set(body, '$.gas', '1')"
    writer.execute(f"UPDATE journal SET body = {body} WHERE kind = 'Filled' AND seq % 2")
    writer.execute("DELETE FROM journal WHERE kind = 'Filled' AND seq ="
                   " (SELECT min(seq) FROM journal WHERE kind = 'Filled')")  # fmt: skip
    writer.close()
    with pytest.raises(StoreError, match="papertrader verify --account main"):
        judge(traded)
    code, out, err = run("--account", "main")
    assert (code, out) == (1, "")
    assert "'main' cannot be judged" in err


def test_prices_are_read_as_wide_as_the_period_needs(traded: Path) -> None:
    with reading(traded) as connection:
        day = closes(connection, WETH, START, START + DAY)
        week = closes(connection, WETH, START, START + 7 * DAY)
        year = closes(connection, WETH, START, START + 365 * DAY)
        assert closes(connection, "base:0xunknown", START, START + DAY) == []
    assert day[:3] == [(START, 3000.0), (START + MINUTE, 3000.0), (START + HOUR + MINUTE, 3001.0)]
    assert week[:3] == [(START, 3000.0), (START + HOUR, 3000.0), (START + 2 * HOUR, 3001.0)]
    assert year[:3] == [(START, 3000.0), (START + DAY, 3023.0), (START + 2 * DAY, 3047.0)]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_that_want_it() -> None:
    rows = [[("return ", "muted"), ("+1.00%", "up"), ("  ", "")], [], [("plain", "")]]
    text = "return +1.00%\n\nplain"
    assert paint(rows, io.StringIO(), {}) == text
    assert paint(rows, Terminal(), {"NO_COLOR": "1"}) == text
    assert paint(rows, Terminal(), {"TERM": "dumb"}) == text
    assert paint(rows, Terminal(), {"TERM": "xterm"}) == (
        "\x1b[2mreturn \x1b[0m\x1b[32m+1.00%\x1b[0m\n\nplain"
    )
