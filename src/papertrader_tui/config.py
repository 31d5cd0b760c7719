"""Settings: defaults, overridden by config.toml, then by the environment, then by flags.

Every setting is one `Option` in `config_options`, which says what it may be; `load` refuses
anything else, with the place it was written in, what was written and what is allowed.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from papertrader_tui.chain_settings import ChainsSettings
from papertrader_tui.config_chains import read_chains
from papertrader_tui.config_options import (
    OPTIONS,
    SECTIONS,
    SOURCES,
    ConfigError,
    Option,
    did_you_mean,
)
from papertrader_tui.domain.exit_rules import ExitRules
from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.feeds.sources.secret import NO_KEY, Secret

APP = "papertrader"
ENV = "PAPERTRADER_"
ENV_CONFIG = "PAPERTRADER_CONFIG"
ENV_DATA_DIR = "PAPERTRADER_DATA_DIR"


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """Where prices come from.

    Attributes:
        kind: `auto`, `live`, `demo` or `tape`.
        chain: Chain that a tape's tokens are traded on.
        seed: Of the demo market, for accounts that are created.
        speed: Market seconds per second, `max`, or `auto` for what suits the market.
    """

    kind: str = "auto"
    chain: str = "base"
    seed: int = 7
    speed: str = "auto"


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How often and how long price sources are asked, in seconds (`[feed]`).

    Attributes:
        ttl: Between two looks, and how long a price is served from the cache.
        order: Sources, the preferred one first; one that is left out is off.
        patience: How long one slow source holds the others up.
        deadline: After which a request has failed.
        probe: In which any source has to answer at the start.
        poll: Between two looks for a new block of a chain.
    """

    ttl: Decimal = Decimal(30)
    order: tuple[str, ...] = tuple(SOURCES)
    patience: Decimal = Decimal(3)
    deadline: Decimal = Decimal(10)
    probe: Decimal = Decimal(3)
    poll: Decimal = Decimal(4)


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What can be set of one price source.

    Attributes:
        base_url: Instead of its own address, "" for that.
        key: API key; it does not print.
        key_command: Program and arguments that print the key.
        plan: Of the key (CoinGecko): `demo`, `pro`, or `auto` to find out.
        per_minute, batch: Instead of the documented limits, 0 for those.
    """

    on: bool = True
    base_url: str = ""
    key: Secret = NO_KEY
    key_command: tuple[str, ...] = ()
    plan: str = "auto"
    per_minute: int = 0
    batch: int = 0


@dataclass(frozen=True, slots=True)
class SourcesSettings:
    """`[source.NAME]` of each."""

    alchemy: SourceOptions = SourceOptions()
    coingecko: SourceOptions = SourceOptions()
    dexscreener: SourceOptions = SourceOptions()
    geckoterminal: SourceOptions = SourceOptions()
    defillama: SourceOptions = SourceOptions()
    onchain: SourceOptions = SourceOptions()

    def of(self, name: str) -> SourceOptions:
        """Those of one source."""
        found: SourceOptions = getattr(self, name)
        return found


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Which account is opened ("" is the last used one), and what a new one begins with.

    Attributes:
        watchlist: Name of the list that a new account watches, "" for the market's own.
    """

    name: str = ""
    cash: Decimal = Decimal(10_000)
    watchlist: str = ""


