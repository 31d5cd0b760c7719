from __future__ import annotations

import pytest

from papertrader_tui.domain.market import DAY, HOUR, MINUTE
from papertrader_tui.intel.decisions import judge
from papertrader_tui.intel.explain import explain
from papertrader_tui.intel.volumeday import VolumeDay
from tests.unit.intel.builders import START, context, series_with


def test_volume_is_measured_against_the_oldest_report_of_the_last_day() -> None:
    day = VolumeDay()
    day.on_volume(START, 100.0)
    day.on_volume(START + HOUR - 1, 300.0)
    assert day.ratio is None  # too near to tell
    day.on_volume(START + HOUR, 150.0)
    assert (day.ratio, day.span) == (1.5, HOUR)
    day.on_volume(START + DAY + 1, 600.0)
    assert (day.ratio, day.span) == (2.0, DAY - HOUR + 2)  # the first one is too old


def test_what_is_not_known_or_was_nothing_gives_no_ratio() -> None:
    day = VolumeDay()
    day.on_volume(START, 0.0)
    day.on_volume(START + HOUR, 50.0)
    assert day.ratio is None
    day = VolumeDay()
    day.on_volume(START, 10.0)
    day.on_volume(START + HOUR, -1.0)
    assert (day.ratio, day.span) == (None, 0)
    for minute in range(180):
        day.on_volume(START + minute * MINUTE, 10.0 + minute)
    assert day.ratio == pytest.approx(18.9)


def test_the_change_in_24_h_stands_in_where_bars_say_nothing_of_volume() -> None:
    def scored(**values: object) -> int:
        return judge(context(5, series_with(volume_ratio=None, trend=1.0), **values)).scores[11]

    assert scored() == 0
    assert [scored(volume_change=c) for c in (0.5, 1.0, 2.0, 3.0)] == [2_500, 5_000, 10_000, 10_000]
    both = context(5, series_with(volume_ratio=0.4, trend=1.0), volume_change=2.0)
    assert judge(both).scores[11] == 2_000  # bars know better
    ctx = context(5, series_with(volume_ratio=None), volume_24h=4.1e6, volume_change=1.12,
                  volume_span=5 * HOUR)  # fmt: skip
    story = explain(ctx, judge(ctx))
    assert "volume" not in story.missing
    told = next(f for f in story.factors if f.name == "volume")
    assert told.sentence == "$4.1M in 24 h, +12% in 5.0 h"
    ctx.volume_change = None  # news of the same bars
    assert "volume" in explain(ctx, judge(ctx)).missing
