"""A recording becomes a tape, and the tape market plays the same prices."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from papertrader_tui.domain.market import Depth, Gas, Quote, Timer, Trust
from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.tape import TapeMarket
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.tape import FIELDS, name_tokens, write_tape
from tests.unit.store.helpers import START, TOSHI, WETH, new_account

D = Decimal
ELSEWHERE = WETH.replace("base:", "ethereum:")
TOKENS = {
    WETH: Token(WETH, "WETH", "Wrapped Ether", "base", 18),
    ELSEWHERE: Token(ELSEWHERE, "WETH", "another", "ethereum", 18),
    TOSHI: Token(TOSHI, "TOSHI", "Toshi", "base", 18),
}


def quote(token, time, price):
    return Quote(token, START + time, D(price), float(price), "coingecko")


async def recorded(path, *batches, warm=()):
    journal = await SqliteJournal.open(path)
    await journal.record_inputs(warm, 0, warm=True)
    cursor = 0
    for batch in batches:
        cursor += len(batch)
        await journal.record_inputs(batch, cursor)
    await journal.close()


async def played(path, text):
    file = path.parent / "tape.csv"
    file.write_text(text, encoding="utf-8")
    market = TapeMarket(file, chain="base")
    found = [item async for batch in market.batches() for item in batch]
    assert market.report.bad == 0
    return market, found


async def test_a_live_session_plays_again_with_the_same_prices(tmp_path):
    path = new_account(tmp_path)
    said = [
        quote(WETH, 1_000, "3391.021234567890123456"), quote(TOSHI, 900, "0.000000000123"),
        quote(ELSEWHERE, 30_000, "3390.5"), quote(WETH, 31_001, "3392"), quote(WETH, 60_000, "1"),
    ]  # fmt: skip
    await recorded(
        path,
        [Depth(WETH, START, D(5_000_000), -1.0, D(30), "dexscreener"), Trust(WETH, START, "", 2,
         START + 60_000), said[0], Timer(START + 1_000), said[1]],
        said[2:4],
        [Depth(WETH, START + 59_000, D(4_000_000), -1.0, D(30), "dexscreener"), said[4]],
        warm=[quote(WETH, -5_000, "77")],
    )  # fmt: skip
    out = io.StringIO()
    written = write_tape(path, out, TOKENS)
    assert (written.rows, written.whole) == (5, True)
    assert out.getvalue().splitlines()[0] == ",".join(FIELDS)
    market, found = await played(path, out.getvalue())
    assert set(market.watchlist) == {WETH, ELSEWHERE, TOSHI}
    assert {gas.chain for gas in market.warm() if isinstance(gas, Gas)} == {"base", "ethereum"}
    prices = [(q.token, q.time, q.price) for q in found if isinstance(q, Quote)]
    expected = sorted(((q.token, q.time, q.price) for q in said), key=lambda row: row[1])
    assert prices == expected
    depths = [(d.token, d.liquidity) for d in found if isinstance(d, Depth)]
    assert depths == [(WETH, D(5_000_000)), (WETH, D(4_000_000))]


async def test_a_tape_keeps_chains_symbols_and_the_first_depth(tmp_path):
    path = new_account(tmp_path)
    cbbtc = "base:0xcbb7c0000ab88b473b1f5afd9ef808440eed33bf"
    own = f"polygon:0x{'7' * 40}"
    known = TOKENS | {
        cbbtc: Token(cbbtc, "cbBTC", "", "base", 8), own: Token(own, "mOwn", "", "polygon", 6),
    }  # fmt: skip
    # heard before the prices, though of a moment after them
    depths = [Depth(t, START + 5_000, D(n), -1.0, D(30), "x") for n, t in enumerate(known, 70_000)]
    prices = [quote(token, 1_000 + n, "10") for n, token in enumerate(known)]
    await recorded(path, [*depths, *prices], [quote(own, 9_000, "11")])
    out = io.StringIO()
    write_tape(path, out, known)
    assert all(",7000" in line for line in out.getvalue().splitlines()[1:])
    market, found = await played(path, out.getvalue())
    assert set(market.watchlist) == set(known)
    symbols = {token.id: token.symbol for token in market.registry.tokens.values()}
    assert (symbols[cbbtc], symbols[own]) == ("cbBTC", "mOwn")
    assert [d.token for d in found if isinstance(d, Depth)] == list(known)
    file = path.parent / "tape.csv"
    assert TapeMarket(file, symbol="cbBTC").watchlist == [cbbtc]
    # a chain that is not bundled is put on the tape's own, as a tape's token
    file.write_text(out.getvalue().replace("polygon:", "mine:"), encoding="utf-8")
    assert "base:tape-mown" in TapeMarket(file).watchlist


async def test_prices_kept_for_charts_play_where_nothing_else_was_recorded(tmp_path):
    path = new_account(tmp_path)
    journal = await SqliteJournal.open(path)
    rows = [(WETH, START + n * 30_000, D(3_000 + n), 12.0) for n in range(20)]
    await journal.record(rows)
    await journal.close()
    out = io.StringIO()
    written = write_tape(path, out, TOKENS)
    assert (written.rows, written.whole) == (20, False)
    _, found = await played(path, out.getvalue())
    assert [(q.time, q.price) for q in found] == [(t, p) for _, t, p, _ in rows]


def test_an_account_without_prices_makes_an_empty_tape(tmp_path):
    out = io.StringIO()
    assert write_tape(new_account(tmp_path), out, {}).rows == 0


@pytest.mark.parametrize("symbol", ["CRVUSD", "A-B", "=1+1", "ΣΣ", "", "usd", "X/ETH", "USDT"])
def test_any_symbol_becomes_one_that_a_tape_may_have(tmp_path, symbol):
    token = Token(WETH, symbol, "", "base", 18)
    other = Token(TOSHI, symbol, "", "base", 18)
    names = name_tokens([WETH, TOSHI], {WETH: token, TOSHI: other})
    assert len(set(names.values())) == 2
    file = tmp_path / "tape.csv"
    rows = [f"2026-01-05T00:00:0{n}.000Z,{name},1" for n, name in enumerate(names.values())]
    file.write_text("\n".join(["timestamp,symbol,price", *rows]) + "\n", encoding="utf-8")
    assert len(TapeMarket(file).watchlist) == 2
