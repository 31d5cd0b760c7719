"""Settings and flags in, a wired kernel out: the one module that knows every adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from papertrader_tui.claim import Claim, Stored, claim
from papertrader_tui.config import Loaded as Config
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.engine.candles import CandleBook, NoCandles
from papertrader_tui.engine.desk import Desk
from papertrader_tui.engine.kernel import Kernel
from papertrader_tui.engine.snapshot import FeedHealth
from papertrader_tui.launch import (
    PROGRAM,
    Launch,
    check_kind,
    check_market,
    data_dir,
    market_kind,
    market_speed,
    new_account,
)
from papertrader_tui.ports import Market, TokenSearch
from papertrader_tui.store import accounts
from papertrader_tui.store.archive import CandleArchive
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.lock import AccountLock
from papertrader_tui.store.meta import Meta
from papertrader_tui.store.prices import Retention
from papertrader_tui.watching import watched

if TYPE_CHECKING:
    from papertrader_tui.going_live import Found  # slow to import: not before the first frame

#: On the screen of a demo that nobody asked for.
STANDS_IN = "No price source answered: demo market, invented prices."
#: A price is stale after a minute, or after so many of the market's own intervals.
STALE_MS, STALE_INTERVALS = 60_000, 2


@dataclass(frozen=True, slots=True)
class Opened:
    """A desk that is ready to run.

    Attributes:
        symbols: Symbol by token.
        narration: What was opened, in sentences.
        closing: The same about what the market turned out to hold, once it has run.
        search: Finds tokens that the desk does not know yet, None where there are no others.
        again: Asks every price source now and tells how they are, None without any.
    """

    kernel: Kernel
    symbols: Mapping[TokenId, str]
    narration: tuple[str, ...]
    closing: Callable[[], Sequence[str]]
    search: TokenSearch | None = None
    again: Callable[[], Awaitable[FeedHealth]] | None = None


@asynccontextmanager
async def open_desk(config: Config, launch: Launch) -> AsyncIterator[Opened]:
    """Open an account on its market: lock, load, fold, check; close it all in the end.

    Where the market is to be live, or may be, the network is asked first; see `open_console` for
    a desk that can be shown meanwhile.

    Raises:
        ConfigError: the flags do not fit each other or the account.
        StoreError: the account cannot be used; AccountBusy: by another process.
        ValueError: the market cannot be opened (a tape that is none).
        NoPrices: it was to be live, and no source answered.
    """
    kind = market_kind(config, launch)
    async with AsyncExitStack() as stack:
        if kind not in ("auto", "live"):
            yield await _known(config, launch, kind, stack)
            return
        claimed = claim(config, launch, "live")
        async with _released(claimed):
            opened, _ = await decide(config, launch, claimed, stack)
        yield opened


async def decide(
    config: Config, launch: Launch, claimed: Claim, stack: AsyncExitStack
) -> tuple[Opened, bool]:
    """Look for prices and open the market that there is: live, or else the demo market.

    Args:
        config: Settings.
        launch: What was asked for.
        claimed: The live account; it is let go where it is not opened.
        stack: Closes what was opened.

    Returns:
        The desk, and whether it stands in for a live one.

    Raises:
        NoPrices: it was to be live, and no source answered.
    """
    from papertrader_tui.going_live import look_for_prices

    found = await look_for_prices(config, claimed)
    stays = claimed.market == "live" and (claimed.invested or bool(config.settings.account.name))
    must = config.settings.market.kind == "live"
    if found.answered or claimed.invested or (launch.wait if must else stays):
        return await open_live(config, launch, claimed, found, stack), False
    await found.close()
    claimed.release()
    if must:
        raise found.no_prices()
    said = tuple(f"price source {sentence}" for sentence in (*found.faults, *found.said))
    return await _known(
        _stand_in(config, claimed), launch, "demo", stack, notice=STANDS_IN, notes=said
    ), True


def _stand_in(config: Config, claimed: Claim) -> Config:
    """A new account that was named, and a watchlist, are meant for live prices.

    The demo market that stands in for them has an account of its own: an account belongs to one
    market for ever.
    """
    name = "" if claimed.new else config.settings.account.name
    account = replace(config.settings.account, name=name, watchlist="")
    return replace(config, settings=replace(config.settings, account=account))


async def open_live(
    config: Config, launch: Launch, claimed: Claim, found: Found, stack: AsyncExitStack
) -> Opened:
    """Open an account on live prices; `stack` closes both."""
    from papertrader_tui.feeds.health import feed_health
    from papertrader_tui.live_tokens import LiveTokens

    stack.push_async_callback(found.close)
    notes = list(found.faults)
    if not found.answered:
        notes.append("no price source answers yet: prices are stale until one does")
    context = _opened(config, launch, claimed, found.market, notes=notes)
    opened = await stack.enter_async_context(context)
    kernel, market = opened.kernel, found.market
    market.listen(kernel.announce)
    kernel.subscribe(lambda events: market.heed(events, kernel.desk.account))

    def learn(token: Token) -> None:
        market.add(token)
        kernel.learn(token)

    tokens = LiveTokens(data_dir(config), found.feed, lambda: market.registry, learn)

    async def again() -> FeedHealth:
        await found.feed.again()
        return feed_health(found.feed)

    return replace(opened, search=tokens, again=again)


async def _known(
    config: Config,
    launch: Launch,
    kind: str,
    stack: AsyncExitStack,
    *,
    notice: str = "",
    notes: Sequence[str] = (),
) -> Opened:
    """Open an account on a market that needs no network."""
    claimed = claim(config, launch, kind)
    async with _released(claimed):
        check_kind(claimed.stored.meta, kind)
        market = _market(config, launch, claimed.seed, claimed.stored.cursor, notice)
        watchlist = watched(config, market)
        context = _opened(config, launch, claimed, market, notes=notes, watchlist=watchlist)
        return await stack.enter_async_context(context)


@asynccontextmanager
async def _released(claimed: Claim) -> AsyncIterator[None]:
    """Let an account go if it could not be opened."""
    try:
        yield
    except BaseException:
        claimed.release()
        raise


@asynccontextmanager
async def _opened(
    config: Config,
    launch: Launch,
    claimed: Claim,
    market: Market,
    *,
    notes: Sequence[str] = (),
    watchlist: Sequence[TokenId] | None = None,
) -> AsyncIterator[Opened]:
    """The desk of an account on a market; a file is made for a new account only here."""
    path, stored, seed = claimed.path, claimed.stored, claimed.seed
    try:
        check_market(stored.meta, market.info)
        if claimed.lock is None:
            settings = config.settings.account
            new_account(data_dir(config), path.stem, settings.cash, seed)
            claimed.lock = AccountLock(path)
        meta = accounts.bind(
            path, market=market.info.kind, identity=market.info.identity, seed=seed
        )
        async with _journal(config, path, stored) as journal:
            await _begin(stored, meta, market, journal)
            remember = getattr(market, "remember", None)  # a live market's: its past is asked for
            if remember is not None:
                remember(CandleArchive(path, journal))
            desk = Desk(
                stored.account,
                market.registry,
                config.settings.risk,
                stale_after=max(STALE_MS, STALE_INTERVALS * market.info.interval),
                exits=config.settings.exits,
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
                watchlist=watchlist,
            )
            symbols = {t.id: t.symbol for t in market.registry.tokens.values()}
            yield Opened(
                kernel,
                symbols,
                (*_narration(config, market, path, new=claimed.new), *notes),
                lambda: tuple(_closing(market, stored.cursor, path)),
            )
    finally:
        claimed.release()


@asynccontextmanager
async def _journal(config: Config, path: Path, stored: Stored) -> AsyncIterator[SqliteJournal]:
    store = config.settings.store
    journal = await SqliteJournal.open(
        path,
        account=stored.shadow,
        retention=Retention(
            store.raw_price_hours * HOUR, store.minute_price_days * DAY, store.recording_days * DAY
        ),
    )
    try:
        yield journal
    finally:
        await journal.close()


async def _begin(stored: Stored, meta: Meta, market: Market, journal: SqliteJournal) -> None:
    """Write the first fact of a new account."""
    if stored.account.seq:
        return
    opened = ev.AccountOpened(
        1, market.now(), meta.name, market.info.kind, meta.cash, meta.seed, PROGRAM
    )
    stored.account.apply(opened)
    await journal.append([opened], inputs=(), checkpoint="", cursor=market.cursor, durable=True)


def _market(config: Config, launch: Launch, seed: int, cursor: int, notice: str = "") -> Market:
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

    return DemoMarket(seed, market_speed(config, launch, "demo"), cursor, notice=notice)


def _narration(config: Config, market: Market, path: Path, *, new: bool) -> Iterator[str]:
    info = market.info
    made = f", new, with ${config.settings.account.cash:,f}" if new else ""
    yield f"account {path.stem}{made} ({path})"
    pace = "as fast as possible" if market.speed is None else f"×{market.speed:g}"
    pace = "" if info.kind == "live" else f", {pace}"
    yield f"market {info.badge}: {info.detail}{pace}"
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
