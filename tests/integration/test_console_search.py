"""`/` on a live console: found at the local services, added, priced, and known the next time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui import tokenbook
from papertrader_tui.store.paths import account_path
from papertrader_tui.store.verify import verify
from papertrader_tui.tui.screens.find import FindScreen
from tests.integration.test_live_console import badge, console, shown, until
from tests.integration.test_live_sessions import NOBODY, settings
from tests.market_server import Fault, MarketServer
from tests.sourcekit import custom, token

NEW = custom("a", "arbitrum", "NEWCOIN")
TWIN = custom("c", "base", "NEWCOIN")
FAKE = custom("f", "base", "USDC")
SEARCHERS = ("dexscreener", "coingecko", "geckoterminal")


@pytest.fixture
def market() -> Iterator[MarketServer]:
    known = [token(symbol, "base") for symbol in ("WETH", "USDC")]
    with MarketServer([*known, token("WETH", "arbitrum"), NEW, TWIN, FAKE]) as server:
        server.set_price(NEW, "0.0042")
        server.set_depth(TWIN, "12345")
        server.set_depth(FAKE, "900000000")
        yield server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    tokenbook.add(tmp_path, token("WETH", "base"), "few")
    return tmp_path


def live(data: Path, env: dict[str, str]):
    limits = {f"PAPERTRADER_{name.upper()}_PER_MINUTE": "6000" for name in SEARCHERS}
    return settings(data, {**env, **limits}, account_watchlist="few")


async def test_a_token_is_found_added_priced_and_there_the_next_time(
    data: Path, market: MarketServer
) -> None:
    loaded = live(data, market.environment())
    async with console(loaded) as (app, _, pilot):
        await until(pilot, lambda: badge(app) == "LIVE" and app.desk.latest)
        assert NEW.id not in {one.id for one in app.desk.tokens}
        await pilot.press("/", *"newcoin")
        await until(pilot, lambda: "2 found, 3 sources asked." in shown(app))
        text = shown(app)
        # the deeper one first, the other one below it, each with its chain and address
        assert text.index("0xaaaa…aaaa") < text.index("0xcccc…cccc")
        assert "$12k" in text
        await pilot.press("enter")
        await until(pilot, lambda: app.desk.latest.get(NEW.id, (0, 0))[0] == Decimal("0.0042"))
        app.frame()
        assert app.desk_screen.selected == NEW.id
        # gas is paid in what the chain wants, and its price is followed as well
        await until(pilot, lambda: token("WETH", "arbitrum").id in app.desk.latest)
    assert tokenbook.load(data).tokens == {NEW.id: NEW}
    market.set_price(NEW, "0.005")
    async with console(loaded) as (app, _, pilot):
        await until(pilot, lambda: app.desk.latest.get(NEW.id, (0, 0))[0] == Decimal("0.005"))
        assert NEW.id in {row.token.id for row in app.desk.snapshot().tokens}
    assert verify(account_path(data, "live")).ok


async def test_the_fake_says_whose_symbol_it_has(data: Path, market: MarketServer) -> None:
    async with console(live(data, market.environment())) as (app, _, pilot):
        await until(pilot, lambda: badge(app) == "LIVE" and app.desk.latest)
        await pilot.press("/", *"usdc")
        await until(pilot, lambda: "3 sources asked" in shown(app))
        lines = shown(app).splitlines()
        fake = next(n for n, line in enumerate(lines) if "0xffff…ffff" in line)
        real = next(n for n, line in enumerate(lines) if "0x8335…2913" in line)
        assert real < fake
        assert "✓ USDC" in lines[real]
        assert "✓" not in lines[fake]
        assert "$900M" in lines[fake]
        assert "! not the USDC of base, which is 0x8335…2913" in lines[fake + 1]


async def test_sources_that_refuse_are_named_and_known_tokens_found_all_the_same(
    data: Path, market: MarketServer
) -> None:
    async with console(live(data, market.environment())) as (app, _, pilot):
        await until(pilot, lambda: badge(app) == "LIVE" and app.desk.latest)
        for name in SEARCHERS:
            market.fault(name, Fault.RATE_LIMITED, retry_after="30")
        await pilot.press("/", *"usdc")
        await until(pilot, lambda: "No price source could be searched" in shown(app))
        assert "429" in shown(app) or "limit" in shown(app)
        assert "0x8335…2913" in shown(app)


async def test_the_demo_asks_nobody(data: Path, market: MarketServer) -> None:
    loaded = settings(data, {**NOBODY, "PAPERTRADER_MARKET_KIND": "demo"})
    async with console(loaded) as (app, opened, pilot):
        await until(pilot, lambda: app.desk.snapshot().tokens)
        assert opened.search is None
        await pilot.press("/", *"newcoin")
        await until(pilot, lambda: isinstance(app.screen, FindScreen))
        await until(pilot, lambda: "The demo has these tokens only" in shown(app))
    assert sum(market.calls.values()) == 0
