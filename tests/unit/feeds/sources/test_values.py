"""Numbers and texts out of services' answers."""

import json
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.feeds.sources import values
from papertrader_tui.feeds.sources.nesting import too_deep
from papertrader_tui.feeds.sources.text import clean
from papertrader_tui.feeds.sources.values import NotJson, parse_json

D = Decimal


def read(literal: str) -> object:
    return values.mapping(values.parse_json(f'{{"v": {literal}}}'))["v"]


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("113056", "113056"),
        ("20.0", "20.0"),
        ("3.97e-06", "0.00000397"),
        ("1E3", "1000"),
        ('"3425.0697715654"', "3425.0697715654"),
        ('"4e-7"', "0.0000004"),
        ('" 1.5 "', "1.5"),
        ("0.1", "0.1"),
        # More digits than a ledger can hold: 24 significant ones stay.
        ('"0.000404827144568909123456789"', "0.000404827144568909123456789"),
        ('"1.23456789012345678901234567"', "1.23456789012345678901235"),
    ],
)
def test_a_price_is_read_in_every_form_with_its_own_digits(literal, expected):
    assert values.price(read(literal)) == D(expected)


@pytest.mark.parametrize(
    ("literal", "why"),
    [
        ("null", "null"),
        ("NaN", "no finite number"),
        ("Infinity", "no finite number"),
        ("-Infinity", "no finite number"),
        ('"NaN"', "no finite number"),
        ('"inf"', "no finite number"),
        ("-1", "not above zero"),
        ("0", "not above zero"),
        ('"0.0"', "not above zero"),
        ("-0.0", "not above zero"),
        ("1e300", "outside"),
        ("1e-300", "outside"),
        ("1e99999", "no finite number"),
        ("1e99999999999999999999", "no finite number"),
        ("9" * 5000, "no finite number"),
        ("true", "no finite number"),
        ("[1]", "no finite number"),
        ("{}", "no finite number"),
        ('""', "no finite number"),
        ('"1,000"', "no finite number"),
        ('"1_000"', "no finite number"),
        ('"\\u0661"', "no finite number"),  # a digit, but not one that services send
        ('"0x10"', "no finite number"),
    ],
)
def test_what_is_no_price_is_refused_with_the_reason(literal, why):
    refused = values.price(read(literal))
    assert isinstance(refused, str)
    assert why in refused


def test_a_refusal_shows_nothing_that_a_terminal_obeys():
    refused = values.price("\x1b[31m" + "é" * 90)
    assert isinstance(refused, str)
    assert refused.isascii() or "…" in refused
    assert "\x1b" not in refused
    assert len(refused) < 80


@given(st.decimals(min_value=D("1e-20"), max_value=D("1e11"), places=None, allow_nan=False))
def test_a_price_survives_its_own_text(price):
    for text in (f"{price:f}", f"{price:E}"):
        read_back = values.price(text)
        assert isinstance(read_back, Decimal)
        assert abs(read_back - price) <= price * D("1e-23")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("\ufeff", "empty"),
        ("<html>x</html>", "HTML"),
        ('{"a": [1, 2', "cut off"),
        ('{"a": "b', "cut off"),
        ("Must be authenticated!", "not JSON"),
        ('{"a": 1} trailing', "not JSON"),
        ("[" * 100_000, "nested"),
    ],
)
def test_what_is_no_json_is_named(text, words):
    with pytest.raises(values.NotJson, match=words):
        values.parse_json(text)


def test_amounts_changes_and_times_are_unknown_rather_than_absurd():
    assert values.amount(read('"1015673598.896450024556193850116628967"')) == D("1015673598.896450")
    assert values.amount(read("1" + "0" * 120)) is None
    assert values.amount(read("-5")) is None
    assert values.amount(read("0")) == 0
    assert values.change(read("3.725857251510287e+42")) is None
    assert values.change(read('"-26.78"')) == pytest.approx(-0.2678)
    assert values.millis(read("1779092258")) == 1_779_092_258_000
    assert values.millis(read("0")) is None
    assert values.millis(read("1e20")) is None
    assert values.iso_millis("2025-01-03T08:39:42Z") == 1_735_893_582_000
    assert values.iso_millis("2025-01-03T08:39:42.123Z") == 1_735_893_582_123
    assert values.iso_millis("yesterday") is None
    assert values.fraction(read("1")) == 1.0
    assert values.fraction(read("1.2")) is None


def test_names_from_outside_are_made_harmless():
    assert clean("US\u202eDC\x1b[2J", 20) == "USDC[2J"
    assert clean("a\u0301\u0302\u0303\u0304", 20) == "a\u0301"
    assert clean("  many \n\t blanks ", 20) == "many blanks"
    assert clean("x" * 100, 20) == "x" * 19 + "…"
    assert clean(None, 20) == ""
    assert clean("\u200b\u2060\ufeff", 20) == ""


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("[" * 100 + "]" * 100, False),
        ("[" * 101 + "]" * 101, True),
        ('{"a":' * 101, True),
        ("[" + ",".join(['{"a":[]}'] * 500) + "]", False),
        (json.dumps(["[" * 500, '"' + "{" * 500, "\\", "\\" + "[" * 500]), False),
        (json.dumps(["\\"])[:-1] + "," + "[" * 101, True),
    ],
)
def test_nesting_is_counted_outside_of_strings(text: str, deep: bool) -> None:
    assert too_deep(text) is deep


@pytest.mark.parametrize("opens", ["[", '{"a":', '["', '[{"a":'])
def test_nested_beyond_reason_ends_nothing_whatever_libraries_allow(opens: str) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)  # as py_ecc does, which web3 loads
    try:
        with pytest.raises(NotJson):
            parse_json(opens * 100_000)
    finally:
        sys.setrecursionlimit(limit)
