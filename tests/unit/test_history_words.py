"""What the narration says of history that is being filled in."""

from __future__ import annotations

from papertrader_tui.engine.snapshot import HistoryProgress
from papertrader_tui.headless.history import HistoryWords


def said(*states: HistoryProgress | None) -> list[str]:
    words = HistoryWords()
    return [text for state in states if (text := words.news(state))]


def at(done: int, total: int = 40, failed: int = 0, *, over: bool = False) -> HistoryProgress:
    eta = None if done == 0 else 5.0 * (total - done)
    return HistoryProgress(done, total, eta, failed, over)


def test_a_round_is_told_at_its_beginning_after_every_ten_and_at_its_end():
    states = [at(done) for done in range(40)]
    assert said(None, *states, at(40, over=True), at(40, over=True)) == [
        "history: 0 of 40 candle series filled in",
        "history: 10 of 40 candle series filled in, about 3 minutes to go",
        "history: 20 of 40 candle series filled in, about 2 minutes to go",
        "history: 30 of 40 candle series filled in, under a minute to go",
        "history: 40 of 40 candle series filled in",
    ]


def test_one_that_was_over_before_anybody_looked_is_told_all_the_same():
    assert said(at(40, over=True)) == ["history: 40 of 40 candle series filled in"]


def test_looks_that_are_far_apart_miss_no_ten():
    assert said(at(3), at(19), at(21))[1:] == [
        "history: 19 of 40 candle series filled in, about 2 minutes to go",
        "history: 21 of 40 candle series filled in, about 2 minutes to go",
    ]


def test_series_that_nobody_answered_for_are_not_called_filled():
    assert said(at(40, failed=3, over=True)) == [
        "history: 37 of 40 candle series filled in, the others are asked for again later"
    ]


def test_an_outage_is_told_once_and_its_end_as_well():
    down = [at(0), at(1, failed=1), at(2, failed=2, over=True)]
    assert said(*down, *down, *down, at(0), at(9), at(10), at(40, over=True)) == [
        "history: 0 of 40 candle series filled in",
        "history: no source answers; it is filled in once one does",
        "history: 10 of 40 candle series filled in, about 3 minutes to go",
        "history: 40 of 40 candle series filled in",
    ]


def test_the_candles_of_the_last_minutes_are_not_worth_a_word():
    first = [at(0), at(40, over=True)]
    assert len(said(*first, at(0, 3), at(2, 3), at(3, 3, over=True))) == 2
    assert said(*first, at(3, 3, failed=1, over=True))[-1] == (
        "history: 2 of 3 candle series filled in, the others are asked for again later"
    )
