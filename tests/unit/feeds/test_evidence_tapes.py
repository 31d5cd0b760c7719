"""Real recorded markets, where there are any: PAPERTRADER_EVIDENCE names their place."""

import os
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from papertrader_tui.domain.market import MINUTE, Bar, Quote
from papertrader_tui.feeds.tape_reader import TapeReader

EVIDENCE = os.environ.get("PAPERTRADER_EVIDENCE")
pytestmark = pytest.mark.skipif(not EVIDENCE, reason="PAPERTRADER_EVIDENCE is not set")
TAPES = sorted((Path(EVIDENCE) / "tapes").glob("*.csv")) if EVIDENCE else []


def read(part):
    path = next(path for path in TAPES if path.name.startswith(part))
    reader = TapeReader(path)
    return reader, list(reader.inputs())


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_every_tape_is_read_to_its_end_without_a_fault(path):
    reader = TapeReader(path)
    inputs = list(reader.inputs())
    assert reader.report.rows == len(path.read_text().splitlines()) - 1
    assert (reader.report.bad, reader.report.dust) == (0, 0)
    assert all(a.time <= b.time for a, b in pairwise(inputs))
    assert {item.token for item in inputs} == {token.id for token in reader.tokens.values()}


def test_candles_with_a_night_missing():
    reader, inputs = read("candles")
    bars = [item for item in inputs if isinstance(item, Bar)]
    assert len(bars) == 7343
    assert sum(isinstance(item, Quote) and item.opening for item in inputs) == 7343
    assert {bar.end - bar.start for bar in bars} == {MINUTE}
    night = [gap for gap in reader.report.gap_list if "min" in gap.reason and "42" in gap.reason]
    assert len(night) >= 1
    assert reader.report.gap_ms > 3 * 427 * MINUTE


def test_quotes_are_candles_of_the_middle():
    reader, inputs = read("quotes")
    assert reader.columns.kind == "bid/ask candles"
    assert inputs[0].price == Decimal("19650.005")
    assert sum(isinstance(item, Bar) for item in inputs) == 1439


def test_swaps_take_the_pool_and_so_survive_the_dust():
    _reader, inputs = read("swaps")
    assert len(inputs) == 6046
    assert all(2100 < item.value < 2400 for item in inputs), [
        i for i in inputs if not 2100 < i.value < 2400
    ][:3]
    assert str(inputs[0].price) == "2269.74582400"
