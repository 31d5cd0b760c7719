"""Two tokens with one symbol are never taken for each other."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from rich.cells import cell_len

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.tokens import Token
from papertrader_tui.tui.naming import Names
from papertrader_tui.tui.widgets.decisions import Decisions
from papertrader_tui.tui.widgets.orders import Orders
from papertrader_tui.tui.widgets.positions import Positions
from papertrader_tui.tui.widgets.watchlist import Watchlist
from papertrader_tui.tui.wording import toast_for
from tests.tui import widget_rows as make
from tests.tui.driving import console, press, settle, text
from tests.tui.fake_desk import FakeDesk
from tests.tui.widget_rows import Holder, lines

ETH = Token("ethereum:0x" + "1" * 40, "WETH", "Wrapped Ether", "ethereum", 18)
BASE = Token("base:0x" + "2" * 40, "weth", "Wrapped Ether", "base", 18)
OTHER = make.token(7)
TOKENS = (ETH, BASE, OTHER)
NAMES = Names(TOKENS, [t.id for t in TOKENS])
SHOT = make.snapshot(
    tokens=tuple(make.token_row(1, token=t) for t in TOKENS),
    positions=tuple(replace(make.position(1), token=t) for t in TOKENS),
    orders=tuple(make.order(n, token=t.id) for n, t in enumerate(TOKENS)),
    decisions=tuple(make.decision(n, token=t.id) for n, t in enumerate(TOKENS)),
)


@pytest.mark.parametrize(
    ("token", "width", "expected"),
    [
        (ETH, 24, "WETH·ethereum"),
        (ETH, 12, "WETH·eth"),
        (BASE, 9, "weth·base"),
        (BASE, 7, "w…·base"),
        (OTHER, 24, "TOK7"),
        (OTHER, 3, "TO…"),
    ],
)
def test_a_chain_stands_where_a_symbol_is_not_enough(token, width, expected):
    assert NAMES.text(token.id, width) == expected


def test_only_what_is_on_the_screen_can_be_mistaken():
    assert Names(TOKENS, [ETH.id]).text(ETH.id) == "WETH"


def test_an_unknown_token_is_called_by_its_address():
    assert NAMES.text("base:0xabc") == "0xabc"
    assert NAMES.text("base:0xabc", fallback="ABC") == "ABC"


@pytest.mark.parametrize("width", range(3, 20))
def test_a_name_fits_its_cell(width):
    evil = Token("base:0x" + "3" * 40, "你好你好", "", "base", 18)
    twin = replace(evil, id="ethereum:0x" + "3" * 40, chain="ethereum")
    names = Names((evil, twin), [evil.id, twin.id])
    shown = [names.text(t.id, width) for t in (evil, twin)]
    assert all(cell_len(name) <= width for name in shown)
    assert width < 6 or shown[0] != shown[1]


@pytest.mark.parametrize("kind", [Watchlist, Positions, Orders, Decisions])
@pytest.mark.parametrize("width", [42, 60, 140])
async def test_every_table_tells_them_apart(kind, width):
    app = Holder(kind())
    async with app.run_test(size=(width, 12)) as pilot:
        app.widget.show(SHOT)
        await pilot.pause()
        shown = " ".join(lines(app.widget)).split()
        assert any("·eth" in word for word in shown)
        assert any("·base" in word for word in shown)


async def test_the_chain_is_dim():
    app = Holder(Positions())
    async with app.run_test(size=(60, 12)) as pilot:
        app.widget.show(SHOT)
        await pilot.pause()
        styles = {part.strip(): style for part, style in make.styles_at(app.widget, 3)}
        assert styles["·base"] == app.widget.tones["dim"]


def test_notices_name_the_chain():
    event = make.filled(ev.Side.BUY, 1)
    toast = toast_for(replace(event, token=ETH.id, symbol="WETH"), {ETH.id: NAMES.text(ETH.id)})
    assert "Bought 1 WETH·ethereum" in toast.text


async def test_ticket_question_chart_and_answers_name_the_chain():
    desk = FakeDesk()
    rows = list(desk.snapshot().tokens)
    twin = replace(rows[12].token, symbol="WETH")
    rows[12] = desk._all[twin.id] = replace(rows[12], token=twin, held=Decimal(1))
    desk.change(tokens=tuple(rows))
    desk.hold(0)
    desk.hold(12)
    async with console(desk) as (app, pilot):
        app.desk_screen.select(twin.id)
        await settle(app, pilot)
        assert "WETH·ethereum/USDC" in text(app)
        await press(app, pilot, *"b500", "enter")
        assert "buy $500 of WETH·eth at market" in text(app)
        await press(app, pilot, "enter")
        assert "o1 buy 500.00 USDC of WETH·eth" in " ".join(text(app).split())
        assert "WETH·ethereum" in app.told[-1][1]
        await press(app, pilot, "X")
        assert "WETH·base, WETH·ethereum" in text(app)
