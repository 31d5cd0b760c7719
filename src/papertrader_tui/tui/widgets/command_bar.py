"""The footer: keys that work now, in one line; a click runs a command."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from papertrader_tui.tui.commands import Command, first_key

Entry = tuple[str, str, str]  # key, label, command id ("" for a key that is only explained)


class CommandBar(Widget):
    """One line of `key Label`; where there is no room the least important leave."""

    DEFAULT_CSS = """
    CommandBar { height: 1; width: 100%; background: $surface; text-wrap: nowrap; }
    """

    @dataclass
    class Pressed(Message):
        """A command was clicked."""

        command_id: str

    def __init__(self, commands: Sequence[Command], *, id: str) -> None:
        super().__init__(id=id)
        self._all = self._commands = [command for command in commands if command.footer]
        self._hints: tuple[tuple[str, str], ...] = ()

    def hint(self, hints: tuple[tuple[str, str], ...]) -> None:
        """Explain these keys instead, while a field has the focus and letters are text."""
        if hints != self._hints:
            self._hints = hints
            self.refresh()

    def leave_out(self, ids: Collection[str]) -> None:
        """Commands that do nothing here."""
        kept = [command for command in self._all if command.id not in ids]
        if kept != self._commands:
            self._commands = kept
            self.refresh()

    def entries(self, width: int) -> list[Entry]:
        """What is shown in that width, in the order of the list of commands."""
        if self._hints:
            return [(key, label, "") for key, label in self._hints]
        ranks = sorted({command.footer for command in self._commands})
        # commands of one rank stay or leave together
        for limit in reversed(ranks):
            shown = self._labelled([c for c in self._commands if c.footer <= limit])
            if sum(_width(key, label) for key, label, _ in shown) <= width:
                return shown
        return []

    @staticmethod
    def _labelled(kept: Sequence[Command]) -> list[Entry]:
        # neighbours with one label share it: `[ ] Level`
        labels = [
            "" if follower is not None and follower.label == command.label else command.label
            for command, follower in zip_longest(kept, kept[1:])
        ]
        return [
            (first_key(command), label, command.id)
            for command, label in zip(kept, labels, strict=True)
        ]

    def render(self) -> Content:
        return Content.assemble(
            *(
                part
                for key, label, _ in self.entries(self.size.width)
                for part in (
                    (f" {key}", "$footer-key-foreground bold"),
                    (f" {label} " if label else "", "$foreground 70%"),
                )
            )
        )

    def on_click(self, event: events.Click) -> None:
        event.stop()
        at = 0
        for key, label, command_id in self.entries(self.size.width):
            size = _width(key, label)
            if at <= event.x < at + size and command_id:
                self.post_message(self.Pressed(command_id))
            at += size


def _width(key: str, label: str) -> int:
    return cell_len(key) + 1 + (cell_len(label) + 2 if label else 0)
