import json

import pytest

from papertrader_tui.domain.events import Filled, Reverted
from papertrader_tui.domain.ledger import postings
from papertrader_tui.store.database import connect_writer
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.verify import verify
from tests.unit.store.helpers import WETH, new_account, store, trading_day


@pytest.fixture
async def path(tmp_path):
    path = new_account(tmp_path)
    journal = await SqliteJournal.open(path)
    await store(journal, trading_day())
    await journal.close()
    return path


BODY = "UPDATE journal SET body = replace(body,"


def change(path, *statements):
    connection = connect_writer(path)
    for sql in statements:
        assert connection.execute(sql).rowcount == 1, sql
    connection.close()


async def test_a_sound_account_is_verified_and_says_what_was_checked(path):
    report = verify(path)
    story = trading_day()
    assert report.ok, report.difference
    fills = sum(isinstance(e, Filled | Reverted) for e in story)
    assert report.checked["events in sequence, without a gap"] == len(story.events)
    assert report.checked["fills and reverts are as booked"] == fills == 4
    assert report.checked["orders stand where their events left them"] == 5
    assert report.checked["equity rows fit the ledger exactly"] == 2
    assert report.checked["entries are as posted"] == sum(len(postings(e)) for e in story) > 20
    assert report.checked["balances are the sum of their entries"] == 8
    assert report.checked["positions are what was bought and not sold"] == 2
    assert "initial 10000" in report.identity
    assert report.identity.endswith("exactly")
    assert "verified" in report.lines()[-1]
    assert json.loads(json.dumps(report.as_dict()))["ok"] is True


def test_an_empty_account_is_verified(tmp_path):
    report = verify(new_account(tmp_path))
    assert report.ok
    assert report.checked["events in sequence, without a gap"] == 0
    assert report.identity == ""


async def test_it_works_beside_a_running_desk(tmp_path):
    path = new_account(tmp_path)
    story = trading_day()
    journal = await SqliteJournal.open(path)
    for at, event in enumerate(story, 1):
        await journal.append([event], inputs=[], checkpoint="", cursor=at, durable=True)
        report = verify(path)
        assert report.ok, report.difference
        assert report.checked["events in sequence, without a gap"] == at
    await journal.close()


@pytest.mark.parametrize(
    ("statement", "table", "key", "stored", "folded"),
    [
        ("DELETE FROM journal WHERE seq = 4", "journal", "4", "nothing", "event 4"),
        ("DELETE FROM decisions WHERE seq = 2", "journal", "2", "nothing", "event 2"),
        ("DELETE FROM journal WHERE seq = 20", "equity", "20", "", "nothing"),
        (f"{BODY} '\"2000.123456789\"', '\"2000.123456788\"') WHERE seq = 5", "journal", "5",
         "sum to", "0"),
        ("UPDATE journal SET body = '{' WHERE seq = 5", "journal", "5", "event 5", "a fact"),
        ("UPDATE journal SET kind = 'Filed' WHERE seq = 5", "journal", "5", "Filed", "a fact"),
        ("UPDATE decisions SET risk = 'x' WHERE seq = 2", "journal", "2", "decision", "a fact"),
        ("UPDATE entries SET amount = '1' WHERE seq = 5 AND line = 0", "entries", "5/0",
         "amount 1", "amount -"),
        ("DELETE FROM entries WHERE seq = 5 AND line = 1", "entries", "5/1", "nothing", "holdings"),
        ("INSERT INTO entries VALUES (6, 0, 0, 'cash', NULL, '1')", "entries", "6/0", "cash",
         "nothing"),
        ("INSERT INTO entries VALUES (99, 0, 0, 'cash', NULL, '1')", "entries", "99/0", "cash",
         "nothing"),
        ("UPDATE fills SET gas = '0.0422' WHERE seq = 5", "fills", "5", "gas 0.0422",
         "gas 0.0421"),
        ("DELETE FROM fills WHERE status = 'reverted'", "fills", "16", "nothing", "reverted"),
        ("UPDATE equity SET cash = '1' WHERE seq = 6", "equity", "6", "cash 1", "cash 9"),
        ("UPDATE orders SET status = 'working' WHERE id = 'o5'", "orders", "o5",
         "status working", "status submitted"),
        ("UPDATE orders SET body = replace(body, 'pts\":1', 'pts\":2') WHERE id = 'o1'", "orders",
         "o1", '"attempts":2', '"attempts":1'),
        ("DELETE FROM orders WHERE id = 'o2'", "orders", "o2", "nothing", "o2"),
        ("INSERT INTO orders VALUES ('o9', 99, 9, 0, 'x', 'buy', 'limit', 'bot', 'filled', '{}')",
         "orders", "o9", "{}", "nothing"),
        ("UPDATE balances SET amount = '0' WHERE account = 'gas'", "balances", "gas", "amount 0",
         "amount 0.1"),
        ("DELETE FROM balances WHERE account = 'gas'", "balances", "gas", "nothing", "0.1"),
        (f"UPDATE positions SET quantity = '1' WHERE token = '{WETH}'", "positions", WETH,
         "quantity 1", "quantity 0.18"),
        ("INSERT INTO positions VALUES ('base:x', '1', '1', '1', '0', '0', '0', '0', 1, '0')",
         "positions", "base:x", "1", "nothing"),
        ("INSERT INTO commands VALUES (1, 1, 0, 0, 'Nonsense', '{}')", "commands", "1",
         "Nonsense", "a command"),
    ],
)  # fmt: skip
async def test_the_first_row_that_differs_is_named(path, statement, table, key, stored, folded):
    change(path, statement)
    report = verify(path)
    assert not report.ok
    found = report.difference
    assert (found.table, found.key) == (table, key)
    assert stored in found.stored
    assert folded in found.folded
    assert report.lines()[-1] == f"DIFFERS: {found}"
    assert report.as_dict()["difference"]["key"] == key


async def test_a_mark_that_does_not_fit_its_ledger_is_found_though_both_copies_agree(path):
    change(
        path,
        'UPDATE journal SET body = replace(body, \'"lp_fees":"0.123456"\','
        ' \'"lp_fees":"0.123457"\') WHERE seq = 6',
        "UPDATE equity SET lp_fees = '0.123457' WHERE seq = 6",
    )
    report = verify(path)
    assert str(report.difference) == ("equity 6: stored lp_fees 0.123457, folded lp_fees 0.123456")


async def test_a_mark_whose_identity_is_off_by_the_last_digit_is_found(path):
    event = trading_day().events[5]
    wrong = format(event.equity, "f")[:-1] + "9"
    change(
        path,
        f'UPDATE journal SET body = replace(body, \'"equity":"{event.equity}"\','
        f' \'"equity":"{wrong}"\') WHERE seq = 6',
        f"UPDATE equity SET equity = '{wrong}' WHERE seq = 6",
    )
    report = verify(path)
    assert (report.difference.table, report.difference.key) == ("equity", "6")
    assert report.difference.stored.startswith("equity ")


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="there is no account"):
        verify(tmp_path / "none.db")
