"""How long FastLZ (level 1) would make some bytes: the measure of OP-stack data fees.

Source: the FastLZ block format, level 1: a literal run costs a control byte per 32 bytes; a match
is 3 to 264 bytes, at most 8,191 back, in 2 bytes, or 3 from a length of 9 on. The encoder that the
OP-stack specification (Fjord, "FastLZ Implementation") fixes is greedy, with one table of 8,192
places keyed by a hash of three bytes, and it leaves the last bytes as literals. Only the length is
computed here; nothing is compressed.
"""

from __future__ import annotations

from typing import Final

_PLACES: Final = 1 << 13
_WINDOW: Final = (1 << 13) - 1
_MULTIPLIER: Final = 2_654_435_769  # 2^32 / golden ratio
_TAIL: Final = 13  # no match starts in the last 13 bytes
_LITERAL_TAIL: Final = 5  # nor does one reach into the last 5


def fastlz_length(data: bytes) -> int:
    """Bytes that the reference encoder would write."""
    size = len(data)
    if size <= _TAIL:
        return _literals(size)
    last_start, last_match = size - _TAIL, size - _LITERAL_TAIL
    places = [0] * _PLACES
    length, anchor, here = 0, 0, 2
    while True:
        found = -1
        while here < last_start:
            three = data[here : here + 3]
            place = _hash(three)
            before, places[place] = places[place], here
            if here - before <= _WINDOW and data[before : before + 3] == three:
                found = before
                break
            here += 1
        # The reference looks at the limit after stepping, so a match at the last start is lost.
        if found < 0 or here + 1 >= last_start:
            break
        length += _literals(here - anchor)
        end, source = here + 3, found + 3
        while end < last_match and data[end] == data[source]:
            end += 1
            source += 1
        length += _match(end - here)
        for position in (end - 2, end - 1):
            places[_hash(data[position : position + 3])] = position
        here = anchor = end
    return length + _literals(size - anchor)


def _hash(three: bytes) -> int:
    return (int.from_bytes(three, "little") * _MULTIPLIER & 0xFFFFFFFF) >> 19


def _literals(count: int) -> int:
    full, rest = divmod(count, 32)
    return 33 * full + (rest + 1 if rest else 0)


def _match(count: int) -> int:
    full, rest = divmod(count - 3, 262)
    return 3 * full + (3 if rest >= 6 else 2)
