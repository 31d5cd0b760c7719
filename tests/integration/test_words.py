"""What the command line says where something is wrong: what it is, and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from papertrader_tui.cli import main
from papertrader_tui.headless.runner import _span
from papertrader_tui.headless.text import tenths
from papertrader_tui.launch import check_kind
from papertrader_tui.store import accounts
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.lock import AccountLock, lock_path
from papertrader_tui.text import counted
from tests.unit.store.helpers import meta, new_account

Run = Callable[..., tuple[int, str, str]]
TOK = "local:0xa513e6e4b8f2a923d98304ec87f64353c4d5c853"
LOCAL = """
[chain.local]
chain_id = 31337
native_symbol = "ETH"
wrapped_native = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
usdc = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
block_ms = 2000
multicall3 = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"

[[token]]
chain = "local"
address = "0xa513E6E4b8f2a923D98304ec87F64353C4D5C853"
symbol = "TOK"
decimals = 18
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("PAPERTRADER_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "config.toml").write_text(LOCAL)

    def command(*words: str) -> tuple[int, str, str]:
        try:
            code = main((*words, "--config", str(tmp_path / "config.toml")))
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("quote", "WETH@base", "--spend", "10", "--quantity", "3"), "one of the two"),
        (("quote", "WETH@base"), "say how much"),
        (("quote", "WETH@foo", "--spend", "1"), "'foo' is not known; known: arbitrum, base,"),
        (("token", "add", "WETH@foo"), "chain 'foo' is not known"),
        (("token", "add", TOK[:-1] + "4"), "local, a chain of your own: its tokens stand in"),
        (("token", "add", "lokal:" + TOK[6:]), "polygon. Tokens of a chain of your own"),
        (("--lvel", "3"), "no option --lvel; did you mean --level?"),
        (("headless", "--lvel=3"), "no option --lvel; did you mean --level?"),
        (("token", "add"), "required: TOKEN"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_on(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_tokens_of_the_configuration_are_listed_and_their_wrapped_native_is_theirs(
    run: Run,
) -> None:
    _, out, _ = run("token", "list")
    assert [line.split()[0] for line in out.splitlines()] == ["USDC", "WETH", "TOK"]
    assert all(line.endswith("  config.toml") for line in out.splitlines())
    assert TOK in {t["id"] for t in json.loads(run("token", "list", "--json")[1])["tokens"]}
    code, out, err = run("token", "add", "WETH@local", "--list", "mine")
    assert (code, err) == (0, "")
    assert "(1 token)" in out
    assert "2 tokens" in run("token", "add", TOK, "--list", "mine")[1]
    searched = json.loads(run("token", "search", "WETH@local", "--offline", "--json")[1])
    assert [one["warning"] for one in searched] == [""]


def test_a_lock_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = new_account(tmp_path)
    lock_path(path).unlink(missing_ok=True)
    lock_path(path).mkdir()
    with pytest.raises(StoreError, match=r"main\.lock.*make its folder writable.*--data-dir"):
        AccountLock(path)


def test_a_market_of_another_kind_is_refused_before_it_is_opened() -> None:
    with pytest.raises(ValueError, match=r"belongs to the demo market.*go on with the tape"):
        check_kind(meta(), "tape")
    check_kind(meta(), "demo")
    check_kind(None, "tape")


@pytest.mark.parametrize(
    "words", [("token", "list"), ("account", "show"), ("account", "level"), ("config", "path")]
)
def test_help_begins_in_upper_case(run: Run, words: tuple[str, ...]) -> None:
    code, out, _ = run(*words, "--help")
    assert code == 0
    assert out.split("\n\n")[1][0].isupper()


def test_an_account_s_market_is_not_named_twice(run: Run, tmp_path: Path) -> None:
    live = replace(meta(), market="live", identity="live")
    accounts.create(tmp_path / "data", live)
    assert "market      live, seed 7" in run("account", "show", "main")[1]


def test_headless_says_which_streams_are_missing_and_how_long_it_ran() -> None:
    assert _span(39_960) == "40s"
    assert _span(3_600_000 + 59_400) == "1h 59s"
    assert counted(1, "trade") == "1 trade"
    assert counted(1_200, "trade") == "1,200 trades"
    assert tenths("5.266") == "5.3"
    assert tenths("15") == "15"
