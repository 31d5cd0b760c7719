"""The few things that the engine needs from outside, as Protocols.

`bootstrap` plugs real objects in; tests plug in others.  Nothing else may ask what it was given.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from papertrader_tui.domain.commands import Command
from papertrader_tui.domain.events import Event
from papertrader_tui.domain.market import Candle, MarketInput
from papertrader_tui.domain.search import Candidate, SearchResult
from papertrader_tui.domain.tokens import Registry, Token, TokenId
from papertrader_tui.engine.snapshot import FeedHealth, Preview, Snapshot

if TYPE_CHECKING:  # not needed before anyone asks for it, and so not for the first frame
    from papertrader_tui.domain.performance import Report


@dataclass(frozen=True, slots=True)
class MarketInfo:
    """What a market is, for labels and for the account it belongs to.

    Attributes:
        kind: `demo`, `tape` or `live`: the kind of account that it may feed.
        badge: What every screen shows: `DEMO`, `TAPE`, `LIVE`.
        detail: One line: tokens, seed, file.
        notice: A sentence to show while it is true, or "".
        identity: What identifies its prices (`demo:7:1`, a file's SHA-256): an account goes on
            only with the market it began with.
        interval: Usual milliseconds between two prices of one token, 0 if unknown.
        gas_note: Where gas prices come from.
        keeps_prices: Its prices go into the account's price history; not where a file that the
            person has is that history already.
        feed: Health of its price sources now, None where it has none.
        keeps_inputs: All that it says is kept word for word: nobody could ask for it again.
    """

    kind: str
    badge: str
    detail: str
    notice: str
    identity: str
    interval: int
    gas_note: str
    keeps_prices: bool = True
    feed: FeedHealth | None = None
    keeps_inputs: bool = False


class Market(Protocol):
    """A source of market inputs with a clock of its own.

    A market is opened at a cursor (0, or what `cursor` returned when the account was last
    used), hands over history first, then its inputs in time order.
    """

    @property
    def info(self) -> MarketInfo:
        """What it is."""
        ...

    @property
    def registry(self) -> Registry:
        """Chains and tokens that it may speak of."""
        ...

    @property
    def watchlist(self) -> Sequence[TokenId]:
        """Tokens a new account watches."""
        ...

    @property
    def cursor(self) -> int:
        """How many inputs have been handed over since the market's beginning."""
        ...

    @property
    def speed(self) -> float | None:
        """Market seconds per second; None is as fast as possible."""
        ...

    def set_speed(self, speed: float | None) -> bool:
        """Go on at another speed from now; False where the market has only its own.

        Raises:
            ValueError: the speed is not above zero.
        """
        ...

    @property
    def progress(self) -> float | None:
        """Fraction played, for a market that has an end."""
        ...

    def now(self) -> int:
        """Market milliseconds now: never less than the time of the last input handed over."""
        ...

    def warm(self) -> Iterable[MarketInput]:
        """History, depth, gas and last prices as they stand at the cursor.

        The desk learns from them what the market is like, and acts on none of them.
        """
        ...

    def batches(self, until: int | None = None) -> AsyncIterator[Sequence[MarketInput]]:
        """Inputs in time order.

        Each batch is what became known together (or, as fast as possible, a run of such).  Ends
        when the market ends, or exactly before the first input that is later than `until`, which
        is then not counted in the cursor either.
        """
        ...


class NotStarted(RuntimeError):
    """A desk cannot start at all; nothing was stored. Says why, and what to do."""


class JournalError(RuntimeError):
    """A fact could not be stored; what was acknowledged before is kept. Says what to do."""


class Journal(Protocol):
    """Where facts are kept. One call is one durable transaction."""

    async def append(
        self,
        events: Sequence[Event],
        *,
        inputs: Sequence[tuple[int, int, Command]],
        checkpoint: str,
        cursor: int,
        durable: bool,
    ) -> None:
        """Store events, the commands that caused them, and a checkpoint of high-water marks.

        Args:
            events: In order of their sequence.
            inputs: Commands as (cursor, time, command).
            checkpoint: JSON.
            cursor: Of the market, after what led to the events.
            durable: False where nothing in it is an account fact (a decision that orders
                nothing), so that it may be batched.

        Raises:
            JournalError: nothing of this was kept; no more can be written.
        """
        ...

    async def record(self, quotes: Sequence[tuple[TokenId, int, Decimal, float]]) -> None:
        """Keep prices (token, time, price, volume), for charts; may be batched."""
        ...

    async def record_inputs(
        self, inputs: Sequence[MarketInput], cursor: int, *, warm: bool = False
    ) -> None:
        """Keep what the market handed over, word for word; may be batched.

        Args:
            inputs: In order.
            cursor: Of the market after the last of them.
            warm: They were there before the session began; the cursor did not move.
        """
        ...

    async def close(self) -> None:
        """Write what is buffered, and let go of the file."""
        ...


class Desk(Protocol):
    """What a front end is handed: the running kernel, and nothing of what is behind it."""

    async def run(self) -> None:
        """Step inputs until the market ends or `stop` is called.

        Raises:
            JournalError: the store failed; everything acknowledged before is kept.
        """
        ...

    def stop(self) -> None:
        """Finish the step in hand, write, mark the account and return from `run`."""
        ...

    async def submit(self, command: Command) -> Sequence[Event]:
        """Step a command; returns its events once they are stored."""
        ...

    def snapshot(self) -> Snapshot:
        """The stored state now; the same object until something changes."""
        ...

    def preview(self, command: Command) -> Preview | None:
        """What an order would cost now; None before the token's first price."""
        ...

    def candles(self, token: TokenId, interval: int, limit: int) -> Sequence[Candle]:
        """The last candles of a token, oldest first, the one that is forming included."""
        ...

    def fills(self, token: TokenId) -> Sequence[Event]:
        """Fills and reverts of a token, oldest first, for marks on a chart."""
        ...

    def subscribe(self, listener: Callable[[Sequence[Event]], None]) -> Callable[[], None]:
        """Call `listener` with every batch of stored events, in order; returns unsubscribe."""
        ...

    @property
    def latest(self) -> dict[TokenId, tuple[Decimal, int]]:
        """The newest price and its time per token: conflated, for display only."""
        ...

    @property
    def tokens(self) -> Collection[Token]:
        """Every token that the market can price, watched or not."""
        ...

    def set_speed(self, speed: float | None) -> bool:
        """Play the market at another speed, None for as fast as possible; False if it has one."""
        ...


class Judge(Protocol):
    """Tells how an account has done, by what is stored of it."""

    async def __call__(self, account: str) -> Report:
        """The whole of an account, by name.

        Raises:
            Exception: it cannot be read; says why, and what to do.
        """
        ...


class TokenSearch(Protocol):
    """Finds tokens beyond those that a desk knows, and lets it know them."""

    @property
    def open(self) -> bool:
        """Anyone can be asked now: a demo or a tape has its own tokens only."""
        ...

    async def search(self, text: str, told: Callable[[SearchResult], None]) -> SearchResult:
        """Tokens for a symbol, `symbol@chain`, a name or `chain:address`; known ones among them.

        `told` is handed what there is while sources are still being waited for.
        """
        ...

    async def add(self, candidate: Candidate) -> Token:
        """Keep a token for good: from now on the desk knows it, and so it does the next time.

        Raises:
            Exception: it cannot be added; says why, and what to do.
        """
        ...
