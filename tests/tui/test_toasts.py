"""Notices: two at once, none over a window or over the order that is being written."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from papertrader_tui.domain import events as ev
from papertrader_tui.tui.toasts import newest
from papertrader_tui.tui.wording import Toast
from tests.tui.driving import Recording, press, settle, text
from tests.tui.fake_desk import NOW, FakeDesk

NARROW = (80, 24)


def shown(app: Recording) -> list[Widget]:
    return [toast for toast in app.screen.query("Toast") if toast.region]


async def flush(app: Recording, pilot: Pilot[None]) -> None:
    await settle(app, pilot)
    await settle(app, pilot)


async def test_a_newer_one_takes_the_place_of_the_oldest() -> None:
    app = Recording(FakeDesk())
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await settle(app, pilot)
        for number in range(6):
            app.tell(f"notice {number}")
            await flush(app, pilot)
        words = text(app)
        assert [n for n in range(6) if f"notice {n}" in words] == [4, 5]


async def test_an_answer_outlives_what_happens_by_itself() -> None:
    desk = FakeDesk()
    app = Recording(desk)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await settle(app, pilot)
        app.tell("the answer")
        await flush(app, pilot)
        for number in range(3):
            desk.publish(ev.Alerted(0, NOW, "warning", f"alert {number}"))
            await flush(app, pilot)
        assert "the answer" in text(app)
        assert [n for n in range(3) if f"alert {n}" in text(app)] == [2]


@pytest.mark.parametrize("key", ["k", "X", "?"])
async def test_none_is_shown_over_a_window_and_what_waited_is_shown_after_it(key: str) -> None:
    desk = FakeDesk()
    desk.hold(0)
    app = Recording(desk)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await settle(app, pilot)
        app.tell("before")
        await flush(app, pilot)
        await press(app, pilot, key)
        app.tell("while it is open")
        await flush(app, pilot)
        assert shown(app) == []
        assert "while it is open" not in text(app)
        await press(app, pilot, "escape")
        await flush(app, pilot)
        assert "while it is open" in text(app)


async def test_what_is_being_written_stays_in_view() -> None:
    app = Recording(FakeDesk())
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        await settle(app, pilot)
        await press(app, pilot, *"b500", "enter")
        app.tell("one, which needs more lines than there are above the order. " * 6, "warning")
        app.tell("two", title="Filled")
        await flush(app, pilot)
        ticket = app.desk_screen.ticket.region
        assert shown(app)
        assert "two" in text(app)
        assert not any(toast.region.overlaps(ticket) for toast in shown(app))
        assert "Enter to send" in text(app)
        await press(app, pilot, "escape", "escape")
        await flush(app, pilot)
        assert max(toast.region.bottom for toast in shown(app)) > ticket.bottom - 3


def test_of_many_that_waited_the_others_are_counted() -> None:
    two = [Toast(str(n), "") for n in range(2)]
    assert newest(two) == two
    assert [t.text for t in newest([Toast(str(n), "") for n in range(5)])] == [
        "3",
        "4\n… and 3 before",
    ]
