"""What a replay writes to a folder: decisions, fills and equity as they come, and its metrics."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from papertrader_tui.domain import events as ev
from papertrader_tui.engine import rows
from papertrader_tui.store.export import cell

_EQUITY = ("equity", "cash", "exposure", "realized", "unrealized", "trades")


class ReplayFiles:
    """Files of one account, each whole or not there at all; memory does not grow with them.

    Use it as a context: files get their names at its end, and vanish after an error.

    Args:
        folder: Made if it is not there; files of an earlier replay in it are replaced.

    Raises:
        OSError: it cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._stack = ExitStack()
        self._parts: dict[Path, Path] = {}
        try:
            self._decisions = self._open("decisions.csv", rows.DECISION_FIELDS)
            self._fills = self._open("fills.csv", rows.TRADE_FIELDS)
            self._equity = self._open("equity.csv", _EQUITY)
        except BaseException:
            self._drop()
            raise

    def __enter__(self) -> ReplayFiles:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._drop()
            return
        self._stack.close()
        for target, part in self._parts.items():
            part.replace(target)

    def heed(self, events: Sequence[ev.Event]) -> None:
        """Write what of these belongs into a file."""
        for event in events:
            time = rows.iso(event.time)
            if isinstance(event, ev.Decided):
                self._put(self._decisions, time, rows.decision_row(event.decision))
            elif isinstance(event, ev.Filled | ev.Reverted):
                self._put(self._fills, time, rows.trade_row(event))
            elif isinstance(event, ev.AccountMarked):
                self._put(self._equity, time, rows.account_row(event))

    def metrics(self, found: Mapping[str, object]) -> None:
        """Write metrics.json."""
        target = self._folder / "metrics.json"
        part = self._part(target)
        part.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")

    def _open(self, name: str, fields: Sequence[str]) -> tuple[Any, Sequence[str]]:
        part = self._part(self._folder / name)
        file = self._stack.enter_context(part.open("w", encoding="utf-8", newline=""))
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("time", *fields))
        return writer, fields

    def _part(self, target: Path) -> Path:
        part = self._parts[target] = target.with_name(f".{target.name}.{os.getpid()}.part")
        return part

    def _drop(self) -> None:
        self._stack.close()
        for part in self._parts.values():
            part.unlink(missing_ok=True)

    @staticmethod
    def _put(to: tuple[Any, Sequence[str]], time: str, row: rows.Row) -> None:
        writer, fields = to
        writer.writerow([time, *(cell(row[name]) for name in fields)])
