"""Units of gas against receipts, and the base fee of the next block against the next block."""

from __future__ import annotations

import pytest

from papertrader_tui.amm.concentrated import ConcentratedSwap
from papertrader_tui.simulator.base_fee import next_base_fee
from papertrader_tui.simulator.gas_units import APPROVAL, HopWork, swap_units
from tests.chain.test_exact_quotes import MILLION
from tests.chainkit.market import ChainMarket
from tests.chainkit.node import Anvil
from tests.chainkit.reading import ReadPool, swaps_along
from tests.chainkit.records import Route, Trade


def assert_near(units: int, receipt: int) -> None:
    """Within 3 %."""
    assert abs(units - receipt) * 100 <= 3 * receipt, (units, receipt)


def works(market: ChainMarket, route: Route, amount: int, exact_out: bool = False) -> list[HopWork]:
    pools = [ReadPool(market, pool) for pool in route.pools]
    swaps = swaps_along(pools, route, amount, exact_out=exact_out)
    return [p.work(s, exact_out=exact_out) for p, s in zip(pools, swaps, strict=True)]


def quiet(market: ChainMarket, trade: Trade) -> None:
    """See that the trade was an ordinary one: everything the gas depends on is in the market."""
    assert trade.amount_in > 0
    assert trade.amount_out > 0
    assert trade.block == market.node.number


@pytest.mark.parametrize("pool", ["v2 usdc/weth", "v2 gem/weth", "v2 gem/usdc", "v2 sats/usdc"])
@pytest.mark.parametrize("exact_out", [False, True])
def test_a_v2_swap(chain_market: ChainMarket, pool: str, exact_out: bool) -> None:
    for token in (chain_market.pools[pool].token0, chain_market.pools[pool].token1):
        route = chain_market.route(token.key, pool)
        amount = MILLION[(route.token_out if exact_out else token).key] // 1_000
        trade = chain_market.trade(route, amount, exact_out=exact_out)
        quiet(chain_market, trade)
        assert_near(swap_units([HopWork()]), trade.gas_used)


@pytest.mark.parametrize(
    "words",
    [
        ("gem", "v2 gem/weth", "v2 usdc/weth"),
        ("weth", "v2 gem/weth", "v2 gem/usdc"),
        ("sats", "v2 sats/usdc", "v2 gem/usdc", "v2 gem/weth"),
        ("gem", "v3 gem/weth 3000", "v3 usdc/weth 500"),
        ("usdc", "v3 usdc/weth 10000", "v3 gem/weth 10000"),
        ("sats", "v3 sats/usdc 3000", "v3 usdc/weth 100", "v3 gem/weth 3000"),
    ],
    ids=" > ".join,
)
@pytest.mark.parametrize("share", [100_000, 100, 20])
def test_hops(chain_market: ChainMarket, words: tuple[str, ...], share: int) -> None:
    route = chain_market.route(*words)
    amount = MILLION[words[0]] // share
    units = swap_units(works(chain_market, route, amount))
    trade = chain_market.trade(route, amount)
    quiet(chain_market, trade)
    assert_near(units, trade.gas_used)


@pytest.mark.parametrize("fee", [100, 500, 3_000, 10_000])
@pytest.mark.parametrize("token", ["usdc", "weth"])
@pytest.mark.parametrize("exact_out", [False, True])
def test_a_v3_swap_by_what_it_crosses(
    chain_market: ChainMarket, fee: int, token: str, exact_out: bool
) -> None:
    """From within a tick to hundreds of thousands of dollars, each on the pool as it was made."""
    route = chain_market.route(token, f"v3 usdc/weth {fee}")
    counts = set()
    for dollars in (1, 2_000, 60_000, 120_000, 180_000, 250_000, 400_000, 440_000):
        last = route.token_out if exact_out else route.token_in
        amount = MILLION[last.key] * dollars // 10**6
        (work,) = works(chain_market, route, amount, exact_out)
        trade = chain_market.rehearse(route, amount, exact_out=exact_out)
        assert_near(swap_units([work]), trade.gas_used)
        counts.add(work.ticks_new)
    assert len(counts) >= 4
    assert max(counts) >= 5


@pytest.mark.parametrize("fee", [500, 10_000])
def test_ticks_crossed_again_cost_less(chain_market: ChainMarket, fee: int) -> None:
    """There and back, and there again: nothing is new the second time."""
    key = f"v3 usdc/weth {fee}"
    there, back = (chain_market.route(token, key) for token in ("weth", "usdc"))
    seen = []
    for _ in range(2):
        amount = MILLION["weth"] * 35 // 100
        (work,) = works(chain_market, there, amount)
        trade = chain_market.trade(there, amount)
        assert_near(swap_units([work]), trade.gas_used)
        seen.append(work)
        (work,) = works(chain_market, back, trade.amount_out)
        trade = chain_market.trade(back, trade.amount_out)
        assert_near(swap_units([work]), trade.gas_used)
    first, second = seen
    assert first.ticks_new >= 4
    assert second.ticks_new == 0
    assert second.ticks_again >= 4


