"""The smallest Textual application that answers a key: what Textual itself costs.

Run as a program in a terminal: `python -m benchmarks.idle_app [FOLDER]`; it writes what it
measured of itself to FOLDER/measured.json as it ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from benchmarks.stopwatch import Stopwatch


class IdleApp(App[None]):
    """Shows a number that the arrow keys change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("down", "move(1)"),
        ("up", "move(-1)"),
        ("q", "quit"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.at = 0
        self.shown = Static("at T000 now")
        self.stopwatch = Stopwatch()

    def compose(self) -> ComposeResult:
        """One line."""
        yield self.shown

    def on_mount(self) -> None:
        """Begin to measure."""
        self.stopwatch.begin()

    def action_move(self, by: int) -> None:
        """Show the next number, or the one before."""
        self.at += by
        self.shown.update(f"at T{self.at:03} now")


if __name__ == "__main__":
    app = IdleApp()
    app.run()
    if len(sys.argv) > 1:
        Path(sys.argv[1], "measured.json").write_text(json.dumps(app.stopwatch.plain()))
