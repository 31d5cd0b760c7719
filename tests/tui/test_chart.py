from __future__ import annotations

from decimal import Decimal

import pytest

from papertrader_tui.domain.orders import Side
from papertrader_tui.tui.widgets.chart import INTERVALS, Chart
from tests.tui import widget_rows as make
from tests.tui.widget_rows import Holder, lines

RISING = [(100.0 + i, 101.5 + i, 99.5 + i, 101.0 + i) for i in range(40)]


class Listening(Holder):
    def on_chart_interval_changed(self, message: Chart.IntervalChanged) -> None:
        self.seen.append(("interval", message.interval))


@pytest.mark.parametrize("size", [(10, 3), (24, 6), (58, 20), (200, 60)])
async def test_it_fits_any_size(size: tuple[int, int]) -> None:
    app = Holder(Chart())
    async with app.run_test(size=size) as pilot:
        chart = app.widget
        assert isinstance(chart, Chart)
        for shown in ([], make.candles(RISING[:1]), make.candles(RISING * 8, 5.0)):
            chart.set_data(make.token(1), shown, last=Decimal(140), stop=Decimal(90))
            await pilot.pause()
            width, height = chart.size
            assert {chart.render_line(y).cell_length for y in range(height)} == {width}


async def test_few_candles_stand_at_the_right_with_price_and_time_axes() -> None:
    app = Holder(Chart())
    async with app.run_test(size=(60, 20)) as pilot:
        chart = app.widget
        assert isinstance(chart, Chart)
        chart.set_data(make.token(1), make.candles(RISING[:20], 9.0), last=Decimal("119.75"))
        await pilot.pause()
        shown = lines(chart)
        columns = chart.capacity
        drawn = {x for line in shown[:15] for x, c in enumerate(line[:columns]) if c in "┃│╽╿╻╹╷╵"}
        assert drawn == set(range(columns - 20, columns))
        assert any(line.endswith("119.75") for line in shown)
        assert any("┈┈┈" in line for line in shown)
        assert shown[-1].split() == ["13:00", "14:00"]
        assert "TOK1/USDC · 5m" in str(chart.border_title)
        assert "O 119.00  H 120.50  L 118.50  C 120.00  V 9" in str(chart.border_subtitle)


async def test_exits_and_fills_are_marked() -> None:
    app = Holder(Chart())
    async with app.run_test(size=(70, 30)) as pilot:
        chart = app.widget
        assert isinstance(chart, Chart)
        series = make.candles(RISING)
        chart.set_data(
            make.token(1),
            series,
            last=Decimal(140),
            stop=Decimal("120.5"),
            target=Decimal(145),
            fills=(
                make.filled(Side.BUY, series[10].start + 7),
                make.filled(Side.SELL, series[30].start),
            ),
        )
        await pilot.pause()
        shown = lines(chart)
        stop = next(line for line in shown if " stop " in line)
        assert stop.endswith("120.50")
        assert "╌╌╌" in stop
        first = chart.capacity - len(series)
        assert [line.index("▲") for line in shown if "▲" in line] == [first + 10]
        assert [line.index("▼") for line in shown if "▼" in line] == [first + 30]


async def test_an_empty_chart_says_what_would_fill_it() -> None:
    app = Holder(Chart())
    async with app.run_test(size=(60, 12)) as pilot:
        chart = app.widget
        assert isinstance(chart, Chart)
        await pilot.pause()
        assert any("No token is selected." in line for line in lines(chart))
        chart.set_data(make.token(1), [])
        assert any("No candles of this token yet." in line for line in lines(chart))


async def test_intervals_go_round() -> None:
    app = Listening(Chart())
    async with app.run_test(size=(60, 12)) as pilot:
        assert isinstance(app.widget, Chart)
        for _ in INTERVALS:
            app.widget.cycle_interval()
        await pilot.pause()
    minutes = [value // 60_000 for _, value in app.seen]  # type: ignore[operator]
    assert minutes == [15, 60, 240, 1, 5]


async def test_arrows_read_earlier_candles() -> None:
    app = Holder(Chart())
    async with app.run_test(size=(90, 12)) as pilot:
        chart = app.widget
        assert isinstance(chart, Chart)
        chart.set_data(make.token(1), make.candles(RISING))
        await pilot.press("left", "left")
        assert "O 137.00" in str(chart.border_subtitle)
        assert any("┊" in line for line in lines(chart))
        await pilot.press("right", "right")
        assert "O 139.00" in str(chart.border_subtitle)
        assert not any("┊" in line for line in lines(chart))


async def test_a_foreign_symbol_is_no_markup() -> None:
    app = Holder(Chart())
    async with app.run_test(size=(60, 12)):
        chart = app.widget
        assert isinstance(chart, Chart)
        chart.set_data(make.token(1, "[bold]\x1b[31mX"), [])
        assert chart._border_title is not None  # type: ignore[attr-defined]
        assert chart._border_title.plain == "[bold][31mX/USDC · 5m"  # type: ignore[attr-defined]
