"""What a person types becomes the order they mean, or a sentence that says what is wrong."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.domain.market import DAY, HOUR, MINUTE
from papertrader_tui.domain.orders import Kind, Side, SizeBy
from papertrader_tui.domain.tokens import Token
from papertrader_tui.tui.ticket_form import KINDS, Draft, fields_for, parse_size, parse_until, read

NOW = 1_000_000
WETH = Token("base:0x" + "4" * 40, "WETH", "Wrapped Ether", "base", 18)


@pytest.mark.parametrize(
    ("text", "by", "amount"),
    [
        ("500", SizeBy.NOTIONAL, "500"),
        ("$1,500.25", SizeBy.NOTIONAL, "1500.25"),
        ("1.5k", SizeBy.NOTIONAL, "1500"),
        ("2m", SizeBy.NOTIONAL, "2000000"),
        ("500 usdc", SizeBy.NOTIONAL, "500"),
        ("25%", SizeBy.PERCENT, "25"),
        ("100 %", SizeBy.PERCENT, "100"),
        ("0.3t", SizeBy.QUANTITY, "0.3"),
        ("0.3 WETH", SizeBy.QUANTITY, "0.3"),
        ("0.3weth", SizeBy.QUANTITY, "0.3"),
        ("12 tokens", SizeBy.QUANTITY, "12"),
    ],
)
def test_sizes(text, by, amount):
    assert parse_size(text, "WETH") == (by, Decimal(amount))


def test_a_symbol_that_looks_like_a_scale_needs_its_space():
    assert parse_size("5k", "K") == (SizeBy.NOTIONAL, Decimal(5000))
    assert parse_size("5 k", "K") == (SizeBy.QUANTITY, Decimal(5))


@pytest.mark.parametrize("text", ["", "abc", "-5", "0", "nan", "inf", "1e999", "101%", "t", "%"])
def test_what_is_no_size_says_so(text):
    reading = read(Draft(size=text), WETH, NOW, "c")
    assert reading.request is None
    assert reading.errors["size"]


@given(st.text(max_size=12))
def test_no_text_breaks_the_form(text):
    draft = Draft(
        size=text, price=text, stop=text, target=text, trail=text, tolerance=text, until=text
    )
    for side, kinds in KINDS.items():
        for kind in kinds:
            reading = read(Draft(**{**_asdict(draft), "side": side, "kind": kind}), WETH, NOW, "c")
            assert (reading.request is None) == bool(reading.errors)
            assert set(reading.errors) <= set(fields_for(side, kind))


def _asdict(draft: Draft) -> dict[str, object]:
    return {name: getattr(draft, name) for name in Draft.__slots__}


@pytest.mark.parametrize(
    ("text", "length"), [("30m", 30 * MINUTE), ("4h", 4 * HOUR), ("1.5d", 36 * HOUR)]
)
def test_until_counts_from_market_time(text, length):
    assert parse_until(text, NOW) == NOW + length


@pytest.mark.parametrize("text", ["", "gtc", " GTC "])
def test_good_till_cancelled(text):
    assert parse_until(text, NOW) is None


@pytest.mark.parametrize("text", ["soon", "5", "-1h", "400d", "0h"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="until"):
        parse_until(text, NOW)
    assert 400 * DAY > 365 * DAY


def test_a_bracket_with_a_limit():
    draft = Draft(
        kind=Kind.LIMIT,
        size="500",
        price="3,300",
        stop="3200",
        target="3600",
        tolerance="1%",
        until="1h",
    )
    request = read(draft, WETH, NOW, "c1").request
    assert request is not None
    assert (request.client_id, request.kind, request.price) == ("c1", Kind.LIMIT, Decimal(3300))
    assert (request.stop, request.target) == (Decimal(3200), Decimal(3600))
    assert (request.tolerance_bps, request.good_until) == (100, NOW + HOUR)


def test_a_field_that_the_order_does_not_have_is_not_read():
    draft = Draft(side=Side.SELL, size="50%", price="nonsense", stop="nonsense")
    request = read(draft, WETH, NOW, "c").request
    assert request is not None
    assert (request.price, request.stop) == (None, None)


def test_a_trailing_stop_needs_its_distance():
    sell = {"side": Side.SELL, "kind": Kind.TRAILING_STOP, "size": "100%"}
    assert "trail" in read(Draft(**sell), WETH, NOW, "c").errors
    request = read(Draft(**sell, trail="3%"), WETH, NOW, "c").request
    assert request is not None
    assert request.trail_bps == 300


@pytest.mark.parametrize("text", ["0", "10000", "0.5", "x"])
def test_a_tolerance_out_of_range_is_refused(text):
    assert "tolerance" in read(Draft(size="5", tolerance=text), WETH, NOW, "c").errors
