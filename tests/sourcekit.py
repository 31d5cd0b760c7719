"""Price sources that are answered from given texts, without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import httpx

from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.sources.base import DEFAULT_SETTINGS, Source, SourceSettings
from papertrader_tui.feeds.sources.http import Http
from papertrader_tui.registry import load_registry

NOW = 1_790_000_000_000  # 2026-09-21T14:13:20Z
_S = TypeVar("_S", bound=Source)


def token(symbol: str, chain: str = "ethereum") -> Token:
    """A bundled token."""
    found = [t for t in load_registry().tokens.values() if (t.symbol, t.chain) == (symbol, chain)]
    return found[0]


def custom(digit: str, chain: str = "base", symbol: str = "NEW") -> Token:
    """A token that is not bundled; its address is one digit forty times."""
    return Token(f"{chain}:0x{digit * 40}", symbol, symbol, chain, 18)


class Canned(httpx.AsyncBaseTransport):
    """Answers with given texts, one after the other, the last one again and again.

    Attributes:
        requests: What was asked, as it would have gone over the wire.
    """

    def __init__(
        self, *texts: str, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.texts = list(texts)
        self.status = status
        self.headers = dict(headers or {})
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        return httpx.Response(self.status, headers=self.headers, content=text.encode())

    @property
    def urls(self) -> Sequence[str]:
        return [str(request.url) for request in self.requests]


def client(canned: Canned) -> Http:
    """The shared client over canned answers; its clock stands at `NOW`."""
    return Http(transport=canned, clock=lambda: NOW)


def source(kind: type[_S], canned: Canned, settings: SourceSettings = DEFAULT_SETTINGS) -> _S:
    """A source over canned answers."""
    return kind(client(canned), settings, clock=lambda: NOW)
