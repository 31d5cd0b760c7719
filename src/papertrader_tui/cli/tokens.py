"""`papertrader token`: search, add, remove, list; own tokens and watchlists."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from decimal import Decimal

from papertrader_tui import tokenbook
from papertrader_tui.chain_settings import is_own
from papertrader_tui.cli.accounts import load_config
from papertrader_tui.config import Loaded as Config
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain.money import plain
from papertrader_tui.domain.search import Candidate, SearchResult
from papertrader_tui.domain.tokens import Registry, Token, UnknownToken
from papertrader_tui.feeds.search import SEARCHERS, Searcher, borrowed, search
from papertrader_tui.headless.text import digits
from papertrader_tui.launch import data_dir
from papertrader_tui.registry import load_registry
from papertrader_tui.store import accounts
from papertrader_tui.text import clean, counted
from papertrader_tui.tokenbook import TokenBook

SHOWN = 20


def find(arguments: argparse.Namespace) -> int:
    """Search by symbol, name or address; 1 where nothing is found."""
    loaded = load_config(arguments)
    book = tokenbook.load(data_dir(loaded))
    result = _search(loaded, arguments.text, book, offline=arguments.offline)
    _say_failures(result)
    shown = result.candidates if arguments.json else result.candidates[:SHOWN]
    if arguments.json:
        print(json.dumps([_plain(one) for one in shown], indent=2))
    elif shown:
        _table(shown)
        if len(shown) < len(result.candidates):
            print(f"and {len(result.candidates) - len(shown)} more; --json lists all")
    else:
        print(f"no token answers to {clean(arguments.text)!r}")
    return 0 if shown else 1


def add(arguments: argparse.Namespace) -> int:
    """Add a token to one's own, or to a watchlist, or to both."""
    loaded = load_config(arguments)
    data = data_dir(loaded)
    name = tokenbook.check_list_name(arguments.list) if arguments.list else ""
    token = _chosen(loaded, arguments, tokenbook.load(data))
    bundled = token.id in load_registry().tokens
    new, count = tokenbook.add(data, token, name)
    mind = borrowed(token, loaded.settings.chains.registry(), load_registry())
    if mind:
        print(f"papertrader: mind: {_named(token)}: {clean(mind)}", file=sys.stderr)
    if new:
        print(f"{_named(token)} is added: {token.decimals} decimals")
    elif not name:
        why = "is bundled" if bundled else "was added before"
        print(f"{_named(token)} {why}; --list NAME puts it on a watchlist")
    if name:
        print(f"{_named(token)} is on the watchlist {name} ({counted(count, 'token')})")
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Take a token out of one's own or out of a watchlist, or delete a watchlist."""
    data = data_dir(load_config(arguments))
    book = tokenbook.load(data)
    if arguments.list:
        return _remove_from_list(arguments, book)
    if not arguments.token:
        msg = "name a token to remove, or a watchlist with --list NAME"
        raise ConfigError(msg)
    token = _own(arguments.token, book)
    _refuse_in_use(arguments, token)
    with tokenbook.editing(data) as now:
        now.tokens.pop(token.id, None)
        for ids in now.lists.values():
            if token.id in ids:
                ids.remove(token.id)
    print(f"{_named(token)} is removed")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """List own tokens and watchlists, or the tokens of one list."""
    loaded = load_config(arguments)
    book = tokenbook.load(data_dir(loaded))
    known = book.registry(loaded.settings.chains.registry())
    configured = loaded.settings.chains.tokens
    if arguments.list and book.lists.get(arguments.list) == []:
        tokens = []
    elif arguments.list:
        tokens = book.watchlist(arguments.list, known)
    elif arguments.all:
        tokens = list(known.tokens.values())
    else:
        tokens = list({t.id: t for t in (*book.tokens.values(), *configured)}.values())
    if arguments.json:
        listed: object = [_token_plain(token) for token in tokens]
        if not arguments.list:
            listed = {"tokens": listed, "watchlists": book.lists}
        print(json.dumps(listed, indent=2))
        return 0
    for token in tokens:
        where = "" if token not in configured else f"  {loaded.path.name}"
        print(f"{token.symbol:<12} {token.name[:30]:<30} {token.decimals:>2}  {token.id}{where}")
    if arguments.list:
        return 0
    if not tokens:
        print("no tokens of your own yet; papertrader token search TEXT finds some")
    for name, ids in sorted(book.lists.items()):
        names = [known.tokens[i].label if i in known.tokens else i for i in ids]
        print(f"watchlist {name}: {', '.join(names) or 'empty'}")
    return 0


