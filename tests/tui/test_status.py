"""The status line is one line at every width, and what matters stays longest."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from rich.cells import cell_len

from papertrader_tui.domain.events import KillMode
from papertrader_tui.engine.snapshot import FeedHealth, GateRow, HistoryProgress, SourceRow
from papertrader_tui.tui.status import clock_item, fit, items
from papertrader_tui.tui.widgets.notice import notice_text
from tests.tui.fake_desk import NOW, FakeDesk

FULL = replace(
    FakeDesk().snapshot(),
    kill=KillMode.FLATTEN,
    account="a-rather-long-name",
    speed=600.0,
    progress=0.42,
    gates=(GateRow("loss_streak", 1.0, "5 losses", True, NOW + 60_000),),
    totals=replace(FakeDesk().snapshot().totals, equity=Decimal("1234567890.12")),
)


def line(snapshot, width):
    return "".join(text for text, _ in fit(items(snapshot), clock_item(snapshot), width))


@pytest.mark.parametrize("width", range(46, 240))
def test_it_never_needs_a_second_line(width):
    text = line(FULL, width)
    assert cell_len(text) <= width
    assert "DEMO" in text


def test_at_80_columns_badge_equity_bot_and_clock_are_there():
    text = line(FakeDesk().snapshot(), 80)
    for part in ("DEMO", "10,482.11 ▲ +4.82%", "bot OFF", "00:12:07Z"):
        assert part in text


def test_wide_lines_say_everything():
    text = line(FULL, 240)
    for part in ("KILL FLATTEN", "gate loss streak", "reconciled ✓", "prices 19/20", "42% ×600"):
        assert part in text


def test_the_speed_of_a_market_that_has_one_is_always_there():
    snapshot = FakeDesk().snapshot()
    assert "×1 00:12:07Z" in line(snapshot, 80)
    assert "max 00:12:07Z" in line(replace(snapshot, speed=None), 80)
    assert "×" not in line(replace(snapshot, market="live"), 80)


def test_a_ledger_that_does_not_reconcile_is_never_left_out():
    totals = replace(FakeDesk().snapshot().totals, reconciled=False)
    assert "NOT RECONCILED" in line(replace(FakeDesk().snapshot(), totals=totals), 60)


def test_the_notice_says_the_most_important_thing():
    snapshot = replace(FULL, notice="Demo", kill_detail="Closing everything.")
    assert "ended" in notice_text(snapshot, ended=True)
    assert "Closing everything." in notice_text(snapshot, ended=False)
    off = replace(snapshot, kill=KillMode.OFF)
    assert "stopped by loss streak until 00:13Z" in notice_text(off, ended=False)
    assert notice_text(replace(off, gates=()), ended=False) == "Demo"


def test_a_live_market_shows_how_many_sources_answer():
    def source(name: str, *, up: bool) -> SourceRow:
        state = "closed" if up else "open"
        return SourceRow(name, up, state, 1, 1, 30.0, 0, 0, 0, 0, (), 0, 0.1, 0.2, 1.0)

    calm = FakeDesk().snapshot()
    calm = replace(calm, tokens=tuple(replace(row, stale=False) for row in calm.tokens))
    for ups, text, tone in (
        ((True, True), "sources 2/2", "$success"),
        ((True, False), "sources 1/2", "$warning"),
        ((False, False), "sources 0/2", "$error"),
    ):
        feed = FeedHealth(tuple(source(str(i), up=up) for i, up in enumerate(ups)))
        snapshot = replace(calm, feed=feed)
        assert text in line(snapshot, 240)
        (dot,) = [style for item in items(snapshot) for t, style in item.parts if t == "● "]
        assert dot == tone


def test_a_source_that_was_never_asked_does_not_count():
    def source(name: str, *, up: bool, calls: int) -> SourceRow:
        return SourceRow(name, up, "closed", calls, 0, 30.0, 0, 0, 0, 0, (), 0, None, None, None)

    spare = source("onchain", up=False, calls=0)
    for others, text in (
        ((source("a", up=True, calls=3), source("b", up=True, calls=0)), "sources 2/2"),
        ((source("a", up=False, calls=3),), "sources 0/1"),
        ((), "sources 0/0"),
    ):
        feed = FeedHealth((*others, spare))
        assert text in line(replace(FakeDesk().snapshot(), feed=feed), 240)


@pytest.mark.parametrize("width", [80, 140])
def test_history_that_is_being_filled_in_shows_until_it_is_over(width):
    calm = replace(FakeDesk().snapshot(), market="live", badge="LIVE")
    said = {
        state: line(replace(calm, feed=FeedHealth((), history=state)), width)
        for state in (
            None,
            HistoryProgress(0, 40, None, 0),
            HistoryProgress(12, 40, 90.0, 1),
            HistoryProgress(40, 40, 0.0, 1, over=True),
            HistoryProgress(2, 40, 9.0, 2, over=True),
        )
    }
    assert ["history" in text for text in said.values()] == [False, True, True, False, False]
    assert "history 12/40" in said[HistoryProgress(12, 40, 90.0, 1)]
    assert all("bot OFF" in text and "00:12:07Z" in text for text in said.values())
