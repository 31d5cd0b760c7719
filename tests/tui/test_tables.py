from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from textual.widget import Widget

from papertrader_tui.domain.decision import Action
from papertrader_tui.domain.orders import Kind, Side, Status
from papertrader_tui.domain.risk import GateRow
from papertrader_tui.tui.widgets.columns import Column, place
from papertrader_tui.tui.widgets.decisions import Decisions
from papertrader_tui.tui.widgets.gates import Gates
from papertrader_tui.tui.widgets.orders import Orders
from papertrader_tui.tui.widgets.positions import Positions
from papertrader_tui.tui.widgets.table import Table
from papertrader_tui.tui.widgets.watchlist import Watchlist
from tests.tui import widget_rows as make
from tests.tui.widget_rows import NOW, Holder, lines

SIZE = (100, 12)
ALL: list[type[Table[object]]] = [Watchlist, Positions, Orders, Decisions, Gates]  # type: ignore[list-item]


def tone_at(widget: Watchlist, y: int, text: str) -> object:
    return next(style for found, style in make.styles_at(widget, y) if text in found)


def test_narrow_tables_drop_the_least_important_columns() -> None:
    columns = (
        Column("a", "A", 5),
        Column("b", "B", 5, priority=2),
        Column("c", "C", 5, priority=1),
    )
    assert [p.column.key for p in place(columns, 30)] == ["a", "b", "c"]
    assert [p.column.key for p in place(columns, 13)] == ["a", "c"]
    assert [p.column.key for p in place(columns, 4)] == ["a"]


def test_room_widens_columns_and_then_shows_extra_ones() -> None:
    columns = (Column("a", "A", 5, limit=8), Column("x", "X", 6, extra=True))
    assert [(p.x, p.width) for p in place(columns, 10)] == [(1, 8)]
    assert [(p.x, p.width) for p in place(columns, 17)] == [(1, 8), (11, 6)]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("width", [20, 120])
async def test_an_empty_table_says_what_would_fill_it(
    kind: type[Table[object]], width: int
) -> None:
    app = Holder(kind())
    async with app.run_test(size=(width, 12)) as pilot:
        kind.update_rows(app.widget, [])  # type: ignore[arg-type]
        await pilot.pause()
        shown = " ".join(" ".join(lines(app.widget)).split())
        assert shown == " ".join(kind.EMPTY).replace("`", "")


@pytest.mark.parametrize(
    ("theme", "size"),
    [
        ("papertrader", (30, 6)),
        ("papertrader-light", (79, 12)),
        ("nord", (140, 20)),
        ("ansi-dark", (240, 40)),
    ],
)
async def test_every_line_is_as_wide_as_its_table(theme: str, size: tuple[int, int]) -> None:
    shot = make.snapshot(
        tokens=tuple(make.token_row(i) for i in range(30)),
        positions=(make.position(1),),
        orders=(make.order(1),),
        decisions=tuple(make.decision(i) for i in range(30)),
        gates=(GateRow("daily_loss", 0.5, "half of 5 %", False, None),),
    )
    for kind in (Watchlist, Positions, Orders, Decisions, Gates):
        app = Holder(kind(), theme)
        async with app.run_test(size=size) as pilot:
            app.widget.show(shot)  # type: ignore[attr-defined]
            await pilot.pause()
            widget = app.widget
            width = widget.scrollable_content_region.width
            assert {widget.render_line(y).cell_length for y in range(widget.size.height)} == {width}


async def test_a_watchlist_row_reads_as_a_trader_expects() -> None:
    app = Holder(Watchlist())
    async with app.run_test(size=SIZE) as pilot:
        watch = app.widget
        assert isinstance(watch, Watchlist)
        watch.show(
            make.snapshot(
                tokens=(
                    make.token_row(1, price=Decimal("3388.21"), held=Decimal("0.147403")),
                    make.token_row(
                        2,
                        price=None,
                        change_24h=None,
                        spark=(),
                        liquidity=None,
                        action=None,
                        confidence=None,
                    ),
                )
            )
        )
        await pilot.pause()
        first, second = lines(watch)[1:3]
        assert first.split() == [
            "▌TOK1·base",
            "3,388.21",
            "▲",
            "1.69%",
            *first.split()[4:5],
            "41M",
            "demo·2s",
            "hold",
            "54",
            "0.147403",
        ]
        assert set(first.split()[4]) <= set("▁▂▃▄▅▆▇█")
        assert second.split() == ["TOK2·base", "–", "–", "–", "–", "no", "price", "–", "–"]


