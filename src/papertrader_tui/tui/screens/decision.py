"""One decision, whole: each factor as a bar, what it looked at, and what it was held against."""

from __future__ import annotations

from textual.content import Content

from papertrader_tui.domain.decision import Decision
from papertrader_tui.tui import decision_rows
from papertrader_tui.tui.screens.dialog import TextDialog

#: Cells of the dialog's box beside its text, and the most that the text takes.
_AROUND, _WIDEST = 8, 96
_STYLES = {
    "strong": "bold",
    "muted": "$foreground 56%",
    "dim": "$foreground 40%",
    "accent": "$accent",
    "up": "$success bold",
    "down": "$error bold",
    "warn": "$warning",
}


class DecisionScreen(TextDialog):
    """Why the bot concluded what it did."""

    TITLE_TEXT = "Decision"

    def __init__(
        self, decision: Decision, label: str, known: decision_rows.Hits | None = None
    ) -> None:
        """Take a decision, its token's label, safe to show, and how others like it turned out."""
        super().__init__()
        self._known = known
        self._decision = decision
        self._label = label

    def text(self) -> Content:
        width = min(_WIDEST, int(self.app.size.width * 0.96) - _AROUND)
        rows = decision_rows.whole(self._decision, self._label, max(60, width), self._known)
        lines = [
            Content.assemble(*((text, _STYLES.get(tone, "")) for text, tone in row)) for row in rows
        ]
        return Content("\n").join(lines)
