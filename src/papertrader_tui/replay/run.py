"""One or several accounts on one recording: begun alike, stepped to its end, judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from papertrader_tui.domain import commands as cmd
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.exit_rules import USUAL_EXITS, ExitRules
from papertrader_tui.domain.market import MarketInput, Quote
from papertrader_tui.domain.performance import Report, Tally, report
from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.domain.tokens import Registry, TokenId
from papertrader_tui.engine.desk import Desk
from papertrader_tui.engine.racing import Race
from papertrader_tui.intel.levels import override, profile
from papertrader_tui.replay.prices import PriceSampler
from papertrader_tui.replay.venue import UsualVenue, Venue

#: A price is stale after a minute, or after so many of the market's own intervals.
STALE_MS, STALE_INTERVALS = 60_000, 2
#: Inputs between two looks at how far it is.
CHUNK = 8_192

Heed = Callable[[Sequence[ev.Event]], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account in a replay begins with.

    Attributes:
        level: Intelligence level.
        seed: Decides in which block orders land.
        cash: USDC.
        gates: Account gates bind.
        limits, exits: Settings of the gates and of the bot's exits.
        changes: Fields of the level's profile that are overridden.
        venue: What trading costs.
    """

    level: int = 5
    seed: int = 7
    cash: Decimal = Decimal(10_000)
    gates: bool = True
    limits: RiskLimits = field(default_factory=RiskLimits)
    exits: ExitRules = USUAL_EXITS
    changes: Mapping[str, object] = field(default_factory=dict)
    venue: Venue = field(default_factory=UsualVenue)

    @property
    def commands(self) -> tuple[cmd.Command, ...]:
        """What is said as the session begins."""
        found: list[cmd.Command] = [cmd.SetLevel(self.level)]
        if not self.gates:
            found.append(cmd.SwitchGates(False))
        return (*found, cmd.SwitchBot(True))


@dataclass(frozen=True, slots=True)
class Recording:
    """What is replayed.

    Attributes:
        kind: `tape`, `demo` or `live`.
        detail: What it is, in words.
        warm: What is known before it begins.
        inputs: In order of time; None where they come one by one, through `Stage.step`.
        began: Market milliseconds of the beginning.
        interval: Usual milliseconds between two prices of a token, 0 if unknown.
    """

    kind: str
    detail: str
    registry: Registry
    watchlist: Sequence[TokenId]
    warm: Iterable[MarketInput]
    began: int
    interval: int = 0

    @property
    def stale_after(self) -> int:
        """Milliseconds after which a price is too old to trade on."""
        return max(STALE_MS, STALE_INTERVALS * self.interval)


def new_desk(terms: Terms, recording: Recording, name: str, program: str) -> tuple[Desk, ev.Event]:
    """A desk with a new account, and its first event.

    Raises:
        ValueError: the level, or a change of it, is not allowed.
    """
    opened = ev.AccountOpened(
        1, recording.began, name, recording.kind, terms.cash, terms.seed, program
    )
    account = Account()
    account.apply(opened)
    base = profile(terms.level)
    desk = Desk(
        account,
        terms.venue.registry(recording.registry),
        terms.limits,
        stale_after=recording.stale_after,
        profiles={terms.level: override(base, **terms.changes)} if terms.changes else None,
        exits=terms.exits,
        pricing=terms.venue.pricing,
    )
    return desk, opened


