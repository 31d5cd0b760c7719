"""`papertrader decisions` and `papertrader explain` on an account that a bot traded."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from papertrader_tui.cli import main, parser
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.decision import Action, Decision
from papertrader_tui.store.decisions import find, last, newest
from papertrader_tui.store.journal import SqliteJournal
from tests.property.test_foresight import warmed
from tests.unit.store.helpers import new_account

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Decision]]:
    """A data folder with an account, and its decisions as they were made."""
    kit = warmed()
    for index in range(30):
        kit.price(f"{3000 + index}", after=60_000)
    for index in range(8):
        kit.price(f"{3020 - 40 * index}", after=60_000)
    data = tmp_path_factory.mktemp("data")

    async def write() -> None:
        journal = await SqliteJournal.open(new_account(data, "main"))
        await journal.append(
            [kit._opened, *kit.events], inputs=[], checkpoint="{}", cursor=1, durable=True
        )
        await journal.close()

    asyncio.run(write())
    latest = {e.decision.id: e.decision for e in kit.events if isinstance(e, ev.Decided)}
    return data, list(latest.values())


@pytest.fixture
def run(
    made: tuple[Path, list[Decision]],
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
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return command


def test_what_was_decided_is_stored_whole(made: tuple[Path, list[Decision]]) -> None:
    path = made[0] / "accounts" / "main.db"
    stored = last(path, 1_000)
    assert stored == made[1]
    assert {Action.BUY, Action.SELL} <= {d.action for d in stored}
    for decision in stored:
        assert find(path, decision.id) == decision
        assert decision.factors
        assert decision.checks
        assert all(i.source and i.age_ms >= 0 for f in decision.factors for i in f.inputs)
    assert newest(path) == stored[-1].id


def test_decisions_are_listed_and_narrowed(run: Run, made: tuple[Path, list[Decision]]) -> None:
    code, out, err = run("decisions", "--last", "1000")
    assert (code, err) == (0, "")
    assert out.count(" CONF ") == 1
    for decision in made[1]:
        assert f"\n{decision.id} " in out
    assert all(cell_len(line) <= 80 for line in out.splitlines())
    assert "\x1b" not in out

    def ids(*words: str) -> list[str]:
        return [d["id"] for d in json.loads(run("decisions", "--json", *words)[1])]

    every = made[1]
    assert ids("--last", "3") == [d.id for d in every[-3:]]
    assert ids("--action", "buy") == [d.id for d in every if d.action is Action.BUY]
    sells = [d.id for d in every if d.rule.startswith("exit.")]
    assert ids("--rule", "exit", "--token", "weth@base") == sells
    assert ids("--rule", every[0].rule, "--last", "1000") == [
        d.id for d in every if d.rule == every[0].rule
    ]


def test_a_decision_is_explained_whole(run: Run, made: tuple[Path, list[Decision]]) -> None:
    bought = next(d for d in made[1] if d.action is Action.BUY)
    code, out, err = run("explain", bought.id)
    assert (code, err) == (0, "")
    assert all(cell_len(line) <= 80 for line in out.splitlines())
    assert out.startswith("BUY WETH·base   2026-01-05 ")
    assert "rule entry.buy   level 9 Ultra Aggressive\n" in out
    for of, score in (
        ("confidence", bought.confidence),
        ("risk", bought.risk),
        ("opportunity", bought.opportunity),
    ):
        assert f"\n{of:<17} {score:>6.2f} █" in out
        assert f"100.00% {score:>6.2f}\n" in out  # what the contributions come to
    for name in ("one_bar_before", "liquidity_usd", "rsi", "mempool"):
        assert f"{name} " in out
    for heading in ("held against, to buy", "account gates", "not to be had: network"):
        assert heading in out
    assert run("explain", bought.id.removeprefix("d"))[1] == out


def test_a_sale_names_the_price_that_it_was_made_at(
    run: Run, made: tuple[Path, list[Decision]]
) -> None:
    sold = next(d for d in made[1] if d.rule == "exit.stop_loss")
    out = run("explain", sold.id)[1]
    reason = " ".join(out.splitlines()[1:3])
    assert reason.startswith("the price fell to the stop at ")
    assert "entered at " in reason
    assert "P&L -" in reason
    assert "\n✗ stop " in out
    assert "held against, to keep it" in out
    assert "account gates" not in out


def test_json_is_the_decision_to_the_last_digit(
    run: Run, made: tuple[Path, list[Decision]]
) -> None:
    for decision in made[1][:5]:
        plain = json.loads(run("explain", decision.id, "--json")[1])
        assert plain.pop("at").startswith("2026-01-05T")
        assert plain.pop("label") in ("WETH·base", "PEPE·ethereum", "")
        assert ev.from_plain(Decision, plain) == decision


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["explain", "d99999"], ["'d99999'", "its newest is d", "papertrader decisions"]),
        (["explain", "x"], ["'x'"]),
        (["explain"], ["ID"]),
        (["decisions", "--rule", "skip.cots"], ["'skip.cots'", "did you mean 'skip.cost'?"]),
        (["decisions", "--token", "WTEH·base"], ["'WTEH·base'", "did you mean 'WETH·base'?"]),
        (["decisions", "--action", "sleep"], ["'SLEEP'", "HOLD"]),
        (["decisions", "--last", "0"], ["'0'", "1 to"]),
    ],
)
def test_what_is_not_there_is_named_and_exits_2(
    run: Run, words: list[str], parts: list[str]
) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    for part in parts:
        assert part in err


def test_an_account_without_decisions_says_so(run: Run, tmp_path: Path) -> None:
    run("account", "new", "empty", "--data-dir", str(tmp_path))
    where = ("--account", "empty", "--data-dir", str(tmp_path))
    code, out, _ = run("decisions", *where)
    assert (code, out.startswith("account empty: no decision yet")) == (0, True)
    assert json.loads(run("decisions", "--json", *where)[1]) == []
    code, _, err = run("explain", "d1", *where)
    assert code == 2
    assert "it has none yet" in err


def test_the_flags_offer_the_actions_that_there_are() -> None:
    assert tuple(action.value for action in Action) == parser.ACTIONS
