"""What of the feed's health a person should know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from papertrader_tui.domain.tokens import Registry, TokenId


class AlertKind(StrEnum):
    """What an alert is about."""

    SOURCE_DOWN = "source down"
    LIMIT_NEAR = "limit near"
    HIT_RATE = "hit rate"
    STALE_TOKEN = "stale token"
    NO_PRICE = "no price"
    DISPUTED = "disputed"
    DEPEG = "depeg"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is so now; the same kind and subject are the same alert.

    Attributes:
        severity: `warning` or `error`.
        subject: A source's name, a token's id, or "" for the feed.
    """

    kind: AlertKind
    severity: str
    subject: str
    text: str

    @property
    def key(self) -> tuple[AlertKind, str]:
        """What it is about, whatever the words."""
        return self.kind, self.subject


class News:
    """Tells of each alert once: when it becomes so, and again only after it was not."""

    def __init__(self) -> None:
        self._known: dict[tuple[AlertKind, str], Alert] = {}

    def update(self, alerts: tuple[Alert, ...]) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
        """Those that are new, and those that are over."""
        now = {alert.key: alert for alert in alerts}
        new = tuple(alert for key, alert in now.items() if key not in self._known)
        over = tuple(alert for key, alert in self._known.items() if key not in now)
        self._known = now
        return new, over


#: Symbols of bundled tokens that are meant to be worth a dollar.
_DOLLARS = frozenset(
    {"USDC", "USDT", "DAI", "USDbC", "USDC.e", "USDe", "USDS", "GHO", "LUSD", "FRAX", "PYUSD"}
)


def dollar_tokens(registry: Registry) -> frozenset[TokenId]:
    """The tokens of a registry of bundled ones that are meant to be worth a dollar.

    A token that somebody added may call itself USDC: hand in what is bundled only.
    """
    return frozenset(token.id for token in registry.tokens.values() if token.symbol in _DOLLARS)
