"""A live session's inputs, kept and read back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from papertrader_tui.domain.chain_fees import ChainFees, L1Prices
from papertrader_tui.domain.market import (
    DAY,
    HOUR,
    MINUTE,
    Bar,
    Candle,
    Depth,
    Gas,
    History,
    Quote,
    Timer,
    Trust,
)
from papertrader_tui.domain.pools import (
    V2,
    V3,
    ConcentratedState,
    PairState,
    Pool,
    PoolTicks,
    Route,
)
from papertrader_tui.store import inputs, prices
from papertrader_tui.store.database import connect_writer, reading
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.load import load
from papertrader_tui.store.prices import Retention
from papertrader_tui.store.verify import verify
from tests.unit.store.helpers import START, TOSHI, WETH, new_account, store, trading_day

D = Decimal
PRICE = D("3391.021234567890123456789")


def quote(time=START, token=WETH, price=PRICE, **more):
    return Quote(token, time, price, float(price), "coingecko+dexscreener", **more)


def trust(time=START, token=WETH, **more):
    given = {"fault": "", "sources": 2, "stale_at": time + 60_000, **more}
    return Trust(token, time, **given)


PAIR = Pool("base:0x" + "a1" * 20, V2, WETH, TOSHI, 18, 6, 3_000, 0, "uniswap v2")
DEEP = Pool("base:0x" + "b2" * 20, V3, WETH, TOSHI, 18, 6, 500, 10, "uniswap v3")
L1 = L1Prices(10**9, 5, 2_269, 1_055_762, 7)


def fees(block, time, base=10**7, l1=L1, **more):
    said = ChainFees(block, base, base + 1, 0.1 + 0.2, (1, 2, 3, 4, 5), l1, "fjord", **more)
    return Gas("base", time, base, 5, D("3391.02"), "fee history", said)


EVERYTHING = [
    Route(WETH, START, (PAIR, DEEP), "onchain", "takes 5 %\tof it", 500),
    Route(TOSHI, START, (), "onchain"),
    PairState(PAIR.id, START, 100, 10**30, 3 * 10**12, 3_000),
    PoolTicks(DEEP.id, START, 100, {-3: {}, 4: {10_240: (-(2**127), True), 10_250: (5, False)}}),
    ConcentratedState(DEEP.id, START, 100, 2**100, -196_257, 0, 500),
    fees(100, START),
    fees(101, START + 2_000, l1=None, jovian=True),
    fees(102, START + 4_000, base=0),
    Gas("base", START, 12_000_000, 30_000_000_000_000, D("3391.02"), "bundled gas, live price"),
    Depth(WETH, START, D("5000000.25"), 1_234_567.875, D("0.05"), "dexscreener"),
    trust(),
    quote(START - 4_000, fetched=START - 200, block=17),
    trust(START + 1, TOSHI, fault="stale: since 60 s", sources=0, stale_at=START - 5),
    trust(START + 2, TOSHI, fault="disputed: a 3,000\tvs b", exit_price=D("0.000202"),
          exit_source="dexscreener", note="n", spread=0.0123),
    quote(START + 2, TOSHI, D("0.000000000000000000000001"), volume=12.5, opening=True),
    quote(START + 3),
    Bar(WETH, START, START + MINUTE, 1.5, 2.5, 0.5, 2.0, 10.0, D(2), D("2.5"), D("0.5"), "x"),
    History(
        WETH, START + 4, 5 * MINUTE, [Candle(START, 1.1, 2.2, 0.3, 1.7, -1.0)], "a", charts=True
    ),
]  # fmt: skip


def plain(item):
    """An input as values that can be compared."""
    values = {name: getattr(item, name) for name in item.__slots__}
    if isinstance(item, History):
        values["candles"] = [plain(c) for c in item.candles]
    return type(item).__name__, values


async def recorded(tmp_path, *batches):
    path = new_account(tmp_path)
    journal = await SqliteJournal.open(path)
    for items, cursor, warm in batches:
        await journal.record_inputs(items, cursor, warm=warm)
    await journal.close()
    return path


async def test_everything_comes_back_as_it_was(tmp_path):
    path = await recorded(tmp_path, (EVERYTHING, 10, False))
    with load(path) as loaded:
        found = [item for heard in loaded.heard() for item in heard.items]
    expected = [plain(item) for item in EVERYTHING]
    expected[13][1]["fault"] = "disputed: a 3,000 vs b"  # a tab is no text of ours
    assert [plain(item) for item in found] == expected
    assert verify(path).ok


async def test_a_price_and_its_trust_are_one_row_and_timers_none(tmp_path):
    batch = [Timer(START), trust(), quote(), Timer(START + 1), quote(START + 1)]
    path = await recorded(tmp_path, (batch, 12, False), ([Timer(START + 2)], 13, False))
    with reading(path) as connection:
        rows = connection.execute("SELECT cursor, kind FROM inputs ORDER BY seq").fetchall()
        longest = connection.execute("SELECT max(length(body)) FROM inputs").fetchone()[0]
    # of 12 inputs handed over the batch's were the 8th to the 12th: timers leave a gap
    assert rows == [(10, "price"), (12, "quote")]
    assert longest < 100


async def test_what_came_before_the_session_is_marked(tmp_path):
    path = await recorded(tmp_path, ([trust(), quote()], 40, True), ([quote(START + 5)], 41, False))
    with load(path) as loaded:
        heard = list(loaded.heard())
    assert [(h.session, h.cursor, h.warm, len(h.items)) for h in heard] == [
        (1, 40, True, 2), (1, 41, False, 1),
    ]  # fmt: skip
    with reading(path) as connection:
        acted_on = list(inputs.read(connection, prices=True))
    assert [h.cursor for h in acted_on] == [41]


async def test_tokens_are_numbered_once_and_sessions_apart(tmp_path):
    path = new_account(tmp_path)
    for session in (1, 2):
        journal = await SqliteJournal.open(path)
        if session == 1:
            await store(journal, trading_day())
        await journal.record_inputs([quote(), quote(token=TOSHI)], 2 * session)
        await journal.close()
    with load(path) as loaded:
        heard = list(loaded.heard())
    assert [(h.session, h.cursor, h.items[0].token) for h in heard] == [
        (1, 1, WETH), (1, 2, TOSHI), (2, 3, WETH), (2, 4, TOSHI),
    ]  # fmt: skip


async def test_old_inputs_go_and_the_prices_stay(tmp_path):
    path = await recorded(
        tmp_path,
        ([quote(START + n * HOUR) for n in range(48)], 48, False),
    )
    connection = connect_writer(path)
    for keep, left in ((30 * DAY, 48), (DAY, 24), (0, 1)):
        connection.execute("BEGIN IMMEDIATE")
        prices.roll_up(connection, START + 48 * HOUR - (keep == 0) * HOUR, Retention(inputs=keep))
        connection.execute("COMMIT")
        assert connection.execute("SELECT count(*) FROM inputs").fetchone() == (left,)
    connection.close()
    with pytest.raises(ValueError, match="below zero"):
        Retention(inputs=-1)


def state(block, time, sqrt=2**100, liquidity=10**21):
    return ConcentratedState(DEEP.id, time, block, sqrt, -196_257, liquidity, 500)


async def test_of_what_comes_with_every_block_only_changes_are_written(tmp_path):
    blocks = [
        item
        for n in range(5)
        for time in (START + n * 2_000,)
        for item in (state(100 + n, time, 2**100 + n), fees(100 + n, time))
    ]
    path = await recorded(tmp_path, (blocks, 10, False))
    with reading(path) as connection:
        rows = connection.execute("SELECT body FROM inputs ORDER BY seq").fetchall()
    whole, later = (sum(len(body) for (body,) in part) for part in (rows[:2], rows[2:]))
    assert later / 4 < whole / 2
    with load(path) as loaded:
        found = [item for heard in loaded.heard() for item in heard.items]
    assert [plain(item) for item in found] == [plain(item) for item in blocks]


async def test_what_is_left_after_older_hours_were_deleted_can_be_read(tmp_path):
    base = START // HOUR * HOUR
    blocks = [state(n, base + n * 20 * MINUTE) for n in range(12)]
    # the block before the hour is told of after a price from within it
    blocks[6:6] = [quote(base + 2 * HOUR), state(6, base + 2 * HOUR - 1_000)]
    path = await recorded(tmp_path, (blocks, 14, False))
    connection = connect_writer(path)
    connection.execute("BEGIN IMMEDIATE")
    prices.roll_up(connection, base + 4 * HOUR + 25 * MINUTE, Retention(inputs=2 * HOUR))
    connection.execute("COMMIT")
    connection.close()
    with load(path) as loaded:
        found = [item for heard in loaded.heard() for item in heard.items]
    assert [plain(item) for item in found] == [plain(item) for item in blocks[6:]]


async def test_another_session_begins_with_whole_rows(tmp_path):
    path = new_account(tmp_path)
    for block in (100, 101):
        journal = await SqliteJournal.open(path)
        await journal.record_inputs([state(block, START)], block)
        await journal.close()
    with reading(path) as connection:
        bodies = [body for (body,) in connection.execute("SELECT body FROM inputs")]
    assert not any("=" in body for body in bodies)


async def test_a_row_that_is_damaged_is_named(tmp_path):
    path = await recorded(tmp_path, ([quote()], 1, False))
    connection = connect_writer(path)
    connection.execute("UPDATE inputs SET body = '1\tnonsense'")
    connection.close()
    with load(path) as loaded, pytest.raises(ValueError, match=r"recorded input 1 \(quote\)"):
        list(loaded.heard())
