"""Tapes: columns by name, exact prices, no look-ahead, bad rows named and never guessed."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from papertrader_tui.domain.market import MINUTE, Bar, Depth, Quote
from papertrader_tui.feeds.tape_reader import TapeReader, read_inputs
from papertrader_tui.feeds.tape_report import TapeError

T0 = int(datetime(2024, 1, 5, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def tape(tmp_path):
    def write(text, name="tape.csv", **options):
        path = tmp_path / name
        if isinstance(text, str):
            text = text.encode()
        path.write_bytes(text)
        return TapeReader(path, **options)

    return write


def shown(inputs):
    """Inputs in short: ('open'|'bar'|'quote', symbol, minutes after T0, price)."""
    result = []
    for item in inputs:
        kind = "bar" if isinstance(item, Bar) else "open" if item.opening else "quote"
        result.append(
            (kind, item.token.split("tape-")[1], (item.time - T0) / MINUTE, str(item.price))
        )
    return result


CANDLES = """\
timestamp,symbol,open,high,low,close,volume
2024-01-05T00:00:00Z,BTC-USD,100,110,90,105,2
2024-01-05T00:00:00Z,ETH-USD,10,11,9,10.5,3
2024-01-05T00:01:00Z,BTC-USD,106,107,104,104,1
2024-01-05T00:01:00Z,ETH-USD,10.6,10.6,10.1,10.2,
2024-01-05T00:02:00Z,ETH-USD,10.2,10.3,10.2,10.3,1
2024-01-05T00:07:00Z,BTC-USD,120,121,119,119.5,1
2024-01-05T00:07:00Z,ETH-USD,12,12,12,12,1
"""


def test_a_bar_comes_at_its_end_and_the_next_open_after_all_bars(tape):
    reader = tape(CANDLES)
    assert shown(reader.inputs()) == [
        ("open", "btc", 0, "100"),
        ("open", "eth", 0, "10"),
        ("bar", "btc", 1, "105"),
        ("bar", "eth", 1, "10.5"),
        ("open", "btc", 1, "106"),
        ("open", "eth", 1, "10.6"),
        ("bar", "btc", 2, "104"),
        ("bar", "eth", 2, "10.2"),
        ("open", "eth", 2, "10.2"),
        ("bar", "eth", 3, "10.3"),
        ("open", "btc", 7, "120"),
        ("open", "eth", 7, "12"),
        ("bar", "btc", 8, "119.5"),
        ("bar", "eth", 8, "12"),
    ]
    assert reader.report.gaps == 2
    assert reader.report.gap_ms == (5 + 4) * MINUTE
    assert reader.report.gap_list[0].line == 7
    assert (reader.report.rows, reader.report.bad) == (7, 0)


def test_a_bar_is_exact_and_its_volume_in_dollars(tape):
    bars = [i for i in tape(CANDLES).inputs() if isinstance(i, Bar)]
    bar = bars[0]
    assert (bar.start, bar.end) == (T0, T0 + MINUTE)
    assert (bar.price, bar.high_price, bar.low_price) == (Decimal(105), Decimal(110), Decimal(90))
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (100, 110, 90, 105, 210)
    assert bars[3].volume == -1, "an empty volume is unknown, not zero"


def test_candles_stamped_by_their_end_give_the_same_market(tape):
    later = "\n".join(
        line.replace("T00:07", "T00:08").replace("T00:02", "T00:03")
        if "T00:07" in line or "T00:02" in line
        else line.replace("T00:01", "T00:02").replace("T00:00:", "T00:01:")
        if "T00:01" in line
        else line.replace("T00:00:", "T00:01:")
        for line in CANDLES.splitlines()
    )
    assert shown(tape(later, stamp="end").inputs()) == shown(tape(CANDLES).inputs())


def test_trades_take_the_price_of_the_pool(tape):
    reader = tape(
        "timestamp,symbol,price,volume,notional_usdc,pool_price\n"
        "2024-01-05T00:00:12Z,WETH/USDC,2000000,0.000000000001,0.000002,2245.5\n"
        "2024-01-05T00:00:12Z,WETH/USDC,2250.1,0.5,1125.05,2246.123456789012345678\n"
    )
    quotes = list(reader.inputs())
    assert [str(q.price) for q in quotes] == ["2245.5", "2246.123456789012345678"]
    assert [q.volume for q in quotes] == [0.000002, 1125.05]
    assert quotes[0].time == T0 + 12_000
    assert reader.report.dust == 0
    assert "pool" in "; ".join(reader.notes)


def test_dust_without_a_pool_price_is_dropped_and_counted(tape):
    reader = tape(
        "timestamp,symbol,price,volume\n"
        "2024-01-05T00:00:00Z,WETH/USDC,2000000,0.000000000001\n"
        "2024-01-05T00:00:01Z,WETH/USDC,2245,0.5\n"
    )
    assert shown(reader.inputs()) == [("quote", "weth", 1 / 60, "2245")]
    assert (reader.report.dust, reader.report.bad) == (1, 0)
    assert "1 dust" in reader.report.summary()


def test_quotes_are_the_middle_exactly(tape):
    reader = tape("ts,pair,bid,ask\n1704412800,BTC-USD,0.1,0.2\n1704412801,BTC-USD,3,2\n")
    assert [str(q.price) for q in reader.inputs()] == ["0.15"]
    assert reader.report.faults[0].line == 3
    assert "below the bid" in reader.report.faults[0].reason


def test_candles_of_bid_and_ask_are_candles_of_the_middle(tape):
    names = ",".join(f"{s}_{n}" for s in ("bid", "ask") for n in ("open", "high", "low", "close"))
    reader = tape(
        f"timestamp,symbol,{names},bid_size\n"
        "2024-01-05T00:00:00Z,BTC-USD,10,12,9,11,10.02,12.02,9.02,11.02,7\n"
        "2024-01-05T00:01:00Z,BTC-USD,11,12,9,11,11.02,12.02,9.02,11.02,7\n"
    )
    opening, bar, *_ = reader.inputs()
    assert opening.opening
    assert (opening.price, bar.price) == (Decimal("10.01"), Decimal("11.01"))
    assert (bar.high_price, bar.low_price, bar.volume) == (Decimal("12.01"), Decimal("9.01"), -1)


def test_liquidity_counts_only_in_dollars(tape):
    reader = tape(
        "timestamp,symbol,price,liquidity\n2024-01-05T00:00:00Z,ETH-USD,5,1245364710153\n"
    )
    assert [type(i) for i in reader.inputs()] == [Quote]
    assert "liquidity is not in dollars" in "; ".join(reader.notes)
    reader = tape(
        "timestamp,symbol,price,liquidity_usd\n"
        "2024-01-05T00:00:00Z,ETH-USD,5,1000000\n"
        "2024-01-05T00:00:01Z,ETH-USD,5,1000500\n"
        "2024-01-05T00:00:02Z,ETH-USD,5,1100000\n"
    )
    inputs = list(reader.inputs())
    assert [type(i) for i in inputs] == [Depth, Quote, Quote, Depth, Quote]
    assert inputs[3].liquidity == 1_100_000


def test_liquidity_of_a_candle_is_known_at_its_end(tape):
    reader = tape(
        "timestamp,symbol,open,high,low,close,liquidity_usd\n"
        "2024-01-05T00:00:00Z,ETH-USD,5,5,5,5,1000000\n"
        "2024-01-05T00:01:00Z,ETH-USD,5,5,5,5,2000000\n"
    )
    assert [(type(i), i.time - T0) for i in reader.inputs()] == [
        (Quote, 0),
        (Depth, MINUTE),
        (Bar, MINUTE),
        (Quote, MINUTE),
        (Depth, 2 * MINUTE),
        (Bar, 2 * MINUTE),
    ]


GOOD = "2024-01-05T00:0{}:00Z,BTC-USD,100,110,90,105,2\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2024-01-05T00:01:00Z,BTC-USD,abc,110,90,105,2", "'abc' is no usable price"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,nan,90,105,2", "'nan' is no usable price"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,inf,90,105,2", "'inf' is no usable price"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,1e300,90,105,2", "'1e300' is no usable price"),
        ("2024-01-05T00:01:00Z,BTC-USD,0,110,0,105,2", "'0' is no usable price"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,110,-90,105,2", "'-90' is no usable price"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,90,110,105,2", "do not lie between"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,110,90,111,2", "do not lie between"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,110,90,105,-2", "'-2' is no usable volume"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,110,90,105,lots", "'lots' is no usable volume"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,110,90,105", "6 fields where the header has 7"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,110,90,105,2,9", "8 fields where the header has 7"),
        ("2024-13-05T00:01:00Z,BTC-USD,100,110,90,105,2", "neither ISO 8601 nor a count"),
        ("2204-01-05T00:01:00Z,BTC-USD,100,110,90,105,2", "between 2009 and 2100"),
        ("2024-01-04T23:59:00Z,BTC-USD,100,110,90,105,2", "before the row above"),
        ("2024-01-05T00:00:30Z,BTC-USD,100,110,90,105,2", "before the symbol's candle above"),
        ("2024-01-05T00:00:00Z,BTC-USD,100,110,90,105,2", "before the symbol's candle above"),
        ("2024-01-05T00:01:00Z,,100,110,90,105,2", "symbol '' is not in the first rows"),
        ('2024-01-05T00:01:00Z,"BTC-USD,100,110,90,105,2', "a quotation mark is not closed"),
        ("2024-01-05T00:01:00Z,BTC-USD,100,110,90,105," + "2" * 5000, "longer than 4,096"),
        ("2024-01-05T00:01:00Z,BTC-USD,\x1b[2J,110,90,105,2", r"'\x1b[2J' is no usable price"),
    ],
)
def test_a_bad_row_is_named_counted_and_left_out(tape, row, reason):
    head = "timestamp,symbol,open,high,low,close,volume\n"
    rows = [GOOD.format(0), row + "\n", *(GOOD.format(i) for i in range(2, 6))]
    reader = tape(head + "".join(rows))
    without = tape(head + "".join(rows[:1] + rows[2:]), name="without.csv")
    assert shown(reader.inputs()) == shown(without.inputs())
    assert (reader.report.bad, reader.report.rows) == (1, 6)
    fault = reader.report.faults[0]
    assert fault.line == 3
    assert reason in fault.reason
    assert fault.reason.isprintable()
    assert len(fault.reason) < 200


def test_a_faulty_file_keeps_only_the_first_faults_but_counts_all(tape):
    rows = "".join(f"{1704412800 + i},BTC-USD,{'x' if i % 2 else 5}\n" for i in range(1000))
    reader = tape("time,symbol,price\n" + rows)
    assert len(list(reader.inputs())) == 500
    assert reader.report.bad == 500
    assert len(reader.report.faults) == 20


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("2024-01-05T00:00:00Z", "ISO 8601 with its zone"),
        ("2024-01-05T01:00:00+01:00", "ISO 8601 with its zone"),
        ("2024-01-05T00:00:00.000Z", "ISO 8601 with its zone"),
        ("2024-01-05 00:00:00", "names no zone and is read as UTC"),
        ("2024-01-05", "names no zone and is read as UTC"),
        ("1704412800", "counts seconds"),
        ("1704412800.000", "counts seconds"),
        ("1704412800000", "counts milliseconds"),
        ("1704412800000000", "counts microseconds"),
        ("1704412800000000000", "counts nanoseconds"),
    ],
)
def test_times(tape, text, note):
    reader = tape(f"Date,Price\n{text},5\n", name="eth_usd.csv")
    assert [q.time for q in reader.inputs()] == [T0]
    assert note in "; ".join(reader.notes)


def test_a_zone_is_for_times_that_name_none(tape):
    zone = ZoneInfo("America/New_York")
    reader = tape("date,price\n2024-01-04 19:00:00,5\n2024-01-05T00:00:01Z,6\n", zone=zone)
    assert [q.time for q in reader.inputs()] == [T0, T0 + 1000]
    assert "America/New_York" in "; ".join(reader.notes)


def test_the_short_cut_for_times_agrees_with_the_long_way(tape):
    stamps = [
        f"2024-01-05T{h:02d}:{m:02d}:{s:02d}Z"
        for h in (0, 1, 23)
        for m in (0, 1, 59)
        for s in (0, 1, 59)
    ]
    reader = tape("time,price\n" + "".join(f"{stamp},5\n" for stamp in stamps))
    assert [q.time for q in reader.inputs()] == [
        int(datetime.fromisoformat(stamp).timestamp() * 1000) for stamp in stamps
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Open Time,Pair,Open,High,Low,Close,Volume", "candles"),
        ("ts;market;last;qty", "trades"),
        ("DateTime\tTicker\tBest Bid\tBest Ask", "quotes"),
    ],
)
def test_columns_are_found_by_name(tape, header, expected):
    separator = next(c for c in ",;\t" if c in header)
    width = len(header.split(separator))
    rows = "".join(
        separator.join([str(1704412800 + 60 * i), "BTC-USD", *["5"] * (width - 2)]) + "\r\n"
        for i in range(3)
    )
    reader = tape("\ufeff" + header + "\r\n" + rows)
    assert reader.columns.kind == expected
    assert {item.price for item in reader.inputs()} == {Decimal(5)}
    assert reader.report.bad == 0


@pytest.mark.parametrize(
    ("symbol", "token", "name"),
    [
        ("BTC-USD", "base:tape-btc", "BTC-USD (tape)"),
        ("WETH/USDC", "base:tape-weth", "WETH-USDC (tape)"),
        ("btcusdt", "base:tape-btc", "BTC-USDT (tape)"),
        ("BTC_USD", "base:tape-btc", "BTC-USD (tape)"),
        ("cbBTC", "base:tape-cbbtc", "CBBTC (tape)"),
        ("USDC.e-USD", "base:tape-usdc.e", "USDC.E-USD (tape)"),
        ("\x1b[31mEVIL/USD", "base:tape-31mevil", "31MEVIL-USD (tape)"),
    ],
)
def test_symbols_become_tokens(tape, symbol, token, name):
    reader = tape(f"time,symbol,price\n1704412800,{symbol},5\n")
    own = list(reader.tokens.values())
    assert [(t.id, t.name, t.decimals) for t in own] == [(token, name, 18)]
    assert [q.token for q in reader.inputs()] == [token]


@pytest.mark.parametrize(
    ("symbol", "quote"),
    [
        ("ETH-EUR", "EUR"),
        ("ETH/BTC", "BTC"),
        ("ETHBTC", "BTC"),
        ("BTCEUR", "EUR"),
    ],
)
def test_a_price_in_something_else_is_refused(tape, symbol, quote):
    with pytest.raises(TapeError, match=f"'{quote}'.*dollars"):
        tape(f"time,symbol,price\n1704412800,{symbol},5\n")


def test_two_pairs_of_one_token_are_not_mixed(tape):
    text = "time,symbol,price\n1704412800,BTC-USD,5\n1704412800,BTC/USDT,6\n"
    with pytest.raises(TapeError, match="would both be BTC"):
        tape(text)
    reader = tape(text, symbol="btc/usdt")
    assert [str(q.price) for q in reader.inputs()] == ["6"]
    assert reader.report.other == 1


def test_a_symbol_that_is_not_there_lists_those_that_are(tape):
    with pytest.raises(TapeError, match="no symbol 'DOGE'; it has 'BTC-USD'"):
        tape("time,symbol,price\n1704412800,BTC-USD,5\n", symbol="DOGE")


@pytest.mark.parametrize(
    ("name", "symbol", "expected"),
    [
        ("eth_usd_2024.csv", None, "ETH"),
        ("weth.csv", None, "WETH"),
        ("data.csv", "LINK", "LINK"),
    ],
)
def test_without_a_symbol_column_the_file_or_the_argument_names_it(tape, name, symbol, expected):
    reader = tape("time,price\n1704412800,5\n", name=name, symbol=symbol)
    assert [token.symbol for token in reader.tokens.values()] == [expected]


def test_packed_files_read_the_same(tape):
    plain = shown(tape(CANDLES).inputs())
    assert shown(tape(gzip.compress(CANDLES.encode()), name="t.csv.gz").inputs()) == plain


def test_a_broken_packed_file_ends_with_a_fault(tape):
    rows = "".join(f"{1704412800 + i},BTC-USD,{i * 7919 % 1000 + 1}\n" for i in range(40_000))
    packed = gzip.compress(("time,symbol,price\n" + rows).encode())
    reader = tape(packed[: len(packed) * 2 // 3], name="t.csv.gz")
    assert 1000 < len(list(reader.inputs())) < 40_000
    assert "breaks off" in reader.report.faults[-1].reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("time,symbol,price\n", "no rows after the header"),
        (
            "time,symbol,cost\n1704412800,BTC-USD,5\n",
            "no price column .found: 'time', 'symbol', 'cost'",
        ),
        ("when,price\n1704412800,5\n", "no time column .found: 'when', 'price'"),
        ("1704412800,5\n1704412801,6\n", "the first line must be a header"),
        ("time,price,price\n1704412800,5,6\n", "2 columns are called 'price'"),
        ("time,price\nnever,5\n", "no row could be read: .*never"),
        ("time,open,high,low,close\n1704412800,5,5,5,5\n", "length of its candles cannot be told"),
        ("time,price\n".encode("utf-16"), "not CSV text in UTF-8"),
    ],
)
def test_files_that_are_no_tape_say_why(tape, text, message):
    with pytest.raises(TapeError, match=message):
        tape(text, name="x.csv")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TapeError, match=r"nowhere\.csv.* is not a file"):
        read_inputs(tmp_path / "nowhere.csv")
    with pytest.raises(TapeError, match="is not a file"):
        read_inputs(tmp_path)


def test_an_endless_line_takes_no_memory(tape):
    reader = tape(
        b"time,price\n1704412800,5\n" + b"9" * 3_000_000 + b"\n1704412801,6\n", name="eth.csv"
    )
    assert [str(q.price) for q in reader.inputs()] == ["5", "6"]
    assert "longer than" in reader.report.faults[0].reason
    assert max(len(line) for block in reader.file.blocks() for line in block) < 100_000


def test_a_symbol_that_comes_late_is_reported_not_played(tape):
    rows = "".join(f"{1704412800 + i},BTC-USD,5\n" for i in range(20_100))
    reader = tape("time,symbol,price\n" + rows + "1704499999,NEW-USD,5\n")
    assert len(list(reader.inputs())) == 20_100
    assert "'NEW-USD' is not in the first rows" in reader.report.faults[0].reason
