"""Frozen facts. The account is the fold of these and of nothing else.

Every event carries `seq` (the account's own sequence, gapless, from 1) and `time` (market
milliseconds).  `to_record` and `from_record` turn one into plain JSON values and back, exactly:
Decimals travel as text.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.execution import Execution
from papertrader_tui.domain.money import ZERO
from papertrader_tui.domain.orders import Order, Origin, Side
from papertrader_tui.domain.outcomes import Outcome


class Fidelity(StrEnum):
    """How good the estimate of a swap's costs is."""

    POOL = "pool"  # the pool's own arithmetic on its own state
    LIQUIDITY = "liquidity"  # constant product on the token's liquidity
    FLAT = "flat"  # nothing known of the pool: a flat fee, no impact


class KillMode(StrEnum):
    """Settings of the kill switch."""

    OFF = "off"
    PAUSE = "pause"  # no new entries; exits and resting orders go on
    REDUCE_ONLY = "reduce"  # exits only; resting entries are cancelled
    FLATTEN = "flatten"  # close everything, then pause


@dataclass(frozen=True, slots=True)
class Event:
    """Common to all facts."""

    seq: int
    time: int


@dataclass(frozen=True, slots=True)
class AccountOpened(Event):
    """The first fact of an account."""

    name: str
    market: str  # demo, tape or live
    cash: Decimal
    seed: int
    program: str


@dataclass(frozen=True, slots=True)
class SessionStarted(Event):
    """The desk was (re)started: market state and indicators begin anew from history.

    Attributes:
        program: Version that runs it.
        detail: Of the market, in words.
        settings: What was set outside the account and decides what it does, as JSON: limits.
    """

    program: str
    detail: str
    settings: str = "{}"


@dataclass(frozen=True, slots=True)
class OrderAccepted(Event):
    """An order entered the book. `warnings` are rules that only advise a person."""

    order: Order
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderRejected(Event):
    """An order was refused; `rule` names the check and `reason` says it in words."""

    client_id: str
    token: str
    side: Side
    origin: Origin
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderSubmitted(Event):
    """An order was sent to the chain on a quote.

    Attributes:
        lands_at: Market milliseconds at which its block is expected.
        lands_block: Block it is the first transaction of; 0 where it lands by time.
    """

    order_id: str
    attempt: int
    lands_at: int
    quote_price: Decimal
    quote_source: str
    quote_time: int
    expected: Decimal
    bound: Decimal
    tolerance_bps: int
    high: Decimal | None = None
    lands_block: int = 0


@dataclass(frozen=True, slots=True)
class OrderActivated(Event):
    """A bracket's exit began to work, for the quantity that its entry filled."""

    order_id: str
    quantity: Decimal
    high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """An order was taken back, by a person or by a rule that `reason` names."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderExpired(Event):
    """An order reached the end of its time."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Filled(Event):
    """A swap was mined. All dollar amounts are USDC.

    Attributes:
        quantity: Tokens received (buy) or sold (sell).
        cash: USDC spent (buy) or received (sell), gas not included.
        reference_price: Price of the landing block before the swap, which costs are measured
            against.
        price: cash / quantity to 18 significant digits.
        drift: What the price moved between quote and landing, in dollars, positive if it cost:
            (reference - quote) x quantity for a buy, (quote - reference) x quantity for a sale.
        lp_fee, impact, gas: Cost split; lp_fee + impact + mev = |cash - quantity x reference|.
        gas_units, gas_price_wei, l1_fee_wei, native_usd: What the gas is made of.
        cost: Sale: the cost of what was sold (weighted average). Buy: quantity x reference.
        realized: Sale: quantity x reference - cost, gross of costs; 0 for a buy.
        mev: What a sandwich took.
        execution: The pools it went through; None for an estimate.
    """

    order_id: str
    token: str
    symbol: str
    side: Side
    origin: Origin
    quantity: Decimal
    cash: Decimal
    price: Decimal
    reference_price: Decimal
    reference_source: str
    drift: Decimal
    lp_fee: Decimal
    impact: Decimal
    gas: Decimal
    gas_units: int
    gas_price_wei: int
    l1_fee_wei: int
    native_usd: Decimal
    gas_source: str
    fidelity: Fidelity
    cost: Decimal
    realized: Decimal
    decision: str | None = None
    mev: Decimal = ZERO
    execution: Execution | None = None


@dataclass(frozen=True, slots=True)
class Reverted(Event):
    """A swap was mined and reverted below its bound: nothing moved, the gas is gone.

    Attributes:
        price: Price that was refused, as the swap would have paid it.
        final: False where the order goes on (a stop retries, a limit rests again).
        again: State it goes on in, `working` or `submitted`; `reverted` where final.
    """

    order_id: str
    token: str
    symbol: str
    side: Side
    origin: Origin
    price: Decimal
    reference_price: Decimal
    reference_source: str
    drift: Decimal
    gas: Decimal
    gas_units: int
    gas_price_wei: int
    l1_fee_wei: int
    native_usd: Decimal
    gas_source: str
    fidelity: Fidelity
    reason: str
    again: str


