"""A kernel on any market, with an account file of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.engine.desk import Desk
from papertrader_tui.engine.kernel import Candles, Kernel
from papertrader_tui.ports import Market
from papertrader_tui.store import accounts
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.meta import Meta

SEED = 7


def opened(market: Market, cash: Decimal) -> ev.AccountOpened:
    """The first fact of an account on that market."""
    return ev.AccountOpened(1, market.now(), "bench", market.info.kind, cash, SEED, "bench")


@asynccontextmanager
async def new_kernel(
    data: Path, market: Market, candles: Candles, cash: Decimal = Decimal(10_000)
) -> AsyncIterator[Kernel]:
    """What `bootstrap` wires, for a market that it does not know."""
    info = market.info
    made = "2026-01-01T00:00:00Z"
    path = accounts.create(data, Meta("bench", cash, info.kind, info.identity, SEED, made, "bench"))
    journal = await SqliteJournal.open(path)
    try:
        first = opened(market, cash)
        await journal.append([first], inputs=(), checkpoint="", cursor=0, durable=True)
        account = Account()
        account.apply(first)
        desk = Desk(account, market.registry, stale_after=max(60_000, 3 * info.interval))
        yield Kernel(desk, market, journal, candles)
    finally:
        await journal.close()
