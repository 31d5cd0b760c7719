"""Killed while an order waits for its block: it lands in that block, once, whoever looks when.

On real pools.  Blocks are made here alone, so that what is in flight stays there until it is to
land; what happens to the pools while nobody runs is a gap that no trailing stop has seen.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from papertrader_tui import tokenbook
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.events import to_plain
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy, Status
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.simulator.matching import trail_price
from tests.chain.chain_side import token_of
from tests.chain.programs import ENV, write_config
from tests.chain.test_sessions import Others, really
from tests.faults.headless_process import Running
from tests.faults.killed import Killed
from tests.faults.order_books import Books

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket
    from tests.chainkit.node import Snapshot

pytestmark = pytest.mark.xdist_group("chain")

PATIENCE = 60.0
TRAIL_BPS = 30
D = Decimal


def asked(session: Running, request: OrderRequest) -> None:
    """Ask for an order, and wait until it is acknowledged."""
    assert session.process.stdin is not None
    session.process.stdin.write(json.dumps(to_plain(request)).encode() + b"\n")
    session.process.stdin.flush()
    assert session.read(1) == 1, session.text


def buy(
    client: str, token: TokenId, *, stop: Decimal | None = None, target: Decimal | None = None
) -> OrderRequest:
    """For 800 USDC."""
    return OrderRequest(
        client, token, Side.BUY, SizeBy.NOTIONAL, D(800), tolerance_bps=300, stop=stop,
        target=target,
    )  # fmt: skip


class Pools:
    """The pools of WETH whose fee is below these moves, moved to a price by trades of others."""

    POOLS = ("v3 usdc/weth 100", "v3 usdc/weth 500")

    def __init__(self, market: ChainMarket) -> None:
        self.market = market
        self.marks: dict[int, Snapshot] = {}

    def price(self, pool: str) -> Decimal:
        """USDC per WETH, before the pool's fee."""
        route = self.market.route("weth", pool)
        got = self.market.quote(route, 10**15)
        return D(got).scaleb(-6) * 1000 / (1 - D(route.pools[0].fee_ppm).scaleb(-6))

    def move(self, to: Decimal) -> None:
        """Trade in each pool until it stands there, to a hundredth of a percent."""
        for pool in self.POOLS:
            dollars, before = D(2_000), self.price(pool)
            while abs(to / before - 1) > D("0.0001"):
                up = before < to
                start, size = ("usdc", dollars) if up else ("weth", dollars * 10**12 / before)
                self.marks[self.market.node.number] = self.market.node.snapshot()
                self.market.trade(self.market.route(start, pool), int(size * 10**6))
                after = self.price(pool)
                wanted = (to - after) / (after - before) * D("0.9")
                # no more at once: behind what is dense there may be next to nothing
                dollars = min(D(10_000), dollars * min(D(8), max(D("0.1"), abs(wanted))))
                before = after


def wait_for(
    killed: Killed,
    session: Running,
    is_so: Callable[[Books], object],
    meanwhile: Callable[[], object] = lambda: None,
) -> Books:
    """The account, once it is so."""
    until = time.monotonic() + PATIENCE
    while True:
        books = Books(killed.told.path)
        if is_so(books):
            return books
        assert session.process.poll() is None, session.text
        assert time.monotonic() < until, books.events[-5:]
        meanwhile()
        time.sleep(0.05)


def status(books: Books, client: str) -> Status | None:
    """Of the order of a client id."""
    order = books.account.client_ids.get(client)
    return None if order is None else books.account.orders[order].status


def test_what_waits_for_a_block_lands_in_it_once_and_a_gap_moves_no_trailing_stop(
    chain_market: ChainMarket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain_market.node.follow_clock()
    config = write_config(chain_market, tmp_path)
    tokenbook.add(tmp_path / "data", token_of(chain_market, "weth"), "local")
    weth = token_of(chain_market, "weth").id
    others, pools = Others(chain_market), Pools(chain_market)
    settings = {"CONFIG": str(config), "MARKET_KIND": "live", "ACCOUNT_WATCHLIST": "local"}
    off = {name.removeprefix("PAPERTRADER_"): value for name, value in ENV.items()}
    killed = Killed(tmp_path / "data", capsys, **settings, **off)
    trailing = OrderRequest(
        "t1", weth, Side.SELL, SizeBy.PERCENT, D(100), Kind.TRAILING_STOP,
        trail_bps=TRAIL_BPS, tolerance_bps=300,
    )  # fmt: skip

    session = killed.start("told")
    asked(session, buy("b1", weth))
    wait_for(killed, session, lambda b: status(b, "b1") is Status.FILLED, others.trade)
    asked(session, trailing)
    books = wait_for(killed, session, lambda b: b.trails)
    (stop,) = books.trails
    began = books.trails[stop]
    pools.move(began * D("1.004"))
    books = wait_for(killed, session, lambda b: b.trails[stop] > began * D("1.003"))
    mark = pools.price(Pools.POOLS[0])
    asked(session, buy("b2", weth, stop=mark / 2, target=mark * 2))
    books = killed.kill(session)
    high, pending = books.trails[stop], books.account.orders[books.account.client_ids["b2"]]
    assert abs(high / mark - 1) < D("0.001")
    assert pending.status is Status.SUBMITTED
    assert pending.lands_block > 0

    # nobody runs: WETH goes higher, and while it does the order's block comes and goes; then it
    # falls, though not as far as the stop
    while chain_market.node.number < pending.lands_block + 2:
        pools.move(high * D("1.002"))
        pools.move(high * D("1.0025"))
    pools.move(high * D("0.9985"))
    assert killed.kill(begun(killed)).trails[stop] == high

    session = killed.start("told")
    again = killed.acknowledged["b2"]
    asked(session, buy("b2", weth))
    books = wait_for(killed, session, lambda b: b.account.orders[again].status is Status.FILLED)
    assert books.trails[stop] == high
    fall = high * D("0.9965")
    assert fall > trail_price(high * D("0.9988"), TRAIL_BPS)  # from the gap on it would hold
    pools.move(fall)
    books = wait_for(
        killed, session, lambda b: b.account.orders[stop].status is Status.FILLED, others.trade
    )
    assert session.process.stdin is not None
    session.process.stdin.close()
    assert session.end() == 0, session.text
    books = killed.check(session)
    killed.assert_landed(books)

    sent = next(e for e in books.events if isinstance(e, ev.OrderSubmitted) and e.order_id == stop)
    assert sent.high == high
    (filled,) = (e for e in books.events if isinstance(e, ev.Filled) and e.order_id == again)
    assert filled.execution is not None
    assert filled.execution.block == pending.lands_block
    exits = [o.status for o in books.orders if o.parent == again]
    assert exits == [Status.WORKING] * 2
    chain_market.node.revert(pools.marks[pending.lands_block - 1])
    assert all(hop.shadow == 0 for hop in filled.execution.hops)
    assert really(chain_market, filled) == filled.execution.amount_out


def begun(killed: Killed) -> Running:
    """A session that has just begun: it is killed before much can have come of it."""
    sessions = Books(killed.told.path).account.sessions
    session = killed.start("told")
    wait_for(killed, session, lambda b: b.account.sessions > sessions)
    return session
