"""Nodes, chains and tokens of one's own: what follows from them, and what a refusal says."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui import config, config_chains
from papertrader_tui.chain.endpoints import open_multicall, open_rpc, urls_of
from papertrader_tui.chain.factories import factories_of
from papertrader_tui.chain.fees import fee_reader
from papertrader_tui.cli import main
from papertrader_tui.config_options import ConfigError
from papertrader_tui.registry import chain_facts, load_registry

KEY = "abcdef0123456789abcdef"
LOCAL = """
[chain.local]
chain_id = 31337
native_symbol = "ETH"
wrapped_native = "0x00000000000000000000000000000000000000AA"
usdc = "0x00000000000000000000000000000000000000bb"
block_ms = 2000
multicall3 = "0x00000000000000000000000000000000000000cc"
rpc = ["http://127.0.0.1:8545"]
stale_s = 0

[[chain.local.factory]]
kind = "v2"
address = "0x00000000000000000000000000000000000000D2"
fees = [2500]

[[chain.local.factory]]
kind = "v3"
address = "0x00000000000000000000000000000000000000d3"
name = "uniswap v3"
fees = [500, 3000]

[chain.local.feeds]
"USDC/USD" = "0x00000000000000000000000000000000000000f1"
"ETH/USD" = { address = "0x00000000000000000000000000000000000000f2", heartbeat_s = 3600 }

[[token]]
chain = "local"
address = "0x00000000000000000000000000000000000000EE"
symbol = "TOK"
decimals = 9
chainlink = "ETH/USD"
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PAPERTRADER_DATA_DIR", str(tmp_path / "data"))


def read(folder: Path, text: str, **env: str) -> config.Settings:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(config=str(path), env=env).settings


def hosts(settings: config.Settings, key: str) -> list[str]:
    return [url.host for url in urls_of(settings.chains, key)]


def test_nothing_set_is_what_is_bundled(tmp_path: Path) -> None:
    chains = read(tmp_path, "").chains
    assert chains.registry() is load_registry()
    assert chains.facts("base") == chain_facts("base")
    for key in load_registry().chains:
        rpc = open_rpc(chains, key)
        assert rpc is not None
        assert rpc.chain_id == load_registry().chains[key].chain_id
        assert open_multicall(chains, key) is not None
        usdc = chains.usdc(key)
        assert usdc is not None
        assert load_registry().tokens[usdc].symbol == "USDC"
        assert [factory.kind for factory in factories_of(chains.facts(key))][:2] == ["v2", "v3"]


def test_a_chain_of_ones_own_is_traded_like_any_other(tmp_path: Path) -> None:
    chains = read(tmp_path, LOCAL).chains
    registry = chains.registry()
    assert set(registry.chains) == {*load_registry().chains, "local"}
    local = registry.chains["local"]
    assert (local.chain_id, local.block_ms, local.native_symbol) == (31337, 2000, "ETH")
    assert local.native_usd == registry.chains["ethereum"].native_usd
    assert registry.find("TOK").id == "local:0x00000000000000000000000000000000000000ee"
    assert registry.find("TOK").decimals == 9
    assert registry.find("USDC@local").decimals == 6
    assert registry.find("WETH@local").id == local.wrapped_native
    assert chains.usdc("local") == registry.find("USDC@local").id
    facts = chains.facts("local")
    v2, v3 = factories_of(facts)
    assert (v2.kind, v2.address[-2:], v2.tiers, v2.venue) == ("v2", "d2", (2500,), "own v2")
    assert (v3.kind, v3.tiers, v3.venue) == ("v3", (500, 3000), "uniswap v3")
    assert fee_reader(facts).kind == "eip-1559"
    assert facts["chainlink_heartbeat_s"] == {"ETH/USD": 3600}
    assert chains.feed_of(registry.find("TOK").id) == (
        "ETH/USD", "0x00000000000000000000000000000000000000f2",
    )  # fmt: skip
    assert hosts(read(tmp_path, LOCAL), "local") == ["127.0.0.1:8545"]


def test_own_tokens_may_name_usdc_and_the_native_token_themselves(tmp_path: Path) -> None:
    more = """
[[token]]
chain = "local"
address = "0x00000000000000000000000000000000000000bb"
symbol = "mUSDC"
decimals = 18
"""
    registry = read(tmp_path, LOCAL + more).chains.registry()
    assert registry.find("mUSDC@local").decimals == 18
    assert [t.symbol for t in registry.tokens.values() if t.chain == "local"].count("USDC") == 0