@dataclass(frozen=True, slots=True)
class NotIncluded(Event):
    """A protected relay left out a swap that would have reverted: nothing moved, nothing is paid.

    Attributes:
        block: The block it was meant for.
        again: State it goes on in, `working` or `submitted`; `cancelled` where it ends.
    """

    order_id: str
    token: str
    symbol: str
    side: Side
    origin: Origin
    block: int
    reason: str
    again: str


@dataclass(frozen=True, slots=True)
class PositionChanged(Event):
    """A position after a fill: derived, kept so that a log can be read without folding.

    Attributes:
        cost: Total cost of the holding at reference prices (gross of costs).
        realized: Of this position since it was opened, gross.
        costs: LP fees, impact, MEV and gas paid on it since it was opened.
    """

    token: str
    symbol: str
    quantity: Decimal
    cost: Decimal
    mark: Decimal
    realized: Decimal
    costs: Decimal


@dataclass(frozen=True, slots=True)
class Decided(Event):
    """A decision that is kept."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class Scored(Event):
    """What became of earlier decisions about a token, known at this price."""

    token: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class GateTripped(Event):
    """An account gate closed. `until` is when it opens by itself; None needs a person."""

    gate: str
    reason: str
    until: int | None


@dataclass(frozen=True, slots=True)
class GateCleared(Event):
    """An account gate opened again, `by` time, day or a person."""

    gate: str
    by: str


@dataclass(frozen=True, slots=True)
class BotSwitched(Event):
    """The auto-trader was switched on or off."""

    on: bool


@dataclass(frozen=True, slots=True)
class LevelChanged(Event):
    """The intelligence dial was turned."""

    level: int
    name: str


@dataclass(frozen=True, slots=True)
class KillSwitched(Event):
    """The kill switch was set."""

    mode: KillMode


@dataclass(frozen=True, slots=True)
class GatesSwitched(Event):
    """Account gates were switched off for an experiment, or on again."""

    on: bool


@dataclass(frozen=True, slots=True)
class WatchChanged(Event):
    """A token entered or left the watchlist."""

    token: str
    on: bool


@dataclass(frozen=True, slots=True)
class Alerted(Event):
    """Something a person should know: `severity` is info, warning or error."""

    severity: str
    text: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class AccountMarked(Event):
    """The account at one moment: the equity curve. All in USDC, exact.

    cash + holdings = initial + realized + unrealized - lp_fees - impact - mev - gas, always.

    Attributes:
        liquidation: Cash and what the holdings would bring if all were sold now, after LP fee,
            impact and gas; None where that was not worked out.
    """

    initial: Decimal
    equity: Decimal
    cash: Decimal
    holdings: Decimal
    realized: Decimal
    unrealized: Decimal
    lp_fees: Decimal
    impact: Decimal
    gas: Decimal
    exposure: Decimal
    trades: int
    decisions: int
    reconciled: bool
    mev: Decimal = ZERO
    liquidation: Decimal | None = None


KINDS: dict[str, type[Event]] = {
    cls.__name__: cls
    for cls in (
        AccountOpened,
        SessionStarted,
        OrderAccepted,
        OrderRejected,
        OrderSubmitted,
        OrderActivated,
        OrderCancelled,
        OrderExpired,
        Filled,
        Reverted,
        NotIncluded,
        PositionChanged,
        Decided,
        Scored,
        GateTripped,
        GateCleared,
        BotSwitched,
        LevelChanged,
        KillSwitched,
        GatesSwitched,
        WatchChanged,
        Alerted,
        AccountMarked,
    )
}

Plain = dict[str, Any]


def to_plain(value: Any) -> Any:
    """A value of this domain as JSON values: Decimals as text, dataclasses as objects."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return [to_plain(v) for v in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {n: to_plain(getattr(value, n)) for n in _names(type(value))}
    return value


def to_record(event: Event) -> Plain:
    """An event's fields as JSON values, without its kind, seq and time."""
    names = (n for n in _event_names(event) if n not in ("seq", "time"))
    return {n: to_plain(getattr(event, n)) for n in names}


def _event_names(event: Event) -> tuple[str, ...]:
    kind: Any = type(event)  # a class hashes, whatever its instances do
    return _names(kind)


def from_record(kind: str, seq: int, time: int, record: Plain) -> Event:
    """The event that `to_record` came from.

    Raises:
        KeyError: the kind is unknown.
        ValueError, TypeError: a field does not fit.
    """
    cls = KINDS[kind]
    return typing.cast(Event, from_plain(cls, {**record, "seq": seq, "time": time}))


@cache
def _names(cls: Hashable) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(typing.cast(Any, cls)))


@cache
def _hints(cls: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def from_plain(hint: Any, value: Any) -> Any:
    """A value of the type `hint` from what `to_plain` made of it."""
    if value is None:
        return None
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [h for h in typing.get_args(hint) if h is not type(None)]
        return from_plain(inner[0], value)
    if origin in (tuple, Sequence):
        item = typing.get_args(hint)[0]
        return tuple(from_plain(item, v) for v in value)
    if hint is Decimal:
        return Decimal(value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(**{n: from_plain(hints[n], v) for n, v in value.items() if n in hints})
    return value
