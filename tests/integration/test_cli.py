"""The command line as a person or a script meets it: output, exit codes, errors in words."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from papertrader_tui import __version__
from papertrader_tui.cli import main
from papertrader_tui.cli import settings as config_command

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, in a home of its own and with no terminal."""
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


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False,
        **options,  # type: ignore[call-overload]
    )  # fmt: skip


def test_help_loads_no_front_end_and_no_chain() -> None:
    program = (
        "import sys\n"
        "from papertrader_tui.cli import main\n"
        "try:\n    main(['headless', '--help'])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "heavy = {'textual', 'web3', 'rich', 'aiosqlite', 'httpx', 'sqlite3', 'asyncio'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))\n"
    )
    done = python("-c", program)
    assert done.returncode == 0, done.stderr
    assert "--tape FILE" in done.stdout
    assert done.stdout.splitlines()[-1] == "LOADED []"


def test_python_m_and_the_version() -> None:
    done = python("-m", "papertrader_tui", "--version")
    assert (done.returncode, done.stdout) == (0, f"papertrader {__version__}\n")


@pytest.mark.parametrize(
    "words",
    [[], ["headless"], ["account"], ["account", "new"], ["account", "list"], ["account", "reset"],
     ["token"], ["token", "search"], ["token", "add"], ["token", "remove"], ["token", "list"],
     ["report"], ["export"], ["verify"], ["config"], ["config", "init"]],
)  # fmt: skip
def test_every_command_has_help(run: Run, words: list[str]) -> None:
    code, out, err = run(*words, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: {' '.join(['papertrader', *words])} ")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["acount"], ["'acount'", "account"]),
        (["headless", "--level", "11"], ["--level", "'11'", "1 (cautious) to 10"]),
        (["headless", "--for", "3x"], ["--for", "'3x'", "30s, 10m, 2h or 7d"]),
        (["headless", "--for", "0s"], ["--for", "'0s'"]),
        (["headless", "--tape-zone", "Mars/Base"], ["--tape-zone", "'Mars/Base'", "+02:00"]),
        (["headless", "--tags", "price,foo"], ["--tags", "'price,foo'", "ALERT"]),
        (["headless", "--format", "xml"], ["--format", "'xml'"]),
        (["headless", "--speed", "fast"], ["--speed = 'fast'", "auto, max, or a number"]),
        (["headless", "--market", "dmeo"], ["--market = 'dmeo'", "did you mean 'demo'?"]),
        (["headless", "--seed", "-1"], ["--seed = '-1'", "from 0 to"]),
        (["account", "new", "x", "--cash", "1e99"], ["--cash = '1e99'", "from 1 to"]),
        (["account", "new", "No"], ["'No'", "a-z, 0-9"]),
        (["account", "new", "../up"], ["'../up'", "a-z, 0-9"]),
        (["verify"], ["no account", "account new NAME"]),
        (["verify", "--account", "zzz"], ["'zzz'", "account new"]),
        (["export", "cash"], ["'cash'", "trades"]),
        (["config", "show", "--config", "/no/such.toml"], ["/no/such.toml", "config init"]),
    ],
)
def test_bad_input_is_named_and_exits_2(run: Run, words: list[str], parts: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("papertrader: error: ")
    assert "Traceback" not in err
    for part in parts:
        assert part in err


def test_an_account_is_made_listed_shown_verified_exported_reset_and_deleted(
    run: Run, tmp_path: Path
) -> None:
    assert run("account", "list")[1].startswith("no accounts in")
    code, out, _ = run("account", "new", "swing", "--cash", "2500.50", "--seed", "3", "--json")
    made = json.loads(out)
    assert code == 0
    assert (made["name"], made["initial"], made["seed"]) == ("swing", "2500.5", "3")
    assert stat.S_IMODE(Path(made["path"]).stat().st_mode) == 0o600

    code, _, err = run("account", "new", "swing")
    assert code == 2
    assert "account reset swing" in err

    run("account", "new", "other")
    assert [a["name"] for a in json.loads(run("account", "list", "--json")[1])] == [
        "other", "swing",
    ]  # fmt: skip
    assert "2,500.50" in run("account", "list")[1]
    assert "equity      2,500.50 of 2,500.50" in run("account", "show", "swing")[1]
    assert "did you mean 'swing'?" in run("verify", "--account", "swin")[2]

    code, out, _ = run("verify", "--account", "swing", "--json")
    assert code == 0
    assert json.loads(out)["ok"] is True
    assert run("--account", "swing", "verify")[1].startswith("account swing\n")

    assert run("export", "trades", "--account", "swing") == (0, "", "")
    target = tmp_path / "trades.csv"
    code, out, err = run("export", "trades", "--account", "swing", "-o", str(target))
    assert (code, out) == (0, "")
    assert target.read_text().startswith("time,order_id,token,symbol,side,quantity,price,")
    assert list(tmp_path.glob(".*")) == []
    code, _, err = run("export", "trades", "--account", "swing", "-o", "/no/such/place.csv")
    assert code == 2
    assert "/no/such/place.csv" in err

    code, _, err = run("account", "delete", "swing")
    assert code == 2
    assert "--yes" in err
    assert run("account", "reset", "swing", "--yes")[0] == 0
    assert json.loads(run("account", "show", "swing", "--json")[1])["initial"] == "2500.5"
    assert run("account", "delete", "swing", "--yes")[0] == 0
    assert [a["name"] for a in json.loads(run("account", "list", "--json")[1])] == ["other"]


def test_destructive_commands_ask_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("account", "new", "dear")

    class Keyboard:
        def __init__(self, answer: str) -> None:
            self.answer = answer

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return self.answer

    monkeypatch.setattr("sys.stdin", Keyboard("\n"))
    code, _, err = run("account", "delete", "dear")
    assert code == 1
    assert "[y/N]" in err
    assert "nothing was changed" in err
    monkeypatch.setattr("sys.stdin", Keyboard("y\n"))
    assert run("account", "delete", "dear")[:2] == (0, "account dear is deleted\n")


def test_flags_may_stand_before_or_after_the_command(run: Run, tmp_path: Path) -> None:
    elsewhere = str(tmp_path / "elsewhere")
    run("--data-dir", elsewhere, "account", "new", "a")
    run("account", "new", "b", "--data-dir", elsewhere)
    listed = json.loads(run("account", "list", "--json", "--data-dir", elsewhere)[1])
    assert [a["name"] for a in listed] == ["a", "b"]
    assert json.loads(run("account", "list", "--json")[1]) == []


def test_config_init_writes_once_and_show_says_where_each_value_is_from(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(run("config", "path")[1].strip())
    assert path.name == "config.toml"
    assert json.loads(run("config", "path", "--json")[1]) == {"file": str(path), "exists": False}
    assert "config init" in run("config", "show")[1]

    assert run("config", "init")[:2] == (0, f"{path}\n")
    assert path.read_text() == config_command.template()
    path.write_text("[risk]\ndaily_trades = 9\n")
    code, _, err = run("config", "init")
    assert code == 2
    assert "--force" in err
    assert path.read_text() == "[risk]\ndaily_trades = 9\n"

    monkeypatch.setenv("PAPERTRADER_RISK_LOSS_STREAK", "4")
    shown = json.loads(run("config", "show", "--json")[1])["settings"]
    assert shown["risk.daily_trades"] == {"value": 9, "from": str(path)}
    assert shown["risk.loss_streak"] == {
        "value": 4,
        "from": "environment (PAPERTRADER_RISK_LOSS_STREAK)",
    }
    assert shown["account.cash"] == {"value": "10000", "from": "default"}
    assert "daily_trades = 9" in run("config", "show")[1]

    assert run("config", "init", "--force")[0] == 0
    assert path.read_text() == config_command.template()
    assert [p.name for p in path.parent.iterdir()] == ["config.toml"]


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "papertrader_tui", "config", "show"],
            stdout=gone,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error_in_words() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "papertrader_tui", "config", "show"], stdout=full,
            stderr=subprocess.PIPE, timeout=60, check=False, text=True,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "papertrader: error: cannot write the output: No space left on device\n"


def test_what_the_flags_offer_is_what_there_is() -> None:
    """Written twice, so that help need not load what it describes."""
    from papertrader_tui.cli import parser, values
    from papertrader_tui.headless import TAGS
    from papertrader_tui.store.export import FORMATS, WHAT

    assert values.TAGS == TAGS
    assert (*WHAT, "tape") == parser.EXPORTS
    assert FORMATS == ("jsonl", "csv")
