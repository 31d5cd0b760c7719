"""Sessions on one account that are killed one after the other, and what they acknowledged."""

from __future__ import annotations

import random
import signal
import sys
import time
from pathlib import Path

import pytest

from papertrader_tui.domain import events as ev
from tests.faults.headless_process import Running, Told, environment
from tests.faults.order_books import Books


class Killed:
    """An account, and the sessions that were killed on it.

    Args:
        data: Folder of the accounts.
        words: Arguments of `order_process` after how it acts.
        env: Its settings, as variables without `PAPERTRADER_`.

    Attributes:
        flew: Orders that were in flight when their session was killed.
    """

    def __init__(
        self, data: Path, capsys: pytest.CaptureFixture[str], *words: str, **env: str
    ) -> None:
        self.data, self.words = data, words
        self.told = Told(data, capsys)
        self.env = {"DATA_DIR": str(data), "ACCOUNT_NAME": "default", "ACCOUNT_CASH": "100000"}
        self.env |= env
        self.acknowledged: dict[str, str] = {}
        self.kept: list[ev.Event] = []
        self.flew: set[str] = set()

    def start(self, how: str) -> Running:
        """Another session; see `order_process`."""
        env = {f"PAPERTRADER_{name}": value for name, value in self.env.items()}
        command = [sys.executable, "-m", "tests.faults.order_process", how, *self.words]
        return Running(command, environment(self.data, **env), told=how == "told")

    def check(self, session: Running) -> Books:
        """What the account says, once its session is gone."""
        code, out = self.told.command("verify", "--fills")
        assert code == 0, out
        books = Books(self.told.path)
        assert books.events[: len(self.kept)] == self.kept, "what was stored stays as it was"
        self.kept = books.events
        refused = {e.client_id for e in books.events if isinstance(e, ev.OrderRejected)}
        for answer in session.lines:
            client, order = answer["client"], answer["order"]
            if order is None:
                assert client in refused
            elif client in self.acknowledged:
                assert (order, answer["new"]) == (self.acknowledged[client], 0)
            else:
                self.acknowledged[client] = order
        assert self.acknowledged.items() <= books.account.client_ids.items()
        books.assert_sound()
        return books

    def kill(self, session: Running) -> Books:
        """Kill a session now."""
        assert session.end(signal.SIGKILL) == -signal.SIGKILL, session.text
        books = self.check(session)
        self.flew |= books.in_flight()
        return books

    def at_random(self, chance: random.Random, number: int, least: int = 20) -> Books | None:
        """Start a session and kill it at some moment; None where it had done nothing yet.

        Args:
            chance: What draws the moment.
            number: Of the kill: every fifth comes while the session starts.
            least: Answers that it has given by then, else.
        """
        session = self.start("random")
        if number % 5 == 4:  # while it starts
            time.sleep(chance.uniform(0.0, 1.5))
        else:
            session.read(chance.randint(least, 2 * least))
            time.sleep(chance.choice((0.0, chance.uniform(0.0, 0.03))))
        if self.told.exists:
            return self.kill(session)
        session.end(signal.SIGKILL)
        assert not session.printed
        return None

    def finish(self) -> Books:
        """A last session, which waits for what is in flight."""
        session = self.start("end")
        assert session.end() == 0, session.text
        books = self.check(session)
        books.assert_closed_exactly()
        self.assert_landed(books)
        return books

    def assert_landed(self, books: Books) -> None:
        """What was in flight when its session was killed has been mined."""
        mined = {e.order_id for e in books.events if isinstance(e, ev.Filled | ev.Reverted)}
        assert self.flew <= mined
