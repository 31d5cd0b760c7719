"""A labelled one-line input with a unit beside it and its error under it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static


class Field(Vertical):
    """One field of the ticket. Nothing that was typed is ever cleared by an error."""

    DEFAULT_CSS = """
    Field { height: auto; width: 1fr; }
    Field > Horizontal { height: 1; }
    Field .label { width: 10; color: $text-muted; }
    Field .unit { width: auto; min-width: 5; color: $text-muted; padding: 0 0 0 1; }
    Field Input { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
    Field Input:focus { background: $panel; border: none; text-style: bold; }
    Field .error { height: auto; color: $error; padding: 0 0 0 10; display: none; }
    Field.-error .error { display: block; }
    Field.-error .label { color: $error; }
    """

    def __init__(self, name: str, label: str, *, placeholder: str = "", unit: str = "") -> None:
        super().__init__(id=f"field-{name}", name=name)
        self._label = Static(label, classes="label", markup=False)
        self._unit = Static(unit, classes="unit", markup=False)
        self._error = Static("", classes="error", markup=False)
        self.input = Input(
            placeholder=placeholder, max_length=48, compact=True, id=f"input-{name}", name=name
        )

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._label
            yield self.input
            yield self._unit
        yield self._error

    @property
    def value(self) -> str:
        """What is typed."""
        return self.input.value

    def set_unit(self, unit: str) -> None:
        """Show another unit."""
        if str(self._unit.content) != unit:
            self._unit.update(unit)

    def set_error(self, text: str) -> None:
        """Show what is wrong, or take that away with an empty text."""
        if str(self._error.content) != text:
            self._error.update(text)
        self.set_class(bool(text), "-error")
