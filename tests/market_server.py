"""A local HTTP server that speaks the dialects of all five price services.

It runs in threads of its own, so that a test may be synchronous, asynchronous, or another process
that is told the addresses by its environment::

    with MarketServer([weth, usdc]) as market:
        market.set_price(weth, "3000")
        market.fault("coingecko", Fault.RATE_LIMITED, retry_after="30")
        CoinGecko(http, SourceSettings(base_url=market.url("coingecko")))
        assert market.calls["coingecko"] == 1
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.registry import load_registry
from tests.market_dialects import DIALECTS, Book, Form, dump

DRIP_SECONDS = 0.02  # between two bytes of a slow drip


class Fault(StrEnum):
    """What can be wrong with a whole answer (see `Form` for one price)."""

    RATE_LIMITED = "429"
    UNAUTHORIZED = "401 as plain text under application/json"
    FORBIDDEN = "403 as HTML"
    NOT_FOUND = "404"
    SERVER_ERROR = "500"
    HTML = "HTML with status 200"
    TRUNCATED = "JSON that ends in the middle"
    EMPTY = "no body"
    TIMEOUT = "no answer"
    SLOW_DRIP = "a byte now and then"
    RESET = "connection reset"


@dataclass
class _Active:
    kind: Fault
    left: int | None  # answers that it still spoils, None for all
    retry_after: str


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


class MarketServer:
    """A market of given tokens, all at $100 until a price is set, USDC at a dollar.

    Args:
        tokens: What the services know; all bundled mainnet tokens if None.
        clock: Milliseconds since 1970, for the times in answers.

    Attributes:
        calls: Requests by source.
        paths: Paths with their queries, as asked, by source; keys included.
        keys: By source, the key that it wants; others are answered 401.
    """

    def __init__(
        self, tokens: Iterable[Token] | None = None, clock: Callable[[], int] = wall_clock
    ) -> None:
        if tokens is None:
            registry = load_registry()
            tokens = [t for t in registry.tokens.values() if not registry.chains[t.chain].testnet]
        tokens = list(tokens)
        self.book = Book(tokens, clock)
        for token in tokens:
            if token.symbol == "USDC":
                self.book.entries[token.id].price = Decimal(1)
        self.calls: Counter[str] = Counter()
        self.paths: dict[str, list[str]] = {source: [] for source in DIALECTS}
        self.keys: dict[str, str] = {}
        self._faults: dict[str, _Active] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> MarketServer:
        """Listen on a free port of this machine."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.market = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; answers that hang are let go."""
        self._stopping.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> MarketServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def url(self, source: str) -> str:
        """Base address of a source."""
        assert source in DIALECTS
        assert self._server is not None, "the server is not running"
        return f"http://127.0.0.1:{self._server.server_address[1]}/{source}"

    def environment(self) -> dict[str, str]:
        """`PAPERTRADER_<SOURCE>_URL` of all five, for another process."""
        env = {f"PAPERTRADER_{source.upper()}_URL": self.url(source) for source in DIALECTS}
        return {**env, "PAPERTRADER_ONCHAIN_ON": "false"}  # it is no node of any chain

    def set_price(self, token: Token | TokenId, price: Decimal | str, source: str = "") -> None:
        """What a token costs; with a source, what that one alone says of it."""
        key = token if isinstance(token, str) else token.id
        with self._lock:
            if source:
                self.book.said[source, key] = Decimal(price)
            else:
                self.book.entries[key].price = Decimal(price)

    def set_depth(self, token: Token | TokenId, liquidity: Decimal | str) -> None:
        """Dollars in a token's pool."""
        key = token if isinstance(token, str) else token.id
        with self._lock:
            self.book.entries[key].liquidity = Decimal(liquidity)

    def set_history(
        self, token: Token | TokenId, points: Iterable[tuple[int, Decimal | str]]
    ) -> None:
        """What a token cost before, as (milliseconds, price)."""
        key = token if isinstance(token, str) else token.id
        with self._lock:
            self.book.entries[key].history = [(ms, Decimal(price)) for ms, price in points]

    def fault(
        self,
        source: str,
        kind: Fault | Form,
        *,
        token: Token | TokenId = "",
        times: int | None = None,
        retry_after: str = "",
    ) -> None:
        """Let a source fail, or word the price of a token (or of all) oddly.

        Args:
            times: Answers that a `Fault` spoils, None for all until `heal`.
            retry_after: The header with a 429, left out if empty.
        """
        key = token if isinstance(token, str) else token.id
        with self._lock:
            if isinstance(kind, Form):
                self.book.forms[source, key] = kind
            else:
                self._faults[source] = _Active(kind, times, retry_after)

    def heal(self, source: str = "") -> None:
        """Take away all faults of a source, or of all sources; its own prices too."""
        with self._lock:
            for store in (self._faults, self.book.forms, self.book.said):
                for key in list(store):
                    if not source or source in (key, key[0]):
                        del store[key]  # type: ignore[arg-type]

    def _take_fault(self, source: str) -> _Active | None:
        active = self._faults.get(source)
        if active is not None and active.left is not None:
            active.left -= 1
            if active.left <= 0:
                del self._faults[source]
        return active

    def _answer(self, source: str, path: str, query: str, body: bytes) -> str | None:
        parts = [part for part in path.split("/") if part]
        asked = json.loads(body) if body else None
        said = DIALECTS[source](self.book, parts, parse_qs(query), asked)
        return None if said is None else dump(said)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    market: MarketServer

    def server_bind(self) -> None:
        # Without HTTPServer's look-up of this machine's name, which can take seconds.
        TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are a part of these tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers["content-length"])))

    def _handle(self, body: bytes) -> None:
        market = self.server.market
        parts = urlsplit(self.path)
        source, _, path = parts.path.strip("/").partition("/")
        if source not in DIALECTS:
            self._send(404, "no such source", "text/plain")
            return
        with market._lock:
            market.calls[source] += 1
            market.paths[source].append(self.path)
            fault = market._take_fault(source)
            key = market.keys.get(source, "")
            allowed = not key or key in path or key in map(str, self.headers.values())
            answer = market._answer(source, path, parts.query, body) if allowed else None
        if fault is not None:
            self._fail(fault, source, answer or "{}")
        elif not allowed:
            self._send(401, "Must be authenticated!")
        elif answer is None:
            self._send(404, json.dumps({"error": "coin not found"}))
        else:
            self._send(200, answer)

    def _fail(self, fault: _Active, source: str, answer: str) -> None:
        limited = {"status": {"error_code": 429, "error_message": "You've exceeded the limit"}}
        match fault.kind:
            case Fault.RATE_LIMITED:
                headers = {"retry-after": fault.retry_after} if fault.retry_after else {}
                # DexScreener's body of a 429 is not known: none.
                text = "" if source == "dexscreener" else json.dumps(limited)
                self._send(429, text, headers=headers)
            case Fault.UNAUTHORIZED:
                self._send(401, "Must be authenticated!")
            case Fault.FORBIDDEN:
                self._send(403, "<html><title>Access denied</title></html>", "text/html")
            case Fault.NOT_FOUND:
                self._send(404, '{"errors":[{"status":"404","title":"Not Found"}]}')
            case Fault.SERVER_ERROR:
                self._send(500, "<html>Internal Server Error</html>", "text/html")
            case Fault.HTML:
                self._send(200, "<!DOCTYPE html><html><body>Just a moment…</body></html>")
            case Fault.TRUNCATED:
                self._send(200, answer[: len(answer) // 2] or "{")
            case Fault.EMPTY:
                self._send(200, "")
            case Fault.TIMEOUT:
                self.server.market._stopping.wait(60)
                self.close_connection = True
            case Fault.SLOW_DRIP:
                self._drip(answer.encode())
            case Fault.RESET:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                os.close(self.connection.detach())  # at once, past the files made of it

    def _drip(self, answer: bytes) -> None:
        # Blanks first: any number of them may stand before JSON.
        body = b" " * 10_000 + answer
        self._head(200, len(body), "application/json", {})
        for byte in body:
            if self.server.market._stopping.wait(DRIP_SECONDS):
                break
            self.wfile.write(bytes([byte]))
        self.close_connection = True

    def _send(
        self,
        status: int,
        text: str,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        body = text.encode()
        self._head(status, len(body), kind, headers or {})
        self.wfile.write(body)

    def _head(self, status: int, length: int, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(length))
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
