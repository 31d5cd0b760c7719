from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.domain.chain_fees import L1Prices
from papertrader_tui.simulator.fastlz import fastlz_length
from papertrader_tui.simulator.l1_fee import (
    calldata_gas,
    ecotone_l1_fee,
    fjord_l1_fee,
    fjord_l1_fee_of_length,
    operator_fee,
)

GWEI = 10**9
PRICES = L1Prices(20 * GWEI, 3 * GWEI, 2_269, 1_055_762)


def varied(size: int) -> bytes:
    """Bytes of which no three in a row come twice: nothing to compress."""
    steps = itertools.product(range(1, 128), range(128, 256))
    return bytes(itertools.islice(itertools.chain.from_iterable(steps), size))


@pytest.mark.parametrize(
    ("data", "length"),
    [
        (b"", 0),
        (b"x", 2),
        (b"0123456789abc", 14),
        (bytes(range(32)), 33),
        (bytes(range(33)), 35),
        # two literals, then one match up to the last five bytes: 3 for 262, 3 for the rest
        (bytes(400), 3 + 3 + 3 + 6),
        # a literal run, a match of 35 that reaches into the tail, five literals
        (bytes(range(40)) * 2, 42 + 3 + 6),
    ],
)
def test_fastlz_length(data: bytes, length: int) -> None:
    assert fastlz_length(data) == length


def draws(seed: int, count: int, values: int) -> bytes:
    """Repeatable noise of a few values, so that short matches abound."""
    state, found = seed, bytearray()
    for _ in range(count):
        state = (state * 1_103_515_245 + 12_345) % (1 << 31)
        found.append((state >> 16) % values)
    return bytes(found)


@pytest.mark.parametrize(
    ("seed", "count", "values", "length"),
    [
        # from a literal transcription of the specification's encoder
        (1, 300, 2, 153),
        (2, 500, 3, 303),
        (3, 1_000, 5, 670),
        (4, 700, 40, 720),
        (5, 12_000, 6, 7_579),
        (6, 64, 2, 42),
        (7, 17, 1, 12),
        (8, 40, 2, 31),
        (9, 31, 2, 29),
        (10, 25, 2, 23),
    ],
)
def test_fastlz_length_of_noise(seed: int, count: int, values: int, length: int) -> None:
    assert fastlz_length(draws(seed, count, values)) == length


def test_a_match_at_the_last_place_it_could_start_is_lost() -> None:
    data = b"abc" + bytes(range(128, 150)) + b"abc" + bytes(range(160, 170))
    assert len(data) - data.rindex(b"abc") == 13
    assert fastlz_length(data) == len(data) + 2
    assert fastlz_length(data + b"\1") == len(data) + 1 + 2
    assert fastlz_length(data + b"\1\2") == len(data) + 2 + 2 - 1


def test_a_match_takes_two_bytes_up_to_a_length_of_8_and_three_from_9_on() -> None:
    again, between, tail = bytes(range(9)), bytes(range(100, 119)), bytes(range(200, 230))
    literal, rest = 29, fastlz_length(tail)
    assert fastlz_length(again + between + again + tail) == literal + 3 + rest
    shorter = again[:8] + b"\xfe" + between + again[:8]
    assert fastlz_length(shorter + tail) == literal + 2 + rest


@given(st.integers(0, 2_000))
def test_what_repeats_nothing_costs_a_control_byte_per_32(size: int) -> None:
    assert fastlz_length(varied(size)) == size + -(-size // 32)


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=40), st.integers(1, 30))
def test_repeats_are_shorter_than_their_bytes(start: bytes, unit: bytes, times: int) -> None:
    data = start + unit * times
    # a match costs less than its bytes, but may split a run of literals in two
    assert 0 < fastlz_length(data) <= len(data) + -(-len(data) // 32)
    assert fastlz_length(data + unit * 100) < fastlz_length(data) + 100 * len(unit)


def test_a_repeat_further_back_than_the_window_is_not_found() -> None:
    block = bytes(range(150, 200))
    filler = bytes(8_191 - len(block))
    near = fastlz_length(block + filler + block + b"\1" * 20)
    far = fastlz_length(block + filler + b"\0" + block + b"\1" * 20)
    assert far - near > 40


def test_ecotone_counts_zero_and_other_bytes() -> None:
    data = bytes(10) + b"\1" * 30
    assert calldata_gas(data) == 10 * 4 + 30 * 16
    weighted = 16 * 20 * GWEI * 2_269 + 3 * GWEI * 1_055_762
    assert ecotone_l1_fee(data, PRICES) == 520 * weighted // 16_000_000 == 126_534_395_000


def test_fjord_has_a_minimum_of_100_bytes_and_is_linear_above() -> None:
    weighted = PRICES.weighted
    assert fjord_l1_fee_of_length(10, PRICES) == fjord_l1_fee_of_length(170, PRICES)
    assert fjord_l1_fee_of_length(170, PRICES) == 100 * weighted // 10**6
    assert fjord_l1_fee_of_length(171, PRICES) > fjord_l1_fee_of_length(170, PRICES)
    assert fjord_l1_fee_of_length(500, PRICES) == (836_500 * 500 - 42_585_600) * weighted // 10**12
    data = varied(600)
    assert fjord_l1_fee(data, PRICES) == fjord_l1_fee_of_length(fastlz_length(data), PRICES)


def test_operator_fee_before_and_since_jovian() -> None:
    prices = L1Prices(0, 0, 0, 0, operator_fee_scalar=1_500, operator_fee_constant=7)
    assert operator_fee(150_001, prices) == 225 + 7
    assert operator_fee(150_001, prices, jovian=True) == 150_001 * 1_500 * 100 + 7
    assert operator_fee(150_001, PRICES) == 0


def test_negative_prices_are_refused() -> None:
    with pytest.raises(ValueError, match="blob_base_fee_wei is negative"):
        L1Prices(1, -1, 0, 0)
