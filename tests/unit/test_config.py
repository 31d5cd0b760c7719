"""Settings: what overrides what, and what a refusal says."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui import config
from papertrader_tui.cli.settings import template
from papertrader_tui.config_options import OPTIONS, ConfigError
from papertrader_tui.domain.risk import RANGES, RiskLimits


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own configuration file is read."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))


def write(folder: Path, text: str) -> str:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def load(path: str, **options: object) -> config.Loaded:
    return config.load(config=path, env={}, **options)  # type: ignore[arg-type]


def test_a_flag_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "[market]\nseed = 1\nspeed = 30\n[risk]\ndaily_loss_pct = 4.5\n")
    env = {"PAPERTRADER_MARKET_SEED": "2", "PAPERTRADER_MARKET_SPEED": "max"}
    loaded = config.load(config=path, env=env, flags={"market.seed": ("--seed", "3")})
    assert loaded.settings.market.seed == 3
    assert loaded.settings.market.speed == "max"
    assert loaded.settings.risk.daily_loss_pct == Decimal("4.5")
    assert loaded.settings.risk.daily_trades == RiskLimits().daily_trades
    assert loaded.origin(OPTIONS["market.seed"]) == "flag (--seed)"
    assert loaded.origin(OPTIONS["market.speed"]) == "environment (PAPERTRADER_MARKET_SPEED)"
    assert loaded.origin(OPTIONS["risk.daily_loss_pct"]) == path
    assert loaded.origin(OPTIONS["risk.daily_trades"]) == "default"


def test_every_option_has_a_setting_and_its_default_is_allowed() -> None:
    for option in OPTIONS.values():
        value = config.value_of(config.Settings(), option)
        if option.kind == "keys":
            assert option.from_toml(value, "here") == value
        else:
            assert option.from_text(str(value), "here") == value
    assert {o.key for o in OPTIONS.values() if o.section == "risk"} == set(RANGES)


def test_the_template_sets_nothing_and_uncommented_it_sets_the_defaults(tmp_path: Path) -> None:
    assert load(write(tmp_path, template())).origins == {}
    lines = template().splitlines()
    live = "\n".join(x.removeprefix("# ") if " = " in x else x for x in lines)
    loaded = load(write(tmp_path, live))
    assert set(tomllib.loads(live)) == {"market", "account", "risk", "ui", "store"}
    assert set(loaded.origins) == set(OPTIONS)
    assert loaded.settings.ui.keys == {"order.buy": "B"}
    for option in OPTIONS.values():
        if option.kind != "keys":
            default = config.value_of(config.Settings(), option)
            assert config.value_of(loaded.settings, option) == default


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[markt]\nseed = 1\n", ["[markt]", "did you mean 'market'?"]),
        ("[risk]\ndayly_trades = 1\n", ["'dayly_trades'", "did you mean 'daily_trades'?"]),
        ("[risk]\nzzz = 1\n", ["'zzz'", "known: daily_trades"]),
        ("[risk]\ndaily_trades = 0\n", ["[risk] daily_trades = 0", "from 1 to 10000"]),
        ("[risk]\ndaily_trades = 2.5\n", ["daily_trades = 2.5", "whole number"]),
        ("[risk]\ndaily_trades = true\n", ["daily_trades = True", "whole number"]),
        ('[risk]\ndaily_trades = "20"\n', ["daily_trades = '20'", "whole number"]),
        ("[risk]\ndaily_loss_pct = nan\n", ["daily_loss_pct = NaN", "from 1 to 100"]),
        ("[risk]\ndaily_loss_pct = inf\n", ["daily_loss_pct = Infinity"]),
        ('[market]\nkind = "dem"\n', ["kind = 'dem'", "auto, demo, tape", "did you mean 'demo'?"]),
        ("[market]\nspeed = 0\n", ["speed = 0", "auto, max, or a number"]),
        ("[account]\ncash = -5\n", ["cash = -5"]),
        ("[account]\ncash = 100.1234567\n", ["cash = 100.1234567"]),
        ('[ui]\nreduce_motion = "yes"\n', ["reduce_motion = 'yes'", "true or false"]),
        ("[ui.keys]\n'order.buy' = 3\n", ["keys.order.buy = 3", "name of a key"]),
        ("market = 3\n", ["market", "[market]"]),
        ("[market\n", ["not valid TOML", "line 1"]),
    ],
)
def test_a_refusal_names_the_file_the_key_the_value_and_what_is_allowed(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        load(path)
    for part in [path, *parts]:
        assert part in str(refused.value)


def test_an_unknown_key_does_not_give_its_value_away(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load(write(tmp_path, '[account]\napi_key = "hunter2"\n'))
    assert "api_key" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_keys_may_be_dotted_or_quoted(tmp_path: Path) -> None:
    text = '[ui.keys]\norder.buy = "B"\n"order.sell" = "ctrl+s"\n'
    keys = load(write(tmp_path, text)).settings.ui.keys
    assert keys == {"order.buy": "B", "order.sell": "ctrl+s"}


def test_a_misspelt_variable_is_refused_and_one_of_another_kind_is_none_of_ours() -> None:
    assert config.load(env={"PAPERTRADER_EVIDENCE": "x", "HOME": "/nowhere"}).origins == {}
    with pytest.raises(ConfigError, match="did you mean 'PAPERTRADER_MARKET_SPEED'"):
        config.load(env={"PAPERTRADER_MARKET_SPED": "3"})
    with pytest.raises(ConfigError, match="PAPERTRADER_ACCOUNT_CASH = 'lots'"):
        config.load(env={"PAPERTRADER_ACCOUNT_CASH": "lots"})


def test_an_empty_variable_sets_nothing() -> None:
    assert config.load(env={"PAPERTRADER_MARKET_SEED": ""}).settings.market.seed == 7


def test_a_file_that_somebody_named_has_to_be_there(tmp_path: Path) -> None:
    missing = str(tmp_path / "no.toml")
    with pytest.raises(ConfigError, match=r"no\.toml.*config init"):
        load(missing)
    with pytest.raises(ConfigError, match=r"no\.toml"):
        config.load(env={"PAPERTRADER_CONFIG": missing})
    (tmp_path / "latin.toml").write_bytes(b"[account]\nname = '\xe9'\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(str(tmp_path / "latin.toml"))
    with pytest.raises(ConfigError, match="cannot read"):
        load(str(tmp_path))


def test_the_data_dir_has_the_variable_that_people_expect() -> None:
    loaded = config.load(env={"PAPERTRADER_DATA_DIR": "/somewhere"})
    assert loaded.settings.store.data_dir == "/somewhere"
