"""Which tokens are meant: a symbol never decides, and who borrows one is told on."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.search import local, look, search
from papertrader_tui.feeds.source import Fault, Found, SourceError
from papertrader_tui.registry import load_registry
from tests.sourcekit import custom, token

D = Decimal
BUNDLED = load_registry()
USDC = token("USDC", "base")
FAKE = custom("a", "base", "USDC")
OWN = custom("b", "base", "OWN")
KNOWN = BUNDLED.with_tokens([OWN])


def says(*found):
    async def searcher(text):
        return found

    return searcher


def found(one, liquidity=None, source="dexscreener", **more):
    volume, price = more.get("volume"), more.get("price")
    return Found(one, None if liquidity is None else D(liquidity), volume, price, source)


async def ranked(text, **sources):
    result = await search(text, KNOWN, BUNDLED, sources, deadline=0.2)
    return result.candidates


async def test_a_bundled_token_goes_before_a_deeper_namesake_which_says_whose_name_it_has():
    one, *rest = await ranked(
        "usdc", dexscreener=says(found(FAKE, "900000000"), found(USDC, "5000000"))
    )
    assert (one.token, one.verified, one.warning) == (USDC, True, "")
    assert one.liquidity == 5_000_000
    fake = next(c for c in rest if c.token == FAKE)
    assert not fake.verified
    assert fake.warning == f"not the USDC of base, which is {USDC.address}"
    assert all(c.verified for c in rest[: rest.index(fake)])


async def test_namesakes_are_ordered_by_liquidity_and_a_token_is_listed_once():
    small, big, unknown = (custom(d, "base", "ZZZ") for d in "cde")
    candidates = await ranked(
        "zzz",
        dexscreener=says(found(small, "10"), found(big, "30"), found(unknown)),
        geckoterminal=says(found(small, "20", "geckoterminal", price=D(2))),
    )
    assert [c.token for c in candidates] == [big, small, unknown]
    assert candidates[1].liquidity == 20
    assert candidates[1].price == 2
    assert candidates[1].sources == ("dexscreener", "geckoterminal")


async def test_decimals_are_those_of_whoever_knows_them():
    bare = Token(FAKE.id, "NEW", "", "base", -1)
    told = Token(FAKE.id, "NEW", "New", "base", 9)
    (one,) = await ranked("new", a=says(found(bare)), b=says(found(told)))
    assert (one.token.decimals, one.token.name) == (9, "New")


async def test_what_was_added_stands_before_what_was_not():
    other = custom("c", "base", "OWN")
    first, second = await ranked("own", a=says(found(other, "1000000")))
    assert (first.token, first.verified, first.sources) == (OWN, False, ("added",))
    assert second.token == other


@pytest.mark.parametrize(
    ("text", "count"),
    [("usdc@base", 1), ("USDC·base", 1), (USDC.id.upper(), 1), (USDC.address, 1),
     ("  usd   coin ", 7), ("nothing at all", 0), ("", 0)],
)  # fmt: skip
def test_known_tokens_are_found_without_asking_anyone(text, count):
    names = {one.token.id for one in local(text, KNOWN)}
    assert len(names) == count or (count > 1 and len(names) > 1)
    assert (USDC.id in names) == bool(count)


async def test_a_chain_that_is_named_keeps_the_others_out():
    candidates = await ranked("usdc@base", a=says(found(custom("c", "ethereum", "USDC"), "9")))
    assert [c.token for c in candidates] == [USDC]


async def test_a_source_that_fails_is_named_and_the_others_serve():
    async def refuses(text):
        raise SourceError(Fault.RATE_LIMITED, "coingecko: too many requests")

    async def hangs(text):
        await asyncio.sleep(60)

    result = await search(
        "zzz", KNOWN, BUNDLED,
        {"coingecko": refuses, "slow": hangs, "good": says(found(custom("c", "base", "ZZZ")))},
        deadline=0.05,
    )  # fmt: skip
    assert len(result.candidates) == 1
    assert not result.blind
    assert result.failures == {
        "coingecko": "coingecko: too many requests", "slow": "slow did not answer within 0.05 s",
    }  # fmt: skip
    alone = await search("zzz", KNOWN, BUNDLED, {"coingecko": refuses})
    assert alone.blind


@pytest.mark.parametrize("symbol", ["USDC", "usdc", "USDС", "U$DC", "ＵＳＤＣ", " USDC", "U.S.D.C"])
def test_symbols_that_look_alike_are_alike(symbol):
    assert look(symbol) == look("USDC")


@pytest.mark.parametrize("symbol", ["USDC.e", "USDCX", "DSUC", ""])
def test_symbols_that_differ_differ(symbol):
    assert look(symbol) != look("USDC")


async def test_a_symbol_of_another_chain_is_named_too():
    toshi = custom("c", "ethereum", "TOSHI")
    candidates = await ranked("toshi", a=says(found(toshi, "5")))
    fake = next(c for c in candidates if c.token == toshi)
    assert fake.warning == "uses the symbol of TOSHI (base), which is not known on ethereum"


async def test_what_is_there_is_told_while_slower_sources_are_waited_for():
    may, parts = asyncio.Event(), []

    async def slow(text):
        await may.wait()
        return [found(FAKE, "7", "geckoterminal")]

    def told(part):
        parts.append(part)
        may.set()

    sources = {"geckoterminal": slow, "dexscreener": says(found(OWN, "5"))}
    result = await search("o", BUNDLED, BUNDLED, sources, told=told)
    assert [(part.waiting, part.asked) for part in parts] == [
        (("geckoterminal",), ("geckoterminal", "dexscreener"))
    ]
    outside = [[c.token for c in r.candidates if not c.verified] for r in (*parts, result)]
    assert outside == [[OWN], [FAKE, OWN]]
    assert result.waiting == ()
