"""Orders: what may be asked for, and the states that an order goes through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from papertrader_tui.domain.tokens import TokenId


class Side(StrEnum):
    """Buy with USDC, or sell for USDC."""

    BUY = "buy"
    SELL = "sell"


class Kind(StrEnum):
    """When an order goes to the market."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"


class SizeBy(StrEnum):
    """How a size is given: dollars, tokens, or percent (of the holding, or of free cash)."""

    NOTIONAL = "notional"
    QUANTITY = "quantity"
    PERCENT = "percent"


class Origin(StrEnum):
    """Who asked for it."""

    MANUAL = "manual"
    BOT = "bot"
    EXIT = "exit"


class Status(StrEnum):
    """States of an order; see `TRANSITIONS`."""

    HELD = "held"  # a bracket's exit, waiting for its entry to fill
    WORKING = "working"  # resting, waiting for its trigger
    SUBMITTED = "submitted"  # sent, waiting for the block it lands in
    FILLED = "filled"
    REVERTED = "reverted"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def final(self) -> bool:
        """Nothing happens to it any more."""
        return not TRANSITIONS[self]


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.HELD: frozenset({Status.WORKING, Status.CANCELLED, Status.EXPIRED}),
    Status.WORKING: frozenset({Status.SUBMITTED, Status.CANCELLED, Status.EXPIRED}),
    # back to WORKING: a limit or target that reverted rests again; SUBMITTED again: a stop
    # that reverted was sent once more with a wider tolerance
    Status.SUBMITTED: frozenset(
        {Status.SUBMITTED, Status.WORKING, Status.FILLED, Status.REVERTED, Status.CANCELLED}
    ),
    Status.FILLED: frozenset(),
    Status.REVERTED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.EXPIRED: frozenset(),
}


class IllegalTransition(RuntimeError):
    """An order was moved between two states that no order moves between: a bug, never input."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as it is asked for, by a person, the bot or an exit rule.

    Attributes:
        client_id: Chosen by the asker; the same id submitted twice is one order.
        size_by, size: `notional` 500 (dollars), `quantity` 0.25 (tokens) or `percent` 50 (of
            the holding for a sale, of free cash for a buy).
        price: Limit price or trigger price; None for market and trailing orders.
        trail_bps: Distance of a trailing stop from the highest price seen, in basis points.
        tolerance_bps: Slippage tolerance, counted from the quote at submission.
        good_until: Market milliseconds after which it expires; None is good-till-cancelled.
        stop, target: Prices of the exits of a bracket (a buy with both or one of them).
        decision: Id of the bot's decision behind it.
        insist: A sale that has to get out: when it reverts it is sent again with a wider
            tolerance, like a stop.
    """

    client_id: str
    token: TokenId
    side: Side
    size_by: SizeBy
    size: Decimal
    kind: Kind = Kind.MARKET
    price: Decimal | None = None
    trail_bps: int | None = None
    tolerance_bps: int = 50
    good_until: int | None = None
    stop: Decimal | None = None
    target: Decimal | None = None
    origin: Origin = Origin.MANUAL
    decision: str | None = None
    insist: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An accepted order and where it stands.

    Attributes:
        id: From the account's own sequence, `o12`.
        notional: USDC to spend (a buy by notional or percent), else None.
        quantity: Tokens to sell, or to receive exactly (a buy by quantity), else None.
        group: Orders of one bracket share it; when one exit fills the others are cancelled.
        parent: Entry order that this exit waits for.
        status, reason: State, and why it ended where it did.
        attempts: How often it was sent to the chain.
        quote_price, quote_source, quote_time: The quote it was last submitted on.
        lands_at: Market milliseconds of the block it lands in while SUBMITTED.
        lands_block: That block, 0 where it lands by time.
        expected, bound: What the quote promised and the worst that is accepted: tokens or USDC
            out; for a buy by quantity USDC in, so that the bound is a maximum.
        tolerance_bps: In force now (a stop widens it when it reverts).
        high: Highest price seen, for a trailing stop.
    """

    id: str
    client_id: str
    time: int
    token: TokenId
    side: Side
    kind: Kind
    origin: Origin
    size_by: SizeBy
    size: Decimal
    notional: Decimal | None
    quantity: Decimal | None
    tolerance_bps: int
    price: Decimal | None = None
    trail_bps: int | None = None
    good_until: int | None = None
    group: str | None = None
    parent: str | None = None
    decision: str | None = None
    status: Status = Status.WORKING
    reason: str = ""
    attempts: int = 0
    quote_price: Decimal | None = None
    quote_source: str = ""
    quote_time: int = 0
    lands_at: int | None = None
    expected: Decimal | None = None
    bound: Decimal | None = None
    high: Decimal | None = None
    insist: bool = False
    lands_block: int = 0

    def to(self, status: Status, **changes: object) -> Order:
        """This order in another state.

        Raises:
            IllegalTransition: no order moves from its state to that one.
        """
        if status not in TRANSITIONS[self.status]:
            msg = f"order {self.id} cannot go from {self.status} to {status}"
            raise IllegalTransition(msg)
        return replace(self, status=status, **changes)  # type: ignore[arg-type]

    @property
    def open(self) -> bool:
        """Not yet in a final state."""
        return not self.status.final

    @property
    def urgent(self) -> bool:
        """A sale that has to get out: a stop, or one that insists."""
        stop = self.kind in (Kind.STOP, Kind.TRAILING_STOP)
        return self.side is Side.SELL and (stop or self.insist)

    @property
    def exact_out(self) -> bool:
        """A buy by quantity: the tokens received are fixed and the USDC paid varies."""
        return self.side is Side.BUY and self.notional is None
