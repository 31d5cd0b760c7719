"""Every way in which a service says no."""

import json
import logging
import pickle
import traceback

import httpx
import pytest

from papertrader_tui.feeds.source import Fault, SourceError
from papertrader_tui.feeds.sources import failures
from papertrader_tui.feeds.sources.base import SourceSettings
from papertrader_tui.feeds.sources.http import Http, Request
from papertrader_tui.feeds.sources.secret import Secret
from tests.sourcekit import NOW, Canned, client

HTML = "<!DOCTYPE html><html><title>Attention Required!</title></html>"
KEY = "CG-sEcReT/0123+456"


@pytest.mark.parametrize(
    ("status", "text", "fault", "words"),
    [
        (429, "", Fault.RATE_LIMITED, "429"),
        (429, HTML, Fault.RATE_LIMITED, "429"),
        (429, '{"status":{"error_code":429,"error_message":"too much"}}', Fault.RATE_LIMITED,
         "too much"),
        # The code in the body counts, whatever the status.
        (403, '{"status":{"error_code":429,"error_message":"too much"}}', Fault.RATE_LIMITED,
         "too much"),
        (401, "Must be authenticated!", Fault.UNAUTHORIZED, "Must be authenticated!"),
        (401, '{"status":{"error_code":10002,"error_message":"key missing"}}',
         Fault.UNAUTHORIZED, "key missing"),
        (400, '{"error_code":10010,"status":{"error_message":"use the pro host"}}',
         Fault.UNAUTHORIZED, "pro host"),
        (400, '{"error_code":10012,"status":{"error_message":"limit (1 address)"}}',
         Fault.BAD_REQUEST, "1 address"),
        (403, HTML, Fault.UNAUTHORIZED, "403"),
        (403, '"Forbidden by a rule"', Fault.UNAUTHORIZED, "Forbidden by a rule"),
        (404, HTML, Fault.NOT_FOUND, "404"),
        (404, '{"error":"coin not found"}', Fault.NOT_FOUND, "coin not found"),
        (404, '{"errors":[{"status":"404","title":"Not Found"}]}', Fault.NOT_FOUND, "Not Found"),
        (400, '{"error":{"message":"Token address not found: 0x1"}}', Fault.NOT_FOUND, "0x1"),
        (422, '{"error":"Missing parameter vs_currencies"}', Fault.BAD_REQUEST, "vs_currencies"),
        (414, "", Fault.BAD_REQUEST, "414"),
        (500, HTML, Fault.SERVER, "500"),
        (502, "{", Fault.SERVER, "502"),
        (599, "[]", Fault.SERVER, "599"),
        (302, "", Fault.GARBAGE, "302"),
        (204, "", Fault.GARBAGE, "204"),
    ],
)  # fmt: skip
def test_an_error_status_is_named(status, text, fault, words):
    error = failures.error_for("coingecko", status, {}, text, NOW)
    assert error.fault is fault
    assert error.status == status
    assert str(error).startswith("coingecko: ")
    assert words in str(error)
    assert "<" not in str(error)
    assert len(str(error)) < 400


def test_what_a_service_says_is_made_harmless():
    said = {"error": "bad \x1b[31m\u202e" + "x" * 900}
    error = failures.error_for("coingecko", 400, {}, json.dumps(said), NOW)
    assert "\x1b" not in str(error)
    assert "\u202e" not in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-4"}, None),
        ({"retry-after": "1e99"}, None),
        ({"retry-after": "NaN"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 21 Sep 2026 14:14:00 GMT"}, 40.0),  # against our clock
        ({"retry-after": "Mon, 21 Sep 2026 14:14:00 GMT",
          "date": "Mon, 21 Sep 2026 14:13:30 GMT"}, 30.0),  # its own is better
        ({"retry-after": "Mon, 21 Sep 2020 14:14:00 GMT"}, 0.0),
    ],
)  # fmt: skip
def test_retry_after_in_seconds_or_as_a_date(headers, seconds):
    assert failures.retry_after(headers, NOW) == seconds


