"""An hour of 50 tokens and five sources, traded through the desk by a person and a bot.

One source is down, one limited, one slow, and one that is not lies by 30 %.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.decision import Action
from papertrader_tui.domain.orders import Kind, Order, Origin, Side, Status
from papertrader_tui.feeds.source import Fault
from papertrader_tui.feeds.trusted import Grade
from tests.feedkit import run
from tests.hourkit import HOUR, STEP, TOKENS, Hour, World, five

D = Decimal
NETWORKS = 2
#: The second in which a crash begins, and the last one looked at: it takes ten minutes.
CRASH, AFTER = 900, 1_800


def spend(
    liar: str, factor: str, since: float, seconds: float = HOUR, *, crash: bool = False
) -> Hour:
    """Live through it; `liar` multiplies its prices by `factor` from a second on."""
    world = World(fall=CRASH if crash else None)

    async def all_of_it() -> Hour:
        hour = Hour(world, five(world))

        async def lie() -> None:
            await asyncio.sleep(since)
            if liar:
                hour.sources[liar].factor = D(factor)

        await hour.live(lie, seconds)
        return hour

    return run(all_of_it)


@pytest.mark.parametrize(
    ("liar", "factor", "since"),
    [("alchemy", "0.7", 0), ("dexscreener", "0.7", 1_200), ("dexscreener", "1.3", 0)],
)
def test_an_hour_of_trading_with_a_liar_among_the_sources(
    liar: str, factor: str, since: int
) -> None:
    hour = spend(liar, factor, since)
    assert hour.wrong == []
    assert_budget_kept(hour)
    # a lie closes no gate of the account either
    assert hour.of(ev.GateTripped) == []
    assert not [t for t in TOKENS if hour.latest[t.id].grade is Grade.STALE]
    # nobody sat it out: tokens were bought, by the bot too, and exits were made
    bought = [e for _, e in hour.of(ev.Filled) if e.side is Side.BUY]
    assert len({e.token for e in bought}) >= 45
    assert any(e.origin is Origin.BOT for e in bought)
    sold = {e.order_id for _, e in hour.of(ev.Filled) if e.side is Side.SELL}
    assert {hour.desk.account.orders[i].kind for i in sold} >= {Kind.STOP, Kind.TAKE_PROFIT}
    limits = [o for o in hour.desk.account.orders.values() if o.kind is Kind.LIMIT]
    assert {o.status for o in limits} >= {Status.FILLED, Status.WORKING}
    # and on what was doubted nobody could buy, however often it was tried
    assert hour.refused["price.doubted"] >= len(TOKENS)
    assert set(hour.refused) == {"price.doubted"}
    skipped = [e.decision for _, e in hour.of(ev.Decided) if e.decision.rule == "skip.price"]
    assert any(liar in decision.reason for decision in skipped)
    assert hour.good > 5 * hour.blocked


def assert_budget_kept(hour: Hour) -> None:
    """Calls within limits, at most two cycles a minute, and nearly all served from the cache."""
    for name, source in hour.sources.items():
        assert source.per_minute() <= source.limits.per_minute, name
        assert source.per_minute(landings=False) <= 2 * NETWORKS, name
    assert hour.sources["dexscreener"].landings
    rate = hour.rig.feed.monitor.hit_rate()
    calls = {name: h.calls for name, h in hour.health.items()}
    print(f"hit rate {rate:.2%}, calls {calls}")
    assert rate is not None
    assert rate >= 0.95
    assert calls == {name: len(source.calls) for name, source in hour.sources.items()}
    assert hour.health["geckoterminal"].errors[Fault.CONNECTION] >= 3
    assert hour.health["coingecko"].errors[Fault.RATE_LIMITED] >= 1


@pytest.mark.parametrize(
    ("liar", "factor", "since"),
    [
        ("", "1", 0),
        ("alchemy", "1.3", 0),
        ("dexscreener", "1.3", 0),
        ("dexscreener", "0.7", CRASH + 100),
    ],
)
def test_in_a_crash_that_all_see_every_stop_gets_out_near_the_true_price(
    liar: str, factor: str, since: int
) -> None:
    hour = spend(liar, factor, since, AFTER, crash=True)
    assert hour.wrong == []
    assert hour.desk.account.ledger.positions == {}
    stops = [o for o in hour.desk.account.orders.values() if o.kind is Kind.STOP]
    crossed = 0
    for stop in stops:
        at = _crossed(hour, stop)
        if at is not None and at >= CRASH:
            crossed += 1
            # three cycles until a new lie is seen through, and the blocks of an order or two
            late = 150 if since > CRASH else 100
            assert _ended(hour, stop) <= at + late, stop
    assert crossed >= 40
    for at, sale in hour.of(ev.Filled):
        if sale.side is Side.SELL and at >= CRASH:
            truth = hour.world(sale.token, at)
            assert D("0.98") <= sale.reference_price / truth <= D("1.05"), (at, sale)
    # the bot does not catch the knife
    buys = [at for at, e in hour.of(ev.Decided) if e.decision.action is Action.BUY]
    assert buys
    assert not [at for at in buys if CRASH + 120 <= at < CRASH + 600]


def _crossed(hour: Hour, stop: Order) -> float | None:
    """The second from which on the true price is at a stop that works, None if it never was."""
    for began, event in hour.of(ev.OrderActivated):
        if event.order_id == stop.id:
            for at in range(int(began), AFTER, STEP):
                if hour.world(stop.token, at) <= stop.price:
                    return at
    return None


def _ended(hour: Hour, stop: Order) -> float:
    """When a stop was filled, or its position sold otherwise."""
    return next(
        at
        for at, event in hour.events
        if isinstance(event, ev.Filled | ev.OrderCancelled) and event.order_id == stop.id
    )
