"""`papertrader scorecard` on an account that a bot traded."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from rich.cells import cell_len

from papertrader_tui.cli import main
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.events import to_record
from papertrader_tui.domain.market import HOUR, MINUTE
from papertrader_tui.domain.outcomes import HORIZONS, REFERENCE
from papertrader_tui.store.codec import decode_event, encode_event
from papertrader_tui.store.database import reading
from papertrader_tui.store.facts import events
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.scorecard import read
from papertrader_tui.store.verify import verify
from tests.deskkit import Kit
from tests.property.test_foresight import warmed
from tests.unit.store.helpers import new_account

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Kit]:
    """A data folder with an account, and the desk that made it: two days of waves."""
    kit = warmed()
    price = 3000.0
    for index in range(2 * 24 * 12):
        price *= 1.0019 if index % 40 < 28 else 0.9965
        kit.price(f"{price:.2f}", after=5 * MINUTE)
    data = tmp_path_factory.mktemp("data")

    async def write() -> None:
        new_account(data, "idle")
        journal = await SqliteJournal.open(new_account(data, "main"))
        await journal.append(
            [kit._opened, *kit.events], inputs=[], checkpoint="{}", cursor=1, durable=True
        )
        await journal.close()

    asyncio.run(write())
    return data, kit


@pytest.fixture
def run(
    made: tuple[Path, Kit],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PAPERTRADER_DATA_DIR", str(made[0]))
    monkeypatch.delenv("PAPERTRADER_CONFIG", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def command(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(("scorecard", *arguments))
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return command


def test_what_is_stored_is_what_the_desk_knows(made: tuple[Path, Kit]) -> None:
    data, kit = made
    path = data / "accounts" / "main.db"
    record = kit.account.record
    for horizon in HORIZONS:
        found = read(path, horizon, factors=horizon == HOUR)
        told = [
            o
            for e in kit.events
            if isinstance(e, ev.Scored)
            for o in e.outcomes
            if o.horizon == horizon and o.right is not None
        ]
        assert sorted(r.outcome.decision for r in found.results) == sorted(o.decision for o in told)
        assert found.record.waiting(horizon) == record.waiting(horizon)
        if horizon == HOUR:
            assert all(r.decision.factors for r in found.results)
    stored = read(path, REFERENCE).record
    assert stored.hits == record.hits
    assert (stored.cases, stored.by_confidence) == (record.cases, record.by_confidence)
    assert (stored.won, stored.lost) == (record.won, record.lost)
    report = verify(path)
    assert report.ok, report.difference


def test_scored_events_come_back_as_they_were(made: tuple[Path, Kit]) -> None:
    scored = [e for e in made[1].events if isinstance(e, ev.Scored)]
    assert scored
    for event in scored:
        assert decode_event("Scored", event.seq, event.time, encode_event(event)) == event
        assert ev.from_record("Scored", event.seq, event.time, to_record(event)) == event
    with reading(made[0] / "accounts" / "main.db") as connection:
        assert [e for e in events(connection) if isinstance(e, ev.Scored)] == scored


@pytest.mark.parametrize("horizon", ["15m", "1h", "4h", "24h"])
@pytest.mark.parametrize("by", ["level", "token", "rule", "factor", "band", "action", ""])
def test_it_fits_80_columns(run: Run, horizon: str, by: str) -> None:
    asked = ("--by", by) if by else ()
    code, out, err = run("--account", "main", "--horizon", horizon, *asked)
    assert (code, err) == (0, "")
    assert max(map(cell_len, out.splitlines())) <= 80
    assert "\x1b" not in out


def test_the_usual_card_has_actions_bands_the_curve_and_rules(run: Run) -> None:
    code, out, _ = run("--account", "main")
    assert code == 0
    for heading in ("overall", "by action", "by confidence", "reliability", "by rule"):
        assert f"\n{heading}" in out
    assert "entry.buy" in out
    assert "too few outcomes to tell" in out  # one token over two days


def test_json_has_every_figure(run: Run, made: tuple[Path, Kit]) -> None:
    code, out, _ = run("--account", "main", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["horizon_s"] == 14_400
    assert found["decisions"] == made[1].account.decisions
    assert {f"by_{name}" for name in ("action", "band", "rule", "level", "token")} <= set(found)
    assert sum(row["outcomes"] for row in found["by_rule"]) == found["outcomes"]
    base = found["a_buy_would_have_paid"]
    assert 0 < base["paid"] < base["of"] <= found["outcomes"]
    assert found["all"]["low"] <= found["all"]["rate"] <= found["all"]["high"]
    assert found["learned"]["cases"] == made[1].account.record.cases.total
    by_factor = json.loads(run("--account", "main", "--by", "factor", "--json")[1])["by_factor"]
    assert {"trend", "volatility"} <= {row["name"] for row in by_factor}


def test_only_one_action_can_be_asked_for(run: Run) -> None:
    found = json.loads(run("--account", "main", "--action", "buy", "--json")[1])
    assert [row["key"] for row in found["by_action"]] == ["BUY"]


def test_what_level_10_learned_is_told(run: Run) -> None:
    code, out, _ = run("--account", "main", "--learned")
    assert code == 0
    assert "of 50 outcomes: until then it runs as level 5" in out
    assert "the dial stands at 9; only level 10 goes by this" in out
    assert max(map(cell_len, out.splitlines())) <= 80


def test_an_account_without_decisions_says_so(run: Run) -> None:
    code, out, err = run("--account", "idle")
    assert (code, err) == (0, "")
    assert "no decision yet; the bot decides while it is on (--bot)" in out
    assert run("--account", "idle", "--learned")[0] == 0
    assert json.loads(run("--account", "idle", "--json")[1])["all"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--horizon", "2h"), "'2h' is no horizon of the scorecard; take 15m, 1h, 4h, 24h"),
        (("--by", "moon"), "invalid choice: 'moon'"),
    ],
)
def test_a_wrong_argument_is_named(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = run("--account", "main", *arguments)
    assert code == 2
    assert said in err


def test_a_decision_told_whole_says_what_became_of_it(
    run: Run, made: tuple[Path, Kit], capsys: pytest.CaptureFixture[str]
) -> None:
    scored = next(
        o
        for e in made[1].events
        if isinstance(e, ev.Scored)
        for o in e.outcomes
        if o.horizon == HOUR
    )
    told = [
        o
        for e in made[1].events
        if isinstance(e, ev.Scored)
        for o in e.outcomes
        if o.decision == scored.decision
    ]
    assert main(("explain", scored.decision, "--account", "main")) == 0
    out = capsys.readouterr().out
    lines = out[out.index("what became of it") :].splitlines()[1:]
    assert len(lines) == len(told) == 4
    for line, outcome in zip(lines, told, strict=True):
        assert line.endswith("right" if outcome.right else "wrong")
    assert main(("explain", scored.decision, "--account", "main", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert [o["horizon"] for o in found["outcomes"]] == list(HORIZONS)
    assert found["round_trip"] is not None or found["action"] == "SELL"


@pytest.mark.parametrize("name", ["move", "right"])
def test_an_outcome_that_was_changed_is_found(
    made: tuple[Path, Kit], tmp_path: Path, name: str
) -> None:
    path = tmp_path / "main.db"
    shutil.copy(made[0] / "accounts" / "main.db", path)
    with closing(sqlite3.connect(path)) as connection, connection:
        seq, body = connection.execute(
            "SELECT seq, body FROM journal WHERE kind = 'Scored' ORDER BY seq LIMIT 1 OFFSET 20"
        ).fetchone()
        plain = json.loads(body)
        first = plain["outcomes"][0]
        first[name] = not first["right"] if name == "right" else "0.123456"
        connection.execute("UPDATE journal SET body = ? WHERE seq = ?", (json.dumps(plain), seq))
    report = verify(path)
    assert report.difference is not None
    assert (report.difference.table, report.difference.key) == ("journal", str(seq))
    assert name in report.difference.stored
