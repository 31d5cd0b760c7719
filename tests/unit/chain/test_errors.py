"""Answers of nodes that are none: each form has a name, and no message holds a key."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from papertrader_tui.chain import abi
from papertrader_tui.chain.answers import decode, result_of
from papertrader_tui.chain.errors import Fault, RpcError, revert_reason
from papertrader_tui.chain.url import NodeUrl

KEY = "s3cr3t-project-key-0123"
URL = NodeUrl(f"https://rpc.example.org/v2/{KEY}")
NOW = 1_700_000_000_000


def ask(status: int, text: str, headers: dict[str, str] | None = None) -> object:
    body = decode(URL, status, headers or {}, text.encode(), NOW)
    return result_of(URL, body, status)


def fault(status: int, text: str) -> Fault:
    with pytest.raises(RpcError) as caught:
        ask(status, text)
    assert KEY not in str(caught.value)
    assert str(caught.value).startswith("rpc.example.org: ")
    return caught.value.fault


def error(code: int, message: str, data: str | None = None) -> str:
    told = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return json.dumps({"jsonrpc": "2.0", "id": 1, "error": told})


def test_a_result_is_what_was_sent_null_and_empty_included():
    assert ask(200, '{"jsonrpc":"2.0","id":1,"result":"0x"}') == "0x"
    assert ask(200, '\ufeff {"jsonrpc":"2.0","id":1,"result":null}') is None
    assert ask(200, '{"jsonrpc":"2.0","id":1,"result":{"a":[1]},"error":null}') == {"a": [1]}


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (200, error(-32000, "missing trie node 00ab (path ) <nil>"), Fault.PRUNED),
        (200, error(-32000, "header not found"), Fault.UNKNOWN_BLOCK),
        (200, error(-32001, "Unknown block"), Fault.UNKNOWN_BLOCK),
        (200, error(-32000, "eth_getLogs is limited to a 1000 blocks range"), Fault.TOO_MUCH),
        (200, error(-32000, "out of gas"), Fault.TOO_MUCH),
        (200, error(-32005, "daily request count exceeded"), Fault.RATE_LIMITED),
        (200, error(429, "slow down"), Fault.RATE_LIMITED),
        (200, error(-32000, "Too Many Requests"), Fault.RATE_LIMITED),
        (200, error(-32601, "no such thing"), Fault.UNSUPPORTED),
        (200, error(-32602, "invalid argument 2"), Fault.REFUSED),
        (200, error(-32603, "upstream failed"), Fault.SERVER),
        (200, error(3, "execution reverted"), Fault.REVERTED),
        (200, error(-32000, "execution reverted: STF"), Fault.REVERTED),
        (500, error(3, "RPC Request failed."), Fault.SERVER),
        (500, error(-32000, "missing trie node 00"), Fault.PRUNED),
        (401, error(-32600, "Must be authenticated!"), Fault.UNAUTHORIZED),
        (401, f"no such project {KEY}", Fault.UNAUTHORIZED),
        (403, "<html>blocked</html>", Fault.UNAUTHORIZED),
        (429, "", Fault.RATE_LIMITED),
        (502, "<html>Bad Gateway</html>", Fault.SERVER),
        (413, "too long", Fault.TOO_MUCH),
        (302, "", Fault.GARBAGE),
        (200, "", Fault.GARBAGE),
        (200, "<!DOCTYPE html><p>Just a moment", Fault.GARBAGE),
        (200, '{"jsonrpc":"2.0","id":1,"resu', Fault.GARBAGE),
        (200, '"0x1"', Fault.GARBAGE),
        (200, '{"jsonrpc":"2.0","id":1}', Fault.GARBAGE),
        (200, "[" * 100_000, Fault.GARBAGE),
        (200, '{"jsonrpc":"2.0","id":1,"error":"Missed `to` address"}', Fault.REFUSED),
        (200, '{"jsonrpc":"2.0","id":1,"error":"rate limit exceeded"}', Fault.RATE_LIMITED),
        (200, '{"jsonrpc":"2.0","id":1,"error":{"code":"x","data":["?"]}}', Fault.REFUSED),
        (200, '{"status":"0","message":"NOTOK","result":"upgrade"}', Fault.REFUSED),
    ],
)
def test_every_form_of_failure_has_a_name(status: int, text: str, expected: Fault):
    assert fault(status, text) is expected


def test_words_of_a_node_lose_what_a_terminal_obeys_and_every_key():
    hostile = f"\x1b[31mgo to https://rpc.example.org/v2/{KEY}\u202e\n[bold]now"
    with pytest.raises(RpcError) as caught:
        ask(200, error(-32000, hostile))
    said = str(caught.value)
    assert KEY not in said
    assert said.isprintable()
    assert "go to ***" in said


def test_a_revert_carries_its_data_and_says_its_reason():
    reason = b"Too little received"
    data = bytes.fromhex("08c379a0") + abi.word(32) + abi.word(len(reason)) + reason + bytes(13)
    with pytest.raises(RpcError, match="Too little received") as caught:
        ask(200, error(3, "execution reverted", "0x" + data.hex()))
    assert caught.value.data == data
    assert revert_reason(bytes.fromhex("4e487b71") + abi.word(17)) == "panic 0x11"
    assert revert_reason(data[:50]) == ""


def test_it_says_how_long_to_wait():
    with pytest.raises(RpcError) as caught:
        ask(429, "slow down", {"retry-after": "7"})
    assert caught.value.retry_after == 7


# ---------------------------------------------------------------------- recorded answers

_EVIDENCE = os.environ.get("PAPERTRADER_EVIDENCE")
_FOLDER = Path(_EVIDENCE or "/nowhere") / "http" / "rpc"
#: Fault by the beginning of a file's name.
_NAMED = {
    "error_code_-32000_1rpc": Fault.TOO_MUCH,
    "error_code_-32000_": Fault.PRUNED,
    "error_code_-32001_": Fault.PRUNED,
    "error_code_-32002_": Fault.PRUNED,
    "error_code_-32600_": Fault.UNAUTHORIZED,
    "error_code_-32801_": Fault.PRUNED,
    "error_code_3_routescan": Fault.SERVER,
    "error_code_3_": Fault.REVERTED,
    "error_code_429_": Fault.RATE_LIMITED,
    "error_cut_": Fault.GARBAGE,
    "error_explorer_notok_etherscan_1": Fault.UNSUPPORTED,
    "error_explorer_notok_etherscan_6": Fault.RATE_LIMITED,
    "error_string_": Fault.REFUSED,
}


@pytest.mark.skipif(not _EVIDENCE, reason="PAPERTRADER_EVIDENCE is not set")
def test_all_recorded_errors_have_their_names():
    files = sorted(_FOLDER.glob("error_*.json"))
    assert files
    for path in files:
        case = json.loads(path.read_text())["response"]
        text = case.get("body_text", case["body"])
        expected = next(f for start, f in _NAMED.items() if path.name.startswith(start))
        assert fault(case["status"], text) is expected, path.name
