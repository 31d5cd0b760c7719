"""Two tiny programs that move a token out of its pool and back, for `eth_call` alone.

A node that allows state overrides runs the first in place of the pool's code, where the pool's
own tokens are, and the second at an address that nobody uses. Nothing is ever sent. They run
straight on, without a jump: what fails is a zero in the answer.
"""

from __future__ import annotations

from typing import Final

_BALANCE_OF: Final = 0x70A08231
_TRANSFER: Final = 0xA9059CBB

_POP, _SUB, _SHL, _AND = b"\x50", b"\x03", b"\x1b", b"\x16"
_ADDRESS, _CALLDATALOAD, _MLOAD, _MSTORE = b"\x30", b"\x35", b"\x51", b"\x52"
_GAS, _CALL, _STATICCALL, _RETURN = b"\x5a", b"\xf1", b"\xfa", b"\xf3"

#: Words of calldata of both programs; the second gets the pool in place of the stranger.
_TOKEN, _OTHER, _AMOUNT = 0x00, 0x20, 0x40

#: Words of the first program's answer.
MOVED_OUT, TOLD_OUT, RECEIVED, CALLED_BACK, MOVED_BACK, RETURNED = range(6)
WORDS: Final = 6


def _push(value: int) -> bytes:
    size = max(1, (value.bit_length() + 7) // 8)
    return bytes([0x5F + size]) + value.to_bytes(size, "big")


def _store(where: int, value: bytes) -> bytes:
    """Store what `value` leaves on the stack."""
    return value + _push(where) + _MSTORE


def _argument(where: int) -> bytes:
    return _push(where) + _CALLDATALOAD


def _load(where: int) -> bytes:
    return _push(where) + _MLOAD


def _selector(value: int) -> bytes:
    return _push(value) + _push(0xE0) + _SHL


def _balance(who: bytes, into: int) -> bytes:
    """Store the token's balance of `who`."""
    return (
        _store(0x00, _selector(_BALANCE_OF))
        + _store(0x04, who)
        + _push(0x20) + _push(into) + _push(0x24) + _push(0)
        + _argument(_TOKEN) + _GAS + _STATICCALL + _POP
    )  # fmt: skip


def _transfer(to: bytes, answer: int) -> bytes:
    """Call the token's transfer; leaves on the stack whether the call went well.

    A token that answers nothing (as USDT) has agreed: so the answer is 1 before the call.
    """
    return (
        _store(answer, _push(1))
        + _store(0x00, _selector(_TRANSFER))
        + _store(0x04, to)
        + _store(0x24, _argument(_AMOUNT))
        + _push(0x20) + _push(answer) + _push(0x44) + _push(0) + _push(0)
        + _argument(_TOKEN) + _GAS + _CALL
    )  # fmt: skip


def _difference(after: int, before: int) -> bytes:
    return _load(before) + _load(after) + _SUB


def _at_pool() -> bytes:
    out, result = 0x100, 0x300
    stranger = _argument(_OTHER)
    return (
        _balance(stranger, 0x200)
        + _store(result + 32 * MOVED_OUT, _transfer(stranger, out))
        + _store(result + 32 * TOLD_OUT, _load(out))
        + _balance(stranger, 0x220)
        + _store(result + 32 * RECEIVED, _difference(0x220, 0x200))
        + _balance(_ADDRESS, 0x240)
        # the second program: token, this pool, all that was received
        + _store(0x140, _argument(_TOKEN))
        + _store(0x160, _ADDRESS)
        + _store(0x180, _load(result + 32 * RECEIVED))
        + _push(0x20) + _push(result + 32 * MOVED_BACK) + _push(0x60) + _push(0x140) + _push(0)
        + stranger + _GAS + _CALL
        + _push(result + 32 * CALLED_BACK) + _MSTORE
        + _balance(_ADDRESS, 0x260)
        + _store(result + 32 * RETURNED, _difference(0x260, 0x240))
        + _push(32 * WORDS) + _push(result) + _RETURN
    )  # fmt: skip


def _at_stranger() -> bytes:
    answer = 0x100
    return (
        _transfer(_argument(_OTHER), answer) + _load(answer) + _AND
        + _push(0) + _MSTORE + _push(0x20) + _push(0) + _RETURN
    )  # fmt: skip


#: Runs at the pool, called with token, stranger, amount.
AT_POOL: Final = _at_pool()
#: Runs at the stranger.
AT_STRANGER: Final = _at_stranger()
