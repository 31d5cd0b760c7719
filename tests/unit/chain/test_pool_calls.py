"""Answers of factories and pools: what has the shape is read, anything else is no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.amm.tick_math import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK
from papertrader_tui.chain import pool_calls as calls
from papertrader_tui.chain.abi import word
from papertrader_tui.chain.factories import SLIPSTREAM, V2, V3, Factory, factories_of
from papertrader_tui.chain.loading import state_calls, state_of
from papertrader_tui.domain import pools as kinds
from papertrader_tui.domain.pools import ConcentratedState, PairState, Pool
from papertrader_tui.registry import chain_facts, load_registry

ONE, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
WORDS = {
    calls.GET_PAIR: "getPair(address,address)",
    calls.GET_POOL: "getPool(address,address,uint24)",
    calls.GET_POOL_BY_SPACING: "getPool(address,address,int24)",
    calls.GET_RESERVES: "getReserves()",
    calls.SLOT0: "slot0()",
    calls.LIQUIDITY: "liquidity()",
    calls.FEE: "fee()",
    calls.TICK_SPACING: "tickSpacing()",
    calls.TICK_BITMAP: "tickBitmap(int16)",
    calls.TICKS: "ticks(int24)",
    calls.BALANCE_OF: "balanceOf(address)",
}


def answer(*values: int) -> bytes:
    return b"".join(word(value) for value in values)


def test_selectors_are_of_their_signatures() -> None:
    keccak = pytest.importorskip("eth_utils").keccak
    for selector, signature in WORDS.items():
        assert keccak(text=signature)[:4] == selector, signature


def test_each_kind_of_factory_is_asked_in_its_own_way() -> None:
    pair = word(int(ONE, 16)) + word(int(OTHER, 16))
    asked = {
        kind: calls.find_pool(Factory(kind, ONE, "x", ()), ONE, OTHER, 100).data
        for kind in (V2, V3, SLIPSTREAM)
    }
    assert asked[V2] == calls.GET_PAIR + pair
    assert asked[V3] == calls.GET_POOL + pair + word(100)
    assert asked[SLIPSTREAM] == calls.GET_POOL_BY_SPACING + pair + word(100)


def test_the_zero_address_is_no_pool() -> None:
    assert calls.address(answer(0)) is None
    assert calls.address(answer(int(ONE, 16))) == ONE


@given(st.none() | st.binary(max_size=400))
def test_anything_may_answer(data: bytes | None) -> None:
    """Whatever sits at an address: a usable value or None, never an exception."""
    fee = calls.fee_ppm(data)
    assert fee is None or 0 <= fee < 1_000_000
    spacing = calls.tick_spacing(data)
    assert spacing is None or 0 < spacing <= MAX_TICK
    found = calls.reserves(data)
    assert found is None or all(0 < value < 1 << 112 for value in found)
    at = calls.price_and_tick(data)
    assert at is None or MIN_SQRT_RATIO <= at[0] < MAX_SQRT_RATIO
    assert at is None or MIN_TICK <= at[1] <= MAX_TICK
    tick = calls.net_and_crossed(data)
    assert tick is None or -(1 << 127) <= tick[0] < 1 << 127
    calls.address(data)
    calls.number(data)


@given(st.lists(st.integers(0, 2**256 - 1), min_size=10, max_size=10))
def test_any_words_may_stand_in_a_tick(values: list[int]) -> None:
    for count in (8, 10):
        tick = calls.net_and_crossed(answer(*values[:count]))
        assert tick is None or -(1 << 127) <= tick[0] < 1 << 127


def test_a_tick_of_either_shape_says_whether_it_was_crossed() -> None:
    net = -5
    assert calls.net_and_crossed(answer(9, net, 0, 0, 0, 0, 0, 1)) == (net, False)
    assert calls.net_and_crossed(answer(9, net, 0, 7, 0, 0, 0, 1)) == (net, True)
    # Slipstream: staked liquidity before the fee growth, reward growth after it
    assert calls.net_and_crossed(answer(9, net, 3, 0, 0, 8, 0, 0, 0, 1)) == (net, False)
    assert calls.net_and_crossed(answer(9, net, 3, 4, 0, 8, 0, 0, 0, 1)) == (net, True)
    assert calls.net_and_crossed(answer(0, 0, 0, 0, 0, 0, 0, 0)) is None  # not initialised


def test_slot0_of_either_shape_gives_price_and_tick() -> None:
    price, tick = 2**96, -3
    assert calls.price_and_tick(answer(price, tick, 1, 1, 1, 0, 1)) == (price, tick)
    assert calls.price_and_tick(answer(price, tick, 1, 1, 1, 1)) == (price, tick)
    assert calls.price_and_tick(answer(0, 0, 0, 0, 0, 0, 1)) is None  # never initialised


def test_states_are_read_or_left_out() -> None:
    pair = Pool("base:" + ONE, kinds.V2, "base:a", "base:b", 6, 18, 3_000, 0, "uniswap v2")
    state = state_of(pair, [answer(5, 6, 7)], 1_000, 9)
    assert isinstance(state, PairState)
    assert (state.reserve0, state.reserve1, state.fee_ppm, state.block) == (5, 6, 3_000, 9)
    assert state_of(pair, [answer(5, 0, 7)], 1_000, 9) is None
    assert state_of(pair, [None], 1_000, 9) is None
    pool = Pool("base:" + ONE, kinds.V3, "base:a", "base:b", 6, 18, 500, 10, "slipstream")
    assert len(state_calls(pool)) == 3
    fine = [answer(2**96, 4, 0, 0, 0, 0, 1), answer(77), answer(90)]
    found = state_of(pool, fine, 1_000, 9)
    assert isinstance(found, ConcentratedState)
    assert (found.tick, found.liquidity, found.fee_ppm) == (4, 77, 90)  # its fee has changed
    for index in range(3):
        assert state_of(pool, [*fine[:index], None, *fine[index + 1 :]], 1_000, 9) is None
    assert state_of(pool, [fine[0], answer(1 << 128), fine[2]], 1_000, 9) is None


@pytest.mark.parametrize("chain", list(load_registry().chains))
def test_every_bundled_chain_has_factories(chain: str) -> None:
    found = factories_of(chain_facts(chain))
    assert {V2, V3} <= {factory.kind for factory in found}
    assert len({factory.address for factory in found}) == len(found)
    assert all(factory.address == factory.address.lower() for factory in found)


def test_factories_of_ones_own_follow() -> None:
    own = {"factory": [{"kind": "v2", "address": ONE.upper().replace("X", "x"), "name": "mine"}]}
    (found,) = factories_of(own)
    assert (found.kind, found.address, found.venue, found.tiers) == (V2, ONE, "mine", (3_000,))
    own["factory"][0] |= {"kind": "v3", "fees": [42]}  # type: ignore[dict-item]
    assert factories_of(own)[0].tiers == (42,)
