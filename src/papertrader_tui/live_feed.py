"""Settings in, a price feed out: keys are fetched, sources opened, their limits set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from papertrader_tui.chain.source import NAME as ONCHAIN
from papertrader_tui.config import LiveSettings, Settings, SourceOptions
from papertrader_tui.config_options import ConfigError
from papertrader_tui.feeds.alerts import dollar_tokens
from papertrader_tui.feeds.feed_settings import FeedSettings
from papertrader_tui.feeds.keys import KeyCommandError, key_from
from papertrader_tui.feeds.live import wall_clock
from papertrader_tui.feeds.monitor import Monitor
from papertrader_tui.feeds.service import PriceFeed
from papertrader_tui.feeds.source import PriceSource
from papertrader_tui.feeds.sources.base import Source, SourceSettings
from papertrader_tui.feeds.sources.catalog import NEED_KEY, SOURCES, open_sources
from papertrader_tui.feeds.sources.http import Http
from papertrader_tui.feeds.sources.secret import NO_KEY, Secret
from papertrader_tui.registry import load_registry


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the sources that are on, and why one of them could not be had.

    Attributes:
        found: By source; one without a key is not in it.
        faults: By source, in words.
    """

    found: dict[str, Secret]
    faults: dict[str, str]


def names_on(settings: Settings) -> tuple[str, ...]:
    """The sources that are switched on, in order of preference.

    Raises:
        ConfigError: there is none.
    """
    names = tuple(name for name in settings.feed.order if settings.source.of(name).on)
    if not names:
        msg = "no price source is on: set on = true in a [source.NAME], and name it in [feed] order"
        raise ConfigError(msg)
    return names


async def fetch_keys(settings: Settings, names: Sequence[str]) -> Keys:
    """The keys of some sources; programs that print them run in threads, all at once."""
    keys = Keys({}, {})

    async def fetch(name: str, options: SourceOptions) -> None:
        if options.key or not options.key_command:
            key = options.key
        else:
            try:
                key = await asyncio.to_thread(key_from, options.key_command)
            except KeyCommandError as error:
                keys.faults[name] = f"{name}: {error}"
                return
        if key:
            keys.found[name] = key

    await asyncio.gather(*(fetch(name, settings.source.of(name)) for name in names))
    return keys


def source_settings(options: SourceOptions, name: str, key: Secret) -> SourceSettings:
    """What an adapter is told; limits that are not set are the documented ones."""
    plan = "" if options.plan == "auto" else options.plan
    told = SourceSettings(base_url=options.base_url, key=key, plan=plan)
    if not options.per_minute and not options.batch:
        return told
    documented = SOURCES[name](Http(), told).limits  # CoinGecko's depend on the plan
    limits = replace(
        documented,
        per_minute=float(options.per_minute or documented.per_minute),
        batch=options.batch or documented.batch,
    )
    return replace(told, limits=limits)


def sources_of(settings: Settings, names: Sequence[str], keys: Keys, http: Http) -> list[Source]:
    """The adapters of the services that can be asked; the chains are no service.

    Raises:
        ConfigError: nobody can be asked: the services need keys.
    """
    names, alone = [n for n in names if n in SOURCES], ONCHAIN not in names
    told = {
        name: source_settings(settings.source.of(name), name, keys.found.get(name, NO_KEY))
        for name in names
    }
    found = open_sources(told, order=tuple(names), http=http)
    if not found and alone:
        needy = ", ".join(name for name in names if name in NEED_KEY)
        msg = f"the only price sources that are on need a key: {needy}; set PAPERTRADER_ALCHEMY_KEY"
        raise ConfigError(msg)
    return found


async def open_feed(
    settings: Settings,
    *,
    wall: Callable[[], int] = wall_clock,
    onchain: PriceSource | None = None,
) -> tuple[PriceFeed, tuple[str, ...]]:
    """A feed that asks nobody yet, and what is wrong with its keys.

    Args:
        settings: Which sources, and how they are asked.
        wall: Market milliseconds.
        onchain: What the chains say, where they are asked and as settings put it in order.

    Raises:
        ConfigError: no source is on, or those that are need a key and have none.
    """
    names = names_on(settings)
    keys = await fetch_keys(settings, names)
    client = Http(deadline=float(settings.feed.deadline))
    services = {source.name: source for source in sources_of(settings, names, keys, client)}
    everyone: dict[str, PriceSource] = dict(services)
    if onchain is not None:
        everyone[ONCHAIN] = onchain
    sources = [everyone[name] for name in names if name in everyone]
    await client.prepare()
    monitor = Monitor(
        {source.name: source.limits.per_minute for source in sources},
        dollar_tokens(load_registry()),
    )
    feed = PriceFeed(sources, feed_settings(settings.feed), wall=wall, monitor=monitor)
    return feed, tuple(keys.faults.values())


def feed_settings(settings: LiveSettings) -> FeedSettings:
    """The same for the feed.

    Raises:
        ConfigError: they do not fit each other.
    """
    try:
        return FeedSettings(float(settings.ttl), float(settings.patience), float(settings.deadline))
    except ValueError as error:
        raise ConfigError(f"[feed]: {error}") from None
