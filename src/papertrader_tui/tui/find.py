"""Which tokens a person means by a few letters. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from papertrader_tui.domain.tokens import Token


def find(query: str, tokens: Iterable[Token]) -> list[Token]:
    """Tokens that match, best first; all of them, in their order, for an empty query.

    Every word has to match: the symbol's beginning counts most, then the symbol, the name, the
    chain, the address, and last letters of the symbol or name in their order (`cbtc`: `cbBTC`).
    """
    words = query.lower().replace("@", " ").replace("·", " ").split()
    scored = []
    for place, token in enumerate(tokens):
        ranks = [_rank(word, token) for word in words]
        if all(rank is not None for rank in ranks):
            scored.append((sum(rank or 0 for rank in ranks), place, token))
    return [token for _, _, token in sorted(scored, key=lambda item: item[:2])]


def _rank(word: str, token: Token) -> int | None:
    symbol, name = token.symbol.lower(), token.name.lower()
    tests = (
        symbol == word,
        symbol.startswith(word),
        word in symbol,
        name.startswith(word),
        token.chain.startswith(word),
        word in name,
        token.id == word or token.address.startswith(word),
        _in_order(word, symbol),
        _in_order(word, name),
    )
    return next((rank for rank, hit in enumerate(tests) if hit), None)


def _in_order(word: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in word)
