"""The few forms of Solidity's ABI that reads of pools, tokens and feeds need, by hand.

Source: Solidity, "Contract ABI Specification". Decoding the 500 answers of a batch this way takes
about a millisecond, a general decoder ten, and nothing of web3 is loaded for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

WORD: Final = 32
ZERO_ADDRESS: Final = "0x" + "0" * 40

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_TOP: Final = 1 << 256


class BadAnswer(ValueError):
    """Bytes are not of the form that was expected; the message says what they are not."""


def selector(text: str) -> bytes:
    """Four bytes from their hex digits, `0x` or not.

    Raises:
        ValueError: they are not eight digits.
    """
    found = bytes.fromhex(text.removeprefix("0x"))
    if len(found) != 4:
        msg = f"{text!r} is no selector of four bytes"
        raise ValueError(msg)
    return found


def word(value: int) -> bytes:
    """A whole number as one word, a negative one in two's complement."""
    return (value % _TOP).to_bytes(WORD, "big")


def address_word(address: str) -> bytes:
    """An address as one word.

    Raises:
        ValueError: it is not 0x and 40 hexadecimal digits.
    """
    if not _ADDRESS.fullmatch(address):
        msg = f"{address[:60]!r} is no address; write it as 0x and 40 hexadecimal digits"
        raise ValueError(msg)
    return bytes(12) + bytes.fromhex(address[2:])


def encode(call: bytes, *words: int | str) -> bytes:
    """Call data of static arguments: numbers, and addresses as text."""
    return call + b"".join(address_word(w) if isinstance(w, str) else word(w) for w in words)


def uint(data: bytes, index: int = 0, bits: int = 256) -> int:
    """The unsigned number in the word at `index`.

    Raises:
        BadAnswer: there is no such word, or it does not fit the bits.
    """
    value = int.from_bytes(_word(data, index), "big")
    if value >> bits:
        msg = f"word {index} does not fit {bits} bits"
        raise BadAnswer(msg)
    return value


def sint(data: bytes, index: int = 0, bits: int = 256) -> int:
    """The signed number in the word at `index`; raises as `uint`."""
    value = int.from_bytes(_word(data, index), "big", signed=True)
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        msg = f"word {index} does not fit {bits} signed bits"
        raise BadAnswer(msg)
    return value


def boolean(data: bytes, index: int = 0) -> bool:
    """Whether the word at `index` is 1; raises as `uint`."""
    return bool(uint(data, index, 1))


def address(data: bytes, index: int = 0) -> str:
    """The address in the word at `index`, in lower case; raises as `uint`."""
    return f"0x{uint(data, index, 160):040x}"


def text(data: bytes, longest: int = 1_000) -> str:
    """A string answered alone: dynamic, or the bytes32 that old tokens answer with.

    What is not UTF-8 is replaced; nothing is sanitised.

    Raises:
        BadAnswer: it is neither.
    """
    if len(data) == WORD:
        return data.rstrip(b"\0").decode("utf-8", errors="replace")
    start = uint(data, 0)
    if start > len(data) - WORD:
        msg = "a string that begins outside of the answer"
        raise BadAnswer(msg)
    length = int.from_bytes(data[start : start + WORD], "big")
    if length > len(data) - start - WORD:
        msg = "a string that is longer than the answer"
        raise BadAnswer(msg)
    begin = start + WORD
    return data[begin : begin + min(length, longest)].decode("utf-8", errors="replace")


def encode_aggregate3(calls: Sequence[tuple[str, bytes]]) -> bytes:
    """Call data of Multicall3's `aggregate3((address,bool,bytes)[])`, every call may fail."""
    count = len(calls)
    heads: list[bytes] = []
    tails: list[bytes] = []
    offset = count * WORD
    for target, data in calls:
        heads.append(word(offset))
        padding = -len(data) % WORD
        tails.append(
            address_word(target) + _TRUE + _BYTES_AT + word(len(data)) + data + bytes(padding)
        )
        offset += 4 * WORD + len(data) + padding
    return b"".join((_AGGREGATE3, word(WORD), word(count), *heads, *tails))


def decode_aggregate3(data: bytes, count: int) -> list[bytes | None]:
    """What each call answered, None for one that failed.

    Raises:
        BadAnswer: it is not the answer to so many calls.
    """
    size = len(data)
    base = uint(data, 0, 64) + WORD
    if base > size or int.from_bytes(data[base - WORD : base], "big") != count:
        msg = f"not the answers to {count} calls"
        raise BadAnswer(msg)
    found: list[bytes | None] = []
    for index in range(count):
        at = base + int.from_bytes(data[base + index * WORD : base + (index + 1) * WORD], "big")
        if at + 3 * WORD > size:
            msg = f"answer {index} begins outside of the data"
            raise BadAnswer(msg)
        if not data[at + WORD - 1]:
            found.append(None)
            continue
        start = at + int.from_bytes(data[at + WORD : at + 2 * WORD], "big")
        length = int.from_bytes(data[start : start + WORD], "big")
        if start + WORD + length > size:
            msg = f"answer {index} ends outside of the data"
            raise BadAnswer(msg)
        found.append(data[start + WORD : start + WORD + length])
    return found


def _word(data: bytes, index: int) -> bytes:
    start = index * WORD
    found = data[start : start + WORD]
    if len(found) != WORD:
        msg = f"an answer of {len(data)} bytes has no word {index}" if data else "an empty answer"
        raise BadAnswer(msg)
    return found


_AGGREGATE3: Final = selector("0x82ad56cb")
_TRUE: Final = word(1)
_BYTES_AT: Final = word(3 * WORD)
