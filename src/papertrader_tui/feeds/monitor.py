"""Bookkeeping of the feed: what was asked, what came back, how fast, and what is wrong now.

Pure: every method is told the time, in monotonic seconds.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.feeds.alerts import Alert, AlertKind
from papertrader_tui.feeds.policy import Breaker
from papertrader_tui.feeds.source import Fault
from papertrader_tui.feeds.trust_texts import price_text
from papertrader_tui.feeds.trusted import Grade, Trusted

#: Hits are counted over so many minutes; below so many askings their rate says nothing.
RATE_MINUTES, RATE_LEAST = 10, 20
HIT_RATE = 0.80
#: Part of its limit from which a source is near it.
NEAR = 0.80
#: A stablecoin so far from a dollar is news.
DEPEG = Decimal("0.01")
LATENCIES_KEPT = 200
#: Refusals in a row (429) from which a source counts as down: its circuit stays closed meanwhile.
REFUSALS = 3
#: The service is up: it only has no answer to this.
_ABOUT_THE_QUESTION = (Fault.NOT_FOUND, Fault.BAD_REQUEST, Fault.UNSUPPORTED)


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source's figures, since the start unless they say otherwise.

    Attributes:
        per_minute: Requests in the last 60 s, of `limit` documented.
        hits, coalesced, misses: Askings served from its cached answers, by a request that was
            under way, and by a new one.
        stale_served: Askings that got its answer although that was stale.
        errors: By kind; `throttled` is how often its own limit kept the feed from asking.
        p50, p95: Seconds that the last 200 answers took; None before the first.
        last_success: Monotonic seconds, None if never.
        failing: Its last answer was none.
        said: What it said then, without any key.
    """

    source: str
    calls: int
    per_minute: int
    limit: float
    hits: int
    misses: int
    coalesced: int
    stale_served: int
    errors: Mapping[Fault, int]
    throttled: int
    p50: float | None
    p95: float | None
    breaker: Breaker
    last_success: float | None
    failing: bool = False
    said: str = ""


