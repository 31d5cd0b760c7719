"""Can a token be bought and sold again? Found out by moving it, in a call that changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from papertrader_tui.chain.abi import WORD, encode, uint
from papertrader_tui.chain.errors import OUTAGES, RpcError
from papertrader_tui.chain.probe_code import (
    AT_POOL,
    AT_STRANGER,
    CALLED_BACK,
    MOVED_BACK,
    MOVED_OUT,
    RECEIVED,
    RETURNED,
    TOLD_OUT,
    WORDS,
)
from papertrader_tui.domain.pools import Pool
from papertrader_tui.domain.tokens import Token

#: An address that nobody has the key of: the last bytes of the hash of an empty text.
STRANGER: Final = "0xdcc703c0e500b653ca82273b7bfad8045d85a470"
#: Part of the pool's holding that is moved.
_PART: Final = 1_000
#: Tokens that count in shares round by a unit or two.
_ROUNDING: Final = 2
_ALL_BPS: Final = 10_000


class Calls(Protocol):
    """What is asked of a node: `chain.multicall.eth_call`, bound to it."""

    async def __call__(
        self, target: str, data: bytes, block: int, overrides: dict[str, object]
    ) -> bytes:
        """What one call answers at a block, with some contracts replaced."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out about a token.

    Attributes:
        fault: Why it must not be bought, "" if nothing speaks against it.
        transfer_fee_bps: What it takes of a transfer, the worse of both ways.
        tried: Whether the node let it be tried at all.
    """

    fault: str = ""
    transfer_fee_bps: int = 0
    tried: bool = True


UNTRIED: Final = Verdict(tried=False)


class Safety:
    """Judges tokens.

    Args:
        call: Asks a node, which may not allow overrides.
    """

    def __init__(self, call: Calls) -> None:
        self._call = call

    async def judge(self, token: Token, pool: Pool, held: int, block: int) -> Verdict:
        """Move a part of what a pool holds of a token out and back.

        Args:
            token: One of the pool's two.
            pool: Where it is bought.
            held: What the pool holds of it, raw.
            block: To try it at.

        Returns:
            UNTRIED where the node does not allow it: that is nothing against the token.

        Raises:
            RpcError: no node answered.
        """
        amount = held // _PART
        if amount == 0:
            return UNTRIED
        try:
            found = await self._move(token, pool, amount, block, person=False)
            if found is not None and not _left(found):
                # it may refuse contracts, which the stranger is one of here
                found = await self._move(token, pool, amount, block, person=True)
                if found is not None and _left(found):
                    return Verdict("cannot be sold: it refuses to be sent to contracts")
        except RpcError as error:
            if error.fault in OUTAGES:
                raise
            return UNTRIED
        return UNTRIED if found is None else _verdict(found, amount)

    async def _move(
        self, token: Token, pool: Pool, amount: int, block: int, *, person: bool
    ) -> Sequence[int] | None:
        """The answer of the program at the pool; None where the override was not heeded.

        As a `person` the stranger has no code, and sends nothing back.
        """
        instead: dict[str, object] = {pool.address: {"code": "0x" + AT_POOL.hex()}}
        if not person:
            instead[STRANGER] = {"code": "0x" + AT_STRANGER.hex()}
        data = encode(b"", token.address, STRANGER, amount)
        answer = await self._call(pool.address, data, block, instead)
        if len(answer) != WORD * WORDS:
            return None
        return [uint(answer, index) for index in range(WORDS)]


def _left(found: Sequence[int]) -> bool:
    """Did the pool send it?"""
    return bool(found[MOVED_OUT] and found[TOLD_OUT])


def _verdict(found: Sequence[int], amount: int) -> Verdict:
    if not _left(found):
        return Verdict("cannot be bought: its pool cannot send it")
    received, returned = found[RECEIVED], found[RETURNED]
    if received > amount + _ROUNDING:
        return Verdict("does not keep its balances: more arrived than was sent")
    bought = _fee_bps(amount, received)
    if received == 0:
        return Verdict("cannot be bought: nothing of it arrives", bought)
    if not found[CALLED_BACK] or not found[MOVED_BACK]:
        return Verdict("cannot be sold: it cannot be sent back to its pool", bought)
    sold = _fee_bps(received, returned)
    if returned == 0 or returned > received + _ROUNDING:
        return Verdict("cannot be sold: what is sent does not arrive", max(bought, sold))
    if bought or sold:
        return Verdict(_taken(bought, sold), max(bought, sold))
    return Verdict()


def _fee_bps(sent: int, arrived: int) -> int:
    """What was taken on the way, rounded up to a basis point."""
    missing = sent - arrived
    return 0 if missing <= _ROUNDING else -(-missing * _ALL_BPS // sent)


def _taken(bought: int, sold: int) -> str:
    if bought == sold:
        return f"takes {bought / 100:g} % of every transfer"
    return f"takes {bought / 100:g} % when bought and {sold / 100:g} % when sold"
