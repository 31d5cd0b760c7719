"""A table whose rows are live: one cached strip per row, and only what changed is drawn again.

A table keeps its own rows; it is told of new ones by `update_rows` and says what a person chose
by messages.  The cursor belongs to a row's key, so it stays with its row when rows move.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from papertrader_tui.tui.naming import Names
from papertrader_tui.tui.widgets.columns import Column
from papertrader_tui.tui.widgets.row_strips import RowStrips
from papertrader_tui.tui.widgets.tones import (
    COMPONENTS,
    Part,
    Parts,
    ToneMap,
    notice,
    panel_css,
    titled,
)

Row = TypeVar("Row")
HEADER = 1


class Table(ScrollView, Generic[Row], can_focus=True, inherit_bindings=False):
    """Base of the tables; a subclass names its columns, its rows' keys and its cells.

    `TIMED` names the columns that change as time goes by (ages, countdowns); in `EMPTY` a key to
    press stands in backticks.
    """

    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    TIMED: ClassVar[tuple[str, ...]] = ()
    EMPTY: ClassVar[tuple[str, ...]] = ("Nothing here yet.",)
    COMPONENT_CLASSES = COMPONENTS | {"tone--cursor", "tone--mark"}
    DEFAULT_CSS = (
        panel_css("Table")
        + """
