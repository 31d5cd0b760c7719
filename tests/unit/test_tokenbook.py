"""Own tokens and watchlists as files that people read and edit."""

from __future__ import annotations

import stat
import threading
from decimal import Decimal

import pytest

from papertrader_tui import tokenbook
from papertrader_tui.config_options import ConfigError
from papertrader_tui.registry import load_registry
from papertrader_tui.tokenbook import LISTS, TOKENS, editing, load, make_token

ADDRESS = "0x" + "ab" * 20
WETH = "base:0x4200000000000000000000000000000000000006"


def test_nothing_is_there_at_first_and_looking_makes_no_file(tmp_path):
    book = load(tmp_path / "none")
    assert (book.tokens, book.lists) == ({}, {})
    assert not (tmp_path / "none").exists()


def test_what_is_written_is_read_back_and_the_owners_alone(tmp_path):
    data = tmp_path / "data"
    odd = make_token(
        f"BASE:{ADDRESS.upper().replace('0X', '0x')}", 'O"d\\d é', "n", 6, Decimal("0.5")
    )
    with editing(data) as book:
        book.tokens[odd.id] = odd
        book.lists["memes-1"] = [odd.id, WETH]
        book.lists["empty"] = []
    again = load(data)
    assert again.tokens == {f"base:{ADDRESS}": odd}
    assert again.lists == {"empty": [], "memes-1": [odd.id, WETH]}
    known = again.registry(load_registry())
    assert [t.symbol for t in again.watchlist("memes-1", known)] == ['O"d\\d é', "WETH"]
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    for file in data.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(f.name for f in data.iterdir()) == ["tokens.lock", TOKENS, LISTS]
    assert (data / TOKENS).read_text().startswith("# Tokens of your own")


def test_an_edit_that_fails_changes_nothing(tmp_path):
    with editing(tmp_path) as book:
        book.lists["a"] = [WETH]
    before = (tmp_path / LISTS).read_bytes()

    def fail():
        with editing(tmp_path) as book:
            book.lists["b"] = [WETH]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (tmp_path / LISTS).read_bytes() == before


def test_two_that_edit_at_once_both_count(tmp_path):
    def put(number):
        with editing(tmp_path) as book:
            book.lists[f"l{number}"] = [WETH]

    threads = [threading.Thread(target=put, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(load(tmp_path).lists) == [f"l{n}" for n in range(8)]


def test_a_bundled_token_stays_as_it_is_bundled(tmp_path):
    fake = make_token(WETH, "FAKE", "", 2)
    with editing(tmp_path) as book:
        book.tokens[WETH] = fake
    known = load(tmp_path).registry(load_registry())
    assert known.tokens[WETH].symbol == "WETH"


GOOD = f'[[tokens]]\nid = "base:{ADDRESS}"\nsymbol = "A"\ndecimals = 18\n'


@pytest.mark.parametrize(
    ("file", "text", "parts"),
    [
        (TOKENS, "[[tokens]", ["not valid TOML", "move it away"]),
        (TOKENS, "\ufffe\x00", ["not valid TOML"]),
        (TOKENS, "token = 1", ["['token']", "[[tokens]]"]),
        (TOKENS, "tokens = [1]", ["token 1", "[[tokens]]"]),
        (TOKENS, GOOD + "decimal = 1", ["token 1", "'decimal'", "did you mean 'decimals'"]),
        (TOKENS, GOOD.replace("18", '"18"'), ["token 1", "decimals", "a number"]),
        (TOKENS, GOOD.replace("18", "true"), ["decimals", "a number"]),
        (TOKENS, GOOD.replace("18", "37"), ["decimals = 37", "0 to 36"]),
        (TOKENS, GOOD.replace("decimals = 18", ""), ["no decimals"]),
        (TOKENS, GOOD.replace("base:", "bose:"), ["'bose'", "did you mean 'base'"]),
        (TOKENS, GOOD.replace("base:", "sepolia:"), ["testnet"]),
        (TOKENS, GOOD.replace("abab", "abxy"), ["no token id", "chain:0x"]),
        (TOKENS, GOOD.replace('"A"', '"\\u200b"'), ["symbol", "1 to 20"]),
        (TOKENS, GOOD + "fee_bps = nan", ["fee_bps", "0 to 1000"]),
        (TOKENS, GOOD + GOOD, ["token 2", "once more"]),
        (LISTS, 'a = "base:0x"', ["a has to be a list"]),
        (LISTS, 'a = ["weth"]', ["a holds 'weth'", "chain:0x"]),
        (LISTS, '"A B" = []', ["'A B'", "a-z, 0-9"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place_and_remedy(tmp_path, file, text, parts):
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    for part in parts:
        assert part in str(caught.value)
    assert "A B" in text or file in str(caught.value)


def test_names_from_outside_are_harmless():
    token = make_token(f"base:{ADDRESS}", "\x1b[31mX\u202e", "two\n lines", 18)
    assert (token.symbol, token.name) == ("[31mX", "two lines")


def test_a_watchlist_that_cannot_be_used_says_what_to_do(tmp_path):
    with editing(tmp_path) as book:
        book.lists = {"majors": [WETH], "none": [], "lost": [f"base:{ADDRESS}"]}
    book, known = load(tmp_path), load_registry()
    assert [t.id for t in book.watchlist("majors", known)] == [WETH]
    for name, parts in (
        ("major", ["'major'", "did you mean 'majors'", "--list major"]),
        ("none", ["'none' is empty", "--list none"]),
        ("lost", [ADDRESS, "token add"]),
    ):
        with pytest.raises(ConfigError) as caught:
            book.watchlist(name, known)
        assert all(part in str(caught.value) for part in parts)
    with pytest.raises(ConfigError, match="there are none yet"):
        tokenbook.TokenBook().watchlist("x", known)
