"""A key from a program (a password manager), without a shell and without repeating its output."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
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
        out = _beginning(process, time.monotonic() + seconds)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.stdout is not None:
            process.stdout.close()
        process.wait()
    if out is None:
        raise KeyCommandError(f"key_command {program!r} took longer than {seconds:g} s")
    if process.returncode:
        raise KeyCommandError(
            f"key_command {program!r} failed with exit status {process.returncode}; "
            "run it by hand to see why"
        )
    return _key(program, out)


def _beginning(process: subprocess.Popen[bytes], end: float) -> bytes | None:
    """The first bytes that a program prints, once it has ended; None if it has not in time."""
    assert process.stdout is not None
    pipe, out = process.stdout.fileno(), b""
    while select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
        piece = os.read(pipe, 65_536)
        if not piece:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
                return out
            return None
        # what follows is let go: it may be without end
        out = (out + piece)[:_MOST]
        if time.monotonic() > end:
            return None
    return None


def _key(program: str, out: bytes) -> Secret:
    first = out.decode("utf-8", "replace").partition("\n")[0]
    secret = None
    with suppress(ValueError):
        secret = Secret(first)
    if not secret:
        raise KeyCommandError(
            f"key_command {program!r} printed no key: its first line is empty or holds blanks"
        )
    return secret
