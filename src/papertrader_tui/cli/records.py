"""`papertrader export` and `papertrader verify`: reading commands, beside a running desk."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from papertrader_tui import tokenbook
from papertrader_tui.cli.accounts import chosen, load_config
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.launch import data_dir
from papertrader_tui.store.export import export as write_rows
from papertrader_tui.store.tape import write_tape
from papertrader_tui.store.verify import verify as check

Write = Callable[[Path, TextIO], int]


def export(arguments: argparse.Namespace) -> int:
    """Write what an account recorded; a file appears whole or not at all."""
    loaded = load_config(arguments)
    path = chosen(loaded)
    known = loaded.settings.chains.registry()
    tokens = tokenbook.load(data_dir(loaded)).registry(known).tokens
    write = _tape(arguments, tokens) if arguments.what == "tape" else _rows(arguments, tokens)
    if arguments.output in (None, "-"):
        write(path, sys.stdout)
        return 0
    target = Path(arguments.output).expanduser()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            count = write(path, file)
        part.replace(target)
    except OSError as error:
        msg = f"cannot write {target}: {error.strerror}"
        raise ConfigError(msg) from error
    finally:
        part.unlink(missing_ok=True)
    what = "prices" if arguments.what == "tape" else arguments.what
    print(f"papertrader: {count} {what} of {path.stem} in {target}", file=sys.stderr)
    return 0


def _rows(arguments: argparse.Namespace, tokens: Mapping[TokenId, Token]) -> Write:
    form = arguments.format or _form(arguments.output)
    symbols = {token.id: token.symbol for token in tokens.values()}
    return lambda path, out: write_rows(path, arguments.what, form, out, symbols=symbols)


def _tape(arguments: argparse.Namespace, tokens: Mapping[TokenId, Token]) -> Write:
    """Writes a tape, and says so where it is less than the market told.

    Raises:
        ConfigError: a tape was asked for in another form, or nothing is recorded.
    """
    if arguments.format not in (None, "csv"):
        msg = f"--format {arguments.format}: a tape is CSV; leave --format out"
        raise ConfigError(msg)

    def write(path: Path, out: TextIO) -> int:
        written = write_tape(path, out, tokens)
        if not written.rows:
            msg = (
                f"account {path.stem!r} has no recorded prices; one that plays a tape has them "
                "in that file"
            )
            raise ConfigError(msg)
        if not written.whole:
            print(
                "papertrader: this market was not recorded word for word; the tape holds the "
                "prices kept for charts: one of a token each 30 s, of the last day or so",
                file=sys.stderr,
            )
        return written.rows

    return write


def verify(arguments: argparse.Namespace) -> int:
    """Check an account from its first entry; 1 where something differs."""
    report = check(chosen(load_config(arguments)), fills=arguments.fills)
    if arguments.json:
        print(json.dumps(report.as_dict(), indent=2))
    else:
        print("\n".join(report.lines()))
    return 0 if report.ok else 1


def _form(output: str | None) -> str:
    return "csv" if output is not None and output.lower().endswith(".csv") else "jsonl"
