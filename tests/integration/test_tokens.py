"""`papertrader token` and `export tape` as a person meets them, against the local services."""

from __future__ import annotations

import asyncio
import io
import json
from decimal import Decimal

import pytest

from papertrader_tui.cli import main
from papertrader_tui.domain.market import Quote, Trust
from papertrader_tui.domain.tokens import Token
from papertrader_tui.store import accounts
from papertrader_tui.store.journal import SqliteJournal
from tests.market_server import Fault, MarketServer
from tests.sourcekit import custom, token
from tests.unit.store.helpers import START, WETH, new_account

USDC = token("USDC", "base")
FAKE = custom("f", "base", "USDC")
NEW = custom("a", "base", "NEW")
TWIN = custom("c", "base", "NEW")
SHY = custom("d", "base", "SHY")
EVIL = Token(f"base:0x{'e' * 40}", "EV\x1b[2JIL\u202e", "a\nb", "base", 18)


@pytest.fixture(scope="module")
def server():
    with MarketServer([USDC, FAKE, NEW, TWIN, SHY, EVIL]) as running:
        yield running


@pytest.fixture
def market(server):
    server.heal()
    server.calls.clear()
    server.set_depth(FAKE, "900000000")
    return server


@pytest.fixture
def command(tmp_path, monkeypatch, capsys, market):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PAPERTRADER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    for name, url in market.environment().items():
        monkeypatch.setenv(name, url)

    def run(*words):
        try:
            code = main(words)
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return run


def test_search_puts_the_bundled_token_first_and_tells_on_the_fake(command, market):
    code, out, err = command("token", "search", "usdc")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[1].startswith("✓ USDC")
    fake = next(n for n, line in enumerate(lines) if FAKE.id in line)
    assert lines[fake].startswith("  USDC")
    assert "$900,000,000" in lines[fake]
    assert lines[fake + 1] == f"    ! not the USDC of base, which is {USDC.address}"
    assert max(n for n, line in enumerate(lines) if line.startswith("✓ USDC")) < fake
    assert set(market.calls) == {"dexscreener", "coingecko", "geckoterminal"}


def test_search_as_json_and_names_made_harmless(command):
    code, out, _ = command("token", "search", EVIL.id, "--json")
    (one,) = json.loads(out)
    assert (code, one["symbol"], one["name"]) == (0, "EV[2JIL", "a b")
    assert (one["verified"], one["decimals"], one["liquidity_usd"]) == (False, 18, "5000000")
    assert "\x1b" not in command("token", "search", "EV")[1]


def test_search_offline_asks_nobody(command, market):
    code, out, _ = command("token", "search", "toshi", "--offline")
    assert (code, sum(market.calls.values())) == (0, 0)
    assert "✓ TOSHI" in out
    code, out, _ = command("token", "search", "nosuchtoken", "--offline")
    assert (code, out) == (1, "no token answers to 'nosuchtoken'\n")


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.HTML, Fault.RATE_LIMITED, Fault.RESET])
def test_without_services_bundled_tokens_are_found_and_added_all_the_same(command, market, fault):
    for source in ("dexscreener", "coingecko", "geckoterminal"):
        market.fault(source, fault)
    code, out, err = command("token", "search", "usdc@base")
    assert (code, err.count("papertrader: ")) == (0, 3)
    assert "✓ USDC" in out
    assert command("token", "add", "usdc@base", "--list", "m")[0] == 0
    code, _, err = command("token", "add", NEW.id)
    assert code == 2
    assert "--symbol and --decimals" in err
    code, out, _ = command("token", "add", NEW.id, "--symbol", "NEW", "--decimals", "9")
    assert (code, "9 decimals" in out) == (0, True)


def test_a_token_is_added_by_its_id_listed_and_removed(command):
    code, out, err = command("token", "add", NEW.id.upper().replace("0X", "0x"), "--list", "memes")
    assert (code, err) == (0, "")
    assert out == (
        f"NEW ({NEW.id}) is added: 18 decimals\n"
        f"NEW ({NEW.id}) is on the watchlist memes (1 token)\n"
    )
    listed = json.loads(command("token", "list", "--json")[1])
    assert [t["id"] for t in listed["tokens"]] == [NEW.id]
    assert listed["watchlists"] == {"memes": [NEW.id]}
    assert NEW.id in command("token", "list", "--list", "memes")[1]
    assert "watchlist memes: NEW·base" in command("token", "list")[1]
    assert "was added before" in command("token", "add", NEW.id)[1]
    assert command("token", "remove", "new")[:2] == (0, f"NEW ({NEW.id}) is removed\n")
    assert json.loads(command("token", "list", "--json")[1]) == {
        "tokens": [], "watchlists": {"memes": []},
    }  # fmt: skip
    assert command("token", "remove", "--list", "memes")[0] == 0
    code, _, err = command("token", "list", "--list", "memes")
    assert (code, "there is no watchlist 'memes'" in err) == (2, True)


