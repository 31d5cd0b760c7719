"""Our quotes against the contracts: their quoters and the swaps they execute, to the last unit."""

from __future__ import annotations

import random

import pytest

from papertrader_tui.amm.concentrated import ConcentratedPool, ConcentratedSwap
from papertrader_tui.amm.constant_product import ConstantProductPool, get_amount_out
from papertrader_tui.amm.errors import AmmError
from papertrader_tui.amm.tick_math import sqrt_ratio_at_tick
from tests.chainkit.deploy import PAIRS, V3_POOLS
from tests.chainkit.market import ChainMarket, answer
from tests.chainkit.reading import ReadPool, swaps_along
from tests.chainkit.records import Route

V2 = [f"v2 {one}/{other}" for one, other, _ in PAIRS[:4]]
V3 = [f"v3 {one}/{other} {fee}" for one, other, fee, _ in V3_POOLS]
ROUTES = [
    ("gem", "v2 gem/weth", "v2 usdc/weth"),
    ("weth", "v2 gem/weth", "v2 gem/usdc"),
    ("sats", "v2 sats/usdc", "v2 gem/usdc", "v2 gem/weth"),
    ("gem", "v3 gem/weth 3000", "v3 usdc/weth 500"),
    ("usdc", "v3 usdc/weth 10000", "v3 gem/weth 10000"),
    ("usdc", "v3 gem/usdc 500", "v3 gem/weth 3000"),
    ("sats", "v3 sats/usdc 3000", "v3 usdc/weth 100", "v3 gem/weth 3000"),
]
#: Raw units of a token that are worth about a million dollars: twice what most pools hold.
MILLION = {"usdc": 10**12, "weth": 333 * 10**18, "gem": 5 * 10**25, "sats": 11 * 10**8}


