"""Text from outside (token names, symbols, files, services) made harmless for a terminal.

The one place where that is decided, for every front end; nothing here needs more than Python.
"""

from __future__ import annotations

import unicodedata

# Letters and symbols that draw nothing, or change how their neighbours are drawn.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_UNDRAWN = (("\ufe00", "\ufe0f"), ("\u1160", "\u11ff"), ("\ud7b0", "\ud7fb"), ("🏻", "🏿"))


def clean(text: str, *, marks: int = 2, layout: bool = False) -> str:
    """Foreign text without anything that a terminal obeys, hides, or turns around.

    Control characters, escape sequences' lead-ins, bidi overrides, zero-width and other format
    characters, surrogates, private use and unassigned code points are dropped.

    Args:
        text: Any text.
        marks: Combining marks that a letter keeps: a tower of them draws over its neighbours.
        layout: Keep runs of blanks and those at the ends (a line that is aligned already);
            otherwise white space becomes single blanks.
    """
    if text.isascii() and text.isprintable() and (layout or "  " not in text):
        return text if layout else text.strip()
    kept: list[str] = []
    marked = 0
    for char in text:
        if char in _BLANKS or any(low <= char <= high for low, high in _UNDRAWN):
            continue
        kind = unicodedata.category(char)
        if char.isspace() or kind[0] == "Z":
            if layout or (kept and kept[-1] != " "):
                kept.append(" ")
            marked = 0
        elif kind[0] == "M":
            marked += 1
            # a mark needs a letter before it
            if marked <= marks and kind != "Me" and kept and kept[-1] != " ":
                kept.append(char)
        elif kind[0] != "C":
            kept.append(char)
            marked = 0
    return "".join(kept) if layout else "".join(kept).strip()


def counted(count: int, what: str) -> str:
    """`1 token`, `2 tokens`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
