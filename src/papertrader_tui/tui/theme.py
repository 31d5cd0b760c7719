"""The console's own themes.

Widgets take their colours from names that every Textual theme has: `$success` is up and
`$error` is down, `$warning` warns, `$accent` marks what has focus.  So any theme works, and
colour is never the only sign: direction always shows as an arrow or a sign too.
"""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

DEFAULT = "papertrader"

_DARK = {
    "border": "#2b3644",
    "border-blurred": "#1d2631",
    "footer-background": "#0a0e13",
    "footer-key-foreground": "#5aa9ff",
    "footer-description-foreground": "#8d99a8",
    "scrollbar": "#253040",
    "scrollbar-hover": "#33435a",
    "scrollbar-active": "#5aa9ff",
    "scrollbar-background": "#0a0e13",
    "scrollbar-background-hover": "#0a0e13",
    "scrollbar-background-active": "#0a0e13",
    "scrollbar-corner-color": "#0a0e13",
    "block-cursor-background": "#1d3a5c",
    "block-cursor-foreground": "#e8eef5",
    "block-cursor-text-style": "bold",
    "input-selection-background": "#5aa9ff 30%",
    "input-cursor-background": "#5aa9ff",
}

THEMES = (
    Theme(
        name="papertrader",
        primary="#5aa9ff",
        secondary="#7f8fa6",
        accent="#5aa9ff",
        foreground="#d5dde7",
        background="#0a0e13",
        surface="#10161e",
        panel="#18212c",
        success="#35c27c",
        error="#f2545f",
        warning="#e6b450",
        dark=True,
        variables=_DARK,
    ),
    Theme(
        name="papertrader-light",
        primary="#0b62c4",
        secondary="#566273",
        accent="#0b62c4",
        foreground="#17202b",
        background="#fbfcfd",
        surface="#f1f4f7",
        panel="#e3e8ee",
        success="#0a7a48",
        error="#c4222f",
        warning="#9a6200",
        dark=False,
        variables={
            "border": "#b4bfcb",
            "border-blurred": "#ccd5de",
            "footer-background": "#f1f4f7",
            "footer-key-foreground": "#0b62c4",
            "scrollbar": "#c3cdd8",
            "scrollbar-background": "#f1f4f7",
            "block-cursor-background": "#cfe2f8",
            "block-cursor-foreground": "#17202b",
            "block-cursor-text-style": "bold",
            "input-selection-background": "#0b62c4 25%",
        },
    ),
    # Blue and orange stay apart for every common kind of colour blindness; yellow warns.
    Theme(
        name="papertrader-colorblind",
        primary="#c9a6ff",
        secondary="#7f8fa6",
        accent="#c9a6ff",
        foreground="#d5dde7",
        background="#0a0e13",
        surface="#10161e",
        panel="#18212c",
        success="#4ba3f5",
        error="#f28b3b",
        warning="#f0e05a",
        dark=True,
        variables={
            **_DARK,
            "footer-key-foreground": "#c9a6ff",
            "scrollbar-active": "#c9a6ff",
            "block-cursor-background": "#38305a",
            "input-selection-background": "#c9a6ff 30%",
            "input-cursor-background": "#c9a6ff",
        },
    ),
)


def names() -> list[str]:
    """Every theme that can be chosen: papertrader's own, then Textual's."""
    return [*(theme.name for theme in THEMES), *BUILTIN_THEMES]