async def fetch(canned, key=""):
    http = client(canned)
    request = Request("alchemy", "https://host.test/v1", "/{key}/x", key=Secret(key))
    try:
        return await http.fetch(request)
    finally:
        await http.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HTML, "HTML instead of JSON"),
        ("", "an empty answer"),
        ('{"data":[{"sym', "cut off"),
        ("hello", "not JSON"),
    ],
)
async def test_no_json_with_status_200_is_garbage(text, words):
    with pytest.raises(SourceError, match=words) as caught:
        await fetch(Canned(text))
    assert caught.value.fault is Fault.GARBAGE


async def test_an_error_can_come_with_status_200():
    with pytest.raises(SourceError, match="slow down") as caught:
        await fetch(Canned('{"status":{"error_code":429,"error_message":"slow down"}}'))
    assert caught.value.fault is Fault.RATE_LIMITED


async def test_a_coin_may_be_called_status():
    reply = await fetch(Canned('{"status":{"usd":0.026},"error":{"usd":2}}'))
    assert set(reply.body) == {"status", "error"}


async def test_a_redirect_is_not_followed_with_the_key():
    canned = Canned("", status=302, headers={"location": "https://elsewhere.test/"})
    with pytest.raises(SourceError):
        await fetch(canned, KEY)
    assert [request.url.host for request in canned.requests] == ["host.test"]


async def test_an_answer_that_never_ends_is_cut():
    http = Http(transport=Canned(" " * 5_000), max_bytes=4_000)
    with pytest.raises(SourceError, match="longer than 4,000 bytes") as caught:
        await http.fetch(Request("x", "https://host.test", "/"))
    assert caught.value.fault is Fault.GARBAGE
    await http.close()


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (httpx.ReadTimeout("slow"), Fault.TIMEOUT),
        (httpx.PoolTimeout("busy"), Fault.TIMEOUT),
        (httpx.ConnectError("refused"), Fault.CONNECTION),
        (httpx.ReadError("reset"), Fault.CONNECTION),
        (httpx.RemoteProtocolError("gone"), Fault.CONNECTION),
        (httpx.ProxyError("proxy"), Fault.CONNECTION),
        (httpx.DecodingError("gzip"), Fault.GARBAGE),
        (OSError("network is unreachable"), Fault.CONNECTION),
    ],
)
async def test_a_broken_transport_is_named_and_carries_no_key_along(error, fault):
    class Broken(Canned):
        async def handle_async_request(self, request):
            self.requests.append(request)
            raise error

    broken = Broken("")
    with pytest.raises(SourceError) as caught:
        await fetch(broken, KEY)
    assert caught.value.fault is fault
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "CG-sEcReT" in str(broken.requests[0].url)  # it was sent
    assert "CG-sEcReT" not in "".join(traceback.format_exception(caught.value))


async def test_a_key_is_in_no_message_and_no_log(caplog):
    with caplog.at_level(logging.DEBUG):
        echo = json.dumps({"error": f"the key {KEY} is not valid"})
        for status in (401, 500):
            with pytest.raises(SourceError) as caught:
                await fetch(Canned(echo, status=status), KEY)
            assert "the key *** is not valid" in str(caught.value)
        with pytest.raises(SourceError) as caught:
            await fetch(Canned(echo), KEY)
        await fetch(Canned("{}"), KEY)
    assert "sEcReT" not in str(caught.value)
    assert "sEcReT" not in caplog.text


def test_a_key_cannot_be_printed_by_accident():
    secret = Secret(f"  {KEY}\n")
    settings = SourceSettings(key=secret)
    request = Request("x", "https://host.test", "/{key}", key=secret)
    for shown in (str(secret), repr(secret), f"{secret:>20}", repr(settings), repr(request)):
        assert "sEcReT" not in shown
    assert secret.reveal() == KEY
    assert secret == Secret(KEY)
    assert secret != Secret("other")
    assert bool(secret)
    assert not Secret("")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize("text", ["two words", "line\nbreak", "naïve", "\x1b[31m"])
def test_what_cannot_be_a_key_is_refused_without_repeating_it(text):
    with pytest.raises(ValueError, match="paste it again") as caught:
        Secret(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize("url", ["host.test/x", "ftp://host.test", "https://", "nonsense"])
def test_an_unusable_address_is_refused(url):
    with pytest.raises(ValueError, match="https://host/path"):
        SourceSettings(base_url=url)
