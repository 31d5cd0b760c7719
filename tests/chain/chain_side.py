"""The kit's market as the watch of a chain sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from papertrader_tui.chain.chainlink import Feed
from papertrader_tui.chain.factories import V2, V3, Factory
from papertrader_tui.chain.fees import FeeReader
from papertrader_tui.chain.multicall import Multicall
from papertrader_tui.chain.reader import ChainReader
from papertrader_tui.chain.routing import Market
from papertrader_tui.chain.rpc import Rpc
from papertrader_tui.chain.safety import Safety
from papertrader_tui.chain.watch import ChainWatch
from papertrader_tui.domain.market import MarketInput
from papertrader_tui.domain.tokens import Chain, Token
from papertrader_tui.feeds.live import wall_clock

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket

LOCAL = Chain(
    "local", 31_337, "Local", "ETH", "local:0x", 1_000, 10**9, 150_000, 0, Decimal(3_000), True
)


def token_of(market: ChainMarket, key: str) -> Token:
    """A token of the kit, as the registry would have it."""
    found = market.tokens[key]
    return Token(f"local:{found.address.lower()}", key.upper(), key, "local", found.decimals)


class Watching:
    """A watch, and what it told."""

    def __init__(self, market: ChainMarket) -> None:
        names = market.addresses
        rpc = Rpc("local", 31_337, [market.rpc_url], block_ms=1_000, stale_ms=1 << 60)
        feed = Feed("USDC/USD", names.feeds["usdc/usd"])
        self.rpc = rpc
        self.reader = ChainReader(Multicall(rpc, names.multicall3), FeeReader(), feed)
        self.told: list[MarketInput] = []
        self.batches: list[list[MarketInput]] = []
        self.priced = 0

        factories = (
            Factory(V2, names.factory_v2.lower(), "uniswap v2", (3_000,)),
            Factory(V3, names.factory_v3.lower(), "uniswap v3", (100, 500, 3_000, 10_000)),
        )
        self.cash, self.native = token_of(market, "usdc"), token_of(market, "weth")
        self.watch = ChainWatch(
            LOCAL,
            Market(self.cash, self.native, factories),
            self.reader,
            self._hear,
            priced=self._price,
            safety=Safety(self.reader.call),
            poll=0.01,
            wall=wall_clock,
        )

    def _hear(self, items: Sequence[MarketInput]) -> None:
        self.told += items
        self.batches.append(list(items))

    def _price(self, _: ChainWatch) -> None:
        self.priced += 1


@asynccontextmanager
async def watching(market: ChainMarket) -> AsyncIterator[Watching]:
    """A watch of the kit's market, its connections closed afterwards."""
    found = Watching(market)
    try:
        yield found
    finally:
        await found.rpc.close()
