"""An account's file stepped again: from its demo's seed, its tape, or what it heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from papertrader_tui.config import Loaded as Config
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.market import HOUR, MarketInput
from papertrader_tui.domain.tokens import Registry, TokenId
from papertrader_tui.engine.rows import iso
from papertrader_tui.feeds.demo import DemoMarket
from papertrader_tui.feeds.tape import TapeMarket
from papertrader_tui.lookout import known_tokens
from papertrader_tui.replay.again import Given, Heard, Part, Verdict, step_again
from papertrader_tui.replaying import Reading
from papertrader_tui.store.load import Loaded, Session, load


@dataclass(frozen=True, slots=True)
class _Span:
    """A session, and where the next one began."""

    session: Session
    end: int
    before: int | None
    given: Sequence[Given]


def check_account(config: Config, path: Path, tape: Path | None, reading: Reading) -> Verdict:
    """Step an account's sessions again and compare; works beside a running desk.

    Args:
        config: Settings: chains and tokens that live accounts know.
        path: The account's file.
        tape: The tape that it was traded on, for an account of a tape.
        reading: How that is read.

    Raises:
        ConfigError: it needs a tape that was not named or is another one, or what it heard is
            not kept any more.
        StoreError: the file cannot be used.
    """
    with load(path) as file:
        kind = file.meta.market
        if tape is not None and kind != "tape":
            msg = f"{path.name} is an account of the {kind or 'no'} market and needs no tape"
            raise ConfigError(msg)
        spans = list(_spans(file))
        parts: Iterator[Part]
        if kind == "demo":
            parts = (_demo_part(file.meta.seed, span) for span in spans)
        elif kind == "tape":
            identity = file.meta.identity
            parts = (
                _part(_tape(config, path, identity, tape, reading, span.session.cursor), span)
                for span in spans
            )
        else:
            parts = _live_parts(config, path, file, spans)
        return step_again(file.events(factors=True), parts)


def _spans(file: Loaded) -> Iterator[_Span]:
    sessions = list(file.sessions())
    given: dict[int, list[Given]] = defaultdict(list)
    for one in file.inputs():
        given[one.session].append((one.cursor, one.time, one.command))
    end = file.checkpoint.cursor if file.checkpoint is not None else 0
    for number, session in enumerate(sessions):
        following = sessions[number + 1] if number + 1 < len(sessions) else None
        yield _Span(
            session,
            end if following is None else following.cursor,
            None if following is None else following.first_seq,
            given[session.session],
        )


# ---------------------------------------------------------------------- demo and tape


def _demo_part(seed: int, span: _Span) -> Part:
    return _part(DemoMarket(seed, None, span.session.cursor), span)


def _part(market: DemoMarket | TapeMarket, span: _Span) -> Part:
    return Part(
        span.before, market.registry, market.watchlist, market.warm(), _heard(market, span.end),
        span.given,
    )  # fmt: skip


def _heard(market: DemoMarket | TapeMarket, end: int) -> Iterator[Heard]:
    """What a market that never waits hands over up to a cursor.

    A demo counts instants, a tape its inputs.
    """
    cursor = market.cursor
    batches = market.batches()
    while cursor < end:
        batch = _now(anext(batches, None))
        if not batch:
            return
        counted: Iterator[Sequence[MarketInput]] = (
            (list(same) for _, same in groupby(batch, key=lambda item: item.time))
            if isinstance(market, DemoMarket)
            else ([item] for item in batch)
        )
        for items in counted:
            if cursor >= end:
                return
            cursor += 1
            yield cursor, items


def _now(coming: Awaitable[Sequence[MarketInput] | None]) -> Sequence[MarketInput] | None:
    """What comes without waiting: as fast as possible, these markets do not."""
    try:
        coming.__await__().send(None)
    except StopIteration as done:
        found: Sequence[MarketInput] | None = done.value
        return found
    msg = "a market that goes as fast as possible waited"
    raise RuntimeError(msg)


def _tape(
    config: Config, path: Path, identity: str, tape: Path | None, reading: Reading, cursor: int
) -> TapeMarket:
    if tape is None:
        msg = (
            f"{path.name} is an account of a tape, whose prices it does not hold; name that too: "
            f"papertrader replay {path.name} TAPE"
        )
        raise ConfigError(msg)
    chain = identity.split(":")[2] if identity.count(":") >= 2 else config.settings.market.chain
    market = TapeMarket(
        tape, chain=chain, speed=None, cursor=cursor,
        zone=reading.zone, stamp=reading.stamp, symbol=reading.symbol,
    )  # fmt: skip
    if market.info.identity != identity:
        msg = (
            f"{path.name} was traded on another tape, or one read in another way ({identity}), "
            f"than {tape.name} ({market.info.identity})"
        )
        raise ConfigError(msg)
    return market


# ---------------------------------------------------------------------- live


def _live_parts(config: Config, path: Path, file: Loaded, spans: Sequence[_Span]) -> Iterator[Part]:
    registry = known_tokens(config)
    watchlist = _watched(path, file, registry)
    rows = groupby(file.heard(), key=lambda row: row.session)
    found = next(rows, None)
    for span in spans:
        number = span.session.session
        warm: list[MarketInput] = []
        heard: list[Heard] = []
        if found is not None and found[0] == number:
            for row in found[1]:
                if row.warm:
                    warm += row.items
                elif row.cursor <= span.end:
                    heard.append((row.cursor, row.items))
            found = next(rows, None)
        yield Part(span.before, registry, watchlist, warm, heard, span.given, timers=True)


def _watched(path: Path, file: Loaded, registry: Registry) -> list[TokenId]:
    """What a live account watched first; checks that all of what it heard is still kept.

    Raises:
        ConfigError: it is not, or a token is not known here.
    """
    watched: list[TokenId] = []
    begun = 0
    for event in file.events():
        if isinstance(event, ev.SessionStarted):
            if begun:
                break
            begun = event.time
        elif isinstance(event, ev.WatchChanged) and begun and event.on:
            watched.append(event.token)
        elif begun:
            break
    earliest = next((item.time for row in file.heard() if not row.warm for item in row.items), None)
    if begun and (earliest is None or earliest > begun + HOUR):
        kept = f"from {iso(earliest)} on" if earliest is not None else "no more"
        msg = (
            f"{path.name} began {iso(begun)}, and what it heard is kept {kept} (see [store] "
            "recording_days): it cannot be stepped again from its beginning"
        )
        raise ConfigError(msg)
    for token in watched:
        if token not in registry.tokens:
            msg = f"{path.name} trades {token}, which is not known here; papertrader token add it"
            raise ConfigError(msg)
    return watched
