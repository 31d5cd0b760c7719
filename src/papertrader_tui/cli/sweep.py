"""`papertrader sweep`: every combination of tapes, levels, settings and seeds, resumable."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from papertrader_tui.cli.accounts import load_config
from papertrader_tui.cli.painting import paint
from papertrader_tui.cli.progress import progress
from papertrader_tui.cli.replay import chosen_levels, reading
from papertrader_tui.config_options import ConfigError
from papertrader_tui.replay.sweep import (
    Job,
    Row,
    base_of,
    changed,
    combinations,
    header,
    parse_sets,
    table,
)
from papertrader_tui.replaying import open_tapes, terms
from papertrader_tui.sweeping import Results, Work, program, run_jobs
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.performance_rows import Row as Painted
from papertrader_tui.tui.performance_rows import changed as coloured

#: Combinations that are listed on a terminal; all are in the table.
_SHOWN = 40
#: Cells of what was combined, and those of a tape's name beside settings at least.
_WHAT, _TAPE = 29, 8
#: As of `market.seed`.
_LAST_SEED = 2**31 - 1


def run(arguments: argparse.Namespace) -> int:
    """Do what is missing, then print the table.

    Raises:
        ConfigError: flags do not fit each other, or the folder cannot be used.
        TapeError: a tape cannot be played.
    """
    loaded = load_config(arguments)
    how = reading(arguments)
    paths, chain = _paths(arguments.files), loaded.settings.market.chain
    identities = [(name, open_tapes(chain, [p], how).identity) for name, p in paths.items()]
    base = terms(loaded, 5, costs=arguments.costs, gates=arguments.gates)
    try:
        sets = parse_sets(arguments.sets)
        jobs = list(combinations(identities, chosen_levels(arguments), sets, _seeds(arguments)))
        for job in jobs:
            changed(base, job)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    common = base_of(base, arguments.costs, program())
    folder = Path(arguments.out).expanduser()
    try:
        results = Results(folder / "results.jsonl")
    except BlockingIOError:
        msg = (
            f"--out {arguments.out}: another sweep writes there; wait for it, or name another "
            "folder"
        )
        raise ConfigError(msg) from None
    except OSError as error:
        msg = f"--out {arguments.out}: cannot write there: {error.strerror}"
        raise ConfigError(msg) from error
    try:
        _work(Work(chain, paths, how, base), jobs, common, results, arguments.jobs)
    finally:
        results.close()
    text = table(jobs, results.found, common, list(sets))
    _replace(folder / "sweep.csv", text)
    rows = list(csv.DictReader(text.splitlines()))
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        print(paint(_rows(rows, list(sets)), sys.stdout, os.environ))
    print(f"papertrader: the whole table is in {folder / 'sweep.csv'}", file=sys.stderr)
    return 0


def _work(work: Work, jobs: Sequence[Job], base: str, results: Results, most: int | None) -> None:
    todo = {key: job for job in jobs if (key := job.key(base)) not in results.found}
    known = len(jobs) - len(todo)
    if known:
        print(f"papertrader: {known} of {len(jobs)} were done before", file=sys.stderr)
    finished = 0
    began = time.monotonic()
    with progress("sweep") as tell:
        tell(known, len(jobs), "")

        def done(key: str, row: Row) -> None:
            nonlocal finished
            results.keep(key, row)
            finished += 1
            rate = finished / max(1e-9, time.monotonic() - began)
            tell(known + finished, len(jobs), f"{rate:,.2f} replays/s")

        run_jobs(work, list(todo.items()), most or os.cpu_count() or 1, done)


def _paths(names: Sequence[str]) -> dict[str, Path]:
    """Tapes by the name that they have in the table: the file's, or its path where two share it.

    Raises:
        ConfigError: one is named twice.
    """
    files = [Path(name).expanduser() for name in names]
    if len(set(files)) < len(files):
        twice = next(str(path) for path in files if files.count(path) > 1)
        msg = f"{twice} is named twice; each tape is swept on its own"
        raise ConfigError(msg)
    short = [path.name for path in files]
    return {(path.name if short.count(path.name) == 1 else str(path)): path for path in files}


def _seeds(arguments: argparse.Namespace) -> list[int]:
    found = []
    for text in arguments.seeds.split(","):
        if not text.strip().isdecimal() or int(text) > _LAST_SEED:
            msg = (
                f"--seeds {arguments.seeds!r}: write whole numbers from 0 to {_LAST_SEED} with "
                "commas: 1,2,3"
            )
            raise ConfigError(msg)
        found.append(int(text))
    return list(dict.fromkeys(found))


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8", newline="")
    part.replace(path)


def _rows(rows: Sequence[dict[str, str]], sets: Sequence[str]) -> list[Painted]:
    """The best first, at most 80 cells wide."""
    assert rows  # there is a combination at least
    assert set(header(sets)) == set(rows[0])
    best = sorted(rows, key=lambda row: -float(row["total_return"] or "-inf"))
    head = (
        f"{'TAPE AND SETTINGS':<{_WHAT}}{'L':>3}{'SEED':>11}{'RETURN':>9}{'DRAWDOWN':>10}"
        f"{'TRADES':>8}{'SHARPE':>8}"
    )
    found: list[Painted] = [[(head, "muted")]]
    for row in best[:_SHOWN]:
        what = _what(row["tape"], [f"{name}={row[name]}" for name in sets])
        gained, tone = coloured(fmt.percent(_number(row["total_return"])))
        found.append([
            (f"{what:<{_WHAT}}", ""),
            (f"{row['level']:>3}{row['seed']:>11}", ""),
            (f"{gained:>9}", tone),
            (f"{fmt.percent(_number(row['max_drawdown'])):>10}{row['fills']:>8}", ""),
            (f"{fmt.money_fit(_number(row['sharpe']), 7):>8}", ""),
        ])  # fmt: skip
    if len(rows) > _SHOWN:
        found.append([(f"and {len(rows) - _SHOWN} more", "muted")])
    return found


def _what(tape: str, settings: Sequence[str]) -> str:
    """The tape's name gives way to the settings: rows of one tape differ by them."""
    said = " ".join(settings)
    whole = _WHAT - 1
    room = max(_TAPE, whole - len(said) - 1) if said else whole
    return fmt.clean(f"{fmt.clean(tape, room)} {said}", whole)


def _number(text: str) -> float | None:
    return float(text) if text else None
