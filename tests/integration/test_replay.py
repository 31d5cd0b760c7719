"""Replay, race and sweep as a script meets them; and recorded accounts stepped again."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui import config
from papertrader_tui.bootstrap import open_desk
from papertrader_tui.cli import main
from papertrader_tui.domain.commands import MarkAccount, PlaceOrder, SwitchBot
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy
from papertrader_tui.launch import Launch
from papertrader_tui.store.database import reading
from papertrader_tui.store.load import load
from papertrader_tui.sweeping import Results
from tests.faults.headless_process import PROGRAM, Headless, environment
from tests.market_server import MarketServer
from tests.sourcekit import token
from tests.tapekit import candles

Run = Callable[..., tuple[int, str, str]]
D = Decimal
WETH = token("WETH", "base")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    monkeypatch.setenv("PAPERTRADER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("PAPERTRADER_CONFIG", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def command(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return command


# ---------------------------------------------------------------------- replay and race


def test_a_replay_is_judged_printed_and_written(run: Run, tmp_path: Path) -> None:
    tape = candles(tmp_path / "eth.csv", 1_800)
    code, out, err = run("replay", str(tape), "--level", "9")
    assert code == 0
    assert "replay of eth.csv at level 9 (Ultra Aggressive)" in out
    for word in ("buy and hold", "Sharpe ratio", "Equity", "Drawdown", "price impact"):
        assert word in out
    assert max(map(len, out.splitlines())) <= 80
    assert "eth.csv: 1,800 rows" in err
    assert not (tmp_path / "data").exists()  # no account is made

    folder = tmp_path / "found"
    code, out, _ = run("replay", str(tape), "--level", "9", "--json", "--out", str(folder))
    again = run("replay", str(tape), "--level", "9", "--json")[1]
    assert code == 0
    assert out == again
    found = json.loads(out)
    [result] = found["results"]
    assert sorted(p.name for p in folder.iterdir()) == [
        "decisions.csv", "equity.csv", "fills.csv", "metrics.json",
    ]  # fmt: skip
    fills = list(csv.DictReader((folder / "fills.csv").read_text().splitlines()))
    assert len(fills) == result["fills"] + result["reverts"] > 0
    assert json.loads((folder / "metrics.json").read_text())["metrics"] == result["metrics"]
    equity = list(csv.DictReader((folder / "equity.csv").read_text().splitlines()))
    assert equity[-1]["equity"] == result["metrics"]["end"]


def test_several_levels_are_a_race_and_each_as_alone(run: Run, tmp_path: Path) -> None:
    tape = candles(tmp_path / "eth.csv", 900)
    together = json.loads(run("replay", str(tape), "--levels", "4,8-9", "--json")[1])
    assert [r["level"] for r in together["results"]] == [4, 8, 9]
    for result in together["results"]:
        alone = run("replay", str(tape), "--level", str(result["level"]), "--json")[1]
        assert json.loads(alone)["results"] == [result]


def test_bad_rows_are_named_and_the_rest_is_played(run: Run, tmp_path: Path) -> None:
    tape = candles(tmp_path / "\x1b[31meth.csv", 300)
    lines = tape.read_text().splitlines()
    lines[100] = "soon,ETH-USD,1,2"
    tape.write_text("\n".join(lines) + "\n")
    code, out, err = run("replay", str(tape), "--json")
    assert code == 0
    assert "line 101: 4 fields where the header has 7" in err
    assert json.loads(out)["tapes"][0]["bad_rows"] == 1
    assert "\x1b" not in err + run("replay", str(tape))[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replay", "/no/such.csv"], "/no/such.csv"),
        (["replay", "TAPE", "--level", "5", "--levels", "1-3"], "leave one of them out"),
        (["replay", "TAPE", "--levels", "3-1"], "counts down"),
        (["replay", "TAPE", "--from", "2026-02-01", "--to", "2026-01-01"], "is not before"),
        (["replay", "TAPE", "--from", "2030-01-01"], "no row lies in that period"),
        (["replay", "TAPE", "--out", "/dev/null/x"], "--out /dev/null/x: cannot write there"),
        (["replay", "TAPE", "--chain", "mars"], "'mars'"),
        (["race", "TAPE", "--for", "3h"], "--from and --to"),
        (["race", "--market", "tape"], "papertrader race TAPE"),
        (["race", "TAPE", "--levels", "1-3", "--adopt", "9"], "--adopt '9'"),
        (["race", "TAPE", "--adopt", "best"], "no account"),
        (["sweep", "TAPE", "--set", "cash=3"], "'cash' is no setting"),
        (["sweep", "TAPE", "--set", "stop_pct=99"], "stop_pct"),
        (["sweep", "TAPE", "--seeds", "x"], "--seeds 'x'"),
        (["sweep", "TAPE", "--seeds", "1,2147483648"], "from 0 to 2147483647"),
        (["sweep", "TAPE", "TAPE"], "named twice"),
        (["sweep", "TAPE", "--out", "/dev/null/x"], "--out /dev/null/x"),
    ],
)
def test_bad_input_is_named_and_exits_2(
    run: Run, tmp_path: Path, words: list[str], said: str
) -> None:
    tape = candles(tmp_path / "eth.csv", 60)
    code, out, err = run(*(str(tape) if word == "TAPE" else word for word in words))
    assert (code, out) == (2, "")
    assert err.splitlines()[0].startswith("papertrader: error: ")
    assert said in err


def test_a_race_on_the_demo_is_the_same_each_time_and_can_be_adopted(run: Run) -> None:
    assert run("headless", "--market", "demo", "--speed", "max", "--for", "10m")[0] == 0
    words = ("race", "--levels", "1,5,9", "--for", "1h", "--json")
    code, out, _ = run(*words)
    assert code == 0
    assert out == run(*words)[1]
    found = json.loads(out)
    assert [one["rank"] for one in found["standings"]] == [1, 2, 3]
    best = found["standings"][0]["level"]
    code, out, err = run("race", "--levels", "1,5,9", "--for", "1h", "--adopt", "best")
    assert code == 0
    assert "race of 3 levels" in out
    assert f"account default is at level {best}" in err
    assert run("account", "level", "7", "default")[2] == (
        "papertrader: account default is at level 7\n"
    )
    assert "at level 7, as before" in run("account", "level", "7")[2]
    assert run("verify")[0] == 0


# ---------------------------------------------------------------------- sweep


def test_a_sweep_is_the_same_on_one_core_and_two_and_after_a_kill(run: Run, tmp_path: Path) -> None:
    names = [f"{n}-a-tape-with-rather-a-long-name.csv" for n in ("AAA", "BBB")]
    tapes = [str(candles(tmp_path / n, 400, f"{n[:3]}-USD")) for n in names]
    words = ["sweep", *tapes, "--levels", "7,9", "--set", "stop_pct=1,5", "--seeds", "1,2"]
    code, out, _ = run(*words, "--jobs", "1", "--out", str(tmp_path / "one"))
    assert code == 0
    # rows of one tape are told apart by their settings
    assert [sum(f"stop_pct={n} " in line for line in out.splitlines()) for n in (1, 5)] == [8, 8]
    table = (tmp_path / "one" / "sweep.csv").read_bytes()
    busy = Results(tmp_path / "one" / "results.jsonl")
    code, _, err = run(*words, "--out", str(tmp_path / "one"))
    assert (code, "another sweep writes there" in err) == (2, True)
    busy.close()
    assert table.count(b"\n") == 1 + 2 * 2 * 2 * 2

    killed = tmp_path / "killed"
    process = subprocess.Popen(
        [*PROGRAM, *words, "--jobs", "2", "--out", str(killed)], env=environment(tmp_path / "data"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    results = killed / "results.jsonl"
    wait_until(lambda: results.exists() and results.read_bytes().count(b"\n") >= 2, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = [json.loads(line)["key"] for line in whole_lines(results)]
    assert before
    assert run(*words, "--jobs", "2", "--out", str(killed))[0] == 0
    assert (killed / "sweep.csv").read_bytes() == table
    after = [json.loads(line)["key"] for line in whole_lines(results)]
    assert after[: len(before)] == before  # what was done was not done again
    assert len(after) == len(set(after)) == 16
    assert run(*words, "--jobs", "2", "--out", str(killed))[2].startswith(
        "papertrader: 16 of 16 were done before"
    )


def wait_until(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    for _ in range(3_000):
        if is_so() or process.poll() is not None:
            return
        time.sleep(0.01)
    msg = "nothing was done in half a minute"
    raise AssertionError(msg)


def whole_lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


# ---------------------------------------------------------------------- recorded accounts


def test_a_demo_account_with_a_kill_and_a_new_level_comes_again(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    bold = ("--market", "demo", "--seed", "14", "--level", "9", "--bot", "--no-gates")
    assert Headless(data, *bold, "--speed", "max", "--for", "1h").end() == 0
    killed = Headless(data, "--speed", "600")
    killed.read(60)
    killed.end(signal.SIGKILL)
    assert run("account", "level", "8", "default")[0] == 0
    assert Headless(data, "--speed", "max", "--for", "30m").end() == 0
    path = data / "accounts" / "default.db"
    code, out, _ = run("replay", str(path))
    assert (code, out.split(":")[0]) == (0, "identical")
    found = json.loads(run("replay", str(path), "--json")[1])
    assert found["identical"] is True
    assert found["sessions"] == 4
    assert found["facts"]["Filled"] > 0
    with load(path) as file:
        assert sum(found["facts"].values()) == file.last_seq

    assert run("replay", str(path), "--level", "3")[0] == 2
    assert "needs no tape" in run("replay", str(path), str(candles(tmp_path / "a.csv", 9)))[2]
    connection = sqlite3.connect(path)
    with connection:
        (seq,) = connection.execute("SELECT max(seq) FROM journal WHERE kind = 'Filled'").fetchone()
        connection.execute(
            "UPDATE journal SET body = replace(body, '\"source\":', '\"source_\":'),"
            " time = time + 1 WHERE seq = ?", (seq,),
        )  # fmt: skip
    connection.close()
    code, out, _ = run("replay", str(path))
    assert code == 1
    assert f"DIFFERS: fact {seq} (Filled) time: stored" in out

    # the first accounts say nothing of exits
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE journal SET body = json_set(body, '$.settings', json_remove("
            "json_extract(body, '$.settings'), '$.exits') || '') WHERE kind = 'SessionStarted'"
        )
    connection.close()
    code, out, _ = run("replay", str(path))
    assert (code, "(SessionStarted) settings: stored" in out) == (1, True)


def test_a_tape_account_comes_again_from_its_tape_and_no_other(run: Run, tmp_path: Path) -> None:
    tape, other = candles(tmp_path / "a.csv", 900), candles(tmp_path / "b.csv", 900, seed=2)
    words = ("headless", "--market", "tape", "--tape", str(tape), "--level", "9", "--tags", "TRADE")
    assert run(*words, "--bot", "--for", "8h")[0] == 0
    assert run(*words)[0] == 0
    path = str(tmp_path / "data" / "accounts" / "a.db")
    code, out, _ = run("replay", path, str(tape))
    assert (code, out.split(":")[0]) == (0, "identical")
    assert "papertrader replay a.db TAPE" in run("replay", path)[2]
    code, _, err = run("replay", path, str(other))
    assert code == 2
    assert "another tape" in err


async def test_a_live_account_comes_again_from_what_it_heard(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MarketServer([WETH]) as market:
        market.set_price(WETH, "3000")
        for name, url in market.environment().items():
            monkeypatch.setenv(name, url)
        monkeypatch.setenv("PAPERTRADER_FEED_TTL", "5")
        await asyncio.to_thread(run, "token", "add", WETH.id, "--list", "one")
        flags = {
            "market.kind": ("--market", "live"), "account.name": ("--account", "a"),
            "account.watchlist": ("--watchlist", "one"),
        }  # fmt: skip
        for session, price in enumerate(("3000", "3050")):
            market.set_price(WETH, price)
            async with open_desk(config.load(flags=flags), Launch(headless=True)) as opened:
                kernel = opened.kernel
                running = asyncio.create_task(kernel.run())
                await kernel.submit(SwitchBot(True))
                heard = D(price)
                await seen(lambda k=kernel, p=heard: k.latest.get(WETH.id, (0,))[0] == p)
                trades = kernel.snapshot().totals.trades
                order = OrderRequest(f"c{session}", WETH.id, Side.BUY, SizeBy.NOTIONAL, D(100))
                late = kernel.now() + 1_500
                resting = OrderRequest(
                    f"r{session}", WETH.id, Side.BUY, SizeBy.NOTIONAL, D(100), Kind.LIMIT, D(10),
                    None, 100, late,
                )  # fmt: skip
                await kernel.submit(PlaceOrder(order))
                await kernel.submit(PlaceOrder(resting))
                await seen(lambda k=kernel, n=trades: k.snapshot().totals.trades > n)
                # it expires by the clock alone: no price comes at that moment
                await seen(lambda k=kernel: not k.desk.account.open)
                kernel.stop()
                await running
                await kernel.finish(MarkAccount())
    path = tmp_path / "data" / "accounts" / "a.db"
    with reading(path) as connection:
        kinds = dict(connection.execute("SELECT kind, count(*) FROM journal GROUP BY kind"))
    assert kinds["Filled"] == kinds["OrderExpired"] == 2
    code, out, err = await asyncio.to_thread(run, "replay", str(path))
    assert (code, out.split(":")[0], err) == (0, "identical", "")


async def seen(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(40):
        while not is_so():  # noqa: ASYNC110 - answers of a server set no event
            await asyncio.sleep(0.02)


def test_a_sweep_started_by_python_m_has_workers(tmp_path: Path) -> None:
    tape = candles(tmp_path / "a.csv", 60)
    done = subprocess.run(
        [sys.executable, "-m", "papertrader_tui", "sweep", str(tape), "--levels", "1-3",
         "--jobs", "2", "--out", str(tmp_path / "s"), "--json"],
        env={**os.environ, **environment(tmp_path / "data")}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [row["level"] for row in json.loads(done.stdout)] == ["1", "2", "3"]


def test_a_race_on_live_prices_hears_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with MarketServer([WETH]) as market:
        market.set_price(WETH, "3000")
        for name, url in market.environment().items():
            monkeypatch.setenv(name, url)
        run("token", "add", WETH.id, "--list", "one")
        monkeypatch.setenv("PAPERTRADER_ACCOUNT_WATCHLIST", "one")
        words = ("race", "--market", "live", "--levels", "1,9", "--for", "3s", "--json")
        code, out, err = run(*words)
    assert code == 0
    assert "papertrader: LIVE: " in err
    found = json.loads(out)
    assert (found["market"], len(found["standings"])) == ("live", 2)
    assert all(one["equity"] == "10000" for one in found["standings"])


def test_a_race_on_live_prices_does_not_start_blind(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MarketServer([WETH]) as market:
        environment = dict(market.environment())
    for name, url in environment.items():  # nobody listens there any more
        monkeypatch.setenv(name, url)
    code, out, err = run("race", "--market", "live", "--for", "3s")
    assert (code, out) == (1, "")
    assert "no price source answered" in err