class Stage:
    """Accounts on a recording, stepped through it one input at a time.

    Terms may differ in level, seed, limits, exits and changes, but all are at one venue.

    Args:
        terms: One an account.
        recording: What they hear.
        program: What plays it, for their first fact.
        heed: Given every account's events as they come, beside the stage's own tally.
        shared: Work out once what several accounts share; tests compare with False.

    Attributes:
        tallies: One an account.
    """

    def __init__(
        self,
        terms: Sequence[Terms],
        recording: Recording,
        program: str,
        heed: Sequence[Heed] = (),
    ) -> None:
        self._recording = recording
        self.terms = list(terms)
        self.tallies = [Tally() for _ in terms]
        self._heeds = list(heed)
        self._venue = terms[0].venue
        made = [new_desk(one, recording, f"level-{one.level}", program) for one in terms]
        self.desks = [desk for desk, _ in made]
        for number, (_, opened) in enumerate(made):
            self._tell(number, [opened])
        if len(made) == 1:
            desk = self._lead = self.desks[0]
            self._race = None
            for item in self._venue.inputs(recording.warm):
                desk.warm(item)
        else:
            self._lead, _ = new_desk(terms[0], recording, "lead", program)
            self._race = Race(self._lead, self.desks, self._tell)
            for item in self._venue.inputs(recording.warm):
                self._race.warm(item)
        self._begin(program)
        self.sampler = PriceSampler(self._lead.markets)
        self.sampler.sample(recording.began)

    def _begin(self, program: str) -> None:
        recording = self._recording
        began = max(recording.began, self._lead.now)
        version = program.rpartition(" ")[2]
        for number, desk in enumerate(self.desks):
            if self._race is None:
                self._tell(
                    number,
                    desk.start_session(began, version, recording.detail, recording.watchlist),
                )
        if self._race is not None:
            self._race.start(version, recording.detail, recording.watchlist, began)
        for number, one in enumerate(self.terms):
            for command in one.commands:
                self.command(number, command)

    def heed(self, heeds: Sequence[Heed]) -> None:
        """Tell others of what comes from now on, one an account."""
        self._heeds = list(heeds)

    def command(self, number: int, command: cmd.Command) -> None:
        """Tell an account's desk something now."""
        if self._race is not None:
            self._race.command(number, command, self.now)
        else:
            desk = self.desks[0]
            self._tell(number, desk.command(command, desk.now))

    @property
    def began(self) -> int:
        """Market milliseconds of the beginning."""
        return self._recording.began

    @property
    def now(self) -> int:
        """Market milliseconds."""
        return self._lead.now

    @property
    def lead(self) -> Desk:
        """What is known of the market."""
        return self._lead

    def awaits(self, token: TokenId) -> bool:
        """Does any account wait for the opening price of a token's next candle?"""
        return self._race.awaits(token) if self._race is not None else self._lead.awaits(token)

    def play(self, inputs: Iterable[MarketInput], told: Callable[[int], None] | None = None) -> int:
        """Step all inputs; returns how many there were.

        Args:
            inputs: In order of time.
            told: Told how many have been stepped, every few thousand.
        """
        source = self._venue.inputs(inputs)
        count = 0
        while True:
            done = self._chunk(islice(source, CHUNK))
            if not done:
                return count
            count += done
            if told is not None:
                told(count)

    def _chunk(self, inputs: Iterable[MarketInput]) -> int:
        """Step some inputs. Runs for every one: keep it flat."""
        sampler = self.sampler
        due = sampler.due
        count = 0
        if self._race is not None:
            race_step = self._race.step
            for item in inputs:
                race_step(item)
                count += 1
                if item.time >= due and not _opens(item):
                    sampler.sample(item.time)
                    due = sampler.due
            return count
        step, tell = self.desks[0].step, self._tell
        for item in inputs:
            out = step(item)
            count += 1
            if out:
                tell(0, out)
            if item.time >= due and not _opens(item):
                sampler.sample(item.time)
                due = sampler.due
        return count

    def end(self, *, of_market: bool = True) -> None:
        """Close every account's book: what was sent lands nowhere, and all is marked."""
        self.sampler.sample(self.now)
        if of_market:
            if self._race is not None:
                self._race.end_of_market()
            else:
                self._tell(0, self.desks[0].end_of_market())
        for number in range(len(self.desks)):
            self.command(number, cmd.MarkAccount())

    def report(self, number: int) -> Report:
        """How an account has done so far, beside holding what it watched."""
        tally = self.tallies[number]
        watched = tally.watched(self._recording.began)
        prices = self.sampler.prices()
        return report(tally, prices={t: prices.get(t, ()) for t in watched})

    def _tell(self, number: int, events: Sequence[ev.Event]) -> None:
        apply = self.tallies[number].apply
        for event in events:
            apply(event)
        if self._heeds:
            self._heeds[number](events)


def _opens(item: MarketInput) -> bool:
    """An opening price, which may be left out where nobody waits for it."""
    return type(item) is Quote and item.opening
