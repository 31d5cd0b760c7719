"""What `papertrader doctor` looks at on chains: nodes, and the contracts that prices rest on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from papertrader_tui.chain.endpoints import open_multicall
from papertrader_tui.chain.erc20 import disagreement, read_metadata
from papertrader_tui.chain.errors import Fault, RpcError
from papertrader_tui.chain.multicall import Multicall
from papertrader_tui.chain.rpc import EndpointHealth, RpcSettings
from papertrader_tui.chain_settings import ChainsSettings, is_own
from papertrader_tui.domain.tokens import Token
from papertrader_tui.findings import FAULT, NOTE, OK, WARNING, Finding

#: Seconds for an answer of a node.
DEADLINE = 5.0


async def chains(settings: ChainsSettings, *, bundled: bool) -> list[Finding]:
    """Ask the nodes of chains, all at once.

    Args:
        settings: Chains and nodes that were set.
        bundled: Ask those of the bundled chains too, of which nothing is set.
    """
    keys = [k for k in settings.registry().chains if bundled or k in settings.by_key]
    return list(await asyncio.gather(*(_chain(settings, key) for key in keys)))


async def _chain(settings: ChainsSettings, key: str) -> Finding:
    multicall = open_multicall(settings, key, RpcSettings(deadline=DEADLINE))
    if multicall is None:
        if not settings.of(key).on:
            return Finding("chains", key, NOTE, "switched off")
        remedy = f'set rpc = ["https://…"] in [chain.{key}]'
        return Finding("chains", key, WARNING, "no node is known: no on-chain prices", remedy)
    try:
        return await _asked(settings, key, multicall)
    finally:
        await multicall.rpc.close()


async def _asked(settings: ChainsSettings, key: str, multicall: Multicall) -> Finding:
    health = await multicall.rpc.survey()
    own = bool(settings.of(key).rpc) or is_own(key)
    good = [one for one in health if one.state == "ok" and one.head is not None]
    wrong = "; ".join(one.reason for one in health if one.reason)
    if not good:
        state = FAULT if own else WARNING
        return Finding("chains", key, state, wrong, _remedy(key, health, own=own), {"nodes_up": 0})
    best = good[0]
    assert best.head is not None
    age = max(0, time.time_ns() // 1_000_000 - best.head.time) / 1_000
    figures: dict[str, str | int | float | bool] = {
        "chain_id": multicall.rpc.chain_id,
        "block": best.head.number,
        "block_age_s": round(age, 1),
        "latency_ms": round(best.latency_ms or 0.0, 1),
        "nodes_up": len(good),
        "nodes": len(health),
    }
    text = (
        f"chain {multicall.rpc.chain_id}, block {best.head.number:,}, {age:,.0f} s old, by "
        f"{best.host} in {best.latency_ms or 0:,.0f} ms; {len(good)} of {len(health)} nodes up"
    )
    fault = await _contracts(settings, key, multicall, best.head.number)
    if fault:
        state = FAULT if own else WARNING
        return Finding("chains", key, state, fault, f"correct [chain.{key}] or its node", figures)
    if wrong and own:
        return Finding("chains", key, WARNING, f"{text}; {wrong}", _remedy(key, health), figures)
    return Finding("chains", key, OK, text, "", figures)


async def _contracts(settings: ChainsSettings, key: str, multicall: Multicall, block: int) -> str:
    """What is wrong with the contracts that prices on a chain rest on, "" if nothing."""
    registry = settings.registry()
    wanted: list[Token] = [t for t in settings.tokens if t.chain == key]
    for ident in (settings.usdc(key), registry.chains[key].wrapped_native):
        token = registry.tokens.get(ident or "")
        if token is not None and token not in wanted:
            wanted.append(token)
    try:
        said = await read_metadata(multicall, [token.address for token in wanted], block)
    except RpcError as error:
        return str(error)
    faults = [(token, disagreement(token, said[token.address])) for token in wanted]
    return "; ".join(f"{token.label}: {fault}" for token, fault in faults if fault)


def _remedy(key: str, health: Sequence[EndpointHealth], *, own: bool = True) -> str:
    states = {one.state for one in health}
    kinds = {kind for one in health for kind in one.errors}
    variable = f"PAPERTRADER_RPC_{key.upper().replace('-', '_')}"
    if Fault.WRONG_CHAIN.value in states:
        return f"correct rpc in [chain.{key}] or {variable}: a URL of this chain"
    if Fault.UNAUTHORIZED.value in kinds:
        return f"check the key in the URL, in [chain.{key}] rpc or {variable}"
    if Fault.STALE.value in states:
        return (
            "the node is syncing, or this machine's clock is wrong; a chain that mines on demand "
            "has stale_s = 0"
        )
    if own:
        return "is the node running? check its URL, the network and HTTPS_PROXY"
    return f"check the network and HTTPS_PROXY, or set a node of your own: {variable}=https://…"
