"""How long the event loop stands still while the first question to a node loads web3.

Each sample is a program of its own, since a library loads once: it looks at its loop every
millisecond or two and asks a node that refuses, so that nothing but loading takes its time.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.children import environment
from benchmarks.figures import Figure, interleaved, medians
from papertrader_tui.chain.errors import RpcError
from papertrader_tui.chain.rpc import Rpc

#: Seconds between two looks at the loop.
EVERY = 0.002
#: A port of this machine that refuses.
NOWHERE = "http://127.0.0.1:9"


async def _lags(into: list[float]) -> None:
    while True:
        due = perf_counter() + EVERY
        await asyncio.sleep(EVERY)
        into.append(perf_counter() - due)


async def _child(how: str) -> dict[str, float]:
    """Longest and second stall, and seconds until the node was asked."""
    lags: list[float] = []
    looking = asyncio.create_task(_lags(lags))
    await asyncio.sleep(0.05)
    lags.clear()
    start = perf_counter()
    if how == "loop":
        importlib.import_module("papertrader_tui.chain.provider")
    rpc = Rpc("base", 8453, [NOWHERE])
    with suppress(RpcError):
        await rpc.head()
    took = perf_counter() - start
    await asyncio.sleep(0.01)
    looking.cancel()
    if not rpc.health()[0].errors:
        msg = "the node was not asked"
        raise RuntimeError(msg)
    await rpc.close()
    return {"longest": max(lags), "seconds": took}


def sample(how: str, folder: Path) -> dict[str, float]:
    """One program that loads it in a `thread`, as papertrader does, or on the `loop`."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.node_load", how],
        env=environment(folder), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        msg = f"the program that loads web3 failed:\n{done.stderr}"
        raise RuntimeError(msg)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def run(rounds: int = 5) -> list[Figure]:
    """Measure."""
    seconds: dict[str, list[float]] = {"thread": [], "loop": []}

    def longest(how: str, folder: Path) -> float:
        found = sample(how, folder)
        seconds[how].append(found["seconds"])
        return 1_000 * found["longest"]

    with TemporaryDirectory(prefix="papertrader-bench-") as name:
        folder = Path(name)
        sample("thread", folder)  # compiled modules are written once
        works = {how: lambda how=how: longest(how, folder) for how in ("thread", "loop")}
        stall = medians(interleaved(rounds, works))
    took = medians(seconds)
    return [
        Figure(
            "longest stall of the event loop while web3 loads", stall["thread"], "ms",
            "imported on the event loop", stall["loop"], f"median of {rounds} programs",
        ),
        Figure(
            "first question to a node, web3 loaded for it", 1_000 * took["thread"], "ms",
            "imported on the event loop", 1_000 * took["loop"],
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_child(sys.argv[1]))))
