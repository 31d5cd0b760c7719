"""An hour of 50 tokens and five sources: one down, one limited, one lying by 30 %, one slow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import pytest

from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds.monitor import SourceHealth
from papertrader_tui.feeds.service import PriceFeed
from papertrader_tui.feeds.source import Answer, Fault, SourceError
from papertrader_tui.feeds.trusted import Grade, Trusted
from tests.feedkit import FakeSource, Rig, clock, run, tokens

HOUR = 3_600
TOKENS = [*tokens(25), *tokens(25, "ethereum")]
#: As far from the truth a good price may be: it is up to a minute old in a market that moves.
NEAR = Decimal("0.03")


class World:
    """Random walks of about 0.1 % in 10 s."""

    def __init__(self, seed: int = 1) -> None:
        chance = Random(seed)
        self._paths: dict[TokenId, list[Decimal]] = {}
        for number, token in enumerate(TOKENS):
            price, path = 10.0 ** (number % 9 - 5), []
            for _ in range(HOUR // 10 + 60):
                path.append(Decimal(f"{price:.10g}"))
                price *= 1 + chance.gauss(0, 0.001)
            self._paths[token.id] = path

    def __call__(self, token: TokenId, at: float) -> Decimal:
        path = self._paths[token]
        return path[min(len(path) - 1, max(0, int(at // 10)))]

    def near(self, price: Decimal, token: TokenId, at: float) -> bool:
        return abs(price / self(token, at) - 1) <= NEAR


class Limited(FakeSource):
    """Answers once a minute, and says so."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self._answered: deque[float] = deque()

    async def prices(self, wanted: Sequence[Token]) -> Answer:
        while self._answered and self._answered[0] <= clock() - 60:
            self._answered.popleft()
        if self._answered:
            self.calls.append((clock(), tuple(t.id for t in wanted)))
            self.requests += 1
            raise SourceError(Fault.RATE_LIMITED, "429", retry_after=30, status=429)
        self._answered.append(clock())
        return await super().prices(wanted)


def five(world: Callable[[TokenId, float], Decimal], limited: str = "") -> dict[str, FakeSource]:
    """The five, as they are when all is well."""

    def make(name: str, **more: object) -> FakeSource:
        kind = Limited if name == limited else FakeSource
        return kind(name, world, **more)  # type: ignore[arg-type]

    made = [
        make("alchemy", per_minute=30, batch=25, networks=3, lag=10),
        make("coingecko", per_minute=10, batch=250, networks=5, lag=30, stale_ms=180_000,
             witness="coingecko"),
        make("dexscreener", per_minute=300, pooled=True),
        make("geckoterminal", per_minute=30, pooled=True, witness="coingecko"),
        make("defillama", per_minute=60, batch=200, networks=5, lag=45, stale_ms=600_000,
             witness="coingecko"),
    ]  # fmt: skip
    return {source.name: source for source in made}


@dataclass
class Hour:
    """What came of it."""

    sources: dict[str, FakeSource]
    health: dict[str, SourceHealth] = field(default_factory=dict)
    hit_rate: float | None = None
    stale: int = 0
    bad_entries: list[str] = field(default_factory=list)
    bad_exits: list[str] = field(default_factory=list)
    good: int = 0
    blocked: int = 0


def spend(liar: str, factor: str, since: int) -> Hour:
    """The hour, with everyone asking: console, bot and log."""
    world = World()
    sources = five(world, limited="coingecko")
    sources["geckoterminal"].error = SourceError(Fault.CONNECTION, "refused")
    sources["defillama"].took = 6.0
    result = Hour(sources)

    def judge(t: Trusted) -> None:
        at = clock()
        if not t.fault:
            result.good += 1
            if not world.near(t.price, t.token, at):
                result.bad_entries.append(f"{at:.0f} s: {t} truth {world(t.token, at)}")
            return
        result.blocked += 1
        if t.exit_price is not None and not world.near(t.exit_price, t.token, at):
            result.bad_exits.append(f"{at:.0f} s: {t} truth {world(t.token, at)}")

    async def asker(feed: PriceFeed, seconds: float) -> None:
        while clock() < HOUR:
            for token in TOKENS:
                await feed.price(token.id)
            await asyncio.sleep(seconds)

    async def story() -> None:
        rig = Rig(*sources.values())
        rig.feed.follow(TOKENS)
        rig.feed.subscribe(judge)
        async with rig:
            askers = [asyncio.create_task(asker(rig.feed, s)) for s in (10.0, 30.0, 60.0)]
            await asyncio.sleep(since)
            sources[liar].factor = Decimal(factor)
            await asyncio.gather(*askers)
            result.health = {h.source: h for h in rig.feed.health()}
            result.hit_rate = rig.feed.monitor.hit_rate()
            prices = [rig.feed.peek(token.id) for token in TOKENS]
            result.stale = sum(t is None or t.grade is Grade.STALE for t in prices)

    run(story)
    return result


@pytest.mark.parametrize("since", [0, 1_200])
@pytest.mark.parametrize("factor", ["0.7", "1.3"])
@pytest.mark.parametrize("liar", ["alchemy", "dexscreener"])
def test_no_bad_price_is_traded_and_the_budget_is_kept(liar: str, factor: str, since: int) -> None:
    hour = spend(liar, factor, since)
    assert hour.bad_entries == []
    assert hour.bad_exits == []
    assert hour.stale == 0
    # trading went on: most of what was told could be entered on
    assert hour.good > 5 * hour.blocked
    for name, source in hour.sources.items():
        assert source.per_minute() <= source.limits.per_minute, name
        # two cycles a minute, two networks, one batch each
        assert source.per_minute() <= 4, name
    calls = {h.source: h.calls for h in hour.health.values()}
    print(f"{liar} × {factor} from {since} s: hit rate {hour.hit_rate:.1%}, calls {calls}, "
          f"{hour.good} prices to enter on, {hour.blocked} not")  # fmt: skip
    assert hour.hit_rate is not None
    assert hour.hit_rate >= 0.95
    assert hour.blocked > 0
    assert hour.health["geckoterminal"].errors[Fault.CONNECTION] >= 3
    assert hour.health["coingecko"].errors[Fault.RATE_LIMITED] >= 1