class _Source:
    """Running figures of one source."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.calls = 0
        self.recent: deque[float] = deque()
        self.pressing: deque[float] = deque()  # of those the ones that could not wait
        self.refusals = 0  # in a row
        self.served: Counter[str] = Counter()
        self.errors: Counter[Fault] = Counter()
        self.throttled = 0
        self.took: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self.success: float | None = None
        self.failing = False
        self.said = ""

    def per_minute(self, now: float) -> int:
        return _last_minute(self.recent, now)


class Monitor:
    """Counts what the feed does.

    Args:
        limits: Documented requests a minute of each source.
        dollars: Tokens that are meant to be worth a dollar.
    """

    def __init__(
        self, limits: Mapping[str, float], dollars: Collection[TokenId] = frozenset()
    ) -> None:
        self._sources = {name: _Source(limit) for name, limit in limits.items()}
        self._dollars = frozenset(dollars)
        self.asked: Counter[str] = Counter()
        self._minutes: dict[int, Counter[str]] = {}
        self._positions: deque[float] = deque()

    # ------------------------------------------------------------------ what happens

    def called(self, source: str, now: float, requests: int = 1, *, can_wait: bool = False) -> None:
        """Requests go out.

        Args:
            source: To whom.
            now: Monotonic seconds.
            requests: How many.
            can_wait: For history: these fill what prices leave of a limit, so that a limit that
                they come near to is no news.
        """
        own = self._sources[source]
        own.calls += requests
        own.recent.extend([now] * requests)
        if not can_wait:
            own.pressing.extend([now] * requests)

    def answered(self, source: str, took: float, now: float) -> None:
        """It answered after so many seconds."""
        own = self._sources[source]
        own.took.append(took)
        own.success = now
        own.failing, own.said, own.refusals = False, "", 0

    def heard(self, source: str, now: float) -> None:
        """It told prices without being asked."""
        own = self._sources[source]
        own.success = now
        own.failing, own.said = False, ""

    def failed(self, source: str, fault: Fault, said: str = "") -> None:
        """It did not; `said` is the error in words."""
        own = self._sources[source]
        own.errors[fault] += 1
        own.refusals = own.refusals + 1 if fault is Fault.RATE_LIMITED else 0
        if fault not in _ABOUT_THE_QUESTION:
            own.failing, own.said = True, said

    def throttled(self, source: str) -> None:
        """It was wanted, and was not asked because of its limit."""
        self._sources[source].throttled += 1

    def served(self, how: str, sources: Iterable[str], now: float) -> None:
        """Somebody asked for a price.

        Args:
            how: `hits`, `misses`, `coalesced`, or beside one of those `stale`.
            sources: Whose answers the price was made of.
            now: Monotonic seconds.
        """
        self.asked[how] += 1
        minute = int(now // 60)
        self._minutes.setdefault(minute, Counter())[how] += 1
        for old in [m for m in self._minutes if m <= minute - RATE_MINUTES]:
            del self._minutes[old]
        for source in sources:
            self._sources[source].served[how] += 1

    def position_updated(self, now: float) -> None:
        """A price of a token that is held was handed on."""
        self._positions.append(now)
        self.position_updates(now)

    # ------------------------------------------------------------------ what is known

    def position_updates(self, now: float) -> int:
        """Prices of held tokens handed on in the last minute."""
        return _last_minute(self._positions, now)

    def hit_rate(self) -> float | None:
        """Part of the askings since the start that waited for no one; None before the first."""
        return _rate(self.asked)

    def recent_hit_rate(self) -> float | None:
        """The same over the last ten minutes; None where too few asked to say."""
        total: Counter[str] = Counter()
        for counts in self._minutes.values():
            total.update(counts)
        asked = total["hits"] + total["misses"] + total["coalesced"]
        return _rate(total) if asked >= RATE_LEAST else None

    def health(self, breakers: Mapping[str, Breaker], now: float) -> tuple[SourceHealth, ...]:
        """Every source's figures."""
        return tuple(
            SourceHealth(
                name, own.calls, own.per_minute(now), own.limit, own.served["hits"],
                own.served["misses"], own.served["coalesced"], own.served["stale"],
                dict(own.errors), own.throttled, _quantile(own.took, 0.5),
                _quantile(own.took, 0.95), breakers[name], own.success, own.failing, own.said,
            )
            for name, own in self._sources.items()
        )  # fmt: skip

    def alerts(
        self,
        breakers: Mapping[str, Breaker],
        prices: Iterable[Trusted],
        names: Mapping[TokenId, str],
        now: float,
        priceless: Iterable[TokenId] = (),
    ) -> tuple[Alert, ...]:
        """What is wrong now.

        Args:
            breakers: State of each source's circuit.
            prices: Every followed token's price as it stands.
            names: A token's name on screen.
            now: Monotonic seconds.
            priceless: Tokens that nobody has told a price of.
        """
        down = {
            name
            for name, own in self._sources.items()
            if breakers[name] is not Breaker.CLOSED or own.refusals >= REFUSALS
        }
        found = [alert for name in self._sources for alert in self._of_source(name, down, now)]
        rate = self.recent_hit_rate()
        if rate is not None and rate < HIT_RATE:
            text = (
                f"{rate:.0%} of price requests were served from the cache, expected {HIT_RATE:.0%}"
            )
            found.append(Alert(AlertKind.HIT_RATE, "warning", "", text))
        for token in priceless:
            text = f"{names.get(token, token)} has no price: no source knows one that can be used"
            found.append(Alert(AlertKind.NO_PRICE, "warning", token, text))
        known = list(prices)
        stale = sum(1 for trusted in known if trusted.grade is Grade.STALE)
        if stale == len(known) > 1:
            text = f"the prices of all {stale} tokens are stale: nothing is traded on them"
            return (*found, Alert(AlertKind.STALE_TOKEN, "error", "", text))
        for trusted in known:
            found += self._of_token(trusted, names.get(trusted.token, trusted.token))
        return tuple(found)

    def _of_source(self, name: str, down: Collection[str], now: float) -> list[Alert]:
        own = self._sources[name]
        found = []
        if name in down:
            errors = ", ".join(f"{n} × {fault.value}" for fault, n in own.errors.most_common(2))
            alone = len(down) == len(self._sources)
            rest = "nor does any other source" if alone else "the other sources carry its tokens"
            text = f"{name} does not answer ({errors}); {rest}"
            found.append(Alert(AlertKind.SOURCE_DOWN, "warning", name, text))
        calls = _last_minute(own.pressing, now)
        if calls > 1 and calls >= NEAR * own.limit:
            text = f"{name} was asked {calls} times in a minute, its limit is {own.limit:g}"
            found.append(Alert(AlertKind.LIMIT_NEAR, "warning", name, text))
        return found

    def _of_token(self, trusted: Trusted, name: str) -> list[Alert]:
        found = []
        if trusted.grade is Grade.STALE:
            text = f"{name}: {trusted.fault}"
            found.append(Alert(AlertKind.STALE_TOKEN, "warning", trusted.token, text))
        elif trusted.fault:
            text = f"{name}: {trusted.fault}"
            found.append(Alert(AlertKind.DISPUTED, "warning", trusted.token, text))
        elif trusted.token in self._dollars and abs(trusted.price - 1) > DEPEG:
            text = f"{name} is at {price_text(trusted.price)} dollars"
            found.append(Alert(AlertKind.DEPEG, "error", trusted.token, text))
        return found


def _last_minute(times: deque[float], now: float) -> int:
    """How many there were in the last minute; forgets the others."""
    while times and times[0] <= now - 60.0:
        times.popleft()
    return len(times)


def _rate(counts: Mapping[str, int]) -> float | None:
    asked = counts.get("hits", 0) + counts.get("misses", 0) + counts.get("coalesced", 0)
    return counts.get("hits", 0) / asked if asked else None


def _quantile(values: Collection[float], part: float) -> float | None:
    """The value below which that part of the values lies (nearest rank)."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
