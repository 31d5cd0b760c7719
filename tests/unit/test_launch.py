"""What flags and accounts make of a session: which market, account, seed and speed."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui import config
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain.commands import SetLevel, SwitchBot, SwitchGates
from papertrader_tui.launch import (
    Launch,
    account_path,
    account_seed,
    check_market,
    last_used,
    market_kind,
    market_speed,
    new_account,
    tape_account,
)
from papertrader_tui.ports import MarketInfo
from papertrader_tui.store import accounts
from papertrader_tui.store.load import load

TAPE = Launch(headless=True, tape=Path("btc.csv"))
DEMO = Launch(headless=True)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))


def settings(tmp_path: Path, **flags: str) -> config.Loaded:
    """Settings from flags alone: `market_seed="3"` is `--seed 3`."""
    given = {k.replace("_", ".", 1): (f"--{k.split('_', 1)[1]}", v) for k, v in flags.items()}
    given["store.data_dir"] = ("--data-dir", str(tmp_path))
    return config.load(env={}, flags=given)


def account(tmp_path: Path, name: str, market: str, identity: str, seed: int, age: int) -> Path:
    path = new_account(tmp_path, name, Decimal(100), seed)
    if market:
        accounts.bind(path, market=market, identity=identity, seed=seed)
    os.utime(path, (10_000 - age, 10_000 - age))
    return path


def test_the_network_decides_unless_something_says_what_is_meant(tmp_path: Path) -> None:
    assert market_kind(settings(tmp_path), DEMO) == "auto"
    assert market_kind(settings(tmp_path), TAPE) == "tape"
    for kind in ("live", "demo"):
        assert market_kind(settings(tmp_path, market_kind=kind), DEMO) == kind
        with pytest.raises(ConfigError, match=r"btc\.csv"):
            market_kind(settings(tmp_path, market_kind=kind), TAPE)
    with pytest.raises(ConfigError, match="--tape FILE"):
        market_kind(settings(tmp_path, market_kind="tape"), DEMO)


def test_what_only_the_demo_has_means_the_demo(tmp_path: Path) -> None:
    assert market_kind(settings(tmp_path, market_speed="60"), DEMO) == "demo"
    assert market_kind(settings(tmp_path, market_seed="3"), DEMO) == "demo"
    with pytest.raises(ConfigError, match="leave --speed out"):
        market_kind(settings(tmp_path, market_kind="live", market_speed="60"), DEMO)


def test_a_named_account_belongs_to_its_market(tmp_path: Path) -> None:
    account(tmp_path, "a", "demo", "demo:7:1", 7, age=3)
    account(tmp_path, "b", "live", "live", 7, age=2)
    account(tmp_path, "c", "", "", 7, age=1)
    kinds = [market_kind(settings(tmp_path, account_name=name), DEMO) for name in "abcd"]
    assert kinds == ["demo", "live", "auto", "auto"]


def test_live_and_demo_have_accounts_of_their_own(tmp_path: Path) -> None:
    loaded = settings(tmp_path)
    assert account_path(loaded, DEMO, "live").stem == "live"
    account(tmp_path, "live", "demo", "demo:7:1", 7, age=9)
    assert account_path(loaded, DEMO, "live").stem == "live-2"
    assert account_path(loaded, DEMO, "demo").stem == "live"
    account(tmp_path, "real", "live", "live", 7, age=5)
    assert account_path(loaded, DEMO, "live").stem == "real"


@pytest.mark.parametrize(
    ("text", "headless", "kind", "speed"),
    [
        ("auto", True, "demo", 1.0),
        ("auto", False, "demo", 10.0),
        ("auto", True, "tape", None),
        ("auto", False, "tape", 60.0),
        ("max", False, "demo", None),
        ("600", True, "demo", 600.0),
        ("5000", True, "tape", 5000.0),
    ],
)
def test_speed(tmp_path: Path, text: str, headless: bool, kind: str, speed: float | None) -> None:
    loaded = settings(tmp_path, market_speed=text)
    assert market_speed(loaded, Launch(headless=headless), kind) == speed


def test_the_demo_has_a_range_of_speeds(tmp_path: Path) -> None:
    for text in ("0.5", "601"):
        with pytest.raises(ConfigError, match="1 to 600, or max"):
            market_speed(settings(tmp_path, market_speed=text), DEMO, "demo")


def test_the_account_is_the_named_one_else_the_last_used_of_that_market(tmp_path: Path) -> None:
    loaded = settings(tmp_path)
    assert account_path(loaded, DEMO, "demo").stem == "default"
    account(tmp_path, "old", "demo", "demo:7:1", 7, age=300)
    account(tmp_path, "recent", "demo", "demo:8:1", 8, age=200)
    account(tmp_path, "newest", "tape", "tape:00", 7, age=100)
    assert last_used(tmp_path) == "newest"
    assert account_path(loaded, DEMO, "demo").stem == "recent"
    assert account_path(loaded, TAPE, "tape").stem == "btc"
    assert account_path(settings(tmp_path, account_name="x"), TAPE, "tape").stem == "x"
    with pytest.raises(ConfigError, match="'X'"):
        account_path(settings(tmp_path, account_name="X"), DEMO, "demo")


def test_cash_is_for_new_accounts(tmp_path: Path) -> None:
    account(tmp_path, "old", "demo", "demo:7:1", 7, age=0)
    with pytest.raises(ConfigError, match=r"'old' exists, so --cash changes nothing"):
        account_path(settings(tmp_path, account_cash="500"), DEMO, "demo")
    fresh = settings(tmp_path, account_cash="500", account_name="fresh")
    assert account_path(fresh, DEMO, "demo").stem == "fresh"


def test_an_account_keeps_its_seed(tmp_path: Path) -> None:
    unbound = account(tmp_path, "unbound", "", "", 3, age=0)
    bound = account(tmp_path, "bound", "demo", "demo:3:1", 3, age=0)
    plain, eight = settings(tmp_path), settings(tmp_path, market_seed="8")
    assert account_seed(plain, None) == 7
    assert account_seed(eight, None) == 8
    with load(unbound) as file:
        assert account_seed(plain, file.meta) == 3
        assert account_seed(eight, file.meta) == 8
    with load(bound) as file:
        assert account_seed(plain, file.meta) == 3
        assert account_seed(settings(tmp_path, market_seed="3"), file.meta) == 3
        with pytest.raises(ConfigError, match=r"'bound' was opened with seed 3 .* --seed 8"):
            account_seed(eight, file.meta)


def test_an_account_never_sees_another_markets_prices(tmp_path: Path) -> None:
    def info(kind: str, identity: str) -> MarketInfo:
        return MarketInfo(kind, kind.upper(), "", "", identity, 0, "")

    path = account(tmp_path, "mine", "tape", "tape:aa:base", 7, age=0)
    with load(path) as file:
        check_market(file.meta, info("tape", "tape:aa:base"))
        with pytest.raises(ConfigError, match=r"'mine' belongs to another tape \(tape:aa:base\)"):
            check_market(file.meta, info("tape", "tape:bb:base"))
        with pytest.raises(ConfigError, match=r"the tape market .* --account NAME"):
            check_market(file.meta, info("demo", "demo:7:1"))
    check_market(None, info("demo", "demo:7:1"))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("btc.csv", "btc"),
        ("/data/WETH USDC 2024-01-05.CSV.gz", "weth-usdc-2024-01-05"),
        ("ünï.csv", "n"),
        ("---.csv", "tape"),
        (f"{'a' * 32}.csv", "a" * 32),
    ],
)
def test_a_tape_trades_in_an_account_named_after_it(file: str, name: str) -> None:
    assert tape_account(Path(file)) == name


def test_long_names_of_tapes_stay_apart() -> None:
    days = [tape_account(Path(f"swaps_weth_usdc_500_ethereum_2024-01-{n:02d}.csv")) for n in (5, 6)]
    assert len(set(days)) == 2
    for name in days:
        assert name.startswith("swaps_weth_usdc_500_")
        assert len(name) <= 32


def test_flags_become_commands_and_the_bot_comes_last() -> None:
    assert Launch(headless=True).commands == ()
    launch = Launch(headless=True, level=7, bot=True, gates=False)
    assert launch.commands == (SetLevel(7), SwitchGates(False), SwitchBot(True))
