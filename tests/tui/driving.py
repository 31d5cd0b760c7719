"""How tests drive the console: no wall clock, frames are drawn when a test says so."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from unittest.mock import patch

import textual.screen
from textual import events
from textual._compositor import Compositor
from textual.keys import _character_to_key
from textual.pilot import Pilot

from papertrader_tui.ports import TokenSearch
from papertrader_tui.tui.app import PapertraderApp
from papertrader_tui.tui.settings import UiSettings
from tests.tui.fake_desk import FakeDesk


class Recording(PapertraderApp):
    """Remembers its notices."""

    def __init__(
        self,
        desk: FakeDesk,
        settings: UiSettings | None = None,
        search: TokenSearch | None = None,
    ) -> None:
        numbers = count(1)
        super().__init__(desk, settings, search=search, new_id=lambda: f"id-{next(numbers)}")
        self.told: list[tuple[str, str, str]] = []

    def notify(self, message, *, title="", severity="information", timeout=None, markup=True):
        assert not markup, "notices carry foreign text and are never markup"
        self.told.append((title, message, severity))
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)


@asynccontextmanager
async def console(
    desk: FakeDesk,
    size: tuple[int, int] = (140, 42),
    settings: UiSettings | None = None,
    search: TokenSearch | None = None,
) -> AsyncIterator[tuple[Recording, Pilot[None]]]:
    """A running console; nothing is painted but what `lines` and `text` ask for."""
    app = Recording(desk, settings, search)
    with (
        patch.object(Compositor, "render_update", _unpainted),
        # the layout is done at once, not at the next sixtieth of a second
        patch.object(textual.screen, "UPDATE_PERIOD", 0.001),
    ):
        async with app.run_test(size=size) as pilot:
            await settle(app, pilot)
            yield app, pilot


def _unpainted(compositor: Compositor, *args: object, **kwargs: object) -> None:
    compositor._dirty_regions.clear()


async def quiet(app: Recording, pilot: Pilot[None]) -> None:
    """Wait until every message is handled and the layout is done.

    Unlike `pilot.pause()` it does not measure whether the processor is idle, which takes at least
    20 ms and, on a busy machine, up to a second.
    """
    rounds = 0
    while rounds < 2:
        await pilot.pause(0)
        screen = app.screen
        waiting = (
            screen._layout_required,
            screen._scroll_required,
            screen._repaint_required,
            screen._dirty_widgets,
            screen._callbacks,
        )
        if any(waiting):
            rounds = 0
            await asyncio.sleep(0.001)
        else:
            rounds += 1


async def settle(app: Recording, pilot: Pilot[None]) -> None:
    """Let every message be handled and draw a frame."""
    await quiet(app, pilot)
    for worker in [worker for worker in app.workers if worker.group == "commands"]:
        await worker.wait()
    app.frame()
    app.desk_screen.show(app.desk.snapshot(), ended=False)
    await quiet(app, pilot)


async def press(app: Recording, pilot: Pilot[None], *keys: str) -> None:
    """Press keys, each when the one before it is done, and settle."""
    for key in keys:
        app.post_message(events.Key(*_parsed(key)))
        await quiet(app, pilot)
    await settle(app, pilot)


def _parsed(key: str) -> tuple[str, str | None]:
    """A key's name and character, as a terminal would report it."""
    if len(key) == 1:
        return _character_to_key(key), key
    try:
        return key, unicodedata.lookup(key.replace("_", " ").upper())
    except KeyError:
        return key, {"enter": "\r", "tab": "\t"}.get(key)


def lines(app: PapertraderApp) -> list[str]:
    """The screen as text, one string a line."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def text(app: PapertraderApp) -> str:
    return "\n".join(lines(app))
