"""One setting: its type, its range, and how a text becomes its value or a refusal in words."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from papertrader_tui.feeds.sources.secret import Secret

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
        kind: `text`, `choice`, `flag`, `int`, `number` (a Decimal), `speed`, `keys`, `names`
            (some of `choices`, in an order), `url`, `secret` (its value is never shown) or
            `command` (a program and its arguments).
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
            case "names":
                return f"names out of {', '.join(self.choices)}"
            case "url":
                return "an address like https://host/path, without user or key"
            case "secret":
                return "a key as the service gave it, without blanks"
            case "command":
                return 'a program and its arguments, like ["pass", "show", "coingecko"]'
            case _:
                return "text"

    def from_toml(self, value: Any, where: str) -> Any:
        """A value of the type that TOML gave it.

        Raises:
            ConfigError: it is not allowed.
        """
        if self.kind == "keys":
            return self._keys(value, where)
        if self.kind in ("names", "command") and isinstance(value, list):
            return self._listed(value, where)
        if self.kind == "flag" and isinstance(value, bool):
            return value
        if self.kind in ("int", "number", "speed"):
            if isinstance(value, int | Decimal) and not isinstance(value, bool):
                return self._number(Decimal(value), str(value), where)
            if self.kind != "speed" or not isinstance(value, str):
                raise self._refused(repr(value), where)
        if self.kind == "flag" or not isinstance(value, str):
            raise self._refused(self._shown(value), where)
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
            case "names":
                return self._listed([w.strip() for w in word.split(",") if w.strip()], where)
            case _:
                with suppress(ValueError):
                    return _PARSERS[self.kind](word)
        raise self._refused(self._shown(text), where)

    def _shown(self, value: object) -> str:
        """A value in an error; one that may hold a key is not repeated."""
        return "…" if self.kind in ("url", "secret", "command") else repr(value)

    def _listed(self, words: list[Any], where: str) -> tuple[str, ...]:
        if not all(isinstance(w, str) and w.isprintable() for w in words):
            raise self._refused(self._shown(words), where)
        if self.kind == "command":
            return tuple(words)
        for word in words:
            if word not in self.choices:
                near = difflib.get_close_matches(word, self.choices, n=1)
                raise self._refused(repr(word), where, near[0] if near else "")
        return tuple(dict.fromkeys(words))

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


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError
    return text


def _address(text: str) -> str:
    """An address of a service, "" for none.

    Raises:
        ValueError: it is none, names a user, or ends in a query, where a path could not follow.
    """
    if not text:
        return ""
    parts = urlsplit(text)
    usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    if not usable or "@" in parts.netloc or " " in text or "?" in text or "#" in text:
        raise ValueError
    return _printable(text)


def _command(text: str) -> tuple[str, ...]:
    return tuple(shlex.split(_printable(text)))


_PARSERS: dict[str, Callable[[str], Any]] = {
    "text": _printable,
    "url": _address,
    "secret": Secret,
    "command": _command,
}
