"""Rows and candles for tests of the widgets, and an application that holds one widget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from textual.app import App, ComposeResult
from textual.widget import Widget

from papertrader_tui.domain.decision import Action, Decision
from papertrader_tui.domain.events import AccountMarked, Fidelity, Filled, KillMode
from papertrader_tui.domain.market import Candle
from papertrader_tui.domain.orders import Kind, Order, Origin, Side, SizeBy
from papertrader_tui.domain.tokens import Token
from papertrader_tui.engine.snapshot import PositionRow, Snapshot, TokenRow
from papertrader_tui.tui import theme

NOW = 1_763_821_927_000
ZERO = Decimal(0)


def token(number: int, symbol: str = "") -> Token:
    name = symbol or f"TOK{number}"
    return Token(f"base:0x{number:040x}", name, f"Token {number}", "base", 18)


def token_row(number: int, **changes: object) -> TokenRow:
    row = TokenRow(
        token(number),
        Decimal(100 + number),
        0.0169,
        (1.0, 2.0, 3.0),
        Decimal(41_000_000),
        "demo",
        NOW - 2000,
        False,
        "HOLD",
        Decimal(54),
        ZERO,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def position(number: int, pnl: str = "12.5") -> PositionRow:
    return PositionRow(
        token(number),
        Decimal("1.5"),
        Decimal(100),
        Decimal(150),
        Decimal(110),
        Decimal(165),
        Decimal(15),
        ZERO,
        Decimal("2.5"),
        Decimal(pnl),
        float(Decimal(pnl) / 150),
        Decimal(95),
        None,
        NOW - 240_000,
    )


def order(number: int, **changes: object) -> Order:
    made = Order(
        f"o{number}",
        f"c{number}",
        NOW,
        token(number).id,
        Side.BUY,
        Kind.LIMIT,
        Origin.MANUAL,
        SizeBy.NOTIONAL,
        Decimal(500),
        Decimal(500),
        None,
        50,
        Decimal(90),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def decision(number: int, action: Action = Action.HOLD, **changes: object) -> Decision:
    made = Decision(
        f"d{number}",
        NOW,
        token(1).id,
        action,
        Decimal(71),
        Decimal(28),
        Decimal(64),
        5,
        "Balanced",
        ZERO,
        "entry.cost",
        f"reason {number}",
        Decimal(1),
        "demo",
        0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def filled(side: Side, time: int) -> Filled:
    return Filled(
        1,
        time,
        "o1",
        token(1).id,
        "TOK1",
        side,
        Origin.MANUAL,
        Decimal(1),
        Decimal(1),
        Decimal(1),
        Decimal(1),
        "demo",
        ZERO,
        ZERO,
        ZERO,
        ZERO,
        1,
        1,
        0,
        ZERO,
        "demo",
        Fidelity.FLAT,
        ZERO,
        ZERO,
    )


def candles(prices: list[tuple[float, float, float, float]], volume: float = -1.0) -> list[Candle]:
    start = NOW // 300_000 * 300_000 - 300_000 * (len(prices) - 1)
    return [Candle(start + 300_000 * i, *p, volume) for i, p in enumerate(prices)]


def snapshot(**changes: object) -> Snapshot:
    totals = AccountMarked(1, NOW, *[ZERO] * 10, 0, 0, True)
    made = Snapshot(
        version=1,
        now=NOW,
        account="main",
        market="demo",
        badge="DEMO",
        market_detail="",
        notice="",
        progress=None,
        speed=1.0,
        totals=totals,
        day_pnl=ZERO,
        free_cash=ZERO,
        bot=True,
        level=5,
        level_name="Balanced",
        level_note="",
        kill=KillMode.OFF,
        kill_detail="",
        gates_on=True,
        gates=(),
        tokens=(),
        positions=(),
        orders=(),
        decisions=(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


class Holder(App[None]):
    """One widget that fills the screen; `seen` has its messages."""

    def __init__(self, widget: Widget, theme_name: str = theme.DEFAULT) -> None:
        super().__init__()
        self.widget = widget
        self.theme_name = theme_name
        self.seen: list[tuple[str, object]] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        for made in theme.THEMES:
            self.register_theme(made)
        self.theme = self.theme_name
        self.widget.focus()


def lines(widget: Widget) -> list[str]:
    """What a line-API widget shows, a string a line."""
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


def styles_at(widget: Widget, y: int) -> Iterator[tuple[str, object]]:
    """Text and style of each segment of a line."""
    for segment in widget.render_line(y):
        yield segment.text, segment.style
