"""One HTTP client for every price service: a deadline, a size limit, and no key in any message.

A key is put into the address or a header here and nowhere else, at the last moment. Errors of
the HTTP library hold the address, so none of them gets out, not even as the cause of ours.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources import failures, values
from papertrader_tui.feeds.sources.secret import NO_KEY, Secret

if TYPE_CHECKING:
    import httpx

KEY = "{key}"  # where the key goes in a path
DEADLINE = 8.0
MAX_BYTES = 8_000_000
USER_AGENT = "papertrader"


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a service. Its repr shows the path with `{key}`, never the key.

    Attributes:
        source: Name of the service, for messages.
        base: Address that the path is appended to.
        path: Begins with a slash; `{key}` stands for the key.
        key_header: Name of the header that the key goes into, "" if none.
        json: Body of a POST; a GET without.
    """

    source: str
    base: str = field(repr=False)
    path: str
    params: Sequence[tuple[str, str]] = ()
    accept: str = "application/json"
    key: Secret = NO_KEY
    key_header: str = ""
    json: object = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A usable answer.

    Attributes:
        body: JSON whose numbers are Decimals.
        fetched: Milliseconds at which it was complete.
        age_ms: How long caches on the way had held it, None if they do not say.
    """

    body: object
    fetched: int
    age_ms: int | None = None

    def observed(self, said: int | None) -> tuple[int | None, str]:
        """When a price of this answer was true, and how we know: see `SourcePrice.age_from`.

        Args:
            said: What the answer says, in milliseconds; never taken to be in the future.
        """
        if said is not None:
            return min(said, self.fetched), "answer"
        if self.age_ms is not None:
            return self.fetched - self.age_ms, "age header"
        return None, "fetch"


@dataclass(frozen=True, slots=True)
class _Raw:
    status: int
    headers: Mapping[str, str]
    text: str


class Http:
    """The shared client. Everything that can go wrong comes out as a `SourceError`.

    Args:
        deadline: Seconds for a whole answer, from connecting to its last byte.
        max_bytes: Longest answer, unpacked.
        clock: Milliseconds since 1970.
        transport: Instead of the network, for tests.

    Attributes:
        skews: By source, how far its clock was ahead of ours at its last answer, in
            milliseconds; it tells whole seconds.
    """

    def __init__(
        self,
        *,
        deadline: float = DEADLINE,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], int] = wall_clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._clock = clock
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self.skews: dict[str, int] = {}
        self._opening = asyncio.Lock()
        self._users = 0

    def share(self) -> Http:
        """The same client for one more source; each of them closes it once."""
        self._users += 1
        return self

    async def prepare(self) -> None:
        """Load what is slow to load, so that the first answer is timed by itself."""
        # what is wrong with it is said by the first `fetch`
        with suppress(ImportError, ValueError):
            await self._open()

    async def close(self) -> None:
        """Close the connections once the last source that shares them has closed."""
        self._users = max(0, self._users - 1)
        if self._users == 0 and self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def fetch(self, request: Request) -> Reply:
        """Send a request and read its whole answer.

        Raises:
            SourceError: no connection, no whole answer in time, an error status, or no JSON.
        """
        raw = await self._exchange(request)
        if isinstance(raw, SourceError):
            # Raised here, outside of any `except`, so that it carries no other error along.
            raise raw
        now = self._clock()
        date = _date(raw.headers.get("date", ""))
        if date is not None:
            self.skews[request.source] = date - now
        if raw.status != 200:
            redacted = request.key.redact(raw.text)
            raise failures.error_for(request.source, raw.status, raw.headers, redacted, now)
        return _read(request, raw, now)

    async def _exchange(self, request: Request) -> _Raw | SourceError:
        try:
            client = await self._open()
        except (ImportError, ValueError):  # a SOCKS or misspelt proxy in the environment
            said = "the proxy set in the environment is not usable; check HTTPS_PROXY and ALL_PROXY"
            return _failed(request, Fault.CONNECTION, said)
        import httpx

        try:
            async with asyncio.timeout(self._deadline):
                return await self._send(client, request)
        except (TimeoutError, httpx.TimeoutException):
            said = f"no whole answer within {self._deadline:g} s"
            return _failed(request, Fault.TIMEOUT, said)
        except httpx.DecodingError:
            return _failed(request, Fault.GARBAGE, "an answer that cannot be unpacked")
        except (httpx.TransportError, OSError) as error:
            return _failed(request, Fault.CONNECTION, _connection_words(error))
        except httpx.InvalidURL:
            return _failed(request, Fault.CONNECTION, "its address is not usable; check base_url")

    async def _send(self, client: httpx.AsyncClient, request: Request) -> _Raw | SourceError:
        key = request.key.reveal()
        headers = {"accept": request.accept}
        if request.key_header and key:
            headers[request.key_header] = key
        async with client.stream(
            "GET" if request.json is None else "POST",
            request.base.rstrip("/") + request.path.replace(KEY, quote(key, safe="")),
            params=list(request.params) or None,
            headers=headers,
            json=request.json,
        ) as response:
            pieces: list[bytes] = []
            size = 0
            async for piece in response.aiter_bytes():
                size += len(piece)
                if size > self._max_bytes:
                    said = f"an answer longer than {self._max_bytes:,} bytes"
                    return _failed(request, Fault.GARBAGE, said)
                pieces.append(piece)
            text = b"".join(pieces).decode("utf-8", errors="replace")
            named = {name.lower(): value for name, value in response.headers.items()}
            return _Raw(response.status_code, named, text)

    async def _open(self) -> httpx.AsyncClient:
        async with self._opening:
            if self._client is None:
                # Reading the certificates takes a tenth of a second: not on the event loop.
                self._client = await asyncio.to_thread(self._make)
            return self._client

    def _make(self) -> httpx.AsyncClient:
        import httpx

        _silence_loggers()
        return httpx.AsyncClient(
            timeout=self._deadline,
            # A redirect could carry the key to another host.
            follow_redirects=False,
            headers={"user-agent": USER_AGENT},
            transport=self._transport,
        )


def _silence_loggers() -> None:
    # They log every address, key and all, at INFO and DEBUG.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _failed(request: Request, fault: Fault, said: str) -> SourceError:
    return SourceError(fault, f"{request.source}: {said}")


def _connection_words(error: BaseException | None) -> str:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or error.__context__
    for kind, words in (
        (socket.gaierror, "no such host, or no network"),
        (ConnectionRefusedError, "connection refused"),
        (ssl.SSLCertVerificationError, "its certificate is not trusted; check clock and proxy"),
        (ssl.SSLError, "no secure connection"),
        (ConnectionResetError, "connection reset"),
    ):
        if any(isinstance(one, kind) for one in seen):
            return words
    return "connection broken, or no network"


def _date(header: str) -> int | None:
    try:
        return int(parsedate_to_datetime(header).timestamp() * 1_000)
    except (ValueError, OverflowError):
        return None


def _parsed(text: str) -> object:
    try:
        return values.parse_json(text)
    except values.NotJson as error:
        return error


def _read(request: Request, raw: _Raw, now: int) -> Reply:
    body = _parsed(raw.text)
    if isinstance(body, values.NotJson):
        message = f"{request.source}: {body} (HTTP {raw.status})"
        raise SourceError(Fault.GARBAGE, message, status=raw.status)
    hidden = failures.hidden_error(body)
    if hidden is not None:
        safe = failures.Envelope(hidden.code, request.key.redact(hidden.message))
        wait = failures.retry_after(raw.headers, now)
        raise failures.named(request.source, raw.status, safe, wait)
    age = values.number(raw.headers.get("age", ""))
    known = age is not None and 0 <= age < 10**7
    return Reply(body, now, int(age * 1000) if known and age is not None else None)
