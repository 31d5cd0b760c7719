"""A running live desk learns tokens that sources found, and keeps them as `token add` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui import tokenbook
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain.search import Candidate
from papertrader_tui.domain.tokens import Registry, Token
from papertrader_tui.feeds.source import Fault, Found, SourceError
from papertrader_tui.live_tokens import LiveTokens
from papertrader_tui.registry import load_registry
from tests.sourcekit import custom, token

NEW = custom("a", "base", "NEW")
WETH = token("WETH", "base")


class Source:
    def __init__(self, *found: Token) -> None:
        self.found = found
        self.asked: list[str] = []

    async def search(self, text: str) -> Sequence[Found]:
        self.asked.append(text)
        return [Found(one, Decimal(5), None, Decimal(2), "dexscreener") for one in self.found]


class Feed:
    """Has two sources that can search, of which one may be at its limit."""

    source_names = ("coingecko", "dexscreener", "defillama")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.limited = True

    async def ask(self, name, call, *, wait, awaited):
        assert awaited, "a person waits for it"
        if name == "dexscreener":
            return await call(self.source)
        assert name == "coingecko", "DefiLlama cannot search"
        fault = Fault.RATE_LIMITED if self.limited else Fault.NOT_FOUND
        raise SourceError(fault, "coingecko cannot be asked now")


class Rig:
    def __init__(self, data: Path, *found: Token) -> None:
        self.known: Registry = load_registry()
        self.source = Source(*found)
        self.learned: list[Token] = []
        self.feed = Feed(self.source)
        self.tokens = LiveTokens(data, self.feed, lambda: self.known, self.learn)

    def learn(self, one: Token) -> None:
        self.learned.append(one)
        self.known = self.known.with_tokens([one])


async def test_sources_that_can_search_are_asked_within_their_limits(tmp_path):
    rig = Rig(tmp_path, NEW)
    parts = []
    result = await rig.tokens.search("new", parts.append)
    assert [c.token for c in result.candidates] == [NEW]
    assert result.asked == ("dexscreener", "coingecko")
    assert result.failures == {"coingecko": "coingecko cannot be asked now"}
    assert [len(part.waiting) for part in parts] == [1]


async def test_one_that_is_added_is_in_the_book_and_on_the_desk(tmp_path):
    rig = Rig(tmp_path)
    for _ in range(2):
        assert await rig.tokens.add(Candidate(NEW, False)) == NEW
    assert rig.learned == [NEW]
    assert tokenbook.load(tmp_path).tokens == {NEW.id: NEW}


async def test_a_bundled_one_is_taken_as_it_is_bundled(tmp_path):
    rig = Rig(tmp_path)
    assert await rig.tokens.add(Candidate(replace(WETH, decimals=3), False)) == WETH
    assert rig.learned == []
    assert tokenbook.load(tmp_path).tokens == {}


async def test_decimals_that_were_not_said_are_asked_for_by_address(tmp_path):
    rig = Rig(tmp_path, replace(NEW, decimals=9))
    added = await rig.tokens.add(Candidate(replace(NEW, decimals=-1), False))
    assert added.decimals == 9
    assert rig.source.asked == [NEW.id]
    assert rig.learned == [added]


async def test_one_whose_decimals_nobody_knows_is_not_added_until_the_book_says_them(tmp_path):
    shy = replace(NEW, decimals=-1)
    rig = Rig(tmp_path, shy)
    with pytest.raises(ConfigError, match=r"coingecko cannot be asked now; try again in a moment"):
        await rig.tokens.add(Candidate(shy, False))
    rig.feed.limited = False
    with pytest.raises(ConfigError, match=f"token add {NEW.id} --decimals N"):
        await rig.tokens.add(Candidate(shy, False))
    assert (rig.learned, tokenbook.load(tmp_path).tokens) == ([], {})
    # as `papertrader token add` beside the running console does
    tokenbook.add(tmp_path, replace(NEW, decimals=6))
    (one,) = (await rig.tokens.search("new")).candidates
    assert one.sources[0] == "added"
    assert (await rig.tokens.add(one)).decimals == 6


async def test_what_the_desk_counts_in_stays(tmp_path):
    rig = Rig(tmp_path)
    await rig.tokens.add(Candidate(NEW, False))
    tokenbook.add(tmp_path, replace(NEW, decimals=6))
    (one,) = (await rig.tokens.search("new")).candidates
    assert one.token.decimals == 18


async def test_a_testnet_token_is_refused(tmp_path):
    rig = Rig(tmp_path)
    there = custom("b", "base-sepolia", "TEST")
    with pytest.raises(ConfigError, match="testnet"):
        await rig.tokens.add(Candidate(there, False))
    assert rig.learned == []
