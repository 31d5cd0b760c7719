"""What all windows over the Desk have in common."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

Result = TypeVar("Result")


class Dialog(ModalScreen[Result], Generic[Result]):
    """A box in the middle with a title; Escape leaves without doing anything."""

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
        & > .box {
            width: 76; max-width: 96%; height: auto; max-height: 92%;
            padding: 1 2; background: $surface;
            border: round $accent; border-title-color: $accent; border-title-style: bold;
            border-subtitle-color: $foreground 56%;
        }
        & .wide { width: 104; }
        & Input { border: none; height: 1; padding: 0; background: $panel; }
        & OptionList {
            border: none; background: $surface; height: auto; max-height: 16; padding: 0;
            margin: 1 0 0 0; scrollbar-size-vertical: 1;
            &:focus { border: none; background: $surface; background-tint: $foreground 0%; }
        }
        & VerticalScroll { height: auto; max-height: 100%; }
    }
    """
    BINDINGS = [Binding("escape", "leave", "Close", show=False)]
    TITLE_TEXT = ""
    KEYS_TEXT = "Esc closes"

    def box(self, *, wide: bool = False) -> Vertical:
        """The box; compose inside it."""
        box = Vertical(classes="box wide" if wide else "box")
        box.border_title = self.TITLE_TEXT
        box.border_subtitle = self.KEYS_TEXT
        return box

    def action_leave(self) -> None:
        self.dismiss(None)


class TextDialog(Dialog[None]):
    """A dialog that shows a text to scroll through."""

    BINDINGS = [Binding("q,enter", "leave", "Close", show=False)]
    KEYS_TEXT = "↑ ↓ scroll · Esc closes"

    def text(self) -> Content:
        """What to show."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with self.box(wide=True), VerticalScroll():
            yield Static(self.text(), markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