def test_empty_words_are_paid_for(chain_market: ChainMarket) -> None:
    route = chain_market.route("usdc", "v3 usdc/weth 100")
    pool = ReadPool(chain_market, route.pools[0])
    amount = MILLION["usdc"] * 6 // 10
    swap = pool.swap(route.directions[0], amount)
    assert isinstance(swap, ConcentratedSwap)
    work = pool.work(swap)
    assert work.empty_words >= 20
    assert_near(swap_units([work]), chain_market.rehearse(route, amount).gas_used)


@pytest.mark.parametrize("pool", ["v2 usdc/weth", "v3 usdc/weth 500"])
def test_a_recipient_without_the_token(chain_market: ChainMarket, pool: str) -> None:
    who, weth = chain_market.newcomer, chain_market.tokens["weth"]
    chain_market.give(weth, who, 10**19)
    assert_near(APPROVAL, chain_market.approve(weth, who))
    route = chain_market.route("weth", pool)
    for new_holder in (True, False):
        work = works(chain_market, route, 10**18)
        trade = chain_market.trade(route, 10**18, account=who)
        assert_near(swap_units(work, new_holder=new_holder), trade.gas_used)


@pytest.mark.parametrize(
    "words",
    [
        ("weth", "v2 usdc/weth"),
        ("weth", "v2 gem/weth", "v2 gem/usdc"),
        ("usdc", "v2 usdc/weth"),
        ("usdc", "v2 gem/usdc", "v2 gem/weth"),
        ("weth", "v3 usdc/weth 500"),
        ("weth", "v3 gem/weth 3000", "v3 gem/usdc 500"),
        ("usdc", "v3 usdc/weth 3000"),
        ("sats", "v3 sats/usdc 3000", "v3 usdc/weth 100"),
    ],
    ids=" > ".join,
)
def test_the_native_token(chain_market: ChainMarket, words: tuple[str, ...]) -> None:
    route = chain_market.route(*words)
    amount = MILLION[words[0]] // 10_000
    work = works(chain_market, route, amount)
    trade = chain_market.trade(route, amount, native=True)
    assert trade.amount_in == amount
    units = swap_units(work, native_in=words[0] == "weth", native_out=words[0] != "weth")
    assert_near(units, trade.gas_used)


@pytest.mark.parametrize("token", ["usdc", "gem", "weth", "maker"])
def test_an_approval(chain_market: ChainMarket, token: str) -> None:
    gas = chain_market.approve(chain_market.tokens[token], chain_market.newcomer)
    assert_near(APPROVAL, gas)


def fill(node: Anvil, gas: int) -> None:
    """Put transactions into the next block that burn exactly so much: their code is invalid."""
    sender, most = node.accounts[-1], 15_000_000
    while gas:
        part = gas if gas <= most else min(most, gas - 100_000)
        node.send(sender, None, "0xfe", gas=part, wait=False)
        gas -= part


def test_the_base_fee_of_the_next_block(chain_market: ChainMarket) -> None:
    node = chain_market.node
    limit = int(node.block["gasLimit"], 16)
    moved = set()
    for gas in (0, 0, limit, limit, limit // 2, limit // 2 + 1, limit // 2 - 1, limit // 3, limit):
        fill(node, gas)
        node.mine()
        head = node.block
        assert int(head["gasUsed"], 16) == gas
        fee = int(head["baseFeePerGas"], 16)
        expected = next_base_fee(fee, gas, limit)
        with chain_market.taken_back():
            node.mine()
            assert int(node.block["baseFeePerGas"], 16) == expected
        moved.add((expected > fee) - (expected < fee))
    assert moved == {-1, 0, 1}


def test_the_base_fee_falls_to_where_it_stays(chain_market: ChainMarket) -> None:
    """Empty blocks, down to the few wei that an eighth no longer moves."""
    node = chain_market.node
    node.set_next_base_fee(1_000)
    node.mine()
    seen = [1_000]
    while len(seen) < 100 and seen[-2:] != [7, 7]:
        head = node.block
        limit = int(head["gasLimit"], 16)
        expected = next_base_fee(seen[-1], int(head["gasUsed"], 16), limit)
        node.mine()
        seen.append(int(node.block["baseFeePerGas"], 16))
        assert seen[-1] == expected
    assert seen[-2:] == [7, 7]
