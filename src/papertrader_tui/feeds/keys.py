"""A key from a program (a password manager), without a shell and without repeating its output."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from papertrader_tui.feeds.sources.secret import Secret

#: Seconds that the program may take: it may wait for a finger on a token.
SECONDS = 20.0
_MOST = 4_096


class KeyCommandError(RuntimeError):
    """The program gave no key. The message names the program, never what it printed."""


def key_from(command: Sequence[str], *, seconds: float = SECONDS) -> Secret:
    """The first line that a program prints.

    It gets no terminal: it could not ask for anything while the console draws.

    Args:
        command: The program and its arguments; no shell reads them.
        seconds: After which it is killed, with all that it started.

    Raises:
        KeyCommandError: it cannot be run, fails, takes too long, or prints no key.
    """
    program = command[0]
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "not a usable name"
        raise KeyCommandError(f"key_command {program!r} cannot be run: {why}") from None
    try:
        out, _ = process.communicate(timeout=seconds)
        late = False
    except subprocess.TimeoutExpired:
        late, out = True, b""
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.stdout is not None:
            process.stdout.close()
        process.wait()
    # outside the `except`: the error that was caught holds what was printed
    if late:
        raise KeyCommandError(f"key_command {program!r} took longer than {seconds:g} s")
    if process.returncode:
        raise KeyCommandError(
            f"key_command {program!r} failed with exit status {process.returncode}; "
            "run it by hand to see why"
        )
    return _key(program, out)


def _key(program: str, out: bytes) -> Secret:
    first = out[:_MOST].decode("utf-8", "replace").partition("\n")[0]
    secret = None
    with suppress(ValueError):
        secret = Secret(first)
    if not secret:
        raise KeyCommandError(
            f"key_command {program!r} printed no key: its first line is empty or holds blanks"
        )
    return secret
