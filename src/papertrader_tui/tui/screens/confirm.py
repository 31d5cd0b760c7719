"""The one question before something that cannot be taken back."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from papertrader_tui.tui.screens.dialog import Dialog


class ConfirmScreen(Dialog[bool]):
    """Dismissed with True for yes; Escape is no."""

    BINDINGS = [
        Binding("enter,y", "agree", "Yes", show=False),
        Binding("n", "leave", "No", show=False),
    ]
    KEYS_TEXT = "Enter yes · Esc no"

    def __init__(self, title: str, question: str) -> None:
        super().__init__()
        self.TITLE_TEXT = title
        self._question = question

    def compose(self) -> ComposeResult:
        with self.box():
            yield Static(self._question, markup=False)

    def action_agree(self) -> None:
        self.dismiss(True)

    def action_leave(self) -> None:
        self.dismiss(False)
