"""A local JSON-RPC node that answers from a made-up chain, and misbehaves on request.

It runs in threads of its own, so that a test may be synchronous, asynchronous or another process::

    with RpcServer(chain_id=8453) as node:
        node.contract(TOKEN, {"0x313ce567": word(6)})
        node.misbehave(Fault.RATE_LIMITED, times=1)
        Rpc("base", 8453, [node.url("/v2/some-key")])
        assert node.calls["eth_call"] == 1
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any

MULTICALL3 = "0xca11bde05977b3631167028862be2a173976ca11"

Reader = Callable[[bytes, int], bytes | None]  # call data and block; None reverts


class Fault(StrEnum):
    """What can be wrong with a whole answer."""

    RATE_LIMITED = "429 with Retry-After"
    LIMIT_CODE = "200 with code -32005"
    UNAUTHORIZED = "401 that repeats the path"
    SERVER_ERROR = "500 as HTML"
    SERVER_JSON = "500 with a JSON-RPC error"
    HTML = "HTML with status 200"
    TRUNCATED = "JSON that ends in the middle"
    CUT = "fewer bytes than announced"
    EMPTY = "no body"
    STRING_ERROR = "error as a string"
    NOTOK = "an explorer's envelope"
    NULL = "null result"
    WRONG_ID = "an answer to another request"
    ONE_ERROR = "one error object for a batch"
    SHUFFLED = "a batch in another order"
    PARTIAL = "a batch without its last answer"
    HUGE = "an endless body"
    NESTED = "JSON nested a hundred thousand deep"
    TIMEOUT = "no answer"
    RESET = "connection reset"
    REDIRECT = "302 to another host"


@dataclass
class _Active:
    kind: Fault
    left: int | None  # answers that it still spoils, None for all
    method: str


class RpcServer:
    """A chain of given contracts.

    Args:
        chain_id: What it says to eth_chainId.
        block: Number of its newest block.
        wall: Milliseconds since 1970, for the time of that block.

    Attributes:
        calls: Requests by method.
        paths: Paths as asked, keys included.
        requests: HTTP requests: a batch is one.
        oldest: Blocks before this one are pruned.
        hanging: Set when a request is left without an answer.
    """

    def __init__(
        self,
        chain_id: int = 8453,
        block: int = 1_000,
        wall: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.chain_id = chain_id
        self.block = block
        self.oldest = 0
        self.wall = wall
        self.age_s = 0
        self.header: dict[str, str] = {}
        self.methods: dict[str, Callable[[list[Any]], Any]] = {}
        self.calls: Counter[str] = Counter()
        self.paths: list[str] = []
        self.requests = 0
        self.hanging = threading.Event()
        self._contracts: dict[str, Reader] = {}
        self._faults: list[_Active] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._port = 0

    def start(self) -> RpcServer:
        """Listen on a free port of this machine, the same one again after a stop."""
        self._stopping.clear()
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.node = self
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and break every connection; answers that hang are let go."""
        self._stopping.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            for connection in self._server.open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._server = None

    def __enter__(self) -> RpcServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def url(self, path: str = "") -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}{path}"

    def contract(self, address: str, answers: Mapping[str, bytes | None] | Reader) -> None:
        """What a contract answers, by selector (hex) or by a function of data and block.

        A selector that is not listed reverts; so does one whose answer is None.
        """
        if callable(answers):
            reader: Reader = answers
        else:
            table = {bytes.fromhex(key.removeprefix("0x")): a for key, a in answers.items()}

            def reader(data: bytes, block: int) -> bytes | None:
                return table.get(data) if data in table else table.get(data[:4])

        with self._lock:
            self._contracts[address.lower()] = reader

    def misbehave(self, kind: Fault, *, times: int | None = None, method: str = "") -> None:
        """Spoil answers: so many of them (None: until `behave`), of one method or of all."""
        with self._lock:
            self._faults.append(_Active(kind, times, method))

    def behave(self) -> None:
        """Take away all faults."""
        with self._lock:
            self._faults.clear()

    # ------------------------------------------------------------------ answering

    def _take(self, methods: list[str]) -> Fault | None:
        for active in self._faults:
            if active.method and active.method not in methods:
                continue
            if active.left is not None:
                active.left -= 1
                if active.left <= 0:
                    self._faults.remove(active)
            return active.kind
        return None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The JSON-RPC answer to one request."""
        self.calls[request["method"]] += 1
        head = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            return {**head, "result": self._result(request["method"], request["params"])}
        except _Refused as refused:
            return {**head, "error": refused.error}

    def _result(self, method: str, params: list[Any]) -> Any:
        if method in self.methods:
            return self.methods[method](params)
        match method:
            case "eth_chainId":
                return hex(self.chain_id)
            case "eth_blockNumber":
                return hex(self.block)
            case "eth_getBlockByNumber":
                return self._block(self._at(params[0]))
            case "eth_call":
                data = bytes.fromhex(params[0]["data"][2:])
                number = self._at(params[1])
                if number > self.block:
                    raise _Refused(-32000, "header not found")
                if number < self.oldest:
                    raise _Refused(-32000, "missing trie node 00ab (path ) <nil>")
                answer = self._call(params[0]["to"].lower(), data, number)
                if answer is None:
                    raise _Refused(3, "execution reverted", "0x")
                return "0x" + answer.hex()
        raise _Refused(-32601, f"the method {method} does not exist/is not available")

    def _at(self, tag: str) -> int:
        return self.block if tag in ("latest", "pending") else int(tag, 16)

    def _block(self, number: int) -> dict[str, str] | None:
        if number > self.block:
            return None
        seconds = self.wall() // 1_000 - self.age_s - 2 * (self.block - number)
        return {
            "number": hex(number),
            "timestamp": hex(seconds),
            "hash": f"0x{number:064x}",
            "parentHash": f"0x{number - 1:064x}",
            "baseFeePerGas": hex(1_000_000_000),
            "gasUsed": hex(15_000_000),
            "gasLimit": hex(30_000_000),
            "extraData": "0x",
            **self.header,
        }

    def _call(self, target: str, data: bytes, block: int) -> bytes | None:
        if target == MULTICALL3 and target not in self._contracts:
            return self._aggregate3(data, block)
        reader = self._contracts.get(target)
        return b"" if reader is None else reader(data, block)

    def _aggregate3(self, data: bytes, block: int) -> bytes:
        body = data[4:]
        count = _number(body, 32)
        heads, tails = [], []
        offset = 32 * count
        for index in range(count):
            at = 64 + _number(body, 64 + 32 * index)
            target = "0x" + body[at + 12 : at + 32].hex()
            start = at + _number(body, at + 64)
            length = _number(body, start)
            answer = self._call(target, body[start + 32 : start + 32 + length], block)
            said = answer or b""
            padded = said + bytes(-len(said) % 32)
            tail = b"".join((_word(answer is not None), _word(64), _word(len(said)), padded))
            heads.append(_word(offset))
            tails.append(tail)
            offset += len(tail)
        return b"".join((_word(32), _word(count), *heads, *tails))


class _Refused(Exception):
    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}
        if data is not None:
            self.error["data"] = data


def refuse(code: int, message: str, data: str | None = None) -> Exception:
    """To be raised by a method of a test's own."""
    return _Refused(code, message, data)


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 32], "big")


