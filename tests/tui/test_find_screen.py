"""The window of the token search: what is known at once, what the sources know a moment later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from textual.widgets import Input

from papertrader_tui.domain import commands as cmd
from papertrader_tui.domain.search import Candidate, SearchResult
from papertrader_tui.domain.tokens import Token
from papertrader_tui.tui.screens.find import FindScreen
from tests.tui.driving import console, lines, press, quiet, settle, text
from tests.tui.fake_desk import FakeDesk, token

SIZES = [(80, 24), (140, 42)]
REAL = token(0)
FAKE = Token(f"base:0x{'f' * 40}", "WETH", "Wrapped Ether", "base", 18)
NEW = Token(f"base:0x{'a' * 40}", "NEW", "New Coin", "base", 18)
D = Decimal
WARNED = Candidate(
    FAKE, False, D(900_000_000), None, D(3_388), ("dexscreener",),
    f"not the WETH of base, which is {REAL.address}",
)  # fmt: skip
FOUND = Candidate(NEW, False, D(41_000_000), None, D("0.00001234"), ("dexscreener", "coingecko"))


class LiveFake(FakeDesk):
    """A live desk that can learn tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.learned: list[Token] = []
        self.change(market="live", badge="LIVE")

    @property
    def tokens(self) -> Sequence[Token]:
        return [*super().tokens, *self.learned]

    def learn(self, one: Token) -> None:
        self.learned.append(one)
        row = self.snapshot().tokens[0]
        self._all[one.id] = replace(row, token=one, price=None, liquidity=None)


class Sources:
    """Answers when a test says so."""

    def __init__(self, desk: LiveFake, *found: Candidate) -> None:
        self.open = True
        self.asked: list[str] = []
        self.cancelled = 0
        self.found = found
        self.failures: dict[str, str] = {}
        self.error: Exception | None = None
        self.may = asyncio.Event()
        self.may.set()
        self._desk = desk

    def result(self, waiting: tuple[str, ...] = ()) -> SearchResult:
        asked = ("dexscreener", "coingecko")
        return SearchResult(self.found, self.failures, asked, waiting)

    async def search(self, query: str, told: Callable[[SearchResult], None]) -> SearchResult:
        self.asked.append(query)
        try:
            if not self.may.is_set():
                told(self.result(("coingecko",)))
            await self.may.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.result()

    async def add(self, candidate: Candidate) -> Token:
        if self.error is not None:
            raise self.error
        self._desk.learn(candidate.token)
        return candidate.token


