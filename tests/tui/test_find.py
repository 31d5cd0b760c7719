"""A few letters find the token that is meant."""

from __future__ import annotations

import pytest

from papertrader_tui.tui.find import find
from tests.tui.fake_desk import token

TOKENS = [token(i) for i in range(20)]


@pytest.mark.parametrize(
    ("query", "symbol"),
    [
        ("weth", "WETH"),
        ("lido", "LDO"),
        ("op", "OP"),
        ("cbtc", "CBBTC"),
        ("pep eth", "PEPE"),
        ("MKR@ethereum", "MKR"),
        ("0x0000000000000000000000000000000000000003", "AERO"),
        ("aave·ethereum", "AAVE"),
    ],
)
def test_the_best_match_comes_first(query, symbol):
    assert find(query, TOKENS)[0].symbol == symbol


def test_nothing_typed_lists_all_in_their_order():
    assert find("", TOKENS) == TOKENS


def test_nonsense_finds_nothing():
    assert find("zzzqx", TOKENS) == []


def test_a_chain_narrows():
    assert {t.chain for t in find("base", TOKENS)} == {"base"}