async def test_foreign_names_cannot_draw_outside_their_cell() -> None:
    app = Holder(Watchlist())
    async with app.run_test(size=SIZE) as pilot:
        watch = app.widget
        assert isinstance(watch, Watchlist)
        evil = make.token(1, "\x1b[2J[red]\u202e你好你好你好你好你好\n")
        watch.update_rows([make.token_row(1, token=evil)], NOW)
        await pilot.pause()
        line = lines(watch)[1]
        assert "\x1b" not in line
        assert "\u202e" not in line
        assert "[2J[red]" in line
        assert watch.render_line(1).cell_length == watch.size.width


async def test_the_cursor_stays_with_its_token_when_rows_move() -> None:
    app = Holder(Watchlist())
    rows = [make.token_row(i) for i in range(5)]
    async with app.run_test(size=SIZE) as pilot:
        watch = app.widget
        assert isinstance(watch, Watchlist)
        watch.update_rows(rows, NOW)
        await pilot.press("down", "down")
        assert watch.cursor == rows[2].token.id
        watch.update_rows(rows[::-1], NOW)
        assert watch.cursor == rows[2].token.id
        assert [line[0] for line in lines(watch)[1:6]].index("▌") == 2
        watch.update_rows([r for r in rows if r is not rows[2]], NOW)
        assert watch.current == rows[3]
        watch.update_rows([], NOW)
        assert watch.cursor is None


async def test_keys_move_the_cursor_and_scroll() -> None:
    app = Holder(Watchlist())
    async with app.run_test(size=(80, 8)) as pilot:
        watch = app.widget
        assert isinstance(watch, Watchlist)
        watch.update_rows([make.token_row(i) for i in range(20)], NOW)
        await pilot.pause()
        seen = []
        for key in ("end", "up", "pageup", "home", "pagedown"):
            await pilot.press(key)
            await pilot.pause()
            assert watch.current is not None
            seen.append(watch.current.token.symbol)
            assert any(line.startswith(f"▌{seen[-1]}·") for line in lines(watch))
        assert seen == ["TOK19", "TOK18", "TOK14", "TOK0", "TOK4"]


class Listening(Holder):
    def on_watchlist_highlighted(self, message: Watchlist.Highlighted) -> None:
        self.seen.append(("highlighted", message.key))

    def on_watchlist_selected(self, message: Watchlist.Selected) -> None:
        self.seen.append(("selected", message.key))


async def test_a_click_points_and_a_second_click_or_enter_selects() -> None:
    app = Listening(Watchlist())
    rows = [make.token_row(i) for i in range(4)]
    ids = [row.token.id for row in rows]
    async with app.run_test(size=SIZE) as pilot:
        assert isinstance(app.widget, Watchlist)
        app.widget.update_rows(rows, NOW)
        await pilot.pause()
        await pilot.click(Watchlist, offset=(5, 4))
        await pilot.click(Watchlist, offset=(5, 4))
        await pilot.press("up", "enter")
        await pilot.click(Watchlist, offset=(5, 9))
        await pilot.pause()
    assert app.seen == [
        ("highlighted", ids[0]),
        ("highlighted", ids[2]),
        ("selected", ids[2]),
        ("highlighted", ids[1]),
        ("selected", ids[1]),
    ]


