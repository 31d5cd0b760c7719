"""Open positions and what they made, net of every cost."""

from __future__ import annotations

from typing import ClassVar

from papertrader_tui.domain.money import total
from papertrader_tui.engine.snapshot import PositionRow, Snapshot
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.widgets.columns import Column
from papertrader_tui.tui.widgets.table import Table
from papertrader_tui.tui.widgets.tones import Parts


class Positions(Table[PositionRow]):
    """Open positions, with the totals in the lower border."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("token", "TOKEN", 6, right=False, limit=8),
        Column("quantity", "QTY", 9, priority=2, limit=12),
        Column("average", "AVG", 9, priority=4, limit=11),
        Column("mark", "MARK", 9, priority=5, limit=11),
        Column("value", "VALUE", 8, priority=3, limit=11),
        Column("pnl", "P&L", 8, limit=10),
        Column("percent", "P&L%", 8, priority=1),
        Column("stop", "STOP", 9, priority=6, limit=11),
        Column("target", "TARGET", 9, priority=7, limit=11),
        Column("age", "AGE", 4, priority=8),
    )
    TIMED: ClassVar[tuple[str, ...]] = ("age",)
    EMPTY: ClassVar[tuple[str, ...]] = (
        "No open positions.",
        "`b` buys the selected token, `a` lets the bot trade.",
    )

    class Highlighted(Table.Highlighted):
        """The cursor came to another position; `key` is its token id."""

    class Selected(Table.Selected):
        """A position was chosen; `key` is its token id."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = "Positions"

    def key_of(self, row: PositionRow) -> str:
        return row.token.id

    def show(self, snapshot: Snapshot) -> None:
        """Show the positions of a snapshot."""
        self.update_rows(snapshot.positions, snapshot.now)

    def rows_changed(self) -> None:
        rows = self.rows
        if not rows:
            self.set_subtitle([])
            return
        value = total(row.value for row in rows)
        pnl = total(row.pnl for row in rows)
        self.set_subtitle(
            [
                (f"{len(rows)} open · {fmt.money(value)} · ", ""),
                (fmt.money(pnl, sign=True), direction(pnl)),
            ]
        )

    def cell(self, row: PositionRow, column: str, width: int) -> Parts:
        match column:
            case "token":
                return ((fmt.clean(row.token.symbol, width) or "?", "strong"),)
            case "quantity":
                return ((fmt.quantity(row.quantity, width), ""),)
            case "average":
                return ((fmt.price(row.average), "muted"),)
            case "mark":
                return ((fmt.price(row.mark), ""),)
            case "value":
                return ((fmt.money_fit(row.value, width), ""),)
            case "pnl":
                return ((fmt.money_fit(row.pnl, width, sign=True), direction(row.pnl)),)
            case "percent":
                return ((fmt.percent(row.pnl_pct), direction(row.pnl_pct)),)
            case "stop":
                return ((fmt.price(row.stop), "muted" if row.stop is not None else "dim"),)
            case "target":
                return ((fmt.price(row.target), "muted" if row.target is not None else "dim"),)
            case _:
                return ((fmt.age(self.now - row.opened), "dim"),)


def direction(value: fmt.Number) -> str:
    """Tone of a gain or a loss."""
    return "up" if value > 0 else "down" if value < 0 else "muted"