def test_own_nodes_are_asked_alone_unless_told_otherwise(tmp_path: Path) -> None:
    own = f'[chain.base]\nrpc = ["https://mine.example.org/v2/{KEY}"]\n'
    assert hosts(read(tmp_path, own), "base") == ["mine.example.org"]
    both = hosts(read(tmp_path, own + "public = true\n"), "base")
    assert both[0] == "mine.example.org"
    assert both[1:] == hosts(read(tmp_path, ""), "base")
    off = read(tmp_path, own + "on = false\n")
    assert urls_of(off.chains, "base") == ()
    assert open_rpc(off.chains, "base") is None


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    text = '[chain.base-sepolia]\nrpc = ["https://file.example.org"]\nstale_s = 7\n'
    urls = f"https://one.example.org/{KEY}, https://two.example.org"
    settings = read(tmp_path, text, PAPERTRADER_RPC_BASE_SEPOLIA=urls)
    assert hosts(settings, "base-sepolia") == ["one.example.org", "two.example.org"]
    chain = settings.chains.of("base-sepolia")
    assert chain.stale_s == 7
    assert chain.origin == "environment (PAPERTRADER_RPC_BASE_SEPOLIA)"
    assert hosts(read(tmp_path, LOCAL, PAPERTRADER_RPC_LOCAL="http://h:1"), "local") == ["h:1"]
    assert hosts(read(tmp_path, text, PAPERTRADER_RPC_BASE_SEPOLIA=""), "base-sepolia") == [
        "file.example.org"
    ]


def test_a_bundled_chain_may_have_more_feeds_and_factories(tmp_path: Path) -> None:
    text = """
[chain.base]
[[chain.base.factory]]
kind = "slipstream"
address = "0x00000000000000000000000000000000000000d4"
[chain.base.feeds]
"DEGEN/USD" = "0x00000000000000000000000000000000000000f3"
"""
    facts = read(tmp_path, text).chains.facts("base")
    assert facts["chainlink_usd"]["ETH/USD"] == chain_facts("base")["chainlink_usd"]["ETH/USD"]
    assert facts["chainlink_usd"]["DEGEN/USD"].endswith("f3")
    assert factories_of(facts)[-1].kind == "slipstream"
    assert len(factories_of(facts)) == len(factories_of(chain_facts("base"))) + 1


