"""Whether there are live prices now, and the live market over them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from papertrader_tui import tokenbook
from papertrader_tui.chain.source import NAME as ONCHAIN
from papertrader_tui.chain.source import OnchainSource
from papertrader_tui.chain.watches import Watches
from papertrader_tui.claim import Claim
from papertrader_tui.config import Loaded as Config
from papertrader_tui.domain.market import Quote
from papertrader_tui.domain.tokens import Registry, TokenId
from papertrader_tui.feeds.demo_parameters import LISTINGS
from papertrader_tui.feeds.live import LiveMarket
from papertrader_tui.feeds.service import PriceFeed
from papertrader_tui.launch import data_dir
from papertrader_tui.live_chains import watch_chains
from papertrader_tui.live_feed import names_on, open_feed
from papertrader_tui.lookout import known_tokens
from papertrader_tui.ports import NotStarted
from papertrader_tui.store.database import reading
from papertrader_tui.store.last_prices import last_prices

#: How often it is looked whether the nodes have failed, while their prices are waited for.
_LOOKS = 12
#: Whose price it is that an account closed with.
EARLIER = "earlier session"


class NoPrices(NotStarted):
    """No price source answered, and the market was to be live; says what each of them said."""


@dataclass(frozen=True, slots=True)
class Found:
    """A live market, and whether it has prices.

    Attributes:
        said: What the sources that did not answer said.
        faults: What is wrong with keys.
    """

    market: LiveMarket
    feed: PriceFeed
    answered: bool
    said: tuple[str, ...]
    faults: tuple[str, ...]
    chains: Watches | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self.chains is not None:
            await self.chains.close()
        await self.feed.close()

    def no_prices(self) -> NoPrices:
        """The error of a market that may not start blind."""
        return NoPrices(
            "no price source answered: "
            + ("; ".join((*self.faults, *self.said)) or "none knows a price of what is watched")
            + ". Check the network (papertrader "
            "doctor looks at each source), add --wait to open all the same and wait for prices, "
            "or use --market demo"
        )


async def look_for_prices(config: Config, claim: Claim) -> Found:
    """Ask the sources for prices of what an account watches and holds.

    Returns:
        As soon as one has answered, all have failed, or `[feed] probe` seconds have passed.

    Raises:
        ConfigError: no source can be asked at all, or the watchlist cannot be used.
    """
    registry, watchlist = live_tokens(config)
    onchain = OnchainSource() if ONCHAIN in names_on(config.settings) else None
    feed, faults = await open_feed(config.settings, onchain=onchain)
    chains = None
    if onchain is not None:
        chains = watch_chains(config.settings, registry, feed, onchain)
    account = claim.stored.account
    if not claim.new:
        watchlist = ()  # it has its own
    orders = [order.token for order in account.open_orders()]
    market = LiveMarket(
        feed,
        registry,
        watchlist,
        also=dict.fromkeys((*account.ledger.positions, *orders, *account.watch)),
        cursor=claim.stored.cursor,
        last=lambda: _last(claim),
        chains=chains,
    )
    found = Found(market, feed, False, (), faults, chains)
    seconds = float(config.settings.feed.probe)
    try:
        if chains is not None:
            chains.start()
        answered = await feed.probe(seconds)
        if not answered and chains is not None:
            # nodes can be asked once web3 is loaded: their seconds begin there
            answered = await _by_the_chains(feed, chains, seconds)
    except BaseException:
        await found.close()
        raise
    silent = [
        f"{health.source}: no answer within {seconds:g} s"
        for health in feed.health()
        if health.calls and not health.said and health.last_success is None
    ]
    faulty = () if chains is None else tuple(chains.faults().values())
    return replace(found, answered=answered, said=(*feed.said(), *silent, *faulty))


async def _by_the_chains(feed: PriceFeed, chains: Watches, seconds: float) -> bool:
    """Does any chain tell a price within that time? Not waited for where no node answers."""
    if not chains.any():
        return False
    await asyncio.to_thread(importlib.import_module, "papertrader_tui.chain.provider")
    for _ in range(_LOOKS):
        if await feed.answered(seconds / _LOOKS) or chains.silent():
            break
    # a node that answers is worth waiting for: it is only slow
    return await feed.answered(seconds if chains.answering() else 0.0)


def live_tokens(config: Config) -> tuple[Registry, Sequence[TokenId]]:
    """The tokens that the live market knows, and those that a new account watches.

    Without a watchlist of its own those are the tokens of config.toml, then the usual ones.

    Raises:
        ConfigError: files of own tokens or watchlists cannot be read, or the list is not there.
    """
    registry = known_tokens(config)
    name = config.settings.account.watchlist
    if name:
        book = tokenbook.load(data_dir(config))
        return registry, [token.id for token in book.watchlist(name, registry)]
    own = [token.id for token in config.settings.chains.tokens if token.id in registry.tokens]
    usual = [registry.find(f"{one.symbol}@{one.chain}").id for one in LISTINGS]
    return registry, [*dict.fromkeys([*own, *usual])]


def _last(claim: Claim) -> list[Quote]:
    if claim.new:
        return []
    with reading(claim.path) as connection:
        return [
            Quote(token, time, price, float(price), EARLIER)
            for token, time, price in last_prices(connection)
        ]
