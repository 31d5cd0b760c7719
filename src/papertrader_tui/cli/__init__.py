"""The command `papertrader`: reads arguments, hands over to one front end, names errors.

Imports nothing heavy: `--help` and `--version` load neither the desk nor any front end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from papertrader_tui.cli import parser as command_line


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0; 1 where something failed or verification found a difference; 2 where
        the input was wrong; 130 after Ctrl-C.
    """
    arguments = command_line.build().parse_args(argv)
    _steady(sys.stdout)
    _steady(sys.stderr)
    from papertrader_tui.cli import dispatch

    try:
        code = dispatch.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("papertrader: interrupted", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        code = 0
    except OSError as error:
        what = error.filename or "cannot write the output"
        print(f"papertrader: error: {what}: {error.strerror}", file=sys.stderr)
        code = 1
    _let_go_of_a_broken_stdout()
    return code


def _steady(stream: object) -> None:
    """The same bytes whatever the locale says; nothing that is printed can fail to encode."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def _let_go_of_a_broken_stdout() -> None:
    """Python flushes stdout once more as it exits, and would complain of what was said already."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)
