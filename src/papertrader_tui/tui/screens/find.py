"""Find a token by a few letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.snapshot import TokenRow
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.find import find
from papertrader_tui.tui.screens.dialog import Dialog

MUTED = "$foreground 56%"


class FindScreen(Dialog[TokenId]):
    """Dismissed with the id of the token that was chosen, or None."""

    TITLE_TEXT = "Find a token"
    KEYS_TEXT = "↑ ↓ choose · Enter goes to it · Esc closes"
    BINDINGS = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
    ]

    def __init__(self, tokens: Sequence[Token], rows: Mapping[TokenId, TokenRow]) -> None:
        """Take every known token, and the rows of those that are watched."""
        super().__init__()
        self._tokens = tokens
        self._rows = rows

    def compose(self) -> ComposeResult:
        with self.box():
            yield Input(placeholder="symbol, name, chain or address", max_length=80, compact=True)
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        self._list("")
        # the list is moved from the field: it never has the focus itself
        self.query_one(OptionList).can_focus = False
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._list(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self.dismiss(options.get_option_at_index(options.highlighted).id)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option.id)

    def action_move(self, by: int) -> None:
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def _list(self, query: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        found = find(query, self._tokens)
        if not found:
            options.add_option(Option("No known token matches. Try fewer letters.", disabled=True))
            return
        options.add_options([Option(self._line(token), id=token.id) for token in found])
        options.highlighted = 0

    def _line(self, token: Token) -> Content:
        row = self._rows.get(token.id)
        price = fmt.price(row.price) if row else "not watched"
        held = "  held" if row and row.held else ""
        symbol = fmt.cut(fmt.clean(token.symbol, 12), 12)
        name = fmt.clean(token.name, 22)
        return Content.assemble(
            (f"{symbol:<13}", "bold"),
            (f"{token.chain:<10}", MUTED),
            f"{name:<23}",
            (f"{price:>12}", ""),
            (held, MUTED),
        )
