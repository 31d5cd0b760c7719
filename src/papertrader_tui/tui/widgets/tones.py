"""The few ways in which a piece of text can look, and their styles in the theme that is on.

Line-API widgets draw `Part`s, pairs of a text and a tone; a tone is a component class, so that
a theme or a user's CSS decides what it looks like.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.style import Style as TextStyle
from textual.widget import Widget

from papertrader_tui.tui.formatting import cut

Part = tuple[str, str]
Parts = Sequence[Part]

TONES = {
    "strong": "color: $foreground; text-style: bold;",
    "muted": "color: $foreground 56%;",
    "dim": "color: $foreground 30%;",
    "up": "color: $success;",
    "down": "color: $error;",
    "warn": "color: $warning;",
    "accent": "color: $accent;",
    "up-strong": "color: $success; text-style: bold;",
    "down-strong": "color: $error; text-style: bold;",
    "up-dim": "color: $success 38%;",
    "down-dim": "color: $error 38%;",
    "up-flash": "background: $success; color: $background; text-style: bold;",
    "down-flash": "background: $error; color: $background; text-style: bold;",
    "up-tint": "background: $success 24%; color: $success;",
    "down-tint": "background: $error 24%; color: $error;",
    "tag": "background: $warning; color: $background; text-style: bold;",
    "line": "color: $warning 70%;",
    "grid": "color: $foreground 17%;",
    "key": "color: $accent; text-style: bold;",
}
COMPONENTS = {f"tone--{tone}" for tone in TONES}
_FILLED = frozenset(t for t, css in TONES.items() if css.startswith("background"))


def tone_css(widget: str) -> str:
    """DEFAULT_CSS for the tones of one widget class."""
    rules = [f"{widget} > .tone--{tone} {{ {css} }}" for tone, css in TONES.items()]
    # terminals' own palettes cannot blend, so there faint text asks for the terminal's dim
    rules += [
        f"{widget}:ansi > .tone--{tone} {{ text-style: dim; }}"
        for tone in ("muted", "dim", "grid", "line", "up-dim", "down-dim")
    ]
    return "\n".join(rules)


def panel_css(widget: str) -> str:
    """DEFAULT_CSS for a widget that is a panel of a screen: its border is the accent in focus."""
    return f"""
{widget} {{
    border: round $border-blurred;
    border-title-color: $foreground 75%;
    border-title-style: bold;
    border-subtitle-color: $foreground 56%;
    background: $background;
    color: $foreground;
}}
{widget}:focus {{
    border: round $accent;
    border-title-color: $accent;
}}
{tone_css(widget)}
"""


class ToneMap:
    """Rich styles of the tones of one widget, resolved once per theme."""

    __slots__ = ("_styles", "_widget")

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[str, Style] = {}

    def clear(self) -> None:
        """Forget the styles, because the theme or the widget's state changed."""
        self._styles.clear()

    def __getitem__(self, tone: str) -> Style:
        style = self._styles.get(tone)
        if style is None:
            style = self._styles[tone] = self._resolve(tone)
        return style

    def _resolve(self, tone: str) -> Style:
        if not tone:
            return _foreground(self._widget.rich_style)
        style = self._widget.get_component_rich_style(f"tone--{tone}")
        # a tone without a background of its own lets a cursor's show through
        return style if tone in _FILLED or tone.startswith("cursor") else _foreground(style)

    def strip(self, parts: Iterable[Part], width: int | None = None) -> Strip:
        """Parts as one strip; neighbours of one tone become one segment."""
        segments: list[Segment] = []
        run, run_tone = "", ""
        for text, tone in parts:
            # blanks look alike in every tone that has no background
            if tone == run_tone or (
                text.isspace() and tone not in _FILLED and run_tone not in _FILLED
            ):
                run += text
                continue
            if run:
                segments.append(Segment(run, self[run_tone]))
            run, run_tone = text, tone
        if run:
            segments.append(Segment(run, self[run_tone]))
        return Strip(segments, width)

    def content(self, parts: Iterable[Part]) -> Content:
        """Parts as Content, for a border title: never read as markup."""
        return Content.assemble(
            *(
                (text, TextStyle.from_rich_style(self[tone])) if tone else text
                for text, tone in parts
            )
        )


def width_of(text: str) -> int:
    """Cells that a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(parts: Parts, width: int, *, right: bool) -> list[Part]:
    """Parts padded to `width` cells, or cut with `…` if they are longer."""
    room = width
    fitted: list[Part] = []
    for text, tone in parts:
        size = width_of(text)
        if size > room:
            shorter = cut(text, room)
            fitted.append((shorter, tone))
            room -= width_of(shorter)
            break
        fitted.append((text, tone))
        room -= size
    if room > 0:
        # a filled cell is filled to its edge
        pad = (" " * room, fitted[0][1] if fitted and fitted[0][1] in _FILLED else "")
        fitted.insert(0 if right else len(fitted), pad)
    return fitted


def _foreground(style: Style) -> Style:
    return Style(
        color=style.color,
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        reverse=style.reverse,
    )