async def test_a_price_flashes_its_cell_and_then_rests() -> None:
    app = Holder(Watchlist())
    row = make.token_row(1, price=Decimal(100))
    async with app.run_test(size=SIZE) as pilot:
        watch = app.widget
        assert isinstance(watch, Watchlist)
        watch.update_rows([row], NOW)
        await pilot.pause()
        rest = tone_at(watch, 1, "100.00")
        watch.update_price(row.token.id, Decimal(101), NOW)
        watch.tick(10.0)
        solid = tone_at(watch, 1, "101.00")
        assert solid == watch.tones.style("up-flash", "tone--cursor")
        watch.tick(10.14)
        assert tone_at(watch, 1, "101.00") == solid
        watch.tick(10.16)
        assert tone_at(watch, 1, "101.00") == watch.tones["up-tint"]
        watch.tick(10.31)
        assert tone_at(watch, 1, "101.00") == rest
        watch.update_price(row.token.id, Decimal(99), NOW)
        assert tone_at(watch, 1, "99.000") == watch.tones["down-flash"]


async def test_a_tick_draws_only_the_cell_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Holder(Watchlist())
    rows = [make.token_row(i) for i in range(40)]
    async with app.run_test(size=SIZE) as pilot:
        watch = app.widget
        assert isinstance(watch, Watchlist)
        watch.update_rows(rows, NOW)
        await pilot.pause()
        drawn: list[object] = []
        monkeypatch.setattr(watch, "refresh", lambda *regions, **_: drawn.extend(regions))
        watch.update_price(rows[3].token.id, Decimal("103.5"), NOW)
        assert [(r.y, r.height) for r in drawn] == [(4, 1)]  # type: ignore[attr-defined]
        assert drawn[0].width == 11  # type: ignore[attr-defined]
        drawn.clear()
        watch.update_price(rows[30].token.id, Decimal("103.5"), NOW)  # not in view
        watch.update_price(rows[3].token.id, Decimal("103.5"), NOW + 1)  # not another price
        watch.update_rows(watch.rows, NOW)
        assert drawn == []


async def test_motion_can_be_reduced() -> None:
    app = Holder(Watchlist(reduce_motion=True))
    row = make.token_row(1)
    async with app.run_test(size=SIZE) as pilot:
        watch = app.widget
        assert isinstance(watch, Watchlist)
        watch.update_rows([row], NOW)
        await pilot.pause()
        rest = tone_at(watch, 1, "101.00")
        watch.update_price(row.token.id, Decimal(102), NOW)
        assert tone_at(watch, 1, "102.00") == rest


async def test_an_older_snapshot_does_not_turn_a_price_back() -> None:
    app = Holder(Watchlist())
    row = make.token_row(1)
    async with app.run_test(size=SIZE) as pilot:
        watch = app.widget
        assert isinstance(watch, Watchlist)
        watch.update_rows([row], NOW)
        await pilot.pause()
        watch.update_price(row.token.id, Decimal(150), NOW)
        watch.update_rows([replace(row, action="BUY")], NOW)
        assert "150.00" in lines(watch)[1]
        assert "buy" in lines(watch)[1]
        watch.update_price(row.token.id, Decimal(1), NOW - 1)
        assert "150.00" in lines(watch)[1]


async def test_a_stale_price_is_dimmed_and_shows_its_age() -> None:
    app = Holder(Watchlist())
    async with app.run_test(size=SIZE) as pilot:
        watch = app.widget
        assert isinstance(watch, Watchlist)
        watch.update_rows(
            [make.token_row(0), make.token_row(1, stale=True, time=NOW - 600_000)], NOW
        )
        await pilot.pause()
        assert tone_at(watch, 2, "101.00") == watch.tones["dim"]
        assert tone_at(watch, 2, "10m") == watch.tones["warn"]
        watch.update_rows(watch.rows, NOW + 60_000)
        assert "11m" in lines(watch)[2]
        assert "1 stale" in str(watch.border_subtitle)


async def test_direction_shows_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Holder(Positions())
    async with app.run_test(size=SIZE) as pilot:
        app.widget.show(  # type: ignore[attr-defined]
            make.snapshot(positions=(make.position(1), make.position(2, "-7.25")))
        )
        await pilot.pause()
        gain, loss = lines(app.widget)[1:3]
        assert "+12.50" in gain
        assert "+8.33%" in gain
        assert "-7.25" in loss
        assert "-4.83%" in loss
        assert gain[0] == "▌"
        assert str(app.widget.border_subtitle).count("2 open · 330.00 ·") == 1


