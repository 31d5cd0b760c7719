"""The kill switch: its settings, each with what it does."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from papertrader_tui.domain.events import KillMode
from papertrader_tui.tui.screens.dialog import Dialog
from papertrader_tui.tui.wording import KILL_CHOICES


class Settings(OptionList):
    """Ends at its ends: one Down too many does not come round to the first."""

    def action_cursor_up(self) -> None:
        if self.highlighted != 0:
            super().action_cursor_up()

    def action_cursor_down(self) -> None:
        if self.highlighted != self.option_count - 1:
            super().action_cursor_down()


class KillScreen(Dialog[KillMode]):
    """Dismissed with the setting that was chosen, or None."""

    TITLE_TEXT = "Kill switch"
    KEYS_TEXT = "↑ ↓ choose · Enter sets it · Esc leaves it as it is"

    def __init__(self, mode: KillMode) -> None:
        super().__init__()
        self._mode = mode

    def compose(self) -> ComposeResult:
        with self.box():
            yield Static(
                "It binds you and the bot alike, at once, until you change it.", markup=False
            )
            yield Settings(
                *(
                    Option(
                        Content.assemble(
                            (name, "bold"),
                            ("  ← now", "$accent") if mode is self._mode else "",
                            "\n",
                            (f"  {text}", "$foreground 70%"),
                        ),
                        id=mode.value,
                    )
                    for mode, name, text in KILL_CHOICES
                ),
                markup=False,
            )

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        modes = [mode for mode, _, _ in KILL_CHOICES]
        # the next harder setting from off; off from any other
        options.highlighted = 1 if self._mode is KillMode.OFF else modes.index(KillMode.OFF)
        options.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(KillMode(str(event.option.id)))
