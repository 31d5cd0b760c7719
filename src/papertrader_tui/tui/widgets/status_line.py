"""The first line of the screen: one line, whatever the width."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widgets import Static

from papertrader_tui.engine.snapshot import Snapshot
from papertrader_tui.tui.status import clock_item, fit, items


class StatusLine(Static):
    """Account, bot, safety and clock, in one line that never wraps."""

    DEFAULT_CSS = """
    StatusLine { height: 1; width: 100%; background: $surface; text-wrap: nowrap; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__("", id=id, markup=False)
        self._snapshot: Snapshot | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Show the facts of a snapshot."""
        self._snapshot = snapshot
        line = fit(items(snapshot), clock_item(snapshot), self.size.width)
        self.update(Content.assemble(*line), layout=False)

    def on_resize(self, event: events.Resize) -> None:
        if self._snapshot is not None:
            self.show(self._snapshot)
