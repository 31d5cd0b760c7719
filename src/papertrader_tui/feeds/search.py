"""Which tokens a person may mean: bundled ones first, then what services know, by depth.

Anyone can make a token that calls itself USDC. So a symbol never decides: every candidate has its
address, and one that borrows a bundled token's name says whose.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from papertrader_tui.domain.search import Candidate, SearchResult
from papertrader_tui.domain.tokens import Registry, Token, TokenId
from papertrader_tui.feeds.source import Fault, Found, SourceError

Searcher = Callable[[str], Awaitable[Sequence[Found]]]

#: Services that can search, and the seconds that they get.
SEARCHERS = ("dexscreener", "coingecko", "geckoterminal")
DEADLINE = 8.0

# Letters of other scripts that look like Latin ones, and figures that stand for letters.
_ALIKE = dict(
    zip(
        map(ord, "аеорсухіјѕԁһкмтвнαβεικνορτυχ01$₮ı"),
        "aeopcyxijsdhkmtbhabeiknoptuxolsti",
        strict=True,
    )
)


async def search(
    text: str,
    known: Registry,
    bundled: Registry,
    searchers: Mapping[str, Searcher],
    *,
    deadline: float = DEADLINE,
    told: Callable[[SearchResult], None] = lambda _: None,
) -> SearchResult:
    """Candidates for a symbol, `symbol@chain`, a name, an address or `chain:address`.

    Args:
        text: What was typed.
        known: Bundled tokens and those that were added.
        bundled: Those that are to be trusted.
        searchers: By name of the source.
        deadline: Seconds that each gets.
        told: Is handed what there is after each answer but the last.
    """
    query, chain = split(text, known)
    failures: dict[str, str] = {}
    found: dict[str, Sequence[Found]] = {}

    def result() -> SearchResult:
        outside = (one for name in searchers for one in found.get(name, ()))
        fit = [one for one in outside if chain in ("", one.token.chain)]
        ranked = rank(query, [*local(text, known), *fit], known, bundled)
        waiting = tuple(name for name in searchers if name not in found)
        return SearchResult(tuple(ranked), dict(failures), tuple(searchers), waiting)

    async def ask(name: str, searcher: Searcher) -> None:
        answer: Sequence[Found] = ()
        try:
            async with asyncio.timeout(deadline):
                answer = await searcher(query)
        except SourceError as error:
            if error.fault not in (Fault.NOT_FOUND, Fault.UNSUPPORTED):  # else it knows none
                failures[name] = str(error)
        except TimeoutError:
            failures[name] = f"{name} did not answer within {deadline:g} s"
        found[name] = answer
        if len(found) < len(searchers):
            told(result())

    await asyncio.gather(*(ask(name, one) for name, one in searchers.items()))
    return result()


def split(text: str, known: Registry) -> tuple[str, str]:
    """`WETH@base` as what to search for and the chain; other texts as they are, without one."""
    stripped = " ".join(text.split())
    symbol, at, chain = stripped.replace("·", "@").rpartition("@")
    if at and chain.lower() in known.chains:
        return symbol, chain.lower()
    return stripped, ""


def local(text: str, known: Registry) -> list[Found]:
    """The known tokens that match; asks nobody."""
    query, chain = split(text, known)
    wanted = query.casefold()
    if not wanted:
        return []
    return [
        Found(token, None, None, None, "")
        for token in known.tokens.values()
        if chain in ("", token.chain)
        and (
            wanted in (token.id, token.address)
            or wanted in token.symbol.casefold()
            or wanted in token.name.casefold()
        )
    ]


def rank(query: str, found: Iterable[Found], known: Registry, bundled: Registry) -> list[Candidate]:
    """Each token once: bundled ones first, then added ones, then the others, by liquidity."""
    tokens: dict[TokenId, list[Found]] = {}
    for one in found:
        if one.token.chain in known.chains:
            tokens.setdefault(one.token.id, []).append(one)
    looks = _looks(bundled)
    candidates = [_candidate(key, ones, known, bundled, looks) for key, ones in tokens.items()]
    wanted = query.casefold()

    def order(one: Candidate) -> tuple[object, ...]:
        token = one.token
        return (
            not one.verified,
            token.id not in known.tokens,
            known.chains[token.chain].testnet,
            one.verified and token.symbol.casefold() != wanted,
            -(one.liquidity or Decimal(0)),
            -(one.volume_24h or Decimal(0)),
            token.id,
        )

    return sorted(candidates, key=order)


def _candidate(
    key: TokenId,
    ones: Sequence[Found],
    known: Registry,
    bundled: Registry,
    looks: Mapping[str, list[Token]],
) -> Candidate:
    # who knows the deepest pool knows its volume and price; a coin's volume is of all its chains
    best = max(ones, key=lambda one: (one.liquidity is not None, one.liquidity or 0))
    price = best.price or next((one.price for one in ones if one.price), None)
    volume = best.volume_24h or next((one.volume_24h for one in ones if one.volume_24h), None)
    own = known.tokens.get(key)
    verified = key in bundled.tokens
    token = own or _complete(ones)
    sources = list(dict.fromkeys(one.source for one in ones if one.source))
    if own is not None:
        sources.insert(0, "bundled" if verified else "added")
    return Candidate(
        token, verified, best.liquidity, volume, price, tuple(sources),
        "" if verified or _usual(token, known) else warning(token, looks),
    )  # fmt: skip


def _complete(ones: Sequence[Found]) -> Token:
    """The token with its decimals, where any source knows them."""
    token = ones[0].token
    decimals = next((one.token.decimals for one in ones if one.token.decimals >= 0), -1)
    name = next((one.token.name for one in ones if one.token.name), "")
    return replace(token, decimals=decimals, name=name)


def warning(token: Token, looks: Mapping[str, list[Token]]) -> str:
    """Whose symbol a token that is not bundled uses, "" if nobody's."""
    alike = looks.get(look(token.symbol), [])
    if not alike:
        return ""
    here = next((one for one in alike if one.chain == token.chain), None)
    if here is not None:
        return f"not the {here.symbol} of {here.chain}, which is {here.address}"
    chains = ", ".join(dict.fromkeys(one.chain for one in alike))
    return f"uses the symbol of {alike[0].symbol} ({chains}), which is not known on {token.chain}"


def borrowed(token: Token, known: Registry, bundled: Registry) -> str:
    """The same of one token; "" too for one that is bundled, or that its chain is paid in."""
    told = token.id in bundled.tokens or _usual(token, known)
    return "" if told else warning(token, _looks(bundled))


def _usual(token: Token, known: Registry) -> bool:
    """The wrapped native token and the USDC of a chain of one's own have their symbols rightly."""
    chain = known.chains[token.chain]
    return token.id in (chain.wrapped_native, chain.cash)


def _looks(bundled: Registry) -> dict[str, list[Token]]:
    looks: dict[str, list[Token]] = {}
    for token in bundled.tokens.values():
        if not bundled.chains[token.chain].testnet:
            looks.setdefault(look(token.symbol), []).append(token)
    return looks


def look(symbol: str) -> str:
    """What a symbol looks like at a glance: alike for `USDC`, `usdс` (a Cyrillic с) and `U$DC`."""
    text = unicodedata.normalize("NFKD", symbol).casefold().translate(_ALIKE)
    return "".join(c for c in text if c.isalnum())
