"""Find a token: among those that are known and, on a live market, at the price sources."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from papertrader_tui.domain.search import Candidate, SearchResult
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.ports import TokenSearch
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui import found as words
from papertrader_tui.tui.find import find
from papertrader_tui.tui.screens.dialog import Dialog

#: Seconds without a key after which the sources are asked.
PAUSE = 0.4
#: Seconds between two looks whether the market is open by now.
AGAIN = 0.5
GROUP = "token search"


class FindScreen(Dialog[TokenId]):
    """Dismissed with the id of the token that was chosen, or None; by then the desk knows it.

    Args:
        look: What is known now, and who can be asked.
    """

    TITLE_TEXT = "Find a token"
    DEFAULT_CSS = """
    FindScreen {
        & OptionList { margin: 0; max-height: 40vh; }
        & #state { height: auto; max-height: 2; margin: 0 0 1 0; color: $foreground 56%; }
        & #header { height: 1; color: $foreground 56%; }
        & #detail { height: 2; margin: 1 0 0 0; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """
    BINDINGS = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
    ]

    def __init__(self, look: Callable[[], words.Known]) -> None:
        super().__init__()
        self._look = look
        self._known = look()
        self._query = ""
        self._result: SearchResult | None = None
        self._shown: list[Candidate] = []
        self._chosen: TokenId | None = None
        self._warned: TokenId | None = None
        self._adding = False
        self._pause: Timer | None = None
        self._opening: Timer | None = None
        self._state = Static(id="state", markup=False)
        self._header = Static(id="header", markup=False)
        self._options = OptionList(markup=False)
        self._detail = Static(id="detail", markup=False)

    def compose(self) -> ComposeResult:
        self._box = self.box(wide=True)
        with self._box:
            yield Input(placeholder="symbol, name, chain or address", max_length=80, compact=True)
            yield self._state
            yield self._header
            yield self._options
            yield self._detail

    def on_mount(self) -> None:
        # the list is moved from the field: it never has the focus itself
        self._options.can_focus = False
        self._begin()
        self.call_after_refresh(self._draw)  # not before there is a width to draw for
        self.query_one(Input).focus()
        self._opening = self.set_interval(AGAIN, self._look_again)

    def _look_again(self) -> None:
        """Prices may have been looked for: then there is somebody to ask now."""
        known = self._look()
        if self._known.search is not None or self._known.market != "live":
            if self._opening is not None:
                self._opening.stop()
        elif known.search is not None or known.market != "live" or not self._known.tokens:
            self._known = known
            self._begin()

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._draw()

    # asking ----------------------------------------------------------------------------------

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._query:
            self._query = event.value
            self._begin()

    def _begin(self) -> None:
        """List what is known, and ask for the rest after a pause."""
        self._result = self._warned = self._chosen = None
        self._calm()
        self._list()
        self._box.border_subtitle = self._known.keys
        self._say(self._known.note)
        if self._known.search is None or not self._query.strip():
            return
        if words.askable(self._query):
            self._pause = self.set_timer(PAUSE, self._ask)
            self._say(words.SEARCHING)
        elif self._query.strip().lower().rpartition(":")[2].startswith("0x"):
            self._say(words.UNFINISHED)

    def _calm(self) -> None:
        """Nobody waits any more for what was asked before."""
        if self._pause is not None:
            self._pause.stop()
        self.workers.cancel_group(self, GROUP)

    def _ask(self) -> None:
        search = self._known.search
        if search is not None:
            asking = self._ask_for(search, self._query)
            self.run_worker(asking, group=GROUP, exit_on_error=False)

    async def _ask_for(self, search: TokenSearch, query: str) -> None:
        try:
            self._heard(await search.search(query, self._heard))
        except Exception as error:
            self._say(fmt.clean(str(error)) or type(error).__name__, words.ERROR)

    def _heard(self, result: SearchResult) -> None:
        """What sources have answered so far, or all of it."""
        self._result = result
        self._list()
        if self._warned is None and not self._adding:
            self._say(*words.outcome(result, len(self._shown)))

    # choosing --------------------------------------------------------------------------------

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._show_detail()

    def action_move(self, by: int) -> None:
        if by > 0:
            self._options.action_cursor_down()
        else:
            self._options.action_cursor_up()
        one = self._current
        self._chosen, self._warned = None if one is None else one.token.id, None
        self._show_detail()

    @property
    def _current(self) -> Candidate | None:
        at = self._options.highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    def _choose(self) -> None:
        one = self._current
        if one is None or self._adding:
            return
        token = one.token.id
        if one.warning and self._warned != token:
            self._warned = token
            self._say(
                f"Mind: {words.warning(one)}. Enter again takes it all the same.", words.WARNING
            )
            return
        search = self._known.search
        if search is None or any(known.id == token for known in self._known.tokens):
            self.dismiss(token)
            return
        self._adding = True
        self._say(words.ADDING)
        self.run_worker(self._add(search, one), exit_on_error=False)

    async def _add(self, search: TokenSearch, one: Candidate) -> None:
        try:
            token = await search.add(one)
        except Exception as error:
            self._say(fmt.clean(str(error)) or type(error).__name__, words.ERROR)
        else:
            self.dismiss(token.id)
        finally:
            self._adding = False

    # showing ---------------------------------------------------------------------------------

    def _say(self, text: str, tone: str = "") -> None:
        self._state.update(Content.assemble((text, tone)) if tone else Content(text))

    def _list(self) -> None:
        """List what matches; the token that was moved to stays the chosen one."""
        local = find(self._query, self._known.tokens)
        self._shown = words.merge(local, self._result, self._known.verified)
        self._draw()

    def _draw(self) -> None:
        width = self._options.size.width - 1  # of a scroll bar
        if width <= 0:
            return  # laid out later: a resize comes then
        self._header.update(words.header(width))
        self._options.clear_options()
        if not self._shown:
            self._options.add_option(Option(words.nothing(self._result), disabled=True))
        else:
            self._options.add_options(
                Option(words.line(one, self._known.rows.get(one.token.id), width), id=one.token.id)
                for one in self._shown
            )
            self._options.highlighted = words.index_of(self._shown, self._chosen)
        self._show_detail()

    def _show_detail(self) -> None:
        one = self._current
        watched = one is not None and one.token.id in self._known.rows
        self._detail.update(words.detail(one, watched=watched))
