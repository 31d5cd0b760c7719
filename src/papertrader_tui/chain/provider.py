"""web3's HTTP provider with one kept session, a size limit and errors without URLs.

Importing this module imports web3, which takes a second or two: `chain.node` does it in a thread.
web3's own session connects anew for every request, keeps no body of an error, reads an answer of
any size, and logs URLs.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import aiohttp
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.types import RPCEndpoint, RPCResponse

from papertrader_tui.chain.answers import decode, result_of
from papertrader_tui.chain.errors import Fault, RpcError, failed
from papertrader_tui.chain.url import NodeUrl
from papertrader_tui.feeds.sources.failures import retry_after
from papertrader_tui.feeds.sources.http import USER_AGENT

Requests = Sequence[tuple[str, Sequence[object]]]


def connect(
    url: NodeUrl, deadline: float, max_bytes: int, wall: Callable[[], int]
) -> AsyncWeb3[NodeProvider]:
    """A web3 over one node; nothing is sent yet."""
    # they log URLs, key and all, at DEBUG and INFO
    for name in ("web3", "aiohttp"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return AsyncWeb3(NodeProvider(url, deadline, max_bytes, wall))


class NodeProvider(AsyncHTTPProvider):
    """One node. What it answers, or an `RpcError`; no other exception comes out of it.

    Args:
        deadline: Seconds for a whole answer, from connecting to its last byte.
        max_bytes: Longest answer, unpacked.
        wall: Milliseconds since 1970.
    """

    def __init__(
        self, url: NodeUrl, deadline: float, max_bytes: int, wall: Callable[[], int]
    ) -> None:
        super().__init__(url.reveal(), exception_retry_configuration=None)
        self._url = url
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._wall = wall
        self._session: aiohttp.ClientSession | None = None

    def __str__(self) -> str:
        return f"node {self._url.host}"

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Send one request.

        Raises:
            RpcError: no answer, an error in any form, or an answer to another request.
        """
        request = self.form_request(method, params)
        status, wait, answer = await self._post(self.encode_rpc_dict(request))
        result = result_of(self._url, answer, status, wait)
        if not _same(cast(dict[str, Any], answer).get("id"), request["id"]):
            raise failed(self._url, Fault.GARBAGE, "an answer to another request", status=status)
        return cast(RPCResponse, {"jsonrpc": "2.0", "id": request["id"], "result": result})

    async def make_many(self, requests: Requests) -> list[object]:
        """Send several requests in one; each answer is its result or its `RpcError`.

        Raises:
            RpcError: the whole batch failed.
        """
        formed = [self.form_request(RPCEndpoint(method), list(p)) for method, p in requests]
        status, wait, answer = await self._post(self.encode_batch_request_dicts(formed))
        if not isinstance(answer, list):
            result_of(self._url, answer, status, wait)  # usually one error for all of them
            raise failed(self._url, Fault.GARBAGE, "one answer to a batch", status=status)
        by_id = {str(one.get("id")): one for one in answer if isinstance(one, dict)}
        found: list[object] = []
        for request in formed:
            one = by_id.get(str(request["id"]))
            if one is None:
                found.append(failed(self._url, Fault.GARBAGE, "no answer to one of a batch"))
                continue
            try:
                found.append(result_of(self._url, one, status, wait))
            except RpcError as error:
                found.append(error)
        return found

    async def disconnect(self) -> None:
        """Close the connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _post(self, body: bytes) -> tuple[int, float | None, object]:
        """Status, seconds to wait if it says so, and the JSON of the answer."""
        said = await self._exchange(body)
        if isinstance(said, RpcError):
            # Raised here, outside of any `except`: aiohttp's errors hold the URL.
            raise said
        status, headers, text = said
        now = self._wall()
        return status, retry_after(headers, now), decode(self._url, status, headers, text, now)

    async def _exchange(self, body: bytes) -> tuple[int, Mapping[str, str], bytes] | RpcError:
        try:
            async with asyncio.timeout(self._deadline):
                try:
                    return await self._send(body)
                except (aiohttp.ClientConnectionError, OSError) as error:
                    if not _closed(error):
                        raise
                    # it was a kept connection; to read twice does no harm
                    return await self._send(body)
        except TimeoutError:
            said = f"no whole answer within {self._deadline:g} s"
            return failed(self._url, Fault.TIMEOUT, said)
        except aiohttp.ClientPayloadError:
            return failed(self._url, Fault.GARBAGE, "an answer that breaks off")
        except aiohttp.InvalidURL:
            return failed(self._url, Fault.CONNECTION, "its URL is not usable; correct it")
        except (aiohttp.ClientError, OSError) as error:
            return failed(self._url, Fault.CONNECTION, _connection_words(error))

    async def _send(self, body: bytes) -> tuple[int, Mapping[str, str], bytes] | RpcError:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                # proxies of the environment, as for the price services; none to this machine
                trust_env=not self._url.local,
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"user-agent": USER_AGENT, "content-type": "application/json"},
            )
        async with self._session.post(
            self._url.reveal(),
            data=body,
            allow_redirects=False,  # one could carry the key to another host
        ) as response:
            pieces: list[bytes] = []
            size = 0
            async for piece in response.content.iter_any():
                size += len(piece)
                if size > self._max_bytes:
                    said = f"an answer longer than {self._max_bytes:,} bytes"
                    return failed(self._url, Fault.TOO_MUCH, said)
                pieces.append(piece)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return response.status, headers, b"".join(pieces)


def _same(said: object, asked: object) -> bool:
    # some gateways send numbers back as text
    return said == asked or str(said) == str(asked)


def _closed(error: BaseException) -> bool:
    """Whether the other side closed a connection that was open."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return True
    return getattr(error, "errno", None) in (errno.ECONNRESET, errno.EPIPE)


def _connection_words(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "no such host, or no network"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted; check clock and proxy"
    if isinstance(error, aiohttp.ClientSSLError):
        return "no secure connection"
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, socket.gaierror):
        return "no such host, or no network"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    if isinstance(cause, ConnectionResetError):
        return "connection reset"
    return "connection broken, or no network"
