"""`papertrader replay`: the bot on recorded prices, judged; or an account stepped again."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from papertrader_tui.cli.accounts import load_config
from papertrader_tui.cli.board import board_rows
from papertrader_tui.cli.painting import paint
from papertrader_tui.cli.progress import progress
from papertrader_tui.cli.report import report_plain
from papertrader_tui.config import Loaded
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain.money import plain
from papertrader_tui.engine.rows import iso
from papertrader_tui.feeds.tapes import Tapes
from papertrader_tui.headless.text import clean
from papertrader_tui.intel.levels import profile
from papertrader_tui.replay.board import standings
from papertrader_tui.replay.run import Heed, Stage
from papertrader_tui.replay_files import ReplayFiles
from papertrader_tui.replaying import Reading, is_account, open_tapes, stage, tape_recording, terms
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.performance_rows import Row, whole

Found = dict[str, object]


def run(arguments: argparse.Namespace) -> int:
    """Replay tapes, or step an account's file again.

    Raises:
        ConfigError: flags do not fit each other.
        TapeError: a tape cannot be played.
    """
    loaded = load_config(arguments)
    paths = [Path(name).expanduser() for name in arguments.files]
    recorded = [path for path in paths if is_account(path)]
    if recorded:
        from papertrader_tui.cli.again import run as step_again

        return step_again(arguments, loaded, recorded, [p for p in paths if p not in recorded])
    levels = chosen_levels(arguments)
    tapes = open_tapes(loaded.settings.market.chain, paths, reading(arguments))
    with ExitStack() as stack:
        files = [_files(arguments.out, one, levels, stack) for one in levels]
        heeds = [one.heed for one in files if one is not None]
        played = play(loaded, arguments, tapes, levels, heeds)
        found = described(arguments, tapes, played)
        results = _results(played) if arguments.json or arguments.out is not None else []
        for one, result in zip(files, results, strict=False):
            if one is not None:
                one.metrics({**found, **result})
    if arguments.json:
        print(json.dumps({**found, "results": results}, indent=2))
    else:
        _print(tapes, played)
    if arguments.out is not None:
        print(f"papertrader: written to {arguments.out}", file=sys.stderr)
    return 0


def chosen_levels(arguments: argparse.Namespace, default: Sequence[int] = (5,)) -> tuple[int, ...]:
    """The levels that are asked for.

    Raises:
        ConfigError: one and several at once.
    """
    one = getattr(arguments, "level", None)
    if one is not None and arguments.levels is not None:
        msg = f"--level {one} and --levels both say which; leave one of them out"
        raise ConfigError(msg)
    return arguments.levels or ((one,) if one is not None else tuple(default))


def reading(arguments: argparse.Namespace) -> Reading:
    """How tapes are to be read.

    Raises:
        ConfigError: the period is empty.
    """
    since, until = arguments.since, arguments.until
    if since is not None and until is not None and since >= until:
        msg = f"--from {iso(since)} is not before --to {iso(until)}"
        raise ConfigError(msg)
    return Reading(arguments.zone, arguments.stamp, arguments.symbol, since, until)


def play(
    loaded: Loaded,
    arguments: argparse.Namespace,
    tapes: Tapes,
    levels: Sequence[int],
    heeds: Sequence[Heed] = (),
    *,
    seen: Callable[[Stage], None] | None = None,
) -> Stage:
    """Play tapes to their end.

    Args:
        loaded: Settings.
        arguments: The command's.
        tapes: Not played yet.
        levels: One account each.
        heeds: Given the events of each.
        seen: Shows how they stand now and then, instead of a bar.

    Returns:
        The accounts.
    """
    warm, inputs = tapes.play()
    every = [terms(loaded, n, costs=arguments.costs, gates=arguments.gates) for n in levels]
    played = stage(every, tape_recording(tapes, warm), heeds)
    tapes.awaited = played.awaits
    began = time.monotonic()
    with progress("replay", on=seen is None) as tell:

        def told(_: int) -> None:
            rate = tapes.rows / max(1e-9, time.monotonic() - began)
            if seen is not None:
                seen(played)
            else:
                tell(tapes.position, tapes.size, f"{rate:,.0f} rows/s")

        played.play(inputs, told)
    played.end()
    seconds = max(1e-9, time.monotonic() - began)
    for name, reader in zip(map(clean, tapes.names), tapes.readers, strict=True):
        print(f"papertrader: {name}: {reader.report.summary()}", file=sys.stderr)
        for fault in reader.report.faults:
            print(f"papertrader: {name}: {fault}", file=sys.stderr)
    print(
        f"papertrader: {tapes.rows:,} rows in {seconds:.1f} s ({tapes.rows / seconds:,.0f}/s)",
        file=sys.stderr,
    )
    return played


def _files(
    out: str | None, level: int, levels: Sequence[int], stack: ExitStack
) -> ReplayFiles | None:
    """Where a level's results are written, if anywhere.

    Raises:
        ConfigError: that is no folder that can be written to.
    """
    if out is None:
        return None
    folder = Path(out).expanduser()
    if len(levels) > 1:
        folder /= f"level-{level}"
    try:
        return stack.enter_context(ReplayFiles(folder))
    except OSError as error:
        msg = f"--out {out}: cannot write there: {error.strerror}"
        raise ConfigError(msg) from error


def described(arguments: argparse.Namespace, tapes: Tapes, played: Stage) -> Found:
    """What was replayed, without how long it took: the same bytes every time."""
    one = played.terms[0]
    return {
        "tapes": [
            {"file": name, "sha256": reader.file.digest(), "rows": reader.report.rows,
             "bad_rows": reader.report.bad, "faults": [str(f) for f in reader.report.faults]}
            for name, reader in zip(tapes.names, tapes.readers, strict=True)
        ],
        "chain": tapes.chain.key,
        "costs": arguments.costs,
        "gates": arguments.gates,
        "seed": one.seed,
        "cash": plain(one.cash),
    }  # fmt: skip


def _results(played: Stage) -> list[Found]:
    return [
        {"level": one.level, "name": profile(one.level).name, **report_plain(played.report(n))}
        for n, one in enumerate(played.terms)
    ]


def _print(tapes: Tapes, played: Stage) -> None:
    """The report of one level, or the board of several."""
    symbols = {token.id: token.symbol for token in tapes.registry.tokens.values()}
    names = ", ".join(tapes.names)
    if len(played.terms) > 1:
        rows: list[Row] = [
            [(fmt.clean(f"replay of {names}", 80), "strong")],
            [],
            *board_rows(standings(played)),
        ]
    else:
        level = played.terms[0].level
        at = f" at level {level} ({profile(level).name})"
        title = fmt.clean(f"replay of {names}", 80 - len(at)) + at
        rows = [[(title, "strong")], *whole(played.report(0), symbols)]
    print(paint(rows, sys.stdout, os.environ))
