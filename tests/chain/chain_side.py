"""The kit's market as the watch of a chain sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from papertrader_tui.chain.factories import V2, V3, Factory
from papertrader_tui.chain.head import Head, head_of
from papertrader_tui.chain.multicall import Call, Multicall, eth_call
from papertrader_tui.chain.routing import Market
from papertrader_tui.chain.rpc import Rpc
from papertrader_tui.chain.safety import Safety
from papertrader_tui.chain.watch import ChainWatch
from papertrader_tui.domain.chain_fees import ChainFees
from papertrader_tui.domain.market import MarketInput
from papertrader_tui.domain.tokens import Chain, Token

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket

LOCAL = Chain(
    "local", 31_337, "Local", "ETH", "local:0x", 1_000, 10**9, 150_000, 0, Decimal(3_000), True
)


def token_of(market: ChainMarket, key: str) -> Token:
    """A token of the kit, as the registry would have it."""
    found = market.tokens[key]
    return Token(f"local:{found.address.lower()}", key.upper(), key, "local", found.decimals)


class Side:
    """`chain.watch.ChainReads` with fees that the test does not look at."""

    def __init__(self, market: ChainMarket) -> None:
        self.rpc = Rpc("local", 31_337, [market.rpc_url], block_ms=1_000, stale_ms=1 << 60)
        self._calls = Multicall(self.rpc, market.addresses.multicall3)
        self.batches = 0

    async def head(self, block: int | str = "latest") -> Head | None:
        if block == "latest":
            return await self.rpc.head()
        return head_of(await self.rpc.request("eth_getBlockByNumber", [hex(int(block)), False]))

    async def read(self, calls: list[Call], block: int | str) -> list[bytes | None]:
        self.batches += 1
        return await self._calls.read(calls, block)

    async def fees(self, head: Head) -> ChainFees:
        return ChainFees(head.number, head.base_fee_wei, head.base_fee_wei, 0.5, (1, 2, 3, 4, 5))

    async def dollars(self, head: Head) -> tuple[Decimal | None, str]:
        del head
        return Decimal(1), ""


class Watching:
    """A watch, and what it told."""

    def __init__(self, market: ChainMarket) -> None:
        self.side = Side(market)
        self.told: list[MarketInput] = []
        self.batches: list[list[MarketInput]] = []
        self.priced = 0

        async def call(to: str, data: bytes, block: int, overrides: dict[str, object]) -> bytes:
            return await eth_call(self.side.rpc, to, data, block, overrides=overrides)

        names = market.addresses
        factories = (
            Factory(V2, names.factory_v2.lower(), "uniswap v2", (3_000,)),
            Factory(V3, names.factory_v3.lower(), "uniswap v3", (100, 500, 3_000, 10_000)),
        )
        self.cash, self.native = token_of(market, "usdc"), token_of(market, "weth")
        self.watch = ChainWatch(
            LOCAL,
            Market(self.cash, self.native, factories),
            self.side,
            self._hear,
            priced=partial(self._price),
            safety=Safety(call),
            poll=0.01,
        )

    def _hear(self, items: list[MarketInput]) -> None:
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
        await found.side.rpc.close()
