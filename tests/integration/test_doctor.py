"""`papertrader doctor`: each fault is found, named, and given a remedy; no key is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from papertrader_tui import doctor
from papertrader_tui.cli import main
from papertrader_tui.findings import Finding
from papertrader_tui.launch import new_account
from papertrader_tui.registry import load_registry
from papertrader_tui.store.lock import AccountLock
from papertrader_tui.tui.screens import desk
from tests.integration.test_live_sessions import NOBODY
from tests.market_server import Fault, MarketServer
from tests.rpc_server import MULTICALL3, RpcServer
from tests.rpc_server import Fault as Node

KEY = "CG-not.for+any/eye"
Doctor = Callable[..., tuple[int, dict[tuple[str, str], dict[str, Any]], str]]


@pytest.fixture
def market() -> Iterator[MarketServer]:
    with MarketServer() as server:
        yield server


@pytest.fixture
def look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Doctor:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PAPERTRADER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("PAPERTRADER_CONFIG", raising=False)
    monkeypatch.setenv("PAPERTRADER_ONCHAIN_ON", "false")  # no node of the bundled chains is asked

    def run(
        env: dict[str, str], *words: str
    ) -> tuple[int, dict[tuple[str, str], dict[str, Any]], str]:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        code = main(["doctor", "--json", *words])
        out = capsys.readouterr().out
        document = json.loads(out)
        assert document["ok"] is (code == 0)
        return code, {(f["area"], f["subject"]): f for f in document["findings"]}, out

    return run


def test_all_is_well(
    look: Doctor, market: MarketServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new_account(tmp_path / "data", "swing", Decimal(100), 7)
    code, found, _ = look(market.environment())
    assert code == 0
    assert {f["state"] for f in found.values()} <= {"ok", "note"}
    for name in ("coingecko", "dexscreener", "geckoterminal", "defillama"):
        source = found["sources", name]
        assert (source["state"], source["price"], source["reachable"]) == ("ok", "100", True)
        assert 0 <= source["latency_s"] < 10
        assert market.calls[name] == 1
    assert found["sources", "coingecko"]["limit_per_minute"] == 10
    assert found["keys", "alchemy"]["state"] == "note"
    assert "PAPERTRADER_ALCHEMY_KEY" in found["keys", "alchemy"]["remedy"]
    assert abs(found["clock", "clock"]["skew_ms"]) < 10_000
    swing = found["accounts", "swing"]
    assert (swing["state"], swing["in_use"], swing["schema"] > 0) == ("ok", False, True)
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "✓  dexscreener    WETH·ethereum at $100.00 in" in text
    assert text.endswith("no fault\n")


def test_no_network_is_a_fault_with_a_way_out(look: Doctor) -> None:
    code, found, _ = look(NOBODY)
    assert code == 1
    assert found["sources", "coingecko"]["text"] == "coingecko: connection refused"
    assert found["sources", "coingecko"]["reachable"] is False
    assert found["sources", "all"]["state"] == "fault"
    assert "--market demo" in found["sources", "all"]["remedy"]


@pytest.mark.parametrize(
    ("fault", "kind", "remedy"),
    [
        (Fault.RATE_LIMITED, "rate limited", "per_minute"),
        (Fault.SERVER_ERROR, "server error", "by itself"),
        (Fault.HTML, "garbage", "by itself"),
        (Fault.RESET, "connection", "HTTPS_PROXY"),
    ],
)
def test_one_source_down_is_a_warning(
    look: Doctor, market: MarketServer, fault: Fault, kind: str, remedy: str
) -> None:
    market.fault("dexscreener", fault)
    code, found, _ = look(market.environment())
    source = found["sources", "dexscreener"]
    assert (code, source["state"], source["fault"]) == (0, "warning", kind)
    assert remedy in source["remedy"]


def test_a_refused_key_is_a_fault_and_is_not_shown(look: Doctor, market: MarketServer) -> None:
    market.keys["alchemy"] = "another"
    env = {**market.environment(), "PAPERTRADER_ALCHEMY_KEY": KEY}
    code, found, out = look(env)
    assert code == 1
    assert found["keys", "alchemy"]["text"] == "set, from environment (PAPERTRADER_ALCHEMY_KEY)"
    assert found["sources", "alchemy"]["fault"] == "unauthorized"
    assert "PAPERTRADER_ALCHEMY_KEY" in found["sources", "alchemy"]["remedy"]
    assert KEY not in out


def test_a_key_command_that_fails_is_named(look: Doctor, market: MarketServer) -> None:
    env = {**market.environment(), "PAPERTRADER_COINGECKO_KEY_COMMAND": f"no-such-program {KEY}"}
    code, found, out = look(env)
    assert code == 1
    assert "'no-such-program' cannot be run" in found["keys", "coingecko"]["text"]
    assert "[source.coingecko]" in found["keys", "coingecko"]["remedy"]
    assert found["sources", "coingecko"]["state"] == "ok"
    assert KEY not in out


def test_settings_that_are_not_allowed_do_not_keep_it_from_looking(
    look: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the defaults would be the services' and the nodes' own addresses
    async def nobody(*_: object, **__: object) -> list[Finding]:
        return []

    monkeypatch.setattr(doctor, "sources", nobody)
    monkeypatch.setattr(doctor, "chains", nobody)
    code, found, _ = look({"PAPERTRADER_FEED_TTL": "2"})
    assert code == 1
    assert "from 5 to 300" in found["settings", "settings"]["text"]
    assert ("accounts", "folder") in found


@pytest.mark.parametrize(
    ("said", "subject", "state", "words"),
    [
        ('[ui.keys]\n"order.buy" = "s"', "keys", "fault", ["'s'", "order.buy", "order.sell"]),
        ('[ui.keys]\n"order.bye" = "B"', "keys", "fault", ["'order.bye'", "'order.buy'"]),
        ('[ui]\ntheme = "nope"', "theme", "warning", ["'nope'", "papertrader"]),
    ],
)
def test_what_the_console_refuses_or_passes_over_is_named(
    look: Doctor, market: MarketServer, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    said: str, subject: str, state: str, words: list[str],
) -> None:  # fmt: skip
    file = tmp_path / "config.toml"
    file.write_text(said)
    code, found, _ = look(market.environment(), "--config", str(file))
    finding = found["settings", subject]
    assert (code, finding["state"]) == (int(state == "fault"), state)
    assert all(word in finding["text"] for word in words)
    assert "correct" in finding["remedy"]
    assert main(["config", "show", "--config", str(file)]) == 0
    assert words[0] in capsys.readouterr().err


def test_a_key_in_a_file_that_others_can_read(
    look: Doctor, market: MarketServer, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[source.coingecko]\nkey = '{KEY}'\n", encoding="utf-8")
    path.chmod(0o644)
    code, found, out = look(market.environment(), "--config", str(path))
    assert (code, found["settings", "permissions"]["state"]) == (0, "warning")
    assert "chmod 600" in found["settings", "permissions"]["remedy"]
    assert KEY not in out
    path.chmod(0o600)
    assert ("settings", "permissions") not in look({}, "--config", str(path))[1]


def test_no_source_that_can_be_asked(look: Doctor) -> None:
    code, found, _ = look({"PAPERTRADER_FEED_ORDER": "alchemy"})
    assert code == 1
    assert "need a key: alchemy" in found["sources", "price sources"]["text"]


def test_accounts_that_are_in_use_damaged_or_none_of_ours(
    look: Doctor, market: MarketServer, tmp_path: Path
) -> None:
    used = new_account(tmp_path / "data", "used", Decimal(100), 7)
    broken = new_account(tmp_path / "data", "broken", Decimal(100), 7)
    content = bytearray(broken.read_bytes())
    content[5_000:9_000] = bytes(4_000)
    broken.write_bytes(content)
    used.with_name("text.db").write_text("hello", encoding="utf-8")
    with AccountLock(used):
        code, found, _ = look(market.environment())
    assert code == 1
    assert (found["accounts", "used"]["state"], found["accounts", "used"]["in_use"]) == ("ok", True)
    assert found["accounts", "broken"]["state"] == "fault"
    assert "backup" in found["accounts", "broken"]["remedy"]
    assert "not an account file" in found["accounts", "text"]["text"]


@pytest.mark.parametrize(
    ("skew", "state", "words"),
    [
        (3_000, "ok", "agrees"),
        (-30_000, "warning", "30 s ahead of"),
        (600_000, "fault", "600 s behind"),
    ],
)
def test_the_clock(skew: int, state: str, words: str) -> None:
    (finding,) = doctor.clock({"a": skew, "b": skew + 500, "c": 10**9})
    assert finding.state == state
    assert words in finding.text


@pytest.mark.parametrize(
    ("env", "encoding", "states"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "utf-8", ["ok", "ok"]),
        ({"TERM": "xterm-256color"}, "UTF-8", ["ok", "note"]),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "ascii", ["warning", "note"]),
        ({"TERM": "dumb"}, "utf8", ["ok", "warning"]),
    ],
)
def test_the_terminal(env: dict[str, str], encoding: str, states: list[str]) -> None:
    found = doctor.terminal(env, tty=True, encoding=encoding)
    assert [f.state for f in found if f.subject != "size"] == states
    assert (desk.MIN_SIZE, desk.FULL_SIZE) == (doctor.TINY, doctor.SMALL)


# ---------------------------------------------------------------------- chains

SECRET = "a-key-in-a-path-0123456789"
USDC = "0x00000000000000000000000000000000000000bb"
WETH = "0x00000000000000000000000000000000000000aa"
OWN_CHAIN = f"""
[chain.local]
chain_id = 31337
native_symbol = "ETH"
wrapped_native = "{WETH}"
usdc = "{USDC}"
block_ms = 2000
multicall3 = "{MULTICALL3}"
"""


@pytest.fixture
def node() -> Iterator[RpcServer]:
    with RpcServer(chain_id=31337) as server:
        server.contract(USDC, {"0x313ce567": (6).to_bytes(32, "big")})
        server.contract(WETH, {"0x313ce567": (18).to_bytes(32, "big")})
        yield server


@pytest.fixture
def chain(look: Doctor, node: RpcServer, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """What is found of a chain of one's own, with a key in its node's URL."""

    def run(*urls: str) -> dict[str, Any]:
        path = tmp_path / "config.toml"
        path.write_text(OWN_CHAIN, encoding="utf-8")
        told = ",".join(urls or (node.url(f"/v2/{SECRET}"),))
        env = {**NOBODY, "PAPERTRADER_CONFIG": str(path), "PAPERTRADER_RPC_LOCAL": told}
        _, found, out = look(env)
        assert SECRET not in out
        return found["chains", "local"]

    return run


def test_a_chain_is_reachable_with_its_head_and_latency(chain, node: RpcServer) -> None:
    found = chain()
    assert found["state"] == "ok"
    assert (found["chain_id"], found["block"], found["nodes_up"]) == (31337, 1_000, 1)
    assert found["latency_ms"] >= 0
    assert "chain 31337, block 1,000" in found["text"]


def test_a_node_of_another_chain_is_a_fault_with_its_remedy(chain, node: RpcServer) -> None:
    node.chain_id = 1
    found = chain()
    assert found["state"] == "fault"
    assert "it is of chain 1, not 31337" in found["text"]
    assert "PAPERTRADER_RPC_LOCAL" in found["remedy"]


def test_a_second_node_that_is_down_is_a_warning(chain, node: RpcServer) -> None:
    found = chain(node.url(), "http://127.0.0.1:9/x")
    assert found["state"] == "warning"
    assert "1 of 2 nodes up" in found["text"]
    assert "connection refused" in found["text"]


@pytest.mark.parametrize(
    ("bad", "said", "remedy"),
    [
        (Node.UNAUTHORIZED, "key refused", "check the key in the URL"),
        (Node.HTML, "HTML instead of JSON", "is the node running?"),
    ],
)
def test_a_node_that_does_not_answer_is_a_fault(
    chain, node: RpcServer, bad: Node, said: str, remedy: str
) -> None:
    node.misbehave(bad)
    found = chain()
    assert found["state"] == "fault"
    assert said in found["text"]
    assert remedy in found["remedy"]


def test_an_old_head_is_a_fault(chain, node: RpcServer) -> None:
    node.age_s = 600
    found = chain()
    assert found["state"] == "fault"
    assert "its newest block 1,000 is 60" in found["text"]
    assert "stale_s = 0" in found["remedy"]


def test_contracts_that_are_not_what_is_configured_are_faults(chain, node: RpcServer) -> None:
    node.contract(USDC, {"0x313ce567": (18).to_bytes(32, "big")})
    found = chain()
    assert found["state"] == "fault"
    assert "has 6 decimals here and its contract says 18" in found["text"]
    node.contract(MULTICALL3, {})
    assert "reverted" in chain()["text"]


def test_bundled_chains_are_asked_only_where_the_chains_are_a_source(look: Doctor) -> None:
    _, found, _ = look(NOBODY)
    assert not [area for area, _ in found if area == "chains"]
    nowhere = {
        f"PAPERTRADER_RPC_{key.upper().replace('-', '_')}": "http://127.0.0.1:9"
        for key in load_registry().chains
    }
    _, found, _ = look({**NOBODY, **nowhere, "PAPERTRADER_ONCHAIN_ON": "true"})
    states = {key: f["state"] for (area, key), f in found.items() if area == "chains"}
    assert states == dict.fromkeys(load_registry().chains, "fault")