def test_a_symbol_that_several_tokens_have_is_refused_with_all_of_them(command):
    code, out, err = command("token", "add", "new")
    assert (code, out) == (2, "")
    assert NEW.id in err
    assert TWIN.id in err
    assert "add one by its id" in err
    code, _, err = command("token", "add", "usdc")
    assert (code, USDC.id in err, "name the chain or the id" in err) == (2, True, True)
    assert command("token", "add", "SHY")[0] == 0


def test_a_borrowed_name_is_minded_when_it_is_added(command):
    code, _, err = command("token", "add", FAKE.id)
    assert code == 0
    assert f"mind: USDC ({FAKE.id}): not the USDC of base, which is {USDC.address}" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((FAKE.id, "--symbol", "U\u0455DC", "--decimals", "6"), "not the USDC of base, which is"),
        ((NEW.id, "--symbol", "usdc"), "not the USDC of base, which is"),
        ((NEW.id, "--symbol", "PENDLE", "--decimals", "18"), "uses the symbol of PENDLE"),
        ((NEW.id,), ""),
    ],
)
def test_so_is_one_that_a_person_gives(command, market, words, says):
    code, _, err = command("token", "add", *words, "--list", "x")
    assert code == 0
    assert says in err
    assert ("mind:" in err) is bool(says)


def test_decimals_that_nobody_knows_are_asked_for(command, market):
    for source in ("coingecko", "geckoterminal"):  # DexScreener tells none
        market.fault(source, Fault.SERVER_ERROR)
    code, _, err = command("token", "add", SHY.id)
    assert (code, "--decimals N" in err) == (2, True)
    assert command("token", "add", SHY.id, "--decimals", "8")[0] == 0


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["add", "base:0x12"], "40 hexadecimal"), (["add", f"mars:0x{'a' * 40}"], "'mars'"),
        (["add", "nosuchtoken"], "no token answers"), (["add", NEW.id, "--list", "A b"], "'A b'"),
        (["remove"], "--list NAME"), (["remove", "usdc"], "bundled and stays"),
        (["remove", "nosuchtoken"], "no token answers"), (["search", " "], "what to search for"),
        (["remove", "weth", "--list", "none"], "no watchlist 'none'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(command, words, part):
    code, out, err = command("token", *words)
    assert (code, out) == (2, "")
    assert part in err


def test_a_token_that_an_account_holds_stays_known(command, tmp_path):
    data = tmp_path / "data"
    assert command("token", "add", NEW.id)[0] == 0
    path = new_account(data)
    assert accounts.using(data, NEW.id) == []
    from papertrader_tui.store.database import connect_writer

    connection = connect_writer(path)
    connection.execute(
        "INSERT INTO positions VALUES (?, '1', '1', '1', '0', '0', '0', '0', 0, '0')", (NEW.id,)
    )
    connection.close()
    code, _, err = command("token", "remove", NEW.id)
    assert (code, "held or on order in account main" in err) == (2, True)


def test_a_recorded_session_is_exported_and_plays(command, tmp_path):
    async def record():
        journal = await SqliteJournal.open(new_account(tmp_path / "data"))
        batch = []
        for n in range(40):
            time, price = START + n * 60_000, Decimal(3_000 + n) / 7
            batch.append(Trust(WETH, time, "", 2, time + 60_000))
            batch.append(Quote(WETH, time, round(price, 18), float(price), "coingecko"))
        await journal.record_inputs(batch, len(batch))
        await journal.close()

    asyncio.run(record())
    tape = tmp_path / "monday.csv"
    code, out, err = command("export", "tape", "--account", "main", "-o", str(tape))
    assert (code, out) == (0, "")
    assert err == f"papertrader: 40 prices of main in {tape}\n"
    code, out, err = command(
        "headless", "--market", "tape", "--tape", str(tape), "--tags", "PRICE", "--format", "json"
    )
    assert code == 0, err
    played = [json.loads(line) for line in out.splitlines()]
    rows = [line.split(",") for line in tape.read_text().splitlines()[1:]]
    assert [p["price"] for p in played] == [row[2] for row in rows]
    assert {p["symbol"] for p in played} == {"WETH"}
    code, _, err = command("export", "tape", "--account", "main", "--format", "jsonl")
    assert (code, "a tape is CSV" in err) == (2, True)


def test_an_account_without_prices_has_no_tape(command, tmp_path):
    new_account(tmp_path / "data", "empty")
    code, _, err = command("export", "tape", "--account", "empty", "-o", str(tmp_path / "x.csv"))
    assert (code, "no recorded prices" in err) == (2, True)
    assert not (tmp_path / "x.csv").exists()
