"""Peak memory of long headless sessions: does it grow with what passes through?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.children import environment
from benchmarks.figures import Figure
from benchmarks.tapes import write_candles

_WORDS = ("--bot", "--level", "7", "--no-gates", "--speed", "max", "--format", "json")
_TAGS = ("--tags", "TRADE,ACCOUNT")


def peak(folder: Path, name: str, arguments: Sequence[str] = ()) -> tuple[float, dict[str, object]]:
    """MiB that a session held at most, and its closing account line.

    Raises:
        RuntimeError: the session failed, or its books do not reconcile.
    """
    out = folder / f"{name}.peak"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peak", str(out), *arguments],
        capture_output=True,
        encoding="utf-8",
        env=environment(folder),
        check=False,
    )
    if done.returncode:
        msg = f"{name} ended with exit code {done.returncode}: {done.stderr[-1_000:]}"
        raise RuntimeError(msg)
    closing: dict[str, object] = {}
    if arguments:
        closing = json.loads(done.stdout.splitlines()[-1])
        if closing["tag"] != "ACCOUNT" or closing["reconciled"] is not True:
            msg = f"{name} did not end with books that reconcile: {closing}"
            raise RuntimeError(msg)
    return int(out.read_text()) / 2**20, closing


def run(days: Sequence[int] = (1, 7), rows: Sequence[int] = (50_000, 400_000)) -> list[Figure]:
    """Measure."""
    with TemporaryDirectory(prefix="papertrader-bench-") as name:
        folder = Path(name)
        peak(folder, "compile")
        base, _ = peak(folder, "base")
        sessions: list[tuple[str, list[str]]] = [
            (f"demo, {n} {'day' if n == 1 else 'days'}", ["--market", "demo", "--for", f"{n}d"])
            for n in days
        ]
        for count in rows:
            tape = write_candles(folder / f"tape{count}.csv", count)
            words = ["--market", "tape", "--tape", str(tape)]
            sessions.append((f"tape of {count:,} candles", words))
        figures = []
        for number, (title, words) in enumerate(sessions):
            data = ["--data-dir", str(folder / f"data{number}")]
            most, closing = peak(folder, f"s{number}", ["headless", *words, *data, *_WORDS, *_TAGS])
            figures.append(
                Figure(
                    f"peak memory, {title}", most, "MiB",
                    'python -c "import papertrader_tui.bootstrap"', base,
                    f"headless with the bot on: {closing['trades']} trades, "
                    f"{closing['decisions']} decisions",
                )
            )  # fmt: skip
    return figures
