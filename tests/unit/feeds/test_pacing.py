"""Market time against a wall clock that tests turn by hand."""

import asyncio

import pytest

from papertrader_tui.feeds.pacing import PATIENCE, Pacer, wait_for_event
from tests.marketkit import Wall


def pacer(speed, wall, market=0):
    return Pacer(market, speed, wall, wall.wait)


async def test_waits_market_time_over_speed():
    wall = Wall()
    pace = pacer(60, wall)
    await pace.until(30_000)
    assert wall.waits == [pytest.approx(0.5)]


async def test_as_fast_as_possible_never_waits():
    wall = Wall()
    pace = pacer(None, wall)
    for instant in range(0, 100_000_000, 10_000):
        await pace.until(instant)
    assert wall.waits == []


async def test_now_runs_on_between_inputs_but_not_past_the_next():
    wall = Wall()
    pace = pacer(2, wall, market=1_000)
    assert pace.now(11_000) == 1_000
    wall.time += 2.5
    assert pace.now(11_000) == 6_000
    wall.time += 60
    assert pace.now(11_000) == 11_000


async def test_now_never_goes_back_when_the_speed_changes():
    wall = Wall()
    pace = pacer(600, wall)
    wall.time += 1
    seen = [pace.now(10**9)]
    for speed in (1, None, 30, 600):
        pace.set_speed(speed)
        seen.append(pace.now(10**9))
        wall.time += 0.1
        seen.append(pace.now(10**9))
    assert seen == sorted(seen)
    assert seen[0] == 600_000


async def test_a_new_speed_wakes_who_waits():
    pace = Pacer(0, 1, clock=Wall(), wait=wait_for_event)
    waiting = asyncio.create_task(pace.until(10_000_000))
    await asyncio.sleep(0)
    pace.set_speed(None)
    await asyncio.wait_for(waiting, 5)
    assert pace.speed is None


async def test_a_market_that_was_left_behind_lags_and_does_not_burst():
    wall = Wall()
    pace = pacer(1, wall)
    wall.time += 3600  # the laptop slept
    await pace.until(10_000)
    pace.reached(10_000)
    await pace.until(20_000)
    assert wall.waits == [pytest.approx(10)]


async def test_a_short_delay_is_caught_up():
    wall = Wall()
    pace = pacer(1, wall)
    wall.time += 10 + PATIENCE / 2
    await pace.until(10_000)
    pace.reached(10_000)
    await pace.until(20_000)
    assert wall.waits == [pytest.approx(10 - PATIENCE / 2)]


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_impossible_speeds_are_refused(speed):
    with pytest.raises(ValueError, match="above zero"):
        Pacer(0, speed)
