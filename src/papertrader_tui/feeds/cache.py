"""What every source said last about every token, and what it is known not to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from papertrader_tui.domain.money import MAX_PRICE, MIN_PRICE
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.feeds.source import SourcePrice
from papertrader_tui.feeds.trust import weigh
from papertrader_tui.feeds.trusted import NO_MEMORY, Memory, Said, Trusted

#: Milliseconds after which a source is asked again about a token that it did not know.
UNKNOWN_MS = 600_000


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What weighing has to know of a source."""

    name: str
    witness: str
    stale_ms: int | None


class Cache:
    """Last answers, and the price that follows from them.

    Args:
        sources: In order of preference.
        ttl: Milliseconds that an answer counts as new.
    """

    def __init__(self, sources: Sequence[SourceFacts], ttl: int) -> None:
        self._sources = sources
        self._facts = {facts.name: facts for facts in sources}
        self._ttl = ttl
        self._said: dict[TokenId, dict[str, SourcePrice]] = {}
        self._unknown: dict[tuple[str, TokenId], int] = {}
        self._memory: dict[TokenId, Memory] = {}
        #: result of the last weighing, and in what span another would come to the same
        self._weighed: dict[TokenId, tuple[Trusted | None, int, int]] = {}

    def put(self, source: str, answer: SourcePrice, now: int) -> bool:
        """Keep an answer, unless it is unusable or a newer one came before it.

        Returns:
            Whether there is a fresh price in it: a source may repeat what it saw long ago.
        """
        if not answer.price.is_finite() or not MIN_PRICE <= answer.price <= MAX_PRICE:
            return False
        said = self._said.setdefault(answer.token, {})
        before = said.get(source)
        # one from the future is from before the clock was set back
        if before is not None and answer.fetched < before.fetched <= now:
            return False
        said[source] = answer
        self._weighed.pop(answer.token, None)
        self._unknown.pop((source, answer.token), None)
        return self.fresh(source, answer, now)

    def fresh(self, source: str, answer: SourcePrice, now: int) -> bool:
        """Is it new enough to be traded on?"""
        facts = self._facts[source]
        return now <= Said(source, facts.witness, answer, facts.stale_ms).fresh_until(self._ttl)

    def mark_unknown(self, source: str, token: TokenId, now: int) -> None:
        """The source has no price for it: others are asked for a while.

        One that has had a price is asked again with the next cycle: services are known to answer
        with nothing for a moment.
        """
        if source not in self._said.get(token, {}):
            self._unknown[source, token] = now + UNKNOWN_MS

    def knows(self, source: str, token: TokenId, now: int) -> bool:
        """Is the source worth asking?"""
        return now >= self._unknown.get((source, token), 0)

    def weigh(self, token: TokenId, now: int) -> Trusted | None:
        """The price as it stands now; None before the first answer."""
        known = self._weighed.get(token)
        if known is not None and known[1] <= now <= known[2]:
            return known[0]
        said = self._said.get(token, {})
        answers = [
            Said(facts.name, facts.witness, said[facts.name], facts.stale_ms)
            for facts in self._sources
            if facts.name in said
        ]
        trusted, memory = weigh(token, answers, now, self._ttl, self._memory.get(token, NO_MEMORY))
        self._memory[token] = memory
        ends = [end for s in answers if (end := s.fresh_until(self._ttl)) >= now]
        self._weighed[token] = trusted, now, min(ends, default=now)
        return trusted

    def forget(self, token: TokenId) -> None:
        """Nobody follows it any more."""
        self._said.pop(token, None)
        self._memory.pop(token, None)
        self._weighed.pop(token, None)
