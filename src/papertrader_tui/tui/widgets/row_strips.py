"""The drawn rows of a table: their cells and strips, kept until what they show changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.geometry import Region
from textual.strip import Strip

from papertrader_tui.tui.widgets.columns import Column, Placed, place
from papertrader_tui.tui.widgets.tones import Part, Parts, ToneMap, fit

MARKER = "▌"
CellSource = Callable[[str, str, int], Parts]
DetailSource = Callable[[str, int], Parts]


class RowStrips:
    """A cache of drawn rows by their keys.

    Args:
        columns: Every column that the table knows.
        tones: Styles to draw in.
        cell: What stands in a cell: of a row's key, a column's key and a width.
        detail: What stands in a row's second line, where it has one: of its key and a width.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        tones: ToneMap,
        cell: CellSource,
        detail: DetailSource,
    ) -> None:
        self._columns = columns
        self._tones = tones
        self._cell = cell
        self._detail = detail
        self._placed: tuple[Placed, ...] = ()
        self._cells: dict[str, list[list[Part]]] = {}
        self._details: dict[str, list[Part]] = {}
        self._strips: dict[str, list[Strip]] = {}
        self.width = 0
        self.lines = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """Keys of the columns that are shown."""
        return tuple(placed.column.key for placed in self._placed)

    def reshape(self, columns: Sequence[Column], lines: int, width: int) -> bool:
        """Place these columns in a width, with one or two lines a row; False if that is so."""
        if (columns, lines, width) == (self._columns, self.lines, self.width):
            return False
        self._columns, self.lines, self.width = columns, lines, width
        self._placed = place(columns, width)
        self._cells.clear()
        self._details.clear()
        self._strips.clear()
        return True

    def kept(self) -> list[str]:
        """Keys of the rows that are kept."""
        return list(self._cells)

    def forget(self, key: str) -> None:
        """Draw a row from nothing when it is asked for again."""
        self._cells.pop(key, None)
        self._details.pop(key, None)
        self._strips.pop(key, None)

    def restyle(self, key: str | None = None) -> None:
        """Draw a row (default: all) from its cells again: its place or the theme changed."""
        if key is None:
            self._strips.clear()
        else:
            self._strips.pop(key, None)

    def update(self, key: str, columns: Sequence[str] | None = None) -> list[Region]:
        """Ask for cells of a kept row again; returns where in the row something changed."""
        cells = self._cells[key]
        changed: list[Region] = []
        for number, placed in enumerate(self._placed):
            if columns is not None and placed.column.key not in columns:
                continue
            parts = self._fitted(key, placed)
            if parts != cells[number]:
                cells[number] = parts
                changed.append(Region(placed.x, 0, placed.width, 1))
        if self.lines > 1:
            detail = self._second(key)
            if detail != self._details[key]:
                self._details[key] = detail
                changed.append(Region(0, 1, self.width, 1))
        if changed:
            self._strips.pop(key, None)
        return changed

    def __contains__(self, key: str) -> bool:
        return key in self._cells

    def strip(self, key: str, line: int, *, pointed: bool) -> Strip:
        """A line of a row, with the cursor on it if `pointed`."""
        strips = self._strips.get(key)
        if strips is None:
            strips = self._strips[key] = self._draw(key, pointed=pointed)
        return strips[line]

    def header(self) -> Strip:
        """The line of headings."""
        cells = [
            fit([(p.column.label, "muted")], p.width, right=p.column.right) for p in self._placed
        ]
        return self._tones.strip(self._spaced([(" ", "")], cells), self.width)

    def _draw(self, key: str, *, pointed: bool) -> list[Strip]:
        cells = self._cells.get(key)
        if cells is None:
            cells = self._cells[key] = [self._fitted(key, placed) for placed in self._placed]
        first: Part = (MARKER, "mark") if pointed else (" ", "")
        under = "tone--cursor" if pointed else ""
        strips = [self._tones.strip(self._spaced([first], cells), self.width, under)]
        if self.lines > 1:
            detail = self._details.setdefault(key, self._second(key))
            strips.append(self._tones.strip([first, *detail], self.width, under))
        return strips

    def _second(self, key: str) -> list[Part]:
        width = max(0, self.width - 1)
        return fit(self._detail(key, width), width, right=False)

    def _spaced(self, parts: list[Part], cells: Sequence[Sequence[Part]]) -> list[Part]:
        x = 1
        for placed, cell in zip(self._placed, cells, strict=True):
            if placed.x > x:
                parts.append((" " * (placed.x - x), ""))
            parts += cell
            x = placed.x + placed.width
        return parts

    def _fitted(self, key: str, placed: Placed) -> list[Part]:
        width = placed.width
        return fit(self._cell(key, placed.column.key, width), width, right=placed.column.right)