async def test_a_position_takes_two_lines_where_all_of_them_fit() -> None:
    app = Holder(Positions())
    held = replace(
        make.position(1),
        quantity=Decimal("0.1786"),
        average=Decimal("2799.95"),
        mark=Decimal("2797.41"),
        stop=Decimal("2715.2"),
        target=Decimal("2883.9"),
        opened=NOW - 3_840_000,
    )
    async with app.run_test(size=(46, 9)) as pilot:
        table = app.widget
        assert isinstance(table, Positions)
        rows = [held, make.position(2), make.position(3)]
        table.update_rows(rows, NOW)
        await pilot.pause()
        header, first, second, third = lines(table)[:4]
        assert header.split() == ["TOKEN", "QTY", "MARK", "P&L", "P&L%"]
        assert first.split() == ["▌TOK1", "0.1786", "2,797.41", "+12.50", "+8.33%"]
        assert second == "▌avg 2,799.95 stop 2,715.20 tgt 2,883.90 1h"
        assert third.split()[0] == "TOK2"
        await pilot.press("down")
        assert [line[:1] for line in lines(table)[1:5]] == [" ", " ", "▌", "▌"]
        await pilot.click(Positions, offset=(5, 7))
        assert table.cursor == rows[2].token.id
        # another minute is seen in the second line, and a seventh row leaves no room for it
        table.update_rows(rows, NOW + 7_200_000)
        assert lines(table)[2].endswith(" 3h")
        table.update_rows([*rows, make.position(4)], NOW)
        assert [line.split()[0].strip("▌") for line in lines(table)[1:5]] == [
            "TOK1", "TOK2", "TOK3", "TOK4",
        ]  # fmt: skip
        table.update_rows(rows[:1], NOW)
        assert "avg" in lines(table)[2]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            100,
            [
                "TOKEN",
                "QTY",
                "AVG",
                "MARK",
                "VALUE",
                "P&L",
                "P&L%",
                "IF",
                "SOLD",
                "STOP",
                "TARGET",
                "AGE",
            ],
        ),
        (72, ["avg", "100.00", "stop", "95.000", "tgt", "–", "4m"]),
        (28, ["mark", "110.00", "stop", "95.000"]),
    ],
)
async def test_positions_show_as_much_as_there_is_room_for(width: int, expected: list[str]) -> None:
    app = Holder(Positions())
    async with app.run_test(size=(width, 9)) as pilot:
        app.widget.show(make.snapshot(positions=(make.position(1),)))  # type: ignore[attr-defined]
        await pilot.pause()
        shown = lines(app.widget)
        assert (shown[0] if width == 100 else shown[2].strip("▌")).split() == expected


@pytest.mark.parametrize(
    ("width", "stop", "target"),
    [
        (80, "stop 2,900.00 · 13%", "tgt 3,171.40 bot"),
        (46, "avg 100.00 stop 2,900 · 13%", "tgt 3,171 bot"),
        (130, " 2,900 13%", " 3,171 bot"),
    ],
)
async def test_exits_say_whose_they_are_and_of_how_much(width: int, stop: str, target: str) -> None:
    held = replace(
        make.position(1),
        stop=Decimal(2900),
        stop_part=0.131,
        target=Decimal("3171.4"),
        target_bot=True,
        liquidation=Decimal("1996.9"),
    )
    app = Holder(Positions())
    async with app.run_test(size=(width, 9)) as pilot:
        app.widget.show(make.snapshot(positions=(held,)))  # type: ignore[attr-defined]
        await pilot.pause()
        shown = "\n".join(lines(app.widget))
        assert stop in shown
        assert target in shown
        assert ("if sold 1,996.90" in shown) == (width == 80)
        whole = replace(held, stop_part=1.0, target_bot=False)
        app.widget.show(make.snapshot(positions=(whole,)))  # type: ignore[attr-defined]
        shown = "\n".join(lines(app.widget))
        assert "%" not in shown.partition("2,900")[2].splitlines()[0]
        assert "bot" not in shown


