import json
import sqlite3
from decimal import Decimal

import pytest

from papertrader_tui.domain.account import Account
from papertrader_tui.domain.commands import PlaceOrder, SetKill, SwitchBot
from papertrader_tui.domain.decision import Action
from papertrader_tui.domain.events import Decided, KillMode, to_plain, to_record
from papertrader_tui.domain.ledger import postings
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy
from papertrader_tui.ports import JournalError
from papertrader_tui.store import codec
from papertrader_tui.store.database import connect_writer, reading
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.load import Checkpoint, Input, Session, load
from tests.unit.store.helpers import START, TOSHI, WETH, Story, new_account, store, trading_day


@pytest.fixture
def path(tmp_path):
    return new_account(tmp_path)


@pytest.fixture
async def journal(path):
    journal = await SqliteJournal.open(path, clock=lambda: 0.0)
    yield journal
    await journal.close()


def rows(path, sql, *values):
    with reading(path) as connection:
        return connection.execute(sql, values).fetchall()


def test_text_of_a_fact_is_what_the_domain_says_it_is():
    for event in trading_day():
        assert json.loads(codec.encode_event(event)) == to_record(event)
        assert json.loads(codec.encode(event)) == to_plain(event)


def test_every_fact_is_read_back_as_it_was():
    for event in trading_day():
        if isinstance(event, Decided):
            assert codec.decode_decision(codec.decision_values(event)) == event
        else:
            body = codec.encode_event(event)
            kind = type(event).__name__
            assert codec.decode_event(kind, event.seq, event.time, body) == event


def test_a_fact_that_does_not_fit_its_kind_is_named():
    with pytest.raises(ValueError, match=r"event 7 \(Filled\) cannot be read"):
        codec.decode_event("Filled", 7, 0, '{"quantity":"1"}')
    with pytest.raises(ValueError, match="event 8"):
        codec.decode_event("Nonsense", 8, 0, "{}")
    with pytest.raises(ValueError, match="command 'Nonsense'"):
        codec.decode_command("Nonsense", "{}")
    with pytest.raises(StoreError, match="decision at 2 cannot be read"):
        codec.decode_decision((2, *codec.decision_values(_decided())[1:22], "[[1]]", *"000"))


def test_factors_of_the_first_accounts_are_read_by_their_names():
    event = _decided()
    values = list(codec.decision_values(event))
    at = codec.DECISION_COLUMNS.index("factors")
    values[at] = json.dumps(to_plain(event.decision.factors))
    assert values[at].startswith('[{"name":')
    assert codec.decode_decision(tuple(values)) == event


def _decided() -> Decided:
    return next(event for event in trading_day() if isinstance(event, Decided))


async def test_facts_come_back_in_sequence_and_fold_to_the_same_account(path, journal):
    story = trading_day()
    await store(journal, story)
    with load(path) as loaded:
        assert list(loaded.events(factors=True)) == story.events
        bare = list(loaded.events())
        assert [e.seq for e in bare] == [e.seq for e in story.events]
        assert all(e.decision.factors == () for e in bare if isinstance(e, Decided))
        account = Account()
        for event in loaded.events():
            account.apply(event)
        assert loaded.last_seq == account.seq == story.account.seq
    assert account.ledger.balances == story.account.ledger.balances
    assert account.orders == story.account.orders
    assert account.ledger.positions == story.account.ledger.positions


async def test_a_decision_is_stored_once_and_not_in_the_journal(path, journal):
    story = trading_day()
    await store(journal, story)
    decided = [e for e in story if isinstance(e, Decided)]
    assert rows(path, "SELECT count(*) FROM journal WHERE kind = 'Decided'") == [(0,)]
    assert rows(path, "SELECT count(*) FROM decisions") == [(len(decided),)]
    with load(path) as loaded:
        assert loaded.decisions == tuple(e.decision for e in reversed(decided))
        assert loaded.decided == tuple(decided)


