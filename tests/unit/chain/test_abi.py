"""Solidity's forms: encoded as a general encoder does, and nothing read beyond an answer."""

from __future__ import annotations

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.chain import abi, chainlink, erc20, fees

ADDRESS = "0x" + "ab" * 20

numbers = st.integers(0, 2**256 - 1)
calls = st.lists(st.tuples(st.binary(min_size=20, max_size=20), st.binary(max_size=90)), max_size=8)
answers = st.lists(st.tuples(st.booleans(), st.binary(max_size=90)), max_size=8)


@given(calls)
def test_aggregate3_is_encoded_as_the_specification_has_it(wanted: list[tuple[bytes, bytes]]):
    data = abi.encode_aggregate3([("0x" + target.hex(), call) for target, call in wanted])
    listed = [("0x" + target.hex(), True, call) for target, call in wanted]
    assert data == bytes.fromhex("82ad56cb") + encode(["(address,bool,bytes)[]"], [listed])


@given(answers)
def test_its_answers_come_back_with_failures_as_none(told: list[tuple[bool, bytes]]):
    data = encode(["(bool,bytes)[]"], [told])
    assert abi.decode_aggregate3(data, len(told)) == [said if ok else None for ok, said in told]


@given(answers, st.data())
def test_answers_that_are_cut_or_tampered_with_are_refused_not_read_past(
    told: list[tuple[bool, bytes]], data: st.DataObject
):
    whole = bytearray(encode(["(bool,bytes)[]"], [told]))
    word = data.draw(st.integers(0, len(whole) // 32 - 1))
    whole[32 * word : 32 * word + 32] = data.draw(st.binary(min_size=32, max_size=32))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        found = abi.decode_aggregate3(cut, len(told))
    except abi.BadAnswer:
        return
    assert len(found) == len(told)
    assert all(one is None or len(one) <= len(cut) for one in found)


@given(numbers)
def test_numbers_of_both_signs(value: int):
    data = encode(["uint256"], [value])
    assert abi.uint(data) == value
    assert abi.word(value) == data
    signed = value - 2**255
    assert abi.sint(encode(["int256"], [signed])) == signed
    assert abi.word(signed) == encode(["int256"], [signed])


def test_what_does_not_fit_is_refused():
    with pytest.raises(abi.BadAnswer, match="does not fit 8 bits"):
        abi.uint(abi.word(256), 0, 8)
    with pytest.raises(abi.BadAnswer, match="does not fit 24 signed bits"):
        abi.sint(abi.word(2**23), 0, 24)
    with pytest.raises(abi.BadAnswer, match="an empty answer"):
        abi.uint(b"")
    with pytest.raises(abi.BadAnswer, match="has no word 1"):
        abi.uint(abi.word(1), 1)
    with pytest.raises(abi.BadAnswer):
        abi.address(b"\xff" * 32)
    with pytest.raises(ValueError, match="is no address"):
        abi.address_word("0x1234")


def test_addresses_and_flags():
    assert abi.address(abi.address_word(ADDRESS.upper().replace("X", "x"))) == ADDRESS
    assert abi.boolean(abi.word(1)) is True
    with pytest.raises(abi.BadAnswer):
        abi.boolean(abi.word(2))


@given(st.text(max_size=60))
def test_strings_of_both_forms(said: str):
    assert abi.text(encode(["string"], [said])) == said
    fixed = said.encode()[:32].ljust(32, b"\0")
    assert abi.text(fixed).startswith(said.encode()[:32].rstrip(b"\0").decode(errors="replace"))


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 31, abi.word(2**255) + abi.word(3), abi.word(32) + abi.word(500) + b"short"],
)
def test_strings_that_lie_outside_are_refused(data: bytes):
    with pytest.raises(abi.BadAnswer):
        abi.text(data)


def test_selectors_are_those_of_their_signatures():
    from eth_utils import function_signature_to_4byte_selector as selector

    signatures = {
        "symbol()": erc20.SYMBOL,
        "name()": erc20.NAME,
        "decimals()": erc20.DECIMALS,
        "latestRoundData()": chainlink.LATEST_ROUND,
        "description()": chainlink.DESCRIPTION,
    }
    prices = (
        "basefee()", "blobBaseFee()", "baseFeeScalar()", "blobBaseFeeScalar()",
        "operatorFeeScalar()", "operatorFeeConstant()",
    )  # fmt: skip
    forks = ("isEcotone()", "isFjord()", "isIsthmus()", "isJovian()")
    asked = fees.FeeReader(fees.OP_STACK).calls()
    signatures |= dict(zip((*prices, *forks), (call.data for call in asked), strict=True))
    assert {text: selector(text) for text in signatures} == signatures