@dataclass(frozen=True, slots=True)
class UiSettings:
    """How the console looks and which key does what.

    Attributes:
        keys: Key by the id of the command that it is for, where it differs from the default.
    """

    theme: str = "papertrader"
    reduce_motion: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where accounts are kept ("" is the platform's place), and prices for how long.

    Attributes:
        recording_days: For how long what a live market said is kept word for word.
    """

    data_dir: str = ""
    raw_price_hours: int = 24
    minute_price_days: int = 30
    recording_days: int = 30


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; immutable."""

    market: MarketSettings = field(default_factory=MarketSettings)
    account: AccountSettings = field(default_factory=AccountSettings)
    risk: RiskLimits = field(default_factory=RiskLimits)
    exits: ExitRules = field(default_factory=ExitRules)
    ui: UiSettings = field(default_factory=UiSettings)
    feed: LiveSettings = field(default_factory=LiveSettings)
    source: SourcesSettings = field(default_factory=SourcesSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    chains: ChainsSettings = field(default_factory=ChainsSettings)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and where they are from.

    Attributes:
        path: The configuration file, whether or not it exists.
        exists: Whether it was there.
        origins: Where each setting that is not a default comes from, by `section.key`.
    """

    settings: Settings
    path: Path
    exists: bool
    origins: Mapping[str, str]

    def origin(self, option: Option) -> str:
        """Where a setting comes from, in words."""
        return self.origins.get(option.name, "default")

    def explicit(self, name: str) -> bool:
        """Whether somebody set it."""
        return name in self.origins


def value_of(settings: Settings, option: Option) -> Any:
    """What a setting is."""
    found: Any = settings
    for part in option.name.split("."):
        found = getattr(found, part)
    return found


def config_path(flag: str | None, env: Mapping[str, str]) -> tuple[Path, bool]:
    """The configuration file, and whether somebody named it (so that it has to exist)."""
    named = flag or env.get(ENV_CONFIG)
    if named:
        return Path(named).expanduser(), True
    import platformdirs

    return Path(platformdirs.user_config_dir(APP)) / "config.toml", False


def load(
    *,
    config: str | None = None,
    flags: Mapping[str, tuple[str, str]] | None = None,
    env: Mapping[str, str] | None = None,
    must_exist: bool = True,
) -> Loaded:
    """The settings in force.

    Args:
        config: Path of the configuration file, if a flag named one.
        flags: What flags say, by setting: the flag and its text.
        env: The environment (default: this process's).
        must_exist: Whether a file that somebody named has to be there.

    Raises:
        ConfigError: something is not allowed; the message says where, what, and what is.
    """
    env = os.environ if env is None else env
    path, named = config_path(config, env)
    document = _read(path, required=named and must_exist)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, value in _from_document(document or {}, path).items():
        values[name], origins[name] = value, str(path)
    for name, (variable, text) in _from_environment(env).items():
        values[name] = OPTIONS[name].from_text(text, f"environment variable {variable}")
        origins[name] = f"environment ({variable})"
    for name, (flag, text) in (flags or {}).items():
        values[name] = OPTIONS[name].from_text(text, flag)
        origins[name] = f"flag ({flag})"
    settings = replace(_build(values), chains=read_chains(document or {}, path, env))
    return Loaded(settings, path, document is not None, origins)


def _build(values: Mapping[str, Any]) -> Settings:
    settings = Settings()
    for name, value in values.items():
        settings = _with(settings, name.split("."), value)
    return settings


def _with(part: Any, path: list[str], value: Any) -> Any:
    """The same with one setting changed, however deep."""
    first, *rest = path
    return replace(part, **{first: _with(getattr(part, first), rest, value) if rest else value})


def _read(path: Path, *, required: bool) -> dict[str, Any] | None:
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        if required:
            msg = f"there is no configuration file {path}; papertrader config init writes one"
            raise ConfigError(msg) from None
        return None
    except OSError as error:
        msg = f"cannot read the configuration file {path}: {error.strerror}"
        raise ConfigError(msg) from None
    except UnicodeDecodeError as error:
        msg = f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise ConfigError(msg) from None
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ArithmeticError) as error:
        msg = f"{path} is not valid TOML: {error}"
        raise ConfigError(msg) from None


def _from_document(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for section, table in _sections(document, path):
        if section not in SECTIONS:
            msg = f"{path}: there is no section [{section}]; {did_you_mean(section, SECTIONS)}"
            raise ConfigError(msg)
        if not isinstance(table, Mapping):
            msg = f"{path}: {section} has to be a section, written [{section}]"
            raise ConfigError(msg)
        keys = [o.key for o in OPTIONS.values() if o.section == section]
        for key, value in table.items():
            if key not in keys:
                # The value is not repeated: it may be a secret under a misspelt name.
                msg = f"{path}: [{section}] has no setting {key!r}; {did_you_mean(key, keys)}"
                raise ConfigError(msg)
            option = OPTIONS[f"{section}.{key}"]
            found = option.from_toml(value, f"{path}: [{section}] {key}")
            if found != {}:  # a section of keys with nothing in it sets nothing
                values[option.name] = found
    return values


def _sections(document: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    """Sections by name; those of the sources lie in one called `source`.

    `chain` and `token` are read by `config_chains`.
    """
    for section, table in document.items():
        if section in ("chain", "token"):
            continue
        if section != "source":
            yield section, table
        elif isinstance(table, Mapping):
            yield from ((f"source.{name}", inner) for name, inner in table.items())
        else:
            msg = f"{path}: source has to be sections, written [source.coingecko]"
            raise ConfigError(msg)


def _from_environment(env: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    variables = {o.variable: n for n, o in OPTIONS.items() if o.variable}
    ours = tuple(f"{ENV}{section.rpartition('.')[2].upper()}_" for section in SECTIONS)
    found: dict[str, tuple[str, str]] = {}
    for variable, text in env.items():
        if variable in variables:
            if text:
                found[variables[variable]] = (variable, text)
        elif variable.startswith(ours):
            msg = f"environment variable {variable} is no setting; " + did_you_mean(
                variable, sorted(variables)
            )
            raise ConfigError(msg)
    return found
