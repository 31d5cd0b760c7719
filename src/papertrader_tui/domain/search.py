"""What a search for a token found. Names in it come from outside and are sanitised already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class Candidate:
    """One token that may be meant.

    Attributes:
        token: Its decimals are -1 where nobody said.
        verified: It is bundled: its address is known from several independent lists.
        liquidity: Dollars of its deepest pool, None if nobody said.
        volume_24h, price: Dollars, of whoever knew that pool.
        sources: Who knows it; `bundled` and `added` are this program's own.
        warning: What to mind, "" if nothing.
    """

    token: Token
    verified: bool
    liquidity: Decimal | None = None
    volume_24h: Decimal | None = None
    price: Decimal | None = None
    sources: tuple[str, ...] = ()
    warning: str = ""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Candidates, the likeliest first.

    Attributes:
        failures: What went wrong, by source.
        asked: Sources that were asked.
        waiting: Those of them that have not answered yet.
    """

    candidates: tuple[Candidate, ...]
    failures: Mapping[str, str]
    asked: tuple[str, ...]
    waiting: tuple[str, ...] = ()

    @property
    def blind(self) -> bool:
        """Nobody answered who was asked."""
        return bool(self.asked) and len(self.failures) == len(self.asked)
