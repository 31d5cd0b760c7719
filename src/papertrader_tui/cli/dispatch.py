"""From parsed arguments to one command, and from its errors to words and an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module

from papertrader_tui.config_options import ConfigError

_HANDLERS = {
    "run": ("session", "run"),
    "account_list": ("accounts", "show_all"),
    "account_new": ("accounts", "new"),
    "account_show": ("accounts", "show"),
    "account_reset": ("accounts", "reset"),
    "account_delete": ("accounts", "delete"),
    "account_level": ("race", "set_account_level"),
    "replay": ("replay", "run"),
    "sweep": ("sweep", "run"),
    "race": ("race", "run"),
    "token_search": ("tokens", "find"),
    "token_add": ("tokens", "add"),
    "token_remove": ("tokens", "remove"),
    "token_list": ("tokens", "show"),
    "quote": ("quote", "run"),
    "decisions": ("decisions", "show"),
    "explain": ("decisions", "explain"),
    "scorecard": ("scorecard", "run"),
    "report": ("report", "run"),
    "export": ("records", "export"),
    "verify": ("records", "verify"),
    "doctor": ("doctor", "run"),
    "config_show": ("settings", "show"),
    "config_path": ("settings", "path"),
    "config_init": ("settings", "init"),
}


def run(arguments: argparse.Namespace) -> int:
    """Run the command that was asked for.

    Returns:
        Its exit code; 2 where the input was wrong, 1 where something failed.
    """
    if arguments.handler == "help":
        arguments.parser.print_help(sys.stderr)
        return 2
    module, name = _HANDLERS[arguments.handler]
    try:
        handler: Callable[[argparse.Namespace], int] = getattr(
            import_module(f"papertrader_tui.cli.{module}"), name
        )
        return handler(arguments)
    except ConfigError as error:
        return _say(error, 2)
    except Exception as error:
        if not _is_expected(error):
            raise
        return _say(error, 2 if isinstance(error, ValueError) else 1)


def _is_expected(error: Exception) -> bool:
    """Errors that say in words what happened and what to do.

    Those of the tape and of the console go by name: their modules are slow to import.
    """
    from papertrader_tui.ports import JournalError, NotStarted
    from papertrader_tui.store.errors import StoreError

    if isinstance(error, JournalError | NotStarted | StoreError):
        return True
    return type(error).__name__ in ("TapeError", "KeymapError", "UnknownToken")


def _say(error: Exception, code: int) -> int:
    print(f"papertrader: error: {error}", file=sys.stderr)
    return code
