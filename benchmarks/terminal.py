"""A terminal to run programs in: a pty of a fixed size, and a screen to read what they drew."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter, sleep

COLUMNS, ROWS = 140, 42
_CHUNK = 1 << 16
_ESCAPES = re.compile(
    r"\x1b\[(?P<row>\d+);(?P<column>\d+)H"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|(?P<control>[\r\n])"
    r"|\x1b."
    r"|(?P<text>[^\x1b\r\n]+)",
    re.DOTALL,
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*)?$")


class Screen:
    """What stands on the screen: text only, as far as Textual's way of drawing needs it."""

    def __init__(self) -> None:
        self._cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self._row = self._column = 0
        self._left = ""
        self._bytes = b""

    def feed(self, data: bytes) -> None:
        """Take in what a program wrote."""
        data = self._bytes + data
        text, used = _decode(data)
        self._bytes = data[used:]
        text = self._left + text
        cut = _UNFINISHED.search(text)
        self._left = text[cut.start() :] if cut else ""
        for found in _ESCAPES.finditer(text[: cut.start()] if cut else text):
            if found["row"]:
                self._row, self._column = int(found["row"]) - 1, int(found["column"]) - 1
            elif found["control"] == "\r":
                self._column = 0
            elif found["control"] == "\n":
                self._row += 1
            elif found["text"]:
                self._put(found["text"])

    def _put(self, text: str) -> None:
        if self._row >= ROWS:
            return
        cells = self._cells[self._row]
        for letter in text:
            if self._column < COLUMNS:
                cells[self._column] = letter
            self._column += 1

    @property
    def lines(self) -> list[str]:
        """One string a line."""
        return ["".join(cells) for cells in self._cells]

    def __contains__(self, text: str) -> bool:
        return any(text in line for line in self.lines)


class Terminal:
    """A program in a pty.

    Args:
        command: Program and arguments.
        environment: Of the program.

    Attributes:
        started: When it was started, by `perf_counter`.
        written: What it wrote so far, with the time at which each piece was read.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        env = {
            **environment,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
        }
        main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.written: list[tuple[float, bytes]] = []
        self.started = perf_counter()
        self.pid = os.fork()
        if self.pid == 0:  # pragma: no cover - the child is another program at once
            try:
                os.login_tty(other)
                os.execvpe(command[0], list(command), env)
            finally:
                os._exit(127)
        os.close(other)
        self._file = main
        self.code: int | None = None

    def read(self, seconds: float) -> bytes:
        """What it writes next; empty if that is nothing within `seconds`, or if it has ended."""
        ready, _, _ = select.select([self._file], [], [], max(0.0, seconds))
        if not ready:
            return b""
        try:
            data = os.read(self._file, _CHUNK)
        except OSError:  # the program has closed its end
            return b""
        self.written.append((perf_counter(), data))
        return data

    def wait_for(self, seen: Callable[[Screen], bool], screen: Screen, seconds: float) -> float:
        """Read until the screen shows something; returns the time at which it did.

        Raises:
            TimeoutError: it does not, in that time.
        """
        until = perf_counter() + seconds
        while perf_counter() < until:
            data = self.read(until - perf_counter())
            if not data and self._ended():
                break
            screen.feed(data)
            if seen(screen):
                return self.written[-1][0]
        shown = "\n".join(line.rstrip() for line in screen.lines).strip() or "nothing"
        msg = f"the program did not show what was waited for; it showed:\n{shown}"
        raise TimeoutError(msg)

    def read_for(self, seconds: float) -> None:
        """Go on reading for so long, whatever comes."""
        until = perf_counter() + seconds
        while (left := until - perf_counter()) > 0:
            self.read(left)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def type(self, keys: str) -> float:
        """Press keys; returns when."""
        moment = perf_counter()
        os.write(self._file, keys.encode())
        return moment

    def wait(self, seconds: float = 10.0) -> int | None:
        """Read on until it ends by itself; returns its exit code, None if it does not end."""
        until = perf_counter() + seconds
        while not self._ended() and perf_counter() < until:
            if not self.read(0.02):
                sleep(0.005)
        return self.code

    def close(self, seconds: float = 10.0) -> int:
        """Ask it to end, kill it if it does not; returns its exit code."""
        until = perf_counter() + seconds
        asked = False
        while not self._ended():
            if perf_counter() > until:
                os.kill(self.pid, signal.SIGKILL)
            elif not asked:
                asked = True
                os.kill(self.pid, signal.SIGTERM)
            if not self.read(0.02):
                sleep(0.005)
        with contextlib.suppress(OSError):
            os.close(self._file)
        assert self.code is not None
        return self.code

    def _ended(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None


@contextlib.contextmanager
def running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Terminal]:
    """A program in a pty, ended when the block is."""
    terminal = Terminal(command, environment)
    try:
        yield terminal
    finally:
        terminal.close()


def _decode(data: bytes) -> tuple[str, int]:
    """As much as is whole, and how many bytes that was."""
    for cut in range(4):
        with contextlib.suppress(UnicodeDecodeError):
            return data[: len(data) - cut].decode(), len(data) - cut
    return data.decode(errors="replace"), len(data)
