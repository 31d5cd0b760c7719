"""What `papertrader doctor` looks at: settings, keys, sources, chains, terminal, accounts."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from papertrader_tui import tokenbook
from papertrader_tui.config import Loaded as Config
from papertrader_tui.config_options import SOURCES, ConfigError
from papertrader_tui.doctor_chains import chains
from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources.base import Source
from papertrader_tui.feeds.sources.catalog import NEED_KEY
from papertrader_tui.feeds.sources.http import Http
from papertrader_tui.findings import FAULT, NOTE, OK, WARNING, Finding
from papertrader_tui.launch import data_dir
from papertrader_tui.live_feed import Keys, feed_settings, fetch_keys, names_on, sources_of
from papertrader_tui.registry import load_registry
from papertrader_tui.store import accounts
from papertrader_tui.store.health import FileHealth, health
from papertrader_tui.store.paths import account_path
from papertrader_tui.text import counted

#: The source that asks the nodes.
ONCHAIN = "onchain"
#: Asked about at every source: one that each of them knows.
KNOWN = "WETH@ethereum"
#: Milliseconds by which a clock may be wrong.
SKEW_WARNING, SKEW_FAULT = 10_000, 120_000
#: Bytes that should be free where accounts are kept.
FREE = 200_000_000
#: Columns and rows below which the console shows nothing, and below which not all at once.
TINY, SMALL = (60, 16), (110, 32)


async def look(
    config: Config, env: Mapping[str, str], *, tty: bool, encoding: str
) -> list[Finding]:
    """Look at everything.

    Args:
        config: Settings, as they were read.
        env: The environment.
        tty: Standard output is a terminal.
        encoding: Its encoding.
    """
    found = settings(config)
    try:
        names = names_on(config.settings)
        feed_settings(config.settings.feed)
        keys = await fetch_keys(config.settings, names)
        found += key_findings(config, keys)
        found += await sources(config, names, keys)
    except ConfigError as error:
        found.append(Finding("sources", "price sources", FAULT, str(error), "see [source.NAME]"))
    on = ONCHAIN in config.settings.feed.order and config.settings.source.of(ONCHAIN).on
    found += await chains(config.settings.chains, bundled=on)
    return found + terminal(env, tty=tty, encoding=encoding) + account_findings(config)


def settings(config: Config) -> list[Finding]:
    """The configuration file, and files of tokens and watchlists."""
    if not config.exists:
        text = f"no file {config.path}: defaults, environment and flags"
        found = [Finding("settings", "config.toml", OK, text)]
    else:
        found = [Finding("settings", "config.toml", OK, f"{config.path} is read")]
        secret = any(
            config.settings.source.of(name).key
            and config.origins.get(f"source.{name}.key") == str(config.path)
            for name in SOURCES
        )
        if secret and config.path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            text = f"{config.path} holds a key, and others on this machine can read it"
            found.append(
                Finding("settings", "permissions", WARNING, text, f"chmod 600 {config.path}")
            )
    try:
        book = tokenbook.load(data_dir(config))
    except ConfigError as error:
        return [*found, Finding("settings", "tokens", FAULT, str(error), "correct the file")]
    text = f"{counted(len(book.tokens), 'own token')}, {counted(len(book.lists), 'watchlist')}"
    return [*found, Finding("settings", "tokens", OK, text)]


def key_findings(config: Config, keys: Keys) -> list[Finding]:
    """Which keys there are and where they come from."""
    found = []
    for name in names_on(config.settings):
        options = config.settings.source.of(name)
        origin = config.origins.get(f"source.{name}.key" if options.key else "")
        where = origin or ("key_command" if options.key_command else "")
        variable = f"PAPERTRADER_{name.upper()}_KEY"
        if name in keys.faults:
            remedy = f"correct key_command in [source.{name}], or set {variable}"
            found.append(Finding("keys", name, FAULT, keys.faults[name], remedy))
        elif name in keys.found:
            found.append(Finding("keys", name, OK, f"set, from {where}"))
        elif name in NEED_KEY:
            remedy = f"set {variable} to use it; the others work without"
            found.append(Finding("keys", name, NOTE, "not set: not asked", remedy))
        elif name == "coingecko":
            found.append(Finding("keys", name, NOTE, "not set: the lower limits without a key"))
    return found


# ---------------------------------------------------------------------- sources and clock


async def sources(config: Config, names: Sequence[str], keys: Keys) -> list[Finding]:
    """Ask each source for a price of a token that all know."""
    http = Http(deadline=float(config.settings.feed.deadline))
    asked = sources_of(config.settings, names, keys, http)
    token = load_registry().find(KNOWN)
    await http.prepare()
    try:
        found = list(await asyncio.gather(*(_ask(source, token) for source in asked)))
    finally:
        for source in asked:
            await source.close()
    off = [n for n in SOURCES if n not in names]
    found += [Finding("sources", name, NOTE, "switched off") for name in off]
    if asked and not any(finding.state == OK for finding in found):
        remedy = (
            "check the network, and HTTPS_PROXY where there is a proxy; meanwhile: --market demo"
        )
        found.append(Finding("sources", "all", FAULT, "no price source answers", remedy))
    return found + clock(http.skews)


async def _ask(source: Source, token: Token) -> Finding:
    began = time.monotonic()
    limit = source.limits.per_minute
    figures: dict[str, str | int | float | bool] = {"limit_per_minute": limit}
    try:
        answer = await source.prices([token])
    except SourceError as error:
        figures |= {"reachable": error.status is not None, "fault": error.fault.value}
        state = FAULT if error.fault is Fault.UNAUTHORIZED else WARNING
        return Finding("sources", source.name, state, str(error), _remedy(source, error), figures)
    took = time.monotonic() - began
    figures |= {"reachable": True, "latency_s": round(took, 3)}
    price = answer.prices.get(token.id)
    if price is None:
        said = answer.dropped.get(token.id, "it does not know it")
        text = f"no price of {token.label}: {said}"
        remedy = "the other sources carry it; if it stays so, update papertrader"
        return Finding("sources", source.name, WARNING, text, remedy, figures)
    figures["price"] = format(price.price, "f")
    text = (
        f"{token.label} at ${price.price:,.2f} in {took:.2f} s; limit {limit:g} requests a minute"
    )
    return Finding("sources", source.name, OK, text, "", figures)


def _remedy(source: Source, error: SourceError) -> str:
    match error.fault:
        case Fault.UNAUTHORIZED:
            return f"check PAPERTRADER_{source.name.upper()}_KEY, or take it away"
        case Fault.RATE_LIMITED:
            return "wait a minute; if it stays so, set per_minute lower or get a key"
        case Fault.CONNECTION | Fault.TIMEOUT:
            return "check the network and HTTPS_PROXY; behind a mirror, base_url"
        case _:
            return "the other sources carry it; it is tried again by itself"


def clock(skews: Mapping[str, int]) -> list[Finding]:
    """This machine's clock against the services'."""
    if not skews:
        return [Finding("clock", "clock", NOTE, "not compared: no service answered")]
    skew = statistics.median_low(skews.values())
    seconds = abs(skew) / 1_000
    figures = {"skew_ms": skew}
    if seconds * 1_000 < SKEW_WARNING:
        text = "agrees with the services'"
        return [Finding("clock", "clock", OK, text, "", figures)]
    way = "behind" if skew > 0 else "ahead of"
    text = f"this machine's clock is {seconds:,.0f} s {way} the services'; ages of prices are wrong"
    state = FAULT if abs(skew) >= SKEW_FAULT else WARNING
    return [
        Finding("clock", "clock", state, text, "set the clock (timedatectl set-ntp true)", figures)
    ]


# ---------------------------------------------------------------------- terminal and accounts


def terminal(env: Mapping[str, str], *, tty: bool, encoding: str) -> list[Finding]:
    """What the console can show here."""
    if not tty:
        return [Finding("terminal", "terminal", NOTE, "no terminal: papertrader runs headless")]
    size = shutil.get_terminal_size()
    kind = env.get("TERM", "")
    return [
        _size(size.columns, size.lines),
        _unicode(encoding),
        _colours(env, kind),
    ]


def _size(columns: int, rows: int) -> Finding:
    figures = {"columns": columns, "rows": rows}
    text = f"{columns} × {rows}"
    if columns < TINY[0] or rows < TINY[1]:
        remedy = f"make it {TINY[0]} × {TINY[1]} or larger"
        return Finding("terminal", "size", WARNING, f"{text} is too small", remedy, figures)
    if columns < SMALL[0] or rows < SMALL[1]:
        text += f": one panel at a time; all of them from {SMALL[0]} × {SMALL[1]} on"
        return Finding("terminal", "size", NOTE, text, "", figures)
    return Finding("terminal", "size", OK, text, "", figures)


def _unicode(encoding: str) -> Finding:
    if encoding.lower().replace("-", "") == "utf8":
        return Finding("terminal", "characters", OK, "UTF-8")
    text = f"{encoding or 'unknown'} has no lines and arrows"
    return Finding("terminal", "characters", WARNING, text, "set LC_ALL=C.UTF-8")


def _colours(env: Mapping[str, str], kind: str) -> Finding:
    if env.get("NO_COLOR"):
        return Finding("terminal", "colours", NOTE, "NO_COLOR is set: shapes and words only")
    if kind in ("", "dumb"):
        text = f"TERM is {kind or 'not set'}: the console cannot draw"
        return Finding("terminal", "colours", WARNING, text, "set TERM=xterm-256color, or headless")
    if env.get("COLORTERM", "") in ("truecolor", "24bit"):
        return Finding("terminal", "colours", OK, f"16.7 million ({kind})")
    count = "256" if "256" in kind else "16 or fewer"
    remedy = "set COLORTERM=truecolor if the terminal has them"
    return Finding("terminal", "colours", NOTE, f"{count} ({kind})", remedy)


def account_findings(config: Config) -> list[Finding]:
    """The folder, and each account file."""
    folder = data_dir(config)
    there = folder if folder.exists() else _nearest(folder)
    if not os.access(there, os.W_OK | os.X_OK):
        remedy = "choose another with --data-dir or PAPERTRADER_DATA_DIR"
        return [Finding("accounts", "folder", FAULT, f"{there} cannot be written to", remedy)]
    free = shutil.disk_usage(there).free
    text = f"{folder}, {free / 1e9:,.1f} GB free"
    figures = {"free_bytes": free}
    if free < FREE:
        found = [Finding("accounts", "folder", WARNING, text, "make room on the disk", figures)]
    else:
        found = [Finding("accounts", "folder", OK, text, "", figures)]
    return found + [_file(health(account_path(folder, name))) for name in accounts.names(folder)]


def _file(file: FileHealth) -> Finding:
    figures: dict[str, str | int | float | bool] = {
        "schema": file.schema, "size_bytes": file.size, "in_use": file.holder is not None
    }  # fmt: skip
    used = "" if file.holder is None else f", in use by process {file.holder}"
    text = f"sound, schema {file.schema}, {file.size / 1e6:,.1f} MB{used}"
    if not file.problem:
        if 0 < file.schema < file.current:
            text += f"; it is brought to schema {file.current} when it is opened"
        return Finding("accounts", file.name, OK, text, "", figures)
    remedy = f"restore it from a backup; papertrader verify --account {file.name} says more"
    return Finding("accounts", file.name, FAULT, file.problem, remedy, figures)


def _nearest(folder: Path) -> Path:
    """The folder above that is there."""
    return next(parent for parent in folder.absolute().parents if parent.exists())
