"""The bot on live prices, headless and as a process: from a price to a position, and an outage."""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from papertrader_tui.domain.market import HOUR, MINUTE, Quote
from papertrader_tui.engine.rows import iso
from papertrader_tui.going_live import EARLIER
from papertrader_tui.store.load import load
from tests.faults.headless_process import Headless, Row, Told
from tests.market_server import Fault, MarketServer
from tests.sourcekit import token

D = Decimal
#: Seconds after which a session that is waited for in vain is ended.
PATIENCE = 90.0
WETH, BTC = token("WETH", "base"), token("cbBTC", "base")
BOTH = {"coingecko", "dexscreener"}
STALE = "the prices of all 2 tokens are stale: nothing is traded on them"


@pytest.fixture
def server() -> Iterator[MarketServer]:
    """Two tokens that rose all day, and one that sources do not agree about now."""
    now = time.time_ns() // 1_000_000
    with MarketServer([WETH, BTC]) as running:
        for which, price in ((WETH, 3_000.0), (BTC, 60_000.0)):
            times = range(now - 26 * HOUR, now, MINUTE)
            running.set_history(which, [(t, _rising(price, now - t)) for t in times])
            running.set_price(which, _rising(price, 0))
            running.set_depth(which, "50000000")
        running.set_price(BTC, "54000", "dexscreener")
        running.book.age_s = {"coingecko": 0, "defillama": 0}
        yield running


def _rising(price: float, ago: int) -> Decimal:
    """8 % in a day, in waves."""
    trend = math.exp(-0.08 * ago / (24 * HOUR) + 0.003 * math.sin(ago / (4 * MINUTE)))
    return D(f"{price * trend:.8g}")


class Session(Headless):
    """A headless session on nothing but local services."""

    def __init__(self, data: Path, server: MarketServer, *words: str) -> None:
        env = {
            **server.environment(),
            "PAPERTRADER_FEED_TTL": "5",
            "PAPERTRADER_COINGECKO_PER_MINUTE": "600",
            "PAPERTRADER_GECKOTERMINAL_PER_MINUTE": "600",
            "PAPERTRADER_ACCOUNT_WATCHLIST": "two",
            "PAPERTRADER_RISK_COOLDOWN_ANY_MIN": "0",
        }
        super().__init__(data, "--market", "live", *words, env=env)
        self._guard = threading.Timer(PATIENCE, self.process.kill)
        self._guard.daemon = True
        self._guard.start()

    def end(self, number: signal.Signals | None = None) -> int:
        """See `Headless.end`."""
        code = super().end(number)
        self._guard.cancel()
        return code

    def until(self, *wanted: Callable[[Row], bool]) -> Row:
        """Read on until there was a line of each; returns the last line read."""
        left = list(wanted)
        while self.read(1):
            row: Row = json.loads(self.printed[-1])
            left = [found for found in left if not found(row)]
            if not left:
                return row
        last = [
            f"{row['symbol']}: {row['action']}, {row['reason']}" for row in self.rows("DECISION")
        ]
        raise AssertionError("\n".join([self.text, *last[-9:]]))


def line(tag: str, **fields: str) -> Callable[[Row], bool]:
    """Is it a line of this kind, that says this?"""
    return lambda row: row["tag"] == tag and fields.items() <= row.items()


def said(source: str) -> set[str]:
    """Whose price it is."""
    return set(source.split("+"))