async def test_a_decision_that_comes_again_counts_as_it_last_stood(path, journal):
    story = Story()
    story.open()
    story.decide(Action.SKIP, "d1", repeats=1)
    story.decide(Action.HOLD, "d2")
    story.decide(Action.SKIP, "d1", repeats=9)
    await store(journal, story)
    with load(path) as loaded:
        assert [(d.id, d.repeats) for d in loaded.decisions] == [("d1", 9), ("d2", 1)]


async def test_typed_tables_say_what_happened(path, journal):
    story = trading_day()
    await store(journal, story)
    fills = rows(path, "SELECT status, token, quantity, l1_fee_wei, reason FROM fills ORDER BY seq")
    assert [f[0] for f in fills] == ["filled", "filled", "filled", "reverted"]
    assert fills[0][1:4] == (WETH, "0.249912345678901234", "30000000000000000000")
    assert fills[3][2:] == ("0", "0", "below its minimum")
    assert rows(path, "SELECT id, status FROM orders ORDER BY accepted") == [
        ("o1", "filled"), ("o2", "filled"), ("o3", "filled"), ("o4", "reverted"),
        ("o5", "submitted"),
    ]  # fmt: skip
    assert sorted(t for (t,) in rows(path, "SELECT token FROM positions")) == sorted([WETH, TOSHI])
    entries = rows(path, "SELECT account, token, amount FROM entries ORDER BY seq, line")
    derived = [leg for event in story for leg in postings(event)]
    assert entries == [(p.account, p.token, format(p.amount, "f")) for p in derived]
    balances = dict(rows(path, "SELECT account, amount FROM balances"))
    assert Decimal(balances["cash"]) == story.account.ledger.cash
    assert rows(path, "SELECT equity FROM equity ORDER BY seq DESC LIMIT 1") == [
        (format(story.events[-1].equity, "f"),)
    ]


async def test_a_position_that_was_sold_is_gone(path, journal):
    story = Story()
    story.open()
    story.fill(story.order(Side.BUY, Decimal(500)), Decimal("0.25"), Decimal(2000))
    await store(journal, story)
    assert rows(path, "SELECT quantity FROM positions") == [("0.25",)]
    before = len(story.events)
    story.fill(story.order(Side.SELL, Decimal("0.25")), Decimal("0.25"), Decimal(2100))
    await journal.append(story.events[before:], inputs=[], checkpoint="", cursor=43, durable=True)
    assert rows(path, "SELECT quantity FROM positions") == []


async def test_commands_checkpoint_and_sessions_come_back(path):
    request = OrderRequest("c1", WETH, Side.BUY, SizeBy.NOTIONAL, Decimal("500.25"), Kind.LIMIT,
                           Decimal("1999.99"))  # fmt: skip
    story = Story()
    story.open()
    first = await SqliteJournal.open(path)
    await first.append(
        story.events,
        inputs=[(5, START, PlaceOrder(request)), (5, START, SetKill(KillMode.REDUCE_ONLY))],
        checkpoint="first", cursor=5, durable=True,
    )  # fmt: skip
    await first.close()
    second = await SqliteJournal.open(path)
    await second.append(
        [], inputs=[(9, START + 60_000, SwitchBot(True))], checkpoint="second", cursor=9,
        durable=True,
    )  # fmt: skip
    await second.close()
    with load(path) as loaded:
        assert list(loaded.inputs()) == [
            Input(1, 5, START, PlaceOrder(request)),
            Input(1, 5, START, SetKill(KillMode.REDUCE_ONLY)),
            Input(2, 9, START + 60_000, SwitchBot(True)),
        ]
        assert loaded.checkpoint == Checkpoint(9, START + 60_000, "second")
        assert list(loaded.sessions()) == [Session(1, 0, 1), Session(2, 5, 2)]
        assert loaded.meta.cash == Decimal(10_000)


