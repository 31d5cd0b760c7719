"""How a feed is, for screens and logs: figures of its sources, and news of what is wrong."""

from __future__ import annotations

from papertrader_tui.domain import events as ev
from papertrader_tui.engine.snapshot import FeedHealth, HistoryProgress, SourceRow
from papertrader_tui.feeds.alerts import Alert, AlertKind, News
from papertrader_tui.feeds.monitor import SourceHealth
from papertrader_tui.feeds.policy import Breaker
from papertrader_tui.feeds.service import PriceFeed

#: What is said when something is over, by what it was; of the others nothing is said.
_OVER = {
    AlertKind.SOURCE_DOWN: "{} answers again",
    AlertKind.STALE_TOKEN: "prices are fresh again",
    AlertKind.NO_PRICE: "{} has a price now",
    AlertKind.DEPEG: "{} is back at its dollar",
}


def feed_health(feed: PriceFeed, history: HistoryProgress | None = None) -> FeedHealth:
    """The figures of all sources, and how far history is filled in."""
    now = feed.clock()
    return FeedHealth(
        tuple(_row(health, now) for health in feed.health()),
        feed.monitor.hit_rate(),
        feed.monitor.position_updates(now),
        history,
    )


def _row(h: SourceHealth, now: float) -> SourceRow:
    return SourceRow(
        h.source, _up(h), h.breaker.value, h.calls,
        h.per_minute, h.limit, h.hits, h.misses, h.coalesced, h.stale_served,
        tuple((fault.value, count) for fault, count in h.errors.items()), h.throttled,
        h.p50, h.p95, None if h.last_success is None else max(0.0, now - h.last_success),
    )  # fmt: skip


def _up(h: SourceHealth) -> bool:
    return h.breaker is Breaker.CLOSED and not h.failing and h.last_success is not None


class FeedNews:
    """A feed's alerts as events: each once, when it becomes so, and some when it is over.

    They are no facts of an account: their sequence number is 0 and no journal keeps them.
    """

    def __init__(self) -> None:
        self._news = News()

    def update(self, feed: PriceFeed, now: int) -> list[ev.Event]:
        """What is new since the last look, at market time `now`."""
        new, over = self._news.update(feed.alerts())
        found: list[ev.Event] = [
            ev.Alerted(0, now, alert.severity, alert.text, _token(alert)) for alert in new
        ]
        for alert in over:
            words = _OVER.get(alert.kind)
            if words and (alert.kind is not AlertKind.STALE_TOKEN or not alert.subject):
                text = words.format(feed.label(alert.subject))
                found.append(ev.Alerted(0, now, "info", text, _token(alert)))
        return found


def _token(alert: Alert) -> str | None:
    return alert.subject if ":" in alert.subject else None
