"""JSON-RPC to the local node, and contract calls by their signature."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from eth_abi.abi import decode, encode
from eth_abi.grammar import parse
from eth_hash.auto import keccak


class RpcError(Exception):
    """The node refused; `data` is what a contract that reverted returned, as hex."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message", "no message"))
        self.code: int | None = error.get("code")
        self.data: Any = error.get("data")


def types_of(text: str) -> list[str]:
    """The types between the outer parentheses: `f(uint8,(bool,bytes)[])` has two."""
    inner = text[text.index("(") :]
    if inner == "()":
        return []
    return [part.to_type_str() for part in parse(inner).components]


def calldata(signature: str, *args: Any) -> str:
    """A call as hex: four bytes of the signature's hash, then the arguments."""
    packed = encode(types_of(signature), args)
    return "0x" + (keccak(signature.encode())[:4] + packed).hex()


@dataclass(frozen=True, slots=True)
class View:
    """A call that only reads: `View(pool, "slot0()", "(uint160,int24)")`.

    `returns` may end before the answer does.
    """

    to: str
    signature: str
    returns: str
    args: tuple[Any, ...] = ()

    @property
    def request(self) -> dict[str, str]:
        return {"to": self.to, "data": calldata(self.signature, *self.args)}

    def result(self, answer: str) -> tuple[Any, ...]:
        """The values in the node's answer."""
        return tuple(decode(types_of(self.returns), bytes.fromhex(answer[2:])))


class Rpc:
    """A connection to the node, kept open: tests make thousands of requests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._ids = count(1)
        self._http = HTTPConnection(urlsplit(url).netloc, timeout=30)
        self._lock = Lock()

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, *params: Any) -> Any:
        """One request.

        Raises:
            RpcError: the node answered with an error.
            OSError: there is no node.
        """
        return self.batch([(method, params)])[0]

    def batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Many at once, answered in order; raises as `call` does."""
        results = self.attempt(requests)
        for result in results:
            if isinstance(result, RpcError):
                raise result
        return results

    def attempt(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """As `batch`, with an `RpcError` in the place of each answer that is one."""
        if not requests:
            return []
        bodies = [
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
            for method, params in requests
        ]
        with self._lock:
            headers = {"Content-Type": "application/json"}
            try:
                self._http.request("POST", "/", json.dumps(bodies).encode(), headers)
                answer = json.loads(self._http.getresponse().read())
            except BaseException:
                self._http.close()  # the next request opens it anew
                raise
        by_id = {one["id"]: one for one in answer}
        ordered = [by_id[body["id"]] for body in bodies]
        return [RpcError(one["error"]) if "error" in one else one["result"] for one in ordered]

    def view(self, *views: View, block: int | str = "latest") -> list[tuple[Any, ...]]:
        """What contracts answer at the end of a block."""
        at = block if isinstance(block, str) else hex(block)
        answers = self.batch([("eth_call", (view.request, at)) for view in views])
        return [view.result(answer) for view, answer in zip(views, answers, strict=True)]

    def try_view(self, *views: View) -> list[tuple[Any, ...] | None]:
        """As `view`, with None for a contract that reverts."""
        answers = self.attempt([("eth_call", (view.request, "latest")) for view in views])
        return [
            None if isinstance(answer, RpcError) else view.result(answer)
            for view, answer in zip(views, answers, strict=True)
        ]
