"""What the intelligence engine concluded, and everything it concluded it from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Action(StrEnum):
    """What a decision says to do."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"
    SKIP = "SKIP"


# Dozens of the next two are made for every decision that is kept, and a frozen dataclass takes
# three times as long to make: treat them as immutable all the same.


@dataclass(slots=True, unsafe_hash=True)
class FactorInput:
    """One value that a factor looked at, with where it came from and how old it was."""

    name: str
    value: str
    source: str
    age_ms: int


@dataclass(slots=True, unsafe_hash=True)
class Factor:
    """One factor's part in a score.

    Attributes:
        of: Which score it contributes to: `risk`, `opportunity` or `confidence`.
        score: 0 to 100, two decimals.
        weight: Its share of the score in percent after missing factors were left out, so that
            the weights of one score sum to 100.
        contribution: score x weight / 100 rounded to 0.01; contributions sum to the score.
        sentence: The same in words.
    """

    name: str
    of: str
    score: Decimal
    weight: Decimal
    contribution: Decimal
    sentence: str
    inputs: tuple[FactorInput, ...] = ()


@dataclass(slots=True, unsafe_hash=True)
class Check:
    """One condition that a decision was held against, and how near it was.

    Attributes:
        of: `entry` (has to hold for a buy), `exit` (ends a position where it is reached) or
            `account` (a gate that forbids entries while it is closed).
        name: What is looked at (`confidence`).
        value, limit: In words (`71.20`, `at least 65`); a gate's value names its limit itself.
            The value is None where it cannot be told.
        used: Part of the limit that is used up, 0 to 9.999; 1 or more is at it. None likewise.
        hit: It applied: it forbade the entry, or called for the exit.
    """

    of: str
    name: str
    value: str | None
    limit: str
    used: float | None
    hit: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one token, stored whole.

    Attributes:
        id: From the account's own sequence, `d17`.
        time: Market milliseconds.
        token: Token id.
        confidence, risk, opportunity: 0 to 100, two decimals; each is exactly the sum of the
            contributions of its factors.
        level, level_name: The dial, and the profile that was in force (`5`, `Balanced`).
        size_usd: What it orders, in USDC; 0 where it orders nothing.
        rule: Id of the rule that decided, as in docs/intelligence.md (`entry.cost`).
        reason: The rule's verdict in words.
        missing: Names of factors and inputs that were not to be had.
        repeats: How many identical decisions it stands for, itself included.
        price, source, price_age_ms: The quote that it was decided on.
        stop, targets: Planned exits of a BUY, as prices.
        quantity: Of a SELL: how much is to be sold.
        checks: Every condition of an entry or of an exit, whichever was asked for, and the
            account's gates.
        round_trip: What buying and selling again costs, as a fraction of the size it orders or
            would have ordered; None while a position is open.
        expected_move: How far the price was expected to move in four hours, as a fraction; None
            where that cannot be told.
    """

    id: str
    time: int
    token: str
    action: Action
    confidence: Decimal
    risk: Decimal
    opportunity: Decimal
    level: int
    level_name: str
    size_usd: Decimal
    rule: str
    reason: str
    price: Decimal
    source: str
    price_age_ms: int
    factors: Sequence[Factor] = ()
    missing: tuple[str, ...] = ()
    repeats: int = 1
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    quantity: Decimal = Decimal(0)
    checks: Sequence[Check] = ()
    round_trip: Decimal | None = None
    expected_move: Decimal | None = None
