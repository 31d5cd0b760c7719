"""Names of the panels that share one place on a small terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from papertrader_tui.tui.panels import TABS


class TabStrip(Widget, can_focus=True):
    """One line of panel names; ← and → or a click show another panel."""

    DEFAULT_CSS = """
    TabStrip { height: 1; width: 100%; background: $background; text-wrap: nowrap; }
    """
    BINDINGS = [
        Binding("left", "step(-1)", "Previous", show=False),
        Binding("right", "step(1)", "Next", show=False),
    ]

    @dataclass
    class Picked(Message):
        """A panel was picked."""

        panel_id: str

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._active = TABS[0].id
        self._counts: Mapping[str, int] = {}

    def show(self, active: str, counts: Mapping[str, int]) -> None:
        """Mark the panel that is shown; `counts` stand behind the names where not zero."""
        if (active, counts) != (self._active, self._counts):
            self._active, self._counts = active, dict(counts)
            self.refresh()

    def action_step(self, by: int) -> None:
        ids = [panel.id for panel in TABS]
        self.post_message(self.Picked(ids[(ids.index(self._active) + by) % len(ids)]))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        before = [panel_id for panel_id, x in self.places().items() if x <= event.x]
        self.post_message(self.Picked(before[-1]))

    def places(self) -> dict[str, int]:
        """Where each name begins, in cells from the left."""
        found: dict[str, int] = {}
        at = 0
        for panel_id, text in self._words():
            found[panel_id] = at
            at += cell_len(text)
        return found

    def render(self) -> Content:
        taken = "$background on $accent bold" if self.has_focus else "$accent on $panel bold"
        return Content.assemble(
            *(
                (text, taken if panel_id == self._active else "$foreground 56%")
                for panel_id, text in self._words()
            )
        )

    def _words(self) -> list[tuple[str, str]]:
        words = []
        for panel in TABS:
            count = self._counts.get(panel.id, 0)
            words.append((panel.id, f" {panel.title}{f' {count}' if count else ''} "))
        return words
