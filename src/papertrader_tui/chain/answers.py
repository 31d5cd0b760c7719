"""What an answer of a node means, from every form of error that is known to be sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from papertrader_tui.chain.errors import Fault, RpcError, failed, revert_reason
from papertrader_tui.chain.url import NodeUrl
from papertrader_tui.feeds.sources.failures import retry_after
from papertrader_tui.feeds.sources.nesting import too_deep
from papertrader_tui.feeds.sources.text import MESSAGE_CHARS

# The same fault has another code on another node, so words decide before codes do.
_WORDS: Final = (
    (Fault.REVERTED, ("execution reverted", "vm execution error", "always failing transaction")),
    (
        Fault.RATE_LIMITED,
        (
            "too many requests",
            "rate limit",
            "exceeded its compute units",
            "request limit",
            "capacity exceeded",
            "limit exceeded for",
            "unusually high",
        ),
    ),
    (
        Fault.PRUNED,
        (
            "missing trie node",
            "no state available",
            "state not available",
            "state is not available",
            "is not available, not found",
            "pruned",
            "cleaned up",
            "historical state",
            "no historical rpc",
            "archive",
        ),
    ),
    (
        Fault.UNKNOWN_BLOCK,
        (
            "header not found",
            "unknown block",
            "block not found",
            "block is out of range",
            "blockoutofrange",
            "could not find block",
            "cannot find block",
            "after last accepted",
            "header for hash not found",
        ),
    ),
    (
        Fault.TOO_MUCH,
        (
            "blocks range",
            "block range",
            "range is too",
            "more than 10000 results",
            "response size",
            "too large",
            "out of gas",
            "gas limit",
            "exceeds gas",
            "query returned more than",
        ),
    ),
    (
        Fault.UNSUPPORTED,
        ("method not found", "not supported", "does not exist/is not available", "unsupported"),
    ),
    (
        Fault.UNAUTHORIZED,
        ("must be authenticated", "invalid api key", "unauthorized", "forbidden", "project id"),
    ),
    (Fault.SERVER, ("internal error", "internal server", "timeout", "timed out")),
)
_CODES: Final = {
    3: Fault.REVERTED,
    429: Fault.RATE_LIMITED,
    -32005: Fault.RATE_LIMITED,
    -32007: Fault.RATE_LIMITED,
    -32016: Fault.RATE_LIMITED,
    -32601: Fault.UNSUPPORTED,
    -32004: Fault.UNSUPPORTED,
    -32602: Fault.REFUSED,
    -32600: Fault.REFUSED,
    -32700: Fault.REFUSED,
    -32001: Fault.UNKNOWN_BLOCK,
    -32002: Fault.PRUNED,
    -32801: Fault.PRUNED,
    -32603: Fault.SERVER,
}
_STATUSES: Final = {
    401: Fault.UNAUTHORIZED,
    403: Fault.UNAUTHORIZED,
    404: Fault.REFUSED,
    408: Fault.TIMEOUT,
    413: Fault.TOO_MUCH,
    429: Fault.RATE_LIMITED,
}


def decode(url: NodeUrl, status: int, headers: Mapping[str, str], body: bytes, now: int) -> object:
    """The JSON of an HTTP answer with whatever status that may hold a JSON-RPC answer.

    Names of headers are in lower case; `now` in milliseconds is for a Retry-After date.

    Raises:
        RpcError: it is none (HTML, cut JSON, nothing), or the status says that it is refused.
    """
    text = body.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    wait = retry_after(headers, now)
    found: object = None
    words = "" if text.startswith("<") else text[: MESSAGE_CHARS * 4]
    deep = too_deep(text)
    if deep:
        words = "JSON nested beyond reason"
    try:
        found = None if deep else json.loads(text)
    except ValueError:
        if status == 200:
            raise failed(url, Fault.GARBAGE, _looks_like(text), status=status) from None
    if isinstance(found, list) or (isinstance(found, dict) and ("error" in found or status == 200)):
        return found
    if status == 200:
        said = f"JSON-RPC has no answer like {words!r}"
        raise failed(url, Fault.GARBAGE, said, status=status)
    raise failed(
        url, _by_status(status), f"{_title(status)} {words}".strip(), status=status,
        retry_after=wait,
    )  # fmt: skip


def result_of(url: NodeUrl, answer: object, status: int = 200, wait: float | None = None) -> object:
    """The result in one JSON-RPC answer; `null` where the node says so.

    Raises:
        RpcError: it is an error in any of the forms that are known, or no answer at all.
    """
    if not isinstance(answer, dict):
        raise failed(url, Fault.GARBAGE, "an answer that is no object", status=status)
    error = answer.get("error")
    if error is not None:
        raise error_of(url, error, status, wait)
    if answer.get("status") == "0" and "jsonrpc" not in answer:
        # an explorer's envelope: the reason is in `result`
        said = answer.get("result") or answer.get("message") or "refused"
        raise error_of(url, said, status, wait)
    if "result" not in answer:
        raise failed(url, Fault.GARBAGE, "neither a result nor an error", status=status)
    return answer["result"]


def error_of(url: NodeUrl, error: object, status: int, wait: float | None = None) -> RpcError:
    """The error that a node sent, as an object or as text."""
    code, said, data = 0, "", b""
    if isinstance(error, dict):
        raw = error.get("code")
        code = raw if isinstance(raw, int) and not isinstance(raw, bool) else 0
        texts = [error.get(key) for key in ("message", "data")]
        said = next((text for text in texts if isinstance(text, str)), "")
        data = _revert_data(error.get("data"))
    elif isinstance(error, str):
        said = error
    fault = _fault(code, said, bool(data), status)
    reason = revert_reason(data) if fault is Fault.REVERTED else ""
    if reason and reason not in said:
        said = f"{said}: {reason}"
    shown = f"{said} (code {code})" if code else said
    return failed(url, fault, shown, code=code, data=data, retry_after=wait, status=status)


def _fault(code: int, said: str, data: bool, status: int) -> Fault:
    words = said.lower()
    for fault, marks in _WORDS:
        if any(mark in words for mark in marks):
            return fault
    if code == 3 and not data and status >= 500:
        return Fault.SERVER  # a gateway's own failure under the code of a revert
    if code in _CODES:
        return _CODES[code]
    return _by_status(status) if status != 200 else Fault.REFUSED


def _by_status(status: int) -> Fault:
    if status in _STATUSES:
        return _STATUSES[status]
    return Fault.SERVER if status >= 500 else Fault.REFUSED if status >= 400 else Fault.GARBAGE


def _title(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _looks_like(text: str) -> str:
    if not text:
        return "an empty answer"
    if text.startswith("<"):
        return "HTML instead of JSON"
    return "JSON that is cut off" if text[0] in "{[" else "text that is not JSON"


def _revert_data(value: object) -> bytes:
    if isinstance(value, dict):  # some nodes wrap it once more
        value = value.get("data")
    if not isinstance(value, str):
        return b""
    text = value.removeprefix("Reverted ").removeprefix("0x")
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
