"""The console: runs the desk, drains it by one clock, and answers keys. It knows only the port."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import App
from textual.binding import BindingType

from papertrader_tui.domain.commands import Command as DeskCommand
from papertrader_tui.domain.commands import ResetGate, SetKill, SetLevel, SwitchBot
from papertrader_tui.domain.events import Event, KillMode
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.ports import Desk, Judge, NotStarted, TokenSearch
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui import speeds
from papertrader_tui.tui.commands import APP, BY_ID, DESK, bindings, effective, first_key, keymap
from papertrader_tui.tui.palette import CommandProvider
from papertrader_tui.tui.screens.desk import DeskScreen
from papertrader_tui.tui.settings import UiSettings
from papertrader_tui.tui.theme import DEFAULT, THEMES
from papertrader_tui.tui.toasts import SHOWN, ToastGate, newest
from papertrader_tui.tui.widgets.command_bar import CommandBar
from papertrader_tui.tui.wording import KILL_NAMES, Severity, Toast, toast_for

FPS = 12
SNAPSHOT_FRAMES = 3  # panels follow the desk at 4 Hz; a price cell at 12
MIN_LEVEL, MAX_LEVEL = 1, 10


def _ignore(_: Sequence[Event]) -> None:
    pass


#: Seconds that a desk whose terminal is gone may take to write.
HANG_UP_WAIT = 30.0


class PapertraderApp(App[None]):
    """The terminal front end of one desk.

    Args:
        desk: The running kernel's port.
        settings: Theme, motion and keys.
        retry: Looks for live prices where a demo market stands in for them, and says what came
            of it; None where there is no such thing.
        search: Finds tokens that the desk does not know, None where there are no others.
        judge: Tells how an account has done, None where nothing is stored.
        new_id: Makes client ids; never the same twice.

    Raises:
        KeymapError: a remapped key names no command, or one key is given to two.
    """

    TITLE = "papertrader"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    BINDINGS: ClassVar[list[BindingType]] = bindings(APP)
    COMMANDS = {CommandProvider}
    # a mode for each of the console's screens, with its own stack of windows
    MODES = {DESK: DESK}
    DEFAULT_MODE = DESK

    def __init__(
        self,
        desk: Desk,
        settings: UiSettings | None = None,
        *,
        retry: Callable[[], Awaitable[str]] | None = None,
        search: TokenSearch | None = None,
        judge: Judge | None = None,
        new_id: Callable[[], str] = lambda: f"tui-{uuid.uuid4().hex}",
    ) -> None:
        super().__init__()
        self.settings = settings or UiSettings()
        self.desk = desk
        self.retry = retry
        self.search = search
        self.judge = judge
        # before the first frame, so that it is drawn once and in its colours
        for theme in THEMES:
            self.register_theme(theme)
        named = self.settings.theme
        self.theme = named if named in self.available_themes else DEFAULT
        self.commands = effective(self.settings.keys)
        self.set_keymap(keymap(self.settings.keys))
        self.desk_screen = DeskScreen(
            desk, self.commands, reduce_motion=self.settings.reduce_motion, new_id=new_id
        )
        self.install_screen(self.desk_screen, DESK)
        self.failure: BaseException | None = None
        self._painted = asyncio.Event()
        self._finished = asyncio.Event()
        self._ended = self._leaving = False
        self._seen: dict[TokenId, tuple[Decimal, int]] = {}
        self._news: list[Event] = []
        self._toasts = ToastGate()
        self._told: list[Toast] = []
        # texts of the last notices that answer to nobody
        self._passing: deque[str] = deque(maxlen=16)
        self._frames = 0
        self._shown = -1
        self._unsubscribe: Callable[[], None] = lambda: None

    def on_mount(self) -> None:
        if self.theme != self.settings.theme:
            name = fmt.clean(self.settings.theme, 32)
            self.tell(f"No theme is called {name!r}; t shows them all.", "warning")
        if self.settings.reduce_motion:
            self.animation_level = "none"
        self._unsubscribe = self.desk.subscribe(self._news.extend)
        self._shown = self.desk_screen.snapshot.version
        self.run_worker(self._run_desk(), group="desk", exit_on_error=False)
        self.set_interval(1 / FPS, self.frame)
        self._leave_on_signals()
        self.desk_screen.call_after_refresh(self._first_frame)

    def _first_frame(self) -> None:
        """The screen has been drawn once: now the desk may be slow."""
        self._painted.set()
        # what exists now lives as long as the program: the collector need not look at it again
        gc.freeze()

    def _leave_on_signals(self) -> None:
        """A closed terminal and `kill` save like q does."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for name, leave in ((signal.SIGTERM, self._leave), (signal.SIGHUP, self._hang_up)):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(name, leave)

    def _hang_up(self) -> None:
        """The terminal is gone: write, and go without drawing another thing.

        Textual would wait for ever for a terminal to take its last lines.
        """
        self._leaving = True
        self.desk.stop()
        self.run_worker(self._go_when_written(), group="desk", exit_on_error=False)

    async def _go_when_written(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._finished.wait(), HANG_UP_WAIT)
        os._exit(0 if self.failure is None else 1)

    # the desk ----------------------------------------------------------------------------------

    async def _run_desk(self) -> None:
        try:
            await self._painted.wait()
            await self.desk.run()
        except NotStarted as error:
            self.failure = error
            self.exit(return_code=1, message=f"papertrader: error: {fmt.clean(str(error))}")
        except Exception as error:
            self.failure = error
            if not self._leaving:
                self._show_failure(error)
        finally:
            self._ended = True
            self._finished.set()
            self._shown = -1

    def _show_failure(self, error: BaseException) -> None:
        from papertrader_tui.tui.screens.error import ErrorScreen

        self.push_screen(ErrorScreen(error), lambda _: self._leave())

    def send(
        self,
        command: DeskCommand,
        answered: Callable[[Sequence[Event]], None] = _ignore,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Hand a command to the desk; `answered` gets its events once they are stored."""
        self.run_worker(
            self._submit(command, answered, failed or (lambda reason: self.tell(reason, "error"))),
            group="commands",
            exit_on_error=False,
        )

    async def _submit(
        self,
        command: DeskCommand,
        answered: Callable[[Sequence[Event]], None],
        failed: Callable[[str], None],
    ) -> None:
        if self._ended or self._leaving:
            failed("the market has ended; q saves and leaves")
            return
        try:
            events = await self.desk.submit(command)
        except Exception as error:
            failed(fmt.clean(str(error)) or type(error).__name__)
            return
        self._show_snapshot()
        answered(events)

    # the one clock -----------------------------------------------------------------------------

    def frame(self) -> None:
        """Bring to the screen what the desk has that is new."""
        self._frames += 1
        now_s = time.monotonic()
        latest = self.desk.latest
        changed = {token: new for token, new in latest.items() if self._seen.get(token) != new}
        if changed:
            self._seen = dict(latest)
            self.desk_screen.show_prices(changed)
        if self._news:
            self._show_news(now_s)
        self._show_told()
        if self._frames % SNAPSHOT_FRAMES == 0:
            self._show_snapshot()
        self.desk_screen.frame(now_s)

    def _show_snapshot(self) -> None:
        snapshot = self.desk.snapshot()
        if snapshot.version != self._shown:
            self._shown = snapshot.version
            self.desk_screen.show(snapshot, ended=self._ended and self.failure is None)

    def _show_news(self, now_s: float) -> None:
        news, self._news[:] = list(self._news), []
        # of a token that came with this very news the screen knows nothing yet
        self._show_snapshot()
        screen = self.desk_screen
        symbols = {token: screen.names.text(token, 18) for token in screen.known}
        held = len(screen.snapshot.positions)
        toasts = [toast for event in news if (toast := toast_for(event, symbols, held)) is not None]
        for toast in self._toasts.admit(toasts, now_s):
            self._told.append(toast)
        self._show_told()

    def tell(self, text: str, severity: Severity = "information", *, title: str = "") -> None:
        """Show a notice for a few seconds. The text is never read as markup.

        While a window is open it waits: nothing may cover what a person is asked there.
        """
        self._told.append(Toast(text, title, severity, mine=True))
        self._show_told()

    def _show_told(self) -> None:
        if not self._told or len(self.screen_stack) > 1:
            return
        told, self._told[:] = list(self._told), []
        for toast in newest(told):
            if not toast.mine:
                self._passing.append(toast.text)
            seconds = 3 if toast.severity == "information" else 4
            self.notify(
                toast.text,
                title=toast.title,
                severity=toast.severity,
                timeout=seconds,
                markup=False,
            )

    def _refresh_notifications(self) -> None:
        """Textual's stack of notices has no bound; here a new one takes the place of an old one."""
        shown = list(self._notifications)
        while len(shown) > SHOWN:
            # an answer to what a person did outlives what happens by itself
            old = next((one for one in shown[:-1] if one.message in self._passing), shown[0])
            shown.remove(old)
            del self._notifications[old]
        super()._refresh_notifications()

    def ask(self, title: str, question: str, then: Callable[[], object]) -> None:
        """Ask once, and go on only if the answer is yes."""
        from papertrader_tui.tui.screens.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:
            if yes:
                then()

        self.push_screen(ConfirmScreen(title, question), answered)

    # keys and commands -------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Run a command's key here and now.

        Textual hands a key to the widget that has the focus and finds its binding when it comes
        back up: by then the keys behind it are on their way to that widget too. Of `b500` in one
        go the digits would be lost.
        """
        if isinstance(event, events.Key) and not self._is_text(event):
            active = self.screen.active_bindings.get(event.key)
            if active is not None and active.enabled and active.binding.id in BY_ID:
                await self.run_action(active.binding.action, active.node)
                return
        await super().on_event(event)

    def _is_text(self, event: events.Key) -> bool:
        """The key is typed into a field."""
        focused = self.focused
        return focused is not None and focused.check_consume_key(event.key, event.character)

    async def run_command(self, command_id: str) -> None:
        """Do what a command's key does."""
        command = BY_ID[command_id]
        await self.run_action(command.action, self if command.scope == APP else self.desk_screen)

    @on(CommandBar.Pressed)
    async def _bar_pressed(self, event: CommandBar.Pressed) -> None:
        await self.run_command(event.command_id)

    def action_toggle_bot(self) -> None:
        self.send(SwitchBot(not self.desk.snapshot().bot))

    def action_change_level(self, by: int) -> None:
        level = self.desk.snapshot().level
        if not MIN_LEVEL <= level + by <= MAX_LEVEL:
            end = "highest" if by > 0 else "lowest"
            self.tell(f"Level {level} is the {end}.", "warning")
            return
        self.send(SetLevel(level + by))

    def action_change_speed(self, by: int) -> None:
        now = self.desk.snapshot().speed
        wanted = speeds.step(now, by)
        if wanted == now:
            end = "fastest" if by > 0 else "slowest"
            self.tell(f"{speeds.words(now)} is the {end}.", "warning")
        elif self.desk.set_speed(wanted):
            self._show_snapshot()
        else:
            self.tell("This market has one speed: that of the clock.", "warning")

    def action_kill_switch(self) -> None:
        from papertrader_tui.tui.screens.kill import KillScreen

        self.push_screen(KillScreen(self.desk.snapshot().kill), self._set_kill)

    def _set_kill(self, mode: KillMode | None) -> None:
        snapshot = self.desk.snapshot()
        if mode is None:
            return
        if mode is snapshot.kill:
            self.tell(f"The kill switch is at {KILL_NAMES[mode]} already: nothing changes.")
        elif mode is KillMode.FLATTEN:
            held, open_ = len(snapshot.positions), len(snapshot.orders)
            self.ask(
                "Flatten",
                f"Sell {held} position{'s' * (held != 1)} at market now and cancel {open_} open "
                f"order{'s' * (open_ != 1)}? After that nothing is entered until you say so.",
                lambda: self.send(SetKill(mode)),
            )
        else:
            self.send(SetKill(mode))

    def action_reset_gate(self) -> None:
        tripped = [gate for gate in self.desk.snapshot().gates if gate.tripped]
        if not tripped:
            self.tell("No account gate is tripped; nothing to reset.", "warning")
            return
        gate = tripped[0]
        self.ask(
            "Reset an account gate",
            f"{fmt.clean(gate.gate.replace('_', ' '))}: {fmt.clean(gate.text)}\n\n"
            "It stopped new entries to protect the account. Let them go on?",
            lambda: self.send(ResetGate(gate.gate)),
        )

    def action_retry_market(self) -> None:
        if self.retry is None:
            self.tell("There is no other market to open here.", "warning")
            return
        self.tell("Looking for prices…")
        self.run_worker(self._retry(self.retry), group="retry", exit_on_error=False)

    async def _retry(self, retry: Callable[[], Awaitable[str]]) -> None:
        try:
            text = await retry()
        except Exception as error:
            self.tell(fmt.clean(str(error)) or type(error).__name__, "error")
        else:
            self.tell(fmt.clean(text))

    def action_show_help(self) -> None:
        from papertrader_tui.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.commands, self.desk_screen.focused_panel))

    def action_show_performance(self) -> None:
        from papertrader_tui.tui.screens.performance import PerformanceScreen

        if self.judge is None:
            self.tell("Nothing is stored here that performance could be told from.", "warning")
            return
        names = {token.id: fmt.clean(token.label) for token in self.desk_screen.known.values()}
        account = self.desk.snapshot().account
        self.push_screen(PerformanceScreen(self.judge, account, names))

    def action_show_desk(self) -> None:
        self.desk_screen.action_back()

    def action_help_quit(self) -> None:
        """Ctrl-C, which Textual answers with a key of its own."""
        quit_key = first_key(next(c for c in self.commands if c.id == "app.quit"))
        field = self.focused is not None and self.focused.check_consume_key(quit_key, quit_key)
        self.tell(f"{'Esc, then ' if field else ''}{quit_key} saves and leaves.")

    async def action_quit(self) -> None:
        self._leave()

    def _leave(self) -> None:
        """Let the desk finish and write, then go; asked twice, go at once."""
        if self._leaving:
            self.exit(return_code=1)
            return
        self._leaving = True
        self.tell("Finishing the step in hand and writing it…", title="Leaving")
        self.desk.stop()
        self.run_worker(self._leave_when_written(), group="desk", exit_on_error=False)

    async def _leave_when_written(self) -> None:
        await self._finished.wait()
        self._unsubscribe()
        if self.failure is None:
            self.exit(return_code=0)
            return
        from papertrader_tui.tui.screens.error import failure_text

        self.exit(return_code=1, message=f"papertrader stopped: {failure_text(self.failure)}")
