"""An in-memory `ports.Desk` for tests of the console: prices move only when a test moves them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from papertrader_tui.domain import commands as cmd
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.decision import Action, Decision, Factor, FactorInput
from papertrader_tui.domain.market import Candle
from papertrader_tui.domain.orders import Kind, Order, OrderRequest, Origin, Side, SizeBy, Status
from papertrader_tui.domain.tokens import Token
from papertrader_tui.engine.snapshot import (
    GateRow,
    PositionRow,
    Preview,
    Snapshot,
    TokenRow,
)

NOW = 1_767_571_927_000  # 2026-01-05T00:12:07Z
LEVELS = {1: "Ultra Conservative", 5: "Balanced", 6: "Growth", 10: "AI Adaptive"}
_MARKET = [
    ("WETH", "Wrapped Ether", "3388.21", 41_000_000),
    ("CBBTC", "Coinbase BTC", "97412.5", 88e6),
    ("AERO", "Aerodrome", "1.2183", 18e6),
    ("DEGEN", "Degen", "0.01204", 6e6),
    ("BRETT", "Brett", "0.1182", 5e6),
    ("TOSHI", "Toshi", "0.000341", 3e6),
    ("VIRTUAL", "Virtual", "2.417", 12e6),
    ("WELL", "Moonwell", "0.0552", 2e6),
    ("MORPHO", "Morpho", "1.873", 9e6),
    ("SPX", "SPX6900", "0.9121", 7e6),
    ("LINK", "Chainlink", "18.605", 21e6),
    ("UNI", "Uniswap", "11.195", 30e6),
    ("AAVE", "Aave", "178.62", 26e6),
    ("ARB", "Arbitrum", "0.8010", 15e6),
    ("OP", "Optimism", "1.881", 8e6),
    ("PEPE", "Pepe", "0.00001234", 33e6),
    ("SHIB", "Shiba Inu", "0.00000912", 28e6),
    ("LDO", "Lido", "1.584", 11e6),
    ("CRV", "Curve", "0.4411", 10e6),
    ("MKR", "Maker", "1503.2", 17e6),
]


def token(index: int) -> Token:
    symbol, name, _, _ = _MARKET[index]
    chain = "base" if index < 10 else "ethereum"
    return Token(f"{chain}:0x{index + 1:040x}", symbol, name, chain, 18)


class FakeDesk:
    """Accepts, previews and remembers; orders fill when `fill` is called."""

    def __init__(self, *, notice: str = "", fail: Exception | None = None) -> None:
        self.commands: list[cmd.Command] = []
        self.rejects: str = ""
        self.problems: tuple[str, ...] = ()
        self.stopped = False
        self.fail = fail
        self.known: Sequence[Token] = [token(i) for i in range(len(_MARKET))]
        self._stop = asyncio.Event()
        self._listeners: list[Callable[[Sequence[ev.Event]], None]] = []
        self._latest: dict[str, tuple[Decimal, int]] = {}
        self._seq = 0
        self._orders = 0
        self._by_client: dict[str, Sequence[ev.Event]] = {}
        self._fills: list[ev.Event] = []
        rows = []
        for i, (_, _, price, liquidity) in enumerate(_MARKET):
            spark = tuple(math.sin(n / 5 + i) * (1 + i % 3) + n / 20 for n in range(48))
            action = ("BUY", "HOLD", "SKIP", "SELL", None)[i % 5]
            rows.append(
                TokenRow(
                    token(i),
                    Decimal(price),
                    math.sin(i) / 20,
                    spark,
                    Decimal(int(liquidity)),
                    "demo",
                    NOW - 1000 * (i % 9),
                    i == 7,
                    action,
                    Decimal(40 + i) if action else None,
                    Decimal(0),
                )
            )
        self._all = {row.token.id: row for row in rows}
        self._snapshot = Snapshot(
            1,
            NOW,
            "default",
            "demo",
            "DEMO",
            "20 tokens, seed 7, ×1",
            notice,
            None,
            1.0,
            ev.AccountMarked(
                0,
                NOW,
                *(
                    Decimal(x)
                    for x in (
                        "10000",
                        "10482.11",
                        "6120.55",
                        "4361.56",
                        "401.2",
                        "118.4",
                        "12.4",
                        "9.8",
                        "15.29",
                        "4361.56",
                    )
                ),
                trades=7,
                decisions=1204,
                reconciled=True,
            ),
            Decimal("112.40"),
            Decimal("6120.55"),
            False,
            5,
            "Balanced",
            "",
            ev.KillMode.OFF,
            "",
            True,
            (GateRow("daily_trades", 0.15, "3 of 20 trades today", False, None),),
            tuple(rows),
            (),
            (),
            (),
        )

    # what a front end is handed -------------------------------------------------------------

    async def run(self) -> None:
        if self.fail is not None:
            raise self.fail
        await self._stop.wait()

    def stop(self) -> None:
        self.stopped = True
        self._stop.set()

    async def submit(self, command: cmd.Command) -> Sequence[ev.Event]:
        self.commands.append(command)
        await asyncio.sleep(0)
        events = self._step(command)
        self.publish(*events)
        return events

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def preview(self, command: cmd.Command) -> Preview | None:
        assert isinstance(command, cmd.PlaceOrder)
        r = command.request
        row = self.row(r.token)
        if row.price is None:
            return None
        notional = r.size
        if r.size_by is SizeBy.PERCENT:
            notional = self._snapshot.free_cash * r.size / 100
        elif r.size_by is SizeBy.QUANTITY:
            notional = r.size * row.price
        out = notional * Decimal("0.9993") / row.price
        problems = self.problems
        if r.side is Side.BUY and notional > self._snapshot.free_cash:
            problems = ("the order needs more cash than the 6,120.55 USDC that are free",)
        buying = r.side is Side.BUY
        return Preview(
            r,
            row.token,
            notional if buying else notional / row.price,
            out if buying else notional * Decimal("0.9993"),
            (out if buying else notional) * Decimal("0.995"),
            row.price * Decimal("1.0007"),
            row.price,
            notional * Decimal("0.0005"),
            0.0005,
            notional * Decimal("0.0002"),
            0.0002,
            Decimal("0.014"),
            "bundled + L1",
            ev.Fidelity.LIQUIDITY,
            problems,
            ("level 5 would not trade this token now",) if r.size_by is SizeBy.PERCENT else (),
        )

    def candles(self, token: str, interval: int, limit: int) -> Sequence[Candle]:
        row = self.row(token)
        base = float(row.price or 1)
        seed = int(token[-4:], 16)
        start = NOW // interval * interval - (limit - 1) * interval
        result, close = [], base * 0.97
        for n in range(limit):
            opened = close
            close = base * (0.985 + 0.02 * math.sin(n / 9 + seed) + 0.006 * math.sin(n * 1.7))
            if n == limit - 1:
                close = base
            high, low = max(opened, close) * 1.002, min(opened, close) * 0.998
            result.append(
                Candle(start + n * interval, opened, high, low, close, 5000 + 4000 * math.sin(n))
            )
        return result

    def fills(self, token: str) -> Sequence[ev.Event]:
        return [e for e in self._fills if getattr(e, "token", "") == token]

    def subscribe(self, listener: Callable[[Sequence[ev.Event]], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def latest(self) -> dict[str, tuple[Decimal, int]]:
        return self._latest

    @property
    def tokens(self) -> Sequence[Token]:
        return self.known

    def set_speed(self, speed: float | None) -> bool:
        if self._snapshot.market == "live":
            return False
        self.change(speed=speed)
        return True

    # what a test does -----------------------------------------------------------------------

    def row(self, token: str) -> TokenRow:
        watched = {r.token.id: r for r in self._snapshot.tokens}
        return watched.get(token, self._all[token])

    def change(self, **changes: object) -> None:
        """Replace parts of the snapshot."""
        version = self._snapshot.version + 1
        self._snapshot = replace(self._snapshot, version=version, **changes)

    def move(self, index: int, price: str) -> None:
        """A new price of the token at that place."""
        rows = list(self._snapshot.tokens)
        now = self._snapshot.now + 1000
        rows[index] = replace(rows[index], price=Decimal(price), time=now)
        self._latest[rows[index].token.id] = (Decimal(price), now)
        self.change(tokens=tuple(rows), now=now)

    def publish(self, *events: ev.Event) -> None:
        for listener in list(self._listeners):
            listener(events)

    def hold(self, index: int, quantity: str = "0.147403") -> None:
        """Give the account a position."""
        row = self._snapshot.tokens[index]
        amount = Decimal(quantity)
        mark = row.price or Decimal(1)
        cost = amount * mark * Decimal("0.98")
        position = PositionRow(
            row.token,
            amount,
            mark * Decimal("0.98"),
            cost,
            mark,
            amount * mark,
            amount * mark - cost,
            Decimal(0),
            Decimal("0.37"),
            amount * mark - cost - Decimal("0.37"),
            0.0193,
            mark * Decimal("0.95"),
            mark * Decimal("1.08"),
            NOW - 5_400_000,
        )
        tokens = tuple(
            replace(t, held=amount) if t.token.id == row.token.id else t
            for t in self._snapshot.tokens
        )
        self.change(positions=(*self._snapshot.positions, position), tokens=tokens)

    def rest(self, index: int, kind: Kind = Kind.LIMIT, price: str = "3300") -> Order:
        """Put a resting order into the book."""
        order = self._order(
            OrderRequest(
                f"test-{self._orders}",
                token(index).id,
                Side.BUY,
                SizeBy.NOTIONAL,
                Decimal(500),
                kind,
                Decimal(price),
            )
        )
        self.change(orders=(*self._snapshot.orders, order))
        return order

    def decide(self, count: int = 12) -> None:
        """Fill the list of decisions."""
        self.change(decisions=tuple(decision(i) for i in range(count)))

    def filled(self, index: int, side: Side = Side.BUY) -> ev.Filled:
        """A plausible fill of that token."""
        row = self._snapshot.tokens[index]
        zero = Decimal(0)
        price = row.price or Decimal(1)
        self._seq += 1
        event = ev.Filled(
            self._seq,
            self._snapshot.now,
            f"o{self._orders}",
            row.token.id,
            row.token.symbol,
            side,
            Origin.MANUAL,
            Decimal("0.147403"),
            Decimal(500),
            price,
            price,
            "demo",
            zero,
            Decimal("0.25"),
            Decimal("0.11"),
            Decimal("0.014"),
            180_000,
            10**7,
            0,
            Decimal(3388),
            "demo",
            ev.Fidelity.LIQUIDITY,
            Decimal("499.64"),
            zero,
        )
        self._fills.append(event)
        return event

    # how it answers -------------------------------------------------------------------------

    def _order(self, r: OrderRequest) -> Order:
        self._orders += 1
        working = r.kind is not Kind.MARKET
        return Order(
            f"o{self._orders}",
            r.client_id,
            self._snapshot.now,
            r.token,
            r.side,
            r.kind,
            r.origin,
            r.size_by,
            r.size,
            r.size if r.size_by is SizeBy.NOTIONAL else None,
            None,
            r.tolerance_bps,
            r.price,
            r.trail_bps,
            status=Status.WORKING if working else Status.SUBMITTED,
            lands_at=None if working else self._snapshot.now + 2000,
        )

    def _step(self, command: cmd.Command) -> Sequence[ev.Event]:
        self._seq += 1
        at = (self._seq, self._snapshot.now)
        match command:
            case cmd.PlaceOrder(request=r):
                if r.client_id in self._by_client:
                    return self._by_client[r.client_id]
                if self.rejects:
                    return [
                        ev.OrderRejected(
                            *at, r.client_id, r.token, r.side, r.origin, "cash", self.rejects
                        )
                    ]
                order = self._order(r)
                self.change(orders=(*self._snapshot.orders, order))
                self._by_client[r.client_id] = [ev.OrderAccepted(*at, order)]
                return self._by_client[r.client_id]
            case cmd.CancelOrder(order_id=order_id):
                kept = tuple(o for o in self._snapshot.orders if o.id != order_id)
                self.change(orders=kept)
                return [ev.OrderCancelled(*at, order_id, "cancelled by hand")]
            case cmd.SwitchBot(on=on):
                self.change(bot=on)
                return [ev.BotSwitched(*at, on)]
            case cmd.SetLevel(level=level):
                name = LEVELS.get(level, f"Level {level}")
                self.change(level=level, level_name=name)
                return [ev.LevelChanged(*at, level, name)]
            case cmd.SetKill(mode=mode):
                self.change(kill=mode, kill_detail=f"{mode.value} is set")
                return [ev.KillSwitched(*at, mode)]
            case cmd.ResetGate(gate=gate):
                return [ev.GateCleared(*at, gate, "a person")]
            case cmd.Watch(token=token_id, on=on):
                kept = tuple(t for t in self._snapshot.tokens if t.token.id != token_id)
                self.change(tokens=(*kept, self._all[token_id]) if on else kept)
                return [ev.WatchChanged(*at, token_id, on)]
            case _:
                return []


def decision(index: int) -> Decision:
    """A plausible decision with factors."""
    action = (Action.BUY, Action.HOLD, Action.SKIP, Action.SELL)[index % 4]
    factors = (
        Factor(
            "trend",
            "opportunity",
            Decimal("82.00"),
            Decimal("40.00"),
            Decimal("32.80"),
            "The hour's trend is 2.1 standard deviations up.",
            (FactorInput("slope_1h", "+2.1σ", "demo", 2000),),
        ),
        Factor(
            "depth",
            "opportunity",
            Decimal("52.00"),
            Decimal("60.00"),
            Decimal("31.20"),
            "41M in the pool.",
        ),
        Factor(
            "volatility",
            "risk",
            Decimal("28.00"),
            Decimal("100.00"),
            Decimal("28.00"),
            "It moves 1.4% an hour.",
        ),
        Factor(
            "agreement",
            "confidence",
            Decimal("71.00"),
            Decimal("100.00"),
            Decimal("71.00"),
            "Three of four signals agree.",
        ),
    )
    return Decision(
        f"d{index + 1}",
        NOW - index * 30_000,
        token(index % 20).id,
        action,
        Decimal("71.00"),
        Decimal("28.00"),
        Decimal("64.00"),
        5,
        "Balanced",
        Decimal(500) if action is Action.BUY else Decimal(0),
        "entry.score",
        "trend +2.1σ, depth high, gas low",
        Decimal("3388.21"),
        "demo",
        2000,
        factors,
        ("holders",),
        1 + index % 3,
        Decimal("3218.8"),
        (Decimal("3659.3"),),
    )
