"""papertrader as a process on the kit's market: what its config.toml says, and how it is run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.headless_process import environment

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket

_SERVICES = ("ALCHEMY", "COINGECKO", "DEXSCREENER", "GECKOTERMINAL", "DEFILLAMA")
#: No price but the chain's own.
ENV = {f"PAPERTRADER_{name}_ON": "false" for name in _SERVICES}


def write_config(market: ChainMarket, folder: Path, *tokens: str, **feed: float) -> Path:
    """A config.toml with the kit's chain `local`, and the tokens of these keys."""
    at = market.addresses
    settings = {"ttl": 5, "poll": 0.2, "probe": 30, **feed}
    lines = ["[feed]", *(f"{name} = {value}" for name, value in settings.items())]
    lines += [
        "[chain.local]",
        "chain_id = 31337",
        'name = "Local"',
        'native_symbol = "ETH"',
        f'wrapped_native = "{at.weth}"',
        f'usdc = "{at.usdc}"',
        "block_ms = 1000",
        "public_mempool = true",
        "stale_s = 0",
        f'multicall3 = "{at.multicall3}"',
        f'rpc = ["{market.rpc_url}"]',
    ]
    for kind, address in (("v2", at.factory_v2), ("v3", at.factory_v3)):
        lines += ["[[chain.local.factory]]", f'kind = "{kind}"', f'address = "{address}"']
        lines += [f'name = "uniswap {kind}"']
    for key in tokens:
        token = market.tokens[key]
        lines += ["[[token]]", 'chain = "local"', f'address = "{token.address}"']
        lines += [f'symbol = "{key.upper()}"', f"decimals = {token.decimals}"]
    path = folder / "config.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def papertrader(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "papertrader_tui", "--config", str(config), *words],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env=environment(config.parent / "data", **ENV),
    )  # fmt: skip


def answered(config: Path, *words: str) -> dict[str, Any]:
    """What a command that went well printed as JSON."""
    done = papertrader(config, *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
