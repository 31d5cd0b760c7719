"""The URL of a node. Keys lie in its path, its query or its user, so only its host is shown."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from papertrader_tui.feeds.sources.secret import MASK

# Pieces of a path that are shorter, or words (`rpc`, `v2`, `mainnet`, `arbitrum`), are no keys, and
# hiding them hides what is said.
_KEY_CHARS, _WORD_CHARS = 6, 12
_PIECES = re.compile(r"[/?&=:@#]")


class NodeUrl:
    """Where a node listens. Its `str`, `repr` and `format` are the host and port alone.

    Attributes:
        host: With the port where one is named.
        local: It is this machine.

    Raises:
        ValueError: it is no address that can be asked; the message does not repeat it.
    """

    __slots__ = ("_keys", "_text", "host", "local")

    def __init__(self, text: str) -> None:
        word = text.strip()
        try:
            parts = urlsplit(word)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
            parts = urlsplit("")
        if not (word.isascii() and word.isprintable()) or " " in word:
            host = None
        if parts.scheme in ("ws", "wss"):
            msg = "a node is asked over http or https: take that URL instead of its ws one"
            raise ValueError(msg)
        if parts.scheme not in ("http", "https") or not host or port == 0:
            msg = "a node's URL begins with http:// or https:// and has a host and no blanks"
            raise ValueError(msg)
        self._text = word
        shown = f"[{host}]" if ":" in host else host
        self.host = shown if port is None else f"{shown}:{port}"
        self.local = host in ("localhost", "::1") or host.startswith("127.")
        rest = word.partition("://")[2]
        secrets = rest if "@" in parts.netloc else rest.partition("/")[2]
        pieces = {p for p in _PIECES.split(secrets) if _may_be_key(p) and p not in self.host}
        if parts.password:
            pieces.add(parts.password)
        self._keys = sorted(pieces | {unquote(p) for p in pieces}, key=len, reverse=True)

    def reveal(self) -> str:
        """The whole URL, for the one place that sends it."""
        return self._text

    def redact(self, text: str) -> str:
        """The text with the URL and every piece of it that may be a key replaced by `***`."""
        if len(self._text) > len(self.host) + len("https:///"):
            text = text.replace(self._text, MASK)
        for key in self._keys:
            text = text.replace(key, MASK)
        return text

    def __repr__(self) -> str:
        return self.host

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(self.host, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NodeUrl) and self._text == other._text

    def __hash__(self) -> int:
        return hash((NodeUrl, self._text))

    def __reduce__(self) -> str:
        msg = "a node's URL is not pickled: a key in it would be written out in clear"
        raise TypeError(msg)


def _may_be_key(piece: str) -> bool:
    if len(piece) < _KEY_CHARS:
        return False
    return len(piece) >= _WORD_CHARS or any(char.isdigit() for char in piece)
