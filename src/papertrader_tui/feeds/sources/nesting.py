"""How deep JSON is nested, found out without parsing it.

Python's parser stops at the interpreter's recursion limit. Libraries raise that limit for the
whole process, so far that deep enough JSON overflows the stack and ends the process.
"""

from __future__ import annotations

from array import array
from itertools import accumulate
from typing import Final

#: No answer of a service or a node nests more than a few levels.
MOST: Final = 100
_OTHERS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")


def too_deep(text: str, most: int = MOST) -> bool:
    """Do brackets open inside of more than `most` others? Those in strings do not count."""
    if text.count("[") + text.count("{") <= most:
        return False
    data = text.encode(errors="replace")
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    # every other piece is between strings
    steps = b"".join(data.split(b'"')[::2]).translate(_STEPS, _OTHERS)
    return max(accumulate(array("b", steps)), default=0) > most
