"""What the watch of a chain tells of real pools, block by block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from papertrader_tui.amm.path import path_in
from papertrader_tui.chain.loading import LoadedPool
from papertrader_tui.chain.routes import legs_of
from papertrader_tui.domain.market import Gas, MarketInput
from papertrader_tui.domain.pools import ConcentratedState, PairState, PoolTicks, Route
from tests.chain.chain_side import Watching, token_of, watching

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket

pytestmark = pytest.mark.xdist_group("chain")


def routes(found: Watching) -> dict[str, Route]:
    return {i.token: i for i in found.told if isinstance(i, Route)}


async def test_routes_are_what_pays_best(chain_market: ChainMarket) -> None:
    async with watching(chain_market) as found:
        gem, sats = token_of(chain_market, "gem"), token_of(chain_market, "sats")
        found.watch.follow([gem, sats])
        await found.watch.look()
        told = routes(found)
        for token in (found.native, gem, sats):
            assert token.id in told
            assert told[token.id].fault == ""
        # $1,000 of the reference size: what the route gives is not beaten by any single pool
        spend = 1_000 * 10**6
        pools = found.watch.route(gem.id)
        ours = path_in(legs_of(pools, found.cash.id), spend)[-1].amount_out
        for key in chain_market.pools:
            if set(key.split()[1].split("/")) == {"gem", "usdc"}:
                assert chain_market.quote(chain_market.route("usdc", key), spend) <= ours


@pytest.mark.parametrize("key", ["weth", "gem", "sats"])
async def test_a_route_quotes_what_the_router_pays(chain_market: ChainMarket, key: str) -> None:
    async with watching(chain_market) as found:
        token = token_of(chain_market, key)
        found.watch.follow([token])
        await found.watch.look()
        pools = found.watch.route(token.id)
        at = {pool.address.lower(): name for name, pool in chain_market.pools.items()}
        names = [at[loaded.pool.address] for loaded in pools]
        for spend in (10**6, 1_000 * 10**6, 25_000 * 10**6):
            ours = path_in(legs_of(pools, found.cash.id), spend)
            amount, start = spend, "usdc"
            for name, swap in zip(names, ours, strict=True):
                route = chain_market.route(start, name)
                amount = chain_market.quote(route, amount)
                assert amount == swap.amount_out
                start = route.token_out.key


async def test_a_block_tells_what_changed_and_nothing_else(chain_market: ChainMarket) -> None:
    async with watching(chain_market) as found:
        await found.watch.look()
        (first,) = found.watch.route(found.native.id)
        found.told.clear()
        chain_market.node.mine(1)
        await found.watch.look()
        assert [type(i) for i in found.told] == [Gas]
        key = next(
            k for k, p in chain_market.pools.items() if p.address.lower() == first.pool.address
        )
        found.told.clear()
        chain_market.trade(chain_market.route("usdc", key), 50_000 * 10**6)
        await found.watch.look()
        state, gas = (i for i in found.told if not isinstance(i, PoolTicks))
        assert isinstance(state, ConcentratedState | PairState)
        assert isinstance(gas, Gas)
        assert gas.fees is not None
        assert state.block == gas.fees.block == found.watch.head.number  # type: ignore[union-attr]
        await found.watch.look()
        assert len([i for i in found.told if isinstance(i, Gas)]) == 1  # no new block, no news


async def test_an_order_lands_on_the_state_before_its_block(chain_market: ChainMarket) -> None:
    async with watching(chain_market) as found:
        await found.watch.look()
        (first,) = found.watch.route(found.native.id)
        key = next(
            k for k, p in chain_market.pools.items() if p.address.lower() == first.pool.address
        )
        route = chain_market.route("usdc", key)
        here = found.watch.head
        assert here is not None
        chain_market.trade(route, 10_000 * 10**6)
        chain_market.trade(route, 20_000 * 10**6)
        chain_market.trade(route, 30_000 * 10**6)
        found.batches.clear()
        found.watch.land(found.native.id, here.number + 2)
        await found.watch.look()
        landing, newest = found.batches
        own = landing[-1]
        assert isinstance(own, Gas)
        assert own.fees is not None
        assert own.fees.block == here.number + 2
        before = [i for i in landing if isinstance(i, ConcentratedState | PairState)]
        assert [i.block for i in before] == [here.number + 1]
        after = [i for i in newest if isinstance(i, ConcentratedState | PairState)]
        assert [i.block for i in after] == [here.number + 3]
        assert _marks(before) != _marks(after)


def _marks(states: Sequence[MarketInput]) -> list[object]:
    return [getattr(s, "sqrt_price_x96", None) or getattr(s, "reserve0", None) for s in states]


async def test_liquidity_that_comes_and_goes_is_seen(chain_market: ChainMarket) -> None:
    """Ticks are read again when crossing the known ones does not explain the liquidity."""
    async with watching(chain_market) as found:
        await found.watch.look()
        (loaded,) = found.watch.route(found.native.id)
        assert isinstance(loaded, LoadedPool)
        key = next(
            k for k, p in chain_market.pools.items() if p.address.lower() == loaded.pool.address
        )
        for spend in (2_000_000 * 10**6, 3_000_000 * 10**6):
            chain_market.trade(chain_market.route("usdc", key), spend)
            await found.watch.look()
            (now,) = found.watch.route(found.native.id)
            for size in (10**6, 100_000 * 10**6):
                ours = path_in(legs_of([now], found.cash.id), size)[-1].amount_out
                route = chain_market.route("usdc", key)
                assert ours == chain_market.quote(route, size)


async def test_tokens_that_take_or_trap_are_found_out(chain_market: ChainMarket) -> None:
    async with watching(chain_market) as found:
        odd = {
            key: token_of(chain_market, key) for key in ("taxed", "trap", "maker", "mute", "lying")
        }
        found.watch.follow(odd.values())
        await found.watch.look()
        told = routes(found)
        assert told[odd["taxed"].id].fault == "takes 3 % of every transfer"
        assert told[odd["taxed"].id].transfer_fee_bps == 300
        assert told[odd["trap"].id].fault.startswith("cannot be sold")
        assert told[odd["maker"].id].fault == ""
        # no decimals() at all contradicts nothing that is known here; decimals that cannot be do
        assert told[odd["mute"].id].fault == ""
        assert "1000 decimals" in told[odd["lying"].id].fault
        assert told[found.native.id].fault == ""


async def test_a_token_without_a_pool_has_no_route(chain_market: ChainMarket) -> None:
    async with watching(chain_market) as found:
        nobody = token_of(chain_market, "gem")
        nobody = type(nobody)("local:0x" + "ab" * 20, "NONE", "none", "local", 18)
        found.watch.follow([nobody])
        await found.watch.look()
        assert routes(found)[nobody.id].hops == ()
        assert found.watch.mid(nobody.id) is None
