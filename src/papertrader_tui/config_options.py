"""Every setting there is: its place, its type, its range, and what it is for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from papertrader_tui.config_values import ConfigError, Option, did_you_mean
from papertrader_tui.domain import exit_rules
from papertrader_tui.domain.risk import RANGES, RiskLimits

__all__ = ["OPTIONS", "SECTIONS", "SOURCES", "ConfigError", "Option", "did_you_mean"]

#: Price services, in the usual order of asking.
SOURCES = {
    "alchemy": "Alchemy Prices: by address and symbol, with history. Needs a key.",
    "dexscreener": "DexScreener: pools with their depth and volume. No key.",
    "coingecko": "CoinGecko: by id and contract, with history. A key raises its limits.",
    "geckoterminal": "GeckoTerminal: pools, with candles. No key.",
    "defillama": "DefiLlama: with confidence and history. No key.",
    "onchain": "The pools themselves, through the nodes of [chain.NAME]. No key.",
}

SECTIONS = {
    "market": "Where prices come from.",
    "feed": "Live prices: how often the sources below are asked.",
    **{f"source.{name}": about for name, about in SOURCES.items()},
    "account": "Which account is opened, and what a new one begins with.",
    "risk": "Account gates: they bind manual orders and the bot alike.",
    "exits": "When the bot leaves a position; how wide its stop may be is up to the level.",
    "ui": "How the console looks, and its keys.",
    "store": "Where accounts are kept, and prices for how long.",
}


def _option(section: str, key: str, kind: str, text: str, **limits: Any) -> Option:
    variable = "" if kind == "keys" else f"PAPERTRADER_{section}_{key}".upper()
    return Option(section, key, kind, text, **{"variable": variable, **limits})


_RISK_HELP = {
    "daily_trades": "trades in one UTC day",
    "daily_loss_pct": "loss of a UTC day, in percent of its first equity, that pauses entries",
    "daily_loss_pause_h": "hours of that pause",
    "peak_loss_pct": "loss from the highest equity, in percent, that blocks entries until reset",
    "loss_streak": "losing positions in a row that pause entries",
    "loss_streak_pause_h": "hours of that pause",
    "cooldown_token_min": "minutes between two buys of one token",
    "cooldown_any_min": "minutes between two buys of any token",
    "max_open_positions": "positions open at once",
    "min_liquidity_usd": "dollars that a token's pool has to hold, where that is known",
}


def _risk(key: str, text: str) -> Option:
    low, high = RANGES[key]
    whole = isinstance(getattr(RiskLimits(), key), int)
    return _option("risk", key, "int" if whole else "number", text, low=low, high=high)


_EXIT_HELP = {
    "stop_atrs": "stop distance in average true ranges",
    "target_pct": "from one take-profit tier to the next, in percent of the stop distance",
    "trend_opportunity": "opportunity below which a trend that has turned ends a position",
    "risk_pct": "risk above which a position ends, in percent of the level's tolerance",
    "hold_h": "hours after which a position without a gain ends",
    "stress": "stress from which a position ends",
}


def _exit(key: str, text: str) -> Option:
    low, high = exit_rules.RANGES[key]
    return _option("exits", key, "int", text, low=low, high=high)


_SOURCE_HELP = {
    "on": ("flag", "ON", "whether it is asked"),
    "base_url": ("url", "URL", "address instead of the service's own"),
    "key": ("secret", "KEY", "API key; better in the environment or from key_command"),
    "key_command": ("command", "KEY_COMMAND", "program that prints the key; run without a shell"),
    "plan": ("choice", "PLAN", "what the key is for; auto finds out"),
    "per_minute": ("int", "PER_MINUTE", "requests a minute that it allows; 0 is as documented"),
    "batch": ("int", "BATCH", "most tokens in one request; 0 is as documented"),
}


def _source(name: str, key: str) -> Option:
    kind, variable, text = _SOURCE_HELP[key]
    return _option(
        f"source.{name}",
        key,
        kind,
        text,
        low=0,
        high=100_000 if key == "per_minute" else 1_000,
        choices=("auto", "demo", "pro") if kind == "choice" else (),
        variable=f"PAPERTRADER_{name}_{variable}".upper(),
    )


def _source_keys(name: str) -> list[str]:
    if name == "onchain":
        return ["on"]
    # only CoinGecko's key alone does not tell which host it is for
    return [key for key in _SOURCE_HELP if key != "plan" or name == "coingecko"]


_ALL = (
    _option(
        "market",
        "kind",
        "choice",
        "which market: auto is live if any source answers, else demo",
        choices=("auto", "live", "demo", "tape"),
    ),
    _option("market", "chain", "text", "chain that a tape's tokens are traded on"),
    _option(
        "market",
        "seed",
        "int",
        "of the demo market, for accounts that are created",
        low=0,
        high=2**31 - 1,
    ),
    _option(
        "market",
        "speed",
        "speed",
        "market seconds per second",
        low=Decimal("0.1"),
        high=100_000,
    ),
    _option(
        "feed",
        "ttl",
        "number",
        "seconds between two looks, and how long a price counts as new",
        low=5,
        high=300,
    ),
    _option("feed", "order", "names", "sources, the preferred one first", choices=tuple(SOURCES)),
    _option(
        "feed",
        "poll",
        "number",
        "seconds between two looks for a new block of a chain",
        low=Decimal("0.2"),
        high=60,
    ),
    _option(
        "feed",
        "patience",
        "number",
        "seconds that one slow source holds the others up",
        low=Decimal("0.1"),
        high=60,
    ),
    _option(
        "feed", "deadline", "number", "seconds after which a request has failed", low=1, high=60
    ),
    _option(
        "feed",
        "probe",
        "number",
        "seconds in which any source has to answer at the start",
        low=Decimal("0.1"),
        high=60,
    ),
    *(_source(name, key) for name in SOURCES for key in _source_keys(name)),
    _option("account", "name", "text", "account to open; empty is the last used one"),
    _option(
        "account",
        "cash",
        "number",
        "dollars that a new account begins with",
        low=Decimal(1),
        high=Decimal(1_000_000_000),
    ),
    _option("account", "watchlist", "text", "watchlist of a new account; empty is the usual one"),
    *(_risk(key, text) for key, text in _RISK_HELP.items()),
    *(_exit(key, text) for key, text in _EXIT_HELP.items()),
    _option("ui", "theme", "text", "name of a theme: papertrader's own, or one of Textual's"),
    _option("ui", "reduce_motion", "flag", "no flashing prices"),
    _option("ui", "keys", "keys", "keys that differ from the default, by command"),
    _option(
        "store",
        "data_dir",
        "text",
        "folder that accounts are kept in; empty is the usual one",
        variable="PAPERTRADER_DATA_DIR",
    ),
    _option(
        "store",
        "raw_price_hours",
        "int",
        "hours that every price is kept",
        low=1,
        high=24 * 365,
    ),
    _option(
        "store",
        "minute_price_days",
        "int",
        "days that prices by the minute are kept",
        low=1,
        high=3650,
    ),
    _option(
        "store",
        "recording_days",
        "int",
        "days that all a live market said is kept, to be played again",
        low=0,
        high=3650,
    ),
)

OPTIONS: dict[str, Option] = {o.name: o for o in _ALL}
