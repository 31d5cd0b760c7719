"""Rows of toned parts on a terminal: in colour where there is one that wants it, else plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from rich.color import ColorSystem
from rich.style import Style

Part = tuple[str, str]

#: The console's tones in the sixteen colours that every terminal's own palette has.
_STYLES = {
    "strong": Style(bold=True),
    "muted": Style(dim=True),
    "dim": Style(dim=True),
    "up": Style(color="green"),
    "down": Style(color="red"),
    "warn": Style(color="yellow"),
    "accent": Style(color="cyan"),
}


def paint(rows: Sequence[Sequence[Part]], out: TextIO, environ: Mapping[str, str]) -> str:
    """Rows as text for a stream, joined by line ends; no blanks end a line.

    Colour goes to terminals only, and to none where NO_COLOR is set or TERM is dumb.
    """
    coloured = out.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return "\n".join(_line(row, coloured=coloured) for row in rows)


def _line(parts: Sequence[Part], *, coloured: bool) -> str:
    plain = "".join(text for text, _ in parts)
    if not coloured:
        return plain.rstrip()
    room = len(plain.rstrip())
    found = []
    for text, tone in parts:
        piece, room = text[:room], max(0, room - len(text))
        style = _STYLES.get(tone)
        found.append(style.render(piece, color_system=ColorSystem.STANDARD) if style else piece)
    return "".join(found)
