"""One cycle of the feed: which sources are asked about which tokens, round by round."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds.asking import Asker
from papertrader_tui.feeds.cache import Cache
from papertrader_tui.feeds.feed_settings import FeedSettings
from papertrader_tui.feeds.planning import Need, plan
from papertrader_tui.feeds.policy import Clock
from papertrader_tui.feeds.source import Answer

_log = logging.getLogger(__name__)

#: Witnesses heard about a token in each cycle, and about one whose price is doubted.
WITNESSES, DOUBTED_WITNESSES = 2, 3

_Asked = Mapping[asyncio.Task[Answer | None], tuple[Asker, list[Token]]]


class Cycle:
    """Asks, and keeps what is answered.

    Args:
        askers: By source name, in order of preference.
        cache: Where answers go.
        tokens: The tokens followed, by id; changes as they do.
        settings: See `FeedSettings`.
        wall: Market milliseconds.
        clock: Monotonic seconds.
        publish: Called with each token once everything about it was heard, and again for an
            answer that came too late for that.

    Attributes:
        answered: Set by the first price of any source.
    """

    def __init__(
        self,
        askers: Mapping[str, Asker],
        cache: Cache,
        tokens: Mapping[TokenId, Token],
        settings: FeedSettings,
        wall: Callable[[], int],
        clock: Clock,
        publish: Callable[[TokenId], None],
    ) -> None:
        self._askers, self._cache, self._tokens = askers, cache, tokens
        self._settings, self._wall, self._clock = settings, wall, clock
        self._publish = publish
        self._late: set[asyncio.Task[Answer | None]] = set()
        self._sent: set[str] = set()  # sources that were asked, ever
        self._first: asyncio.Task[None] | None = None
        self.answered = asyncio.Event()

    async def close(self) -> None:
        """Call off what has not answered yet."""
        tasks = [*self._late, *([self._first] if self._first is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self, tokens: Sequence[TokenId]) -> None:
        """Ask about tokens, round by round, until each has its witnesses or no one is left."""
        end = self._clock() + self._settings.deadline
        needs = {token: Need(self._wanted(token)) for token in tokens}
        if self._first is None:
            self._first = asyncio.create_task(self._ask_others(tokens))
        while self._clock() < end:
            rounds = self._round(needs)
            if not rounds:
                break
            asked = self._send(rounds, end)
            if asked:
                await self._hear(asked, needs, end)
            for token, need in needs.items():
                need.wanted = max(need.wanted, self._wanted(token))
        for token in tokens:
            self._publish(token)

    async def _ask_others(self, tokens: Sequence[TokenId]) -> None:
        """Where nobody has answered after a third of the patience: ask all others at once.

        Whether there are prices at all is decided in the first seconds, and rounds ask the next
        source only when those before it have had their time.
        """
        await asyncio.sleep(self._settings.patience / 3.0)
        if self.answered.is_set():
            return
        others = [name for name in self._askers if name not in self._sent]
        await self.everybody(tokens, others)

    async def everybody(
        self, tokens: Sequence[TokenId], names: Iterable[str] | None = None
    ) -> None:
        """Ask these sources, or all, about tokens at once, and wait for what they answer."""
        end = self._clock() + self._settings.deadline
        followed = [self._tokens[token] for token in tokens if token in self._tokens]
        wanted = set(self._askers if names is None else names)
        rounds = {
            name: [one.id for one in followed if asker.source.covers(one)]
            for name, asker in self._askers.items()
            if name in wanted and asker.ready()
        }
        asked = self._send({name: ids for name, ids in rounds.items() if ids}, end)
        if asked:
            await self._hear(asked, {token: Need(0) for token in tokens}, end)
            for token in tokens:
                self._publish(token)

    def _wanted(self, token: TokenId) -> int:
        trusted = self._cache.weigh(token, self._wall())
        doubted = trusted is not None and (trusted.fault or trusted.note)
        return DOUBTED_WITNESSES if doubted else WITNESSES

    def _round(self, needs: Mapping[TokenId, Need]) -> dict[str, list[TokenId]]:
        now = self._wall()
        ready = {name for name, asker in self._askers.items() if asker.ready()}
        order = sorted(self._askers.values(), key=lambda asker: asker.slow())

        def may_ask(source: str, token: TokenId) -> bool:
            if source not in ready or not self._cache.knows(source, token, now):
                return False
            followed = self._tokens.get(token)
            return followed is not None and self._askers[source].source.covers(followed)

        names = [(asker.source.name, asker.source.witness) for asker in order]
        found = plan(needs.items(), names, may_ask)
        for source, tokens in found.items():
            for token in tokens:
                needs[token].asked.add(source)
        return found

    def _send(
        self, rounds: Mapping[str, Sequence[TokenId]], end: float
    ) -> dict[asyncio.Task[Answer | None], tuple[Asker, list[Token]]]:
        asked = {}
        for name, ids in rounds.items():
            asker = self._askers[name]
            for batch in asker.source.batches([self._tokens[i] for i in ids]):
                task = asker.prices(batch, end)
                if task is not None:
                    self._sent.add(name)
                    asked[task] = (asker, batch)
        return asked

    async def _hear(
        self,
        asked: Mapping[asyncio.Task[Answer | None], tuple[Asker, list[Token]]],
        needs: Mapping[TokenId, Need],
        end: float,
    ) -> None:
        """Take in what comes within the patience; what comes later is published by itself."""
        until = min(self._clock() + self._settings.patience, end)
        waiting = set(asked)
        try:
            while waiting:
                left = max(0.0, until - self._clock())
                done, waiting = await asyncio.wait(
                    waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    break
                # whether anyone answers must not wait for one that hangs; prices do, so that
                # none is weighed against what the other said a cycle ago
                for task in done:
                    self._note(asked[task][0], task.result())
        except asyncio.CancelledError:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            raise
        for task in asked.keys() - waiting:
            asker, batch = asked[task]
            for token in self._absorb(asker, batch, task.result()):
                needs[token].heard.add(asker.source.witness)
        for task in waiting:
            asker, batch = asked[task]
            asker.was_slow()
            self._late.add(task)
            task.add_done_callback(partial(self._come_late, asker, batch))

    def _note(self, asker: Asker, answer: Answer | None) -> None:
        name, now = asker.source.name, self._wall()
        if answer and any(self._cache.fresh(name, one, now) for one in answer.prices.values()):
            self.answered.set()

    def _come_late(
        self, asker: Asker, batch: Sequence[Token], task: asyncio.Task[Answer | None]
    ) -> None:
        self._late.discard(task)
        if not task.cancelled():
            for token in self._absorb(asker, batch, task.result()):
                self._publish(token)

    def _absorb(self, asker: Asker, batch: Sequence[Token], answer: Answer | None) -> list[TokenId]:
        return [] if answer is None else self.hear(asker.source.name, batch, answer)

    def hear(self, name: str, batch: Sequence[Token], answer: Answer) -> list[TokenId]:
        """Keep a source's answer about some tokens; returns those that it has a price for."""
        now, priced = self._wall(), []
        # who knows none of several may have lost them all for a moment
        empty = len(batch) > 1 and not answer.prices and not answer.dropped
        for token in batch:
            said = answer.prices.get(token.id)
            if said is not None and self._cache.put(name, said, now):
                priced.append(token.id)
            elif token.id in answer.unknown and not empty:
                self._cache.mark_unknown(name, token.id, now)
            elif token.id in answer.dropped:
                _log.info("%s: %s dropped: %s", name, token.id, answer.dropped[token.id])
        if priced:
            self.answered.set()
        return priced
