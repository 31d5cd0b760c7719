"""Replay and race: rows a second, what ten levels cost beside one, and memory on a long tape."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.children import environment
from benchmarks.figures import Figure, interleaved, medians
from benchmarks.tape_events import bare
from benchmarks.tapes import write_candles, write_trades
from papertrader_tui.feeds.tapes import Tapes
from papertrader_tui.replay.run import Terms
from papertrader_tui.replaying import stage, tape_recording

LEVELS = range(1, 11)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How accounts ended, by level, to see that a race did the work of ten replays."""

    seconds: float
    equity: dict[int, Decimal]
    trades: int


def replay(tape: Path, levels: Sequence[int]) -> Outcome:
    """Replay a tape at these levels, together if there are several; judging it is not timed."""
    tapes = Tapes([tape])
    warm, inputs = tapes.play()
    start = perf_counter()
    played = stage([Terms(level=level) for level in levels], tape_recording(tapes, warm))
    tapes.awaited = played.awaits
    played.play(inputs)
    played.end()
    seconds = perf_counter() - start
    ends = {
        terms.level: desk.equity for terms, desk in zip(played.terms, played.desks, strict=True)
    }
    return Outcome(seconds, ends, sum(desk.account.trades for desk in played.desks))


def run(rows: int = 40_000, rounds: int = 3) -> list[Figure]:
    """Measure rates.

    Raises:
        RuntimeError: a level of the race ended otherwise than alone, or nothing was traded.
    """
    with TemporaryDirectory(prefix="papertrader-bench-") as folder:
        root = Path(folder)
        tapes = {
            "candles": write_candles(root / "candles.csv", rows),
            "trades": write_trades(root / "trades.csv", rows),
        }
        outcomes: dict[str, Outcome] = {}

        def timed(name: str, tape: Path, levels: Sequence[int]) -> float:
            outcomes[name] = replay(tape, levels)
            return outcomes[name].seconds

        works: dict[str, Callable[[], float]] = {}
        for kind, tape in tapes.items():
            works[f"{kind} bare"] = partial(_bare, tape)
            works[f"{kind} race"] = partial(timed, f"{kind} race", tape, LEVELS)
            for level in LEVELS:
                works[f"{kind} {level}"] = partial(timed, f"{kind} {level}", tape, [level])
        seconds = medians(interleaved(rounds, works))
    figures = []
    for kind in tapes:
        alone = [outcomes[f"{kind} {level}"] for level in LEVELS]
        race = outcomes[f"{kind} race"]
        if race.equity != {k: v for one in alone for k, v in one.equity.items()}:
            msg = f"{kind}: the race came to {race.equity}, alone it was {alone}"
            raise RuntimeError(msg)
        if not race.trades:
            msg = f"{kind}: nothing was traded, so this measures no trading; use more rows"
            raise RuntimeError(msg)
        mean = statistics.mean(seconds[f"{kind} {level}"] for level in LEVELS)
        figures.append(
            Figure(
                f"replay of {kind}, one level", rows / mean, "rows/s",
                "bare loop: csv module, float EMA cross", rows / seconds[f"{kind} bare"],
                "mean of levels 1 to 10, gates and scorecard on, events told to the tally",
            )
        )  # fmt: skip
        figures.append(
            Figure(
                f"race on {kind}, ten levels", seconds[f"{kind} race"], "s",
                "one replay, mean of levels 1 to 10", mean,
                f"the same equity as alone, {race.trades} trades",
            )
        )  # fmt: skip
    return figures


def _bare(tape: Path) -> float:
    return bare(tape)[0]


def memory(rows: Sequence[int] = (1_000_000, 10_000_000)) -> list[Figure]:
    """Peak memory of `papertrader replay` on tapes of trades of these lengths, one a second.

    It grows with trades and with marks, of which there is one an hour at least, not with rows.

    Raises:
        RuntimeError: a replay failed, or did not read all of its tape.
    """
    figures = []
    with TemporaryDirectory(prefix="papertrader-bench-") as name:
        folder = Path(name)
        base, _ = _peak(folder, [])
        for count in rows:
            tape = write_trades(folder / "long.csv", count, every=1)
            most, text = _peak(folder, ["replay", str(tape), "--level", "7", "--json"])
            found = json.loads(text)
            read, result = found["tapes"][0]["rows"], found["results"][0]
            if read != count:
                msg = f"{read:,} rows of {count:,} were read"
                raise RuntimeError(msg)
            figures.append(
                Figure(
                    f"peak memory, replay of {count:,} trades", most, "MiB",
                    'python -c "import papertrader_tui.bootstrap"', base,
                    f"{tape.stat().st_size / 2**20:,.0f} MiB of CSV, {result['fills']} fills, "
                    f"{len(result['equity']):,} marks",
                )
            )  # fmt: skip
    return figures


def _peak(folder: Path, words: Sequence[str]) -> tuple[float, str]:
    out = folder / "peak"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peak", str(out), *words],
        capture_output=True, encoding="utf-8", env=environment(folder), check=False,
    )  # fmt: skip
    if done.returncode:
        msg = f"{words} ended with exit code {done.returncode}: {done.stderr[-1_000:]}"
        raise RuntimeError(msg)
    return int(out.read_text()) / 2**20, done.stdout
