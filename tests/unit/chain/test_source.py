"""The chains as a price source: block-stamped, in dollars, and silent where they cannot know."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from papertrader_tui.chain.head import Head
from papertrader_tui.chain.loading import LoadedPool
from papertrader_tui.chain.routes import legs_of, mid_price
from papertrader_tui.chain.source import OnchainSource
from papertrader_tui.domain.pools import V2, PairState, Pool
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds.service import PriceFeed
from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.trusted import Trusted
from papertrader_tui.live_chains import Pushed
from papertrader_tui.registry import load_registry

REGISTRY = load_registry()
BASE = REGISTRY.chains["base"]
USDC, WETH = REGISTRY.find("USDC@base"), REGISTRY.find("WETH@base")
GEM = Token("base:0x" + "ff" * 20, "GEM", "Gem", "base", 18)
NOW = 1_700_000_000_000


def pair(one: Token, other: Token, held: int, held_other: int, tag: str) -> LoadedPool:
    """A V2 pool of two tokens with these reserves."""
    first, second = sorted((one, other), key=lambda token: token.address)
    reserves = (held, held_other) if first is one else (held_other, held)
    pool = Pool(
        f"base:0x{tag * 20}", V2, first.id, second.id, first.decimals, second.decimals, 3_000, 0,
        "uniswap v2",
    )  # fmt: skip
    return LoadedPool(pool, PairState(pool.id, NOW, 100, *reserves, 3_000), {})


#: 3,000 USDC a WETH, and 1,000 GEM a WETH
FIRST = pair(USDC, WETH, 3_000_000 * 10**6, 1_000 * 10**18, "a1")
SECOND = pair(WETH, GEM, 50 * 10**18, 50_000 * 10**18, "b2")


class FakeWatch:
    chain = BASE
    fault = ""
    seen = NOW
    ages = True

    def __init__(self) -> None:
        self.head: Head | None = Head(100, NOW - 2_000, "0x1", "0x0")
        self.dollars: tuple[Decimal | None, str] = (Decimal("0.999"), "")
        self.ways: dict[TokenId, tuple[LoadedPool, ...]] = {
            WETH.id: (FIRST,),
            GEM.id: (FIRST, SECOND),
        }

    def priced(self) -> list[Token]:
        return [t for t in (WETH, GEM) if t.id in self.ways]

    def route(self, token: TokenId) -> tuple[LoadedPool, ...]:
        return self.ways.get(token, ())

    def mid(self, token: TokenId) -> Decimal | None:
        pools = self.route(token)
        return mid_price(legs_of(pools, USDC.id), 18, 6) if pools else None

    def held_of(self, token: TokenId, pool: Pool) -> int:
        state = next(p.state for p in (FIRST, SECOND) if p.pool == pool)
        assert isinstance(state, PairState)
        return state.reserve0 if token == pool.token0 else state.reserve1


def source_of(watch: FakeWatch) -> OnchainSource:
    source = OnchainSource()
    source.add(watch)
    return source


async def test_a_price_is_the_mid_of_its_route_in_dollars() -> None:
    answer = await source_of(FakeWatch()).prices([WETH, GEM])
    weth, gem = answer.prices[WETH.id], answer.prices[GEM.id]
    assert weth.price == Decimal(2997)  # 3,000 USDC at 0.999 dollars
    assert gem.price == Decimal("2.997")
    assert (weth.block, weth.observed, weth.fetched) == (100, NOW - 2_000, NOW)
    assert (weth.pool, gem.pool) == ("0x" + "a1" * 20, "0x" + "b2" * 20)
    assert (weth.fee_bps, gem.fee_bps) == (Decimal(30), Decimal(60))  # the whole way
    assert gem.liquidity == Decimal("299850.00")  # 50 WETH at 3,000 USDC, 50,000 GEM at 2.997


async def test_where_blocks_are_rare_the_newest_is_as_things_are_now() -> None:
    watch = FakeWatch()
    watch.ages = False
    answer = await source_of(watch).prices([WETH])
    assert answer.prices[WETH.id].observed is None


async def test_what_it_cannot_know_it_does_not_say() -> None:
    watch = FakeWatch()
    source = source_of(watch)
    other = REGISTRY.find("WETH@arbitrum")
    assert not source.covers(other)
    assert source.covers(GEM)
    assert source.batches([GEM, other]) == [[GEM]]
    assert (await source.prices([GEM, other])).unknown == {other.id}
    watch.dollars = (None, "USDC/USD: 90,000 s old, and written every 86,400 s")
    answer = await source.prices([GEM])
    assert answer.prices == {}
    assert answer.dropped == {GEM.id: watch.dollars[1]}
    watch.ways.clear()
    assert (await source.prices([GEM])).unknown == {GEM.id}
    assert source.batches([GEM]) == []


async def test_while_no_node_answers_it_fails_with_the_reason() -> None:
    watch = FakeWatch()
    watch.fault = "Base: no node answers"
    with pytest.raises(SourceError, match="no node answers") as caught:
        await source_of(watch).prices([GEM])
    assert caught.value.fault is Fault.CONNECTION


class Heard(PriceFeed):
    """A feed that notes what it was told."""

    told: list[tuple[str, Sequence[TokenId]]]

    def hear(self, source: str, answer: object) -> None:
        prices: Sequence[TokenId] = list(answer.prices)  # type: ignore[attr-defined]
        self.told.append((source, prices))


async def test_blocks_hand_on_what_is_new_and_what_would_go_stale() -> None:
    watch = FakeWatch()
    source = OnchainSource()
    source.add(watch)
    feed = Heard([source], wall=lambda: watch.seen)
    feed.told = []
    pushed = Pushed(feed, source)
    pushed(watch)  # type: ignore[arg-type]
    pushed(watch)  # type: ignore[arg-type]
    assert feed.told == [("onchain", [WETH.id, GEM.id])]
    watch.ways[GEM.id] = (FIRST, pair(WETH, GEM, 51 * 10**18, 50_000 * 10**18, "b2"))
    pushed(watch)  # type: ignore[arg-type]
    assert feed.told[1:] == [("onchain", [GEM.id])]
    watch.seen += int(feed.settings.ttl * 1_000)
    pushed(watch)  # type: ignore[arg-type]
    assert feed.told[2:] == [("onchain", [WETH.id, GEM.id])]
    await feed.close()


async def test_a_price_that_was_handed_on_counts_at_once() -> None:
    watch = FakeWatch()
    source = source_of(watch)
    feed = PriceFeed([source], wall=lambda: NOW)
    feed.follow([WETH])
    heard: list[Trusted] = []
    feed.subscribe(heard.append)
    Pushed(feed, source)(watch)  # type: ignore[arg-type]
    assert [(t.token, t.price, t.block) for t in heard] == [(WETH.id, Decimal(2997), 100)]
    assert await feed.answered(1.0)
    await feed.close()
