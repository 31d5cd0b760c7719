"""`papertrader race`: levels against each other on one feed; and `papertrader account level`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path

from papertrader_tui.cli.accounts import chosen, load_config
from papertrader_tui.cli.board import board_rows
from papertrader_tui.cli.painting import paint
from papertrader_tui.cli.replay import chosen_levels, described, play, reading
from papertrader_tui.config import Loaded
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain.market import DAY
from papertrader_tui.domain.money import plain
from papertrader_tui.engine.rows import iso
from papertrader_tui.replay.board import Standing, standings
from papertrader_tui.replay.run import Stage
from papertrader_tui.replaying import open_tapes, terms
from papertrader_tui.tui.performance_rows import Row

_ALL = range(1, 11)
#: Seconds between two looks at the leaderboard on a terminal.
_EVERY = 0.5


def run(arguments: argparse.Namespace) -> int:
    """Race, print who won, and adopt a level where that was asked for.

    Raises:
        ConfigError: flags do not fit each other.
        NotStarted: it was to be live, and no source answered.
    """
    loaded = load_config(arguments)
    levels = chosen_levels(arguments, _ALL)
    adopted = _adopted(arguments, levels)
    account = chosen(loaded) if adopted is not None else None
    if arguments.files:
        found, what = _on_tapes(arguments, loaded, levels)
    else:
        found, what = _on_market(arguments, loaded, levels)
    board = standings(found)
    if arguments.json:
        print(json.dumps({**what, "standings": [one.plain() for one in board]}, indent=2))
    else:
        print(paint(_rows(found, board), sys.stdout, os.environ))
    if account is not None:
        return _set(loaded, account, board[0].level if adopted == 0 else adopted or 0)
    return 0


def _adopted(arguments: argparse.Namespace, levels: Sequence[int]) -> int | None:
    """The level to adopt, 0 for the best, None for none.

    Raises:
        ConfigError: it does not race.
    """
    text = arguments.adopt
    if text is None:
        return None
    if text == "best":
        return 0
    if not text.isdecimal() or int(text) not in levels:
        msg = f"--adopt {text!r}: write best, or one of the levels that race"
        raise ConfigError(msg)
    return int(text)


def _on_tapes(
    arguments: argparse.Namespace, loaded: Loaded, levels: Sequence[int]
) -> tuple[Stage, dict[str, object]]:
    if arguments.span is not None:
        msg = "--for is for a market without an end; of a tape give --from and --to"
        raise ConfigError(msg)
    paths = [Path(name).expanduser() for name in arguments.files]
    tapes = open_tapes(loaded.settings.market.chain, paths, reading(arguments))
    with _live() as shown:
        played = play(loaded, arguments, tapes, levels, seen=shown)
    return played, {"market": "tape", **described(arguments, tapes, played)}


def _on_market(
    arguments: argparse.Namespace, loaded: Loaded, levels: Sequence[int]
) -> tuple[Stage, dict[str, object]]:
    kind = loaded.settings.market.kind
    if kind == "tape":
        msg = "--market tape: name the tapes instead: papertrader race TAPE"
        raise ConfigError(msg)
    if arguments.since is not None or arguments.until is not None:
        msg = "--from and --to are for tapes; of a market give --for"
        raise ConfigError(msg)
    if kind == "auto":
        market = replace(loaded.settings.market, kind="demo")
        loaded = replace(loaded, settings=replace(loaded.settings, market=market))
    span = arguments.span
    if span is None and loaded.settings.market.kind == "demo":
        span = DAY
    played = asyncio.run(_race(arguments, loaded, levels, span))
    one = played.terms[0]
    return played, {
        "market": loaded.settings.market.kind,
        "costs": arguments.costs,
        "gates": arguments.gates,
        "seed": one.seed,
        "cash": plain(one.cash),
        "from": iso(played.began),
        "to": iso(played.now),
    }


async def _race(
    arguments: argparse.Namespace, loaded: Loaded, levels: Sequence[int], span: int | None
) -> Stage:
    from papertrader_tui.racing import open_market, run_race

    every = [terms(loaded, n, costs=arguments.costs, gates=arguments.gates) for n in levels]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_market(loaded) as market:
        print(f"papertrader: {market.info.badge}: {market.info.detail}", file=sys.stderr)
        if market.info.notice:
            print(f"papertrader: {market.info.notice}", file=sys.stderr)
        with _live() as shown:
            return await run_race(market, every, span, shown, stop)


@contextmanager
def _live() -> Iterator[Callable[[Stage], None]]:
    """A leaderboard that is drawn anew on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda stage: None  # noqa: ARG005 - a sink
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    due = 0.0
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

        def shown(stage: Stage) -> None:
            nonlocal due
            if time.monotonic() >= due:
                board = _Terminal()
                text = paint(_rows(stage, standings(stage)), board, os.environ)
                live.update(Text.from_ansi(text), refresh=True)
                due = time.monotonic() + _EVERY

        yield shown


class _Terminal(StringIO):
    """Stands for the terminal that what is painted will be shown on."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def _rows(stage: Stage, board: Sequence[Standing]) -> list[Row]:
    span = f"{iso(stage.began)[:16]} to {iso(stage.now)[:16]} UTC"
    return [[(f"race of {len(board)} levels, {span}", "strong")], [], *board_rows(board)]


def _set(loaded: Loaded, path: Path, level: int) -> int:
    from papertrader_tui.leveling import set_level

    changed = asyncio.run(set_level(loaded, path, level))
    before = "" if changed else ", as before"
    print(f"papertrader: account {path.stem} is at level {level}{before}", file=sys.stderr)
    return 0


def set_account_level(arguments: argparse.Namespace) -> int:
    """Set the level of an account.

    Raises:
        StoreError: it cannot be used, or another process runs it.
    """
    loaded = load_config(arguments)
    return _set(loaded, chosen(loaded, arguments.name), arguments.level)
