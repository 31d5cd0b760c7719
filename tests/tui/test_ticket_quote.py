"""The ticket's quote on a small terminal: nothing of what an order costs is out of sight."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from papertrader_tui.domain import commands as cmd
from papertrader_tui.domain.events import Fidelity
from papertrader_tui.domain.market import Gas
from papertrader_tui.domain.orders import OrderRequest, Side, SizeBy
from papertrader_tui.engine.preview import preview
from papertrader_tui.engine.snapshot import Preview
from tests.deskkit import WETH, Kit
from tests.tui.driving import console, press, text
from tests.tui.fake_desk import FakeDesk


class OnPools(FakeDesk):
    """Quotes by two pools, unprotected."""

    def preview(self, command: cmd.Command) -> Preview | None:
        found = super().preview(command)
        return found and replace(
            found,
            fidelity=Fidelity.POOL,
            mev=Decimal("12.345"),
            gas_note="L1 0.005 of it",
            route="USDC -0.05%-> WETH -0.3%-> LONGNAME",
        )


@pytest.mark.parametrize("size", [(80, 24), (140, 42)])
async def test_every_line_of_a_quote_on_pools_is_to_be_seen(size: tuple[int, int]) -> None:
    async with console(OnPools(), size=size) as (app, pilot):
        await press(app, pilot, *"b500")
        shown = text(app)
        for line in (
            "by the pool", "out ", "price ", "LP fee ", "impact ", "gas ", "L1 0.005 of it",
            "minimum ", "MEV ", "if sandwiched", "USDC -0.05%-> WETH -0.3%-> LONGNAME",
        ):  # fmt: skip
            assert line in shown, line


@pytest.mark.parametrize("size", [(140, 42), (80, 24)])
async def test_where_gas_comes_from_is_not_cut(size):
    async with console(FakeDesk(), size) as (app, pilot):
        await press(app, pilot, *"b500")
        assert "0.014 bundled + L1" in text(app)


@pytest.mark.parametrize(
    ("source", "l1", "note"),
    [
        ("fee history", 0, "fee history"),
        ("bundled gas, live native price", 10**11, "bundled + L1"),
        ("demo", 10**11, "demo + L1"),
    ],
)
def test_the_note_names_the_source_in_fifteen_cells(source, l1, note):
    kit = Kit()
    kit.price("3000")
    kit.desk.step(Gas("base", kit.now, 10**7, l1, Decimal(3000), source))
    request = OrderRequest("c1", WETH, Side.BUY, SizeBy.NOTIONAL, Decimal(100))
    shown = preview(kit.desk, cmd.PlaceOrder(request), kit.now)
    assert shown.gas_note == note
    assert len(note) <= 15