TOKEN = '[[token]]\nchain = "base"\naddress = "0x{}"\nsymbol = "X"\ndecimals = {}\n'


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("chain = 1\n", ["chain has to be sections"]),
        ("chain.base = 1\n", ["[chain.base] has to be a section"]),
        ("[chain.Base]\non = true\n", ["[chain.Base]", "a-z, 0-9 and -"]),
        ("[chain.base]\nrcp = []\n", ["[chain.base] has no setting 'rcp'", "did you mean 'rpc'?"]),
        ("[chain.base]\nchain_id = 1\n", ["chain_id of a bundled chain", "another name"]),
        ("[chain.mine]\nchain_id = 5\n", ["has no native_symbol", "docs/chains.md"]),
        ('[chain.base]\nrpc = ["wss://x/y"]\n', ["rpc: URL 1", "instead of its ws"]),
        ("[chain.base]\nrpc = [1]\n", ["rpc: expected URLs of nodes"]),
        ("[chain.base]\non = 1\n", ["[chain.base] on = 1", "true or false"]),
        ("[chain.base]\nstale_s = -1\n", ["stale_s = -1", "from 0 to 86400"]),
        ("[chain.base]\nmulticall3 = '0x12'\n", ["multicall3", "40 hexadecimal digits"]),
        ("[chain.base.feeds]\neth = '0x'\n", ["feeds", 'a pair like "ETH/USD"']),
        ('[chain.base.feeds]\n"A/USD" = {}\n', ["feeds.A/USD has no address"]),
        ("[[chain.base.factory]]\nkind = 'v4'\n", ["factory 1 has no address"]),
        (
            f"[[chain.base.factory]]\nkind = 'v4'\naddress = '0x{'0' * 40}'\n",
            ["factory 1 kind = 'v4'", "one of v2, v3, slipstream"],
        ),
        (
            f"[[chain.base.factory]]\nkind = 'v2'\naddress = '0x{'0' * 40}'\nfees = [1, 2]\n",
            ["factory 1 fees", "the one fee of a v2 factory"],
        ),
        ("token = 1\n", ["token has to be sections, written [[token]]"]),
        ("[[token]]\nchain = 'base'\n", ["[[token]] 1 has no address", "it needs chain, address"]),
        (TOKEN.format("0" * 40, 37), ["[[token]] 1 decimals = 37", "from 0 to 36"]),
        (
            TOKEN.format("0" * 40, 6).replace("base", "bass"),
            ["chain 'bass' is not known", "did you mean 'base'?"],
        ),
        (TOKEN.format("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", 6), ["is known already"]),
        (TOKEN.format("0" * 40, 6) * 2, ["[[token]] 2", "is known already"]),
        (TOKEN.format("0" * 40, 6) + 'symbo = "Y"\n', ["'symbo'", "did you mean 'symbol'?"]),
        (TOKEN.format("0" * 40, 6).replace('"X"', '"\\u001b[1m"'), ["symbol", "printable"]),
        (
            TOKEN.format("0" * 40, 6) + 'chainlink = "XYZ/USD"\n',
            ["chainlink = 'XYZ/USD' is no feed of base", "[chain.base.feeds]"],
        ),
        (LOCAL.replace('"ETH"', '"FOO"'), ["has no native_usd", "one FOO"]),
        (LOCAL.replace("block_ms = 2000", "block_ms = 0"), ["block_ms = 0", "from 50"]),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_the_remedy(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    said = str(caught.value)
    assert said.startswith(str(tmp_path / "config.toml"))
    for part in parts:
        assert part in said
    assert said.isprintable()


def test_a_misspelt_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'PAPERTRADER_RPC_BASE'"):
        read(tmp_path, "", PAPERTRADER_RPC_BAES="http://x")


def test_no_url_is_ever_repeated(tmp_path: Path) -> None:
    for url in (f"ftp://x/{KEY}", f"https://x/{KEY} {KEY}", f"wss://x/{KEY}"):
        with pytest.raises(ConfigError) as caught:
            read(tmp_path, f'[chain.base]\nrpc = ["{url}"]\n')
        assert KEY not in str(caught.value)
        with pytest.raises(ConfigError) as caught:
            read(tmp_path, "", PAPERTRADER_RPC_BASE=url)
        assert KEY not in str(caught.value)
    settings = read(tmp_path, f'[chain.base]\nrpc = ["https://x.example.org/{KEY}"]\n')
    assert KEY not in repr(settings)


def test_config_show_names_hosts_and_a_refusal_exits_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(LOCAL.replace("127.0.0.1:8545", f"127.0.0.1:8545/{KEY}"), encoding="utf-8")
    monkeypatch.setenv("PAPERTRADER_RPC_BASE", f"https://mine.example.org/{KEY}")
    assert main(["--config", str(path), "config", "show"]) == 0
    text = capsys.readouterr().out
    assert 'rpc = ["127.0.0.1:8545"]' in text
    assert "# environment (PAPERTRADER_RPC_BASE)" in text
    assert "TOK, 9 decimals" in text
    assert main(["--config", str(path), "config", "show", "--json"]) == 0
    out = capsys.readouterr().out
    shown = json.loads(out)["chains"]
    assert shown["base"]["rpc"] == ["mine.example.org"]
    assert shown["local"]["chain_id"] == 31337
    assert KEY not in text + out
    path.write_text("[chain.local]\nchain_id = 1\n", encoding="utf-8")
    assert main(["--config", str(path), "config", "show"]) == 2
    assert "a chain of your own needs chain_id" in capsys.readouterr().err


def test_own_tokens_are_listed_and_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(LOCAL, encoding="utf-8")
    assert main(["--config", str(path), "token", "add", "TOK@local", "--list", "mine"]) == 0
    assert "is on the watchlist mine" in capsys.readouterr().out
    assert main(["--config", str(path), "token", "list", "--list", "mine"]) == 0
    assert "TOK" in capsys.readouterr().out
    assert main(["--config", str(path), "token", "search", "tok", "--offline"]) == 0
    assert "local:0x00000000000000000000000000000000000000ee" in capsys.readouterr().out


def test_the_examples_in_the_docs_are_allowed(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "chains.md").read_text(encoding="utf-8")
    nodes, local = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert hosts(read(tmp_path, nodes), "base")[:2] == ["host", "second.example.org"]
    chains = read(tmp_path, local).chains
    assert chains.registry().find("TOK").chain == "local"
    assert [factory.kind for factory in factories_of(chains.facts("local"))] == ["v2", "v3"]
    table = text[text.index("| `[chain.NAME]` |") :]
    listed = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert listed == {*config_chains._OF_OWN, "multicall3", "rpc", "sequencer_feed"}


def test_prices_of_the_native_token_are_decimals(tmp_path: Path) -> None:
    text = LOCAL.replace('"ETH"\n', '"FOO"\nnative_usd = 1.25\n')
    assert read(tmp_path, text).chains.registry().chains["local"].native_usd == Decimal("1.25")
