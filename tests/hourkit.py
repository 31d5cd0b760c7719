"""An hour of 50 tokens and five sources in trouble, and people and a bot that trade through it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import SetLevel, SwitchBot
from papertrader_tui.domain.decision import Action
from papertrader_tui.domain.market import DAY, MINUTE, Candle, History, MarketInput, Quote
from papertrader_tui.domain.orders import Kind, Side
from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds.monitor import SourceHealth
from papertrader_tui.feeds.source import Answer, Fault, SourceError
from papertrader_tui.feeds.trusted import Trusted
from tests.feedkit import START, FakeSource, clock, tokens, wall
from tests.livekit import LiveDesk

HOUR = 3_600
TOKENS = [*tokens(25), *tokens(25, "ethereum")]
STEP = 10
#: Seconds: the oldest that an honest answer may be. Two TTLs, the longest lag, and one more step.
OLDEST = 2 * 30 + 45 + STEP
#: Account gates wide enough that it is prices that decide.
WIDE = RiskLimits(
    daily_trades=10_000, loss_streak=100, cooldown_token_min=5, cooldown_any_min=0,
    max_open_positions=1_000,
)  # fmt: skip


class World:
    """Random walks of about 0.1 % in 10 s, and the day before in candles.

    Args:
        fall: From this second on every price loses 40 % in ten minutes.
    """

    def __init__(self, seed: int = 1, fall: float | None = None) -> None:
        chance = Random(seed)
        self._paths: dict[TokenId, list[Decimal]] = {}
        self._pasts: dict[TokenId, list[Candle]] = {}
        for number, token in enumerate(TOKENS):
            first = price = 10.0 ** (number % 9 - 5)
            path = []
            for step in range(HOUR // STEP + 60):
                lost = 0.0 if fall is None else min(max(0.0, (step * STEP - fall) / 600), 1.0)
                path.append(Decimal(f"{price * (1 - 0.4 * lost):.10g}"))
                price *= 1 + chance.gauss(0, 0.001)
            self._paths[token.id] = path
            self._pasts[token.id] = _past(first, chance)

    def __call__(self, token: TokenId, at: float) -> Decimal:
        path = self._paths[token]
        return path[min(len(path) - 1, max(0, int(at // STEP)))]

    def history(self) -> list[History]:
        """The day before, in candles of five minutes."""
        return [
            History(token, START, 5 * MINUTE, past, "test") for token, past in self._pasts.items()
        ]

    def honest(self, price: Decimal, token: TokenId, at: float) -> bool:
        """Could a source that does not lie have said that, at that second?"""
        first = max(0, int((at - OLDEST) // STEP))
        told = self._paths[token][first : int(at // STEP) + 1]
        return min(told) <= price <= max(told)


def _past(price: float, chance: Random) -> list[Candle]:
    """A day of candles that ends at a price."""
    found = []
    for start in range(START - 5 * MINUTE, START - DAY, -5 * MINUTE):
        opened = price / (1 + chance.gauss(0.0003, 0.004))
        high, low = max(opened, price) * 1.002, min(opened, price) * 0.998
        found.append(Candle(start, opened, high, low, price, chance.uniform(500, 1_500)))
        price = opened
    return found[::-1]


class Limited(FakeSource):
    """Answers once a minute, and says so."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self._answered: deque[float] = deque()

    async def prices(self, wanted: Sequence[Token]) -> Answer:
        while self._answered and self._answered[0] <= clock() - 60:
            self._answered.popleft()
        if self._answered:
            self.called(wanted)
            self.requests += 1
            raise SourceError(Fault.RATE_LIMITED, "429", retry_after=30, status=429)
        self._answered.append(clock())
        return await super().prices(wanted)


def five(world: Callable[[TokenId, float], Decimal]) -> dict[str, FakeSource]:
    """One is down, one limited, one slow; two are well until one of them lies."""

    def make(name: str, kind: type[FakeSource] = FakeSource, **more: object) -> FakeSource:
        return kind(name, world, **more)  # type: ignore[arg-type]

    made = [
        make("alchemy", per_minute=30, batch=25, networks=3, lag=10),
        make("coingecko", Limited, per_minute=10, batch=250, networks=5, lag=30,
             stale_ms=180_000, witness="coingecko"),
        make("dexscreener", per_minute=300, pooled=True),
        make("geckoterminal", per_minute=30, pooled=True, witness="coingecko"),
        make("defillama", per_minute=60, batch=200, networks=5, lag=45, stale_ms=600_000,
             witness="coingecko"),
    ]  # fmt: skip
    sources = {source.name: source for source in made}
    sources["geckoterminal"].error = SourceError(Fault.CONNECTION, "refused")
    sources["defillama"].took = 6.0
    return sources


