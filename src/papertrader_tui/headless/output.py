"""Where lines go: data to one stream, narration to the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO


class Output:
    """The data stream: one write and one flush a batch.

    When nobody reads any more it says so once, through `on_end`, and swallows the rest.

    Attributes:
        broken: The reader went away.
        error: What else went wrong with writing (a full disk), if anything did.
    """

    def __init__(self, stream: TextIO, on_end: Callable[[], None]) -> None:
        self._stream = stream
        self._on_end = on_end
        self.broken = False
        self.error: OSError | None = None

    def write(self, lines: Sequence[str]) -> None:
        """Write a batch of lines, whole."""
        if not lines or self.broken or self.error is not None:
            return
        try:
            self._stream.write("".join(lines))
            self._stream.flush()
        except BrokenPipeError:
            self.broken = True
            self._on_end()
        except OSError as error:
            self.error = error
            self._on_end()


class Narrator:
    """The narration stream: sentences, and on a terminal a progress line that overwrites itself."""

    def __init__(self, stream: TextIO, *, live: bool) -> None:
        self._stream = stream
        self.live = live
        self._width = 0

    def say(self, text: str) -> None:
        """One line."""
        self._put(f"{self._wipe()}papertrader: {text}\n")

    def progress(self, text: str) -> None:
        """How far it is: overwritten by the next one on a terminal, a line of its own elsewhere."""
        if not self.live:
            self.say(text)
            return
        self._put(f"{self._wipe()}{text}")
        self._width = len(text)

    def _wipe(self) -> str:
        blank = f"\r{' ' * self._width}\r" if self._width else ""
        self._width = 0
        return blank

    def _put(self, text: str) -> None:
        # Narration that nobody reads is no reason to end a run.
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._width = 0
