"""`papertrader replay ACCOUNT`: an account's file stepped again, and compared fact by fact."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from papertrader_tui.cli.replay import reading
from papertrader_tui.config import Loaded
from papertrader_tui.config_options import ConfigError
from papertrader_tui.headless.text import clean
from papertrader_tui.recorded import check_account

#: Flags that only the replay of a tape has, and what they are where they were not given.
_TAPES_ONLY = {"level": None, "levels": None, "since": None, "until": None, "out": None}


def run(
    arguments: argparse.Namespace,
    loaded: Loaded,
    accounts: Sequence[Path],
    tapes: Sequence[Path],
) -> int:
    """Step an account again; 1 where something differs.

    Raises:
        ConfigError: flags or files do not fit an account.
    """
    if len(accounts) > 1 or len(tapes) > 1:
        msg = "name one account's file, and the one tape it was traded on if it was one"
        raise ConfigError(msg)
    path = accounts[0]
    given = [name for name, usual in _TAPES_ONLY.items() if getattr(arguments, name) != usual]
    if given or arguments.costs != "full" or not arguments.gates:
        what = f"--{given[0]}" if given else "--costs" if arguments.gates else "--no-gates"
        what = {"--since": "--from", "--until": "--to"}.get(what, what)
        msg = f"{what}: {path.name} is an account's file; it is stepped again as it was"
        raise ConfigError(msg)
    found = check_account(loaded, path, tapes[0] if tapes else None, reading(arguments))
    total = sum(found.facts.values())
    if arguments.json:
        plain = {
            "account": path.name,
            "identical": found.difference is None,
            "sessions": found.sessions,
            "facts": dict(sorted(found.facts.items())),
            "difference": None if found.difference is None else asdict(found.difference),
        }
        print(json.dumps(plain, indent=2))
    elif found.difference is None:
        decided, filled = found.facts["Decided"], found.facts["Filled"]
        print(
            f"identical: {total:,} facts of {found.sessions:,} sessions came again, "
            f"{decided:,} decisions and {filled:,} fills among them"
        )
    else:
        print(f"{total:,} facts are the same")
        print(f"DIFFERS: {clean(str(found.difference))}")
    return 0 if found.difference is None else 1
