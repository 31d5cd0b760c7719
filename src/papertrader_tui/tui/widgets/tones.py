"""The few ways in which a piece of text can look, and their styles in the theme that is on.

Line-API widgets draw `Part`s, pairs of a text and a tone; a tone is a component class, so that
a theme or a user's CSS decides what it looks like.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
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
    "up-soft": "color: $success 62%;",
    "down-soft": "color: $error 62%;",
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
# borders resolve names of colours themselves, when they are drawn
_TITLES = {
    "up": "$success",
    "down": "$error",
    "warn": "$warning",
    "accent": "$accent",
    "muted": "$foreground 56%",
}
_FILLED = frozenset(t for t, css in TONES.items() if css.startswith("background"))


def tone_css(widget: str) -> str:
    """DEFAULT_CSS for the tones of one widget class."""
    rules = [f"{widget} > .tone--{tone} {{ {css} }}" for tone, css in TONES.items()]
    # terminals' own palettes cannot blend, so there faint text asks for the terminal's dim
    rules += [
        f"{widget}:ansi > .tone--{tone} {{ text-style: dim; }}"
        for tone in ("muted", "dim", "grid", "line", "up-dim", "down-dim", "up-soft", "down-soft")
    ]
    filled = (("up-flash", "success"), ("down-flash", "error"), ("tag", "warning"))
    rules += [
        f"{widget}:ansi > .tone--{tone} "
        f"{{ background: $background; color: ${color}; text-style: bold reverse; }}"
        for tone, color in filled
    ]
    rules += [
        f"{widget}:ansi > .tone--{tone} {{ background: $background; text-style: bold; }}"
        for tone in ("up-tint", "down-tint")
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
        self._styles: dict[tuple[str, str], Style] = {}

    def clear(self) -> None:
        """Forget the styles, because the theme or the widget's state changed."""
        self._styles.clear()

    def __getitem__(self, tone: str) -> Style:
        return self.style(tone)

    def style(self, tone: str, under: str = "") -> Style:
        """Style of a tone, on the widget's background or on that of the component `under`."""
        style = self._styles.get((tone, under))
        if style is None:
            style = self._styles[tone, under] = self._resolve(tone, under)
        return style

    def _resolve(self, tone: str, under: str) -> Style:
        base = self._widget.rich_style
        style = self._widget.get_component_rich_style(f"tone--{tone}") if tone else base
        if tone in _FILLED:
            return style
        if under:
            base = self._widget.get_component_rich_style(under)
        return Style(
            color=style.color,
            bgcolor=base.bgcolor,
            bold=style.bold,
            dim=style.dim,
            italic=style.italic,
            underline=style.underline,
            reverse=style.reverse,
        )

    def strip(self, parts: Iterable[Part], width: int, under: str = "") -> Strip:
        """Parts as one strip of `width` cells; neighbours of one tone become one segment."""
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
                segments.append(Segment(run, self.style(run_tone, under)))
            run, run_tone = text, tone
        if run:
            segments.append(Segment(run, self.style(run_tone, under)))
        return Strip(segments).adjust_cell_length(width, self.style("", under))


def titled(parts: Iterable[Part]) -> Content:
    """Parts as the title of a border: never read as markup, and in the colours of any theme."""
    return Content.assemble(*((text, _TITLES.get(tone, "")) for text, tone in parts))


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


def notice(lines: Sequence[str], width: int, height: int) -> list[list[Part]]:
    """Lines of an empty panel, wrapped and centred; a key to press stands in backticks."""
    # backticks take no room on the screen, and a line rarely has more than two pairs of them
    wrapped = [
        (number, piece)
        for number, line in enumerate(lines)
        for piece in textwrap.wrap(line, max(8, width - 2))
    ]
    rows: list[list[Part]] = [[] for _ in range(max(0, (height - len(wrapped)) // 2))]
    for number, line in wrapped[:height]:
        pieces = line.split("`")
        indent = max(1, (width - sum(map(len, pieces))) // 2)
        tone = "" if number == 0 else "muted"
        keyed = ((text, "key" if i % 2 else tone) for i, text in enumerate(pieces))
        rows.append([(" " * indent, ""), *keyed])
    return rows
