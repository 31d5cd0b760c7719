import json
import os
import stat
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui.store import accounts, paths
from papertrader_tui.store.errors import AccountBusy, StoreError
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.load import load
from papertrader_tui.store.lock import AccountLock, holder, lock_path
from tests.unit.store.helpers import CASH, meta, new_account, store, trading_day


async def used_account(data, name="main"):
    path = new_account(data, name)
    journal = await SqliteJournal.open(path)
    await store(journal, trading_day())
    await journal.close()
    return path


def test_the_data_directory_is_the_first_that_is_named(tmp_path):
    environment = {"PAPERTRADER_DATA_DIR": str(tmp_path / "env")}
    assert paths.data_dir(tmp_path / "flag", environment) == tmp_path / "flag"
    assert paths.data_dir(None, environment) == tmp_path / "env"
    assert paths.data_dir(None, {}).name == "papertrader"
    assert paths.data_dir("relative", {}) == Path.cwd() / "relative"


@pytest.mark.parametrize("name", ["main", "a", "0x", "tape-btc_2", "a" * 32])
def test_names_that_are_usable(name, tmp_path):
    assert paths.account_path(tmp_path, name) == tmp_path / "accounts" / f"{name}.db"


@pytest.mark.parametrize(
    "name", ["", "-a", "_a", "Main", "a b", "../x", "a/b", "a.db", "a\n", "a" * 33, "é"]
)
def test_names_that_are_not(name, tmp_path):
    with pytest.raises(StoreError, match="take 1 to 32 of") as refused:
        paths.account_path(tmp_path, name)
    assert repr(name) in str(refused.value)


def test_a_directory_that_cannot_be_is_named_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.*--data-dir"):
        new_account(tmp_path / "file")


def test_a_directory_that_is_there_keeps_its_permissions(tmp_path):
    tmp_path.chmod(0o755)
    new_account(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "accounts").stat().st_mode) == 0o700


def test_a_new_account_is_what_was_asked_for(tmp_path):
    path = new_account(tmp_path)
    with load(path) as loaded:
        assert loaded.meta == meta()
        assert loaded.last_seq == 0
        assert loaded.checkpoint is None
        assert loaded.decisions == ()
        assert list(loaded.events()) == []
    with pytest.raises(StoreError, match="there is an account 'main' already"):
        new_account(tmp_path)


def test_a_creation_that_was_cut_short_leaves_no_account_and_no_obstacle(tmp_path):
    (tmp_path / "accounts").mkdir()
    for name in ("main.new", "main.new-wal", "main.db-wal"):
        (tmp_path / "accounts" / name).write_bytes(b"half a file")
    assert accounts.names(tmp_path) == []
    path = new_account(tmp_path)
    assert sorted(f.name for f in path.parent.iterdir()) == ["main.db", "main.lock"]
    assert accounts.show(tmp_path, "main").meta == meta()


async def test_show_tells_what_there_is(tmp_path):
    path = await used_account(tmp_path)
    info = accounts.show(tmp_path, "main")
    story = trading_day()
    assert info.path == path
    assert (info.trades, info.decisions, info.open_orders, info.positions) == (3, 2, 1, 2)
    assert info.equity == story.events[-1].equity != CASH
    assert info.events == len(story.events)
    assert info.time == story.events[-1].time
    assert info.pid is None
    told = info.as_dict()
    assert json.loads(json.dumps(told)) == told
    assert (told["initial"], told["market"], told["in_use"]) == ("10000", "demo", False)
    last = story.events[-1]
    assert (Decimal(told["cash"]), Decimal(told["gas"])) == (last.cash, last.gas)
    whole = info.as_whole()["holdings"]
    assert [h["token"] for h in whole] == [h.token for h in info.holdings]
    assert len(whole) == info.positions
    assert all(Decimal(h["quantity"]) > 0 and Decimal(h["cost"]) > 0 for h in whole)
    with AccountLock(path):
        assert accounts.show(tmp_path, "main").pid == os.getpid()
    with pytest.raises(StoreError, match="there is no account 'other'"):
        accounts.show(tmp_path, "other")


def test_all_accounts_are_listed_also_one_that_is_damaged(tmp_path):
    assert accounts.list_accounts(tmp_path) == []
    new_account(tmp_path, "b")
    new_account(tmp_path, "a")
    (tmp_path / "accounts" / "c.db").write_text("not a database" * 100)
    found = accounts.list_accounts(tmp_path)
    assert [i.name for i in found] == ["a", "b", "c"]
    assert [i.meta is None for i in found] == [False, False, True]
    assert "damaged" in found[2].as_dict()["problem"]


