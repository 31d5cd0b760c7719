"""API keys as a type that cannot be printed by accident."""

from __future__ import annotations

import hmac
from urllib.parse import quote

MASK = "***"


class Secret:
    """A key. Its `str`, `repr` and `format` are `***`; only `reveal` gives the text.

    Raises:
        ValueError: the text has characters that no key has (blanks, control characters, not
            ASCII); the message does not repeat it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        stripped = text.strip()
        if not (stripped.isascii() and stripped.isprintable()) or " " in stripped:
            msg = "an API key holds blanks or characters that no key has; paste it again"
            raise ValueError(msg)
        self._text = stripped

    def reveal(self) -> str:
        """The key itself, for the one place that sends it."""
        return self._text

    def redact(self, text: str) -> str:
        """The text with every occurrence of the key replaced by `***`."""
        if not self._text:
            return text
        return text.replace(self._text, MASK).replace(quote(self._text, safe=""), MASK)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return MASK if self._text else "''"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text, other._text)

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> str:
        msg = "a Secret is not pickled: it would be written out in clear"
        raise TypeError(msg)


NO_KEY = Secret()