@pytest.mark.parametrize(("width", "line"), [(100, 1), (72, 2), (40, 2)])
async def test_what_a_position_would_bring_stands_beside_its_mark(width: int, line: int) -> None:
    app = Holder(Positions())
    async with app.run_test(size=(width, 9)) as pilot:
        held = replace(make.position(1), liquidation=Decimal("108.75"))
        app.widget.show(make.snapshot(positions=(held,)))  # type: ignore[attr-defined]
        await pilot.pause()
        assert "108.75" in lines(app.widget)[line]


async def test_a_mark_that_is_stale_is_dim() -> None:
    app = Holder(Positions())
    async with app.run_test(size=(100, 9)) as pilot:
        for stale in (True, False):
            rows = (make.token_row(1, stale=stale), make.token_row(2))
            held = (make.position(1), make.position(2))
            app.widget.show(make.snapshot(tokens=rows, positions=held))  # type: ignore[attr-defined]
            await pilot.pause()
            shown = {t.strip(): s for t, s in make.styles_at(app.widget, 1)}
            dim = app.widget.tones.style("dim", "tone--cursor")  # type: ignore[attr-defined]
            assert any("110.00" in t and s == dim for t, s in shown.items()) is stale


async def test_what_rounds_to_zero_is_neither_gain_nor_loss() -> None:
    app = Holder(Positions())
    async with app.run_test(size=(100, 9)) as pilot:
        table = app.widget
        assert isinstance(table, Positions)
        table.update_rows([make.position(1, "5"), make.position(2, "-0.004")], NOW)
        await pilot.pause()
        cells = dict(make.styles_at(table, 2))
        shown = {text.strip(): style for text, style in cells.items()}
        assert "-0.00" not in lines(table)[2]
        style = next(style for text, style in shown.items() if "0.00%" in text)
        assert style == table.tones["muted"]


async def test_a_doubted_price_is_marked_and_its_reason_shown_when_selected() -> None:
    app = Holder(Watchlist())
    async with app.run_test(size=SIZE) as pilot:
        watch = app.widget
        assert isinstance(watch, Watchlist)
        disputed = make.token_row(2, doubt="disputed: a 3,000 vs b 2,700 (10 %)")
        watch.update_rows([make.token_row(1), disputed, make.token_row(3, note="flagged: x")], NOW)
        await pilot.pause()
        assert [line[1:6] for line in lines(watch)[1:4]] == ["TOK1·", "!TOK2", "!TOK3"]
        assert tone_at(watch, 2, "!TOK2") == watch.tones["warn"]
        assert "3 tokens" in str(watch.border_subtitle)
        await pilot.press("down")
        assert "! TOK2 disputed: a 3,000 vs b 2,700 (10 %)" in str(watch.border_subtitle)
        await pilot.press("down")
        assert "! TOK3 flagged: x" in str(watch.border_subtitle)


async def test_a_score_of_100_keeps_its_distance() -> None:
    shown = await shown_rows(
        Watchlist(),
        SIZE,
        tokens=(make.token_row(1, action="SKIP", confidence=Decimal(100)),),
    )
    assert "skip 100" in shown[0]


@pytest.mark.parametrize("closed", [False, True])
async def test_gates_fit_the_narrowest_rail(closed: bool) -> None:
    texts = {
        "daily_trades": "20 of 20 trades today",
        "daily_loss": "10.02 of 10 % today",
        "peak_loss": "10.0 of 10 % off peak",
        "loss_streak": "5 of 5 lost in a row",
        "open_positions": "10 of 10 positions",
    }
    shown = await shown_rows(
        Gates(),
        (40, 8),
        gates=tuple(
            GateRow(gate, 1.0, text, closed and gate == "daily_loss", None)
            for gate, text in texts.items()
        ),
    )
    assert not any("…" in line for line in shown if "r opens" not in line)
    assert [line.split()[2:4] for line in shown if "daily loss" in line] == [
        ["r", "opens"] if closed else ["10.02", "of"]
    ]


async def shown_rows(widget: Widget, size: tuple[int, int], **changes: object) -> list[str]:
    app = Holder(widget)
    async with app.run_test(size=size) as pilot:
        widget.show(make.snapshot(**changes))  # type: ignore[attr-defined]
        await pilot.pause()
        return [line for line in lines(widget)[1:] if line]


