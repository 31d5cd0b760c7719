"""The Desk: prices, chart, positions, the order ticket, open orders and decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from papertrader_tui.domain.money import ZERO
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.snapshot import Snapshot, TokenRow
from papertrader_tui.ports import Desk
from papertrader_tui.tui.commands import DESK, Command, bindings
from papertrader_tui.tui.naming import Names
from papertrader_tui.tui.panels import PANELS, TABS
from papertrader_tui.tui.screens.desk_actions import DeskActions
from papertrader_tui.tui.widgets.chart import Chart
from papertrader_tui.tui.widgets.command_bar import CommandBar
from papertrader_tui.tui.widgets.confirm_line import ConfirmLine
from papertrader_tui.tui.widgets.decisions import Decisions
from papertrader_tui.tui.widgets.gates import Gates
from papertrader_tui.tui.widgets.notice import Notice
from papertrader_tui.tui.widgets.orders import Orders
from papertrader_tui.tui.widgets.positions import Positions, exit_notes
from papertrader_tui.tui.widgets.selector import Selector
from papertrader_tui.tui.widgets.status_line import StatusLine
from papertrader_tui.tui.widgets.tab_strip import TabStrip
from papertrader_tui.tui.widgets.ticket import Ticket
from papertrader_tui.tui.widgets.watchlist import Watchlist

#: Below these a terminal shows the watchlist and one panel at a time, and below these nothing.
FULL_SIZE = (110, 32)
MIN_SIZE = (60, 16)
RAIL = ("ticket", "orders", "gates")
MIDDLE = ("chart", "positions")
#: A live market has one speed.
SPEEDS = ("speed.down", "speed.up")
TYPING = (("Enter", "Review"), ("↑↓", "Fields"), ("Esc", "Back"))
CHOOSING = (("← →", "Choose"), *TYPING)
CONFIRMING = (("Enter", "Send"), ("Esc", "Edit"))


class DeskScreen(DeskActions, Screen[None]):
    """Lays the panels out and keeps them showing the desk's newest snapshot."""

    CSS_PATH = "desk.tcss"
    # not later, from on_mount: a key that was pressed before may have moved the focus on by then
    AUTO_FOCUS = "#watchlist"
    BINDINGS = bindings(DESK)

    def __init__(
        self,
        desk: Desk,
        commands: Sequence[Command],
        *,
        reduce_motion: bool,
        new_id: Callable[[], str],
    ) -> None:
        """Take the desk, the commands with their keys, and what makes client ids."""
        super().__init__(id="desk-screen")
        self.desk = desk
        self.new_id = new_id
        self.snapshot: Snapshot = desk.snapshot()
        self.known: dict[TokenId, Token] = {}
        self.rows: dict[TokenId, TokenRow] = {}
        self.selected: TokenId | None = None
        # a selected token that is not watched: it has no row in the watchlist
        self.visited: TokenId | None = None
        self.names = Names((), ())
        self.narrow = False
        self.active_tab = TABS[0].id
        self._charted: tuple[object, ...] = ()
        self.status = StatusLine(id="status")
        self.notice = Notice(id="notice")
        self.watchlist = Watchlist(reduce_motion=reduce_motion, id="watchlist")
        self.tabs = TabStrip(id="tabs")
        self.chart = Chart(id="chart")
        self.positions = Positions(id="positions")
        self.decisions = Decisions(id="decisions")
        self.ticket = Ticket(desk.preview, new_id, id="ticket")
        self.orders = Orders(id="orders")
        self.gates = Gates(id="gates")
        self.bar = CommandBar(commands, id="bar")

    def compose(self) -> ComposeResult:
        yield self.status
        yield self.notice
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.watchlist
                yield self.tabs
                with Horizontal(id="middle"):
                    yield self.chart
                    yield self.positions
                yield self.decisions
            with Vertical(id="rail"):
                yield self.ticket
                yield self.orders
                yield self.gates
        yield self.bar
        yield Static(
            f"This terminal is too small.\nAt least {MIN_SIZE[0]} × {MIN_SIZE[1]} is needed.\n"
            "Make it larger; nothing is lost.",
            id="tiny",
            markup=False,
        )

    def on_mount(self) -> None:
        self._arrange(*self.app.size)
        self.show(self.snapshot, ended=False)

    # what the application's clock brings -----------------------------------------------------

    def show(self, snapshot: Snapshot, *, ended: bool) -> None:
        """Show a snapshot in every panel; panels draw only what changed."""
        self.snapshot = snapshot
        self.rows = {row.token.id: row for row in snapshot.tokens}
        tokens = [*self.desk.tokens, *(row.token for row in snapshot.tokens)]
        tokens += [row.token for row in snapshot.positions]
        self.known = {token.id: token for token in tokens}
        names = self.names = Names.of(snapshot, tokens)
        self.status.show(snapshot)
        self.notice.show(snapshot, ended=ended)
        self.bar.leave_out(SPEEDS if snapshot.market == "live" else ())
        self.watchlist.wait_for_market(not self.desk.tokens)
        # whose row left the list stays selected if it is to: what came to its place does not say
        with self.watchlist.prevent(Watchlist.Highlighted):
            self.watchlist.show(snapshot, names)
        self.positions.show(snapshot, names)
        self.orders.show(snapshot, names)
        self.gates.show(snapshot)
        self.decisions.show(snapshot, names)
        self.tabs.show(
            self.active_tab, {"positions": len(snapshot.positions), "orders": len(snapshot.orders)}
        )
        if self.selected is not None and self.selected in self.rows:
            if self.visited is not None:  # it is watched now
                self.select(self.selected)
        elif self.selected is None or self.selected != self.visited:
            self.selected = self.watchlist.cursor
        self.show_selected()

    def show_prices(self, changed: Mapping[TokenId, tuple[Decimal, int]]) -> None:
        """Newer prices, between two snapshots."""
        for token, (price, time) in changed.items():
            self.watchlist.update_price(token, price, time)

    def frame(self, now_s: float) -> None:
        """One frame of the application's clock."""
        self.watchlist.tick(now_s)

    def show_selected(self) -> None:
        """Show the selected token in the chart and the ticket."""
        row = self.selected_row
        name = self.names.text(row.token.id, 10) if row is not None else ""
        self.ticket.show_token(row, self.snapshot.now, self.snapshot.free_cash, name)
        self._draw_chart(row)

    def _draw_chart(self, row: TokenRow | None) -> None:
        if row is None:
            self.chart.set_data(None, ())
        if row is None or not self.chart.display or not self.chart.size:
            self._charted = ()
            return
        token = row.token.id
        position = next((p for p in self.snapshot.positions if p.token.id == token), None)
        notes = exit_notes(position) if position else ("", "")
        # levels move only with the position's own exits, and candles only with time and price
        wanted = (
            token,
            self.chart.interval,
            self.chart.capacity,
            row.price,
            row.time,
            position and (position.quantity, position.stop, position.target),
            notes,
            self.snapshot.now // self.chart.interval,
        )
        if wanted == self._charted:
            return
        self._charted = wanted
        self.chart.set_data(
            row.token,
            self.desk.candles(token, self.chart.interval, max(2, self.chart.capacity)),
            last=row.price,
            fills=self.desk.fills(token),
            stop=position.stop if position else None,
            target=position.target if position else None,
            average=position.average if position else None,
            notes=notes,
            name=self.names.text(token, 16),
        )

    # selection and focus ---------------------------------------------------------------------

    @property
    def selected_row(self) -> TokenRow | None:
        """The selected token's row; of one that is not watched, what is known of it."""
        if self.selected is None:
            return None
        row = self.rows.get(self.selected)
        if row is None and self.selected == self.visited and self.selected in self.known:
            return self._unwatched(self.known[self.selected])
        return row

    def _unwatched(self, token: Token) -> TokenRow:
        price, time = self.desk.latest.get(token.id, (None, 0))
        held = next((p.quantity for p in self.snapshot.positions if p.token == token), ZERO)
        return TokenRow(token, price, None, (), None, "", time, price is None, None, None, held)

    def select(self, token: TokenId) -> None:
        """Make a token the selected one, wherever that was asked, watched or not."""
        watched = self.watchlist.select(token)
        if watched or token in self.known:
            self.selected = token
            self.visited = None if watched else token
            self.show_selected()

    def show_panel(self, panel_id: str) -> None:
        """Bring a panel into view and give it the focus."""
        if panel_id != "watchlist":
            self.show_tab(panel_id)
        widget: Widget = self.ticket.entry if panel_id == "ticket" else self.panel(panel_id)
        self.set_focus(widget)

    def show_tab(self, panel_id: str) -> None:
        """Show a panel in the place that panels share on a small terminal."""
        if panel_id != self.active_tab:
            self.active_tab = panel_id
            self._place()

    def panel_places(self) -> dict[str, Offset]:
        """Where jump mode puts the letter of each panel: on the panel, or on its tab."""
        places = {
            panel.id: self.panel(panel.id).region.offset + Offset(2, 0)
            for panel in PANELS
            if self.panel(panel.id).display
        }
        if self.narrow:
            at = self.tabs.region.offset
            places |= {panel_id: at + Offset(x, 0) for panel_id, x in self.tabs.places().items()}
        return places

    def panel(self, panel_id: str) -> Widget:
        """The widget of a panel."""
        return self.query_one(f"#{panel_id}")

    @property
    def focused_panel(self) -> str:
        """Id of the panel that has the focus, the watchlist where none has."""
        ids = {panel.id for panel in PANELS}
        node = self.focused
        for ancestor in node.ancestors_with_self if node is not None else ():
            if ancestor.id in ids:
                return str(ancestor.id)
        return "watchlist"

    @on(Watchlist.Highlighted)
    def _highlighted(self, event: Watchlist.Highlighted) -> None:
        # one that was on its way while another token was selected comes too late
        if event.key == self.watchlist.cursor and event.key != self.selected:
            self.selected, self.visited = event.key, None
            self.show_selected()

    @on(Watchlist.Selected)
    def _chosen(self, event: Watchlist.Selected) -> None:
        if self.visited is not None:  # back from a token that is not watched
            self.select(event.key)
        if self.narrow:
            self.show_panel("chart")
            self.set_focus(self.watchlist)

    @on(Positions.Highlighted)
    def _position_highlighted(self, event: Positions.Highlighted) -> None:
        if self.positions.has_focus:
            self.select(event.key)

    @on(Positions.Selected)
    def _position_chosen(self, event: Positions.Selected) -> None:
        self.select(event.key)

    @on(Chart.IntervalChanged)
    def _interval_changed(self) -> None:
        self.show_selected()

    @on(TabStrip.Picked)
    def _tab_picked(self, event: TabStrip.Picked) -> None:
        self.show_tab(event.panel_id)

    def _place_toasts(self) -> None:
        """Above the order that is being written, where they would cover it below."""
        above = self.narrow and self.focused_panel == "ticket"
        for rack in self.query("ToastRack"):
            rack.set_class(above, "-above")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._place_toasts()
        widget = event.widget
        if isinstance(widget, ConfirmLine):
            self.bar.hint(CONFIRMING)
        elif isinstance(widget, Selector):
            self.bar.hint(CHOOSING)
        else:
            self.bar.hint(TYPING if isinstance(widget, Input) else ())

    # layout ----------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(event.size.width, event.size.height)

    def _arrange(self, width: int, height: int) -> None:
        self.narrow = width < FULL_SIZE[0] or height < FULL_SIZE[1]
        self.set_class(self.narrow, "-narrow")
        self.set_class(width < MIN_SIZE[0] or height < MIN_SIZE[1], "-tiny")
        if self.narrow and self.focused_panel != "watchlist":
            self.active_tab = self.focused_panel
        self._place()
        self._place_toasts()

    def _place(self) -> None:
        """Show the panels that there is room for: all, or the watchlist and one tab."""
        for panel in TABS:
            self.panel(panel.id).display = not self.narrow or panel.id == self.active_tab
        self.tabs.display = self.narrow
        self.query_one("#middle").display = not self.narrow or self.active_tab in MIDDLE
        rail = not self.narrow or self.active_tab in RAIL
        self.query_one("#rail").display = rail
        self.set_class(self.narrow and rail, "-rail")
        counts = {"positions": len(self.snapshot.positions), "orders": len(self.snapshot.orders)}
        self.tabs.show(self.active_tab, counts)
        if self.chart.display:
            self.call_after_refresh(self.show_selected)
