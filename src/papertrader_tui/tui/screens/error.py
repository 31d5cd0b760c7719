"""The desk stopped by itself: what happened, what was kept, what to press."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.screens.dialog import Dialog

KEPT = (
    "Kept: every fill, order and decision that you have seen, and everything before it. Each was "
    "stored before it was shown."
)
LOST = "Not kept: a command that had not been answered yet. Nothing of it was booked."


class ErrorScreen(Dialog[None]):
    """Leaving it leaves the program."""

    TITLE_TEXT = "papertrader had to stop"
    KEYS_TEXT = "Enter or q leaves"
    BINDINGS = [
        Binding("enter,q", "leave", "Leave", show=False),
    ]

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def compose(self) -> ComposeResult:
        with self.box():
            yield Static(failure_text(self._error), classes="what", markup=False)
            yield Static(f"\n{KEPT}\n\n{LOST}\n", markup=False)
            yield Static(
                "Start papertrader again to go on from there. `papertrader verify` checks "
                "the account.",
                markup=False,
            )

    def action_leave(self) -> None:
        self.dismiss(None)


def failure_text(error: BaseException) -> str:
    """What happened, in one line safe to show."""
    words = fmt.clean(str(error)) or "no further details"
    return f"{type(error).__name__}: {words}"
