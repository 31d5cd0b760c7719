from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.simulator.base_fee import (
    ETHEREUM,
    OP_CANYON,
    BaseFeeRule,
    next_base_fee,
    rule_of_extra_data,
)

GWEI = 10**9


@pytest.mark.parametrize(
    ("base", "used", "limit", "rule", "following"),
    [
        (GWEI, 15_000_000, 30_000_000, ETHEREUM, GWEI),
        (GWEI, 30_000_000, 30_000_000, ETHEREUM, 1_125_000_000),
        (GWEI, 0, 30_000_000, ETHEREUM, 875_000_000),
        # above the target it always rises, below it may stand still
        (1, 15_000_001, 30_000_000, ETHEREUM, 2),
        (0, 30_000_000, 30_000_000, ETHEREUM, 1),
        (7, 0, 30_000_000, ETHEREUM, 7),
        (GWEI, 30_000_000, 30_000_000, OP_CANYON, 1_020_000_000),
        (GWEI, 0, 30_000_000, OP_CANYON, 996_000_000),
        (1_000, 0, 30_000_000, BaseFeeRule(250, 6, 999), 999),
    ],
)
def test_next_base_fee(base: int, used: int, limit: int, rule: BaseFeeRule, following: int) -> None:
    assert next_base_fee(base, used, limit, rule) == following


@given(st.integers(0, 10**15), st.integers(0, 36_000_000))
def test_a_block_moves_it_by_at_most_an_eighth(base: int, used: int) -> None:
    following = next_base_fee(base, used, 36_000_000)
    assert base - base // 8 <= following <= base + max(base // 8, 1)
    assert (following > base) == (used > 18_000_000)


def test_parameters_in_the_header() -> None:
    holocene = bytes([0]) + (50).to_bytes(4, "big") + (10).to_bytes(4, "big")
    assert rule_of_extra_data(holocene) == BaseFeeRule(50, 10)
    jovian = bytes([1]) + holocene[1:] + (100_000).to_bytes(8, "big")
    assert rule_of_extra_data(jovian) == BaseFeeRule(50, 10, 100_000)


def test_zero_parameters_mean_the_constants_of_the_chain() -> None:
    assert rule_of_extra_data(bytes(9)) == OP_CANYON
    unset = bytes([1]) + bytes(8) + (7).to_bytes(8, "big")
    assert rule_of_extra_data(unset, BaseFeeRule(250, 10)) == BaseFeeRule(250, 10, 7)


@pytest.mark.parametrize("extra", [b"", b"a client's name", b"\0" * 8, b"\2" + b"\1" * 16])
def test_other_headers_carry_none(extra: bytes) -> None:
    assert rule_of_extra_data(extra, ETHEREUM) == ETHEREUM


def test_what_is_no_block_is_refused() -> None:
    with pytest.raises(ValueError, match="read its header again"):
        next_base_fee(GWEI, 0, 1)
    with pytest.raises(ValueError, match="read its header again"):
        next_base_fee(-1, 0, 30_000_000)
    with pytest.raises(ValueError, match="no base fee rule"):
        BaseFeeRule(0, 2)
