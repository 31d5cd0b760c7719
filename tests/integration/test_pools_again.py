"""A session on pools: stored, verified, and stepped again from its recording to the same events."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import Command, MarkAccount
from papertrader_tui.domain.market import MarketInput
from papertrader_tui.domain.money import plain
from papertrader_tui.domain.orders import Kind
from papertrader_tui.engine.desk import Desk
from papertrader_tui.headless.lines import Lines
from papertrader_tui.store import accounts
from papertrader_tui.store.export import export
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.load import load
from papertrader_tui.store.verify import verify
from tests.deskkit import PEPE, REGISTRY, WETH, Account
from tests.poolkit import (
    BASE_L1,
    DEEP,
    PoolKit,
    deep,
    pair,
    pepe_over_ether,
    route,
    ticks,
    weth_on_pair,
)
from tests.unit.store.helpers import new_account

Said = tuple[str, Any, int]


def listen(kit: PoolKit) -> list[Said]:
    """What the kit's desk is told from now on."""
    said: list[Said] = []
    step, command = kit.desk.step, kit.desk.command

    def heard(item: MarketInput) -> Sequence[ev.Event]:
        said.append(("input", item, 0))
        return step(item)

    def ordered(order: Command, now: int) -> Sequence[ev.Event]:
        said.append(("command", order, now))
        return command(order, now)

    kit.desk.step, kit.desk.command = heard, ordered  # type: ignore[method-assign]
    return said


def trade(kit: PoolKit) -> None:
    """Fills, a revert, a limit, a stop and a shadow, on one pool and then another."""
    kit.l1 = BASE_L1
    weth_on_pair(kit)
    kit.buy("5000", stop="2800", target="3300")
    kit.mine(pair(block=kit.block))
    kit.buy("20000")
    kit.mine()
    kit.buy("700", kind=Kind.LIMIT, price="2900")
    kit.buy("300", tolerance=5)
    kit.mine(pair(block=kit.block, reserve1=3_300_000 * 10**6))
    kit.tell(route(WETH, DEEP), ticks(block=kit.block), deep(block=kit.block))
    kit.price("3000")
    kit.mine()
    kit.buy("9000")
    for _ in range(8):
        kit.mine()
    kit.sell("30")
    for _ in range(3):
        kit.mine()


async def stored(path: Path, kit: PoolKit, said: Sequence[Said]) -> None:
    journal = await SqliteJournal.open(path)
    await journal.append(kit.events, inputs=[], checkpoint=kit.desk.checkpoint(), cursor=0,
                         durable=True)  # fmt: skip
    inputs = [item for kind, item, _ in said if kind == "input"]
    await journal.record_inputs(inputs, len(inputs))
    await journal.close()


@pytest.fixture
async def session(tmp_path: Path) -> tuple[Path, PoolKit, list[Said]]:
    kit = PoolKit(level=9)
    opened = kit._opened
    # the account's first fact belongs to its file
    kit.events.insert(0, opened)
    said = listen(kit)
    trade(kit)
    path = new_account(tmp_path)
    await stored(path, kit, said)
    return path, kit, said


def test_a_session_replays_to_the_same_events(session) -> None:
    path, kit, said = session
    with load(path) as loaded:
        heard = iter([item for row in loaded.heard() for item in row.items])
    account = Account()
    first = 1 + next(n for n, e in enumerate(kit.events) if isinstance(e, ev.LevelChanged))
    for event in kit.events[:first]:
        account.apply(event)
    desk = Desk(account, REGISTRY, kit.desk.limits, stale_after=60_000)
    found: list[ev.Event] = []
    for kind, item, now in said:
        found += desk.step(next(heard)) if kind == "input" else desk.command(item, now)
    assert next(heard, None) is None
    assert found == kit.events[first:]
    kinds = {type(event) for event in found}
    assert {ev.Filled, ev.Reverted} <= kinds
    assert desk.checkpoint() == kit.desk.checkpoint()


def test_every_fill_is_quoted_again_from_its_event(session) -> None:
    path, kit, _ = session
    report = verify(path, fills=True)
    assert report.ok, report.difference
    fills = [e for e in kit.events if isinstance(e, ev.Filled)]
    assert len(fills) >= 4
    assert report.checked["fills are quoted the same again from their events alone"] == len(fills)
    assert report.checked["fills keep no pools: they were estimates"] == 0


def test_a_fill_that_was_tampered_with_is_named(session) -> None:
    path, kit, _ = session
    fill = next(e for e in kit.events if isinstance(e, ev.Filled))
    connection = sqlite3.connect(path)
    (body,) = connection.execute("SELECT body FROM journal WHERE seq = ?", (fill.seq,)).fetchone()
    record = json.loads(body)
    record["execution"]["hops"][0]["state"][1] += 10**6
    connection.execute("UPDATE journal SET body = ? WHERE seq = ?", (json.dumps(record), fill.seq))
    connection.commit()
    connection.close()
    assert verify(path).ok  # the books still balance
    report = verify(path, fills=True)
    assert report.difference is not None
    assert report.difference.table == "fills"
    assert report.difference.key == str(fill.seq)


async def test_a_sandwich_is_a_line_of_its_own_in_the_file(tmp_path: Path) -> None:
    kit = PoolKit(level=9, chain="ethereum")
    kit.events.insert(0, kit._opened)
    said = listen(kit)
    pepe_over_ether(kit)
    kit.buy("40000", PEPE, tolerance=300)
    kit.mine(after=12_000)
    kit.now += 900_000
    kit.price("0.00001", PEPE)
    path = new_account(tmp_path)
    await stored(path, kit, said)
    assert verify(path, fills=True).ok
    fill = next(e for e in kit.events if isinstance(e, ev.Filled))
    with sqlite3.connect(path) as connection:
        for table, where in (
            ("fills", "1 = 1"), ("positions", "1 = 1"), ("equity", "mev <> '0'"),
        ):  # fmt: skip
            (mev,) = connection.execute(f"SELECT mev FROM {table} WHERE {where}").fetchone()
            assert mev == format(fill.mev, "f")
    connection.close()


async def test_a_sandwich_stands_in_lines_exports_and_the_account(tmp_path: Path) -> None:
    kit = PoolKit(level=9, chain="ethereum")
    kit.events.insert(0, kit._opened)
    pepe_over_ether(kit)
    kit.buy("40000", PEPE, tolerance=300)
    kit.mine(after=12_000)
    kit.events += kit.desk.command(MarkAccount(), kit.now)
    path = new_account(tmp_path)
    await stored(path, kit, [])
    fill = next(e for e in kit.events if isinstance(e, ev.Filled))
    assert fill.execution is not None
    (text,) = Lines("text").of_events([fill])
    assert f"  mev {fill.mev:,.2f}" in text
    (line,) = Lines("json").of_events([fill])
    row = json.loads(line)
    assert (row["mev_usd"], row["block"]) == (plain(fill.mev), str(fill.execution.block))
    out = io.StringIO()
    assert export(path, "trades", "jsonl", out, symbols={}) == 1
    assert json.loads(out.getvalue())["mev_usd"] == plain(fill.mev)
    info = accounts.show(tmp_path, "main")
    assert info.totals["mev"] == plain(fill.mev)
    total = kit.desk.liquidation.total()
    assert total is not None
    assert info.totals["liquidation"] == plain(total)
