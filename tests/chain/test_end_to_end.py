"""papertrader headless on the local node: prices, a fill, and a node that dies and returns."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import PlaceOrder
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy
from papertrader_tui.store.load import load
from papertrader_tui.store.verify import verify
from tests.chain.chain_side import token_of
from tests.chain.programs import ENV, papertrader, write_config
from tests.chain.test_sessions import session, watched
from tests.faults.headless_process import PROGRAM, Headless, Row

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket

pytestmark = pytest.mark.xdist_group("chain")
PATIENCE = 60.0


class Printed:
    """What a session prints, read as it comes."""

    def __init__(self, headless: Headless) -> None:
        self.headless = headless
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while self.headless.read(1):
            pass

    def close(self) -> None:
        """Once it has ended."""
        self._reader.join(timeout=PATIENCE)
        assert self.headless.process.stdout is not None
        self.headless.process.stdout.close()

    def wait(self, wanted: Callable[[list[Row]], object]) -> list[Row]:
        """Every line so far, once there is what is wanted."""
        until = time.monotonic() + PATIENCE
        while not wanted(rows := self.headless.rows()):
            assert time.monotonic() < until, rows[-5:]
            assert self.headless.process.poll() is None, self.headless.text
            time.sleep(0.05)
        return rows


@contextmanager
def headless(config: Path, *words: str) -> Iterator[Printed]:
    """A session of its own process; ended in order."""
    started = Headless(
        config.parent / "data", "--market", "live", "--watchlist", "local", "--every-price", *words,
        program=(*PROGRAM, "--config", str(config)), env=ENV,
    )  # fmt: skip
    printed = Printed(started)
    try:
        yield printed
    finally:
        started.process.terminate()
        started.process.wait(timeout=PATIENCE)
        printed.close()


async def rest(config: Path, token: str, price: Decimal) -> None:
    """A buy that rests below the market."""
    limit = OrderRequest(
        "limit", token, Side.BUY, SizeBy.NOTIONAL, Decimal(700), Kind.LIMIT, price=price,
    )  # fmt: skip
    async with session(config, account_watchlist="local") as opened:
        async with asyncio.timeout(PATIENCE):
            while token not in opened.kernel.latest:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        (accepted,) = await opened.kernel.submit(PlaceOrder(limit))
        assert isinstance(accepted, ev.OrderAccepted)


def prices(rows: list[Row], token: str) -> list[str]:
    """Prices as they changed; one that did not is told again before it would be stale."""
    told = [row["price"] for row in rows if row["tag"] == "PRICE" and row.get("token") == token]
    return [price for price, before in zip(told, [None, *told], strict=False) if price != before]


def test_from_prices_to_a_fill_and_through_an_outage(
    chain_market: ChainMarket, tmp_path: Path
) -> None:
    node = chain_market.node
    node.follow_clock()
    config = write_config(chain_market, tmp_path, "gem")
    watched(chain_market, config)
    weth = token_of(chain_market, "weth").id
    asyncio.run(rest(config, weth, Decimal("2998.5")))

    with headless(config) as printed:
        rows = printed.wait(lambda rows: prices(rows, weth))
        # prices tick with blocks: each of these trades moves the pool of the route
        sell = chain_market.route("weth", "v3 usdc/weth 100")
        buy = chain_market.route("usdc", "v3 usdc/weth 100")
        paid: dict[int, int] = {}  # what 700 USDC get in the block after, by the contract itself
        for _ in range(6):
            before = len(prices(rows, weth))
            paid[node.number + 1] = chain_market.quote(buy, 700 * 10**6)
            chain_market.trade(sell, 15 * 10**18)
            rows = printed.wait(lambda rows, n=before: len(prices(rows, weth)) > n)  # type: ignore[misc]
        ticks = [Decimal(price) for price in prices(rows, weth)]
        assert len(ticks) == 7
        assert ticks == sorted(ticks, reverse=True)
        assert ticks[-1] < Decimal("2998.5")
        # and the limit that rested is sent, and lands in a block to come
        for _ in range(3):
            paid[node.number + 1] = chain_market.quote(buy, 700 * 10**6)
            node.mine()
        printed.wait(lambda rows: [row for row in rows if row["tag"] == "TRADE"])
        dumped = node.number
        node.dump("killed.json")

        node.kill()
        printed.wait(lambda rows: [r for r in rows if r["tag"] == "ALERT" and "stale" in r["text"]])
        quiet = len(printed.headless.rows("TRADE", "ORDER"))
        node.restart()
        node.follow_clock()
        assert node.number > dumped
        rows = printed.headless.rows()
        seen = len(prices(rows, weth))
        chain_market.trade(sell, 10**18)
        rows = printed.wait(lambda rows: len(prices(rows, weth)) > seen)
        assert rows[-1]["tag"] != "ALERT" or "stale" not in rows[-1]["text"]
        assert len(printed.headless.rows("TRADE", "ORDER")) == quiet  # nothing in between

    account = config.parent / "data" / "accounts" / "live.db"
    assert verify(account, fills=True).ok
    with load(account) as file:
        (filled,) = [e for e in file.events() if isinstance(e, ev.Filled)]
    assert filled.execution is not None
    assert filled.execution.amount_in == 700 * 10**6
    assert filled.execution.amount_out == paid[filled.execution.block]
    asked = papertrader(
        config, "verify", "--fills", "--data-dir", str(config.parent / "data"), "--account", "live"
    )
    assert asked.returncode == 0, asked.stderr
    assert "1" in asked.stdout
