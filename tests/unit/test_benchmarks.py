"""The benchmarks still run and still measure what they say; what they measure is not judged."""

import json
import math

import pytest

from benchmarks import __main__ as program
from benchmarks import tape_events, tapes
from benchmarks.figures import Figure, interleaved, medians, percentile, table
from benchmarks.terminal import Screen


@pytest.mark.parametrize("name", list(program.BENCHMARKS))
def test_it_runs_at_a_small_size(name, capsys):
    assert program.main([name, "--quick", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["figures"][name]
    assert figures
    for figure in figures:
        assert figure["value"] > 0
        assert figure["baseline"]
        assert figure["ratio"] == pytest.approx(figure["value"] / figure["base"])


def test_an_unknown_name_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit) as stop:
        program.main(["tape_event"])
    assert stop.value.code == 2
    assert "'tape_event'; there are tape_events, first_frame" in capsys.readouterr().err


def test_tapes_are_the_same_bytes_every_time_and_each_row_is_possible(tmp_path):
    one = tapes.write_candles(tmp_path / "one.csv", 500)
    assert one.read_bytes() == tapes.write_candles(tmp_path / "two.csv", 500).read_bytes()
    assert (
        one.read_bytes() != tapes.write_candles(tmp_path / "three.csv", 500, seed=12).read_bytes()
    )
    rows = [line.split(",") for line in one.read_text().splitlines()[1:]]
    assert len(rows) == 500
    for _, _, first, high, low, last, _ in rows:
        assert float(low) <= min(float(first), float(last))
        assert max(float(first), float(last)) <= float(high)


def test_a_run_that_lost_its_work_is_no_measurement(tmp_path):
    tape = tapes.write_candles(tmp_path / "tape.csv", 40)
    idle = tape_events.in_memory(tape, 1)
    assert idle.trades == 0
    with pytest.raises(RuntimeError, match="nothing was traded"):
        tape_events.run(rows=40, rounds=1, levels=(1,))


def test_statistics():
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile(list(range(1, 101)), 99) == 99
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 50)
    order = []
    found = interleaved(
        3, {name: lambda name=name: order.append(name) or float(len(order)) for name in "ab"}
    )
    assert "".join(order) == "ababab"
    assert medians(found) == {"a": 3.0, "b": 4.0}


def test_figures_read_as_columns_with_their_ratios():
    lines = table(
        [Figure("first", 1_234.5, "ms", "nothing", 0.5, "see there"), Figure("b", 1, "ms", "x", 0)]
    ).splitlines()
    assert lines[0].split() == ["figure", "value", "unit", "baseline", "value", "ratio", "baseline"]
    assert lines[2].split() == ["first", "1,234", "ms", "0.5", "2.47e+03", "nothing"]
    assert lines[-1] == "first: see there"
    assert Figure("b", 1, "ms", "x", 0).ratio == math.inf
    assert Figure("b", 1, "ms", "x", 0).plain()["ratio"] is None


def test_the_screen_reads_what_was_drawn_even_in_pieces():
    drawn = "\x1b[2;3H\x1b[1;38;2;1;2;3mT▌01\x1b[0m\x1b]22;default\x07\r\nnext\x1b[?25l".encode()
    whole, pieces = Screen(), Screen()
    whole.feed(drawn)
    for byte in drawn:
        pieces.feed(bytes([byte]))
    assert whole.lines == pieces.lines
    assert whole.lines[1].rstrip() == "  T▌01"
    assert whole.lines[2].rstrip() == "next"
    assert "▌01" in whole
