"""Settings in, watched chains out: nodes opened, and their prices handed to the feed."""

from __future__ import annotations

from papertrader_tui.chain.chainlink import HEARTBEAT_S, Feed
from papertrader_tui.chain.endpoints import open_multicall
from papertrader_tui.chain.factories import factories_of
from papertrader_tui.chain.fees import fee_reader
from papertrader_tui.chain.reader import ChainReader
from papertrader_tui.chain.routing import Market
from papertrader_tui.chain.rpc import Rpc
from papertrader_tui.chain.safety import Safety
from papertrader_tui.chain.source import NAME, OnchainSource
from papertrader_tui.chain.watch import ChainWatch
from papertrader_tui.chain.watches import Watches
from papertrader_tui.chain_settings import ChainsSettings
from papertrader_tui.config import Settings
from papertrader_tui.domain.tokens import Registry, TokenId
from papertrader_tui.feeds.chains import ChainListener
from papertrader_tui.feeds.live import wall_clock
from papertrader_tui.feeds.service import PriceFeed
from papertrader_tui.feeds.source import Answer, SourcePrice


class Pushed:
    """Hands prices to the feed as blocks bring them.

    A price that has not changed is handed on only when it would soon be stale: most blocks
    change few of them, and each that is handed on is recorded.

    Args:
        feed: Hears them.
        source: Says them.
    """

    def __init__(self, feed: PriceFeed, source: OnchainSource) -> None:
        self._feed, self._source = feed, source
        self._again_ms = int(feed.settings.ttl * 1_000)
        self._said: dict[TokenId, SourcePrice] = {}

    def __call__(self, watch: ChainWatch) -> None:
        """Hand on what is new on a chain."""
        answer = self._source.answer(watch.priced())
        new = {t: p for t, p in answer.prices.items() if self._news(p)}
        self._said |= new
        if new:
            self._feed.hear(NAME, Answer(new))

    def _news(self, price: SourcePrice) -> bool:
        before = self._said.get(price.token)
        return (
            before is None
            or before.price != price.price
            or price.fetched - before.fetched >= self._again_ms
        )


def watch_chains(
    settings: Settings, registry: Registry, feed: PriceFeed, source: OnchainSource
) -> Watches:
    """The chains whose nodes are known; nothing is sent before `start`.

    Args:
        settings: Which nodes, and how often to look for blocks.
        registry: Bundled tokens, and those that were added.
        feed: Hears the prices.
        source: One of the feed's; it answers for these chains from now on.
    """
    pushed = Pushed(feed, source)

    def opened(key: str, tell: ChainListener) -> tuple[ChainWatch, Rpc] | None:
        found = open_chain(settings.chains, registry, key)
        if found is None:
            return None
        rpc, reader, market = found
        chain = registry.chains[key]
        poll = max(float(settings.feed.poll), chain.block_ms / 1_000 / 2)
        watch = ChainWatch(
            chain,
            market,
            reader,
            tell,
            priced=pushed,
            safety=Safety(reader.call),
            poll=poll,
            wall=wall_clock,
            ages=settings.chains.of(key).stale_s != 0,
        )
        source.add(watch)
        return watch, rpc

    return Watches(opened)


def open_chain(
    chains: ChainsSettings, registry: Registry, key: str, *, testnets: bool = False
) -> tuple[Rpc, ChainReader, Market] | None:
    """One chain's nodes, what is read of it, and what its routes lead through.

    Args:
        chains: What is set of it.
        registry: Knows the chain, USDC and the wrapped native token.
        key: Which.
        testnets: Look for pools on a bundled testnet too. By default its tokens have no market,
            and are shown at the prices of their mainnet twins.

    Returns:
        None where no node is known, or no USDC to trade against.
    """
    cash = registry.tokens.get(chains.usdc(key) or "")
    native = registry.tokens.get(registry.chains[key].wrapped_native)
    multicall = open_multicall(chains, key)
    if cash is None or native is None or multicall is None:
        return None
    facts = chains.facts(key)
    factories = () if facts.get("testnet", False) and not testnets else factories_of(facts)
    reader = ChainReader(
        multicall,
        fee_reader(facts),
        _feed_of(chains, key, cash.id),
        str(facts.get("chainlink_sequencer_uptime_feed", "")).lower(),
    )
    return multicall.rpc, reader, Market(cash, native, factories)


def _feed_of(chains: ChainsSettings, key: str, token: TokenId) -> Feed | None:
    told = chains.feed_of(token)
    if told is None:
        return None
    heartbeats = chains.facts(key).get("chainlink_heartbeat_s", {})
    return Feed(told[0], told[1].lower(), int(heartbeats.get(told[0], HEARTBEAT_S)))
