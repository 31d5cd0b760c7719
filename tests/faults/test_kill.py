"""A session that is killed, told to stop, left by its reader or out of disk loses nothing.

Its stdout is the acknowledgement: whatever it has printed as a fact has to be in the account.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from papertrader_tui.engine.rows import iso
from papertrader_tui.feeds.demo_parameters import START, TICK_MS
from tests.faults.headless_process import PROGRAM, Headless, Row, Told, environment

SOAK = os.environ.get("PAPERTRADER_SOAK") == "1"
KILLS = 50 if SOAK else 3
#: A seed whose first market minutes have trades; the test says so if that has changed.
SEED = "14"
BOLD = ("--seed", SEED, "--level", "9", "--bot", "--no-gates")
FAST = ("--market", "demo", "--speed", "600")
ATONCE = ("--market", "demo", "--speed", "max")


def bare(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "tag"}


def assert_kept(session: Headless, told: Told) -> list[Row]:
    """Every fact that was printed is in the account; returns its trades."""
    trades = told.export("trades")
    stored = {row["order_id"]: row for row in told.export("orders")}
    decided = {row["id"] for row in told.export("decisions") if row["action"] in ("BUY", "SELL")}
    for row in session.rows("TRADE"):
        assert bare(row) in trades
    for row in session.rows("ORDER"):
        order = stored[row["order_id"]]
        # it may have gone on since: what it was asked to be is the same
        same = ("client_id", "token", "side", "kind", "size", "decision")
        assert {k: row[k] for k in same} == {k: order[k] for k in same}
    for row in session.rows("DECISION"):
        if row["action"] in ("BUY", "SELL"):
            assert row["id"] in decided
    return trades


@pytest.mark.soak
def test_kill_9_at_any_moment_loses_no_fact_and_the_next_start_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(3)
    data = tmp_path / "data"
    told = Told(data, capsys)
    before: list[Row] = []
    acknowledged = ""
    stood = 0
    bot: Row = {}
    for number in range(KILLS):
        session = Headless(data, *FAST, *(BOLD if number == 0 else ()))
        if number % 5 == 4:  # while it starts
            time.sleep(chance.uniform(0.0, 1.0))
        else:
            session.read(chance.randint(60, 400))
            time.sleep(chance.uniform(0.0, 0.03))
        assert session.end(signal.SIGKILL) == -signal.SIGKILL, session.text
        if not told.exists:
            assert not session.printed
            continue
        told.assert_verified()
        trades = assert_kept(session, told)
        assert trades[: len(before)] == before, "what was stored once stays as it is"
        before = trades
        rows = session.rows()
        if not rows:
            continue
        if number:
            # market time goes on: nothing acknowledged comes again, and no instant is left out
            assert rows[0]["event"] == "session_started"
            assert rows[0]["time"] >= acknowledged
            prices = [row["time"] for row in rows if row["tag"] == "PRICE"]
            assert not prices or prices[0] == iso(START + stood * TICK_MS)
            # nothing was switched by hand, so the bot is still on, at its level, without gates
            changes = {"bot_switched", "level_changed", "gates_switched"}
            assert not changes & {row.get("event") for row in rows}
            assert {row["level"] for row in rows if row["tag"] == "DECISION"} <= {"9"}
        facts = [row for row in rows if row["tag"] in ("TRADE", "ORDER", "POSITION")]
        acknowledged = facts[-1]["time"] if facts else acknowledged
        # plans of the exits survive for as long as their position does
        held = told.held()
        stood, now = told.market_and_bot()
        assert set(now["plans"]) == held
        for token, plan in bot.get("plans", {}).items():
            if token in held and plan["opened"] == now["plans"][token]["opened"]:
                assert now["plans"][token]["entry"] == plan["entry"]
                assert now["plans"][token]["high"] >= plan["high"]
        bot = now
    assert len(before) >= 3, f"seed {SEED} hardly trades any more; choose another for this test"
    # the last word is the account's own: it starts, goes on trading and closes its books
    session = Headless(data, *ATONCE, "--for", "10m")
    assert session.end() == 0
    assert session.rows()[-1]["reconciled"] is True
    assert int(session.rows()[-1]["trades"]) >= len(before)
    told.assert_verified()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_a_closing_account_line(
    tmp_path: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    session = Headless(data, *FAST, *BOLD)
    assert session.read(100) == 100
    assert session.end(number) == 0, session.text
    closing = session.rows()[-1]
    assert closing["tag"] == "ACCOUNT"
    assert closing["reconciled"] is True
    assert f"stopped by {number.name}" in session.text
    told = Told(data, capsys)
    trades = assert_kept(session, told)
    assert [bare(row) for row in session.rows("TRADE")] == trades
    assert closing["trades"] == str(len(trades))
    told.assert_verified()


def test_a_pipe_that_breaks_ends_it_quietly_and_what_was_done_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    command = [*PROGRAM, "--data-dir", str(data), "headless", "--format", "json", *FAST, *BOLD]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(data)
    ) as running:
        head = subprocess.run(
            ["head", "-1"], stdin=running.stdout, stdout=subprocess.PIPE, check=True, timeout=60
        )
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        narration = running.stderr.read().decode()
        assert running.wait(timeout=60) == 0
    assert b"session_started" in head.stdout
    assert "Traceback" not in narration
    assert "error" not in narration
    Told(data, capsys).assert_verified()


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from papertrader_tui.cli import main
sys.exit(main(sys.argv[2:]))
"""


def test_a_file_that_cannot_grow_stops_it_with_a_reason_and_everything_before_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    limited = (sys.executable, "-c", LIMITED, str(600_000))
    session = Headless(data, *ATONCE, *BOLD, program=limited)
    assert session.end() == 1
    message = session.text.splitlines()[-1]
    assert message.startswith("papertrader: error: the account file could not be written")
    assert "see to the disk and start papertrader again" in message
    assert "Traceback" not in session.text
    told = Told(data, capsys)
    told.assert_verified()
    trades = assert_kept(session, told)
    assert [bare(row) for row in session.rows("TRADE")] == trades
    assert trades, f"seed {SEED} trades too late for this test; choose another"
    # with room again it goes on
    session = Headless(data, *ATONCE, "--for", "10m")
    assert session.end() == 0
    assert session.rows()[-1]["reconciled"] is True
    told.assert_verified()
