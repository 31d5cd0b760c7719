"""Account gates, and how near each is to closing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from papertrader_tui.domain.risk import GateRow
from papertrader_tui.engine.snapshot import Snapshot
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.widgets.columns import Column, place
from papertrader_tui.tui.widgets.table import Table
from papertrader_tui.tui.widgets.tones import Parts


class Gates(Table[GateRow]):
    """One line a gate: a bar of what is used of its limit, and the same in words."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("gate", "GATE", 14, right=False),
        Column("used", "USED", 4, right=False, priority=2, limit=20),
        Column("text", "", 21, right=False, limit=40),
        Column("until", "OPENS", 7, priority=3),
    )
    # where one is closed, when it opens matters more than a bar that is full
    CLOSED: ClassVar[tuple[Column, ...]] = tuple(
        replace(column, priority=1) if column.key == "until" else column for column in COLUMNS
    )
    TIMED: ClassVar[tuple[str, ...]] = ("until",)
    EMPTY: ClassVar[tuple[str, ...]] = ("No account gates.",)

    class Highlighted(Table.Highlighted):
        """The cursor came to another gate; `key` is its name."""

    class Selected(Table.Selected):
        """A gate was chosen; `key` is its name."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = "Gates"

    def key_of(self, row: GateRow) -> str:
        return row.gate

    def shape(self, width: int, room: int, rows: int) -> tuple[Sequence[Column], int]:
        closed = any(row.tripped for row in self._rows.values())
        fits = closed and any(p.column.key == "until" for p in place(self.CLOSED, width))
        return self.CLOSED if fits else self.COLUMNS, 1

    def show(self, snapshot: Snapshot) -> None:
        """Show the gates of a snapshot."""
        self.update_rows(snapshot.gates, snapshot.now)
        closed = sum(1 for row in snapshot.gates if row.tripped)
        if not snapshot.gates_on:
            self.set_subtitle([("switched off", "warn")])
        elif closed:
            self.set_subtitle([(f"{closed} closed to entries", "warn")])
        else:
            self.set_subtitle([("all open", "")])

    def cell(self, row: GateRow, column: str, width: int) -> Parts:
        tone = "down" if row.tripped else "warn" if row.used >= 0.75 else "accent"
        match column:
            case "gate":
                name = fmt.clean(row.gate.replace("_", " "), width)
                return ((name, "down-strong" if row.tripped else "strong"),)
            case "used":
                return ((fmt.meter(row.used, width), tone),)
            case "text":
                text = fmt.clean(row.text, width)
                if row.tripped and "until" not in self._drawn.columns:
                    return ((f"{self._opens(row)} ", "warn"), (text, "muted"))
                return ((text, "muted"),)
            case _:
                return ((self._opens(row), "warn" if row.until is None else "muted"),)

    def _opens(self, row: GateRow) -> str:
        """What opens a gate that is closed: time, or a person."""
        if row.until is not None:
            return f"in {fmt.age(row.until - self.now)}"
        return "r opens" if row.tripped else ""
