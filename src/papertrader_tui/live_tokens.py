"""Tokens that a running live desk has yet to learn: found at the sources, added while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from papertrader_tui import tokenbook
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain.search import Candidate, SearchResult
from papertrader_tui.domain.tokens import Registry, Token
from papertrader_tui.feeds.search import SEARCHERS, Searcher, search
from papertrader_tui.feeds.service import PriceFeed
from papertrader_tui.feeds.source import Found, PriceSource
from papertrader_tui.registry import load_registry
from papertrader_tui.text import clean

#: Most seconds to wait for a source's turn.
TURN = 3.0


class LiveTokens:
    """`ports.TokenSearch` of a live market.

    Args:
        data: Folder of the person's own tokens.
        feed: Asks the sources, within their limits.
        known: What the desk knows now.
        learn: Lets the desk and its market know another token.
    """

    def __init__(
        self,
        data: Path,
        feed: PriceFeed,
        known: Callable[[], Registry],
        learn: Callable[[Token], None],
    ) -> None:
        self._data, self._feed = data, feed
        self._known, self._learn = known, learn

    @property
    def open(self) -> bool:
        """A live market can price more than it knows."""
        return True

    async def search(
        self, text: str, told: Callable[[SearchResult], None] = lambda _: None
    ) -> SearchResult:
        """See `ports.TokenSearch.search`.

        Raises:
            ConfigError: the file of own tokens cannot be read.
        """
        bundled = load_registry()
        # `papertrader token add` may have been at it meanwhile; what the desk counts in stays
        book = await asyncio.to_thread(tokenbook.load, self._data)
        known = book.registry(self._known())
        names = [name for name in SEARCHERS if name in self._feed.source_names]
        searchers = {name: self._searcher(name) for name in names}
        return await search(text, known, bundled, searchers, told=told)

    def _searcher(self, name: str) -> Searcher:
        async def ask(query: str) -> Sequence[Found]:
            def one(source: PriceSource) -> Awaitable[Sequence[Found]]:
                return source.search(query)

            return await self._feed.ask(name, one, wait=TURN, awaited=True)

        return ask

    async def add(self, candidate: Candidate) -> Token:
        """See `ports.TokenSearch.add`: what `papertrader token add` does, and the desk learns it.

        Raises:
            ConfigError: it cannot be added: its decimals are not known, it is on a testnet.
            StoreError: the data folder cannot be used.
        """
        key = candidate.token.id
        token = self._known().tokens.get(key)
        if token is None:
            token = await self._complete(candidate.token)
        await asyncio.to_thread(tokenbook.add, self._data, token)
        if key not in self._known().tokens:
            self._learn(token)
        return token

    async def _complete(self, token: Token) -> Token:
        """The token as it is kept; a source that was asked for its symbol may not have said all."""
        decimals = token.decimals
        if decimals < 0:
            result = await self.search(token.id)
            told = [one.token.decimals for one in result.candidates if one.token.id == token.id]
            decimals = max(told, default=-1)
            if decimals < 0:
                why = "; ".join(result.failures.values())
                raise ConfigError(_no_decimals(token, why))
        return tokenbook.make_token(token.id, token.symbol, token.name, decimals, token.fee_bps)


def _no_decimals(token: Token, why: str) -> str:
    symbol = clean(token.symbol)
    if why:
        return f"how many decimals {symbol} has could not be asked: {why}; try again in a moment"
    return (
        f"no service says how many decimals {symbol} has; its contract does: "
        f"papertrader token add {token.id} --decimals N, then search for it here"
    )
