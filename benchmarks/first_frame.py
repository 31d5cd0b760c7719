"""How long a person waits for the first complete frame of the console, everything warm."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.children import environment
from benchmarks.figures import Figure, interleaved, percentile
from benchmarks.terminal import Screen, running

LIMIT = 60.0
_NOTE = "warm: the account exists and files are cached; min and median of the same rounds"


def console(folder: Path) -> float:
    """Seconds from exec until status line, watchlist and footer of the Desk are all drawn."""
    words = [sys.executable, "-m", "papertrader_tui", "--market", "demo"]
    with running([*words, "--data-dir", str(folder / "data")], environment(folder)) as terminal:
        return terminal.wait_for(_complete, Screen(), LIMIT) - terminal.started


def minimal(folder: Path) -> float:
    """The same for an application of one line."""
    with running([sys.executable, "-m", "benchmarks.idle_app"], environment(folder)) as terminal:
        shown = terminal.wait_for(lambda screen: "at T000 now" in screen, Screen(), LIMIT)
        return shown - terminal.started


def imports(folder: Path) -> float:
    """Seconds that it takes to start Python and import Textual."""
    words = [sys.executable, "-c", "import textual.app"]
    start = perf_counter()
    subprocess.run(words, check=True, env=environment(folder))
    return perf_counter() - start


def run(rounds: int = 10, *, warm: bool = True) -> list[Figure]:
    """Measure; `warm` starts each program once before."""
    with TemporaryDirectory(prefix="papertrader-bench-") as folder:
        works = {
            name: partial(work, Path(folder))
            for name, work in (("console", console), ("minimal", minimal), ("imports", imports))
        }
        for work in works.values() if warm else ():
            work()  # makes the account and warms the caches
        found = interleaved(rounds, works)
    figures: list[Figure] = []
    for way, pick in (("median", partial(percentile, percent=50)), ("min", min)):
        for name, baseline in (
            ("minimal", "first frame of a one-line Textual application"),
            ("imports", 'python -c "import textual.app"'),
        ):
            figures.append(
                Figure(
                    name=f"first frame of the Desk, {way}",
                    value=1_000 * pick(found["console"]),
                    unit="ms",
                    baseline=baseline,
                    base=1_000 * pick(found[name]),
                    note=_NOTE if not figures else "",
                )
            )
    return figures


def _complete(screen: Screen) -> bool:
    lines = screen.lines
    return "equity" in lines[0] and "WETH" in screen and "Quit" in lines[-1]
