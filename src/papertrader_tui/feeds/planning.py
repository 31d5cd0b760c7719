"""Which sources to ask about which tokens next. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from papertrader_tui.domain.tokens import TokenId


@dataclass(slots=True)
class Need:
    """How far one token has come in a cycle.

    Attributes:
        wanted: Independent witnesses to hear.
        asked: Sources asked in this cycle.
        heard: Witness words that answered.
    """

    wanted: int
    asked: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)


def plan(
    needs: Iterable[tuple[TokenId, Need]],
    order: Sequence[tuple[str, str]],
    may_ask: Callable[[str, TokenId], bool],
) -> dict[str, list[TokenId]]:
    """The next round of a cycle: tokens by source.

    A token is asked of the first source in order for each witness that it still lacks: at first
    of the primary and of one independent of it, later of those that follow where one failed.

    Args:
        needs: What each token still lacks.
        order: Sources with their witness words, in order of preference.
        may_ask: Is the source up, and does it know the token?
    """
    found: dict[str, list[TokenId]] = {}
    for token, need in needs:
        heard = set(need.heard)
        for source, witness in order:
            if len(heard) >= need.wanted:
                break
            if source in need.asked or witness in heard or not may_ask(source, token):
                continue
            heard.add(witness)
            found.setdefault(source, []).append(token)
    return found