# ---------------------------------------------------------------------- which token


def _chosen(loaded: Config, arguments: argparse.Namespace, book: TokenBook) -> Token:
    """The one token that is meant, complete.

    Raises:
        ConfigError, UnknownToken: it is none, several, or its decimals are not known.
    """
    text, given = arguments.token, arguments.symbol is not None and arguments.decimals is not None
    known = book.registry(loaded.settings.chains.registry())
    try:
        return known.find(text)
    except UnknownToken:
        if ":" not in text:
            local = [t for t in known.tokens.values() if t.symbol.lower() == text.strip().lower()]
            chain = text.replace("·", "@").partition("@")[2].strip().lower()
            if local or (chain and chain not in known.chains):
                raise
    if ":" in text:
        # checked before anyone is asked
        chain = text.strip().lower().partition(":")[0]
        if chain in loaded.settings.chains.by_key and is_own(chain):
            msg = (
                f"{clean(text)!r} is on {chain}, a chain of your own: its tokens stand in "
                f"{loaded.path}, as [[token]]"
            )
            raise ConfigError(msg)
        bare = tokenbook.make_token(text, arguments.symbol or "?", "", arguments.decimals or 0)
        if given:
            return bare
    result = _search(loaded, text, book, offline=False)
    _say_failures(result)
    wanted = text.strip().lower()
    fit = [
        one for one in result.candidates
        if wanted in (one.token.id, one.token.symbol.lower())
        or wanted == f"{one.token.symbol}@{one.token.chain}".lower()
    ]  # fmt: skip
    if not fit:
        if result.blind:
            msg = (
                "no service could be asked, so only tokens that are known can be added; "
                "or give chain:0x… with --symbol and --decimals"
            )
            raise ConfigError(msg)
        msg = f"no token answers to {clean(text)!r}; papertrader token search looks for names too"
        raise UnknownToken(msg)
    if len(fit) > 1:
        lines = "".join(f"\n  {_line(one)}" for one in fit[:SHOWN])
        msg = f"{clean(text)!r} could be any of these; add one by its id:{lines}"
        raise UnknownToken(msg)
    return _complete(fit[0].token, arguments)


def _complete(token: Token, arguments: argparse.Namespace) -> Token:
    decimals = token.decimals if arguments.decimals is None else arguments.decimals
    if decimals < 0:
        msg = (
            f"no service says how many decimals {_named(token)} has; its contract does: add "
            "--decimals N"
        )
        raise ConfigError(msg)
    symbol = arguments.symbol or token.symbol
    return tokenbook.make_token(token.id, symbol, token.name, decimals, token.fee_bps)


def _own(text: str, book: TokenBook) -> Token:
    """The token of a person's own that is meant.

    Raises:
        ConfigError: it is a bundled one; UnknownToken: it is none, or several.
    """
    known = book.registry(load_registry())
    try:
        return known.find(text, book.tokens)
    except UnknownToken:
        wanted = text.strip().lower()
        bundled = [t for t in known.tokens.values() if wanted in (t.id, t.symbol.lower())]
        if any(one.id in book.tokens for one in bundled) or not bundled:
            raise
        msg = f"{clean(text)} is bundled and stays; --list NAME takes it off a watchlist"
        raise ConfigError(msg) from None


def _remove_from_list(arguments: argparse.Namespace, book: TokenBook) -> int:
    name = arguments.list
    if name not in book.lists:
        book.watchlist(name, load_registry())  # says what lists there are
    loaded = load_config(arguments)
    data = data_dir(loaded)
    if not arguments.token:
        with tokenbook.editing(data) as now:
            now.lists.pop(name, None)
        print(f"watchlist {name} is deleted; its tokens stay")
        return 0
    wanted = arguments.token.strip().lower()
    if wanted not in book.lists[name]:
        known = book.registry(loaded.settings.chains.registry())
        wanted = known.find(arguments.token, book.lists[name]).id
    with tokenbook.editing(data) as now:
        now.lists[name] = [one for one in now.lists.get(name, []) if one != wanted]
    print(f"{wanted} is off the watchlist {name}")
    return 0


