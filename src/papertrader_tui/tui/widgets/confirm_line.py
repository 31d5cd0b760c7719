"""The last line of the ticket: what Enter does next."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from papertrader_tui.domain.orders import Side
from papertrader_tui.tui.formatting import cut


class ConfirmLine(Widget, can_focus=True):
    """`Enter to review`, then the order in words with `Enter to send`. A click does the same."""

    DEFAULT_CSS = """
    ConfirmLine {
        height: 2; width: 100%; padding: 0 1; content-align: center middle; text-align: center;
        background: $panel; color: $foreground 70%;
        &:hover { background: $primary 25%; }
        &.-ask { color: $background; text-style: bold; }
        &.-ask.-buy { background: $success; }
        &.-ask.-sell { background: $error; }
        &.-wait { background: $panel; color: $foreground; text-style: bold; }
    }
    """

    @dataclass
    class Pressed(Message):
        """It was clicked: the same as Enter."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._text = ""
        self.rest()

    def rest(self) -> None:
        """The order is being written."""
        self._show("Enter to review")

    def ask(self, words: str, side: Side) -> None:
        """The order is complete and waits for its last key."""
        self._show(_asking(words, self.size.width), "-ask", f"-{side.value}")

    def wait(self) -> None:
        """The order was sent and is not stored yet."""
        self._show("Sending…", "-wait")

    def _show(self, text: str, *classes: str) -> None:
        if text == self._text:
            return
        self._text = text
        # only while an order waits can it have focus: Tab does not stop on it otherwise
        self.can_focus = "-ask" in classes
        self.set_classes(classes)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Pressed())

    def render(self) -> Content:
        return Content(self._text)


def _asking(words: str, width: int) -> str:
    """The question in one or two lines; what Enter does is never pushed out of them."""
    tail = "Enter to send · Esc to edit"
    if cell_len(words) + 3 + len(tail) <= width:
        return f"{words}   {tail}"
    first, *more = wrap(words, max(8, width))
    if not more:
        return f"{first}\n{tail}"
    end = "   Enter to send"
    return f"{first}\n{cut(' '.join(more), max(1, width - len(end)))}{end}"
