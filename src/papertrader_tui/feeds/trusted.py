"""A price with how far it is trusted, and what it was weighed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.feeds.source import SourcePrice


class Grade(StrEnum):
    """How far a price is trusted."""

    AGREED = "agreed"  # two witnesses or more, apart by 2 % at most
    SINGLE = "one witness"
    FLAGGED = "flagged"  # apart by more than 2 %
    DISPUTED = "disputed"  # apart by more than 5 %: no entries
    JUMP = "jump"  # one witness alone moved by more than 20 %: no entries yet
    STALE = "stale"  # nothing fresh: no trade at all

    @property
    def blocks(self) -> bool:
        """No entry may be made on it."""
        return self in (Grade.DISPUTED, Grade.JUMP, Grade.STALE)


@dataclass(frozen=True, slots=True)
class Said:
    """The last answer of one source about one token.

    Attributes:
        stale_ms: Age at which this source's own observation is too old; None: it has none.
    """

    source: str
    witness: str
    answer: SourcePrice
    stale_ms: int | None = None

    @property
    def price(self) -> Decimal:
        """In dollars."""
        return self.answer.price

    @property
    def seen(self) -> int:
        """When it was true as far as is known; a source's clock may be ahead of ours."""
        observed, fetched = self.answer.observed, self.answer.fetched
        return fetched if observed is None else min(observed, fetched)

    @property
    def pooled(self) -> bool:
        """One pool is behind it, where one could trade."""
        return bool(self.answer.pool) or self.answer.liquidity is not None

    def fresh_until(self, ttl: int) -> int:
        """When it goes stale: two TTLs after it was fetched, or by the source's own limit."""
        until = self.answer.fetched + 2 * ttl
        return until if self.stale_ms is None else min(until, self.seen + self.stale_ms)


@dataclass(frozen=True, slots=True)
class Run:
    """Answers in a row by which one source stands apart.

    Attributes:
        count: How many.
        first, last: When the first and the last of them were fetched.
        price: What the last one said.
        outvoted: It has come to so many that the source does not count.
    """

    count: int
    first: int
    last: int
    price: Decimal
    outvoted: bool = False


@dataclass(frozen=True, slots=True)
class Trusted:
    """One token's price, and how far it can be trusted.

    Attributes:
        source: Whose price it is; `a+b` where it is the middle of two.
        observed, fetched: Of the oldest answer in it.
        sources: All that had a fresh answer and count; `witnesses` of them are independent.
        spread: Highest to lowest of those, a fraction of the highest.
        fault: Why no entry may be made on it, "" if one may.
        note: What else there is to say (`flagged: …`, a source that was outvoted).
        exit_price: Where exits go while it is doubted; None: nowhere, or at `price` if there is
            no fault.
        exit_source: Whose that is.
        stale_at: When it goes stale if no newer answer comes.
        depth: The answer with the deepest pool, None if no pool is known.
    """

    token: TokenId
    price: Decimal
    grade: Grade
    source: str
    observed: int
    fetched: int
    sources: tuple[str, ...]
    witnesses: int
    spread: Decimal
    stale_at: int
    fault: str = ""
    note: str = ""
    exit_price: Decimal | None = None
    exit_source: str = ""
    depth: Said | None = None
    block: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """What the next weighing has to know of the ones before.

    Attributes:
        believed: The last price without a fault.
        last: The last result.
        jump: Answers in a row of a lone witness that jumped, and whose they are.
        apart: Per source, answers in a row that two others contradict.
        gross: Per source, answers in a row that fell by a jump where another witness saw none.
    """

    believed: Trusted | None = None
    last: Trusted | None = None
    jump: tuple[str, Run] | None = None
    apart: Mapping[str, Run] = field(default_factory=dict)
    gross: Mapping[str, Run] = field(default_factory=dict)


NO_MEMORY = Memory()
