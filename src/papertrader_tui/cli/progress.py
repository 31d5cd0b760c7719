"""How far a long command is: a bar with its rate and what is left, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: done, of how much, and a word about the rate.
Tell = Callable[[float, float, str], None]


@contextmanager
def progress(what: str, *, on: bool = True) -> Iterator[Tell]:
    """Show a bar on standard error while the body runs; nothing where that is no terminal."""
    if not on or not sys.stderr.isatty():
        yield lambda done, whole, rate: None  # noqa: ARG005 - a sink
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=Console(stderr=True),
        transient=True,
        refresh_per_second=8,
    )
    with bar:
        task = bar.add_task(what, total=None, rate="")

        def tell(done: float, whole: float, rate: str) -> None:
            bar.update(task, completed=done, total=whole, rate=rate)

        yield tell
