"""How nodes are asked, and how each has been doing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from papertrader_tui.chain.head import Head


@dataclass(frozen=True, slots=True)
class RpcSettings:
    """How nodes are asked.

    Attributes:
        deadline: Seconds for a whole answer.
        patience: Seconds that a request waits for a node that may not be asked yet.
        per_minute: Requests a minute that each node allows; 80 % of it is used.
        max_bytes: Longest answer.
    """

    deadline: float = 10.0
    patience: float = 5.0
    per_minute: float = 1_200.0
    max_bytes: int = 16_000_000


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """How a node has been doing.

    Attributes:
        host: Where it listens; no path, no query, no user: keys lie in those.
        state: `not asked`, `ok`, `wrong chain`, `stale head`, `left alone` or `waiting`.
        reason: Why it is not `ok`, in words, else "".
        latency_ms: Median of recent answers, None before the first.
        requests: Sent so far.
        errors: How often each kind of failure was seen.
        head: Its newest block that we know of, None if none.
    """

    host: str
    state: str
    reason: str
    latency_ms: float | None
    requests: int
    errors: Mapping[str, int]
    head: Head | None
