"""Help: the panel that has the focus first, then every key."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from papertrader_tui.tui.commands import Command, grouped, show_keys
from papertrader_tui.tui.panels import BY_ID
from papertrader_tui.tui.screens.dialog import TextDialog

HEADING, KEY, MUTED = "$accent bold", "$footer-key-foreground bold", "$foreground 56%"
COLUMN = 12


class HelpScreen(TextDialog):
    """Made from the list of commands and the list of panels; nothing is written twice."""

    TITLE_TEXT = "Help"

    def __init__(self, commands: Sequence[Command], panel_id: str) -> None:
        """Take the commands with their keys in force, and the panel that has the focus."""
        super().__init__()
        self._commands = commands
        self._panel = BY_ID[panel_id]

    def text(self) -> Content:
        panel = self._panel
        lines = [Content.styled(panel.title, HEADING), Content(panel.about)]
        lines += [_line(keys, text) for keys, text in panel.keys]
        for group, commands in grouped(self._commands).items():
            lines += [Content(""), Content.styled(group, HEADING)]
            for command in commands:
                note = " Asks once." if command.asks else ""
                lines.append(_line(show_keys(command), command.help + note))
        lines += [
            Content(""),
            Content.styled(
                "Every key can be changed in config.toml, under [ui.keys], by the command's id.",
                MUTED,
            ),
        ]
        return Content("\n").join(lines)


def _line(keys: str, text: str) -> Content:
    gap = " " * max(1, COLUMN - len(keys))
    return Content.assemble((keys, KEY), gap, text)
