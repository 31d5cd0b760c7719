"""`papertrader account`: list, new, show, reset, delete."""

from __future__ import annotations

import argparse
import json
import sys
from decimal import Decimal
from pathlib import Path

from papertrader_tui import config, tokenbook
from papertrader_tui.cli.parser import flags
from papertrader_tui.config_options import ConfigError, did_you_mean
from papertrader_tui.domain.money import plain
from papertrader_tui.engine.rows import iso
from papertrader_tui.headless.text import clean, money, signed
from papertrader_tui.launch import (
    PROGRAM,
    created_now,
    data_dir,
    file_of,
    last_used,
    new_account,
)
from papertrader_tui.store import accounts
from papertrader_tui.store.accounts import AccountInfo


def load_config(arguments: argparse.Namespace) -> config.Loaded:
    """The settings in force for a command that is no session."""
    return config.load(config=getattr(arguments, "config", None), flags=flags(arguments))


def chosen(loaded: config.Loaded, name: str = "") -> Path:
    """The file of the account that a command is about: named, set, or last used.

    Raises:
        ConfigError: there is none, or none of that name.
    """
    data = data_dir(loaded)
    name = name or loaded.settings.account.name or last_used(data) or ""
    if not name:
        msg = f"there is no account in {data} yet; papertrader account new NAME makes one"
        raise ConfigError(msg)
    path = file_of(data, name)
    if not path.exists():
        there = accounts.names(data)
        hint = did_you_mean(name, there) if there else "papertrader account new makes one"
        msg = f"there is no account {name!r} in {data}; {hint}"
        raise ConfigError(msg)
    return path


def show_all(arguments: argparse.Namespace) -> int:
    """List every account."""
    loaded = load_config(arguments)
    data = data_dir(loaded)
    found = accounts.list_accounts(data)
    if arguments.json:
        print(json.dumps([info.as_dict() for info in found], indent=2))
        return 0
    if not found:
        print(f"no accounts in {data} yet; papertrader account new NAME makes one")
        return 0
    last = last_used(data)
    print(f"  {'NAME':<32} {'MARKET':<6} {'EQUITY':>16} {'P&L':>14} {'TRADES':>7}")
    for info in found:
        mark = "*" if info.name == last else " "
        if info.meta is None:
            print(f"{mark} {info.name:<32} {clean(info.problem)}")
            continue
        print(
            f"{mark} {info.name:<32} {info.meta.market or '–':<6} {money(info.equity):>16}"
            f" {signed(info.equity - info.meta.cash):>14} {info.trades:>7}{_use(info)}"
        )
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Tell of one account."""
    loaded = load_config(arguments)
    path = chosen(loaded, arguments.name)
    info = accounts.show(data_dir(loaded), path.stem)
    if arguments.json:
        print(json.dumps(info.as_whole(), indent=2))
        return 0
    meta = info.meta
    assert meta is not None  # show raises where there is none
    market = meta.market or "none yet"
    if meta.identity not in ("", meta.market):
        market += f" ({meta.identity})"
    print(f"account     {info.name}{_use(info)}")
    print(f"file        {info.path}")
    print(f"market      {market}, seed {meta.seed}")
    then = "" if info.as_of is None else f", as of {iso(info.as_of)}"
    print(f"equity      {money(info.equity)} of {money(meta.cash)} at the beginning{then}")
    print(f"trades      {info.trades}, decisions {info.decisions}")
    print(f"open        {info.positions} positions, {info.open_orders} orders")
    if info.totals:
        marked = {name: Decimal(value) for name, value in info.totals.items() if value}
        print(f"cash        {money(marked['cash'])}, {marked['exposure']} % exposed")
        print(
            f"profit      realised {signed(marked['realized'])}, "
            f"unrealised {signed(marked['unrealized'])}, both before costs"
        )
        print(
            f"costs       LP fees {money(marked['lp_fees'])}, impact {money(marked['impact'])}, "
            f"MEV {money(marked['mev'])}, gas {money(marked['gas'])}"
        )
        if "liquidation" in marked:
            print(f"if sold     {money(marked['liquidation'])} after LP fee, impact and gas")
    names = token_names(loaded)
    for held in info.holdings:
        symbol = names.get(held.token, held.token)
        print(f"  {symbol:<18} {plain(held.quantity):>28}  cost {money(held.cost)}")
    return 0


def token_names(loaded: config.Loaded) -> dict[str, str]:
    """What tokens are called: the bundled ones and the person's own."""
    book = tokenbook.load(data_dir(loaded))
    tokens = book.registry(loaded.settings.chains.registry()).tokens.values()
    return {token.id: clean(token.label) for token in tokens}


def new(arguments: argparse.Namespace) -> int:
    """Make an account."""
    loaded = load_config(arguments)
    settings = loaded.settings
    data = data_dir(loaded)
    path = new_account(data, arguments.name, settings.account.cash, settings.market.seed)
    if arguments.json:
        print(json.dumps(accounts.show(data, path.stem).as_dict(), indent=2))
    else:
        print(f"account {path.stem} with ${money(settings.account.cash)} ({path})")
        print(f"open it: papertrader --account {path.stem}")
    return 0


def reset(arguments: argparse.Namespace) -> int:
    """Begin an account anew."""
    loaded = load_config(arguments)
    path = chosen(loaded, arguments.name)
    if not _agreed(arguments, f"Reset account {path.stem}? Its trades and decisions are deleted."):
        return 1
    meta = accounts.reset(data_dir(loaded), path.stem, created=created_now(), program=PROGRAM)
    print(f"account {meta.name} begins anew with ${money(meta.cash)}")
    return 0


def delete(arguments: argparse.Namespace) -> int:
    """Delete an account."""
    loaded = load_config(arguments)
    path = chosen(loaded, arguments.name)
    if not _agreed(arguments, f"Delete account {path.stem} and all that it recorded?"):
        return 1
    accounts.delete(data_dir(loaded), path.stem)
    print(f"account {path.stem} is deleted")
    return 0


def _use(info: AccountInfo) -> str:
    if info.pid is None:
        return ""
    return f"  in use by process {info.pid}" if info.pid else "  in use"


def _agreed(arguments: argparse.Namespace, question: str) -> bool:
    """Ask once.

    Raises:
        ConfigError: there is nobody to ask.
    """
    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        msg = f"{question} There is no terminal to ask on: add --yes"
        raise ConfigError(msg)
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    print("papertrader: nothing was changed", file=sys.stderr)
    return False
