"""The five services by name, and how to open them all on one shared client."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from papertrader_tui.feeds.sources.alchemy import Alchemy
from papertrader_tui.feeds.sources.base import DEFAULT_SETTINGS, Source, SourceSettings
from papertrader_tui.feeds.sources.coingecko import CoinGecko
from papertrader_tui.feeds.sources.defillama import DefiLlama
from papertrader_tui.feeds.sources.dexscreener import DexScreener
from papertrader_tui.feeds.sources.geckoterminal import GeckoTerminal
from papertrader_tui.feeds.sources.http import Http, wall_clock

#: In the usual order of asking: the first two that are up and independent are asked in each cycle,
#: so DexScreener is one of them, because it alone tells pools and their depth beside a price.
SOURCES: dict[str, type[Source]] = {
    kind.NAME: kind for kind in (Alchemy, DexScreener, CoinGecko, GeckoTerminal, DefiLlama)
}
#: Services that answer nobody without a key.
NEED_KEY = frozenset({"alchemy"})


def open_sources(
    settings: Mapping[str, SourceSettings] | None = None,
    *,
    order: tuple[str, ...] = tuple(SOURCES),
    http: Http | None = None,
    clock: Callable[[], int] = wall_clock,
) -> list[Source]:
    """The services that can be asked, in order; those that need a key and have none are left out.

    Args:
        settings: By name; a name that is missing has its defaults.
        order: Names to open; leave one out to switch it off.
        http: The client that they share, a new one if None.
        clock: Milliseconds since 1970.

    Raises:
        ValueError: a name is not known.
    """
    chosen = dict(settings or {})
    for name in (*order, *chosen):
        if name not in SOURCES:
            msg = f"price source {name!r} is not known; choose from {', '.join(SOURCES)}"
            raise ValueError(msg)
    client = http or Http(clock=clock)
    return [
        SOURCES[name](client, found, clock=clock)
        for name in dict.fromkeys(order)
        if (found := chosen.get(name, DEFAULT_SETTINGS)).key or name not in NEED_KEY
    ]
