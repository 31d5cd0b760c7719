"""Opening prices that nobody waits for change nothing by being left out."""

from decimal import Decimal
from pathlib import Path

from benchmarks.tapes import write_candles
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import SetLevel, SwitchBot, SwitchGates
from papertrader_tui.engine.desk import Desk
from papertrader_tui.feeds.tape_reader import TapeReader
from papertrader_tui.registry import load_registry


def played(path: Path, *, sparing: bool) -> tuple[int, list[ev.Event], str]:
    """How many inputs there were, the events that followed, and the checkpoint."""
    reader = TapeReader(path)
    registry = load_registry().with_tokens(reader.tokens.values())
    account = Account()
    account.apply(ev.AccountOpened(1, reader.first, "a", "tape", Decimal(10_000), 7, "test"))
    desk = Desk(account, registry, stale_after=180_000)
    found = list(
        desk.start_session(reader.first, "test", "", [t.id for t in reader.tokens.values()])
    )
    for command in (SetLevel(9), SwitchGates(False), SwitchBot(True)):
        found += desk.command(command, reader.first)
    count = 0
    for item in reader.inputs(desk.awaits if sparing else None):
        found += desk.step(item)
        count += 1
    return count, found, desk.checkpoint()


def test_the_same_comes_of_it(tmp_path):
    tape = write_candles(tmp_path / "tape.csv", 6_000)
    whole, events, checkpoint = played(tape, sparing=False)
    fewer, same, same_checkpoint = played(tape, sparing=True)
    assert whole == 12_000
    assert 6_000 < fewer < whole
    assert any(isinstance(event, ev.Filled) for event in events)
    assert same == events
    assert same_checkpoint == checkpoint
