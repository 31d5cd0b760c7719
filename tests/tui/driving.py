"""How tests drive the console: no wall clock, frames are drawn when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from textual.pilot import Pilot

from papertrader_tui.tui.app import PapertraderApp
from papertrader_tui.tui.settings import UiSettings
from tests.tui.fake_desk import FakeDesk


class Recording(PapertraderApp):
    """Remembers its notices."""

    def __init__(self, desk: FakeDesk, settings: UiSettings | None = None) -> None:
        numbers = count(1)
        super().__init__(desk, settings, new_id=lambda: f"id-{next(numbers)}")
        self.told: list[tuple[str, str, str]] = []

    def notify(self, message, *, title="", severity="information", timeout=None, markup=True):
        assert not markup, "notices carry foreign text and are never markup"
        self.told.append((title, message, severity))
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)


@asynccontextmanager
async def console(
    desk: FakeDesk, size: tuple[int, int] = (140, 42), settings: UiSettings | None = None
) -> AsyncIterator[tuple[Recording, Pilot[None]]]:
    app = Recording(desk, settings)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        yield app, pilot


async def settle(app: Recording, pilot: Pilot[None]) -> None:
    """Let every message be handled and draw a frame."""
    await pilot.pause()
    for worker in [worker for worker in app.workers if worker.group == "commands"]:
        await worker.wait()
    app.frame()
    app.desk_screen.show(app.desk.snapshot(), ended=False)
    await pilot.pause()


async def press(app: Recording, pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(app, pilot)


def lines(app: PapertraderApp) -> list[str]:
    """The screen as text, one string a line."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def text(app: PapertraderApp) -> str:
    return "\n".join(lines(app))
