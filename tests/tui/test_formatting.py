from __future__ import annotations

import math
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from papertrader_tui.tui import formatting as fmt

amounts = st.decimals(
    min_value=Decimal("-1e30"), max_value=Decimal("1e30"), allow_nan=False, allow_infinity=False
) | st.decimals(min_value=Decimal("-1e-9"), max_value=Decimal("1e-9"), places=24)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("3388.21", "3,388.21"),
        ("178.6", "178.60"),
        ("18.605", "18.605"),
        ("1.881", "1.8810"),
        ("0.801", "0.8010"),
        ("0.00012345", "0.0001234"),
        ("0.0000012341", "0.0₅1234"),
        ("0.000000000001", "0.0₁₁1000"),
        ("0", "0.00"),
    ],
)
def test_a_price_has_decimals_by_its_size(value: str, shown: str) -> None:
    assert fmt.price(Decimal(value)) == shown


def test_a_column_can_fix_the_decimals_of_its_prices() -> None:
    assert fmt.price(Decimal("3.5"), 4) == "3.5000"
    assert fmt.price(Decimal("0.0000012"), 9) == "0.0₅1200"


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, Decimal("NaN"), Decimal("-Inf")])
def test_what_is_missing_is_a_dash(missing: float | None) -> None:
    shown = {
        fmt.price(missing),
        fmt.money(missing),
        fmt.percent(missing),
        fmt.compact(missing),
        fmt.quantity(missing),
        fmt.money_fit(missing, 8),
    }
    assert shown == {fmt.DASH}


def test_signs() -> None:
    assert fmt.money(Decimal("112.4"), sign=True) == "+112.40"
    assert fmt.money(Decimal("-0.001"), sign=True) == "0.00"
    assert fmt.percent(0.0169) == "+1.69%"
    assert fmt.percent(-0.00001) == "0.00%"
    assert [fmt.arrow(v) for v in (1, -1, 0, None)] == ["▲", "▼", " ", " "]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (41_000_000, "41M"),
        (3_200, "3.2k"),
        (950, "950"),
        (999.6, "1k"),
        (999_499, "999k"),
        (999_950, "1M"),
        (1_200_000_000, "1.2B"),
        (-3_200, "-3.2k"),
        (0.004, "0.00"),
        (0, "0.00"),
    ],
)
def test_compact(value: float, shown: str) -> None:
    assert fmt.compact(value) == shown


@pytest.mark.parametrize(
    ("value", "width", "shown"),
    [
        ("0.147403", 10, "0.147403"),
        ("12345.678", 9, "12,345.67"),
        ("15000", 10, "15,000"),
        ("71234567.12", 9, "71.23456M"),
        ("0.00000001234567", 9, "0.0₇12345"),
        ("0", 8, "0"),
    ],
)
def test_quantity(value: str, width: int, shown: str) -> None:
    assert fmt.quantity(Decimal(value), width) == shown


@given(amounts, st.integers(8, 20))
def test_no_number_has_an_exponent_or_outgrows_its_width(value: Decimal, width: int) -> None:
    shown = fmt.quantity(value, width)
    assert "e" not in shown.lower()
    assert "e" not in fmt.price(value).lower()
    if abs(value) < Decimal("1e15"):
        assert cell_len(shown) <= width
        assert cell_len(fmt.compact(value)) <= 6


@given(st.decimals(min_value=Decimal("1e-6"), max_value=Decimal("1e12"), places=8))
def test_a_quantity_is_cut_never_rounded_up(value: Decimal) -> None:
    shown = fmt.quantity(value, 24).replace(",", "")
    head, _, digits = shown.partition("0.0")
    if digits[:1] in set("₀₁₂₃₄₅₆₇₈₉"):
        count = "".join(str("₀₁₂₃₄₅₆₇₈₉".index(c)) for c in digits if c in "₀₁₂₃₄₅₆₇₈₉")
        shown = f"{head}0.{'0' * int(count)}{digits.lstrip('₀₁₂₃₄₅₆₇₈₉')}"
    assert Decimal(shown) <= value


@given(st.decimals(min_value=Decimal("1e-24"), max_value=Decimal("1e12"), places=24))
def test_a_price_keeps_at_least_three_digits(value: Decimal) -> None:
    if value:
        assert abs(value.quantize(Decimal(1).scaleb(-fmt.decimals_for(value))) / value - 1) < 0.001


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(-5, "0s"), (2_999, "2s"), (240_000, "4m"), (3 * 3_600_000, "3h"), (12 * 86_400_000, "12d")],
)
def test_age(milliseconds: int, shown: str) -> None:
    assert fmt.age(milliseconds) == shown


def test_clock() -> None:
    assert fmt.clock(1_763_821_927_000) == "14:32:07Z"
    assert fmt.clock(1_763_821_927_000, seconds=False, zone=False) == "14:32"
    assert fmt.clock(None) == fmt.DASH


def test_sparkline() -> None:
    assert fmt.sparkline(range(8), 8) == fmt.BLOCKS
    assert fmt.sparkline([3.0, 3.0], 4) == "▄▄▄▄"
    assert fmt.sparkline([1.0], 4) == ""


@example([8.98e307, 8.99e307], 1)
@example([-1.7e308, 1.7e308], 2)
@given(st.lists(st.floats(), max_size=60), st.integers(0, 30))
def test_a_sparkline_is_as_wide_as_asked_or_empty(values: list[float], width: int) -> None:
    line = fmt.sparkline(values, width)
    assert len(line) in (0, width)
    assert set(line) <= set(fmt.BLOCKS)


@given(st.floats(), st.integers(0, 30))
def test_a_meter_is_as_wide_as_asked(fraction: float, width: int) -> None:
    assert len(fmt.meter(fraction, width)) == width


def test_meter() -> None:
    assert fmt.meter(0.5, 4) == "██  "
    assert fmt.meter(7, 2) == "██"
    assert fmt.meter(0.4, 1) == "▍"


@given(st.text(), st.integers(0, 20))
def test_clean_text_is_harmless_and_fits(text: str, width: int) -> None:
    shown = fmt.clean(text, width)
    assert cell_len(shown) <= width
    assert all(unicodedata.category(c)[0] != "C" for c in shown)
    assert "\n" not in shown
    assert fmt.clean(shown, width) == shown


def test_clean() -> None:
    assert fmt.clean("a\u202eb\x1b[31m\u200bc\n d") == "ab[31mc d"
    assert fmt.clean("z" + "\u0301" * 9) == "z\u0301\u0301"
    assert fmt.clean("\u3164WETH\u2800") == "WETH"
    assert fmt.clean("你好你好", 5) == "你好…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("+0.01", 1), ("-0.01", -1), ("0.00", 0), ("-0.00", 0), ("–", 0), ("", 0), ("12", 1)],
)
def test_a_direction_is_that_of_what_is_shown(text: str, expected: int) -> None:
    assert fmt.direction(text) == expected


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (0, "0s"),
        (59_999, "59s"),
        (720_000, "12m"),
        (3_840_000, "1h 04m"),
        (86_400_000 * 3 + 7_200_000, "3d 02h"),
    ],
)
def test_a_span_has_two_units(milliseconds: int, expected: str) -> None:
    assert fmt.span(milliseconds) == expected


def test_marks_that_take_no_cell_do_not_cut_a_text() -> None:
    assert fmt.cut("0\u0300" * 3, 3) == "0\u0300" * 3
