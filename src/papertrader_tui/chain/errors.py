"""What can go wrong at a node, and the one error that says so."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from papertrader_tui.chain.url import NodeUrl
from papertrader_tui.feeds.sources.text import MESSAGE_CHARS, clean


class Fault(StrEnum):
    """What went wrong at a node, as far as it matters for what to do next."""

    # of the node or the way to it: another may answer
    RATE_LIMITED = "rate limited"
    UNAUTHORIZED = "key refused"
    SERVER = "server error"
    GARBAGE = "garbage"  # HTML, cut or unexpected JSON, an answer to another question
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    WRONG_CHAIN = "wrong chain"
    STALE = "stale head"
    # an answer about this question
    REVERTED = "reverted"
    PRUNED = "state not kept"
    UNKNOWN_BLOCK = "block not known"
    TOO_MUCH = "too much asked"  # a range of logs, the gas of a call, the size of an answer
    UNSUPPORTED = "method not supported"
    REFUSED = "refused"


#: Faults of the node itself, which its health counts.
OUTAGES: Final = frozenset(
    {
        Fault.RATE_LIMITED,
        Fault.UNAUTHORIZED,
        Fault.SERVER,
        Fault.GARBAGE,
        Fault.TIMEOUT,
        Fault.CONNECTION,
    }
)


class RpcError(RuntimeError):
    """A node did not answer the question. The message holds its host, never the rest of its URL.

    Attributes:
        fault: What kind of failure.
        code: The node's JSON-RPC error code, 0 if it sent none.
        data: What a revert returned, empty if nothing.
        retry_after: Seconds that the node asks to wait, None if it did not say.
        status: HTTP status, None if there was no answer.
    """

    def __init__(
        self,
        fault: Fault,
        message: str,
        *,
        code: int = 0,
        data: bytes = b"",
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.code = code
        self.data = data
        self.retry_after = retry_after
        self.status = status


_REMEDIES: Final = {
    Fault.UNAUTHORIZED: "check the key in its URL",
    Fault.RATE_LIMITED: "asking less",
}


def failed(url: NodeUrl, fault: Fault, said: str, **more: Any) -> RpcError:
    """An error of a node, in our own words and perhaps some of its own."""
    text = clean(url.redact(said), MESSAGE_CHARS)
    message = f"{url.host}: {fault.value}{f': {text}' if text else ''}"
    if fault in _REMEDIES:
        message += f"; {_REMEDIES[fault]}"
    return RpcError(fault, message, **more)


def revert_reason(data: bytes) -> str:
    """The text of a Solidity `Error(string)` or the number of a `Panic(uint256)`, else ""."""
    if data[:4] == b"\x08\xc3\x79\xa0" and len(data) >= 68:
        length = min(int.from_bytes(data[36:68], "big"), len(data) - 68, 400)
        return clean(data[68 : 68 + length].decode("utf-8", errors="replace"), MESSAGE_CHARS)
    if data[:4] == b"\x4e\x48\x7b\x71" and len(data) >= 36:
        return f"panic 0x{int.from_bytes(data[4:36], 'big'):x}"
    return ""
