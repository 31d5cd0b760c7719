"""One line under the status line for what a person must know while it is true."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from papertrader_tui.domain.events import KillMode
from papertrader_tui.engine.snapshot import Snapshot
from papertrader_tui.tui import formatting as fmt


class Notice(Static):
    """The most important of what is true; hidden while nothing is.

    In this order: the market ended, the kill switch, a tripped gate, the market's own notice.
    """

    DEFAULT_CSS = """
    Notice { height: 1; width: 100%; padding: 0 1; background: $warning 12%; color: $warning;
             text-wrap: nowrap; text-overflow: ellipsis; display: none; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__("", id=id, markup=False)
        self._text = ""

    def show(self, snapshot: Snapshot, *, ended: bool) -> None:
        """Show what is true in a snapshot."""
        text = notice_text(snapshot, ended=ended)
        if text != self._text:
            self._text = text
            self.update(Content(text), layout=False)
            self.display = bool(text)


def notice_text(snapshot: Snapshot, *, ended: bool) -> str:
    """The sentence to show, or ""."""
    if ended:
        return "The market has ended: prices stand still. Look around; q saves and leaves."
    if snapshot.kill is not KillMode.OFF:
        return (
            f"Kill switch: {fmt.clean(snapshot.kill_detail or snapshot.kill.value)}  k changes it."
        )
    for gate in snapshot.gates:
        if gate.tripped and snapshot.gates_on:
            name = fmt.clean(gate.gate.replace("_", " "))
            until = "" if gate.until is None else f" until {fmt.clock(gate.until, seconds=False)}"
            return f"Entries are stopped by {name}{until}, r resets it: {fmt.clean(gate.text)}."
    return fmt.clean(snapshot.notice)
