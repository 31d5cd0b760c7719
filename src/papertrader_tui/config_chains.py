"""`[chain.NAME]` and `[[token]]` of config.toml: nodes, chains of a person's own, and their tokens.

A section of a bundled chain adds to it; any other name is a chain of one's own and has to say
all that is needed. What is read here has the form of data/chains.toml (`ChainsSettings.facts`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from papertrader_tui import config_checks as check
from papertrader_tui.chain.url import NodeUrl
from papertrader_tui.chain_settings import ChainSettings, ChainsSettings, is_own
from papertrader_tui.config_checks import DOCS, Check
from papertrader_tui.config_values import ConfigError, did_you_mean
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.registry import chain_facts, load_registry

#: Comma-separated URLs of a chain's nodes: PAPERTRADER_RPC_BASE, PAPERTRADER_RPC_BASE_SEPOLIA.
ENV_RPC: Final = "PAPERTRADER_RPC_"
GAS_ORACLES: Final = ("eip-1559", "op-stack", "arbitrum", "fee-history")
MAX_DECIMALS: Final = 36

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")

_OF_ANY: Final[dict[str, Check]] = {
    "rpc": check.urls,
    "public": check.flag,
    "on": check.flag,
    "rpc_per_minute": check.whole(1, 1_000_000),
    "stale_s": check.whole(0, 86_400),
    "multicall3": check.address,
    "factory": check.factories,
    "feeds": check.feeds,
    "sequencer_feed": check.address,
}
_NEEDED: Final = (
    "chain_id", "native_symbol", "wrapped_native", "usdc", "block_ms", "multicall3",
)  # fmt: skip
_OF_OWN: Final[dict[str, Check]] = {
    "chain_id": check.whole(1, 2**53),
    "name": check.word(32),
    "native_symbol": check.word(12),
    "native_usd": check.number(Decimal("0.000001"), Decimal(1_000_000)),
    "wrapped_native": check.address,
    "usdc": check.address,
    "usdc_decimals": check.whole(0, MAX_DECIMALS),
    "block_ms": check.whole(50, 600_000),
    "gas_oracle": check.one_of(*GAS_ORACLES),
    "gas_price_wei": check.whole(0, 10**15),
    "public_mempool": check.flag,
}
_OF_TOKEN: Final[Mapping[str, Check]] = {
    "chain": check.word(32),
    "address": check.address,
    "symbol": check.word(20),
    "name": check.word(60),
    "decimals": check.whole(0, MAX_DECIMALS),
    "fee_bps": check.number(Decimal(0), Decimal(1_000)),
    "chainlink": check.pair,
}
_TOKEN_NEEDED: Final = ("chain", "address", "symbol", "decimals")


def read_chains(document: Mapping[str, Any], path: Path, env: Mapping[str, str]) -> ChainsSettings:
    """What a document and the environment set.

    Args:
        document: The whole of config.toml; only `chain` and `token` of it are looked at.
        path: Of that file, for messages.
        env: The environment.

    Raises:
        ConfigError: something is not allowed; the message says where, what, and what is.
    """
    tables, entries = document.get("chain", {}), document.get("token", [])
    if not tables and not entries and not any(name.startswith(ENV_RPC) for name in env):
        return ChainsSettings()
    if not isinstance(tables, Mapping):
        msg = f"{path}: chain has to be sections, written [chain.base]"
        raise ConfigError(msg)
    read = {key: _chain(key, table, path) for key, table in tables.items()}
    found = {key: one for key, one in read.items() if one != ChainSettings()}
    for key, urls, origin in _from_environment(env, {**load_registry().chains, **found}):
        found[key] = replace(found.get(key, ChainSettings()), rpc=urls, origin=origin)
    tokens, feeds = _tokens(entries, found, path)
    own = [t for key, one in found.items() for t in _usual_tokens(key, one, tokens)]
    return ChainsSettings(found, (*own, *tokens.values()), feeds)


# ---------------------------------------------------------------------- nodes


def _from_environment(
    env: Mapping[str, str], known: Iterable[str]
) -> list[tuple[str, tuple[NodeUrl, ...], str]]:
    by_variable = {ENV_RPC + key.upper().replace("-", "_"): key for key in known}
    found = []
    for variable, text in env.items():
        if not variable.startswith(ENV_RPC):
            continue
        if variable not in by_variable:
            hint = did_you_mean(variable, sorted(by_variable))
            msg = f"environment variable {variable} names no known chain; {hint}"
            raise ConfigError(msg)
        words = [word for word in text.split(",") if word.strip()]
        if words:
            where = f"environment variable {variable}"
            urls = check.urls(words, where)
            found.append((by_variable[variable], urls, f"environment ({variable})"))
    return found


# ---------------------------------------------------------------------- one chain


def _chain(key: str, table: object, path: Path) -> ChainSettings:
    where = f"{path}: [chain.{key}]"
    if not _NAME.fullmatch(key):
        msg = f"{where}: a chain's name is of a-z, 0-9 and -, beginning with a letter"
        raise ConfigError(msg)
    if not isinstance(table, Mapping):
        msg = f"{where} has to be a section"
        raise ConfigError(msg)
    bundled = not is_own(key)
    known = _OF_ANY if bundled else _OF_ANY | _OF_OWN
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            if bundled and name in _OF_OWN:
                msg = (
                    f"{where}: {name} of a bundled chain is what it is; give a chain of your own "
                    "another name"
                )
            else:
                msg = f"{where} has no setting {name!r}; {did_you_mean(name, known)}"
            raise ConfigError(msg)
        values[name] = known[name](value, f"{where} {name}")
    missing = [] if bundled else [name for name in _NEEDED if name not in values]
    if missing:
        msg = (
            f"{where} has no {missing[0]}; a chain of your own needs {', '.join(_NEEDED)} ({DOCS})"
        )
        raise ConfigError(msg)
    return ChainSettings(
        rpc=values.get("rpc", ()),
        public=values.get("public", False),
        on=values.get("on", True),
        rpc_per_minute=values.get("rpc_per_minute", 0),
        stale_s=values.get("stale_s"),
        facts=_facts(key, values, where, bundled=bundled),
        origin=str(path) if values.get("rpc") else "",
    )


def _facts(key: str, values: Mapping[str, Any], where: str, *, bundled: bool) -> dict[str, Any]:
    """The same in the form of data/chains.toml."""
    found = {name: values[name] for name in ("multicall3", "factory") if name in values}
    feeds: dict[str, tuple[str, int]] = values.get("feeds", {})
    if feeds:
        found["chainlink_usd"] = {pair: address for pair, (address, _) in feeds.items()}
        found["chainlink_heartbeat_s"] = {p: beat for p, (_, beat) in feeds.items() if beat}
    if "sequencer_feed" in values:
        found["chainlink_sequencer_uptime_feed"] = values["sequencer_feed"]
    if bundled:
        return found
    symbol = values["native_symbol"]
    found |= {
        "chain_id": values["chain_id"],
        "name": values.get("name", key),
        "testnet": False,
        "native_symbol": symbol,
        "wrapped_native": values["wrapped_native"],
        "usdc": values["usdc"],
        "usdc_decimals": values.get("usdc_decimals", 6),
        "block_ms": values["block_ms"],
        "explorer": "",
        "rpc_urls": [],
        "ids": {},
        "gas_oracle": {"kind": values.get("gas_oracle", "eip-1559")},
        "typical": {
            "gas_price_wei": values.get("gas_price_wei", 1_000_000_000),
            "swap_gas": 150_000,
            "l1_fee_wei": 0,
            "native_usd": str(values["native_usd"])
            if "native_usd" in values
            else _usual_price(symbol, where),
            "public_mempool": values.get("public_mempool", True),
        },
    }
    return found


def _usual_price(symbol: str, where: str) -> str:
    """What the native token is worth on a bundled chain that has the same."""
    for chain in load_registry().chains.values():
        if chain.native_symbol == symbol:
            return str(chain.native_usd)
    msg = f"{where} has no native_usd: what is one {symbol} worth, where no price of it is known?"
    raise ConfigError(msg)


# ---------------------------------------------------------------------- tokens


def _usual_tokens(
    key: str, chain: ChainSettings, tokens: Mapping[TokenId, Token]
) -> Iterable[Token]:
    """USDC and the wrapped native token of an own chain, where [[token]] does not name them."""
    if not is_own(key):
        return
    facts = chain.facts
    symbol = facts["native_symbol"]
    for address, decimals, label, name in (
        (facts["usdc"], facts["usdc_decimals"], "USDC", "USD Coin"),
        (facts["wrapped_native"], 18, f"W{symbol}", f"Wrapped {symbol}"),
    ):
        ident = f"{key}:{address.lower()}"
        if ident not in tokens:
            yield Token(ident, label, name, key, decimals)


def _tokens(
    entries: object, chains: Mapping[str, ChainSettings], path: Path
) -> tuple[dict[TokenId, Token], dict[TokenId, tuple[str, str]]]:
    if not isinstance(entries, list):
        msg = f"{path}: token has to be sections, written [[token]]"
        raise ConfigError(msg)
    bundled = load_registry()
    tokens: dict[TokenId, Token] = {}
    feeds: dict[TokenId, tuple[str, str]] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{path}: [[token]] {number}"
        values = check.values_of(entry, _OF_TOKEN, _TOKEN_NEEDED, where)
        chain = values["chain"]
        if chain not in bundled.chains and chain not in chains:
            known = [*bundled.chains, *chains]
            msg = f"{where}: chain {chain!r} is not known; {did_you_mean(chain, known)}"
            raise ConfigError(msg)
        ident = f"{chain}:{values['address'].lower()}"
        if ident in bundled.tokens or ident in tokens:
            msg = f"{where}: {ident} is known already; take it out"
            raise ConfigError(msg)
        symbol = values["symbol"]
        name = values.get("name", symbol)
        fee = values.get("fee_bps", Decimal(30))
        tokens[ident] = Token(ident, symbol, name, chain, values["decimals"], fee)
        if "chainlink" in values:
            feeds[ident] = _feed_named(values["chainlink"], chain, chains, where)
    return tokens, feeds


def _feed_named(
    pair: str, chain: str, chains: Mapping[str, ChainSettings], where: str
) -> tuple[str, str]:
    own = chains[chain].facts if chain in chains else {}
    bundled = {} if is_own(chain) else chain_facts(chain)
    feeds = {**bundled.get("chainlink_usd", {}), **own.get("chainlink_usd", {})}
    if pair not in feeds:
        hint = did_you_mean(pair, feeds) if feeds else "there are none"
        msg = (
            f"{where}: chainlink = {pair!r} is no feed of {chain} ({hint}); name its address in "
            f"[chain.{chain}.feeds]"
        )
        raise ConfigError(msg)
    return pair, str(feeds[pair])
