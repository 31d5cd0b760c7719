"""Names and sentences from outside, made harmless before they go anywhere."""

from __future__ import annotations

import unicodedata

SYMBOL_CHARS = 20
NAME_CHARS = 60
MESSAGE_CHARS = 200


def clean(text: object, limit: int) -> str:
    """Foreign text in at most `limit` characters, without anything that a terminal obeys.

    Control, format (bidi, zero-width), surrogate, private and unassigned characters are dropped;
    white space becomes single blanks; a letter keeps at most one combining mark.
    """
    if not isinstance(text, str):
        return ""
    kept: list[str] = []
    marked = False
    for char in text[: limit * 8]:
        kind = unicodedata.category(char)
        if char.isspace() or kind[0] == "Z":
            if kept and kept[-1] != " ":
                kept.append(" ")
            marked = False
        elif kind[0] == "M":
            if kept and not marked:
                kept.append(char)
            marked = True
        elif kind[0] != "C":
            kept.append(char)
            marked = False
    result = "".join(kept).strip()
    return result if len(result) <= limit else result[: limit - 1].rstrip() + "…"
