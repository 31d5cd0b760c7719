"""Jump mode: a letter on every panel."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.widgets import Static

from papertrader_tui.tui.panels import PANELS


class JumpScreen(ModalScreen[str]):
    """Dismissed with the id of the panel whose letter was pressed; any other key leaves."""

    DEFAULT_CSS = """
    JumpScreen {
        background: $background 50%;
        & > Static {
            position: absolute; width: auto; height: 1; padding: 0 1;
            background: $accent; color: $background; text-style: bold;
        }
    }
    """

    def __init__(self, places: Mapping[str, Offset]) -> None:
        """Take where each panel (or its tab) is on the screen."""
        super().__init__()
        self._places = places

    def compose(self) -> ComposeResult:
        for panel in PANELS:
            place = self._places.get(panel.id)
            if place is not None:
                label = Static(panel.letter, markup=False)
                label.styles.offset = (place.x, place.y)
                yield label

    def on_key(self, event: events.Key) -> None:
        event.stop()
        letters = {panel.letter: panel.id for panel in PANELS}
        self.dismiss(letters.get(event.character or ""))

    def on_click(self) -> None:
        self.dismiss(None)