class Timers:
    """Pauses in typing that end when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.running: list[Callable[[], object]] = []
        monkeypatch.setattr(FindScreen, "set_timer", self._set)

    def _set(self, delay: float, callback: Callable[[], object]) -> object:
        assert delay > 0
        self.running.append(callback)
        timers = self.running

        class Handle:
            def stop(self) -> None:
                if callback in timers:
                    timers.remove(callback)

        return Handle()

    async def end(self, app, pilot) -> None:
        """Nobody has typed for a while."""
        for callback in list(self.running):
            self.running.remove(callback)
            callback()
        for worker in [w for w in app.workers if w.group == "token search"]:
            if not worker.is_finished:
                await asyncio.sleep(0)
        await settle(app, pilot)


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> Timers:
    return Timers(monkeypatch)


def rows(app, part: str) -> list[str]:
    return [line for line in lines(app) if part in line]


@pytest.mark.parametrize("size", SIZES)
async def test_what_sources_know_comes_below_what_is_known_with_its_address_and_warning(
    timers: Timers, size: tuple[int, int]
):
    desk = LiveFake()
    sources = Sources(desk, WARNED, FOUND)
    async with console(desk, size, search=sources) as (app, pilot):
        await press(app, pilot, *"/we")
        assert sources.asked == []
        assert "Searching the price sources…" in text(app)
        assert not rows(app, "0xffff…ffff")
        await press(app, pilot, *"th")
        assert len(timers.running) == 1, "one pause, of the last key"
        await timers.end(app, pilot)
        assert sources.asked == ["weth"]
        shown = text(app)
        assert "3 found, 2 sources asked." in shown
        real, fake = rows(app, "0x0000…0001")[0], rows(app, "0xffff…ffff")[0]
        assert "WETH" in real
        assert "base" in fake
        assert "$900M" in fake
        assert "3,388.00" in fake
        # next to the real one, before what is called otherwise, and its warning below it
        listed = [line for line in lines(app) if "0x" in line and "…" in line]
        assert [listed.index(line) for line in (real, fake)] == [0, 1]
        assert "! not the WETH of base, which is 0x0000…0001" in listed[2]
        assert ("New Coin" in rows(app, "0xaaaa…aaaa")[0]) == (size[0] > 100)
        assert REAL.id in shown, "the whole id of what is chosen"
        assert all(len(line) == size[0] for line in lines(app))


@pytest.mark.parametrize("size", SIZES)
async def test_one_that_is_chosen_is_added_watched_and_gone_to(
    timers: Timers, size: tuple[int, int]
):
    desk = LiveFake()
    async with console(desk, size, search=Sources(desk, FOUND)) as (app, pilot):
        await press(app, pilot, *"/new")
        await timers.end(app, pilot)
        assert NEW.id in text(app)
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert desk.commands == [cmd.Watch(NEW.id, True)]
        assert app.desk_screen.selected == NEW.id
        assert app.told[-1][:2] == ("Watched", "NEW is on the watchlist.")
        assert not isinstance(app.screen, FindScreen)


async def test_one_that_borrows_a_symbol_takes_a_second_enter(timers: Timers):
    desk = LiveFake()
    async with console(desk, (80, 24), search=Sources(desk, WARNED)) as (app, pilot):
        await press(app, pilot, *"/weth")
        await timers.end(app, pilot)
        await press(app, pilot, "down", "enter")
        assert desk.learned == []
        assert "Mind: not the WETH of base, which is 0x0000…0001. Enter again" in text(app)
        # another row in between, and it is asked anew
        await press(app, pilot, "up", "down", "enter")
        assert desk.learned == []
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert desk.learned == [FAKE]
        assert desk.commands == [cmd.Watch(FAKE.id, True)]


async def test_answers_show_as_they_come_and_the_chosen_row_stays_chosen(timers: Timers):
    desk = LiveFake()
    sources = Sources(desk, WARNED)
    sources.may.clear()
    async with console(desk, (80, 24), search=sources) as (app, pilot):
        await press(app, pilot, *"/we")
        await press(app, pilot, "down")
        chosen = app.screen._current.token
        assert chosen != REAL
        await timers.end(app, pilot)
        assert "so far, still asking coingecko…" in text(app)
        assert rows(app, "0xffff…ffff")
        assert app.screen._current.token == chosen
        sources.may.set()
        for _ in range(3):
            await quiet(app, pilot)
        assert "2 sources asked." in text(app)
        assert app.screen._current.token == chosen


async def test_typing_on_calls_off_what_was_asked(timers: Timers):
    desk = LiveFake()
    sources = Sources(desk, FOUND)
    sources.may.clear()
    async with console(desk, search=sources) as (app, pilot):
        await press(app, pilot, *"/ne")
        await timers.end(app, pilot)
        await press(app, pilot, "w")
        assert (sources.asked, sources.cancelled) == (["ne"], 1)
        await timers.end(app, pilot)
        assert sources.asked == ["ne", "new"]
        await press(app, pilot, "escape")
        assert sources.cancelled == 2
        assert not isinstance(app.screen, FindScreen)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [("x", 0), ("0x12ab", 0), ("base:", 0), ("base:0x12", 0), (NEW.id, 1), (NEW.address, 1),
     ("weth@base", 1), ("  ", 0)],
)  # fmt: skip
async def test_only_what_can_be_answered_is_asked(timers: Timers, typed: str, asked: int):
    desk = LiveFake()
    sources = Sources(desk, FOUND)
    async with console(desk, (80, 24), search=sources) as (app, pilot):
        await press(app, pilot, "/")
        app.screen.query_one(Input).value = typed
        await settle(app, pilot)
        await timers.end(app, pilot)
        assert sources.asked == [typed] * asked
        assert ("An address has 40 digits" in text(app)) == ("0x1" in typed)


@pytest.mark.parametrize("size", SIZES)
async def test_what_went_wrong_is_said_in_words(timers: Timers, size: tuple[int, int]):
    desk = LiveFake()
    sources = Sources(desk)
    sources.failures = {"coingecko": "coingecko: 429\x1b[2J, too many requests"}
    async with console(desk, size, search=sources) as (app, pilot):
        await press(app, pilot, *"/lido")
        await timers.end(app, pilot)
        assert "1 found. Not asked or no answer: coingecko: 429[2J, too many" in text(app)
        sources.failures["dexscreener"] = "dexscreener: connection refused"
        await press(app, pilot, "backspace")
        await timers.end(app, pilot)
        assert "No price source could be searched" in text(app)
        assert rows(app, "LDO"), "known tokens are found all the same"


async def test_one_that_cannot_be_added_says_why_and_the_window_stays(timers: Timers):
    desk = LiveFake()
    sources = Sources(desk, FOUND)
    sources.error = ValueError("no service says how many decimals NEW has")
    async with console(desk, search=sources) as (app, pilot):
        await press(app, pilot, *"/new")
        await timers.end(app, pilot)
        await press(app, pilot, "enter")
        await quiet(app, pilot)
        assert "no service says how many decimals NEW has" in text(app)
        sources.error = None
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert desk.commands == [cmd.Watch(NEW.id, True)]


async def test_a_search_that_breaks_says_so(timers: Timers):
    desk = LiveFake()
    sources = Sources(desk)

    async def broken(query, told):
        raise ValueError("tokens.toml: token 1 has no 'sybol'")

    sources.search = broken  # type: ignore[method-assign]
    async with console(desk, search=sources) as (app, pilot):
        await press(app, pilot, *"/new")
        await timers.end(app, pilot)
        assert "tokens.toml: token 1 has no 'sybol'" in text(app)


async def test_names_from_outside_stay_in_their_cells(timers: Timers):
    evil = Token(f"base:0x{'b' * 40}", "NEW\x1b[31m\u202e", "漢" * 30, "base", 18)
    desk = LiveFake()
    sources = Sources(desk, replace(FOUND, token=evil))
    async with console(desk, search=sources) as (app, pilot):
        await press(app, pilot, *"/new")
        await timers.end(app, pilot)
        (row,) = rows(app, "0xbbbb…bbbb")
        assert "NEW[31m" in row
        assert "\x1b" not in row
        assert "\u202e" not in row
        header = rows(app, "ADDRESS")[0]
        # wide letters take two cells each: the columns behind them stand where they should
        cells = len(row) + row.count("漢")
        assert cells == len(header)


async def test_an_unwatched_known_token_of_a_live_market_is_watched(timers: Timers):
    desk = LiveFake()
    desk.change(tokens=desk.snapshot().tokens[1:])
    async with console(desk, search=Sources(desk)) as (app, pilot):
        await press(app, pilot, *"/weth")
        await press(app, pilot, "enter")
        await settle(app, pilot)
        assert desk.commands == [cmd.Watch(REAL.id, True)]
        assert app.desk_screen.selected == REAL.id


@pytest.mark.parametrize(
    ("market", "says"),
    [("demo", "The demo has these tokens only"), ("tape", "A tape has its own tokens only"),
     ("live", "Prices are still being looked for")],
)  # fmt: skip
@pytest.mark.parametrize("size", SIZES)
async def test_where_nobody_can_be_asked_it_says_so(timers: Timers, market, says, size):
    desk = LiveFake()
    desk.change(market=market)
    sources = Sources(desk, FOUND)
    sources.open = False
    async with console(desk, size, search=sources) as (app, pilot):
        await press(app, pilot, *"/new")
        await timers.end(app, pilot)
        assert sources.asked == []
        assert says in text(app)
        assert "No known token matches" in text(app)


async def test_prices_that_are_found_while_it_is_open_open_the_search(timers: Timers):
    desk = LiveFake()
    sources = Sources(desk, FOUND)
    sources.open = False
    async with console(desk, search=sources) as (app, pilot):
        await press(app, pilot, *"/new")
        sources.open = True
        app.screen._look_again()
        await timers.end(app, pilot)
        assert sources.asked == ["new"]
        assert rows(app, "0xaaaa…aaaa")
        assert "Enter watches it" in text(app)
