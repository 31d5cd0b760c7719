"""Which nodes of a chain are asked: one's own from config.toml or the environment, else bundled."""

from __future__ import annotations

from dataclasses import replace

from papertrader_tui.chain.multicall import Multicall
from papertrader_tui.chain.rpc import Rpc, RpcSettings
from papertrader_tui.chain.url import NodeUrl
from papertrader_tui.chain_settings import ChainsSettings


def urls_of(chains: ChainsSettings, key: str) -> tuple[NodeUrl, ...]:
    """The nodes of a chain, the preferred one first; () where none is known or they are off.

    Own ones are asked alone, unless `public = true` adds the bundled ones after them.

    Raises:
        KeyError: no such chain.
    """
    told = chains.of(key)
    if not told.on:
        return ()
    bundled = tuple(NodeUrl(url) for url in chains.facts(key).get("rpc_urls", ()))
    if not told.rpc:
        return bundled
    return tuple(dict.fromkeys(told.rpc + bundled)) if told.public else told.rpc


def open_rpc(chains: ChainsSettings, key: str, settings: RpcSettings | None = None) -> Rpc | None:
    """A chain's nodes, None where none is asked; nothing is sent yet.

    Raises:
        KeyError: no such chain.
    """
    urls = urls_of(chains, key)
    if not urls:
        return None
    told, facts = chains.of(key), chains.facts(key)
    settings = settings or RpcSettings()
    if told.rpc_per_minute:
        settings = replace(settings, per_minute=float(told.rpc_per_minute))
    return Rpc(
        key, facts["chain_id"], urls, block_ms=facts["block_ms"],
        stale_ms=None if told.stale_s is None else told.stale_s * 1_000, settings=settings,
    )  # fmt: skip


def open_multicall(
    chains: ChainsSettings, key: str, settings: RpcSettings | None = None
) -> Multicall | None:
    """The same as a Multicall3 over them.

    Raises:
        KeyError: no such chain.
    """
    rpc = open_rpc(chains, key, settings)
    return None if rpc is None else Multicall(rpc, str(chains.facts(key)["multicall3"]).lower())
