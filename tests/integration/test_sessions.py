"""Whole sessions through the command line: demo and tape, repeated, resumed, refused, stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

PROGRAM = [sys.executable, "-m", "papertrader_tui"]


def environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PAPERTRADER_")}
    return {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "LC_ALL": "C"}


def papertrader(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "--data-dir", str(data), *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        env=environment(data.parent / "home"),
    )


def rows(done: subprocess.CompletedProcess[str], tag: str = "") -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [row for row in found if tag in ("", row["tag"])]


def assert_identity(account: dict[str, Any]) -> None:
    """The identity of the issue, recomputed from what was printed."""
    n = {k: Decimal(v) for k, v in account.items() if k not in ("time", "tag", "reconciled")}
    right = n["initial"] + n["realized"] + n["unrealized"] - n["lp_fees"] - n["impact"] - n["gas"]
    assert n["cash"] + n["holdings"] == right == n["equity"]
    assert account["reconciled"] is True


DEMO = ("headless", "--market", "demo", "--speed", "max", "--format", "json")


def test_without_a_terminal_the_console_runs_headless_and_says_why(tmp_path: Path) -> None:
    done = papertrader(tmp_path / "data", "--market", "demo", "--speed", "max", "--for", "10s")
    assert done.returncode == 0
    assert done.stderr.startswith("papertrader: stdin, stdout and stderr are no terminal")


def test_a_watchlist_holds_on_the_demo_too_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for token in ("weth@base", "usdt@ethereum"):  # the demo has no USDT
        assert papertrader(data, "token", "add", token, "--list", "mine").returncode == 0
    assert papertrader(data, "token", "add", "usdt@ethereum", "--list", "other").returncode == 0
    words = (*DEMO, "--for", "1m")
    unknown = "no watchlist 'nope' (known: mine, other)"
    for name, said in (("nope", unknown), ("other", "none of its tokens")):
        refused = papertrader(data, *words, "--watchlist", name)
        assert refused.returncode == 2
        assert said in refused.stderr
        assert not list((data / "accounts").glob("*.db"))
    done = papertrader(data, *words, "--watchlist", "mine")
    watched = [r["token"] for r in rows(done, "ALERT") if r.get("event") == "watch_changed"]
    assert watched == ["base:0x4200000000000000000000000000000000000006"]


def test_a_demo_session_is_the_same_bytes_again_and_goes_on_where_it_stopped(
    tmp_path: Path,
) -> None:
    words = (*DEMO, "--bot", "--level", "8", "--no-gates", "--for", "3h")
    first = papertrader(tmp_path / "one", *words)
    again = papertrader(tmp_path / "two", *words)
    assert first.stdout == again.stdout
    closing = rows(first)[-1]
    assert closing["tag"] == "ACCOUNT"
    assert_identity(closing)
    times = [row["time"] for row in rows(first)]
    assert times == sorted(times)
    assert times[-1] <= "2026-01-05T03:00:00.000Z"
    kinds = {row["event"] for row in rows(first, "ALERT")}
    assert {"session_started", "level_changed", "gates_switched", "bot_switched"} <= kinds
    assert rows(first, "DECISION")

    more = papertrader(tmp_path / "one", *DEMO, "--for", "10m")
    later = rows(more)
    assert later[0]["time"] >= times[-1]
    prices = [row for row in later if row["tag"] == "PRICE"]
    assert prices[0]["time"] > rows(first, "PRICE")[-1]["time"]
    assert int(later[-1]["trades"]) >= int(closing["trades"])
    assert not {"bot_switched", "level_changed"} & {r.get("event") for r in later}
    assert_identity(later[-1])

    verified = papertrader(tmp_path / "one", "verify")
    assert verified.returncode == 0, verified.stdout
    exported = papertrader(tmp_path / "one", "export", "trades")
    printed = [
        {k: v for k, v in row.items() if k != "tag"} for row in rows(first, "TRADE") + rows(more)
        if row["tag"] == "TRADE"
    ]  # fmt: skip
    assert [json.loads(line) for line in exported.stdout.splitlines()] == printed


def test_a_session_ends_exactly_at_its_time_and_another_seed_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    prices = rows(papertrader(data, *DEMO, "--seed", "9", "--for", "2m", "--tags", "PRICE"))
    assert {row["time"] for row in prices} <= {
        f"2026-01-05T00:0{minute}:{second}0.000Z" for minute in range(2) for second in range(6)
    }
    refused = papertrader(data, *DEMO, "--seed", "8")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "seed 9" in refused.stderr
    assert "--seed 8" in refused.stderr
    assert rows(papertrader(data, *DEMO, "--for", "1m", "--tags", "PRICE"))[0]["price"]


def test_without_a_terminal_it_runs_headless_and_says_so(tmp_path: Path) -> None:
    done = papertrader(tmp_path / "data", "--speed", "max", "--for", "1m")
    assert done.returncode == 0
    assert "so this runs headless" in done.stderr.splitlines()[0]
    assert "[ACCOUNT]" in done.stdout.splitlines()[-1]
    assert done.stdout.isascii()


def test_a_running_account_is_refused_to_a_second_desk_but_can_be_read(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with subprocess.Popen(
        [*PROGRAM, "--data-dir", str(data), "headless", "--speed", "600", "--tags", "PRICE"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(tmp_path / "home"),
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline()
        second = papertrader(data, *DEMO)
        assert second.returncode == 1
        assert f"process {running.pid}" in second.stderr
        assert "--account NAME" in second.stderr
        assert papertrader(data, "verify").returncode == 0
        listed = json.loads(papertrader(data, "account", "list", "--json").stdout)
        assert listed[0]["in_use"] is True
        running.send_signal(signal.SIGTERM)
        _, narration = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "stopped by SIGTERM" in narration
    assert papertrader(data, "verify").returncode == 0


def test_a_reader_that_has_seen_enough_ends_a_session_quietly(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "--data-dir", str(tmp_path / "data"), "headless", "--speed", "max"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(tmp_path / "home"),
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline()
        running.stdout.close()
        narration = running.stderr.read()
        assert running.wait(timeout=60) == 0
    assert "Traceback" not in narration
    assert "error" not in narration.lower()


def test_a_tape_runs_to_its_end_in_an_account_of_its_own(tmp_path: Path) -> None:
    tape = tmp_path / "Btc test.csv"
    lines = [
        f"2024-01-01T{n // 60:02d}:{n % 60:02d}:00Z,BTC-USD,{40000 + 37 * (n % 29)},3"
        for n in range(600)
    ]
    tape.write_text("timestamp,symbol,price,volume\n" + "\n".join(lines) + "\n")
    words = ("headless", "--tape", str(tape), "--format", "json", "--bot", "--level", "7")
    done = papertrader(tmp_path / "one", *words)
    assert_identity(rows(done)[-1])
    assert rows(done)[-1]["time"] == "2024-01-01T09:59:00.000Z"
    assert len(rows(done, "PRICE")) == 600
    assert papertrader(tmp_path / "two", *words).stdout == done.stdout
    listed = json.loads(papertrader(tmp_path / "one", "account", "list", "--json").stdout)
    assert [(a["name"], a["market"]) for a in listed] == [("btc-test", "tape")]

    mixed = papertrader(tmp_path / "one", *DEMO, "--account", "btc-test")
    assert mixed.returncode == 2
    assert "belongs to the tape market" in mixed.stderr
    over = papertrader(tmp_path / "one", *words)
    assert over.returncode == 0
    assert "account reset btc-test" in over.stderr


@pytest.mark.parametrize(
    ("text", "part"), [(None, "no.csv"), ("", "no.csv"), ("a,b\n1,2\n", "'a', 'b'")]
)
def test_what_is_no_tape_is_refused_and_makes_no_account(
    tmp_path: Path, text: str | None, part: str
) -> None:
    tape = tmp_path / "no.csv"
    if text is not None:
        tape.write_text(text)
    done = papertrader(tmp_path / "data", "headless", "--tape", str(tape))
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("data/accounts/*.db"))


@pytest.mark.skipif(
    "PAPERTRADER_EVIDENCE" not in os.environ, reason="PAPERTRADER_EVIDENCE names no recordings"
)
def test_real_tapes_run_to_their_end_and_print_the_same_bytes_again(tmp_path: Path) -> None:
    tapes = sorted(Path(os.environ["PAPERTRADER_EVIDENCE"], "tapes").glob("*.csv"))
    assert tapes
    trades = 0
    for tape in tapes:
        words = (
            "headless", "--market", "tape", "--tape", str(tape), "--speed", "max",
            "--level", "7", "--bot", "--format", "json",
        )  # fmt: skip
        done = papertrader(tmp_path / "one", *words)
        assert papertrader(tmp_path / "two", *words).stdout == done.stdout
        assert rows(done, "DECISION")
        assert_identity(rows(done)[-1])
        trades += len(rows(done, "TRADE"))
    assert trades
