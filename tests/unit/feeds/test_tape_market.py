"""The tape as a market: cursor, history, pacing and what it says of itself."""

import hashlib
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from papertrader_tui.domain.market import DAY, HOUR, MINUTE, Bar, Gas, History
from papertrader_tui.feeds.tape import TapeMarket
from papertrader_tui.feeds.tape_report import TapeError
from papertrader_tui.registry import load_registry
from tests.marketkit import Wall

T0 = int(datetime(2024, 1, 5, tzinfo=UTC).timestamp() * 1000)


def candles(minutes):
    rows = []
    for i in range(minutes):
        at = datetime.fromtimestamp(T0 / 1000 + 60 * i, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        price = 100 + i % 17
        rows.append(f"{at},BTC-USD,{price},{price + 3},{price - 2},{price + 1},2\n")
        rows.append(f"{at},ETH-USD,{price / 10},{price / 10 + 3},1,{price / 10},2\n")
    return "timestamp,symbol,open,high,low,close,volume\n" + "".join(rows)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("tapes") / "btc.csv"
    path.write_text(candles(2000))
    return path


async def play(market):
    batches = [list(batch) async for batch in market.batches()]
    return batches, [item for batch in batches for item in batch]


async def test_it_plays_to_its_end_in_runs(path):
    market = TapeMarket(path)
    batches, inputs = await play(market)
    assert len(inputs) == 8000 == market.cursor
    assert {len(batch) for batch in batches[:-1]} == {512}
    assert market.progress == 1.0
    assert market.now() == inputs[-1].time == T0 + 2000 * MINUTE
    assert market.report.rows == 4000


def test_it_says_what_it_is(path):
    info = TapeMarket(path, chain="ethereum").info
    assert (info.kind, info.badge, info.interval) == ("tape", "TAPE", MINUTE)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert info.identity == f"tape:{digest}:ethereum"
    assert "bundled typical values of Ethereum" in info.notice
    assert "candles of 1 min, BTC ETH" in info.detail
    assert "a candle's time is its start" in info.detail


def test_another_reading_is_another_market(path):
    seen = {
        TapeMarket(path, **options).info.identity
        for options in (
            {},
            {"stamp": "end"},
            {"symbol": "BTC-USD"},
            {"chain": "polygon"},
        )
    }
    assert len(seen) == 4


def test_a_new_account_gets_bundled_gas_and_no_history(path):
    market = TapeMarket(path, chain="base")
    warm = list(market.warm())
    base = load_registry().chains["base"]
    assert [type(item) for item in warm] == [Gas]
    assert (warm[0].price_wei, warm[0].native_usd, warm[0].source) == (
        base.gas_price_wei,
        base.native_usd,
        "bundled",
    )
    assert warm[0].time <= T0
    assert market.now() == T0
    assert market.watchlist == ["base:tape-btc", "base:tape-eth"]
    assert market.registry.chain_of("base:tape-btc") == base


async def test_a_resumed_tape_goes_on_where_it_stopped(path):
    _, whole = await play(TapeMarket(path))
    resumed = TapeMarket(path, cursor=3001)
    assert resumed.cursor == 3001
    _, rest = await play(resumed)
    assert [repr(item) for item in rest] == [repr(item) for item in whole[3001:]]


async def test_history_at_a_cursor_holds_the_day_before_and_nothing_after(path):
    _, whole = await play(TapeMarket(path))
    cursor = 7003
    market = TapeMarket(path, cursor=cursor)
    histories = {h.token: h for h in market.warm() if isinstance(h, History)}
    assert set(histories) == set(market.watchlist)
    now = whole[cursor - 1].time
    for token, history in histories.items():
        bars = [b for b in whole[:cursor] if isinstance(b, Bar) and b.token == token]
        assert history.interval == 5 * MINUTE
        assert now - DAY <= history.candles[0].start < now - DAY + 10 * MINUTE
        for candle in history.candles:
            own = [b for b in bars if candle.start <= b.start < candle.start + 5 * MINUTE]
            assert (candle.open, candle.close) == (own[0].open, own[-1].close)
            assert candle.high == max(b.high for b in own)
            assert candle.low == min(b.low for b in own)
            assert candle.volume == pytest.approx(sum(b.volume for b in own))
        assert candle.close == bars[-1].close


async def test_history_of_long_candles_keeps_their_length(tmp_path):
    path = tmp_path / "eth.csv"
    rows = "".join(f"{T0 // 1000 + 3600 * i},5,6,4,5\n" for i in range(100))
    path.write_text("time,open,high,low,close\n" + rows)
    market = TapeMarket(path, cursor=120)
    history = next(h for h in market.warm() if isinstance(h, History))
    assert history.interval == HOUR
    assert 23 <= len(history.candles) <= 25


async def test_at_a_speed_inputs_come_when_their_time_has_come(path):
    wall = Wall()
    market = TapeMarket(path, speed=60, clock=wall, wait=wall.wait)
    count = 0
    async with aclosing(market.batches()) as batches:
        async for batch in batches:
            assert {item.time for item in batch} == {T0 + count * MINUTE}
            assert wall.time == pytest.approx(count)
            assert market.now() == batch[-1].time
            count += 1
            if count == 10:
                break


async def test_the_clock_waits_for_the_next_input(tmp_path):
    path = tmp_path / "eth.csv"
    path.write_text(f"time,price\n{T0 // 1000},5\n{T0 // 1000 + 60},6\n")
    wall = Wall()
    market = TapeMarket(path, speed=1, clock=wall, wait=wall.wait)
    async with aclosing(market.batches()) as batches:
        await anext(batches)
        wall.time += 30
        assert market.now() == T0 + 30_000
        wall.time += 3000
        assert market.now() == T0 + MINUTE
        assert [q.time for q in await anext(batches)] == [T0 + MINUTE]


def test_what_cannot_be_played_is_refused(path, tmp_path):
    with pytest.raises(TapeError, match="chain 'solana' is not known; choose one of ethereum"):
        TapeMarket(path, chain="solana")
    with pytest.raises(TapeError, match="8000 inputs, but the account has seen 9000"):
        TapeMarket(path, cursor=9000)
    with pytest.raises(ValueError, match="cursor -1"):
        TapeMarket(path, cursor=-1)
    bad = tmp_path / "bad.csv"
    bad.write_text("time,price\n1704412800,x\n1704412801,y\n")
    with pytest.raises(TapeError, match="none of its rows is usable: line 2: 'x' is no usable"):
        TapeMarket(bad)


def test_bytes_that_are_no_text_are_refused_in_words(tmp_path):
    path = tmp_path / "noise.csv"
    path.write_bytes(b"\x93a\rb,c\rd\x00\xff\n1,2\n" * 20)
    with pytest.raises(TapeError, match="noise"):
        TapeMarket(path)