def _word(value: int) -> bytes:
    return int(value).to_bytes(32, "big")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    node: RpcServer

    def __init__(self, *arguments: Any) -> None:
        self.open: list[socket.socket] = []  # kept alive between requests
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.append(request)
        super().process_request(request, client_address)

    def server_bind(self) -> None:
        # Without HTTPServer's look-up of this machine's name, which can take seconds.
        TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are a part of these tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        node = self.server.node
        many = asked if isinstance(asked, list) else [asked]
        with node._lock:
            node.requests += 1
            node.paths.append(self.path)
            fault = node._take([one["method"] for one in many])
            answers = [node.answer(one) for one in many]
        said: Any = answers if isinstance(asked, list) else answers[0]
        if fault is None:
            self._send(200, json.dumps(said))
        else:
            self._fail(fault, said, many)

    def _fail(self, fault: Fault, said: Any, asked: list[Any]) -> None:
        head = {"jsonrpc": "2.0", "id": asked[0]["id"]}
        match fault:
            case Fault.RATE_LIMITED:
                error = {**head, "error": {"code": 429, "message": "Too Many Requests"}}
                self._send(429, json.dumps(error), {"retry-after": "1"})
            case Fault.LIMIT_CODE:
                error = {"code": -32005, "message": "daily request count exceeded, slow down"}
                self._send(200, json.dumps({**head, "error": error}))
            case Fault.UNAUTHORIZED:
                self._send(401, f"no such project: {self.path}")
            case Fault.SERVER_ERROR:
                self._send(500, "<html>Internal Server Error</html>")
            case Fault.SERVER_JSON:
                error = {"code": -32603, "message": f"upstream of {self.path} is gone"}
                self._send(500, json.dumps({**head, "error": error}))
            case Fault.HTML:
                self._send(200, "<!DOCTYPE html><html><body>Just a moment…</body></html>")
            case Fault.TRUNCATED:
                text = json.dumps(said)
                self._send(200, text[: len(text) // 2])
            case Fault.CUT:
                self._send(200, json.dumps(said), length=100_000)
            case Fault.EMPTY:
                self._send(200, "")
            case Fault.STRING_ERROR:
                self._send(200, json.dumps({**head, "error": "Missed `to` address"}))
            case Fault.NOTOK:
                notok = {"status": "0", "message": "NOTOK", "result": "Please upgrade your plan"}
                self._send(200, json.dumps(notok))
            case Fault.NULL:
                self._send(200, json.dumps({**head, "result": None}))
            case Fault.WRONG_ID:
                self._send(200, json.dumps({"jsonrpc": "2.0", "id": 987_654, "result": "0x1"}))
            case Fault.ONE_ERROR:
                error = {"code": -32600, "message": "batch requests are not allowed here"}
                self._send(200, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}))
            case Fault.SHUFFLED:
                self._send(200, json.dumps(said[::-1]))
            case Fault.PARTIAL:
                self._send(200, json.dumps(said[:-1]))
            case Fault.NESTED:
                self._send(200, "[" * 100_000)
            case Fault.HUGE:
                self._flood()
            case Fault.TIMEOUT:
                self.server.node.hanging.set()
                self.server.node._stopping.wait(60)
                self.close_connection = True
            case Fault.RESET:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                os.close(self.connection.detach())  # at once, past the files made of it
            case Fault.REDIRECT:
                self._send(302, "", {"location": "http://elsewhere.invalid" + self.path})

    def _flood(self) -> None:
        self.send_response(200)
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(b'{"jsonrpc":"2.0","id":1,"result":"0x')
        while not self.server.node._stopping.is_set():
            self.wfile.write(b"00" * 50_000)

    def _send(
        self,
        status: int,
        text: str,
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body) if length is None else length))
        if length is not None:
            self.send_header("connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)
