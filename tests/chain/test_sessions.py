"""A desk on real pools: paper fills are what a real swap, first in that block, would have paid."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from papertrader_tui import config, tokenbook
from papertrader_tui.bootstrap import Opened, open_desk
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import Command, PlaceOrder
from papertrader_tui.domain.money import add, mul, sub
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.launch import Launch
from papertrader_tui.store.verify import verify
from tests.chain.chain_side import token_of
from tests.chain.programs import ENV, write_config

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket

pytestmark = pytest.mark.xdist_group("chain")

HEADLESS = Launch(headless=True)
D = Decimal


class Others:
    """Somebody who trades in the pools, a block at a time; every block can be gone back to."""

    def __init__(self, market: ChainMarket) -> None:
        self.market = market
        self.marks: dict[int, object] = {}
        self.turn = 0

    def trade(self) -> None:
        """One block with one trade in it, now in this direction, now in that."""
        node = self.market.node
        self.marks[node.number] = node.snapshot()
        keys = ("v3 usdc/weth 100", "v3 gem/usdc 500", "v3 usdc/weth 500", "v2 gem/usdc")
        key = keys[self.turn // 2 % len(keys)]
        start = ("usdc", "gem" if "gem" in key else "weth")[self.turn % 2]
        size = {"usdc": 9_000 * 10**6, "gem": 400_000 * 10**18, "weth": 3 * 10**18}[start]
        self.market.trade(self.market.route(start, key), size)
        self.turn += 1

    async def go_on(self) -> None:
        """Trade until cancelled."""
        while True:
            await asyncio.to_thread(self.trade)
            await asyncio.sleep(0.15)


@asynccontextmanager
async def session(path: Path, **flags: str) -> AsyncIterator[Opened]:
    """A desk on the kit's chain alone."""
    env = {**ENV, "PAPERTRADER_DATA_DIR": str(path.parent / "data")}
    given = {k.replace("_", ".", 1): (f"--{k}", v) for k, v in flags.items()}
    loaded = config.load(env=env, flags=given, config=str(path))
    async with open_desk(loaded, HEADLESS) as opened:
        run = asyncio.create_task(opened.kernel.run())
        try:
            yield opened
        finally:
            opened.kernel.stop()
            await run


@asynccontextmanager
async def trading(others: Others) -> AsyncIterator[None]:
    """Others trade meanwhile."""
    task = asyncio.create_task(others.go_on())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(is_so: Callable[[], object], seconds: float = 40.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - another process's blocks set no event
            await asyncio.sleep(0.02)


def order(client: str, token: TokenId, side: Side, size: str) -> Command:
    by = SizeBy.NOTIONAL if side is Side.BUY else SizeBy.QUANTITY
    return PlaceOrder(OrderRequest(client, token, side, by, D(size), Kind.MARKET))


def watched(market: ChainMarket, path: Path) -> None:
    """A watchlist of the kit's tokens alone: no other chain is looked for."""
    for key in ("weth", "gem"):
        tokenbook.add(path.parent / "data", token_of(market, key), "local")


def really(market: ChainMarket, filled: ev.Filled) -> int:
    """What the same amount gets through the same pools, swapped on the chain as it stands."""
    names = {pool.address.lower(): key for key, pool in market.pools.items()}
    execution = filled.execution
    assert execution is not None
    amount = execution.amount_in
    start = {t.address.lower(): k for k, t in market.tokens.items()}[
        execution.path[0].partition(":")[2]
    ]
    with market.taken_back():
        for hop in execution.hops:
            route = market.route(start, names[hop.pool.partition(":")[2]])
            amount = market.trade(route, amount).amount_out
            start = route.token_out.key
    return amount


async def test_fills_are_what_a_real_swap_would_have_paid(
    chain_market: ChainMarket, tmp_path: Path
) -> None:
    chain_market.node.follow_clock()
    path = write_config(chain_market, tmp_path, "gem")
    watched(chain_market, path)
    gem, weth = token_of(chain_market, "gem").id, token_of(chain_market, "weth").id
    others, fills = Others(chain_market), list[ev.Filled]()
    async with session(path, account_watchlist="local") as opened, trading(others):
        kernel = opened.kernel
        kernel.subscribe(lambda es: fills.extend(e for e in es if isinstance(e, ev.Filled)))
        await until(lambda: kernel.latest.get(weth) and kernel.latest.get(gem))
        sizes = [("500", "weth"), ("800", "gem"), ("1200", "weth"), ("333.333333", "gem")]
        for number, (size, key) in enumerate(sizes):
            token = {"weth": weth, "gem": gem}[key]
            await kernel.submit(order(f"b{number}", token, Side.BUY, size))
            await until(lambda n=number: len(fills) > n)  # type: ignore[misc]
        held = {p.token.id: p.quantity for p in kernel.snapshot().positions}
        for number, token in enumerate((weth, gem)):
            half = str(held[token] / 2)
            await kernel.submit(order(f"s{number}", token, Side.SELL, half))
            await until(lambda n=number: len(fills) > 4 + n)  # type: ignore[misc]
    assert len(fills) == 6
    for filled in reversed(fills):
        execution = filled.execution
        assert execution is not None
        mark = others.marks[execution.block - 1]
        chain_market.node.revert(mark)  # type: ignore[arg-type]
        assert all(hop.shadow == 0 for hop in execution.hops)
        assert really(chain_market, filled) == execution.amount_out
        own = 18 if filled.side is Side.BUY else 6
        got = filled.quantity if filled.side is Side.BUY else filled.cash
        assert got == D(execution.amount_out).scaleb(-own)
        value = mul(filled.quantity, filled.reference_price)
        assert add(filled.lp_fee, filled.impact) == sub(filled.cash, value).copy_abs()
    report = verify(path.parent / "data" / "accounts" / "live.db", fills=True)
    assert report.ok, report
