"""Every setting there is: its place, its type, its range, and what it is for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from papertrader_tui.domain.risk import RANGES, RiskLimits

SECTIONS = {
    "market": "Where prices come from.",
    "account": "Which account is opened, and what a new one begins with.",
    "risk": "Account gates: they bind manual orders and the bot alike.",
    "ui": "How the console looks, and its keys.",
    "store": "Where accounts are kept, and prices for how long.",
}

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


class ConfigError(ValueError):
    """Something set or asked for is not allowed; the message says where and what is."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean 'speed'?`, or a list of all where nothing is near."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return "known: " + ", ".join(names)


@dataclass(frozen=True, slots=True)
class Option:
    """One setting and the values that it may have.

    Attributes:
        kind: `text`, `choice`, `flag`, `int`, `number` (a Decimal), `speed` or `keys`.
        low, high: Limits of a number, both allowed.
        places: Most digits after the point of a number.
        variable: Environment variable that sets it, or "".
    """

    section: str
    key: str
    kind: str
    help: str
    low: int | Decimal | None = None
    high: int | Decimal | None = None
    choices: tuple[str, ...] = ()
    places: int = 6
    variable: str = ""

    @property
    def name(self) -> str:
        """Section and key: `risk.daily_trades`."""
        return f"{self.section}.{self.key}"

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        match self.kind:
            case "choice":
                return "one of " + ", ".join(self.choices)
            case "flag":
                return "true or false"
            case "int":
                return f"a whole number from {self.low} to {self.high}"
            case "number":
                return f"a number from {self.low} to {self.high}"
            case "speed":
                return f"auto, max, or a number from {self.low} to {self.high}"
            case "keys":
                return 'a section of lines like order.buy = "B"'
            case _:
                return "text"

    def from_toml(self, value: Any, where: str) -> Any:
        """A value of the type that TOML gave it.

        Raises:
            ConfigError: it is not allowed.
        """
        if self.kind == "keys":
            return self._keys(value, where)
        if self.kind == "flag" and isinstance(value, bool):
            return value
        if self.kind in ("int", "number", "speed"):
            if isinstance(value, int | Decimal) and not isinstance(value, bool):
                return self._number(Decimal(value), str(value), where)
            if self.kind != "speed" or not isinstance(value, str):
                raise self._refused(repr(value), where)
        if self.kind == "flag" or not isinstance(value, str):
            raise self._refused(repr(value), where)
        return self.from_text(value, where)

    def from_text(self, text: str, where: str) -> Any:
        """A value from a flag or the environment.

        Raises:
            ConfigError: it is not allowed.
        """
        word = text.strip()
        match self.kind:
            case "flag":
                if word.lower() in (*_TRUE, *_FALSE):
                    return word.lower() in _TRUE
            case "choice":
                if word.lower() in self.choices:
                    return word.lower()
                hint = difflib.get_close_matches(word.lower(), self.choices, n=1)
                raise self._refused(repr(text), where, hint[0] if hint else "")
            case "int" | "number" | "speed":
                if self.kind == "speed" and word.lower() in ("auto", "max"):
                    return word.lower()
                try:
                    return self._number(Decimal(word.replace("_", "")), repr(text), where)
                except InvalidOperation:
                    pass
            case _:
                if word.isprintable():
                    return word
        raise self._refused(repr(text), where)

    def _number(self, value: Decimal, shown: str, where: str) -> Any:
        if not value.is_finite() or self.low is None or self.high is None:
            raise self._refused(shown, where)
        if not self.low <= value <= self.high:
            raise self._refused(shown, where)
        exponent = value.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > (0 if self.kind == "int" else self.places):
            raise self._refused(shown, where)
        if self.kind == "int":
            return int(value)
        return format(value.normalize(), "f") if self.kind == "speed" else value

    def _keys(self, value: Any, where: str) -> Mapping[str, str]:
        if not isinstance(value, Mapping):
            raise self._refused(repr(value), where)
        keys: dict[str, str] = {}
        for command, key in value.items():
            if isinstance(key, Mapping):  # a.b = "x" and "a.b" = "x" are the same here
                keys |= {f"{command}.{k}": v for k, v in self._keys(key, where).items()}
            elif isinstance(key, str) and key.strip() and key.isprintable():
                keys[command] = key
            else:
                msg = f'{where}.{command} = {key!r}: expected the name of a key, like "b" or "f5"'
                raise ConfigError(msg)
        return keys

    def _refused(self, shown: str, where: str, hint: str = "") -> ConfigError:
        more = f"; did you mean {hint!r}?" if hint else ""
        return ConfigError(f"{where} = {shown}: expected {self.allowed}{more}")


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


_ALL = (
    _option(
        "market",
        "kind",
        "choice",
        "which market: auto means demo until the live one is there",
        choices=("auto", "demo", "tape"),
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
    _option("account", "name", "text", "account to open; empty is the last used one"),
    _option(
        "account",
        "cash",
        "number",
        "dollars that a new account begins with",
        low=Decimal(1),
        high=Decimal(1_000_000_000),
    ),
    *(_risk(key, text) for key, text in _RISK_HELP.items()),
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
)

OPTIONS: dict[str, Option] = {o.name: o for o in _ALL}
