"""Events a second beside other event-driven backtesters, on one tape in one run.

The work is not the same, and that is the point of reading the notes: the peers cross two float
averages and nothing else, while papertrader runs its whole bot on exact books.  Each peer runs
in an environment of its own, made here once; one that cannot be installed is left out, and the
notes say why.  Seconds are those of the processor, since the runs are long and whatever else a
machine does would hit one more than the other.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from benchmarks.children import environment
from benchmarks.figures import Figure, interleaved, medians
from benchmarks.tape_events import Outcome, bare, in_memory, journaled
from benchmarks.tapes import write_candles

#: Package as it is pinned, and its program.
PEERS: Mapping[str, tuple[str, str]] = {
    "backtesting.py": ("backtesting==0.6.6", "with_backtesting.py"),
    "nautilus_trader": ("nautilus_trader==1.221.0", "with_nautilus.py"),
}
PROGRAMS = Path(__file__).parent / "peer_programs"
#: Seconds that installing one, or one run of it, may take.
LONGEST = 900.0
LEVEL = 7


class Unavailable(RuntimeError):
    """A peer cannot be run here; the message says why."""


def interpreter(name: str, *, install: bool) -> Path:
    """The Python of a peer's environment, beside our own interpreter's files.

    Args:
        name: Of `PEERS`.
        install: Make the environment if there is none.

    Raises:
        Unavailable: there is none, or it cannot be made.
    """
    home = Path(sys.prefix, "peers", name)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = home / "installed"
    package = PEERS[name][0]
    if done.exists() and done.read_text() == package:
        return python
    if not install:
        raise Unavailable("not installed; the benchmark at its full size does it")
    print(f"benchmarks: installing {package} …", file=sys.stderr, flush=True)
    venv.create(home, with_pip=True, clear=True)
    command = [str(python), "-m", "pip", "install", "--quiet", package]
    try:
        found = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unavailable("installing it took too long") from None
    if found.returncode:
        why = found.stderr.strip().splitlines() or ["pip failed"]
        raise Unavailable(f"it cannot be installed: {why[-1][:160]}")
    done.write_text(package)
    return python


class Peer:
    """One peer on one tape.

    Attributes:
        told: What its program said of the last run.
    """

    def __init__(self, name: str, folder: Path, tape: Path, *, install: bool) -> None:
        self._command = [
            str(interpreter(name, install=install)), str(PROGRAMS / PEERS[name][1]), str(tape),
        ]  # fmt: skip
        self._folder = folder
        self._name = name
        self.told: dict[str, float] = {}

    def seconds(self) -> float:
        """Run it once: processor seconds from the file to the final equity.

        Raises:
            RuntimeError: it failed, or traded nothing.
        """
        done = subprocess.run(
            self._command, capture_output=True, text=True, timeout=LONGEST, check=False,
            env=environment(self._folder),
        )  # fmt: skip
        if done.returncode:
            msg = f"{self._name} ended with exit code {done.returncode}: {done.stderr[-800:]}"
            raise RuntimeError(msg)
        self.told = json.loads(done.stdout.splitlines()[-1])
        if not self.told["trades"]:
            msg = f"{self._name} traded nothing: {self.told}"
            raise RuntimeError(msg)
        return self.told["read"] + self.told["seconds"]


def run(rows: int = 500_000, rounds: int = 3, *, install: bool = True) -> list[Figure]:
    """Measure."""
    with TemporaryDirectory(prefix="papertrader-bench-") as name:
        folder = Path(name)
        tape = write_candles(folder / "tape.csv", rows)
        peers: dict[str, Peer] = {}
        absent = []
        for peer in PEERS:
            try:
                peers[peer] = Peer(peer, folder, tape, install=install)
            except Unavailable as why:
                absent.append(f"{peer} is left out: {why}")
        outcomes: dict[str, Outcome] = {}
        fresh = count(1)

        def ours(way: str) -> float:
            if way == "in memory":
                outcomes[way] = in_memory(tape, LEVEL)
            else:
                outcomes[way] = journaled(tape, LEVEL, folder / f"data{next(fresh)}")
            return outcomes[way].processor

        def floats() -> float:
            start = process_time()
            bare(tape)
            return process_time() - start

        works: dict[str, Callable[[], float]] = {"bare loop: csv module, float EMA cross": floats}
        works |= {key: peer.seconds for key, peer in peers.items()}
        works |= {way: partial(ours, way) for way in ("in memory", "journaled")}
        seconds = medians(interleaved(rounds, works))
    return [
        Figure(
            name=f"papertrader {way}, bot on at level {LEVEL}, beside {base.partition(':')[0]}",
            value=rows / seconds[way],
            unit="candles/s",
            baseline=base,
            base=rows / seconds[base],
            note=_note(outcome, peers.get(base), absent),
        )
        for way, outcome in outcomes.items()
        for base in seconds
        if base not in outcomes
    ]


def _note(outcome: Outcome, peer: Peer | None, absent: list[str]) -> str:
    """What was done on either side."""
    work = (
        f"a decision at every bar, exact books, {outcome.trades} fills with their costs, "
        f"{outcome.decisions:,} decisions kept and followed"
    )
    parts = [work]
    if peer is not None:
        told = peer.told
        parts.append(
            f"the peer: floats, no costs, {told['trades']:,.0f} round trips of an EMA cross, "
            f"{told['read']:.1f} s of {told['read'] + told['seconds']:.1f} s reading"
        )
    return "; ".join(parts + absent)
