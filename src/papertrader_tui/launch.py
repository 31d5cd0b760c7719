"""What one session is asked for, and what follows from it: which market, account, seed, speed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Literal

from papertrader_tui import __version__
from papertrader_tui.config import Loaded as Config
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain import commands as cmd
from papertrader_tui.ports import MarketInfo
from papertrader_tui.store import accounts, paths
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.meta import Meta

PROGRAM = f"papertrader {__version__}"
DEMO_MAX_SPEED = 600
_NAME_LENGTH = 32
#: On a screen something should move: at ×1 a demo token has one price every ten seconds, and a
#: tape stands still for a candle's whole length.
CONSOLE_DEMO_SPEED = 10.0
CONSOLE_TAPE_SPEED = 60.0


@dataclass(frozen=True, slots=True)
class Launch:
    """What flags ask of one session, beside the settings.

    Attributes:
        headless: No console: tapes run as fast as possible unless told otherwise.
        tape: File of the tape market.
        zone: Of times on it that name none; None is UTC.
        stamp: What the time of a candle on it is: `start` or `end`.
        symbol: Plays only this symbol of it.
        span: Market milliseconds after which the session ends.
        wait: A live market that no source has a price for is waited for.
        level, bot, gates: Set at the start where not None.
    """

    headless: bool
    tape: Path | None = None
    zone: tzinfo | None = None
    stamp: Literal["start", "end"] = "start"
    symbol: str | None = None
    span: int | None = None
    wait: bool = False
    level: int | None = None
    bot: bool | None = None
    gates: bool | None = None

    @property
    def commands(self) -> tuple[cmd.Command, ...]:
        """What the flags change in the account as the session begins."""
        found: list[cmd.Command] = []
        if self.level is not None:
            found.append(cmd.SetLevel(self.level))
        if self.gates is not None:
            found.append(cmd.SwitchGates(self.gates))
        if self.bot is not None:
            found.append(cmd.SwitchBot(self.bot))
        return tuple(found)


def data_dir(config: Config) -> Path:
    """The folder that accounts are kept in."""
    return paths.data_dir(config.settings.store.data_dir or None)


def market_kind(config: Config, launch: Launch) -> str:
    """Which market is meant: `live`, `demo`, `tape`, or `auto` where the network decides.

    `auto` is decided already where the account that is named belongs to a market, and by flags
    that only the demo market has.

    Raises:
        ConfigError: a tape without a file, a file without a tape, or a speed for live prices.
    """
    kind = config.settings.market.kind
    if launch.tape is not None:
        if kind in ("demo", "live"):
            msg = f"--tape {launch.tape} is for the tape market, but the market is set to {kind}"
            raise ConfigError(msg)
        return "tape"
    if kind == "live" and _flag(config, "market.speed"):
        msg = "the live market goes as fast as the world does; leave --speed out"
        raise ConfigError(msg)
    if kind == "tape":
        msg = "the tape market needs a recording: add --tape FILE"
        raise ConfigError(msg)
    if kind == "auto":
        owner = _owner(config)
        if owner in ("live", "demo"):
            return owner
        if _flag(config, "market.speed") or _flag(config, "market.seed"):
            return "demo"
    return kind


def _owner(config: Config) -> str:
    """Kind of the market that the account that is named belongs to, "" where none is."""
    name = config.settings.account.name
    if not name or not file_of(data_dir(config), name).exists():
        return ""
    found = accounts.show(data_dir(config), name).meta
    return found.market if found is not None else ""


def market_speed(config: Config, launch: Launch, kind: str) -> float | None:
    """Market seconds per second; None is as fast as possible.

    Raises:
        ConfigError: the demo market does not go at that speed.
    """
    text = config.settings.market.speed
    if text == "max":
        return None
    if text == "auto":
        if kind == "demo":
            return 1.0 if launch.headless else CONSOLE_DEMO_SPEED
        return None if launch.headless else CONSOLE_TAPE_SPEED
    speed = float(text)
    if kind == "demo" and not 1 <= speed <= DEMO_MAX_SPEED:
        msg = f"speed {text}: the demo market takes 1 to {DEMO_MAX_SPEED}, or max"
        raise ConfigError(msg)
    return speed


def account_path(config: Config, launch: Launch, kind: str) -> Path:
    """The file of the account that is meant, whether or not it exists.

    Without a name it is the last used one of that kind of market, else `live` for live prices and
    `default` for others; for a tape it is the account named after the file.

    Raises:
        ConfigError: the name cannot be an account's, or flags ask for another beginning than it
            had.
    """
    data = data_dir(config)
    name = config.settings.account.name
    if not name and launch.tape is not None:
        name = tape_account(launch.tape)
    path = file_of(data, name or last_used(data, kind) or _free(data, kind))
    if path.exists() and _flag(config, "account.cash"):
        msg = (
            f"account {path.stem!r} exists, so --cash changes nothing; name a new one with "
            "--account, or leave --cash out"
        )
        raise ConfigError(msg)
    return path


def _free(data: Path, kind: str) -> str:
    """The usual name of a kind's first account, or one like it where another kind has taken it."""
    usual = "live" if kind == "live" else "default"
    taken = accounts.names(data)
    others = (f"{usual}-{number}" for number in count(2))
    return usual if usual not in taken else next(name for name in others if name not in taken)


