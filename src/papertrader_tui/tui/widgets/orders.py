"""Open orders: what rests in the book, what waits for an entry, what is on its way to a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from papertrader_tui.domain.orders import Kind, Order, Side, SizeBy, Status
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.snapshot import Snapshot
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.naming import Names
from papertrader_tui.tui.widgets.columns import Column, place, widened
from papertrader_tui.tui.widgets.table import Table
from papertrader_tui.tui.widgets.tones import Parts

KINDS = {
    Kind.MARKET: "market",
    Kind.LIMIT: "limit",
    Kind.STOP: "stop",
    Kind.TAKE_PROFIT: "target",
    Kind.TRAILING_STOP: "trail",
}


class Orders(Table[Order]):
    """Open orders, oldest first."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("side", "", 4, right=False),
        Column("token", "TOKEN", 5, right=False, limit=10),
        Column("kind", "KIND", 6, right=False, priority=3),
        Column("size", "SIZE", 8, priority=4, limit=12),
        Column("price", "PRICE", 9, priority=1, limit=11),
        Column("distance", "AWAY", 6, priority=5),
        Column("status", "STATUS", 8, right=False, priority=2, limit=13),
        Column("origin", "BY", 6, right=False, priority=6),
        Column("id", "ID", 5, right=False, priority=7),
    )
    FIRST_LINE: ClassVar[tuple[Column, ...]] = (
        Column("side", "", 4, right=False),
        Column("token", "TOKEN", 5, right=False, limit=10),
        Column("kind", "KIND", 6, right=False, priority=2),
        Column("price", "PRICE", 9, priority=1, limit=11),
        Column("status", "STATUS", 8, right=False, priority=1, limit=13),
    )
    TIMED: ClassVar[tuple[str, ...]] = ("status",)
    EMPTY: ClassVar[tuple[str, ...]] = (
        "No open orders.",
        "Limits, stops and brackets rest here until they trigger.",
        "The bot's exits do not: it minds them.",
        "`b` writes a buy, `s` a sale.",
    )

    class Highlighted(Table.Highlighted):
        """The cursor came to another order; `key` is its id."""

    class Selected(Table.Selected):
        """An order was chosen; `row` is the Order."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = "Open orders"
        self._prices: Mapping[TokenId, Decimal | None] = {}

    def key_of(self, row: Order) -> str:
        return row.id

    def shape(self, width: int, room: int, rows: int) -> tuple[Sequence[Column], int]:
        wide = 8 if self.names.any_shared else 0
        columns = widened(self.COLUMNS, "token", wide)
        shown = {placed.column.key for placed in place(columns, width)}
        if {"size", "distance"} <= shown or not 0 < rows * 2 <= room:
            return columns, 1
        return widened(self.FIRST_LINE, "token", wide), 2

    def show(self, snapshot: Snapshot, names: Names | None = None) -> None:
        """Show the open orders of a snapshot; distances are to the prices in it."""
        self.rename(names or Names.of(snapshot))
        prices = {row.token.id: row.price for row in snapshot.tokens}
        moved, self._prices = prices != self._prices, prices
        self.update_rows(snapshot.orders, snapshot.now)
        if moved:
            for key in self._keys:
                self.refresh_cells(key, ("distance",))  # and a second line

    def rows_changed(self) -> None:
        flying = sum(1 for row in self.rows if row.status is Status.SUBMITTED)
        text = f"{len(self._keys)} open" if self._keys else ""
        self.set_subtitle([(text + (f" · {flying} landing" if flying else ""), "")])

    def cell(self, row: Order, column: str, width: int) -> Parts:
        match column:
            case "side":
                return ((row.side.upper(), "up" if row.side is Side.BUY else "down"),)
            case "token":
                return self.names.parts(row.token, width, "strong")
            case "kind":
                return ((KINDS[row.kind], "muted"),)
            case "size":
                return ((_size(row, width), ""),)
            case "price":
                return _price(row)
            case "distance":
                return ((self._distance(row), "muted"),)
            case "status":
                return self._status(row)
            case "origin":
                return ((row.origin, "dim"),)
            case _:
                return ((fmt.clean(row.id, width), "dim"),)

    def detail(self, row: Order, width: int) -> Parts:
        away = self._distance(row)
        known = () if away == fmt.DASH else ((f"  {away}", "muted"), (" away", "dim"))
        size = _size(row, 12)
        return ((" " * 5, ""), (size, "muted"), *known, (f"  {row.origin} {row.id}", "dim"))

    def _distance(self, row: Order) -> str:
        price, aim = self._prices.get(row.token), row.price
        if row.kind is Kind.TRAILING_STOP and row.high is not None and row.trail_bps is not None:
            aim = row.high * (1 - Decimal(row.trail_bps) / 10_000)
        if not price or aim is None:
            return fmt.DASH
        return fmt.percent(aim / price - 1, 1)

    def _status(self, row: Order) -> Parts:
        if row.status is Status.SUBMITTED:
            if row.lands_at is None:
                return (("landing", "warn"),)
            wait = max(0, row.lands_at - self.now)
            return ((f"lands {fmt.age(wait + 999)}", "warn"),)
        return ((row.status, "accent" if row.status is Status.WORKING else "muted"),)


def _size(row: Order, width: int) -> str:
    if row.notional is not None:
        return "$" + fmt.money_fit(row.notional, width - 1)
    if row.quantity is not None:
        return fmt.quantity(row.quantity, width)
    if row.size_by is SizeBy.PERCENT:
        return f"{fmt.quantity(row.size, width - 1)}%"
    return fmt.quantity(row.size, width)


def _price(row: Order) -> Parts:
    if row.price is not None:
        return ((fmt.price(row.price), ""),)
    if row.trail_bps is not None:
        return ((f"-{fmt.quantity(Decimal(row.trail_bps) / 100)}%", ""),)
    return (("market", "muted"),)