def _refuse_in_use(arguments: argparse.Namespace, token: Token) -> None:
    """What an account holds or orders has to stay known, or it could not be sold."""
    data = data_dir(load_config(arguments))
    users = accounts.using(data, token.id)
    if users:
        msg = (
            f"{_named(token)} is held or on order in account {users[0]}; sell it and cancel its "
            "orders first"
        )
        raise ConfigError(msg)


# ---------------------------------------------------------------------- asking


def _search(loaded: Config, text: str, book: TokenBook, *, offline: bool) -> SearchResult:
    bundled = load_registry()
    known = book.registry(loaded.settings.chains.registry())
    if not text.strip():
        msg = "name what to search for: a symbol, a name, or chain:address"
        raise ConfigError(msg)
    if offline:
        return asyncio.run(search(text, known, bundled, {}))
    return asyncio.run(_ask(loaded, text, known, bundled))


async def _ask(loaded: Config, text: str, known: Registry, bundled: Registry) -> SearchResult:
    """Search at the services that can and are on; keys that cannot be had are done without."""
    from papertrader_tui.feeds.sources.http import Http
    from papertrader_tui.live_feed import fetch_keys, sources_of

    settings = loaded.settings
    names = [n for n in settings.feed.order if n in SEARCHERS and settings.source.of(n).on]
    keys = await fetch_keys(settings, names)
    for fault in keys.faults.values():
        print(f"papertrader: {clean(fault)}", file=sys.stderr)
    http = Http(deadline=float(settings.feed.deadline))
    sources = sources_of(settings, names, keys, http) if names else []
    try:
        searchers: dict[str, Searcher] = {one.name: one.search for one in sources}
        return await search(text, known, bundled, searchers)
    finally:
        for one in sources:
            await one.close()


def _say_failures(result: SearchResult) -> None:
    for why in result.failures.values():
        print(f"papertrader: {clean(why)}", file=sys.stderr)


# ---------------------------------------------------------------------- words


def _table(candidates: Sequence[Candidate]) -> None:
    print(f"  {'SYMBOL':<12} {'NAME':<24} {'LIQUIDITY':>14} {'VOLUME 24H':>14} {'PRICE':>12}  ID")
    for one in candidates:
        print(_line(one))
        if one.warning:
            print(f"    ! {clean(one.warning)}")
    if any(one.verified for one in candidates):
        print("✓ verified: bundled, its address is known from several independent lists")


def _line(one: Candidate) -> str:
    mark = "✓" if one.verified else "+" if "added" in one.sources else " "
    token = one.token
    price = "–" if one.price is None else digits(one.price, 6)
    return (
        f"{mark} {clean(token.symbol)[:12]:<12} {clean(token.name)[:24]:<24}"
        f" {_dollars(one.liquidity):>14} {_dollars(one.volume_24h):>14} {price:>12}  {token.id}"
    )


def _dollars(value: Decimal | None) -> str:
    return "–" if value is None else f"${value:,.0f}"


def _named(token: Token) -> str:
    return f"{clean(token.symbol)} ({token.id})"


def _token_plain(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "chain": token.chain,
        "address": token.address,
        "symbol": clean(token.symbol),
        "name": clean(token.name),
        "decimals": token.decimals if token.decimals >= 0 else None,
        "fee_bps": plain(token.fee_bps),
    }


def _plain(one: Candidate) -> dict[str, object]:
    def text(value: Decimal | None) -> str | None:
        return None if value is None else plain(value)

    return {
        **_token_plain(one.token),
        "verified": one.verified,
        "liquidity_usd": text(one.liquidity),
        "volume_24h_usd": text(one.volume_24h),
        "price": text(one.price),
        "sources": list(one.sources),
        "warning": clean(one.warning),
    }