def test_the_default_account_is_the_one_that_was_last_written(tmp_path):
    assert accounts.default(tmp_path) is None
    older = new_account(tmp_path, "older")
    assert accounts.default(tmp_path) == "older"
    newer = new_account(tmp_path, "newer")
    os.utime(older, (1_000, 1_000))
    os.utime(newer, (2_000, 2_000))
    assert accounts.default(tmp_path) == "newer"
    older.with_name("older.db-wal").touch()
    assert accounts.default(tmp_path) == "older"


def test_an_account_is_bound_to_the_market_that_it_began_with(tmp_path):
    path = accounts.create(tmp_path, replace(meta(), market="", identity="", seed=0))
    bound = accounts.bind(path, market="demo", identity="demo:8:1", seed=8)
    assert (bound.market, bound.identity, bound.seed) == ("demo", "demo:8:1", 8)
    assert accounts.bind(path, market="demo", identity="demo:8:1", seed=8) == bound
    with pytest.raises(StoreError, match=r"demo market 'demo:8:1'.*tape 'abc'.*--account"):
        accounts.bind(path, market="tape", identity="abc", seed=8)
    with load(path) as loaded:
        assert loaded.meta == bound


async def test_reset_keeps_what_the_account_is_and_nothing_else(tmp_path):
    path = await used_account(tmp_path)
    accounts.reset(tmp_path, "main", created="2026-02-01T00:00:00Z", program="9")
    with load(path) as loaded:
        assert loaded.meta == replace(meta(), created="2026-02-01T00:00:00Z", program="9")
        assert loaded.last_seq == 0
        assert loaded.checkpoint is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(StoreError, match="there is no account 'nobody'"):
        accounts.reset(tmp_path, "nobody", created="", program="")


async def test_reset_waits_for_whoever_reads(tmp_path):
    path = new_account(tmp_path)
    journal = await SqliteJournal.open(path)
    with load(path):
        await store(journal, trading_day())
        await journal.close()
        with pytest.raises(StoreError, match="is being read"):
            accounts.reset(tmp_path, "main", created="", program="")
    with load(path) as loaded:
        assert loaded.last_seq == len(trading_day().events)


async def test_delete_leaves_nothing_behind(tmp_path):
    path = await used_account(tmp_path)
    accounts.delete(tmp_path, "main")
    assert list(path.parent.iterdir()) == []
    with pytest.raises(StoreError, match="there is no account 'main'"):
        accounts.delete(tmp_path, "main")


def test_a_damaged_account_can_be_deleted(tmp_path):
    path = new_account(tmp_path)
    path.write_text("rubbish")
    accounts.delete(tmp_path, "main")
    assert accounts.names(tmp_path) == []


async def test_an_account_in_use_is_neither_reset_nor_deleted(tmp_path):
    path = await used_account(tmp_path)
    before = path.read_bytes()
    with AccountLock(path):
        for forbidden in (
            lambda: accounts.delete(tmp_path, "main"),
            lambda: accounts.reset(tmp_path, "main", created="", program=""),
            lambda: new_account(tmp_path),
            lambda: AccountLock(path),
        ):
            with pytest.raises(AccountBusy, match=f"in use by process {os.getpid()}") as busy:
                forbidden()
            assert busy.value.pid == os.getpid()
    assert path.read_bytes() == before


def test_a_lock_is_free_again_when_it_is_released(tmp_path):
    path = new_account(tmp_path)
    lock = AccountLock(path)
    assert holder(path) == os.getpid()
    lock.release()
    lock.release()
    assert holder(path) is None
    with AccountLock(path):
        pass


def test_a_lock_on_a_file_that_was_taken_away_is_not_a_lock(tmp_path, monkeypatch):
    path = new_account(tmp_path)
    old = AccountLock(path)
    opened = os.open
    raced = []

    def racing(name, *rest):
        handle = opened(name, *rest)
        if not raced:
            raced.append(name)
            old.release(remove=True)  # between our open and our lock
        return handle

    monkeypatch.setattr(os, "open", racing)
    with AccountLock(path):
        assert raced
        assert lock_path(path).exists()
        with pytest.raises(AccountBusy):
            AccountLock(path)


def test_cash_is_kept_to_the_last_digit(tmp_path):
    cash = Decimal("12345.000001")
    path = accounts.create(tmp_path, replace(meta(), cash=cash))
    with load(path) as loaded:
        assert loaded.meta.cash == cash
