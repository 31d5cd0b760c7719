"""Builds snapshots of a desk for front ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Protocol

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.gates import KILL_TEXT
from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.domain.money import ZERO, divide, mul, quantize_even, sub
from papertrader_tui.engine.desk import Desk
from papertrader_tui.engine.resting import Exit
from papertrader_tui.engine.snapshot import PositionRow, Snapshot, TokenRow
from papertrader_tui.ports import MarketInfo

DECISIONS_KEPT = 200
SPARK_POINTS = 48


class Described(Protocol):
    """What is shown of a market."""

    @property
    def info(self) -> MarketInfo:
        """What it is."""
        ...

    @property
    def progress(self) -> float | None:
        """Fraction played."""
        ...

    @property
    def speed(self) -> float | None:
        """Market seconds per second."""
        ...


class View:
    """Makes snapshots; the same object again until something was touched.

    Sparklines change every five minutes, so they are kept until a bar closes.
    """

    __slots__ = (
        "_decisions", "_desk", "_hits", "_last", "_market", "_now", "_scored", "_sparks",
        "_version",
    )  # fmt: skip

    def __init__(self, desk: Desk, market: Described, now: Callable[[], int]) -> None:
        self._now = now
        self._desk = desk
        self._market = market
        self._decisions: deque[Decision] = deque(maxlen=DECISIONS_KEPT)
        self._version = self._scored = 0
        self._hits: dict[tuple[str, int], tuple[int, int]] = {}
        self._last: Snapshot | None = None
        self._sparks: dict[str, tuple[int, tuple[float, ...]]] = {}

    def touch(self) -> None:
        """Something may have changed."""
        self._version += 1

    def remember(self, events: Iterable[object]) -> None:
        """Keep the decisions among these events, newest first."""
        for event in events:
            if isinstance(event, ev.Decided):
                self._decisions.appendleft(event.decision)

    def snapshot(self) -> Snapshot:
        """The desk as it stands."""
        if self._last is None or self._last.version != self._version:
            self._last = self._build()
        return self._last

    def _build(self) -> Snapshot:
        desk, info, account = self._desk, self._market.info, self._desk.account
        now = self._now()
        totals = account.totals(now, desk.liquidation.total())
        positions = tuple(
            self._position(token) for token in account.ledger.positions if token in desk.markets
        )
        return Snapshot(
            version=self._version,
            now=now,
            account=account.name,
            market=info.kind,
            badge=info.badge,
            market_detail=info.detail,
            notice=info.notice,
            progress=self._market.progress,
            speed=self._market.speed,
            totals=totals,
            day_pnl=sub(totals.equity, account.day_equity),
            free_cash=account.free_cash(),
            bot=account.bot,
            level=account.level,
            level_name=account.level_name,
            level_note=desk.profile.note,
            kill=account.kill,
            kill_detail=KILL_TEXT[account.kill],
            gates_on=account.gates_on,
            gates=desk.gates.rows(totals.equity, now, *self._shallowest()),
            tokens=tuple(
                self._token(desk.markets[t], now) for t in account.watch if t in desk.markets
            ),
            positions=positions,
            orders=tuple(account.open_orders()),
            decisions=tuple(self._decisions),
            feed=info.feed,
            hits=self._hits_now(),
        )

    def _hits_now(self) -> dict[tuple[str, int], tuple[int, int]]:
        record = self._desk.account.record
        if record.version != self._scored:
            self._scored = record.version
            self._hits = {key: (count.right, count.total) for key, count in record.hits.items()}
        return self._hits

    def _shallowest(self) -> tuple[Decimal | None, str]:
        """Of the pools of watched tokens: the one nearest to the gate that minds them."""
        markets = self._desk.markets
        pools = [
            (m.depth.liquidity, m.token.symbol)
            for t in self._desk.account.watch
            if (m := markets.get(t)) is not None and m.depth is not None
        ]
        return min(pools, default=(None, ""))

    def _token(self, m: TokenMarket, now: int) -> TokenRow:
        kept = m.kept
        return TokenRow(
            token=m.token,
            price=m.price,
            change_24h=m.series.change(DAY, m.time, m.value) if m.price is not None else None,
            spark=self._spark(m),
            liquidity=m.depth.liquidity if m.depth is not None else None,
            source=m.source,
            time=m.time,
            stale=m.price is None or m.stale(now, self._desk.stale_after),
            action=kept.action.value if kept is not None else None,
            confidence=kept.confidence if kept is not None else None,
            held=self._desk.account.held(m.token.id),
            doubt=m.doubt,
            note=m.trust.note if m.trust is not None else "",
        )

    def _spark(self, m: TokenMarket) -> tuple[float, ...]:
        slot = m.time // (HOUR // 12)
        cached = self._sparks.get(m.token.id)
        if cached is None or cached[0] != slot:
            cached = (slot, tuple(m.series.closes(SPARK_POINTS)))
            self._sparks[m.token.id] = cached
        return cached[1]

    def _position(self, token: str) -> PositionRow:
        desk = self._desk
        m = desk.markets[token]
        p = desk.account.ledger.positions[token]
        stop, target = desk.orders.stops(token)
        stop_bot = target_bot = False
        # the bot sells what no order has reserved
        if m.plan is not None and desk.account.bot and desk.account.available(token):
            planned, reach = Decimal(f"{m.plan.guard:.10g}"), m.plan.target
            if stop is None or planned > stop.price:
                stop, stop_bot = Exit(planned, p.quantity), True
            if reach is not None and (target is None or reach < target.price):
                target, target_bot = Exit(Decimal(f"{reach:.10g}"), p.quantity), True
        average = divide(p.cost, p.quantity)
        places = max(0, 9 - average.adjusted())
        return PositionRow(
            token=m.token,
            quantity=p.quantity,
            average=quantize_even(average, places),
            cost=p.cost,
            mark=p.mark,
            value=mul(p.quantity, p.mark),
            unrealized=p.unrealized,
            realized=p.realized,
            costs=p.costs,
            pnl=p.net,
            pnl_pct=float(p.net / p.bought) if p.bought > ZERO else 0.0,
            stop=stop.price if stop else None,
            target=target.price if target else None,
            opened=p.opened,
            liquidation=desk.liquidation.of(token),
            stop_bot=stop_bot,
            target_bot=target_bot,
            stop_part=float(stop.quantity / p.quantity) if stop else 1.0,
            target_part=float(target.quantity / p.quantity) if target else 1.0,
        )
