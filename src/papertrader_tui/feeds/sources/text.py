"""Names and sentences from outside, made harmless before they go anywhere."""

from __future__ import annotations

from papertrader_tui.text import clean as harmless

SYMBOL_CHARS = 20
NAME_CHARS = 60
MESSAGE_CHARS = 200


def clean(text: object, limit: int) -> str:
    """Foreign text in at most `limit` characters, made harmless (see `papertrader_tui.text`).

    A letter keeps at most one combining mark; what is no text is nothing.
    """
    if not isinstance(text, str):
        return ""
    result = harmless(text[: limit * 8], marks=1)
    return result if len(result) <= limit else result[: limit - 1].rstrip() + "…"
