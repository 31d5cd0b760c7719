from __future__ import annotations

import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.domain import money


def test_exact_arithmetic_raises_instead_of_rounding() -> None:
    with pytest.raises(decimal.Inexact):
        money.mul(Decimal(10**60 + 1), Decimal(10**60 + 1))


@given(
    st.decimals("0.000000000000000001", "1e12", places=18, allow_nan=False),
    st.decimals("0.000000000000000001", "1e12", places=18, allow_nan=False),
)
def test_a_token_amount_times_a_price_is_exact_whatever_the_callers_context(
    a: Decimal, b: Decimal
) -> None:
    with decimal.localcontext(prec=5):
        product = money.mul(a, b)
    wide = decimal.Context(prec=90)
    numerator = int(a.scaleb(18, wide)) * int(b.scaleb(18, wide))
    assert product == Decimal(numerator).scaleb(-36, wide)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500", "500"),
        (" 1,500.25 ", "1500.25"),
        ("2.5k", "2500"),
        ("1M", "1000000"),
        ("0.3", "0.3"),
        ("1_000", "1000"),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, value: str) -> None:
    assert money.parse_amount(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "abc", "-5", "0", "nan", "inf", "1e400", "k", "1..2", "1e99"])
def test_what_is_no_amount_is_refused_by_name(text: str) -> None:
    with pytest.raises(money.AmountError, match="size"):
        money.parse_amount(text, "size")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-1", "0", "1e300", "1e-300", "", "None", "x"])
def test_what_is_no_price_is_none_and_never_one_dollar(text: str) -> None:
    assert money.parse_price(text) is None


def test_a_price_keeps_its_digits() -> None:
    assert money.parse_price("3.97e-06") == Decimal("0.00000397")
    assert money.parse_price("20") == Decimal(20)


@pytest.mark.parametrize(
    ("value", "text"),
    [("1E-8", "0.00000001"), ("1E+3", "1000"), ("1.500", "1.5"), ("-0", "0"), ("0E-9", "0")],
)
def test_plain_text_has_no_exponent_and_no_trailing_zeros(value: str, text: str) -> None:
    assert money.plain(Decimal(value)) == text
