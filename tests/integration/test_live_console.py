"""The console on live prices: it is drawn before anyone is asked, and finds its market then."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from papertrader_tui.domain.commands import MarkAccount, SwitchBot
from papertrader_tui.launch import Launch
from papertrader_tui.store import accounts
from papertrader_tui.store.lock import AccountLock
from papertrader_tui.switchboard import Console, Switchboard, open_console
from papertrader_tui.tui.app import PapertraderApp
from tests.integration.test_live_sessions import NOBODY, WETH, invested, settings, weth
from tests.market_server import Fault, MarketServer

CONSOLE = Launch(headless=False)


@pytest.fixture
def market() -> Iterator[MarketServer]:
    with MarketServer() as server:
        weth(server, "3000")
        yield server


class Watched(PapertraderApp):
    """Notes what had been asked when the first frame reached the terminal."""

    def __init__(self, console: Console, calls: Callable[[], int]) -> None:
        super().__init__(console.desk, retry=console.retry, search=console.search)
        self.calls = calls
        self.at_first_frame: tuple[int, str] | None = None
        self.told: list[str] = []

    def _display(self, screen, renderable) -> None:  # type: ignore[no-untyped-def]
        super()._display(screen, renderable)
        if self.at_first_frame is None and screen is self.desk_screen:
            self.at_first_frame = (self.calls(), shown(self))

    def notify(self, message, **more) -> None:  # type: ignore[no-untyped-def]
        self.told.append(message)
        super().notify(message, **more)


def shown(app: PapertraderApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@asynccontextmanager
async def console(
    loaded, launch: Launch = CONSOLE, calls: Callable[[], int] = lambda: 0
) -> AsyncIterator[tuple[Watched, Console, Pilot[None]]]:
    async with open_console(loaded, launch) as opened:
        app = Watched(opened, calls)
        async with app.run_test(size=(140, 42)) as pilot:
            try:
                yield app, opened, pilot
            finally:
                app.desk.stop()
                await app._finished.wait()


async def until(pilot: Pilot[None], is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await pilot.pause(0.02)


def badge(app: Watched) -> str:
    return app.desk.snapshot().badge


async def test_nobody_is_asked_before_the_first_frame(tmp_path: Path, market: MarketServer) -> None:
    loaded = settings(tmp_path, market.environment())
    async with console(loaded, calls=lambda: sum(market.calls.values())) as (app, _, pilot):
        await until(pilot, lambda: badge(app) == "LIVE")
        await until(pilot, lambda: WETH.id in app.desk.latest)
        app.frame()
        await until(pilot, lambda: "3,000" in shown(app))
        # a source that history has only just asked has not answered yet
        await until(pilot, lambda: re.search(r"sources ([1-4])/\1 ", shown(app)))
        text = shown(app)
    assert app.at_first_frame is not None
    calls, first = app.at_first_frame
    assert calls == 0
    for part in ("AUTO", "Looking for prices"):
        assert part in first
    assert "LIVE" in text
    assert re.search(r"sources ([1-4])/\1 ", text)


async def test_the_modules_of_the_network_come_after_the_first_frame(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from papertrader_tui import config\n"
        "from papertrader_tui.launch import Launch\n"
        "from papertrader_tui.switchboard import open_console\n"
        "from papertrader_tui.tui.app import PapertraderApp\n"
        "async def main():\n"
        "    loaded = config.load(env={'PAPERTRADER_DATA_DIR': sys.argv[1]})\n"
        "    async with open_console(loaded, Launch(headless=False)) as console:\n"
        "        PapertraderApp(console.desk, retry=console.retry)\n"
        "        print(sorted({'httpx', 'web3', 'aiohttp'} & set(sys.modules)))\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert (process.returncode, out.decode().strip()) == (0, "[]")


async def test_without_a_network_it_is_the_demo_and_r_tries_again(
    tmp_path: Path, market: MarketServer
) -> None:
    env = dict(NOBODY)
    loaded = settings(tmp_path, env)
    async with console(loaded) as (app, opened, pilot):
        await until(pilot, lambda: badge(app) == "DEMO")
        notice = app.desk.snapshot().notice
        assert "demo market" in notice
        assert notice.endswith("Press R to try again.")
        await until(pilot, lambda: app.desk.snapshot().tokens)

        await pilot.press("R")
        await until(pilot, lambda: any(told.startswith("Still no price") for told in app.told))
        assert badge(app) == "DEMO"
        assert accounts.names(tmp_path) == ["default"]

        # the network is back: the same settings, now with somebody who answers
        board = opened.desk
        assert isinstance(board, Switchboard)
        board._config = settings(tmp_path, market.environment())
        version = app.desk.snapshot().version
        await pilot.press("R")
        await until(pilot, lambda: badge(app) == "LIVE")
        assert app.desk.snapshot().version > version
        await until(pilot, lambda: app.desk.latest.get(WETH.id, (0, 0))[0] == 3000)
        assert app.desk.snapshot().notice == ""
        app.frame()
        await until(pilot, lambda: "3,000" in shown(app))
        await app.desk.submit(SwitchBot(True))
        assert app.desk.snapshot().bot
    assert sorted(accounts.names(tmp_path)) == ["default", "live"]


async def test_who_leaves_while_the_live_market_opens_leaves_the_demo_in_order(
    tmp_path: Path, market: MarketServer
) -> None:
    async with open_console(settings(tmp_path, dict(NOBODY)), CONSOLE) as opened:
        board = opened.desk
        assert isinstance(board, Switchboard)
        running = asyncio.create_task(board.run())
        async with asyncio.timeout(20):
            while board.snapshot().badge != "DEMO":  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.02)
            board._config = settings(tmp_path, market.environment())
            assert (await board.retry()).startswith("Prices are there")
            board.stop()
            await running
        assert board.snapshot().badge == "DEMO"
        # what a session ends with, as `cli.session` does it
        assert await board.finish(MarkAccount())
    # both accounts are let go
    for name in ("default", "live"):
        AccountLock(tmp_path / "accounts" / f"{name}.db").release()


async def test_a_remapped_key_is_the_one_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[ui.keys]\nmarket.retry = 'f9'\n", encoding="utf-8")
    from papertrader_tui import config

    env = {"PAPERTRADER_DATA_DIR": str(tmp_path), **NOBODY}
    loaded = config.load(config=str(tmp_path / "c.toml"), env=env)
    async with console(loaded) as (app, _, pilot):
        await until(pilot, lambda: badge(app) == "DEMO")
        assert app.desk.snapshot().notice.endswith("Press f9 to try again.")


async def test_what_was_asked_for_while_it_looked_is_done_when_it_has_found(
    tmp_path: Path, market: MarketServer
) -> None:
    async with console(settings(tmp_path, market.environment())) as (app, opened, _):
        await opened.desk.submit(SwitchBot(True))
        assert badge(app) == "LIVE"
        assert app.desk.snapshot().bot


async def test_live_that_finds_nothing_says_so_and_leaves_with_1(tmp_path: Path) -> None:
    loaded = settings(tmp_path, NOBODY, market_kind="live")
    async with open_console(loaded, CONSOLE) as opened:
        app = Watched(opened, lambda: 0)
        async with app.run_test(size=(140, 42)) as pilot:
            await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 1
    assert "no price source answered: dexscreener: connection refused" in str(app.failure)
    assert accounts.names(tmp_path) == []


async def test_an_invested_account_is_shown_at_once_and_stays_live(
    tmp_path: Path, market: MarketServer
) -> None:
    await invested(tmp_path, market)
    async with console(settings(tmp_path, NOBODY)) as (app, _, pilot):
        await until(pilot, lambda: WETH.id in app.desk.latest)
        snapshot = app.desk.snapshot()
        assert (snapshot.badge, snapshot.tokens[10].stale) == ("LIVE", True)
    assert app.at_first_frame is not None
    assert "LIVE" in app.at_first_frame[1]
    assert "WETH" in app.at_first_frame[1]


async def test_leaving_while_it_looks_leaves_nothing_behind(
    tmp_path: Path, market: MarketServer
) -> None:
    from tests.market_server import Fault

    for name in market.calls or ("coingecko", "dexscreener", "geckoterminal", "defillama"):
        market.fault(name, Fault.TIMEOUT)
    async with console(settings(tmp_path, market.environment())) as (app, _, pilot):
        await until(pilot, lambda: sum(market.calls.values()))
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 0
    assert accounts.names(tmp_path) == []


async def test_live_r_asks_every_source_again_and_says_who_answers(
    tmp_path: Path, market: MarketServer
) -> None:
    async with console(settings(tmp_path, market.environment())) as (app, _, pilot):
        await until(pilot, lambda: badge(app) == "LIVE")
        await until(pilot, lambda: WETH.id in app.desk.latest)
        await pilot.press("R")
        await until(pilot, lambda: any(told.startswith("4 of the 4") for told in app.told))
        for name in ("coingecko", "dexscreener", "geckoterminal", "defillama"):
            market.fault(name, Fault.RESET)
        await pilot.press("R")
        await until(pilot, lambda: any(told.startswith("Still no price") for told in app.told))
        market.heal()
        calls = sum(market.calls.values())
        await pilot.press("R")
        await until(pilot, lambda: sum(market.calls.values()) > calls)
        assert badge(app) == "LIVE"
