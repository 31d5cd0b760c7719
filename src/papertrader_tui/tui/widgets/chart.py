"""The candle chart of the selected token."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from papertrader_tui.domain.events import Event
from papertrader_tui.domain.market import HOUR, MINUTE, Candle
from papertrader_tui.domain.tokens import Token
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.widgets import candles as plot
from papertrader_tui.tui.widgets.chart_parts import (
    axis_label,
    crosshair,
    levels,
    mark,
    shortened,
    summary,
    time_axis,
)
from papertrader_tui.tui.widgets.tones import COMPONENTS, Part, ToneMap, notice, panel_css, titled

INTERVALS: tuple[tuple[str, int], ...] = (
    ("1m", MINUTE),
    ("5m", 5 * MINUTE),
    ("15m", 15 * MINUTE),
    ("1h", HOUR),
    ("4h", 4 * HOUR),
)
NAMES = {milliseconds: name for name, milliseconds in INTERVALS}
MIN_ROWS = 3


class Chart(Widget, can_focus=True):
    """Candles, volume, the last price, fills and planned exits of one token.

    It draws nothing but what `set_data` brought; whoever feeds it asks `interval` and `capacity`
    for what to bring.
    """

    COMPONENT_CLASSES = COMPONENTS
    DEFAULT_CSS = panel_css("Chart")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "inspect(-1)", "Earlier candle", show=False, id="chart.earlier"),
        Binding("right", "inspect(1)", "Later candle", show=False, id="chart.later"),
        Binding("end", "inspect_last", "Newest candle", show=False, id="chart.newest"),
    ]

    class IntervalChanged(Message):
        """Another interval was chosen: its length in milliseconds."""

        def __init__(self, chart: Chart, interval: int) -> None:
            super().__init__()
            self.chart = chart
            self.interval = interval

        @property
        def control(self) -> Chart:
            """The chart that it came from."""
            return self.chart

    def __init__(
        self,
        *,
        interval: int = 5 * MINUTE,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.tones = ToneMap(self)
        self.interval = interval
        self._token: Token | None = None
        self._called = ""
        self._candles: Sequence[Candle] = ()
        self._last: float | None = None
        self._levels: tuple[plot.Level, ...] = ()
        self._marks: tuple[plot.Mark, ...] = ()
        self._inspected: int | None = None
        self._strips: list[Strip] = []
        self._drawn = (0, 0)
        self._titles: tuple[list[Part], list[Part]] = ([], [])
        self._axis = 10

    @property
    def capacity(self) -> int:
        """How many candles there is room for."""
        return max(1, self.size.width - self._axis)

    def cycle_interval(self, step: int = 1) -> int:
        """Go to the next interval, after the last to the first, and say so by a message."""
        lengths = [milliseconds for _, milliseconds in INTERVALS]
        at = lengths.index(self.interval) if self.interval in lengths else 0
        self.interval = lengths[(at + step) % len(lengths)]
        self._inspected = None
        self.post_message(self.IntervalChanged(self, self.interval))
        return self.interval

    def set_data(
        self,
        token: Token | None,
        candles: Sequence[Candle],
        *,
        last: Decimal | None = None,
        fills: Sequence[Event] = (),
        stop: Decimal | None = None,
        target: Decimal | None = None,
        average: Decimal | None = None,
        notes: tuple[str, str] = ("", ""),
        name: str = "",
    ) -> None:
        """What to draw.

        Args:
            token: Whose candles they are; None before one is selected.
            candles: Oldest first, of the length that `interval` says.
            last: Newest price; it draws the dotted line and its tag.
            fills: `Filled` and `Reverted` events of the token, in any order.
            stop: Planned exit of its position below the price.
            target: Planned exit above it.
            average: Average entry price of its position.
            notes: What is said after `stop` and `target`: whose they are, of how much.
            name: What to call the token, safe to show, where its symbol alone does not do.
        """
        if token != self._token:
            self._inspected = None
        self._token = token
        self._called = name or (fmt.clean(token.symbol, 16) if token else "") or "?"
        self._candles = candles
        self._last = None if last is None else float(last)
        self._levels = levels(stop, target, average, notes)
        self._marks = tuple(m for m in map(mark, fills) if m is not None)
        self._redraw()

    # drawing

    def render_line(self, y: int) -> Strip:
        size = (self.size.width, self.size.height)
        if size != self._drawn:
            rows = self._draw(*size)
            self._strips = [self.tones.strip(parts, size[0]) for parts in rows]
            self._drawn = size
        return self._strips[y] if y < len(self._strips) else Strip.blank(size[0], self.tones[""])

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.tones.clear()
        self._drawn = (0, 0)

    def on_resize(self) -> None:
        self._set_titles()

    def action_inspect(self, by: int) -> None:
        """Read an earlier or later candle in the lower border; past the newest it follows it."""
        shown = self._shown()
        if shown:
            at = len(shown) - 1 if self._inspected is None else self._inspected
            at = min(len(shown) - 1, max(0, at + by))
            self._inspected = None if at == len(shown) - 1 else at
            self._redraw()

    def action_inspect_last(self) -> None:
        """Follow the newest candle again."""
        self._inspected = None
        self._redraw()

    def _redraw(self) -> None:
        self._drawn = (0, 0)
        self._set_titles()
        self.refresh()

    def _shown(self) -> Sequence[Candle]:
        return self._candles[-self.capacity :]

    def _set_titles(self) -> None:
        name = NAMES.get(self.interval, "")
        if self._token is None:
            title: list[Part] = [("Chart", "")]
        else:
            title = [(f"{self._called}/USDC · {name}", "")]
        subtitle: list[Part] = []
        shown = self._shown()
        if shown:
            at = self._inspected
            candle = shown[-1 if at is None else min(at, len(shown) - 1)]
            subtitle = summary(candle, self._last)
            if at is not None:
                label = f"{plot.day_label(candle.start)} {fmt.clock(candle.start, seconds=False)}  "
                subtitle.insert(0, (label, "accent"))
            subtitle = shortened(subtitle, self.size.width - 4)
        if (title, subtitle) != self._titles:
            self._titles = (title, subtitle)
            self.border_title = titled(title)
            self.border_subtitle = titled(subtitle)

    def _draw(self, width: int, height: int) -> list[list[Part]]:
        lines = height - 1
        if not self._candles or lines < MIN_ROWS:
            return self._empty(width, height)
        has_volume = any(c.volume > 0 for c in self._shown())
        volume = min(4, lines // 6) if has_volume and lines >= 10 else 0
        rows = lines - volume
        drawn = [*self._levels, *self._last_level()]
        scale = plot.scale_for(self._shown(), rows, drawn)
        ticks = plot.nice_ticks(scale.low, scale.high, max(2, round(rows / 2.5)))
        decimals = plot.tick_decimals(ticks, self._candles[-1].close)
        labels = {scale.half(t) >> 1: (fmt.price(t, decimals), "muted") for t in ticks}
        tick_rows = list(labels)
        for level in drawn:
            if scale.holds(level.price):
                labels[scale.half(level.price) >> 1] = (
                    fmt.price(level.price, decimals),
                    level.tag,
                )
        self._axis = max((len(text) for text, _ in labels.values()), default=6) + 2
        shown = self._shown()
        columns = width - self._axis
        if columns < 4:
            return self._empty(width, height)
        x0 = columns - len(shown)
        times = plot.time_ticks(shown, self.interval, 12)
        canvas = plot.Canvas(columns, rows, x0)
        for row in tick_rows:
            for number in times:
                canvas.put(row, x0 + number, "·", "grid")
        plot.draw_candles(canvas, shown, scale)
        if self._inspected is not None:
            crosshair(canvas, x0 + min(self._inspected, len(shown) - 1))
        for level in drawn:
            if scale.holds(level.price):
                plot.draw_level(canvas, level, scale)
        plot.draw_marks(canvas, self._marks, shown, scale)
        out = [[*canvas.row(y), *axis_label(labels.get(y), self._axis)] for y in range(rows)]
        bars = plot.Canvas(columns, volume, x0)
        plot.draw_volume(bars, shown)
        out += [bars.row(y) for y in range(volume)]
        out.append([(time_axis(times, x0, columns), "muted")])
        return out

    def _last_level(self) -> list[plot.Level]:
        if self._last is None:
            return []
        return [plot.Level(self._last, "", "line", "tag", "┈")]

    def _empty(self, width: int, height: int) -> list[list[Part]]:
        if self._token is None:
            lines = ["No token is selected.", "Pick one in the watchlist, or press `/` to find it."]
        elif not self._candles:
            lines = ["No candles of this token yet.", "They appear with its first prices."]
        else:
            lines = ["No room for a chart."]
        return notice(lines, width, height)
