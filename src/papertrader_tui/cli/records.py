"""`papertrader export` and `papertrader verify`: reading commands, beside a running desk."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from papertrader_tui.cli.accounts import chosen, load_config
from papertrader_tui.config_options import ConfigError
from papertrader_tui.registry import load_registry
from papertrader_tui.store.export import export as write_rows
from papertrader_tui.store.verify import verify as check


def export(arguments: argparse.Namespace) -> int:
    """Write what an account recorded; a file appears whole or not at all."""
    path = chosen(load_config(arguments))
    form = arguments.format or _form(arguments.output)
    symbols = {t.id: t.symbol for t in load_registry().tokens.values()}
    if arguments.output in (None, "-"):
        write_rows(path, arguments.what, form, sys.stdout, symbols=symbols)
        return 0
    target = Path(arguments.output).expanduser()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            count = write_rows(path, arguments.what, form, file, symbols=symbols)
        part.replace(target)
    except OSError as error:
        msg = f"cannot write {target}: {error.strerror}"
        raise ConfigError(msg) from error
    finally:
        part.unlink(missing_ok=True)
    print(f"papertrader: {count} {arguments.what} of {path.stem} in {target}", file=sys.stderr)
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Check an account from its first entry; 1 where something differs."""
    report = check(chosen(load_config(arguments)))
    if arguments.json:
        print(json.dumps(report.as_dict(), indent=2))
    else:
        print("\n".join(report.lines()))
    return 0 if report.ok else 1


def _form(output: str | None) -> str:
    return "csv" if output is not None and output.lower().endswith(".csv") else "jsonl"
