"""Which columns of a table are shown at a width, and how wide each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        key: What the table's `cell` is asked for.
        label: Its heading.
        width: Cells it needs.
        right: Right-aligned, as numbers are.
        priority: 0 is always shown; the largest are dropped first where room is short.
        limit: Cells that it may grow to where there is room; `width` if not given.
        extra: Only shown where all others have grown and there is room left over.
    """

    key: str
    label: str
    width: int
    right: bool = True
    priority: int = 0
    limit: int = 0
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A column at its place: `x` is its first cell."""

    column: Column
    x: int
    width: int


def widened(columns: Sequence[Column], key: str, width: int) -> tuple[Column, ...]:
    """The columns with one of them at least so wide."""
    return tuple(
        replace(c, width=max(c.width, width), limit=max(c.limit, width)) if c.key == key else c
        for c in columns
    )


def place(columns: Sequence[Column], width: int, *, start: int = 1) -> tuple[Placed, ...]:
    """Columns that fit into `width` cells, from cell `start`, in their given order.

    More room shows more columns first, then wider gaps (two cells rather than one), then lets
    columns grow, then shows the extra ones.
    """
    room = width - start
    chosen = _chosen([c for c in columns if not c.extra], room)
    gap = 2 if _needs(chosen, 2) <= room else 1
    spare = max(0, room - _needs(chosen, gap))
    widths = {c.key: c.width for c in chosen}
    spare = _grow(chosen, widths, spare)
    extras: list[Column] = []
    for column in sorted((c for c in columns if c.extra), key=lambda c: c.priority):
        if column.width + gap > spare:
            break
        extras.append(column)
        widths[column.key] = column.width
        spare -= column.width + gap
    _grow(extras, widths, spare)
    placed: list[Placed] = []
    x = start
    for column in columns:
        if column.key in widths:
            placed.append(Placed(column, x, widths[column.key]))
            x += widths[column.key] + gap
    return tuple(placed)


def _grow(columns: Sequence[Column], widths: dict[str, int], spare: int) -> int:
    for column in sorted(columns, key=lambda c: c.priority):
        extra = min(spare, max(0, column.limit - column.width))
        widths[column.key] += extra
        spare -= extra
    return spare


def _chosen(columns: Sequence[Column], room: int) -> list[Column]:
    chosen = list(columns)
    while _needs(chosen, 1) > room:
        last = max(chosen, key=lambda c: c.priority)
        if last.priority == 0:
            break
        # of several with one priority the rightmost goes first
        chosen.remove([c for c in chosen if c.priority == last.priority][-1])
    return chosen


def _needs(columns: Sequence[Column], gap: int) -> int:
    return sum(c.width for c in columns) + gap * max(0, len(columns) - 1)