Table {
    overflow-x: hidden;
    overflow-y: auto;
    scrollbar-size-vertical: 1;
    scrollbar-background: $background;
    & > .tone--cursor { background: $foreground 8%; }
    & > .tone--mark { color: $foreground 40%; }
    &:focus > .tone--cursor { background: $accent 22%; }
    &:focus > .tone--mark { color: $accent; }
    &:ansi > .tone--cursor { background: $background; }
    &:ansi:focus > .tone--cursor { background: ansi_blue; }
}
"""
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False, id="table.up"),
        Binding("down", "move(1)", "Down", show=False, id="table.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page_down"),
        Binding("home", "end(-1)", "First", show=False, id="table.first"),
        Binding("end", "end(1)", "Last", show=False, id="table.last"),
        Binding("enter", "choose", "Choose", show=False, id="table.choose"),
    ]

    class _RowMessage(Message):
        def __init__(self, table: Table[Any], key: str, row: Any) -> None:
            super().__init__()
            self.table = table
            self.key = key
            self.row = row

        @property
        def control(self) -> Table[Any]:
            """The table that it came from, for `@on(…, "#selector")`."""
            return self.table

    class Highlighted(_RowMessage):
        """The cursor came to another row: `key` and `row` of it."""

        def can_replace(self, message: Message) -> bool:
            return type(message) is type(self) and message._sender is self._sender

    class Selected(_RowMessage):
        """A row was chosen, by Enter or by a click on the row under the cursor."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.tones = ToneMap(self)
        self._rows: dict[str, Row] = {}
        self._keys: list[str] = []
        self._index: dict[str, int] = {}
        self._cursor: str | None = None
        self._room = 0
        self._drawn = RowStrips(
            self.COLUMNS,
            self.tones,
            lambda key, column, width: self.cell(self._rows[key], column, width),
            lambda key, width: self.detail(self._rows[key], width),
        )
        self.names = Names((), ())
        self._subtitle: list[Part] = []
        self.now = 0

    # what a subclass says

    def key_of(self, row: Row) -> str:
        """What identifies a row among the others."""
        raise NotImplementedError

    def cell(self, row: Row, column: str, width: int) -> Parts:
        """What stands in one cell, at most `width` cells wide."""
        raise NotImplementedError

    def detail(self, row: Row, width: int) -> Parts:
        """What stands in the second line of a row, where `shape` asked for two."""
        return ()

    def shape(self, width: int, room: int, rows: int) -> tuple[Sequence[Column], int]:
        """Columns, and lines a row (1 or 2), for so many rows in `room` lines of `width` cells."""
        return self.COLUMNS, 1

    def empty(self) -> Sequence[str]:
        """What stands where there is no row; a key to press in backticks."""
        return self.EMPTY

    def rows_changed(self) -> None:
        """Called after the rows changed: the place to set titles."""

    # data down

    @property
    def rows(self) -> list[Row]:
        """Rows in the order shown."""
        return [self._rows[key] for key in self._keys]

    @property
    def cursor(self) -> str | None:
        """Key of the row under the cursor, None if there is no row."""
        return self._cursor

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._rows.get(self._cursor) if self._cursor is not None else None

    def update_rows(self, rows: Sequence[Row], now: int | None = None) -> None:
        """Show these rows, in this order, at this market time.

        Rows equal to those shown cost next to nothing.
        """
        later = now is not None and now != self.now
        if now is not None:
            self.now = now
        fresh = {self.key_of(row): row for row in rows}
        keys = list(fresh)
        old, self._rows = self._rows, fresh
        if keys == self._keys:
            for key, row in fresh.items():
                if row is not old[key] and row != old[key]:
                    self.refresh_cells(key)
        else:
            self._reorder(keys, old)
        self._reshape()
        if later and self.TIMED:
            for key in self._drawn.kept():
                self.refresh_cells(key, self.TIMED)
        self.rows_changed()

    def rename(self, names: Names) -> None:
        """Call tokens by these names."""
        if names != self.names:
            self.names = names
            self._reshape()
            for key in self._drawn.kept():
                self.refresh_cells(key, ("token",))

    def set_subtitle(self, parts: list[Part]) -> None:
        """Live facts in the lower border; the panel is only drawn again if they changed."""
        if parts != self._subtitle:
            self._subtitle = parts
            self.border_subtitle = titled(parts)

    def select(self, key: str) -> bool:
        """Put the cursor on a row and bring it into view; False if there is no such row."""
        if key not in self._rows:
            return False
        self._point_at(key)
        return True

    def refresh_cells(self, key: str, columns: Sequence[str] | None = None) -> None:
        """Draw cells of a row again, if what they show has changed (default: all its cells)."""
        if key not in self._drawn:
            return
        y = self._visible_line(key)
        if y is None:
            self._drawn.forget(key)
            return
        changed = self._drawn.update(key, columns)
        if changed:
            self.refresh(*(region.translate((0, y)) for region in changed))

    # drawing

    def render_line(self, y: int) -> Strip:
        if not self._keys:
            return self._empty_line(y)
        if y < HEADER:
            return self._drawn.header()
        index, line = divmod(y - HEADER + int(self.scroll_offset.y), self._drawn.lines)
        if index >= len(self._keys):
            return self.tones.strip([], self._drawn.width)
        key = self._keys[index]
        return self._drawn.strip(key, line, pointed=key == self._cursor)

    def _empty_line(self, y: int) -> Strip:
        lines = notice(self.empty(), self._drawn.width, self.scrollable_content_region.height)
        return self.tones.strip(lines[y] if y < len(lines) else [], self._drawn.width)

    # keys and mouse

    def action_move(self, by: int) -> None:
        """Move the cursor up or down."""
        if self._keys:
            index = self._index.get(self._cursor or "", 0)
            self._point_at(self._keys[min(len(self._keys) - 1, max(0, index + by))])

    def action_page(self, direction: int) -> None:
        """Move the cursor by what is visible."""
        self.action_move(direction * max(1, self._room // self._drawn.lines - 1))

    def action_end(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self.action_move(direction * len(self._keys))

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self._cursor is not None:
            self.post_message(self.Selected(self, self._cursor, self._rows[self._cursor]))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < HEADER:
            return
        index = (offset.y - HEADER + int(self.scroll_offset.y)) // self._drawn.lines
        if index < len(self._keys):
            event.stop()
            again = self._keys[index] == self._cursor
            self._point_at(self._keys[index])
            if again:
                self.action_choose()

    # keeping what is drawn in step

    def on_resize(self) -> None:
        self._reshape()

    def watch_show_vertical_scrollbar(self) -> None:
        self._reshape()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.tones.clear()
        self._drawn.restyle()

    def _reshape(self) -> None:
        region = self.scrollable_content_region
        width, self._room = region.width, region.height - HEADER
        columns, lines = self.shape(width, self._room, len(self._keys))
        before = self._drawn.lines
        if self._drawn.reshape(columns, lines, width):
            if lines != before:
                self._set_virtual_size()
            self.refresh()

    def _set_virtual_size(self) -> None:
        count = len(self._keys)
        size = Size(0, count * self._drawn.lines + HEADER if count else 0)
        if size != self.virtual_size:
            self.virtual_size = size

    def _reorder(self, keys: list[str], old: dict[str, Row]) -> None:
        previous, self._keys = self._keys, keys
        self._index = {key: index for index, key in enumerate(keys)}
        for key in self._drawn.kept():
            if key not in self._rows or self._rows[key] != old.get(key):
                self._drawn.forget(key)
        self._set_virtual_size()
        self._keep_cursor(previous)
        self.refresh()

    def _keep_cursor(self, previous: list[str]) -> None:
        if self._cursor in self._index:
            return
        if not self._keys:
            self._cursor = None
            return
        # its row is gone: what came to its place is what a person is looking at
        index = previous.index(self._cursor) if self._cursor in previous else 0
        self._cursor = None
        self._point_at(self._keys[min(index, len(self._keys) - 1)], scroll=False)

    def _point_at(self, key: str, *, scroll: bool = True) -> None:
        if key != self._cursor:
            before, self._cursor = self._cursor, key
            for changed in (before, key):
                if changed is not None:
                    self._drawn.restyle(changed)
                    y = self._visible_line(changed)
                    if y is not None:
                        self.refresh(Region(0, y, self._drawn.width, self._drawn.lines))
            self.post_message(self.Highlighted(self, key, self._rows[key]))
        if scroll:
            self._scroll_into_view(self._index[key])

    def _scroll_into_view(self, index: int) -> None:
        room, lines = self._room, self._drawn.lines
        top, line = int(self.scroll_offset.y), index * self._drawn.lines
        if room > 0 and not top <= line <= top + room - lines:
            self.scroll_to(y=line if line < top else line - room + lines, animate=False)

    def _visible_line(self, key: str) -> int | None:
        index = self._index.get(key)
        if index is None:
            return None
        lines = self._drawn.lines
        line = index * lines - int(self.scroll_offset.y)
        return line + HEADER if -lines < line < self._room else None
