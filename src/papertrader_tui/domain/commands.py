"""What a person (or a script) can tell the desk to do. Commands are inputs like prices are."""

from __future__ import annotations

from dataclasses import dataclass

from papertrader_tui.domain.events import KillMode
from papertrader_tui.domain.orders import OrderRequest
from papertrader_tui.domain.tokens import TokenId


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Submit an order."""

    request: OrderRequest


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Take back an order that is not in flight, with the exits that hang on it."""

    order_id: str


@dataclass(frozen=True, slots=True)
class ClosePosition:
    """Cancel the resting sells of a token and sell all of it at market."""

    token: TokenId
    client_id: str
    tolerance_bps: int = 100


@dataclass(frozen=True, slots=True)
class SwitchBot:
    """Switch the auto-trader on or off."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetLevel:
    """Turn the intelligence dial, 1 to 10."""

    level: int


@dataclass(frozen=True, slots=True)
class SetKill:
    """Set the kill switch."""

    mode: KillMode


@dataclass(frozen=True, slots=True)
class SwitchGates:
    """Switch the account gates off (experiments) or on."""

    on: bool


@dataclass(frozen=True, slots=True)
class ResetGate:
    """Open a gate that waits for a person."""

    gate: str


@dataclass(frozen=True, slots=True)
class Watch:
    """Put a token on the watchlist, or take it off."""

    token: TokenId
    on: bool


@dataclass(frozen=True, slots=True)
class MarkAccount:
    """Record the account as it stands now (at the end of a session)."""


Command = (
    PlaceOrder
    | CancelOrder
    | ClosePosition
    | SwitchBot
    | SetLevel
    | SetKill
    | SwitchGates
    | ResetGate
    | Watch
    | MarkAccount
)
