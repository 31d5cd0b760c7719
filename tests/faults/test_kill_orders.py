"""A desk that is killed in the middle of brackets, trailing stops and landings goes on as if not.

What it printed was acknowledged.  Everything else is asked of the account file alone, and held
against the market, which says again what every price was.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from papertrader_tui.domain.orders import Kind
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.feeds.demo import DemoMarket
from papertrader_tui.feeds.demo_parameters import START, TICK_MS
from papertrader_tui.feeds.tape import TapeMarket
from tests.faults.killed import Killed
from tests.faults.order_books import Books, Prices, played
from tests.tapekit import trades

SOAK = os.environ.get("PAPERTRADER_SOAK") == "1"
KILLS = 50 if SOAK else 3
SEED = 14


def assert_as_if_nothing_had_been(
    killed: Killed, every: list[Books | None], prices: dict[TokenId, Prices]
) -> None:
    """Whatever waits for a price met the first that there was, in whichever session that came."""
    trailing = 0
    for books in every:
        if books is not None:
            books.assert_landed_in_time(prices)
            trailing = books.assert_trails_follow(prices)
    books = every[-1]
    assert books is not None
    # what this is about has happened
    assert trailing
    assert books.ended(Kind.STOP) + books.ended(Kind.TAKE_PROFIT)
    assert killed.flew or not SOAK


@pytest.mark.soak
def test_orders_on_the_demo_market_outlive_kill_9_at_any_moment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(5)
    killed = Killed(
        tmp_path / "data", capsys, MARKET_KIND="demo", MARKET_SPEED="600", MARKET_SEED=str(SEED)
    )
    every = [killed.at_random(chance, number, 25) for number in range(KILLS)]
    every.append(books := killed.finish())
    until = START + books.cursor * TICK_MS
    prices = played(DemoMarket(SEED, None), until, lambda _, q: (q.time - START) // TICK_MS)
    assert_as_if_nothing_had_been(killed, every, prices)


@pytest.mark.soak
def test_orders_on_a_tape_outlive_it_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(6)
    tape = trades(tmp_path / "tape.csv", 6_000)
    killed = Killed(tmp_path / "data", capsys, str(tape), MARKET_SPEED="1500")
    every = [killed.at_random(chance, number, 80) for number in range(5 if SOAK else 1)]
    every.append(killed.finish())
    prices = played(TapeMarket(tape), None, lambda number, _: number)
    assert_as_if_nothing_had_been(killed, every, prices)