class Hour(LiveDesk):
    """A bot at level 7 and a person who trades every token, each step held against the truth.

    Attributes:
        wrong: Whatever was done at a price that no honest source can have told, or bought on a
            price that was doubted or stale.
        good, blocked: Prices published that could be entered on, and that could not.
        refused: Rules by which the person's tries on doubted prices were rejected.
        health: Figures of the sources at the end.
    """

    def __init__(self, world: World, sources: dict[str, FakeSource]) -> None:
        self.world, self.sources = world, sources
        self.wrong: list[str] = []
        self.good = self.blocked = 0
        self.refused: Counter[str] = Counter()
        self.latest: dict[TokenId, Trusted] = {}
        self.health: dict[str, SourceHealth] = {}
        super().__init__(
            list(sources.values()), TOKENS, cash="100000", limits=WIDE, history=world.history()
        )
        self.rig.feed.subscribe(self.heard)

    # ------------------------------------------------------------------ held against the truth

    def check(self, what: str, token: TokenId, price: Decimal | None) -> None:
        """A price was used for something."""
        at = clock()
        if price is not None and not self.world.honest(price, token, at):
            self.wrong.append(f"{at:.0f} s: {what} {token} at {price}, {self.world(token, at)}")

    def entry(self, what: str, token: TokenId) -> None:
        """Something is bought: may it be?"""
        last = self.latest.get(token)
        if last is None or last.fault or wall() > last.stale_at:
            self.wrong.append(f"{clock():.0f} s: {what} {token} on {last}")

    def heard(self, trusted: Trusted) -> None:
        """A price was published."""
        self.latest[trusted.token] = trusted
        if trusted.fault:
            self.blocked += 1
            self.check("exit price", trusted.token, trusted.exit_price)
        else:
            self.good += 1
            self.check("price", trusted.token, trusted.price)

    def stepped(self, item: MarketInput) -> None:
        """A holding is worth what its token costs."""
        position = self.desk.account.ledger.positions.get(getattr(item, "token", ""))
        if type(item) is Quote and position is not None and not self.latest[item.token].fault:
            self.check("mark", item.token, position.mark)

    def seen(self, event: ev.Event) -> None:
        """Every decision, order and fill."""
        if isinstance(event, ev.Decided) and event.decision.action in (Action.BUY, Action.SELL):
            decision = event.decision
            self.check("decision", decision.token, decision.price)
            if decision.action is Action.BUY:
                self.entry("decision", decision.token)
        elif isinstance(event, ev.OrderSubmitted):
            order = self.desk.account.orders[event.order_id]
            self.check("order", order.token, event.quote_price)
            if order.side is Side.BUY:
                self.entry("order", order.token)
        elif isinstance(event, ev.Filled | ev.Reverted):
            self.check("fill", event.token, event.reference_price)
            if event.side is Side.BUY:
                self.entry("fill", event.token)

    # ------------------------------------------------------------------ who trades

    async def person(self) -> None:
        """Buys every token once its price is believed, and leaves orders that only a lie can reach.

        Goes on trying to buy whatever is doubted.
        """
        left = list(enumerate(TOKENS))
        while clock() < self.seconds:
            for number, token in list(left):
                if self.buy(number, token.id):
                    left.remove((number, token))
            for token in TOKENS:
                last = self.latest.get(token.id)
                if last is not None and last.fault:
                    for event in self.order(Side.BUY, "100", token=token.id):
                        if isinstance(event, ev.OrderRejected):
                            self.refused[event.rule] += 1
            await asyncio.sleep(15)

    def buy(self, number: int, token: TokenId) -> bool:
        """A purchase with exits, near ones or far ones by turns; was it accepted?"""
        last = self.latest.get(token)
        if last is None or last.fault:
            return False
        reach = Decimal("0.01") if number % 2 else Decimal("0.2")
        done = self.order(
            Side.BUY, "500", token=token, stop=last.price * (1 - reach),
            target=last.price * (1 + reach),
        )  # fmt: skip
        if not isinstance(done[0], ev.OrderAccepted):
            return False
        self.order(Side.BUY, "200", Kind.LIMIT, token, price=last.price * (1 - reach))
        return True

    async def asker(self, seconds: float) -> None:
        """Console and log want prices too."""
        while clock() < self.seconds:
            for token in TOKENS:
                await self.rig.feed.price(token.id)
            await asyncio.sleep(seconds)

    async def live(self, story: Callable[[], object], seconds: float = HOUR) -> None:
        """All of it, or only its first seconds."""
        self.seconds = seconds
        self.say(SetLevel(7))
        self.say(SwitchBot(True))
        async with asyncio.TaskGroup() as together:
            together.create_task(self.until(self.seconds))
            together.create_task(self.person())
            for seconds in (10.0, 30.0):
                together.create_task(self.asker(seconds))
            await story()  # type: ignore[misc]
        self.health = {h.source: h for h in self.rig.feed.health()}
        await self.rig.feed.close()