def spread(most: int, count: int, seed: str) -> list[int]:
    """A unit, a few, and so on up to the most, evenly over eleven orders of magnitude."""
    chance = random.Random(seed)
    least = max(1, most // 10**11)
    evenly = [int(least * (most / least) ** (step / count)) for step in range(1, count)]
    varied = [max(1, size * chance.randint(70, 130) // 100) for size in evenly]
    return [1, chance.randint(2, 99), *varied, most]


def sizes_in(route: Route, count: int) -> list[int]:
    """Sizes to pay, up to far too much."""
    return spread(MILLION[route.token_in.key], count, f"{route} in")


def sizes_out(market: ChainMarket, route: Route, count: int, percent: int) -> list[int]:
    """Sizes to receive, up to a part of what the last pool holds."""
    held = market.balance(route.token_out, route.pools[-1].address)
    return spread(held * percent // 100, count, f"{route} out")


def both_ways(market: ChainMarket, key: str) -> list[Route]:
    pool = market.pools[key]
    return [market.route(token.key, key) for token in (pool.token0, pool.token1)]


def ours(
    pools: list[ReadPool], route: Route, amount: int, exact_out: bool
) -> tuple[int | None, bool]:
    """Our answer, None where the pool cannot, and whether all of the amount would be swapped."""
    try:
        swaps = swaps_along(pools, route, amount, exact_out=exact_out)
    except AmmError:
        return None, False
    whole = all(not isinstance(swap, ConcentratedSwap) or swap.complete for swap in swaps)
    if exact_out:
        return (swaps[0].amount_in if whole else None), whole
    return swaps[-1].amount_out, whole


def compare_quotes(
    market: ChainMarket, route: Route, amounts: list[int], *, exact_out: bool
) -> tuple[int, int]:
    """How many quotes were the same amount, and how many both refused."""
    pools = [ReadPool(market, pool) for pool in route.pools]
    views = [market.quote_view(route, amount, exact_out=exact_out) for amount in amounts]
    same = refused = 0
    for amount, theirs in zip(amounts, market.rpc.try_view(*views), strict=True):
        mine, _ = ours(pools, route, amount, exact_out)
        if mine is None and theirs is not None and pools[0].pool.kind == "v2":
            # The router quotes nothing for something; the pair then refuses to do it.
            assert not exact_out
            assert answer(theirs[0], exact_out=False) == 0
            refused += 1
        elif mine is None or theirs is None:
            assert (mine, theirs) == (None, None), amount
            refused += 1
        else:
            assert mine == answer(theirs[0], exact_out=exact_out), amount
            same += 1
    return same, refused


@pytest.mark.parametrize("key", [*V2, *V3])
def test_a_pool_is_quoted_as_its_contract_quotes_it(chain_market: ChainMarket, key: str) -> None:
    for route in both_ways(chain_market, key):
        amounts = sizes_in(route, 40)
        same, refused = compare_quotes(chain_market, route, amounts, exact_out=False)
        assert same >= 30
        assert same + refused == len(amounts)
        amounts = sizes_out(chain_market, route, 40, percent=90)
        same, refused = compare_quotes(chain_market, route, amounts, exact_out=True)
        assert (same, refused) == (len(amounts), 0)


@pytest.mark.parametrize("words", ROUTES, ids=" > ".join)
def test_a_route_is_quoted_as_the_contracts_quote_it(
    chain_market: ChainMarket, words: tuple[str, ...]
) -> None:
    route = chain_market.route(*words)
    same, _ = compare_quotes(chain_market, route, sizes_in(route, 40), exact_out=False)
    assert same >= 35
    amounts = sizes_out(chain_market, route, 40, percent=50)
    same, _ = compare_quotes(chain_market, route, amounts, exact_out=True)
    assert same >= 35


# To find the end of a pool of tick spacing 1 is to walk through thousands of words; it is left out.
@pytest.mark.parametrize("key", [*V2, *V3[1:]])
def test_more_than_a_pool_holds_is_refused_as_by_its_contract(
    chain_market: ChainMarket, key: str
) -> None:
    for route in both_ways(chain_market, key):
        held = chain_market.balance(route.token_out, route.pools[0].address)
        same, refused = compare_quotes(chain_market, route, [held, held + 1], exact_out=True)
        assert (same, refused) == (0, 2)


@pytest.mark.parametrize("key", [*V2, *V3])
def test_a_swap_pays_what_was_quoted_and_leaves_the_pool_we_said(
    chain_market: ChainMarket, key: str
) -> None:
    done = 0
    for route in both_ways(chain_market, key):
        for exact_out in (False, True):
            pool = ReadPool(chain_market, route.pools[0])
            out = sizes_out(chain_market, route, 8, percent=90)
            for amount in out if exact_out else sizes_in(route, 8):
                mine, whole = ours([pool], route, amount, exact_out)
                if mine is None or not whole:
                    continue
                swap = pool.swap(route.directions[0], amount, exact_out=exact_out)
                with chain_market.taken_back():
                    trade = chain_market.trade(route, amount, exact_out=exact_out)
                    after = ReadPool(chain_market, route.pools[0]).state
                assert (trade.amount_in, trade.amount_out) == (swap.amount_in, swap.amount_out)
                assert fingerprint(after) == fingerprint(swap.after)
                done += 1
    assert done >= 32


@pytest.mark.parametrize("words", ROUTES, ids=" > ".join)
def test_a_swap_over_a_route_pays_what_was_quoted(
    chain_market: ChainMarket, words: tuple[str, ...]
) -> None:
    route = chain_market.route(*words)
    pools = [ReadPool(chain_market, pool) for pool in route.pools]
    done = 0
    for exact_out in (False, True):
        out = sizes_out(chain_market, route, 8, percent=50)
        for amount in out if exact_out else sizes_in(route, 8):
            mine, whole = ours(pools, route, amount, exact_out)
            if mine is None or not whole:
                continue
            trade = chain_market.rehearse(route, amount, exact_out=exact_out)
            expected = (mine, amount) if exact_out else (amount, mine)
            assert (trade.amount_in, trade.amount_out) == expected
            done += 1
    assert done >= 16


@pytest.mark.parametrize("key", ["v2 usdc/weth", "v3 usdc/weth 100", "v3 usdc/weth 3000"])
def test_we_keep_up_with_a_pool_through_many_swaps(chain_market: ChainMarket, key: str) -> None:
    """What we say a swap leaves is what the next is quoted on; the chain is read at the end."""
    chance = random.Random(key)
    pool = ReadPool(chain_market, chain_market.pools[key])
    pools = [pool]
    ways = both_ways(chain_market, key)
    for _ in range(40):
        route = chance.choice(ways)
        exact_out = chance.random() < 0.5
        token = route.token_out if exact_out else route.token_in
        amount = chance.randint(1, MILLION[token.key] // 20)
        swap = swaps_along(pools, route, amount, exact_out=exact_out)[0]
        trade = chain_market.trade(route, amount, exact_out=exact_out)
        assert (trade.amount_in, trade.amount_out) == (swap.amount_in, swap.amount_out)
        pool.state = swap.after
    assert fingerprint(ReadPool(chain_market, chain_market.pools[key]).state) == fingerprint(
        pool.state
    )


@pytest.mark.parametrize("key", ["v3 usdc/weth 500", "v3 usdc/weth 10000"])
def test_a_price_exactly_on_a_tick(chain_market: ChainMarket, key: str) -> None:
    """The amount that just reaches a tick, one unit less and one more; then on from there."""
    one, other = both_ways(chain_market, key)
    for route, back in ((one, other), (other, one)):
        start = ReadPool(chain_market, chain_market.pools[key])
        down = route.directions[0]
        far = start.swap(down, MILLION[route.token_in.key] // 3)
        assert isinstance(far, ConcentratedSwap)
        assert len(far.crossed) >= 4
        for tick in far.crossed[1:4]:
            to_tick = start.swap(down, far.amount_in, limit=sqrt_ratio_at_tick(tick))
            for amount in (to_tick.amount_in - 1, to_tick.amount_in, to_tick.amount_in + 1):
                said = start.swap(down, amount)
                with chain_market.taken_back():
                    trade = chain_market.trade(route, amount)
                    there = ReadPool(chain_market, chain_market.pools[key])
                    assert trade.amount_out == said.amount_out
                    assert fingerprint(there.state) == fingerprint(said.after)
                    for way in (route, back):
                        same, _ = compare_quotes(
                            chain_market, way, sizes_in(way, 8), exact_out=False
                        )
                        assert same == 10


def test_a_pool_that_ends_takes_part_of_what_is_offered(chain_market: ChainMarket) -> None:
    """Beyond its last position there is nothing: the router takes what the pool takes."""
    key = "v3 gem/usdc 500"
    for route in both_ways(chain_market, key):
        pool = ReadPool(chain_market, chain_market.pools[key])
        offered = MILLION[route.token_in.key]
        swap = pool.swap(route.directions[0], offered)
        assert isinstance(swap, ConcentratedSwap)
        assert 0 < swap.amount_in < offered
        trade = chain_market.rehearse(route, offered)
        assert (trade.amount_in, trade.amount_out) == (swap.amount_in, swap.amount_out)


def test_the_router_quotes_nothing_and_the_pair_refuses_it(chain_market: ChainMarket) -> None:
    route = chain_market.route("gem", "v2 gem/usdc")
    pool = ReadPool(chain_market, route.pools[0])
    assert isinstance(pool.state, ConstantProductPool)
    reserves = pool.state.reserves(route.directions[0])
    assert chain_market.quote(route, 1_000) == get_amount_out(1_000, *reserves) == 0
    with pytest.raises(AmmError, match="less than one unit"):
        pool.swap(route.directions[0], 1_000)
    with pytest.raises(RuntimeError, match="reverted"):
        chain_market.trade(route, 1_000)


def fingerprint(state: ConstantProductPool | ConcentratedPool) -> tuple[int, ...]:
    """What of a pool changes by a swap."""
    if isinstance(state, ConstantProductPool):
        return state.reserve0, state.reserve1
    return state.sqrt_price_x96, state.tick, state.liquidity
