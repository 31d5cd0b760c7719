"""A live session's past is filled in, and what it heard is kept and plays again."""

from __future__ import annotations

import asyncio
import io
import json
import time
from decimal import Decimal

import pytest

from papertrader_tui import config
from papertrader_tui.bootstrap import open_desk
from papertrader_tui.cli import main
from papertrader_tui.domain.market import HOUR, MINUTE, History, Quote, Trust
from papertrader_tui.launch import Launch
from papertrader_tui.store.database import reading
from papertrader_tui.store.load import load
from papertrader_tui.store.verify import verify
from tests.market_server import MarketServer
from tests.sourcekit import token

WETH = token("WETH", "base")


@pytest.fixture
def market():
    now = time.time_ns() // 1_000_000
    with MarketServer([WETH]) as running:
        running.set_price(WETH, "3000.5")
        times = range(now - 26 * HOUR, now, MINUTE)
        running.set_history(WETH, [(t, Decimal(2_900) + t // MINUTE % 89) for t in times])
        yield running


async def test_history_comes_late_and_prices_are_kept_word_for_word(
    tmp_path, monkeypatch, capsys, market
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PAPERTRADER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    for name, url in market.environment().items():
        monkeypatch.setenv(name, url)
    main(["token", "add", WETH.id, "--list", "one"])
    flags = {
        "market.kind": ("--market", "live"), "account.name": ("--account", "a"),
        "account.watchlist": ("--watchlist", "one"),
    }  # fmt: skip
    async with open_desk(config.load(flags=flags), Launch(headless=False)) as opened:
        running = asyncio.create_task(opened.kernel.run())
        async with asyncio.timeout(20):
            while True:
                candles = opened.kernel.candles(WETH.id, 5 * MINUTE, 500)
                hours = opened.kernel.candles(WETH.id, HOUR, 100)
                if len(candles) > 200 and len(hours) > 25:  # more than the 5-minute ones reach back
                    break
                await asyncio.sleep(0.05)
        series = opened.kernel.desk.markets[WETH.id].series
        assert series.bars > 200
        assert series.bar_ms == 5 * MINUTE
        assert series.rsi is not None
        assert series.forming
        assert series.close == 3000.5
        starts = [c.start for c in candles]
        assert starts == sorted(set(starts))
        assert candles[-1].close == 3000.5
        opened.kernel.stop()
        await running
    path = tmp_path / "data" / "accounts" / "a.db"
    with load(path) as loaded:
        items = [item for heard in loaded.heard() for item in heard.items]
    quotes = [i for i in items if isinstance(i, Quote) and i.token == WETH.id]
    assert {q.price for q in quotes} == {Decimal("3000.5")}
    assert any(isinstance(i, Trust) and i.token == WETH.id and i.sources for i in items)
    assert any(isinstance(i, History) and len(i.candles) > 200 for i in items)
    with reading(path) as connection:
        intervals = connection.execute("SELECT DISTINCT interval FROM candles ORDER BY 1")
        assert intervals.fetchall() == [(5 * MINUTE,), (HOUR,)]
    assert verify(path).ok
    capsys.readouterr()

    tape = tmp_path / "again.csv"
    assert main(["export", "tape", "--account", "a", "-o", str(tape)]) == 0
    assert "prices of a in" in capsys.readouterr().err
    rows = [line.split(",") for line in tape.read_text().splitlines()[1:]]
    assert [row[1:3] for row in rows] == [["WETH/USD", "3000.5"]] * len(quotes)
    words = ["headless", "--market", "tape", "--tape", str(tape), "--format", "json"]
    played = await asyncio.to_thread(main, [*words, "--tags", "PRICE"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert played == 0
    assert lines[0]["price"] == "3000.5"