async def test_orders_say_where_they_stand() -> None:
    shown = await shown_rows(
        Orders(),
        (110, 10),
        tokens=(make.token_row(1, price=Decimal(100)), make.token_row(2, price=None)),
        orders=(
            make.order(1),
            make.order(
                1,
                id="o7",
                status=Status.SUBMITTED,
                lands_at=NOW + 3_200,
                kind=Kind.MARKET,
                price=None,
            ),
            make.order(
                2,
                id="o8",
                status=Status.HELD,
                side=Side.SELL,
                kind=Kind.STOP,
                notional=None,
                quantity=Decimal("0.25"),
            ),
            make.order(
                1,
                id="o9",
                kind=Kind.TRAILING_STOP,
                price=None,
                trail_bps=250,
                high=Decimal(120),
                side=Side.SELL,
                notional=None,
                quantity=Decimal(3),
            ),
        ),
    )
    assert [line.strip("▌ ").split() for line in shown] == [
        ["BUY", "TOK1", "limit", "$500.00", "90.000", "-10.0%", "working", "manual", "o1"],
        ["BUY", "TOK1", "market", "$500.00", "market", "–", "lands", "4s", "manual", "o7"],
        ["SELL", "TOK2", "stop", "0.25", "90.000", "–", "held", "manual", "o8"],
        ["SELL", "TOK1", "trail", "3", "-2.5%", "+17.0%", "working", "manual", "o9"],
    ]


async def test_orders_say_their_size_in_a_second_line_where_one_is_too_short() -> None:
    few = tuple(make.order(1, id=f"o{n}") for n in range(3))
    many = tuple(make.order(1, id=f"o{n}") for n in range(5))
    tokens = (make.token_row(1, price=Decimal(100)),)
    shown = await shown_rows(Orders(), (42, 9), tokens=tokens, orders=few)
    assert [line.strip("▌ ").split() for line in shown[:2]] == [
        ["BUY", "TOK1", "limit", "90.000", "working"],
        ["$500.00", "-10.0%", "away", "manual", "o0"],
    ]
    assert len(shown) == 6
    shown = await shown_rows(Orders(), (42, 9), tokens=tokens, orders=many)
    assert ["TOK1" in line for line in shown] == [True] * 5


async def test_decisions_say_what_and_why() -> None:
    shown = await shown_rows(
        Decisions(),
        (100, 8),
        tokens=(make.token_row(1),),
        decisions=(
            make.decision(2, Action.BUY, size_usd=Decimal("412.5"), repeats=12),
            make.decision(1),
        ),
    )
    assert [line.strip("▌ ").split() for line in shown] == [
        ["14:32:07", "BUY", "TOK1", "71", "28", "64", "412.50", "reason", "2", "×12"],
        ["14:32:07", "HOLD", "TOK1", "71", "28", "64", "reason", "1"],
    ]


async def test_the_newest_decision_is_followed_until_a_person_moves() -> None:
    app = Holder(Decisions())
    async with app.run_test(size=(80, 8)) as pilot:
        tail = app.widget
        assert isinstance(tail, Decisions)
        rows = [make.decision(i) for i in range(30, 0, -1)]
        tail.update_rows(rows[5:], NOW)
        await pilot.pause()
        tail.update_rows(rows[4:], NOW)
        assert tail.cursor == "d26"
        await pilot.press("down")
        tail.update_rows(rows[3:], NOW)
        assert tail.cursor == "d25"
        await pilot.press("end")
        await pilot.pause()
        before = lines(tail)[1:]
        tail.update_rows(rows, NOW)
        await pilot.pause()
        assert lines(tail)[1:] == before


async def test_gates_show_how_near_they_are() -> None:
    shown = await shown_rows(
        Gates(),
        (80, 6),
        gates=(
            GateRow("daily_trades", 0.5, "10 of 20 trades", False, None),
            GateRow("losses", 1.0, "4 in a row", True, NOW + 600_000),
        ),
    )
    assert "daily trades" in shown[0]
    assert (shown[0].count("█"), shown[1].count("█")) == (5, 10)
    assert shown[1].endswith("in 10m")
