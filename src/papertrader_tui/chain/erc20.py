"""What a token says of itself: symbol, name and decimals, none of which can be believed blindly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from papertrader_tui.chain import abi
from papertrader_tui.chain.multicall import Call, Multicall
from papertrader_tui.domain.tokens import Token
from papertrader_tui.feeds.sources.text import NAME_CHARS, SYMBOL_CHARS, clean

SYMBOL: Final = abi.selector("0x95d89b41")
NAME: Final = abi.selector("0x06fdde03")
DECIMALS: Final = abi.selector("0x313ce567")
#: A token with more is none that anybody trades; amounts of it would overflow what we count with.
MAX_DECIMALS: Final = 36


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a contract said of itself.

    Attributes:
        address: Lower case.
        symbol, name: Sanitised; "" where it does not say.
        decimals: None where it does not say, or says what cannot be: never a guess.
        fault: Why it cannot be used as a token, in words, "" if it can.
        silent: It says nothing of its decimals, which is its right; rather than nonsense.
    """

    address: str
    symbol: str
    name: str
    decimals: int | None
    fault: str = ""
    silent: bool = False


async def read_metadata(
    multicall: Multicall, addresses: Iterable[str], block: int | str = "latest"
) -> dict[str, Metadata]:
    """Ask contracts for symbol, name and decimals, all in one batch.

    Returns:
        By address in lower case.

    Raises:
        RpcError: no node answered.
        ValueError: something is no address.
    """
    wanted = list(dict.fromkeys(address.lower() for address in addresses))
    asked = [Call(address, what) for address in wanted for what in (SYMBOL, NAME, DECIMALS)]
    answers = await multicall.read(asked, block)
    return {
        address: metadata_of(address, *answers[3 * index : 3 * index + 3])
        for index, address in enumerate(wanted)
    }


def metadata_of(
    address: str, symbol: bytes | None, name: bytes | None, decimals: bytes | None
) -> Metadata:
    """What three answers say; None for a call that reverted, `b""` for nothing answered."""
    found, fault = _decimals(decimals)
    if not symbol and not name and not decimals:
        fault = f"no token at {address}: it answers nothing; check the address and the chain"
    return Metadata(
        address, _label(symbol, SYMBOL_CHARS), _label(name, NAME_CHARS), found, fault,
        silent=not decimals,
    )  # fmt: skip


def disagreement(token: Token, said: Metadata) -> str:
    """Why amounts of a token that is known cannot be counted, "" if its contract agrees.

    A symbol that differs is none: contracts are renamed, and lists call wrapped tokens otherwise.
    """
    if said.decimals is None or said.decimals == token.decimals:
        return said.fault
    return (
        f"{token.label} has {token.decimals} decimals here and its contract says {said.decimals}; "
        "correct the decimals, or the address"
    )


def _decimals(data: bytes | None) -> tuple[int | None, str]:
    if not data:
        return None, "it does not say how many decimals it has"
    if len(data) < abi.WORD:
        return None, f"its decimals are {len(data)} bytes long, not a number"
    value = abi.uint(data)
    if value > MAX_DECIMALS:
        shown = f"{value}" if value < 10**6 else "an absurd number of"
        return None, f"it says that it has {shown} decimals; at most {MAX_DECIMALS} are believed"
    return value, ""


def _label(data: bytes | None, longest: int) -> str:
    if not data:
        return ""
    try:
        # sanitising may drop most of it, so more is read than is shown
        return clean(abi.text(data, 8 * longest), longest)
    except abi.BadAnswer:
        return ""
