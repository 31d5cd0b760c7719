"""From fake sources through feed and live market to fills: what is traded on, and what not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import PlaceOrder
from papertrader_tui.domain.orders import OrderRequest, Side, SizeBy
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.preview import preview
from papertrader_tui.feeds.source import Fault, SourceError
from tests.feedkit import START, FakeSource, run, steady, tokens, wall
from tests.livekit import LiveDesk

D = Decimal
TOKEN, OTHER = tokens(2)


class Session(LiveDesk):
    """Two tokens, and $10,000."""

    def __init__(self, *sources: FakeSource) -> None:
        super().__init__(sources, [TOKEN, OTHER])


def two(truth: Callable[[TokenId, float], Decimal | None]) -> tuple[FakeSource, FakeSource]:
    return (
        FakeSource("coingecko", truth, lag=20, stale_ms=180_000),
        FakeSource("dexscreener", truth, pooled=True),
    )


def play(story: Callable[[Session], object], *sources: FakeSource, seconds: float) -> Session:
    async def all_of_it() -> Session:
        session = Session(*sources)
        task = asyncio.create_task(session.until(seconds))
        await story(session)  # type: ignore[misc]
        await task
        await session.rig.feed.close()
        return session

    return run(all_of_it)


def test_price_to_order_to_fill_names_its_quote():
    async def story(s: Session) -> None:
        await asyncio.sleep(5)
        s.order(Side.BUY, "1000")

    s = play(story, *two(steady()), seconds=60)
    ((sent_at, sent),) = s.of(ev.OrderSubmitted)
    ((filled_at, filled),) = s.of(ev.Filled)
    assert sent.quote_source == filled.reference_source == "coingecko+dexscreener"
    assert filled.reference_price == D(3000)
    # it landed on a price that was asked for when its block had come, not on the next cycle's
    assert (sent.lands_at - START) / 1_000 <= filled_at < sent_at + 8
    assert s.desk.markets[TOKEN.id].trust.sources == 2


def test_a_dispute_takes_no_entry_and_says_why():
    a, b = two(steady())
    b.factor = D("0.9")

    async def story(s: Session) -> None:
        await asyncio.sleep(5)
        s.order(Side.BUY, "1000")

    s = play(story, a, b, seconds=30)
    ((_, rejected),) = s.of(ev.OrderRejected)
    assert rejected.rule == "price.doubted"
    assert rejected.reason == "disputed: coingecko 3,000 vs dexscreener 2,700 (10 %)"


def test_an_entry_in_flight_waits_until_they_agree():
    a, b = two(steady())

    async def story(s: Session) -> None:
        await asyncio.sleep(5)
        s.order(Side.BUY, "1000")
        b.factor = D("1.3")
        await asyncio.sleep(100)
        assert s.held() == 0
        b.factor = D(1)

    s = play(story, a, b, seconds=180)
    ((at, filled),) = s.of(ev.Filled)
    assert at > 100
    assert filled.reference_price == D(3000)


@pytest.mark.parametrize("factor", ["0.7", "1.3"])
def test_a_lie_of_the_source_without_a_pool_moves_no_stop_no_target_and_no_gate(factor):
    a, b = two(steady())

    async def story(s: Session) -> None:
        await asyncio.sleep(5)
        s.order(Side.BUY, "5000", stop=D(2900), target=D(3300))
        await asyncio.sleep(30)
        a.factor = D(factor)

    s = play(story, a, b, seconds=600)
    assert len(s.of(ev.Filled)) == 1
    assert s.of(ev.GateTripped) == []
    assert s.desk.equity > D(9_900)


def test_a_stop_goes_at_the_pools_price_while_the_others_lag():
    fall = lambda token, at: D(3000) if at < 120 else D(2700)  # noqa: E731
    a, b = two(fall)
    a.lag = 170.0  # whoever averages is minutes behind

    async def story(s: Session) -> None:
        await asyncio.sleep(5)
        s.order(Side.BUY, "1000", stop=D(2900))

    s = play(story, a, b, seconds=240)
    (_, _), (at, sold) = s.of(ev.Filled)
    assert sold.side is Side.SELL
    assert (sold.reference_price, sold.reference_source) == (D(2700), "dexscreener")
    assert 120 < at < 170
    assert s.held() == 0


def test_in_a_crash_of_40_percent_in_ten_minutes_seen_by_all_stops_get_out():
    def crash(token: TokenId, at: float) -> Decimal:
        if token != TOKEN.id:
            return D(3000)
        fallen = min(max(0.0, (at - 300) / 600), 1.0)
        return (D(3000) * (1 - D("0.4") * D(f"{fallen:.6f}"))).quantize(D("0.01"))

    a, b = two(crash)

    async def story(s: Session) -> None:
        await asyncio.sleep(5)
        s.order(Side.BUY, "2000", stop=D(2850))

    s = play(story, a, b, seconds=1_200)
    bought, (at, sold) = s.of(ev.Filled)
    assert (bought[1].side, sold.side) == (Side.BUY, Side.SELL)
    # 5 % are lost after 75 s; a cycle, a block, and a wider tolerance or two later it is out
    assert at < 300 + 75 + 150
    assert sold.reference_price > D(2500)
    assert s.held() == 0


def test_nothing_is_traded_on_a_stale_price_and_trading_goes_on_when_it_is_fresh():
    a, b = two(steady())

    async def story(s: Session) -> None:
        await asyncio.sleep(5)
        s.order(Side.BUY, "1000")
        await asyncio.sleep(25)
        a.error = b.error = SourceError(Fault.CONNECTION, "no network")
        await asyncio.sleep(120)
        (refused,) = s.order(Side.BUY, "1000")
        assert (refused.rule, refused.reason[:6]) == ("price.stale", "stale:")
        (refused,) = s.order(Side.SELL, "100")
        assert refused.rule == "price.stale"
        view = preview(s.desk, PlaceOrder(OrderRequest(
            "p", TOKEN.id, Side.BUY, SizeBy.NOTIONAL, D(100))), wall())  # fmt: skip
        assert view is not None
        assert view.problems[0].startswith("stale: nothing newer than")
        a.error = b.error = None
        await asyncio.sleep(200)
        s.order(Side.SELL, "100")

    s = play(story, a, b, seconds=420)
    assert [f.side for _, f in s.of(ev.Filled)] == [Side.BUY, Side.SELL]


def test_a_source_may_be_minutes_old_by_its_own_measure():
    """CoinGecko's price is good for three minutes: the desk's common minute does not apply."""
    a = FakeSource("coingecko", steady(), lag=150, stale_ms=180_000)

    async def story(s: Session) -> None:
        await asyncio.sleep(5)
        s.order(Side.BUY, "1000")

    s = play(story, a, seconds=60)
    assert len(s.of(ev.Filled)) == 1
