"""`python -m benchmarks [NAME…]`: run benchmarks and print their figures."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Mapping

from benchmarks import (
    block_news,
    console,
    fill_latency,
    first_frame,
    memory,
    node_load,
    peers,
    quotes,
    replays,
    tape_events,
)
from benchmarks.figures import Figure, table

BENCHMARKS: Mapping[str, Callable[[], list[Figure]]] = {
    "tape_events": tape_events.run,
    "first_frame": first_frame.run,
    "console": console.run,
    "fill_latency": fill_latency.run,
    "memory": memory.run,
    "quotes": quotes.run,
    "block_news": block_news.run,
    "node_load": node_load.run,
    "peers": peers.run,
    "replays": replays.run,
    "long_tape": replays.memory,
}
#: The same at a size that takes seconds, to try them out: their figures mean little.
QUICK: Mapping[str, Callable[[], list[Figure]]] = {
    "tape_events": lambda: tape_events.run(rows=6_000, rounds=1, levels=(9,)),
    "peers": lambda: peers.run(rows=6_000, rounds=1, install=False),
    "first_frame": lambda: first_frame.run(rounds=1, warm=False),
    "console": lambda: console.run(seconds=0.3, keys=5, tokens=30),
    "fill_latency": lambda: fill_latency.run(orders=10),
    "memory": lambda: memory.run(days=(), rows=(2_000,)),
    "quotes": lambda: quotes.run(count=500, rounds=1),
    "block_news": lambda: block_news.run(blocks=5, rounds=1),
    "replays": lambda: replays.run(rows=4_000, rounds=1),
    "long_tape": lambda: replays.memory(rows=(4_000,)),
    "node_load": lambda: node_load.run(rounds=1),
}


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)} (default: all)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="try them out at a small size")
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    chosen = QUICK if arguments.quick else BENCHMARKS
    results: dict[str, list[Figure]] = {}
    for name in arguments.names or BENCHMARKS:
        print(f"benchmarks: {name} …", file=sys.stderr, flush=True)
        results[name] = chosen[name]()
        if not arguments.json:
            print(f"\n{name}\n\n{table(results[name])}\n", flush=True)
    if arguments.json:
        plain = {name: [figure.plain() for figure in found] for name, found in results.items()}
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        print(json.dumps({**machine, "figures": plain}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
