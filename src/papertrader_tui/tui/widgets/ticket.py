"""The order ticket: size, review, send, with what the order would cost shown as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding
from textual.color import Color
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from papertrader_tui.domain.commands import PlaceOrder
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy
from papertrader_tui.engine.snapshot import Preview, TokenRow
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.ticket_form import KIND_NAMES, KINDS, Draft, Reading, fields_for, read
from papertrader_tui.tui.widgets.confirm_line import ConfirmLine
from papertrader_tui.tui.widgets.field import Field
from papertrader_tui.tui.widgets.quote import advice_content, quote_content
from papertrader_tui.tui.widgets.selector import Selector
from papertrader_tui.tui.wording import order_words, size_words

MUTED = "$foreground 56%"


class State(Enum):
    """Where a ticket stands."""

    EDIT = "edit"
    REVIEW = "review"
    SENDING = "sending"


class Ticket(Vertical):
    """Where an order is written.

    The client id is made once per ticket, and the reviewed order is sent as it was reviewed, so
    that a key pressed twice is one order.
    """

    BINDINGS = [
        Binding("up", "app.focus_previous", "Previous field", show=False),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("enter", "review", "Review", show=False),
        Binding("escape", "edit", "Edit", show=False),
    ]

    @dataclass
    class Send(Message):
        """The person confirmed this order."""

        request: OrderRequest

    def __init__(
        self,
        preview: Callable[[PlaceOrder], Preview | None],
        new_id: Callable[[], str],
        *,
        id: str,
    ) -> None:
        """Take the desk's preview, and what makes a client id no one has used."""
        super().__init__(id=id, classes="panel")
        self.border_title = "Order"
        self._preview_of = preview
        self._new_id = new_id
        self._client_id = new_id()
        self._row: TokenRow | None = None
        self._called = ""
        self._now = 0
        self._cash = Decimal(0)
        self._side = Side.BUY
        self._kinds = {Side.BUY: Kind.MARKET, Side.SELL: Kind.MARKET}
        self._state = State.EDIT
        self._reviewed: OrderRequest | None = None
        self._shown_errors = self._quoted = False
        self._head = Static("", id="ticket-head", markup=False)
        self._side_choice = Selector(
            [(s.value, s.value.upper()) for s in Side],
            id="ticket-side",
            colors={Side.BUY: "$success", Side.SELL: "$error"},
        )
        self._kind_choice = Selector(self._kind_options(), id="ticket-kind")
        self._fields = {
            "size": Field("size", "Size", placeholder="500 · 25% · 0.3t", unit="USDC"),
            "price": Field("price", "Price", placeholder="limit or trigger", unit="USDC"),
            "trail": Field("trail", "Trail", placeholder="3% below the high"),
            "stop": Field("stop", "Stop", placeholder="optional", unit="USDC"),
            "target": Field("target", "Target", placeholder="optional", unit="USDC"),
            "tolerance": Field("tolerance", "Tolerance", placeholder="50", unit="bps"),
            "until": Field("until", "Until", placeholder="gtc · 30m · 4h · 2d"),
        }
        self._quote = Static("", id="ticket-quote", markup=False)
        self._means = Static("", id="ticket-means", markup=False)
        self._message = Static("", id="ticket-message", markup=False)
        self._advice = Static("", id="ticket-advice", markup=False)
        self._confirm = ConfirmLine(id="ticket-confirm")

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="ticket-form", can_focus=False):
            with Horizontal(id="ticket-top"):
                yield self._side_choice
                yield self._head
            yield self._kind_choice
            yield from self._fields.values()
            yield self._means
        with VerticalScroll(id="ticket-outcome", can_focus=False):
            yield self._message
            yield self._advice
            yield self._quote
        yield self._confirm

    def on_mount(self) -> None:
        self._show_fields()
        self.refresh_quote()

    def on_descendant_focus(self) -> None:
        self._mark_focus()

    def on_descendant_blur(self) -> None:
        self._mark_focus()

    def _mark_focus(self) -> None:
        """Draw the border in the accent while the focus is inside.

        A `:focus-within` rule would restyle every field on each move of the focus, which costs
        more than the rest of the key press.
        """
        inside = self.has_focus_within
        border, title = ("accent", "accent") if inside else ("border-blurred", "foreground")
        colors = self.app.theme_variables
        self.styles.border = ("round", Color.parse(colors[border]))
        self.styles.border_title_color = Color.parse(colors[title])

    # what the screen tells it ---------------------------------------------------------------

    @property
    def state(self) -> State:
        """Where the ticket stands."""
        return self._state

    @property
    def entry(self) -> Input:
        """The size field, where an order begins."""
        return self._fields["size"].input

    def begin(self, side: Side) -> None:
        """Start (or go on) writing an order of this side, in the size field."""
        if self._state is State.SENDING:
            return
        self._back_to_edit()
        if side is not self._side or not self.entry.value.strip():
            # an order that is begun anew is a market order, whatever the last one was
            self._kinds = dict.fromkeys(self._kinds, Kind.MARKET)
            for field in ("price", "stop", "target"):
                self._fields[field].input.value = ""
        self._set_side(side)
        self._say("")
        self.screen.set_focus(self.entry)

    def show_token(self, row: TokenRow | None, now: int, cash: Decimal, name: str = "") -> None:
        """The selected token with its newest price, and the cash that is free.

        `name` is what to call it, safe to show, where its symbol alone does not do.

        Another token empties the price fields, which belong to the last one.
        """
        old = self._row.token.id if self._row else None
        new = row.token.id if row else None
        if old != new and self._state is State.SENDING:
            return
        self._row, self._now, self._cash = row, now, cash
        self._called = name or (fmt.clean(row.token.symbol, 10) if row else "")
        if old != new:
            self._back_to_edit()
            if old is not None:
                self._client_id = self._new_id()
                for field in ("price", "stop", "target"):
                    self._fields[field].input.value = ""
        self._show_head()
        if self._state is not State.SENDING:
            self.refresh_quote()

    def accepted(self, text: str) -> None:
        """The order is in the book; the ticket is new again."""
        self._client_id = self._new_id()
        self._state, self._reviewed, self._shown_errors = State.EDIT, None, False
        for field in self._fields.values():
            field.input.value = ""
        self._confirm.rest()
        self.refresh_quote()
        self._say(text, "$accent")

    def rejected(self, reason: str) -> None:
        """The order was refused; everything that was typed is kept."""
        self._client_id = self._new_id()
        self._back_to_edit()
        self._say(reason, "$error")
        self.entry.focus()

    # the person --------------------------------------------------------------------------------

    def action_review(self) -> None:
        """Go from writing to the line that asks for the last Enter."""
        if self._state is State.SENDING:
            return
        if self._state is State.REVIEW:
            self._send()
            return
        self._shown_errors = True
        reading, preview = self.refresh_quote()
        if reading is None or reading.request is None:
            self._focus_first_error(reading)
            return
        if preview is not None and preview.problems:
            return
        self._state, self._reviewed = State.REVIEW, reading.request
        self._confirm.ask(self._words(reading.request), reading.request.side)
        self.screen.set_focus(self._confirm)

    def action_edit(self) -> None:
        if self._state is not State.REVIEW:
            raise SkipAction
        self._back_to_edit()
        self.entry.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._state is State.REVIEW:
            self._back_to_edit()
        if event.value:
            self._say("")
        if self._state is State.EDIT:
            self.refresh_quote()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_review()

    @on(Selector.Changed)
    def _chosen(self, event: Selector.Changed) -> None:
        event.stop()
        if self._state is State.SENDING:
            return
        self._back_to_edit()
        if event.selector is self._side_choice:
            self._set_side(Side(event.value))
        else:
            self._kinds[self._side] = Kind(event.value)
            self._show_fields()
            self.refresh_quote()

    @on(ConfirmLine.Pressed)
    def _pressed(self, event: ConfirmLine.Pressed) -> None:
        event.stop()
        self.action_review()

    # inside -------------------------------------------------------------------------------------

    def draft(self) -> Draft:
        """What is typed."""
        typed = {name: field.value for name, field in self._fields.items()}
        return Draft(self._side, self._kinds[self._side], **typed)

    def refresh_quote(self) -> tuple[Reading | None, Preview | None]:
        """Read the fields anew and show what the order would cost now."""
        if self._row is None:
            self._quote.update("No token is selected: / finds one.")
            return None, None
        reading = read(self.draft(), self._row.token, self._now, self._client_id)
        preview = self._preview_of(PlaceOrder(reading.request)) if reading.request else None
        self._fields["size"].set_unit(reading.unit)
        for name, field in self._fields.items():
            error = reading.errors.get(name, "")
            # an empty field is no mistake while someone is still typing
            early = not self._shown_errors and not field.value.strip()
            field.set_error("" if early else error)
        self._show_quote(preview)
        return reading, preview

    def _show_quote(self, preview: Preview | None) -> None:
        if self._row is None:
            return
        shown, self._quoted = self._quoted, preview is not None
        # the figures change in place: a layout only where they come or go
        self._quote.update(quote_content(preview), layout=shown != self._quoted)
        advice = advice_content(preview, self._row)
        if advice != self._advice.content:
            self._advice.update(advice)
            self._advice.display = bool(advice)

    def _focus_first_error(self, reading: Reading | None) -> None:
        for name in fields_for(self._side, self._kinds[self._side]):
            if reading is not None and name in reading.errors:
                self._fields[name].input.focus()
                return

    def _send(self) -> None:
        if self._reviewed is None:
            return
        self._state = State.SENDING
        self._confirm.wait()
        self.post_message(self.Send(self._reviewed))

    def _back_to_edit(self) -> None:
        self._state, self._reviewed, self._shown_errors = State.EDIT, None, False
        if self._confirm.has_focus:
            self.screen.set_focus(self.entry)
        self._confirm.rest()

    def _set_side(self, side: Side) -> None:
        self._side = side
        self._side_choice.choose(side.value)
        self._kind_choice.set_options(self._kind_options(), self._kinds[side].value)
        self.set_class(side is Side.SELL, "-sell")
        self._show_fields()
        self._show_head()
        self.refresh_quote()

    def _kind_options(self) -> list[tuple[str, str]]:
        return [(kind.value, KIND_NAMES[kind]) for kind in KINDS[self._side]]

    def _show_fields(self) -> None:
        shown = fields_for(self._side, self._kinds[self._side])
        for name, field in self._fields.items():
            field.display = name in shown

    def _show_head(self) -> None:
        row = self._row
        if row is None:
            self._head.update("", layout=False)
            return
        self._head.update(
            Content.assemble(
                (fmt.clean(row.token.label, 13), "bold"),
                "  ",
                (fmt.price(row.price), "$warning" if row.stale else "$foreground"),
            ),
            layout=False,
        )
        self._show_means(row)

    def _show_means(self, row: TokenRow) -> None:
        """What there is to spend or to sell, which percentages count from."""
        if self._side is Side.BUY:
            text = f"free cash {fmt.money(self._cash)} USDC"
        elif row.held:
            text = f"you hold {fmt.quantity(row.held, 14)} {fmt.clean(row.token.symbol, 10)}"
        else:
            text = "you hold none of it"
        self._means.update(Content.styled(text, MUTED), layout=False)

    def _words(self, request: OrderRequest) -> str:
        words = order_words(request, self._called)
        if request.size_by is SizeBy.NOTIONAL:
            words = words.replace(size_words(request, self._called), self._dollars(request), 1)
        exits = [name for name in ("stop", "target") if getattr(request, name) is not None]
        return f"{words}, {' + '.join(exits)}" if exits else words

    def _dollars(self, request: OrderRequest) -> str:
        return f"${fmt.money(request.size).removesuffix('.00')} of {self._called}"

    def _say(self, text: str, style: str = "") -> None:
        if bool(text) or self._message.display:
            self._message.update(Content.styled(text, style) if text else "")
            self._message.display = bool(text)