def account_seed(config: Config, meta: Meta | None) -> int:
    """The seed of an account that goes on (with the flag's, if it has none of its own yet).

    Raises:
        ConfigError: the flag asks for another than it has.
    """
    wanted = config.settings.market.seed
    if meta is None:
        return wanted
    if not _flag(config, "market.seed") or wanted == meta.seed:
        return meta.seed
    if not meta.market:
        return wanted
    msg = (
        f"account {meta.name!r} was opened with seed {meta.seed} and cannot go on with "
        f"--seed {wanted}; leave --seed out, or use --account NAME for an account of its own"
    )
    raise ConfigError(msg)


def check_market(meta: Meta | None, info: MarketInfo) -> None:
    """An account goes on only with the market that it began with.

    Raises:
        ConfigError: this is another one.
    """
    check_kind(meta, info.kind)
    if meta is None or not meta.market or meta.identity == info.identity:
        return
    msg = (
        f"account {meta.name!r} belongs to another {info.kind} ({meta.identity}) and cannot go on "
        f"with {info.identity}; use --account NAME for an account of its own"
    )
    raise ConfigError(msg)


def check_kind(meta: Meta | None, kind: str) -> None:
    """The same of the kind alone, before a market is opened.

    Raises:
        ConfigError: the account belongs to another kind of market.
    """
    if meta is None or meta.market in ("", kind):
        return
    msg = (
        f"account {meta.name!r} belongs to the {meta.market} market ({meta.identity}) and cannot "
        f"go on with the {kind} market; use --account NAME for an account of its own"
    )
    raise ConfigError(msg)


def new_account(data: Path, name: str, cash: Decimal, seed: int) -> Path:
    """Make an account that belongs to no market yet.

    Raises:
        ConfigError: the name is taken, or cannot be an account's.
        StoreError: the folder cannot be used.
    """
    if file_of(data, name).exists():
        msg = (
            f"there is an account {name!r} already; choose another name, or begin it anew with "
            f"papertrader account reset {name}"
        )
        raise ConfigError(msg)
    return accounts.create(data, Meta(name, cash, "", "", seed, created_now(), PROGRAM))


def file_of(data: Path, name: str) -> Path:
    """The file of an account, whether or not it exists.

    Raises:
        ConfigError: the name cannot be an account's.
    """
    try:
        return paths.account_path(data, name)
    except StoreError as error:
        raise ConfigError(str(error)) from None


def created_now() -> str:
    """The wall clock, for an account's particulars only."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def last_used(data: Path, kind: str | None = None) -> str | None:
    """The account last written to, of one kind of market where that matters."""
    found = [
        info
        for info in accounts.list_accounts(data)
        if kind is None or (info.meta is not None and info.meta.market in (kind, ""))
    ]
    return max(found, key=lambda info: _written(info.path)).name if found else None


def tape_account(tape: Path) -> str:
    """The account that a tape trades in by default, named after its file.

    A long name keeps its beginning and a short hash, so that the tapes of two days differ.
    """
    stem = tape.name.lower().removesuffix(".gz").removesuffix(".csv")
    name = re.sub(r"[^a-z0-9_]+", "-", stem).strip("-_") or "tape"
    if len(name) <= _NAME_LENGTH:
        return name
    mark = sha256(name.encode()).hexdigest()[:6]
    return f"{name[: _NAME_LENGTH - 7].rstrip('-_')}-{mark}"


def _written(path: Path) -> float:
    """When the file was last written, its log included; a reader leaves an empty log behind."""
    log = path.with_name(path.name + "-wal")
    used = [p.stat() for p in (path, log) if p.exists()]
    return max((s.st_mtime for s in used if s.st_size), default=0.0)


def _flag(config: Config, name: str) -> bool:
    return config.origins.get(name, "").startswith("flag")
