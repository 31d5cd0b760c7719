"""The watchlist: every token with its price, its day, its depth and what the bot makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import ClassVar

from papertrader_tui.domain.decision import Action
from papertrader_tui.domain.money import mul
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.snapshot import Snapshot, TokenRow
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.naming import Names, short_chain
from papertrader_tui.tui.widgets.columns import Column, widened
from papertrader_tui.tui.widgets.table import Table
from papertrader_tui.tui.widgets.tones import Parts, width_of

#: Seconds that a changed price is filled, and until when it is tinted.
FLASH_SOLID, FLASH_END = 0.15, 0.30
#: Letters of a source that the narrow column has room for beside an age, and cells from which the
#: wide one stands.
SHORT_SOURCE, WIDE = 6, 88
ACTION_TONES: dict[str, str] = {
    Action.BUY: "up-strong",
    Action.SELL: "down-strong",
    Action.HOLD: "muted",
    Action.SKIP: "dim",
}


OPENING = (
    "Looking for prices…",
    "A new account begins with the market's tokens; they appear here with it.",
)


class Watchlist(Table[TokenRow]):
    """Watched tokens. Prices come in by `update_price`, all else by `update_rows`.

    Call `tick` once a frame from the application's one clock: it ends the flashes of prices.
    """

    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("token", "TOKEN", 6, right=False, limit=13),
        Column("last", "LAST", 11),
        Column("change", "24H%", 8),
        Column("spark", "24H", 8, right=False, priority=3, limit=24),
        Column("liquidity", "LIQ", 5, priority=5),
        Column("source", "SOURCE·AGE", 10, right=False, priority=4, limit=16),
        Column("bot", "BOT", 8, right=False, priority=1),
        Column("held", "HELD", 9, priority=2, limit=11),
        Column("value", "VALUE", 9, priority=6, limit=11, extra=True),
        Column("name", "NAME", 12, right=False, priority=7, limit=24, extra=True),
        Column("address", "ADDRESS", 13, right=False, priority=8, extra=True),
    )
    TIMED: ClassVar[tuple[str, ...]] = ("source",)
    EMPTY: ClassVar[tuple[str, ...]] = (
        "No tokens are watched.",
        "Press `/` to find a token, `w` to watch it.",
    )

    class Highlighted(Table.Highlighted):
        """The cursor came to another token; `key` is its id."""

    class Selected(Table.Selected):
        """A token was chosen; `key` is its id."""

    def __init__(
        self,
        *,
        reduce_motion: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = "Watchlist"
        self.reduce_motion = reduce_motion
        self._opening = False
        # token -> (tone, clock when it began)
        self._flashes: dict[TokenId, tuple[str, float]] = {}

    def empty(self) -> Sequence[str]:
        return OPENING if self._opening else self.EMPTY

    def wait_for_market(self, opening: bool) -> None:
        """Whether the market is still to be opened: its tokens are not there to be watched."""
        if opening is not self._opening:
            self._opening = opening
            self.refresh()

    def key_of(self, row: TokenRow) -> str:
        return row.token.id

    def shape(self, width: int, room: int, rows: int) -> tuple[Sequence[Column], int]:
        columns = widened(self.COLUMNS, "token", 8 if self.names.any_shared else 0)
        # `geckoterminal·33s`, where the sparkline can spare it
        named = any(len(row.source) > SHORT_SOURCE for row in self._rows.values())
        return widened(columns, "source", 17 if named and width >= WIDE else 0), 1

    def show(self, snapshot: Snapshot, names: Names | None = None) -> None:
        """Show the tokens of a snapshot."""
        self.rename(names or Names.of(snapshot))
        self.update_rows(snapshot.tokens, snapshot.now)

    def update_rows(self, rows: Sequence[TokenRow], now: int | None = None) -> None:
        """Rows of a snapshot, and its time, which ages are counted from."""
        before = {key: row.price for key, row in self._rows.items()}
        merged: list[TokenRow] = []
        for row in rows:
            old = self._rows.get(row.token.id)
            # a price that came by the fast path may be newer than the snapshot's
            if old is not None and old.time > row.time and old.price is not None:
                merged.append(replace(row, price=old.price, time=old.time))
            else:
                merged.append(row)
        super().update_rows(merged, now)
        for row in merged:
            self._flash(row.token.id, before.get(row.token.id), row.price)

    def update_price(self, token: TokenId, price: Decimal, time: int) -> None:
        """A newer price of one token: its price cell flashes, nothing else is drawn."""
        row = self._rows.get(token)
        if row is None or time < row.time:
            return
        if price == row.price:
            if time != row.time:
                self._rows[token] = replace(row, time=time)
            return
        self._rows[token] = replace(row, price=price, time=time)
        self._flash(token, row.price, price)
        self.refresh_cells(token, ("last", "value"))

    def tick(self, now_s: float) -> None:
        """One frame of the application's clock, in seconds from any origin."""
        for token, (tone, began) in list(self._flashes.items()):
            if began < 0:
                self._flashes[token] = (tone, now_s)
                continue
            shown = now_s - began
            if shown >= FLASH_END:
                del self._flashes[token]
            elif shown < FLASH_SOLID or tone.endswith("tint"):
                continue
            else:
                self._flashes[token] = (tone.replace("flash", "tint"), began)
            self.refresh_cells(token, ("last",))

    def _point_at(self, key: str, *, scroll: bool = True) -> None:
        super()._point_at(key, scroll=scroll)
        self.rows_changed()

    def rows_changed(self) -> None:
        row = self.current
        if row is not None and (row.doubt or row.note):
            why = fmt.clean(row.doubt or row.note, max(20, self.size.width - 20))
            self.set_subtitle(
                [(f"! {self.names.text(row.token.id, 14, row.token.symbol)} {why}", "warn")]
            )
            return
        count = len(self._keys)
        held = sum(1 for row in self._rows.values() if row.held)
        stale = sum(1 for row in self._rows.values() if row.stale and row.price is not None)
        text = f"{count} token{'s' if count != 1 else ''}"
        text += f" · {held} held" if held else ""
        text += f" · {stale} stale" if stale else ""
        self.set_subtitle([(text if count else "", "")])

    def cell(self, row: TokenRow, column: str, width: int) -> Parts:
        match column:
            case "token":
                return self._token(row, width)
            case "last":
                flash = self._flashes.get(row.token.id)
                tone = flash[0] if flash else ("dim" if row.stale else "")
                return ((fmt.price(row.price), tone),)
            case "change":
                return _change(row)
            case "spark":
                return _spark(row, width)
            case "liquidity":
                return ((fmt.compact(row.liquidity), "muted"),)
            case "source":
                return self._source(row, width)
            case "bot":
                return _bot(row)
            case "value":
                return _value(row, width)
            case "name":
                return ((fmt.clean(row.token.name, width), "muted"),)
            case "address":
                address = fmt.clean(row.token.address)
                short = f"{address[:6]}…{address[-4:]}" if len(address) > width else address
                return ((short, "dim"),)
            case _:
                held = fmt.quantity(row.held, width) if row.held else fmt.DASH
                return ((held, "" if row.held else "dim"),)

    def _token(self, row: TokenRow, width: int) -> Parts:
        doubted = bool(row.doubt or row.note)
        tone = "warn" if doubted else "dim" if row.stale else "strong"
        # the sign says it where there is no colour
        sign: Parts = (("!", "warn"),) if doubted else ()
        room = width - len(sign)
        name = self.names.parts(row.token.id, room, tone, row.token.symbol)
        if len(name) == 1:
            left = room - width_of(name[0][0]) - 1
            chain = row.token.chain
            chains = (c for c in (chain, short_chain(chain)) if len(c) <= left)
            name += tuple((f"·{c}", "dim") for c in islice(chains, 1))
        return (*sign, *name)

    def _source(self, row: TokenRow, width: int) -> Parts:
        if row.price is None:
            return (("no price", "dim"),)
        age = fmt.age(self.now - row.time)
        source = fmt.clean(row.source, max(1, width - len(age) - 1))
        return ((f"{source}·", "dim"), (age, "warn" if row.stale else "muted"))

    def _flash(self, token: TokenId, old: Decimal | None, new: Decimal | None) -> None:
        if self.reduce_motion or old is None or new is None or old == new:
            return
        # began is set by the next tick, so that a flash lasts as long however late it is drawn
        self._flashes[token] = ("up-flash" if new > old else "down-flash", -1.0)
        self.refresh_cells(token, ("last",))


