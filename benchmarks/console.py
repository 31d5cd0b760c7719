"""What the Desk costs and how fast it answers keys while 100 tokens move ten times a second."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.children import environment
from benchmarks.figures import Figure, percentile
from benchmarks.terminal import COLUMNS, ROWS, Screen, Terminal, running

LIMIT = 60.0
UP, DOWN = "\x1b[A", "\x1b[B"
#: Seconds between two keys: none falls in step with any clock of the program.
GAP = (0.06, 0.16)
_ROW = re.compile(r"▌(T\d{3})·")
_TITLE = re.compile(r"─ (T\d{3})/USDC")
_IDLE = re.compile(r"at (T\d{3}) now")


def session(
    folder: Path, command: Sequence[str], pattern: re.Pattern[str], seconds: float, keys: int
) -> tuple[dict[str, Any], Terminal, list[float], list[str]]:
    """Let a program run for a while, then press keys, then leave it.

    Returns:
        What it measured of itself, the terminal with all it wrote, when each key was pressed,
        and the symbol that each key selects.
    """
    chance = Random(5)
    # as the command line sets it for the console; Textual's own default is 60
    surroundings = {**environment(folder), "TEXTUAL_FPS": "120"}
    with running(command, surroundings) as terminal:
        screen = Screen()
        terminal.wait_for(lambda s: _found(pattern, s) == "T000", screen, LIMIT)
        terminal.read_for(min(3.0, seconds))
        terminal.signal(signal.SIGUSR1)
        terminal.read_for(seconds)
        terminal.signal(signal.SIGUSR2)
        pressed: list[float] = []
        wanted: list[str] = []
        at, by = 0, 1
        for _ in range(keys):
            by = 1 if at == 0 else -1 if at == 98 else by
            at += by
            wanted.append(f"T{at:03}")
            pressed.append(terminal.type(DOWN if by == 1 else UP))
            terminal.read_for(chance.uniform(*GAP))
        terminal.read_for(0.5)
        terminal.type("q")
        code = terminal.wait()
    if code != 0:
        msg = f"{' '.join(command)} ended with exit code {code}"
        raise RuntimeError(msg)
    measured: dict[str, Any] = json.loads((folder / "measured.json").read_text())
    return measured, terminal, pressed, wanted


def latencies(
    terminal: Terminal, pressed: Sequence[float], wanted: Sequence[str], pattern: re.Pattern[str]
) -> list[float]:
    """Seconds from each key to the moment at which what it selects was read from the screen.

    Raises:
        RuntimeError: a key never had its effect.
    """
    screen = Screen()
    seen: list[float] = []
    for moment, data in terminal.written:
        screen.feed(data)
        shown = _found(pattern, screen)
        sent = sum(1 for key in pressed[len(seen) :] if key <= moment)
        for key in reversed(range(len(seen), len(seen) + sent)):
            if wanted[key] == shown:  # it and what came before it: keys may share a frame
                seen += [moment - pressed[k] for k in range(len(seen), key + 1)]
                break
    if len(seen) < len(pressed):
        msg = f"only {len(seen)} of {len(pressed)} keys had their effect on the screen"
        raise RuntimeError(msg)
    return seen


def run(
    seconds: float = 20.0, keys: int = 200, tokens: int = 100, rate: float = 10.0
) -> list[Figure]:
    """Measure."""
    with TemporaryDirectory(prefix="papertrader-bench-") as folder:
        idle_folder, busy_folder = Path(folder, "idle"), Path(folder, "busy")
        idle_folder.mkdir()
        busy_folder.mkdir()
        small = [sys.executable, "-m", "benchmarks.idle_app", str(idle_folder)]
        idle = session(idle_folder, small, _IDLE, seconds, keys)
        large = [sys.executable, "-m", "benchmarks.busy_app", str(busy_folder)]
        busy = session(busy_folder, [*large, str(tokens), str(rate)], _ROW, seconds, keys)
    load = f"{tokens} tokens at {rate:g} Hz, {COLUMNS}x{ROWS}"
    own, base = busy[0], idle[0]
    if not own["reconciled"]:
        msg = "the books of the console's account do not reconcile"
        raise RuntimeError(msg)
    quiet = "an idle one-line Textual application"
    figures = [
        Figure(
            "CPU of the Desk", 100 * own["cpu"], "% of a core", quiet, 100 * base["cpu"],
            f"{load}, bot on, level 7, in {own['seconds']:.0f} s without keys; "
            f"{own['count'] / own['seconds']:,.0f} prices a second were stepped",
        )
    ]  # fmt: skip
    figures += [
        Figure(
            f"event-loop lag p{percent}", 1_000 * percentile(own["lags"], percent), "ms",
            quiet, 1_000 * percentile(base["lags"], percent),
            f"of {len(own['lags']):,} sleeps of 10 ms" if percent == 50 else "",
        )
        for percent in (50, 99)
    ]  # fmt: skip
    plain = latencies(*idle[1:], _IDLE)
    for name, pattern in (("watchlist cursor", _ROW), ("chart and its title", _TITLE)):
        found = latencies(*busy[1:], pattern)
        figures += [
            Figure(
                f"key to {name} p{percent}", 1_000 * percentile(found, percent), "ms",
                quiet, 1_000 * percentile(plain, percent),
                f"of {len(found)} arrow keys" if percent == 50 else "",
            )
            for percent in (50, 99)
        ]  # fmt: skip
    return figures


def _found(pattern: re.Pattern[str], screen: Screen) -> str | None:
    """What stands where the pattern looks, topmost first."""
    for line in screen.lines:
        match = pattern.search(line)
        if match:
            return match[1]
    return None
