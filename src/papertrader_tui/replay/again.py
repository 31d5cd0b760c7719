"""A recorded account stepped again from what it heard and was told, and compared fact by fact."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from papertrader_tui.domain import commands as cmd
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.exit_rules import ExitRules
from papertrader_tui.domain.market import MarketInput, Timer
from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.domain.tokens import Registry, TokenId
from papertrader_tui.engine.desk import MARKET_ENDED, Desk

#: Cursor, and what was handed over with it, in order.
Heard = tuple[int, Sequence[MarketInput]]
#: Cursor, market time and command.
Given = tuple[int, int, cmd.Command]


@dataclass(frozen=True, slots=True)
class Part:
    """One session as it was recorded.

    Attributes:
        before: Sequence number that its facts come before, None for the last one.
        warm: What was known as it began.
        heard: What the market handed over, up to where the next session began.
        given: The commands.
        timers: The market also said, every second and unrecorded, that time passes.
    """

    before: int | None
    registry: Registry
    watchlist: Sequence[TokenId]
    warm: Iterable[MarketInput]
    heard: Iterable[Heard]
    given: Sequence[Given]
    timers: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """The first fact that is another one.

    Attributes:
        seq: Its sequence number.
        kind: What it is, as stored.
        field: What of it differs; "" where there is no such fact on one side.
        stored, again: In words.
    """

    seq: int
    kind: str
    field: str
    stored: str
    again: str

    def __str__(self) -> str:
        what = f" {self.field}" if self.field else ""
        return f"fact {self.seq} ({self.kind}){what}: stored {self.stored}, again {self.again}"


@dataclass(slots=True)
class Verdict:
    """What came of stepping again.

    Attributes:
        facts: How many facts were the same, by kind.
    """

    sessions: int = 0
    facts: Counter[str] = field(default_factory=Counter)
    difference: Difference | None = None


class _Differs(Exception):
    def __init__(self, difference: Difference) -> None:
        super().__init__(str(difference))
        self.difference = difference


def step_again(stored: Iterable[ev.Event], parts: Iterable[Part]) -> Verdict:
    """Step every session and hold what comes of it against what was stored.

    Args:
        stored: All facts in sequence, decisions with their factors.
        parts: The sessions, in order.
    """
    facts = _Facts(stored)
    verdict = Verdict(facts=facts.same)
    checkpoint = ""
    try:
        for part in parts:
            if isinstance(facts.next, ev.AccountOpened):
                facts.check([facts.next])  # what it began with is given
            begun = facts.next
            if not isinstance(begun, ev.SessionStarted) or (
                part.before is not None and begun.seq >= part.before
            ):
                continue  # it ended before it began
            checkpoint = _session(facts, begun, part, checkpoint)
            verdict.sessions += 1
        if facts.next is not None:
            raise _Differs(_missing(facts.next))
    except _Differs as found:
        verdict.difference = found.difference
    return verdict


class _Facts:
    """The stored facts, taken one by one as they come again.

    Attributes:
        account: The fold of those taken.
        next: The one that has to come next, None after the last.
    """

    def __init__(self, stored: Iterable[ev.Event]) -> None:
        self._stored: Iterator[ev.Event] = iter(stored)
        self.account = Account()
        self.same: Counter[str] = Counter()
        self.next = next(self._stored, None)

    def check(self, events: Sequence[ev.Event]) -> None:
        """These came again."""
        for event in events:
            expected = self.next
            if expected is None:
                kind = type(event).__name__
                raise _Differs(Difference(event.seq, kind, "", "nothing", _text(event)))
            if event != expected:
                raise _Differs(_difference(expected, event))
            self.account.apply(expected)
            self.same[type(expected).__name__] += 1
            self.next = next(self._stored, None)


def _session(facts: _Facts, begun: ev.SessionStarted, part: Part, checkpoint: str) -> str:
    settings = json.loads(begun.settings)
    desk = Desk(
        deepcopy(facts.account),
        part.registry,
        ev.from_plain(RiskLimits, settings["risk"]),
        stale_after=settings["stale_after"],
        # the first accounts were traded before exits had settings, by what these usually are
        exits=ev.from_plain(ExitRules, settings.get("exits", {})),
    )
    desk.restore(checkpoint)
    for item in part.warm:
        desk.warm(item)
    facts.check(desk.start_session(begun.time, begun.program, begun.detail, part.watchlist))
    given = list(part.given)

    def tell(cursor: int | None) -> None:
        """Give the commands that came at or before a cursor, None for all that are left."""
        while given and (cursor is None or given[0][0] <= cursor):
            _, time, command = given.pop(0)
            if part.timers:
                _by_itself(facts, desk, time)
            if cursor is None:
                _end(facts, desk)
            facts.check(desk.command(command, time))

    for cursor, items in part.heard:
        tell(cursor - 1)
        for item in items:
            if part.timers:
                _by_itself(facts, desk, max(item.time, desk.now))
            facts.check(desk.step(item))
    tell(None)
    if part.timers and facts.next is not None:
        _by_itself(facts, desk, facts.next.time + 1, part.before)
    _end(facts, desk)
    return desk.checkpoint()


def _by_itself(facts: _Facts, desk: Desk, until: int, before: int | None = None) -> None:
    """What time did before a moment; a second's tick is known by what came of it."""
    while (
        (following := facts.next) is not None
        and following.time < until
        and (before is None or following.seq < before)
        and not isinstance(following, ev.SessionStarted)
        and (desk.due <= following.time or desk.flattening)
    ):
        out = desk.step(Timer(following.time))
        if not out:
            return
        facts.check(out)


def _end(facts: _Facts, desk: Desk) -> None:
    """The end of a market is no input: it is known by the orders that it took back."""
    following = facts.next
    if isinstance(following, ev.OrderCancelled) and following.reason == MARKET_ENDED:
        facts.check(desk.end_of_market())


def _difference(stored: ev.Event, again: ev.Event) -> Difference:
    kind = type(stored).__name__
    if type(stored) is not type(again):
        return Difference(stored.seq, kind, "", _text(stored), _text(again))
    one, other = _fields(stored), _fields(again)
    name = next((n for n in one if one[n] != other.get(n)), "")
    return Difference(stored.seq, kind, name, _cut(one.get(name)), _cut(other.get(name)))


def _fields(event: ev.Event) -> dict[str, object]:
    """Fields as JSON values, those of a decision among them."""
    plain = dict(ev.to_record(event), time=event.time)
    decision = plain.pop("decision", None) if isinstance(event, ev.Decided) else None
    return {**plain, **decision} if isinstance(decision, dict) else plain


def _missing(stored: ev.Event) -> Difference:
    return Difference(stored.seq, type(stored).__name__, "", _text(stored), "nothing")


def _text(event: ev.Event) -> str:
    return f"{type(event).__name__} {_cut(ev.to_record(event))}"


def _cut(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 200 else text[:200] + "…"