def test_the_bot_buys_on_live_prices_stops_in_an_outage_and_goes_on(
    tmp_path: Path, server: MarketServer, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "watchlists.toml").write_text(f'two = ["{WETH.id}", "{BTC.id}"]\n', encoding="utf-8")

    # the first session has no bot; it ends once the five-minute candles of both are kept
    first = Session(data, server)
    first.until(line("PRICE"))
    while not any("ohlcv/hour" in path for path in server.paths["geckoterminal"]):
        assert first.process.poll() is None, first.text
        time.sleep(0.02)
    assert first.end(signal.SIGTERM) == 0, first.text

    session = Session(data, server, "--bot", "--level", "9")
    bought = session.until(line("TRADE", token=WETH.id, side="buy"))
    for name in server.calls:
        server.fault(name, Fault.RESET)
    stale = session.until(line("ALERT", text=STALE))
    server.set_price(WETH, "3006")
    healed = iso(time.time_ns() // 1_000_000)
    server.heal()  # and from now on they agree about the other token
    session.until(
        line("ALERT", text="prices are fresh again"),
        line("ORDER", token=BTC.id, event="submitted", side="buy"),
    )
    assert session.end(signal.SIGTERM) == 0, session.text
    rows = session.rows()

    # every step names its quote, and the one that led to it
    mine = [row for row in rows if row.get("token") == WETH.id]
    price = next(row for row in mine if row["tag"] == "PRICE")
    assert (price["price"], said(price["source"]), price["stale"]) == ("3000", BOTH, False)
    assert 0 <= D(price["age_s"]) < 60
    decision = next(row for row in mine if row["tag"] == "DECISION" and row["action"] == "BUY")
    assert (decision["rule"], decision["price"]) == ("entry.buy", "3000")
    assert said(decision["source"]) == BOTH
    assert 0 <= D(decision["price_age_s"]) < 60
    sent = next(row for row in mine if row["tag"] == "ORDER" and row["event"] == "submitted")
    assert (sent["decision"], sent["origin"]) == (decision["id"], "bot")
    assert (sent["quote_price"], said(sent["quote_source"])) == ("3000", BOTH)
    assert (bought["order_id"], bought["origin"]) == (sent["order_id"], "bot")
    assert (bought["reference_price"], said(bought["reference_source"])) == ("3000", BOTH)
    held = [row for row in mine if row["tag"] == "POSITION"]
    assert (held[0]["quantity"], held[0]["mark"]) == (bought["quantity"], "3000")
    assert (held[-1]["mark"], said(held[-1]["mark_source"])) == ("3006", BOTH)
    assert D(held[-1]["unrealized"]) == D(held[-1]["quantity"]) * 3006 - D(held[-1]["cost"])

    # what sources did not agree about was not bought, nor anything while they were away
    other = [row for row in rows if row.get("token") == BTC.id]
    skipped = next(row for row in other if row["tag"] == "DECISION")
    assert skipped["rule"] == "skip.price"
    assert "disputed: coingecko 60,000 vs dexscreener 54,000" in skipped["reason"]
    assert {row["time"] > healed for row in other if row["tag"] == "ORDER"} == {True}
    away = [row for row in rows if stale["time"] <= row["time"] <= healed]
    assert {row["tag"] for row in away} <= {"ALERT", "ACCOUNT"}

    # the account holds to it: its books, and every quote that was named
    told = Told(data, capsys)
    code, out = told.command("verify", "--account", "live")
    assert code == 0, out
    with load(data / "accounts" / "live.db") as file:
        quotes = [i for heard in file.heard() for i in heard.items if isinstance(i, Quote)]
    known = {(q.token, q.price, q.source) for q in quotes}
    for row in rows:
        for value, source in (
            ("quote_price", "quote_source"),
            ("reference_price", "reference_source"),
            ("mark", "mark_source"),
        ):
            if row.get(source):
                assert (row["token"], D(row[value]), row[source]) in known, row
    times = {(q.token, iso(q.time)) for q in quotes}
    assert (WETH.id, sent["quote_time"]) in times

    # and it plays again, on the prices that were traded on
    tape = tmp_path / "again.csv"
    code, out = told.command("export", "tape", "--account", "live", "-o", str(tape))
    assert code == 0, out
    words = ("--market", "tape", "--tape", str(tape), "--tape-symbol", "WETH/USD")
    code, out = told.command("headless", *words, "--bot", "--level", "9", "--format", "json")
    assert code == 0, out
    again = [json.loads(line) for line in out.splitlines()]
    assert next(row for row in again if row["tag"] == "PRICE")["price"] == "3000"
    assert any(row["tag"] == "DECISION" for row in again)
    heard = [q for q in quotes if q.source != EARLIER]
    assert len(tape.read_text(encoding="utf-8").splitlines()) == 1 + len(heard)
