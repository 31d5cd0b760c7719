"""Settings: what overrides what, and what a refusal says."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui import config
from papertrader_tui.cli import main
from papertrader_tui.cli.settings import template
from papertrader_tui.config_options import OPTIONS, SOURCES, ConfigError
from papertrader_tui.domain.risk import RANGES, RiskLimits
from papertrader_tui.feeds.sources import catalog


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
        if option.kind in ("keys", "names", "command"):
            assert (
                option.from_toml(value if option.kind == "keys" else list(value), "here") == value
            )
        elif option.kind == "secret":
            assert option.from_text("", "here") == value
        else:
            assert option.from_text(str(value), "here") == value
    assert {o.key for o in OPTIONS.values() if o.section == "risk"} == set(RANGES)


def test_the_template_sets_nothing_and_uncommented_it_sets_the_defaults(tmp_path: Path) -> None:
    assert load(write(tmp_path, template())).origins == {}
    lines = template().splitlines()
    live = "\n".join(x.removeprefix("# ") if " = " in x else x for x in lines)
    loaded = load(write(tmp_path, live))
    assert set(tomllib.loads(live)) == {
        "market", "feed", "source", "account", "risk", "exits", "ui", "store", "chain"
    }  # fmt: skip
    assert set(loaded.origins) == set(OPTIONS)
    assert loaded.settings.ui.keys == {"order.buy": "B"}
    assert loaded.settings.chains == config.Settings().chains
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
        (
            '[market]\nkind = "dem"\n',
            ["kind = 'dem'", "auto, live, demo, tape", "did you mean 'demo'?"],
        ),
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


KEY = "CG-very.secret+key/1"


def test_sources_are_set_in_the_file_and_in_the_environment(tmp_path: Path) -> None:
    text = (
        '[source.coingecko]\nkey = "from-the-file"\nplan = "pro"\nper_minute = 500\n'
        '[source.alchemy]\nkey_command = ["pass", "show", "a b"]\n'
        '[source.defillama]\non = false\n[feed]\nttl = 7.5\norder = ["dexscreener", "coingecko"]\n'
    )
    env = {
        "PAPERTRADER_COINGECKO_KEY": KEY,
        "PAPERTRADER_DEXSCREENER_URL": "http://localhost:1/x",
        "PAPERTRADER_GECKOTERMINAL_KEY_COMMAND": "op read 'my key'",
    }
    loaded = config.load(config=write(tmp_path, text), env=env)
    source = loaded.settings.source
    assert source.coingecko.key.reveal() == KEY
    assert (source.coingecko.plan, source.coingecko.per_minute) == ("pro", 500)
    assert source.alchemy.key_command == ("pass", "show", "a b")
    assert source.geckoterminal.key_command == ("op", "read", "my key")
    assert source.dexscreener.base_url == "http://localhost:1/x"
    assert source.defillama.on is False
    assert loaded.settings.feed.ttl == Decimal("7.5")
    assert loaded.settings.feed.order == ("dexscreener", "coingecko")
    assert KEY not in repr(loaded)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[source.coingeko]\non = true\n", ["[source.coingeko]", "'source.coingecko'"]),
        ("source = 3\n", ["written [source.coingecko]"]),
        ("[source.alchemy]\nkey = 'a SECRET b'\n", ["[source.alchemy] key = …", "without blanks"]),
        ("[source.alchemy]\nkey = ['SECRET']\n", ["key = …"]),
        ("[source.alchemy]\nkye = 'SECRET'\n", ["did you mean 'key'?"]),
        ("[source.alchemy]\nkey_command = 'pass \"SECRET'\n", ["key_command = …", "program"]),
        ("[source.alchemy]\nbase_url = 'https://SECRET@host'\n", ["base_url = …", "without user"]),
        ("[source.alchemy]\nbase_url = 'ftp://SECRET'\n", ["base_url = …", "https://host/path"]),
        (
            "[source.alchemy]\nbase_url = 'https://host/?k=SECRET'\n",
            ["base_url = …", "without user"],
        ),
        ("[source.alchemy]\nplan = 'pro'\n", ["no setting 'plan'"]),
        ("[feed]\nttl = 4.9\n", ["ttl = 4.9", "from 5 to 300"]),
        ("[feed]\nttl = 301\n", ["ttl = 301"]),
        ("[feed]\norder = ['coingeko']\n", ["'coingeko'", "did you mean 'coingecko'?"]),
    ],
)
def test_a_refused_source_setting_is_named_and_no_key_repeated(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(write(tmp_path, text))
    for part in parts:
        assert part in str(refused.value)
    assert "SECRET" not in str(refused.value)


def test_a_misspelt_variable_of_a_source_is_refused_without_its_value() -> None:
    with pytest.raises(ConfigError, match="did you mean 'PAPERTRADER_ALCHEMY_KEY'") as refused:
        config.load(env={"PAPERTRADER_ALCHEMY_KYE": "SECRET"})
    assert "SECRET" not in str(refused.value)


def test_config_show_says_whether_a_key_is_set_and_where_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAPERTRADER_CONFIG", write(tmp_path, "[source.coingecko]\n"))
    monkeypatch.setenv("PAPERTRADER_COINGECKO_KEY", KEY)
    monkeypatch.setenv("PAPERTRADER_ALCHEMY_URL", "https://host/v2/SECRET")
    monkeypatch.setenv("PAPERTRADER_DEFILLAMA_KEY_COMMAND", "echo SECRET")
    for words in (["config", "show"], ["config", "show", "--json"]):
        assert main(words) == 0
        out = capsys.readouterr().out
        assert KEY not in out
        assert "SECRET" not in out
        assert "PAPERTRADER_COINGECKO_KEY" in out
        assert "https://host/…" in out
    assert '"value": "set"' in out
    assert '"value": "not set"' in out


def test_the_sources_are_those_that_there_are() -> None:
    assert tuple(SOURCES) == (*catalog.SOURCES, "onchain")
    assert {f.name for f in fields(config.SourcesSettings)} == set(SOURCES)
