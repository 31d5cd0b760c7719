"""Headless sessions as processes of their own, and what the account says afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from papertrader_tui.cli import main
from papertrader_tui.domain.account import Account
from papertrader_tui.store.load import load

PROGRAM = (sys.executable, "-m", "papertrader_tui")
Row = dict[str, Any]


def environment(data: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PAPERTRADER_")}
    home = str(data.parent)
    return {**kept, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home, **more}


class Running:
    """A process whose lines are read as they are printed.

    Args:
        command: What is started.
        env: Its environment.
        told: Whether it is told things: its stdin is a pipe then.
    """

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], *, told: bool = False
    ) -> None:
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE if told else subprocess.DEVNULL,
            env=env,
        )
        self.printed: list[bytes] = []
        self.narration = b""
        # read beside it: a pipe that is full would hold it up
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            self.narration = stream.read()

    def read(self, lines: int) -> int:
        """Read so many lines, or as many as there are until it ends; returns how many."""
        assert self.process.stdout is not None
        before = len(self.printed)
        while len(self.printed) - before < lines:
            line = self.process.stdout.readline()
            if not line:
                break
            self.printed.append(line)
        return len(self.printed) - before

    def end(self, number: signal.Signals | None = None) -> int:
        """Send it a signal, read what it had printed to the end; returns its exit code."""
        if number is not None and self.process.poll() is None:
            self.process.send_signal(number)
        while self.read(1):
            pass
        code = self.process.wait(timeout=60)
        self._listener.join(timeout=60)
        for pipe in (self.process.stdout, self.process.stdin):
            if pipe is not None:
                pipe.close()
        return code

    @property
    def text(self) -> str:
        """What it said to people."""
        return self.narration.decode()

    @property
    def lines(self) -> list[Row]:
        """Every line that was printed whole; a kill may cut the last one."""
        return [json.loads(line) for line in self.printed if line.endswith(b"\n")]


class Headless(Running):
    """A running session.

    Args:
        data: Folder of the accounts.
        words: Arguments after `headless --format json`.
        program: What is started, to put something around it.
    """

    def __init__(
        self, data: Path, *words: str, program: tuple[str, ...] = PROGRAM,
        env: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            [*program, "--data-dir", str(data), "headless", "--format", "json", *words],
            environment(data, **(env or {})),
        )

    def rows(self, *tags: str) -> list[Row]:
        """Its lines, of these tags if any are named."""
        return [row for row in self.lines if not tags or row["tag"] in tags]


class Told:
    """What reading commands say of an account; run in this process, which is quicker."""

    def __init__(self, data: Path, capsys: Any) -> None:
        self.data = data
        self._capsys = capsys

    def command(self, *words: str) -> tuple[int, str]:
        """Exit code and output."""
        self._capsys.readouterr()
        code = main(["--data-dir", str(self.data), *words])
        return code, self._capsys.readouterr().out

    @property
    def exists(self) -> bool:
        return self.path.exists()

    @property
    def path(self) -> Path:
        return self.data / "accounts" / "default.db"

    def export(self, what: str) -> list[Row]:
        code, out = self.command("export", what)
        assert code == 0
        return [json.loads(line) for line in out.splitlines()]

    def assert_verified(self) -> None:
        code, out = self.command("verify")
        assert code == 0, out

    def held(self) -> set[str]:
        """Tokens that the account holds, by its events."""
        account = Account()
        with load(self.path) as file:
            for event in file.events():
                account.apply(event)
        return set(account.ledger.positions)

    def market_and_bot(self) -> tuple[int, Row]:
        """How far the market has been played, and what the bot knows beside the facts."""
        with load(self.path) as file:
            assert file.checkpoint is not None
            body = file.checkpoint.body
            return file.checkpoint.cursor, json.loads(body)["bot"] if body else {"plans": {}}
