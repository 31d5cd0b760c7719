"""What the command palette offers: every command, and every token."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.commands import show_keys

if TYPE_CHECKING:
    from papertrader_tui.tui.app import PapertraderApp

#: Moving the focus by name makes no sense: the palette has it.
HIDDEN = ("app.palette", "focus.next", "focus.previous", "focus.back")
Offer = tuple[str, IgnoreReturnCallbackType, str]


class CommandProvider(Provider):
    """Commands in the order of their list, then tokens."""

    @property
    def _app(self) -> PapertraderApp:
        return cast("PapertraderApp", self.app)

    def _commands(self) -> Iterator[Offer]:
        for command in self._app.commands:
            if command.id not in HIDDEN:
                yield (
                    command.palette,
                    partial(self._app.run_command, command.id),
                    f"{show_keys(command)}  {command.help}",
                )

    def _tokens(self) -> Iterator[Offer]:
        desk = self._app.desk_screen
        for token in desk.known.values():
            yield (
                f"Go to {fmt.clean(token.label, 32)}",
                partial(desk.go_to_token, token.id),
                fmt.clean(token.name, 40),
            )

    async def discover(self) -> Hits:
        """All commands, before anything is typed."""
        for text, run, note in self._commands():
            yield DiscoveryHit(text, run, help=note)

    async def search(self, query: str) -> Hits:
        """Commands and tokens that match."""
        matcher = self.matcher(query)
        for text, run, note in (*self._commands(), *self._tokens()):
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), run, help=note)
