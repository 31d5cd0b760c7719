"""A race on a market with a clock of its own: demo or live. Nothing of it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial

from papertrader_tui.claim import Claim, Stored
from papertrader_tui.config import Loaded as Config
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.engine.desk import Desk
from papertrader_tui.feeds.demo import DemoMarket
from papertrader_tui.launch import data_dir
from papertrader_tui.ports import Market
from papertrader_tui.replay.run import Stage, Terms
from papertrader_tui.replaying import market_recording, stage

Shown = Callable[[Stage], None]


@asynccontextmanager
async def open_market(config: Config) -> AsyncIterator[Market]:
    """The demo market, or live prices.

    Raises:
        NoPrices: it was to be live, and no source answered.
    """
    settings = config.settings
    if settings.market.kind != "live":
        text = settings.market.speed
        speed = None if text in ("auto", "max") else float(text)
        yield DemoMarket(settings.market.seed, speed)
        return
    from papertrader_tui.going_live import look_for_prices

    nobody = Claim(data_dir(config) / "race", True, None, Stored(), settings.market.seed)
    found = await look_for_prices(config, nobody)
    try:
        if not found.answered:
            raise found.no_prices()
        yield found.market
    finally:
        await found.close()


async def run_race(
    market: Market, every: Sequence[Terms], span: int | None, shown: Shown, stop: asyncio.Event
) -> Stage:
    """Let accounts trade on a market until its end, `span` milliseconds on, or `stop`.

    Args:
        market: Just opened.
        every: One an account.
        span: Market milliseconds, None for no end of its own.
        shown: Called after each batch of prices.
        stop: Ends it after the batch in hand.
    """
    recording = await asyncio.to_thread(market_recording, market)
    heed = getattr(market, "heed", None)  # a live market's: what it asks its sources for
    played = stage(every, recording)
    if heed is not None:
        played.heed([partial(_told, heed, desk) for desk in played.desks])
    until = None if span is None else recording.began + span
    ending = asyncio.ensure_future(stop.wait())
    try:
        async with aclosing(market.batches(until)) as batches:  # type: ignore[type-var]
            while not stop.is_set():
                batch = asyncio.ensure_future(anext(batches, None))
                await asyncio.wait({batch, ending}, return_when=asyncio.FIRST_COMPLETED)
                if not batch.done():
                    batch.cancel()
                    await asyncio.gather(batch, return_exceptions=True)
                    break
                inputs = batch.result()
                if inputs is None:
                    break
                played.play(inputs)
                shown(played)
                await asyncio.sleep(0)
    finally:
        ending.cancel()
    played.end(of_market=False)
    return played


def _told(
    heed: Callable[[Sequence[ev.Event], Account], None], desk: Desk, events: Sequence[ev.Event]
) -> None:
    heed(events, desk.account)
