"""What an unusable answer of a price service means, from every error envelope that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources import values
from papertrader_tui.feeds.sources.text import MESSAGE_CHARS, clean

#: CoinGecko's own codes: 10002 no key, 10005 needs a paid plan, 10010 and 10011 wrong host for
#: the key, 10012 too many addresses.
_CODES = {
    429: Fault.RATE_LIMITED,
    10002: Fault.UNAUTHORIZED,
    10005: Fault.UNAUTHORIZED,
    10010: Fault.UNAUTHORIZED,
    10011: Fault.UNAUTHORIZED,
    10012: Fault.BAD_REQUEST,
}
_STATUSES = {
    401: Fault.UNAUTHORIZED,
    403: Fault.UNAUTHORIZED,
    404: Fault.NOT_FOUND,
    408: Fault.TIMEOUT,
    429: Fault.RATE_LIMITED,
}
_ADVICE = {
    Fault.UNAUTHORIZED: "check the key, or whether this address is blocked",
    Fault.RATE_LIMITED: "asking less",
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an error answer says of itself; `code` is 0 and `message` empty where it does not."""

    code: int = 0
    message: str = ""


def envelope(body: object) -> Envelope:
    """The error in a JSON answer, in any of the five forms that the services use.

    `{"status": {"error_code", "error_message"}}`, the same with `error_code` outside, `{"error":
    "text"}`, `{"error": {"code", "message"}}` and JSON:API's `{"errors": [{"status", "title"}]}`.
    """
    outer = values.mapping(body)
    status = values.mapping(outer.get("status"))
    error = outer.get("error")
    first = values.mapping(next(iter(values.items(outer.get("errors"))), None))
    code = _whole(
        status.get("error_code"),
        outer.get("error_code"),
        values.mapping(error).get("code"),
        first.get("status"),
    )
    message = _first(
        status.get("error_message"),
        error,
        values.mapping(error).get("message"),
        first.get("detail"),
        first.get("title"),
        outer.get("message"),
    )
    return Envelope(code, clean(message, MESSAGE_CHARS))


def hidden_error(body: object) -> Envelope | None:
    """The error in an answer that came with status 200, None where it is none.

    A top-level `status` may be a coin (its CoinGecko id is `status`): only `error_code` tells.
    """
    if "error_code" in values.mapping(body) or "error_code" in values.mapping(
        values.mapping(body).get("status")
    ):
        return envelope(body)
    if isinstance(body, dict) and body.keys() <= {"error", "errors", "message", "statusCode"}:
        found = envelope(body)
        return found if found.message else None
    return None


def error_for(
    source: str, status: int, headers: Mapping[str, str], text: str, now: int
) -> SourceError:
    """The `SourceError` that an answer with an error status stands for.

    Names of headers are in lower case, and the body may be any text. `now` in milliseconds is
    for a Retry-After date where the answer has no date of its own.
    """
    try:
        body = values.parse_json(text)
    except values.NotJson:
        body = None
    said = envelope(body) if body is not None else Envelope(0, _plain(text))
    if isinstance(body, str):
        said = Envelope(0, clean(body, MESSAGE_CHARS))
    return named(source, status, said, retry_after(headers, now))


def named(source: str, status: int, said: Envelope, wait: float | None) -> SourceError:
    """The `SourceError` of a status and what the answer says of itself."""
    fault = _CODES.get(said.code) or _STATUSES.get(status) or _by_class(status, said.message)
    try:
        title = f" {HTTPStatus(status).phrase}"
    except ValueError:
        title = ""
    message = f"{source}: {fault.value} (HTTP {status}{title})"
    if said.message:
        message += f": {said.message}"
    if fault in _ADVICE:
        message += f"; {_ADVICE[fault]}"
    return SourceError(fault, message, retry_after=wait, status=status, code=said.code or None)


def _by_class(status: int, message: str) -> Fault:
    if status >= 500:
        return Fault.SERVER
    if status >= 400:
        # Alchemy says 400 for a token that it does not know.
        return Fault.NOT_FOUND if "not found" in message.lower() else Fault.BAD_REQUEST
    return Fault.GARBAGE


def retry_after(headers: Mapping[str, str], now: int) -> float | None:
    """Seconds that the service asks to wait: from seconds or an HTTP date, else None."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    seconds = values.number(value)
    if seconds is not None:
        return float(seconds) if 0 <= seconds < 10**7 else None
    until = _date(value)
    if until is None:
        return None
    # The service's own date is better than our clock, which may be wrong.
    at = _date(headers.get("date", "")) or datetime.fromtimestamp(now / 1000, UTC)
    return max(0.0, (until - at).total_seconds())


def _date(value: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _plain(text: str) -> str:
    # Markup tells a person nothing, and its title is often the same as the status.
    return "" if text.lstrip().startswith("<") else clean(text, MESSAGE_CHARS)


def _whole(*candidates: object) -> int:
    for candidate in candidates:
        known = values.number(candidate)
        if known is not None and abs(known) < 10**9:
            return int(known)
    return 0


def _first(*candidates: object) -> str:
    return next((c for c in candidates if isinstance(c, str) and c.strip()), "")
