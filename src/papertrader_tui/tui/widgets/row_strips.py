"""The drawn rows of a table: their cells and strips, kept until what they show changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.strip import Strip

from papertrader_tui.tui.widgets.columns import Column, Placed, place
from papertrader_tui.tui.widgets.tones import Part, Parts, ToneMap, fit

MARKER = "▌"
CellSource = Callable[[str, str, int], Parts]


class RowStrips:
    """A cache of drawn rows by their keys.

    Args:
        columns: Every column that the table knows.
        tones: Styles to draw in.
        cell: What stands in a cell: of a row's key, a column's key and a width.
    """

    def __init__(self, columns: Sequence[Column], tones: ToneMap, cell: CellSource) -> None:
        self._columns = columns
        self._tones = tones
        self._cell = cell
        self._placed: tuple[Placed, ...] = ()
        self._cells: dict[str, list[list[Part]]] = {}
        self._strips: dict[str, Strip] = {}
        self.width = 0

    def resize(self, width: int) -> None:
        """Place the columns anew for a width."""
        self.width = width
        self._placed = place(self._columns, width)
        self._cells.clear()
        self._strips.clear()

    def kept(self) -> list[str]:
        """Keys of the rows that are kept."""
        return list(self._cells)

    def forget(self, key: str) -> None:
        """Draw a row from nothing when it is asked for again."""
        self._cells.pop(key, None)
        self._strips.pop(key, None)

    def restyle(self, key: str | None = None) -> None:
        """Draw a row (default: all) from its cells again: its place or the theme changed."""
        if key is None:
            self._strips.clear()
        else:
            self._strips.pop(key, None)

    def update(self, key: str, columns: Sequence[str] | None = None) -> list[Placed]:
        """Ask for cells of a kept row again; returns the columns in which something changed."""
        cells = self._cells[key]
        changed: list[Placed] = []
        for number, placed in enumerate(self._placed):
            if columns is not None and placed.column.key not in columns:
                continue
            parts = self._fitted(key, placed)
            if parts != cells[number]:
                cells[number] = parts
                changed.append(placed)
        if changed:
            self._strips.pop(key, None)
        return changed

    def __contains__(self, key: str) -> bool:
        return key in self._cells

    def strip(self, key: str, *, pointed: bool) -> Strip:
        """A row, with the cursor on it if `pointed`."""
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._draw(key, pointed=pointed)
        return strip

    def header(self) -> Strip:
        """The line of headings."""
        cells = [
            fit([(p.column.label, "muted")], p.width, right=p.column.right) for p in self._placed
        ]
        return self._tones.strip(self._spaced([(" ", "")], cells), self.width)

    def _draw(self, key: str, *, pointed: bool) -> Strip:
        cells = self._cells.get(key)
        if cells is None:
            cells = self._cells[key] = [self._fitted(key, placed) for placed in self._placed]
        first: list[Part] = [(MARKER, "mark") if pointed else (" ", "")]
        under = "tone--cursor" if pointed else ""
        return self._tones.strip(self._spaced(first, cells), self.width, under)

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
