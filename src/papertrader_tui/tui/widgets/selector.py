"""A row of choices, one of them taken: order side, order kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


class Selector(Widget, can_focus=True):
    """One line of words; ← and → or a click take another."""

    DEFAULT_CSS = """
    Selector { height: 1; width: 1fr; }
    """
    BINDINGS = [
        Binding("left", "step(-1)", "Previous", show=False),
        Binding("right,space", "step(1)", "Next", show=False),
    ]

    @dataclass
    class Changed(Message):
        """Another choice was taken by the person."""

        selector: Selector
        value: str

        @property
        def control(self) -> Selector:
            return self.selector

    def __init__(
        self,
        options: Sequence[tuple[str, str]],
        *,
        id: str,
        colors: Mapping[str, str] | None = None,
    ) -> None:
        """Options are (value, word); the first is taken. `colors` are of values when taken."""
        super().__init__(id=id)
        self._colors = colors or {}
        self._options = list(options)
        self._index = 0

    @property
    def value(self) -> str:
        """Value of the choice that is taken."""
        return self._options[self._index][0]

    def set_options(self, options: Sequence[tuple[str, str]], value: str) -> None:
        """Other options, of which `value` (or else the first) is taken; sends no message."""
        self._options = list(options)
        self.choose(value)

    def choose(self, value: str) -> None:
        """Take a choice; sends no message."""
        values = [option for option, _ in self._options]
        self._index = values.index(value) if value in values else 0
        self.refresh()

    def action_step(self, by: int) -> None:
        self._take((self._index + by) % len(self._options))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = 0
        for index, (_, word) in enumerate(self._options):
            if at <= event.x < at + len(word) + 2:
                self._take(index)
            at += len(word) + 2

    def _take(self, index: int) -> None:
        if index != self._index:
            self._index = index
            self.refresh()
            self.post_message(self.Changed(self, self.value))

    def render(self) -> Content:
        return Content.assemble(
            *((f" {word} ", self._style(index)) for index, (_, word) in enumerate(self._options))
        )

    def _style(self, index: int) -> str:
        if index != self._index:
            return "$foreground 45%"
        color = self._colors.get(self.value, "$accent" if self.has_focus else "")
        if color:
            return f"$background on {color} bold" if self.has_focus else f"{color} on $panel bold"
        return "$foreground on $panel bold"
