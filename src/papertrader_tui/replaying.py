"""Settings and flags in, accounts on a recording out: replay and race, wired to adapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Literal

from papertrader_tui.config import Loaded as Config
from papertrader_tui.domain.market import MarketInput
from papertrader_tui.feeds.tapes import Tapes
from papertrader_tui.launch import PROGRAM
from papertrader_tui.ports import Market
from papertrader_tui.replay.run import Heed, Recording, Stage, Terms
from papertrader_tui.replay.venue import VENUES

_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Reading:
    """How tapes are read: see `feeds.tapes.Tapes`."""

    zone: tzinfo | None = None
    stamp: Literal["start", "end"] = "start"
    symbol: str | None = None
    since: int | None = None
    until: int | None = None


def is_account(path: Path) -> bool:
    """Is it an account's file, rather than a tape?"""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False  # whoever opens it says why it cannot be read


def open_tapes(chain: str, paths: Sequence[Path], reading: Reading) -> Tapes:
    """Tapes whose tokens are traded on a chain.

    Raises:
        TapeError: one of them cannot be played.
    """
    return Tapes(
        paths,
        chain=chain,
        zone=reading.zone,
        stamp=reading.stamp,
        symbol=reading.symbol,
        since=reading.since,
        until=reading.until,
    )


def terms(config: Config, level: int, *, costs: str = "full", gates: bool = True) -> Terms:
    """What an account at that level begins with, by the settings in force."""
    settings = config.settings
    return Terms(
        level=level,
        seed=settings.market.seed,
        cash=settings.account.cash,
        gates=gates,
        limits=settings.risk,
        exits=settings.exits,
        venue=VENUES[costs],
    )


def tape_recording(tapes: Tapes, warm: Sequence[MarketInput]) -> Recording:
    """A tape's period, as `Tapes.play` began it."""
    return Recording(
        "tape",
        f"{', '.join(tapes.names)}: {tapes.readers[0].describe()}",
        tapes.registry,
        tapes.watchlist,
        warm,
        warm[0].time,
        tapes.interval,
    )


def market_recording(market: Market) -> Recording:
    """What a market says from now on; its inputs come one by one."""
    info = market.info
    warm = list(market.warm())
    began = max([item.time for item in warm], default=market.now())
    return Recording(
        info.kind, info.detail, market.registry, market.watchlist, warm, began, info.interval
    )


def stage(every: Sequence[Terms], recording: Recording, heeds: Sequence[Heed] = ()) -> Stage:
    """Accounts that begin on a recording."""
    return Stage(every, recording, PROGRAM, heeds)
