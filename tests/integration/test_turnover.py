"""On the demo market a bolder level trades more, and every level trades.

All levels run on one pass over the market, each with an account of its own, gates off.
`make test` plays less than a day with every other level; PAPERTRADER_SOAK a week of three seeds
with all of them.
"""

from __future__ import annotations

import os
from contextlib import aclosing
from decimal import Decimal

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import SetLevel, SwitchBot, SwitchGates
from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.engine.desk import Desk
from papertrader_tui.feeds.demo import DemoMarket

SOAK = os.environ.get("PAPERTRADER_SOAK") == "1"
SEEDS = (1, 7, 42) if SOAK else (7,)
SPAN = 7 * DAY if SOAK else 20 * HOUR
LEVELS = tuple(range(1, 10)) if SOAK else (1, 3, 5, 7, 9)


def opened(market: DemoMarket, level: int) -> Desk:
    account = Account()
    account.apply(
        ev.AccountOpened(1, market.now(), f"l{level}", "demo", Decimal(10_000), 7, "test")
    )
    desk = Desk(account, market.registry)
    for item in market.warm():
        desk.warm(item)
    desk.start_session(market.now(), "test", "", market.watchlist)
    for command in (SwitchGates(False), SetLevel(level), SwitchBot(True)):
        desk.command(command, market.now())
    return desk


async def turnovers(seed: int) -> dict[int, Decimal]:
    market = DemoMarket(seed, None)
    desks = {level: opened(market, level) for level in LEVELS}
    found = dict.fromkeys(LEVELS, Decimal(0))
    async with aclosing(market.batches(market.now() + SPAN)) as batches:
        async for batch in batches:
            for level, desk in desks.items():
                for item in batch:
                    for event in desk.step(item):
                        if isinstance(event, ev.Filled):
                            found[level] += event.cash
    assert all(desk.account.ledger.reconciled() for desk in desks.values())
    return found


def rank_correlation(values: list[Decimal]) -> float:
    """Spearman's, of values against their order."""
    n = len(values)
    ranks = {value: rank for rank, value in enumerate(sorted(values))}
    distance = sum((ranks[value] - place) ** 2 for place, value in enumerate(values))
    return 1 - 6 * distance / (n * (n * n - 1))


@pytest.mark.soak
async def test_turnover_rises_with_the_level_and_every_level_trades() -> None:
    runs = [await turnovers(seed) for seed in SEEDS]
    assert all(value > 0 for run in runs for value in run.values())
    means = [sum((run[level] for run in runs), Decimal(0)) / len(runs) for level in LEVELS]
    assert rank_correlation(means) >= 0.9


def test_rank_correlation_tells_order_from_disorder() -> None:
    assert rank_correlation([Decimal(v) for v in (1, 2, 3, 4)]) == 1
    assert rank_correlation([Decimal(v) for v in (4, 3, 2, 1)]) == -1
