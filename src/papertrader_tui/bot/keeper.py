"""Which decisions are kept: each that orders, each that is new, the others every 15 minutes."""

from __future__ import annotations

from typing import Any

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.market import MINUTE
from papertrader_tui.intel.decisions import Verdict

REPEAT_EVERY = 15 * MINUTE


class Keeper:
    """Counts repetitions per token; its state is in the token's market."""

    __slots__ = ()

    def passes(self, market: TokenMarket, level: int) -> bool:
        """Would one more decision like the last not be kept?"""
        last = market.last
        return (
            last is not None and last[2] == level and market.time - market.last_kept < REPEAT_EVERY
        )

    def count(self, market: TokenMarket, verdict: Verdict, level: int) -> int:
        """How many decisions this one stands for if it is to be kept now, else 0."""
        last = market.last
        same = (
            last is not None
            and last[1] == verdict.rule
            and last[2] == level
            and last[0] == verdict.action
        )
        if same:
            market.repeats += 1
            if market.time - market.last_kept < REPEAT_EVERY:
                return 0
            repeats = market.repeats
        else:
            market.last = (verdict.action, verdict.rule, level)
            repeats = 1
        market.repeats = 0
        market.last_kept = market.time
        return repeats

    def ordered(self, market: TokenMarket, verdict: Verdict, level: int) -> None:
        """A decision that orders is kept, whatever came before."""
        market.last = (verdict.action, verdict.rule, level)
        market.last_kept = market.time
        market.repeats = 0

    @staticmethod
    def to_plain(market: TokenMarket) -> list[Any]:
        """Its state as JSON values."""
        return [market.next_decision, list(market.last or ()), market.last_kept, market.repeats]

    @staticmethod
    def from_plain(market: TokenMarket, state: list[Any]) -> None:
        """Take its state back in."""
        market.next_decision, last, market.last_kept, market.repeats = state
        market.last = (last[0], last[1], last[2]) if last else None
