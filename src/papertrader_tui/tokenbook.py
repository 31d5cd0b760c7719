"""A person's own tokens and named watchlists: two small TOML files in the data folder.

They are for people to read and edit as well, so they are checked whole each time they are read,
and written whole or not at all.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from papertrader_tui.config_options import ConfigError, did_you_mean
from papertrader_tui.domain.tokens import Registry, Token, TokenId
from papertrader_tui.registry import load_registry
from papertrader_tui.store.paths import create_private, make_private, sync_directory
from papertrader_tui.text import clean

TOKENS, LISTS = "tokens.toml", "watchlists.toml"
MAX_DECIMALS = 36
MAX_FEE_BPS = Decimal(1_000)

_ID = re.compile(r"[a-z][a-z0-9-]*:0x[0-9a-f]{40}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_FIELDS: dict[str, tuple[type, ...]] = {
    "id": (str,), "symbol": (str,), "name": (str,), "decimals": (int,), "fee_bps": (int, Decimal),
}  # fmt: skip
_LENGTHS = {"symbol": 20, "name": 60}
_TOKENS_HEAD = """\
# Tokens of your own, beside the bundled ones. papertrader token add and token remove write this
# file anew: of what you change here the values stay, comments do not.
#
# id is chain:address in lower case; fee_bps the fee of the pool it is usually traded in, used
# until the pool is known.
"""
_LISTS_HEAD = """\
# Watchlists by name, each a list of token ids (chain:address). papertrader token add --list NAME
# and token remove --list NAME write this file anew: comments are not kept.
"""


@dataclass(slots=True)
class TokenBook:
    """Own tokens by id, and watchlists by name."""

    tokens: dict[TokenId, Token] = field(default_factory=dict)
    lists: dict[str, list[TokenId]] = field(default_factory=dict)

    def registry(self, bundled: Registry) -> Registry:
        """The bundled tokens and these; a bundled one is as it is bundled."""
        own = [token for key, token in self.tokens.items() if key not in bundled.tokens]
        return bundled.with_tokens(own)

    def watchlist(self, name: str, known: Registry) -> list[Token]:
        """The tokens of a watchlist.

        Args:
            name: Of the list.
            known: Bundled tokens and these.

        Raises:
            ConfigError: there is no such list, it is empty, or one of its tokens is not known.
        """
        ids = self.lists.get(name)
        if ids is None:
            hint = did_you_mean(name, self.lists) if self.lists else "there are none yet"
            msg = (
                f"there is no watchlist {name!r} ({hint}); "
                f"papertrader token add TOKEN --list {name} begins it"
            )
            raise ConfigError(msg)
        if not ids:
            msg = (
                f"watchlist {name!r} is empty; add to it: papertrader token add TOKEN --list {name}"
            )
            raise ConfigError(msg)
        missing = [key for key in ids if key not in known.tokens]
        if missing:
            msg = (
                f"watchlist {name!r} holds {missing[0]}, which is no known token; "
                f"papertrader token add {missing[0]}, or token remove {missing[0]} --list {name}"
            )
            raise ConfigError(msg)
        return [known.tokens[key] for key in ids]


def load(data: Path) -> TokenBook:
    """Read both files; those that are not there hold nothing.

    Raises:
        ConfigError: something in them is not allowed; the message says where and what is.
    """
    return TokenBook(_tokens(data / TOKENS), _lists(data / LISTS))


@contextmanager
def editing(data: Path) -> Iterator[TokenBook]:
    """Read both files, alone, and write what was changed when the block ends without an error.

    Raises:
        ConfigError: see `load`.
        StoreError: the folder cannot be used.
    """
    make_private(data)
    handle = os.open(data / "tokens.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        book = load(data)
        before = load(data)
        yield book
        if book.tokens != before.tokens:
            _write(data / TOKENS, _TOKENS_HEAD + "".join(map(_entry, book.tokens.values())))
        if book.lists != before.lists:
            _write(data / LISTS, _LISTS_HEAD + "".join(map(_line, *_columns(book.lists))))
    finally:
        os.close(handle)


def add(data: Path, token: Token, name: str = "") -> tuple[bool, int]:
    """Add a token to one's own, where it is not bundled, and to a watchlist, where one is named.

    Returns:
        Whether it was added or differs from what was there, and how many tokens the list has now.

    Raises:
        ConfigError, StoreError: see `editing`.
    """
    with editing(data) as book:
        bundled = load_registry()
        # a token of an own chain stands in config.toml
        kept = token.chain in bundled.chains and token.id not in bundled.tokens
        new = kept and book.tokens.get(token.id) != token
        if new:
            book.tokens[token.id] = token
        listed = book.lists.setdefault(name, []) if name else []
        if name and token.id not in listed:
            listed.append(token.id)
    return new, len(listed)


def check_list_name(name: str) -> str:
    """The name, if it can be a watchlist's.

    Raises:
        ConfigError: it cannot.
    """
    if _NAME.fullmatch(name):
        return name
    msg = (
        f"watchlist name {name!r} is not usable: take 1 to 32 of a-z, 0-9, - and _, beginning "
        "with a letter or a digit"
    )
    raise ConfigError(msg)


# ---------------------------------------------------------------------- reading


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        return {}
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise ConfigError(msg) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ArithmeticError) as error:
        msg = f"{path} is not valid TOML: {error}; mend it, or move it away to begin anew"
        raise ConfigError(msg) from None


def _tokens(path: Path) -> dict[TokenId, Token]:
    document = _read(path)
    unknown = [key for key in document if key != "tokens"]
    entries = document.get("tokens", [])
    if unknown or not isinstance(entries, list):
        msg = f"{path} holds {unknown or 'tokens'} where only [[tokens]] sections are expected"
        raise ConfigError(msg)
    found: dict[TokenId, Token] = {}
    for number, entry in enumerate(entries, 1):
        token = _token(entry, f"{path}: token {number}")
        if token.id in found:
            msg = f"{path}: token {number} is {token.id} once more; take one of the two out"
            raise ConfigError(msg)
        found[token.id] = token
    return found


def _token(entry: object, where: str) -> Token:
    if not isinstance(entry, Mapping):
        msg = f"{where} has to be a section, written [[tokens]]"
        raise ConfigError(msg)
    for key, value in entry.items():
        kind = _FIELDS.get(key)
        if kind is None:
            msg = f"{where} has no {key!r}; {did_you_mean(str(key), _FIELDS)}"
            raise ConfigError(msg)
        if not isinstance(value, kind) or isinstance(value, bool):
            what = "text" if kind == (str,) else "a number"
            msg = f"{where}: {key} = {str(value)!r} has to be {what}"
            raise ConfigError(msg)
    missing = [key for key in ("id", "symbol", "decimals") if key not in entry]
    if missing:
        msg = f"{where} has no {missing[0]}; a token has id, symbol, name, decimals and fee_bps"
        raise ConfigError(msg)
    return make_token(
        entry["id"], entry["symbol"], entry.get("name", ""), entry["decimals"],
        Decimal(entry.get("fee_bps", 30)), where,
    )  # fmt: skip


def make_token(
    ident: str,
    symbol: str,
    name: str,
    decimals: int,
    fee_bps: Decimal = Decimal(30),
    where: str = "",
) -> Token:
    """A token of a person's own, checked; symbol and name without what a terminal obeys.

    Raises:
        ConfigError: something of it is not allowed.
    """
    said = f"{where}: " if where else ""
    key = ident.strip().lower()
    chains = load_registry().chains
    chain = key.partition(":")[0]
    if not _ID.fullmatch(key):
        msg = f"{said}{ident!r} is no token id; write it as chain:0x and 40 hexadecimal digits"
        raise ConfigError(msg)
    if chain not in chains:
        hint = did_you_mean(chain, chains)
        msg = (
            f"{said}chain {chain!r} is not bundled; {hint}{'' if hint.endswith('?') else '.'} "
            "Tokens of a chain of your own stand in config.toml, as [[token]]"
        )
        raise ConfigError(msg)
    if chains[chain].testnet:
        msg = f"{said}{key} is on the testnet {chain}, where tokens have no price of their own"
        raise ConfigError(msg)
    texts = {"symbol": clean(symbol), "name": clean(name)}
    for what, longest in _LENGTHS.items():
        if len(texts[what]) > longest or (what == "symbol" and not texts[what]):
            msg = f"{said}{what} {texts[what]!r} has to have 1 to {longest} characters"
            raise ConfigError(msg)
    if not 0 <= decimals <= MAX_DECIMALS:
        msg = f"{said}decimals = {decimals}: expected a whole number from 0 to {MAX_DECIMALS}"
        raise ConfigError(msg)
    if not (fee_bps.is_finite() and 0 <= fee_bps <= MAX_FEE_BPS):
        msg = f"{said}fee_bps = {fee_bps}: expected a number from 0 to {MAX_FEE_BPS}"
        raise ConfigError(msg)
    return Token(key, texts["symbol"], texts["name"], chain, decimals, fee_bps)


def _lists(path: Path) -> dict[str, list[TokenId]]:
    found: dict[str, list[TokenId]] = {}
    for name, ids in _read(path).items():
        where = f"{path}: {name}"
        check_list_name(name)
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
            msg = f'{where} has to be a list of token ids, like ["base:0x…", …]'
            raise ConfigError(msg)
        keys = [one.strip().lower() for one in ids]
        wrong = next((one for one in keys if not _ID.fullmatch(one)), None)
        if wrong is not None:
            msg = f"{where} holds {wrong!r}, which is no token id; write it as chain:0x…"
            raise ConfigError(msg)
        found[name] = list(dict.fromkeys(keys))
    return found


# ---------------------------------------------------------------------- writing


def _entry(token: Token) -> str:
    return (
        f"\n[[tokens]]\nid = {_text(token.id)}\nsymbol = {_text(token.symbol)}\n"
        f"name = {_text(token.name)}\ndecimals = {token.decimals}\nfee_bps = {token.fee_bps:f}\n"
    )


def _columns(lists: Mapping[str, list[TokenId]]) -> tuple[list[str], list[list[TokenId]]]:
    names = sorted(lists)
    return names, [lists[name] for name in names]


def _line(name: str, ids: list[TokenId]) -> str:
    rows = "".join(f"    {_text(one)},\n" for one in ids)
    return f"\n{name} = [\n{rows}]\n"


def _text(value: str) -> str:
    """A TOML basic string: of text without control characters JSON writes the same."""
    return json.dumps(value, ensure_ascii=False)


def _write(path: Path, text: str) -> None:
    """Replace a file whole; only its owner can read it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.unlink(missing_ok=True)
        create_private(part)
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise ConfigError(msg) from error
    finally:
        part.unlink(missing_ok=True)
