"""Open positions and what they made, net of every cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from papertrader_tui.domain.money import total
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.snapshot import PositionRow, Snapshot
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.naming import Names
from papertrader_tui.tui.widgets.columns import Column, place, widened
from papertrader_tui.tui.widgets.table import Table
from papertrader_tui.tui.widgets.tones import Part, Parts

#: What a name needs that has its chain with it: `WETH·base`.
NAMED = 9
AVERAGE, MARK, SOLD = "avg ", "mark ", "if sold "
#: What the second line leaves out for want of room, the first that does.
DROPPED: tuple[tuple[str, ...], ...] = (
    (),
    (AVERAGE,),
    (AVERAGE, MARK),
    (SOLD,),
    (AVERAGE, SOLD),
    (AVERAGE, MARK, SOLD),
)
#: From this part on an exit is of the whole holding: what is left would round to nothing.
WHOLE = 0.995


class Positions(Table[PositionRow]):
    """Open positions, with the totals in the lower border.

    Where one line has no room for everything a position takes two, as long as all of them fit.
    """

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("token", "TOKEN", 6, right=False, limit=10),
        Column("quantity", "QTY", 8, priority=2, limit=12),
        Column("average", "AVG", 9, priority=4, limit=11),
        Column("mark", "MARK", 9, priority=5, limit=11),
        Column("value", "VALUE", 8, priority=3, limit=11),
        Column("pnl", "P&L", 8, limit=10),
        Column("percent", "P&L%", 7, priority=1, limit=8),
        Column("sold", "IF SOLD", 8, priority=6, limit=11),
        Column("stop", "STOP", 9, priority=7, limit=15),
        Column("target", "TARGET", 9, priority=8, limit=15),
        Column("age", "AGE", 4, priority=9),
    )
    FIRST_LINE: ClassVar[tuple[Column, ...]] = (
        Column("token", "TOKEN", 6, right=False, limit=10),
        Column("quantity", "QTY", 8, priority=2, limit=12),
        Column("mark", "MARK", 8, priority=3, limit=11),
        Column("value", "VALUE", 8, priority=4, limit=11),
        Column("pnl", "P&L", 7, limit=10),
        Column("percent", "P&L%", 7, priority=1, limit=8),
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
        self._stale: set[TokenId] = set()

    def key_of(self, row: PositionRow) -> str:
        return row.token.id

    def show(self, snapshot: Snapshot, names: Names | None = None) -> None:
        """Show the positions of a snapshot."""
        self.rename(names or Names.of(snapshot))
        stale = {row.token.id for row in snapshot.tokens if row.stale}
        aged, self._stale = stale ^ self._stale, stale
        self.update_rows(snapshot.positions, snapshot.now)
        for token in aged:
            self.refresh_cells(token, ("mark",))

    def shape(self, width: int, room: int, rows: int) -> tuple[Sequence[Column], int]:
        wide = NAMED if self.names.any_shared else 0
        columns = widened(self.COLUMNS, "token", wide)
        if len(place(columns, width)) == len(columns) or not 0 < rows * 2 <= room:
            return columns, 1
        return widened(self.FIRST_LINE, "token", wide), 2

    def rows_changed(self) -> None:
        rows = self.rows
        if not rows:
            self.set_subtitle([])
            return
        value = total(row.value for row in rows)
        pnl = fmt.money(total(row.pnl for row in rows), sign=True)
        parts: list[Part] = [
            (f"{len(rows)} open · ", ""),
            (f"{fmt.money(value)} · ", ""),
            (pnl, tone_of(pnl)),
        ]
        sold = [row.liquidation for row in rows if row.liquidation is not None]
        if len(sold) == len(rows):
            parts.append((f" · if sold {fmt.money(total(sold))}", ""))
        # whole figures or none: the count is in sight, the value in the rows
        while len(parts) > 2 and sum(len(text) for text, _ in parts) > self.size.width - 4:
            del parts[0]
        self.set_subtitle(parts)

    def cell(self, row: PositionRow, column: str, width: int) -> Parts:
        match column:
            case "token":
                return self.names.parts(row.token.id, width, "strong", row.token.symbol)
            case "quantity":
                return ((fmt.quantity(row.quantity, width), ""),)
            case "average":
                return ((fmt.price(row.average), "muted"),)
            case "mark":
                tone = "dim" if row.token.id in self._stale else ""
                return ((fmt.price_fit(row.mark, width), tone),)
            case "value":
                return ((fmt.money_fit(row.value, width), ""),)
            case "sold":
                return ((_sold(row, width), "muted"),)
            case "pnl":
                pnl = fmt.money_fit(row.pnl, width, sign=True)
                return ((pnl, tone_of(pnl)),)
            case "percent":
                percent = _percent(row.pnl_pct, width)
                return ((percent, tone_of(percent)),)
            case "stop":
                return _exit(row.stop, exit_note(row.stop_bot, row.stop_part), width)
            case "target":
                return _exit(row.target, exit_note(row.target_bot, row.target_part), width)
            case _:
                return ((fmt.age(self.now - row.opened), "dim"),)

    def detail(self, row: PositionRow, width: int) -> Parts:
        held = self.now - row.opened
        long, short = ("", fmt.span(held)), ("", fmt.age(held))
        full, brief = self._facts(row, 11), self._facts(row, 6)
        for items, gap in (
            ([*full, long], 2),
            ([*full, long], 1),
            ([*full, short], 1),
            (full, 1),
            ([*brief, short], 1),
        ):
            if _length(items, gap) <= width:
                return _spread(items, gap)
        known = [fact for fact in brief if fact[1] != fmt.DASH]
        # the exits stay longest
        for gone in DROPPED:
            kept = [fact for fact in known if fact[0] not in gone]
            if _length(kept, 1) <= width:
                break
        while len(kept) > 1 and _length(kept, 1) > width:
            kept.pop()
        aged = [*kept, short]
        return _spread(aged if _length(aged, 1) <= width else kept, 1)

    def _facts(self, row: PositionRow, room: int) -> list[tuple[str, str]]:
        """(label, figure) in the order shown; prices in at most so many cells where they can be."""
        facts = [(AVERAGE, fmt.price_fit(row.average, room))]
        if "mark" not in self._drawn.columns:
            facts.append((MARK, fmt.price_fit(row.mark, room)))
        if row.liquidation is not None:
            facts.append((SOLD, _sold(row, 11)))
        stop = fmt.price_fit(row.stop, room) + exit_note(row.stop_bot, row.stop_part, " · ")
        target = fmt.price_fit(row.target, room) + exit_note(row.target_bot, row.target_part, " · ")
        return [*facts, ("stop ", stop), ("tgt ", target)]


def exit_note(bot: bool, part: float, between: str = " ") -> str:
    """Whose exit it is, and how much of the holding it covers: ` bot`, ` 13%`; of all nothing."""
    if bot:
        return " bot"
    return "" if part >= WHOLE else f"{between}{max(part, 0.01):.0%}"


def exit_notes(row: PositionRow) -> tuple[str, str]:
    """The same of the stop and of the target."""
    return exit_note(row.stop_bot, row.stop_part), exit_note(row.target_bot, row.target_part)


def _exit(price: Decimal | None, note: str, width: int) -> Parts:
    """A planned exit; the note stays, of the price decimals are left out."""
    if price is None:
        return ((fmt.DASH, "dim"),)
    return ((fmt.price_fit(price, width - len(note)), "muted"), (note, "dim"))


def _sold(row: PositionRow, width: int) -> str:
    """What it would bring now, after costs."""
    return "–" if row.liquidation is None else fmt.money_fit(row.liquidation, width)


def _percent(fraction: float, width: int) -> str:
    """`+1.93%`, and fewer decimals where two do not fit."""
    for decimals in (2, 1):
        text = fmt.percent(fraction, decimals)
        if len(text) <= width:
            return text
    return fmt.percent(fraction, 0)


def _length(items: Sequence[tuple[str, str]], gap: int) -> int:
    return sum(len(label) + len(text) for label, text in items) + gap * (len(items) - 1)


def _spread(items: Sequence[tuple[str, str]], gap: int) -> list[Part]:
    parts: list[Part] = []
    for number, (label, text) in enumerate(items):
        parts += [(" " * gap * (number > 0) + label, "dim"), (text, "muted")]
    return parts


def tone_of(text: str) -> str:
    """Tone of a gain or a loss as it is shown: what rounds to zero is neither."""
    return ("muted", "up", "down")[fmt.direction(text)]