def _change(row: TokenRow) -> Parts:
    if row.change_24h is None:
        return ((fmt.DASH, "dim"),)
    text = fmt.percent(abs(row.change_24h), sign=False)
    arrow = fmt.arrow(row.change_24h) if text != "0.00%" else fmt.FLAT
    tone = _direction(row.change_24h) if arrow != fmt.FLAT else "muted"
    return ((f"{arrow}{text.rjust(7)}", "dim" if row.stale else tone),)


def _spark(row: TokenRow, width: int) -> Parts:
    line = fmt.sparkline(row.spark, width)
    if not line:
        return ((fmt.DASH, "dim"),)
    rising = row.change_24h if row.change_24h is not None else row.spark[-1] - row.spark[0]
    soft = {"up": "up-soft", "down": "down-soft"}.get(_direction(rising), "muted")
    return ((line, "dim" if row.stale else soft),)


def _value(row: TokenRow, width: int) -> Parts:
    if not row.held or row.price is None:
        return ((fmt.DASH, "dim"),)
    return ((fmt.money_fit(mul(row.held, row.price), width), ""),)


def _bot(row: TokenRow) -> Parts:
    if row.action is None:
        return ((fmt.DASH, "dim"),)
    confidence = "" if row.confidence is None else f"{row.confidence:4.0f}"
    tone = ACTION_TONES.get(row.action, "muted")
    return ((f"{row.action.lower():<4}", tone), (confidence, "muted"))


def _direction(value: float) -> str:
    return "up" if value > 0 else "down" if value < 0 else "muted"
