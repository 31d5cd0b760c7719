"""The candle chart of the selected token."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from papertrader_tui.domain.events import Event, Filled, Reverted
from papertrader_tui.domain.market import HOUR, MINUTE, Candle
from papertrader_tui.domain.orders import Side
from papertrader_tui.domain.tokens import Token
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.widgets import candles as plot
from papertrader_tui.tui.widgets.tones import COMPONENTS, Part, ToneMap, panel_css

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
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.tones = ToneMap(self)
        self.interval = interval
        self._token: Token | None = None
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
    ) -> None:
        """What to draw.

        Args:
            token: Whose candles they are; None before one is selected.
            candles: Oldest first, of the length that `interval` says.
            last: Newest price; it draws the dotted line and its tag.
            fills: `Filled` and `Reverted` events of the token, in any order.
            stop, target, average: Planned exits and average entry price of its position.
        """
        if token != self._token:
            self._inspected = None
        self._token = token
        self._candles = candles
        self._last = None if last is None else float(last)
        self._levels = _levels(stop, target, average)
        self._marks = tuple(m for m in map(_mark, fills) if m is not None)
        self._redraw()

    # drawing

    def render_line(self, y: int) -> Strip:
        size = (self.size.width, self.size.height)
        if size != self._drawn:
            rows = self._draw(*size)
            blank = self.tones[""]
            self._strips = [
                self.tones.strip(parts).adjust_cell_length(size[0], blank) for parts in rows
            ]
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
            title = [(f"{fmt.clean(self._token.symbol, 16) or '?'}/USDC · {name}", "")]
        subtitle: list[Part] = []
        shown = self._shown()
        if shown:
            at = self._inspected
            subtitle = _summary(shown[-1 if at is None else min(at, len(shown) - 1)], self._last)
            if at is not None:
                when = shown[min(at, len(shown) - 1)].start
                label = f"{plot.day_label(when)} {fmt.clock(when, seconds=False)}  "
                subtitle.insert(0, (label, "accent"))
            if sum(len(text) for text, _ in subtitle) > self.size.width - 2:
                subtitle = subtitle[-1:]
        if (title, subtitle) != self._titles:
            self._titles = (title, subtitle)
            self.border_title = self.tones.content(title)
            self.border_subtitle = self.tones.content(subtitle)

    def _draw(self, width: int, height: int) -> list[list[Part]]:
        lines = height - 1
        if not self._candles or lines < MIN_ROWS:
            return self._empty(width, height)
        has_volume = any(c.volume > 0 for c in self._shown())
        volume = min(4, lines // 6) if has_volume and lines >= 10 else 0
        rows = lines - volume
        drawn = [*self._levels, *self._last_level()]
        scale = plot.scale_for(self._shown(), rows, drawn)
        ticks = plot.nice_ticks(scale.low, scale.high, max(2, rows // 3))
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
        grid = [[" "] * columns for _ in range(rows)]
        tones = [[""] * columns for _ in range(rows)]
        for row in tick_rows:
            for number in times:
                grid[row][x0 + number] = "·"
                tones[row][x0 + number] = "grid"
        plot.draw_candles(shown, scale, grid, tones, x0)
        if self._inspected is not None:
            _crosshair(grid, tones, x0 + min(self._inspected, len(shown) - 1))
        for level in drawn:
            if scale.holds(level.price):
                plot.draw_level(level, scale, grid, tones)
        plot.draw_marks(self._marks, shown, scale, grid, tones, x0)
        out = [
            [*plot.runs(grid[y], tones[y]), *_axis_label(labels.get(y), self._axis)]
            for y in range(rows)
        ]
        bars, bar_tones = plot.volume_rows(shown, volume, columns, x0)
        out += [plot.runs(bars[y], bar_tones[y]) for y in range(volume)]
        out.append([(_time_axis(times, x0, columns), "dim")])
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
        out: list[list[Part]] = [[(" ", "")]] * max(0, (height - len(lines)) // 2)
        for number, line in enumerate(lines):
            pieces = line.split("`")
            indent = max(1, (width - sum(map(len, pieces))) // 2)
            tone = "muted" if number == 0 else "dim"
            out.append(
                [
                    (" " * indent, ""),
                    *((text, "key" if i % 2 else tone) for i, text in enumerate(pieces)),
                ]
            )
        return out


def _levels(
    stop: Decimal | None, target: Decimal | None, average: Decimal | None
) -> tuple[plot.Level, ...]:
    found: list[plot.Level] = []
    if average is not None:
        found.append(plot.Level(float(average), "avg", "dim", "strong", "╌"))
    if target is not None:
        found.append(plot.Level(float(target), "target", "up-dim", "up", "╌"))
    if stop is not None:
        found.append(plot.Level(float(stop), "stop", "down-dim", "down", "╌"))
    return tuple(found)


def _mark(event: Event) -> plot.Mark | None:
    if isinstance(event, Filled):
        if event.side is Side.BUY:
            return plot.Mark(event.time, fmt.UP, "up-strong", below=True)
        return plot.Mark(event.time, fmt.DOWN, "down-strong", below=False)
    if isinstance(event, Reverted):
        return plot.Mark(event.time, "×", "warn", below=event.side is Side.BUY)
    return None


def _summary(candle: Candle, last: float | None) -> list[Part]:
    decimals = fmt.decimals_for(last if last is not None else candle.close)
    parts: list[Part] = []
    for name, value in (
        ("O", candle.open),
        ("H", candle.high),
        ("L", candle.low),
        ("C", candle.close),
    ):
        parts += [(f"{name} ", "muted"), (f"{fmt.price(value, decimals)}  ", "")]
    if candle.volume >= 0:
        parts += [("V ", "muted"), (f"{fmt.compact(candle.volume)}  ", "")]
    change = candle.close / candle.open - 1 if candle.open else 0.0
    tone = "up" if change > 0 else "down" if change < 0 else "muted"
    return [*parts, (fmt.percent(change), tone)]


def _crosshair(grid: list[list[str]], tones: list[list[str]], x: int) -> None:
    for row, line in enumerate(grid):
        if line[x] in " ·":
            line[x] = "┊"
            tones[row][x] = "accent"


def _axis_label(label: Part | None, width: int) -> list[Part]:
    if label is None:
        return [(" " * width, "")]
    text, tone = label
    room = width - 1
    return [(" ", ""), (f"{text} ".rjust(room) if tone == "tag" else f"{text:>{room - 1}} ", tone)]


def _time_axis(times: dict[int, str], x0: int, columns: int) -> str:
    line = [" "] * columns
    for number, label in times.items():
        begin = x0 + number
        if begin + len(label) <= columns:
            line[begin : begin + len(label)] = label
    return "".join(line)
