"""What values in `[chain.NAME]` and `[[token]]` may be: each check returns the value or refuses.

Every check raises `ConfigError` with the place, what was written, and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from papertrader_tui.chain.url import NodeUrl
from papertrader_tui.config_values import ConfigError, did_you_mean
from papertrader_tui.text import clean

Check = Callable[[object, str], Any]

DOCS: Final = "docs/chains.md has an example"
FACTORY_KINDS: Final = ("v2", "v3", "slipstream")

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_PAIR = re.compile(r"[A-Z0-9.]{1,12}/[A-Z]{1,6}")


def values_of(
    entry: object, known: Mapping[str, Check], needed: tuple[str, ...], where: str
) -> dict[str, Any]:
    """The values of a section, each checked.

    Raises:
        ConfigError: one is unknown, missing or refused.
    """
    if not isinstance(entry, Mapping):
        msg = f"{where} has to be a section"
        raise ConfigError(msg)
    for name in entry:
        if name not in known:
            msg = f"{where} has no {clean(str(name))!r}; {did_you_mean(str(name), known)}"
            raise ConfigError(msg)
    missing = [name for name in needed if name not in entry]
    if missing:
        msg = f"{where} has no {missing[0]}; it needs {', '.join(needed)} ({DOCS})"
        raise ConfigError(msg)
    return {name: known[name](value, f"{where} {name}") for name, value in entry.items()}


def refused(value: object, where: str, allowed: str) -> ConfigError:
    """The error of a value that is not allowed."""
    shown = clean(repr(value))[:60]
    return ConfigError(f"{where} = {shown}: expected {allowed}")


def whole(low: int, high: int) -> Check:
    """A whole number in a range, both ends allowed."""

    def check(value: object, where: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise refused(value, where, f"a whole number from {low} to {high}")
        return value

    return check


def number(low: Decimal, high: Decimal) -> Check:
    """A number in a range, both ends allowed, as a Decimal."""

    def check(value: object, where: str) -> Decimal:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            found = Decimal(value)
            if found.is_finite() and low <= found <= high:
                return found
        raise refused(value, where, f"a number from {low:f} to {high:f}")

    return check


def word(longest: int) -> Check:
    """Text that a terminal shows as it is."""

    def check(value: object, where: str) -> str:
        if isinstance(value, str) and value and clean(value) == value and len(value) <= longest:
            return value
        raise refused(value, where, f"1 to {longest} printable characters")

    return check


def one_of(*allowed: str) -> Check:
    """One of some words."""

    def check(value: object, where: str) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        raise refused(value, where, f"one of {', '.join(allowed)}")

    return check


def flag(value: object, where: str) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    raise refused(value, where, "true or false")


def address(value: object, where: str) -> str:
    """An address of a contract, in the case that it was written in."""
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        return value
    raise refused(value, where, "an address, 0x and 40 hexadecimal digits")


def pair(value: object, where: str) -> str:
    """The name of a feed: `ETH/USD`."""
    if isinstance(value, str) and _PAIR.fullmatch(value):
        return value
    raise refused(value, where, 'a pair like "ETH/USD"')


def urls(value: object, where: str) -> tuple[NodeUrl, ...]:
    """URLs of nodes, each once; a refused one is not repeated: there is often a key in it."""
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(one, str) for one in words):
        msg = f'{where}: expected URLs of nodes, like ["https://host/path"]'
        raise ConfigError(msg)
    found = []
    for index, one in enumerate(words, 1):
        try:
            found.append(NodeUrl(one))
        except ValueError as error:
            msg = f"{where}: URL {index} is not usable: {error}"
            raise ConfigError(msg) from None
    return tuple(dict.fromkeys(found))


def feeds(value: object, where: str) -> dict[str, tuple[str, int]]:
    """Address of each feed by its pair, and its heartbeat in seconds, 0 where none is given."""
    if not isinstance(value, Mapping):
        raise refused(value, where, 'a section of lines like "ETH/USD" = "0x…"')
    known: dict[str, Check] = {"address": address, "heartbeat_s": whole(1, 10**6)}
    found = {}
    for name, told in value.items():
        here = f"{where}.{pair(name, where)}"
        if isinstance(told, Mapping):
            values = values_of(told, known, ("address",), here)
            found[name] = (values["address"], values.get("heartbeat_s", 0))
        else:
            found[name] = (address(told, here), 0)
    return found


def factories(value: object, where: str) -> tuple[Mapping[str, Any], ...]:
    """Factories of pools: kind, address, name, and fees (() for the usual ones)."""
    if not isinstance(value, list):
        raise refused(value, where, "sections, written [[chain.NAME.factory]]")
    found = []
    for index, entry in enumerate(value, 1):
        here = f"{where} {index}"
        values = values_of(entry, _OF_FACTORY, ("kind", "address"), here)
        values.setdefault("name", f"own {values['kind']}")
        values.setdefault("fees", ())
        if values["kind"] == "v2" and len(values["fees"]) > 1:
            raise refused(list(values["fees"]), f"{here} fees", "the one fee of a v2 factory")
        found.append(MappingProxyType(values))
    return tuple(found)


def fees(value: object, where: str) -> tuple[int, ...]:
    """Fees in millionths, or tick spacings of a slipstream factory."""
    allowed = "a list of fees in millionths, like [500, 3000], or of tick spacings for slipstream"
    if not isinstance(value, list) or len(value) > 32:
        raise refused(value, where, allowed)
    for fee in value:
        if not isinstance(fee, int) or isinstance(fee, bool) or not 0 <= fee < 1_000_000:
            raise refused(value, where, allowed)
    return tuple(value)


_OF_FACTORY: Final[Mapping[str, Check]] = {
    "kind": one_of(*FACTORY_KINDS),
    "address": address,
    "name": word(32),
    "fees": fees,
}
