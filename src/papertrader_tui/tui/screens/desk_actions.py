"""What the keys of the Desk do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from papertrader_tui.domain.commands import CancelOrder, ClosePosition, PlaceOrder, Watch
from papertrader_tui.domain.events import Event, OrderAccepted, OrderRejected
from papertrader_tui.domain.orders import Kind, Order, OrderRequest, Side
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.commands import first_key
from papertrader_tui.tui.found import Known
from papertrader_tui.tui.widgets.decisions import Decisions
from papertrader_tui.tui.widgets.ticket import Ticket
from papertrader_tui.tui.wording import order_words

if TYPE_CHECKING:
    from papertrader_tui.tui.app import PapertraderApp
    from papertrader_tui.tui.screens.desk import DeskScreen


class DeskActions:
    """Actions and answers of `DeskScreen`, which mixes them in."""

    @property
    def _desk(self) -> DeskScreen:
        return cast("DeskScreen", self)

    @property
    def _app(self) -> PapertraderApp:
        return cast("PapertraderApp", self._desk.app)

    # orders ----------------------------------------------------------------------------------

    def action_buy(self) -> None:
        self._write(Side.BUY)

    def action_sell(self) -> None:
        self._write(Side.SELL)

    def _write(self, side: Side) -> None:
        if self._desk.selected_row is None:
            # before the first price there may be none for a moment: it goes on being written
            self._tell_no_token()
        self._desk.show_panel("ticket")
        self._desk.ticket.begin(side)

    def _tell_no_token(self) -> None:
        if self._desk.desk.latest:
            self._app.tell("No token is selected: / finds one.", "warning")
        else:
            self._app.tell("The market has brought no token yet; a moment.", "warning")

    # handlers of a mixin are found by their names only
    def on_ticket_send(self, event: Ticket.Send) -> None:
        request = event.request
        ticket = self._desk.ticket

        def answered(events: Sequence[Event]) -> None:
            for item in events:
                if isinstance(item, OrderRejected) and item.client_id == request.client_id:
                    ticket.rejected(f"Rejected: {fmt.clean(item.reason)}")
                    return
            orders = [item.order for item in events if isinstance(item, OrderAccepted)]
            own = [order for order in orders if order.client_id == request.client_id]
            ticket.accepted(self._sent_words(request, own[0] if own else None))
            self._desk.set_focus(self._desk.watchlist)

        def failed(reason: str) -> None:
            ticket.rejected(f"Not sent: {reason}")

        self._app.send(PlaceOrder(request), answered, failed)

    def _sent_words(self, request: OrderRequest, order: Order | None) -> str:
        words = order_words(request, self._desk.names.text(request.token, 10))
        if order is None:
            return f"✓ {words}: in the book"
        state = "sent" if order.kind is Kind.MARKET else "rests in the book"
        return f"✓ {order.id} {words}: {state}"

    def action_close_position(self) -> None:
        token = self._token_to_close()
        held = [row.token.id for row in self._desk.snapshot.positions]
        if token is None or token not in held:
            self._app.tell("No position in the selected token; nothing to close.", "warning")
            return
        self._app.send(ClosePosition(token, self._desk.new_id()))

    def _token_to_close(self) -> TokenId | None:
        desk = self._desk
        return desk.positions.cursor if desk.positions.has_focus else desk.selected

    def action_close_all(self) -> None:
        rows = self._desk.snapshot.positions
        if not rows:
            self._app.tell("No open positions; nothing to close.", "warning")
            return
        names = ", ".join(self._desk.names.text(row.token.id, 16) for row in rows[:12])
        more = f" and {len(rows) - 12} more" if len(rows) > 12 else ""
        question = (
            f"Sell all of {len(rows)} position{'s' if len(rows) > 1 else ''} at market now?\n\n"
            f"{names}{more}\n\nResting sells of these tokens are cancelled first."
        )
        self._app.ask("Close all positions", question, self._close_each)

    def _close_each(self) -> None:
        for row in self._desk.snapshot.positions:
            self._app.send(ClosePosition(row.token.id, self._desk.new_id()))

    def action_cancel_order(self) -> None:
        desk = self._desk
        count = len(desk.snapshot.orders)
        if count == 0:
            self._app.tell("No open orders; nothing to cancel.", "warning")
            return
        if not desk.orders.has_focus and count > 1:
            desk.show_panel("orders")
            self._app.tell("Choose one of the open orders, then press the key again.")
            return
        order = desk.orders.current or desk.snapshot.orders[0]
        self._app.send(CancelOrder(order.id))

    # tokens and panels -----------------------------------------------------------------------

    def action_watch(self) -> None:
        desk = self._desk
        row = desk.selected_row
        if row is None:
            self._tell_no_token()
            return
        token, on = row.token.id, row.token.id not in desk.rows
        name = desk.names.text(token, 16)

        def answered(_: Sequence[Event]) -> None:
            if on:
                desk.select(token)
                self._app.tell(f"{name} is on the watchlist.", title="Watched")
            else:
                # still the selected one: a second press puts it back, and takes no other off
                desk.select(token)
                text = f"{name} is off the watchlist; {self._watch_key} puts it back."
                self._app.tell(text, title="Unwatched")

        self._app.send(Watch(token, on), answered)

    def action_find_token(self) -> None:
        from papertrader_tui.tui.screens.find import FindScreen

        self._app.push_screen(FindScreen(self._known), self._found)

    def _known(self) -> Known:
        desk, search = self._desk, self._app.search
        # what is watched first, in its order
        tokens = [row.token for row in desk.rows.values()]
        tokens += [token for token in desk.known.values() if token.id not in desk.rows]
        asked = search if search is not None and search.open else None
        return Known(tokens, desk.rows, desk.snapshot.market, asked)

    def _found(self, token: TokenId | None) -> None:
        """Go to a token; of a live market only what is watched has a price."""
        desk = self._desk
        if token is None or token in desk.rows or self._known().search is None:
            self.go_to_token(token)
            return

        def answered(_: Sequence[Event]) -> None:
            desk.select(token)
            name = desk.names.text(token, 16)
            self._app.tell(f"{name} is on the watchlist.", title="Watched")

        self._app.send(Watch(token, True), answered)

    def go_to_token(self, token: TokenId | None) -> None:
        """Select a token; where it is not watched, say which key watches it."""
        desk = self._desk
        if token is None:
            return
        desk.select(token)
        if token not in desk.rows:
            name = desk.names.text(token, 16)
            self._app.tell(f"{name} is not watched: {self._watch_key} puts it on the watchlist.")

    @property
    def _watch_key(self) -> str:
        return first_key(next(c for c in self._app.commands if c.id == "token.watch"))

    def action_cycle_interval(self) -> None:
        self._desk.chart.cycle_interval()
        if self._desk.narrow:
            self._desk.show_tab("chart")

    def action_jump(self) -> None:
        from papertrader_tui.tui.screens.jump import JumpScreen

        self._app.push_screen(JumpScreen(self._desk.panel_places()), self._jumped)

    def _jumped(self, panel_id: str | None) -> None:
        if panel_id is not None:
            self._desk.show_panel(panel_id)

    def action_back(self) -> None:
        self._desk.set_focus(self._desk.watchlist)

    def on_decisions_selected(self, event: Decisions.Selected) -> None:
        from papertrader_tui.tui.screens.decision import DecisionScreen

        decision = event.row
        token = self._desk.known.get(decision.token)
        label = fmt.clean(token.label if token else decision.token, 32)
        self._app.push_screen(DecisionScreen(decision, label, self._app.desk.snapshot().hits))
