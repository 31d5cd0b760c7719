"""An account file holds all that it takes to step its desk again.

Four sessions are played: as fast as possible, at a finite speed, killed in the middle, and once
more.  Then a desk is stepped from the seed, the sessions and the commands alone, and must come to
the very events that were stored.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.market import MarketInput
from papertrader_tui.engine.desk import Desk
from papertrader_tui.feeds.demo import DemoMarket
from papertrader_tui.store.load import Input, Session, load
from tests.faults.headless_process import Headless
from tests.marketkit import drive, take

BOLD = ("--market", "demo", "--seed", "14", "--level", "9", "--bot", "--no-gates")
STALE_MS = 60_000


def play(data: Path, *arguments: str) -> None:
    session = Headless(data, *arguments)
    assert session.end() == 0, session.text


def instants(market: DemoMarket, end: int) -> Iterator[list[MarketInput]]:
    """What the market hands over, one instant at a time, up to a cursor."""
    if end > market.cursor:
        inputs = drive(take(market, end - market.cursor))
        for _, instant in groupby(inputs, key=lambda item: item.time):
            yield list(instant)


def step_again(
    stored: list[ev.Event], sessions: list[Session], given: list[Input], seed: int, end: int
) -> list[ev.Event]:
    out: list[ev.Event] = [stored[0]]
    checkpoint = ""
    for number, session in enumerate(sessions):
        account = Account()
        for event in out:
            account.apply(event)
        market = DemoMarket(seed, None, session.cursor)
        desk = Desk(account, market.registry, stale_after=STALE_MS)
        desk.restore(checkpoint)
        for item in market.warm():
            desk.warm(item)
        began = next(e for e in stored if e.seq >= session.first_seq)
        while not isinstance(began, ev.SessionStarted):
            began = stored[began.seq]
        out += desk.start_session(began.time, began.program, began.detail, market.watchlist)
        commands = [i for i in given if i.session == session.session]
        last = sessions[number + 1].cursor if number + 1 < len(sessions) else end
        cursor = session.cursor
        for instant in islice(instants(market, last), last - cursor):
            while commands and commands[0].cursor == cursor:
                given_now = commands.pop(0)
                out += desk.command(given_now.command, given_now.time)
            for item in instant:
                out += desk.step(item)
            cursor += 1
        for command in commands:
            out += desk.command(command.command, command.time)
        checkpoint = desk.checkpoint()
    return out


def test_a_desk_stepped_again_comes_to_the_stored_events(tmp_path: Path) -> None:
    data = tmp_path / "data"
    play(data, *BOLD, "--speed", "max", "--for", "2h")
    play(data, "--speed", "600", "--for", "10m")
    killed = Headless(data, "--speed", "600")
    killed.read(150)
    killed.end(signal.SIGKILL)
    play(data, "--speed", "max", "--for", "2h", "--level", "7")
    with load(data / "accounts" / "default.db") as file:
        stored = list(file.events(factors=True))
        sessions, given = list(file.sessions()), list(file.inputs())
        assert file.checkpoint is not None
        end, seed = file.checkpoint.cursor, file.meta.seed
    assert len(sessions) == 4
    assert any(isinstance(e, ev.Filled) for e in stored)
    again = step_again(stored, sessions, given, seed, end)
    for one, other in zip(stored, again, strict=False):
        assert one == other
    assert len(stored) == len(again)