async def test_what_need_not_be_durable_waits_for_what_must_be(path, journal):
    story = Story()
    story.open()
    story.decide()
    await journal.append(story.events, inputs=[], checkpoint="a", cursor=1, durable=False)
    assert rows(path, "SELECT count(*) FROM journal") == [(0,)]
    story.mark()
    await journal.append(story.events[2:], inputs=[], checkpoint="b", cursor=2, durable=True)
    with load(path) as loaded:
        assert [e.seq for e in loaded.events()] == [1, 2, 3]
        assert loaded.checkpoint is not None
        assert loaded.checkpoint.body == "b"


async def test_rows_are_written_when_enough_have_gathered(path):
    journal = await SqliteJournal.open(path, clock=lambda: 0.0, rows=3)
    await journal.record([(WETH, START, Decimal(1), 1.0), (WETH, START + 1, Decimal(1), 1.0)])
    assert rows(path, "SELECT count(*) FROM prices") == [(0,)]
    await journal.record([(WETH, START + 2, Decimal(1), 1.0)])
    assert rows(path, "SELECT count(*) FROM prices") == [(3,)]
    await journal.close()


async def test_rows_are_written_when_they_have_waited_long_enough(path):
    now = 100.0
    journal = await SqliteJournal.open(path, clock=lambda: now)
    await journal.record([(WETH, START, Decimal(1), 1.0)])
    assert rows(path, "SELECT count(*) FROM prices") == [(0,)]
    now = 101.0
    await journal.record([(WETH, START + 1, Decimal(1), 1.0)])
    assert rows(path, "SELECT count(*) FROM prices") == [(2,)]
    await journal.close()


async def test_closing_writes_what_waits_and_ends_it(path):
    journal = await SqliteJournal.open(path, clock=lambda: 0.0)
    await journal.append([], inputs=[], checkpoint="last", cursor=77, durable=False)
    await journal.close()
    await journal.close()
    assert rows(path, "SELECT cursor, body FROM checkpoint") == [(77, "last")]
    with pytest.raises(JournalError, match="closed"):
        await journal.append([], inputs=[], checkpoint="", cursor=0, durable=True)


async def test_a_gap_in_the_sequence_is_refused_and_nothing_of_it_kept(path, journal):
    story = trading_day()
    await journal.append(story.events[:2], inputs=[], checkpoint="", cursor=1, durable=True)
    with pytest.raises(JournalError, match="gap"):
        await journal.append(
            [story.events[2], *story.events[4:]], inputs=[], checkpoint="no", cursor=2,
            durable=True,
        )  # fmt: skip
    assert rows(path, "SELECT count(*) FROM journal") == [(1,)]
    assert rows(path, "SELECT cursor FROM checkpoint") == [(1,)]
    with pytest.raises(JournalError):
        await journal.append(story.events[2:4], inputs=[], checkpoint="", cursor=2, durable=True)


async def test_a_journal_goes_on_with_a_fold_that_it_is_given(path):
    story = trading_day()
    first = await SqliteJournal.open(path)
    await store(first, story)
    await first.close()
    account = Account()
    for event in story:
        account.apply(event)
    second = await SqliteJournal.open(path, account=account)
    story.mark()
    await second.append(story.events[-1:], inputs=[], checkpoint="", cursor=1, durable=True)
    await second.close()
    with pytest.raises(StoreError, match="folded to event 0"):
        await SqliteJournal.open(path, account=Account())


async def test_a_damaged_account_is_not_opened_for_writing(path, journal):
    await store(journal, trading_day())
    await journal.close()
    connection = connect_writer(path)
    connection.execute("DELETE FROM journal WHERE seq = 3")
    connection.close()
    with pytest.raises(StoreError, match="papertrader verify"):
        await SqliteJournal.open(path)


async def test_the_file_is_written_as_durably_as_sqlite_can(path, journal):
    def settings(connection: sqlite3.Connection):
        return [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert await journal._connection.run(settings) == ["wal", 2, 1]
