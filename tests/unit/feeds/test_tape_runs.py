"""A block read by columns comes to the same as its rows one by one."""

import pytest

from papertrader_tui.feeds import tape_file
from papertrader_tui.feeds.tape_lines import Lines
from papertrader_tui.feeds.tape_reader import TapeReader

MINUTE = 60
HEAD = "timestamp,symbol,open,high,low,close,volume"


def stamp(minute: int) -> str:
    return f"2024-01-05T{minute // 60:02d}:{minute % 60:02d}:00Z"


def candle(minute: int, symbol: str = "ETH-USD", volume: str = "1.5", price: str = "2000.1") -> str:
    return f"{stamp(minute)},{symbol},{price},2001.25,1999.5,2000.75,{volume}"


def trade(minute: int, price: str = "2000.1", volume: str = "0.5", symbol: str = "ETH-USD") -> str:
    return f"{stamp(minute)},{symbol},{price},{volume}"


PLAIN = [candle(m) for m in range(40)]
TAPES = {
    "plain candles": [HEAD, *PLAIN],
    "a gap": [HEAD, *PLAIN[:20], *PLAIN[23:]],
    "a bad price": [HEAD, *PLAIN[:20], candle(20, price="x"), *PLAIN[21:]],
    "an impossible price": [HEAD, *PLAIN[:20], candle(20, price="2002"), *PLAIN[21:]],
    "an empty volume": [HEAD, *PLAIN[:20], candle(20, volume=""), *PLAIN[21:]],
    "a volume below zero": [HEAD, *PLAIN[:20], candle(20, volume="-1"), *PLAIN[21:]],
    "a volume that is no number": [HEAD, *PLAIN[:20], candle(20, volume="nan"), *PLAIN[21:]],
    "a row twice": [HEAD, *PLAIN[:20], PLAIN[19], *PLAIN[20:]],
    "a row out of order": [HEAD, *PLAIN[:20], PLAIN[3], *PLAIN[20:]],
    "an empty line": [HEAD, *PLAIN[:20], "", *PLAIN[20:]],
    "a quotation mark": [HEAD, *PLAIN[:20], candle(20, symbol='"ETH-USD"'), *PLAIN[21:]],
    "a mark that stays open": [HEAD, *PLAIN[:20], candle(20, volume='"1'), *PLAIN[21:]],
    "a field too many": [HEAD, *PLAIN[:20], candle(20) + ",1", *PLAIN[21:]],
    "long prices": [HEAD, *[candle(m, price="2000." + "1" * 30) for m in range(40)]],
    "two symbols": [HEAD, *[candle(m, s) for m in range(30) for s in ("BTC-USD", "ETH-USD")]],
    "two symbols, one late": [
        HEAD, *[candle(m, s) for m in range(30) for s in ("BTC-USD", "ETH-USD") if m % 7 or s < "C"]
    ],
    "counted seconds": [
        "time,open,high,low,close", *[f"{1704412800 + 60 * m},2,3,1,2.5" for m in range(40)]
    ],
    "seconds past any date": [
        "time,open,high,low,close",
        *[f"{1704412800 + 60 * m},2,3,1,2.5" for m in range(40)],
        "inf,2,3,1,2.5",
    ],
    "trades": ["timestamp,symbol,price,volume", *[trade(m) for m in range(40)]],
    "dust": [
        "timestamp,symbol,price,volume",
        *[trade(m, volume="0.000001" if m == 20 else "1") for m in range(40)],
    ],
    "trades of two": [
        "timestamp,symbol,price,volume",
        *[trade(m, symbol=s) for m in range(40) for s in ("ETH-USD", "BTC-USD")],
    ],
    "a trade at no price": [
        "timestamp,symbol,price,volume",
        *[trade(m, "0" if m == 20 else "2000.1") for m in range(40)],
    ],
    "trades without volume": [
        "timestamp,symbol,price", *[f"{stamp(m)},ETH-USD,2000.1" for m in range(40)]
    ],
}  # fmt: skip


def told(reader: TapeReader, **options: object) -> tuple[object, ...]:
    items = []
    for item in reader.inputs(**options):
        names = [name.lstrip("_") for name in item.__slots__]
        items.append((type(item).__name__, [(name, getattr(item, name)) for name in names]))
    return items, reader.report, reader.report.faults, reader.report.gap_list


@pytest.mark.parametrize("block", [300, 1 << 15])
@pytest.mark.parametrize("stamped", ["start", "end"])
@pytest.mark.parametrize("name", list(TAPES))
def test_both_ways_give_the_same(name, stamped, block, tmp_path, monkeypatch):
    path = tmp_path / "eth_usd.csv"
    path.write_text("\n".join(TAPES[name]) + "\n")
    monkeypatch.setattr(tape_file, "BLOCK", block)
    by_columns = told(TapeReader(path, stamp=stamped))
    assert len(by_columns[0]) >= 38

    def refuse(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(Lines, "columns", refuse)
    assert told(TapeReader(path, stamp=stamped)) == by_columns


def test_what_is_plain_does_not_go_row_by_row(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Lines, "rows", refuse)
    for name in ("plain candles", "two symbols", "trades", "trades of two", "long prices"):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(TAPES[name]) + "\n")
        assert len(list(TapeReader(path).inputs())) >= 40


@pytest.mark.parametrize("name", ["plain candles", "two symbols", "a gap"])
def test_opening_prices_that_nobody_waits_for_are_left_out(name, tmp_path):
    path = tmp_path / "tape.csv"
    path.write_text("\n".join(TAPES[name]) + "\n")
    whole = told(TapeReader(path))[0]
    assert told(TapeReader(path), awaited=lambda _: True)[0] == whole
    bars = [item for item in whole if item[0] == "Bar"]
    assert told(TapeReader(path), awaited=lambda _: False)[0] == bars
    one = told(TapeReader(path), awaited="base:tape-eth".__eq__)[0]
    assert one == [i for i in whole if i[0] == "Bar" or ("token", "base:tape-eth") in i[1]]
