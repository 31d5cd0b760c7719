"""The tail of what the bot concluded, newest on top."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from papertrader_tui.domain.decision import Action, Decision
from papertrader_tui.engine.snapshot import Snapshot
from papertrader_tui.intel.scorecard import ENOUGH
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.decision_rows import Hits, hits
from papertrader_tui.tui.naming import Names
from papertrader_tui.tui.widgets.columns import Column, widened
from papertrader_tui.tui.widgets.table import Table
from papertrader_tui.tui.widgets.tones import Parts
from papertrader_tui.tui.widgets.watchlist import ACTION_TONES


class Decisions(Table[Decision]):
    """The last decisions; the cursor stays on the newest until a person moves it."""

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("time", "TIME", 8, right=False, priority=2),
        Column("action", "", 4, right=False),
        Column("token", "TOKEN", 6, right=False, limit=10),
        Column("confidence", "CONF", 4, priority=1),
        Column("hits", "RIGHT", 12, priority=4),
        Column("risk", "RISK", 4, priority=3),
        Column("opportunity", "OPP", 4, priority=3),
        Column("size", "SIZE", 6, priority=4),
        Column("reason", "REASON", 30, right=False, limit=400),
        Column("repeats", "", 5, priority=2),
    )
    EMPTY: ClassVar[tuple[str, ...]] = (
        "No decisions yet.",
        "The bot is off and judges nothing.",
        "`a` switches it on, `[` `]` turn its level.",
    )

    class Highlighted(Table.Highlighted):
        """The cursor came to another decision; `key` is its id."""

    class Selected(Table.Selected):
        """A decision was chosen; `row` is the Decision."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = "Decisions"
        self._hits: Hits = {}
        self._bot = False

    def empty(self) -> Sequence[str]:
        if not self._bot:
            return self.EMPTY
        return (
            self.EMPTY[0],
            "It judges each watched token with its next price, then as often as its level says.",
            "`a` switches it off, `[` `]` turn its level.",
        )

    def key_of(self, row: Decision) -> str:
        return row.id

    def shape(self, width: int, room: int, rows: int) -> tuple[Sequence[Column], int]:
        shown = widened(self.COLUMNS, "token", 8 if self.names.any_shared else 0)
        told = any(total >= ENOUGH for _, total in self._hits.values())
        return shown if told else [c for c in shown if c.key != "hits"], 1

    def show(self, snapshot: Snapshot, names: Names | None = None) -> None:
        """Show the decisions of a snapshot."""
        self.rename(names or Names.of(snapshot))
        self._hits = snapshot.hits
        if snapshot.bot is not self._bot:
            self._bot = snapshot.bot
            self.refresh()
        self.update_rows(snapshot.decisions, snapshot.now)
        mode = f"L{snapshot.level} {snapshot.level_name}"
        state = ("bot on", "up") if snapshot.bot else ("bot off", "muted")
        learned = snapshot.level_note.partition(":")[0]
        note = f" · {fmt.clean(learned, 40)}" if learned else ""
        self.set_subtitle([state, (f" · {mode}", ""), (note, "muted")])

    def update_rows(self, rows: Sequence[Decision], now: int | None = None) -> None:
        """Decisions, newest first."""
        at_top = not self._keys or self._cursor == self._keys[0]
        scrolled = int(self.scroll_offset.y)
        top = self._keys[scrolled] if scrolled and scrolled < len(self._keys) else None
        super().update_rows(rows, now)
        if at_top and scrolled == 0 and self._keys:
            self._point_at(self._keys[0], scroll=False)
        elif top is not None and top in self._index and self._index[top] != scrolled:
            # what a person scrolled to stays where it is while newer ones come in above
            self.scroll_to(y=self._index[top], animate=False)

    def cell(self, row: Decision, column: str, width: int) -> Parts:
        idle = row.action in (Action.HOLD, Action.SKIP)
        match column:
            case "time":
                return ((fmt.clock(row.time, zone=False), "muted"),)
            case "action":
                return ((row.action, ACTION_TONES.get(row.action, "muted")),)
            case "token":
                return self.names.parts(row.token, width, "" if idle else "strong")
            case "confidence":
                return _score(row.confidence, "muted" if idle else "strong")
            case "hits":
                found = hits(row, self._hits)
                return ((f"{found[0] / found[1]:.0%} of {found[1]}" if found else "", "muted"),)
            case "risk":
                return _score(row.risk, "warn" if row.risk >= 70 else "muted")
            case "opportunity":
                return _score(row.opportunity, "muted")
            case "size":
                return ((fmt.money_fit(row.size_usd, width) if row.size_usd else "", ""),)
            case "reason":
                return ((fmt.clean(row.reason, width), "muted" if idle else ""),)
            case _:
                return ((f"×{fmt.compact(row.repeats)}" if row.repeats > 1 else "", "dim"),)


def _score(value: Decimal, tone: str) -> Parts:
    return ((f"{value:.0f}", tone),)
