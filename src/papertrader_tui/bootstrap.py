"""Settings and flags in, a wired kernel out: the one module that knows every adapter."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from papertrader_tui.config import Loaded as Config
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.candles import CandleBook, NoCandles
from papertrader_tui.engine.desk import Desk
from papertrader_tui.engine.kernel import Kernel
from papertrader_tui.launch import (
    PROGRAM,
    Launch,
    account_path,
    account_seed,
    check_market,
    data_dir,
    market_kind,
    market_speed,
    new_account,
)
from papertrader_tui.ports import Market
from papertrader_tui.store import accounts
from papertrader_tui.store.errors import StoreError
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.load import Checkpoint, load
from papertrader_tui.store.lock import AccountLock
from papertrader_tui.store.meta import Meta
from papertrader_tui.store.prices import Retention

#: Past fills that a chart can mark.
FILLS_KEPT = 5_000
#: A price is stale after a minute, or after so many of the market's own intervals.
STALE_MS, STALE_INTERVALS = 60_000, 2


@dataclass(frozen=True, slots=True)
class Opened:
    """A desk that is ready to run.

    Attributes:
        symbols: Symbol by token.
        narration: What was opened, in sentences.
        closing: The same about what the market turned out to hold, once it has run.
    """

    kernel: Kernel
    symbols: Mapping[TokenId, str]
    narration: tuple[str, ...]
    closing: Callable[[], Sequence[str]]


@dataclass(slots=True)
class _Stored:
    """What an account's file says; of a new account, nothing.

    Attributes:
        shadow: The same fold once more, for the journal, which stores what follows from it.
    """

    meta: Meta | None = None
    checkpoint: Checkpoint | None = None
    account: Account = field(default_factory=Account)
    shadow: Account = field(default_factory=Account)
    fills: deque[ev.Event] = field(default_factory=lambda: deque(maxlen=FILLS_KEPT))
    decisions: list[ev.Event] = field(default_factory=list)

    @property
    def cursor(self) -> int:
        return self.checkpoint.cursor if self.checkpoint else 0


@asynccontextmanager
async def open_desk(config: Config, launch: Launch) -> AsyncIterator[Opened]:
    """Open an account on its market: lock, load, fold, check; close it all in the end.

    A file is made for a new account only once its market could be opened.

    Raises:
        ConfigError: the flags do not fit each other or the account.
        StoreError: the account cannot be used; AccountBusy: by another process.
        ValueError: the market cannot be opened (a tape that is none).
    """
    kind = market_kind(config, launch)
    path = account_path(config, launch, kind)
    new = not path.exists()
    lock = None if new else AccountLock(path)
    try:
        stored = _Stored() if new else _load(path)
        seed = account_seed(config, stored.meta)
        market = _market(config, launch, seed, stored.cursor)
        check_market(stored.meta, market.info)
        if lock is None:
            settings = config.settings.account
            new_account(data_dir(config), path.stem, settings.cash, seed)
            lock = AccountLock(path)
        meta = accounts.bind(
            path, market=market.info.kind, identity=market.info.identity, seed=seed
        )
        async with _journal(config, path, stored) as journal:
            await _begin(stored, meta, market, journal)
            desk = Desk(
                stored.account,
                market.registry,
                config.settings.risk,
                stale_after=max(STALE_MS, STALE_INTERVALS * market.info.interval),
            )
            desk.restore(stored.checkpoint.body if stored.checkpoint else "")
            kernel = Kernel(
                desk,
                market,
                journal,
                NoCandles() if launch.headless else CandleBook(),
                span=launch.span,
                past_fills=stored.fills,
                past_decisions=stored.decisions,
            )
            symbols = {t.id: t.symbol for t in market.registry.tokens.values()}
            yield Opened(
                kernel,
                symbols,
                tuple(_narration(config, market, path, new=new)),
                lambda: tuple(_closing(market, stored.cursor, path)),
            )
    finally:
        if lock is not None:
            lock.release()


@asynccontextmanager
async def _journal(config: Config, path: Path, stored: _Stored) -> AsyncIterator[SqliteJournal]:
    store = config.settings.store
    journal = await SqliteJournal.open(
        path,
        account=stored.shadow,
        retention=Retention(store.raw_price_hours * HOUR, store.minute_price_days * DAY),
    )
    try:
        yield journal
    finally:
        await journal.close()


def _load(path: Path) -> _Stored:
    with load(path) as file:
        stored = _Stored(file.meta, file.checkpoint)
        try:
            for event in file.events():
                stored.account.apply(event)
                stored.shadow.apply(event)
                if isinstance(event, ev.Filled | ev.Reverted):
                    stored.fills.append(event)
        except (ValueError, KeyError, RuntimeError, ArithmeticError) as fault:
            raise _damaged(path, str(fault)) from fault
        stored.decisions = [ev.Decided(0, d.time, d) for d in reversed(file.decisions)]
    if not stored.account.ledger.reconciled():
        raise _damaged(path, "its books do not balance")
    return stored


async def _begin(stored: _Stored, meta: Meta, market: Market, journal: SqliteJournal) -> None:
    """Write the first fact of a new account."""
    if stored.account.seq:
        return
    opened = ev.AccountOpened(
        1, market.now(), meta.name, market.info.kind, meta.cash, meta.seed, PROGRAM
    )
    stored.account.apply(opened)
    await journal.append([opened], inputs=(), checkpoint="", cursor=market.cursor, durable=True)


def _market(config: Config, launch: Launch, seed: int, cursor: int) -> Market:
    if launch.tape is not None:
        from papertrader_tui.feeds.tape import TapeMarket

        speed = market_speed(config, launch, "tape")
        return TapeMarket(
            launch.tape,
            chain=config.settings.market.chain,
            speed=speed,
            cursor=cursor,
            zone=launch.zone,
            stamp=launch.stamp,
            symbol=launch.symbol,
        )
    from papertrader_tui.feeds.demo import DemoMarket

    return DemoMarket(seed, market_speed(config, launch, "demo"), cursor)


def _narration(config: Config, market: Market, path: Path, *, new: bool) -> Iterator[str]:
    info = market.info
    made = f", new, with ${config.settings.account.cash:,f}" if new else ""
    yield f"account {path.stem}{made} ({path})"
    pace = "as fast as possible" if market.speed is None else f"×{market.speed:g}"
    yield f"market {info.badge}: {info.detail}, {pace}"
    if config.settings.market.kind == "auto" and info.kind == "demo":
        yield "there are no live prices yet, so --market auto is the demo market"
    if info.notice:
        yield info.notice


def _closing(market: Market, start: int, path: Path) -> Iterator[str]:
    report = getattr(market, "report", None)  # a tape's: rows that could not be used
    if report is not None:
        yield f"tape: {report.summary()}"
        yield from (f"tape: {fault}" for fault in report.faults)
        if report.bad > len(report.faults):
            yield f"tape: and {report.bad - len(report.faults):,} more bad rows"
        if market.cursor == start:
            yield (
                "this account has seen its tape to the end; to play it again: "
                f"papertrader account reset {path.stem}"
            )


def _damaged(path: Path, why: str) -> StoreError:
    name = path.stem
    return StoreError(
        f"account {name!r} cannot be opened: {why}; papertrader verify --account {name} says more"
    )
