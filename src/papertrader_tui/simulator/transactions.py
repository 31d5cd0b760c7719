"""The bytes of a swap's transaction, for the data fee of an OP-stack chain.

Sources: EIP-1559 and EIP-2718 (envelope), Ethereum Yellow Paper appendix B (RLP), the Solidity ABI
specification, and the published interfaces of Uniswap's SwapRouter02 (swaps through V3 pools, and
several calls in one) and V2 router. What only the trader's wallet knows (addresses, signature) is
of fixed bytes that do not compress, none of them zero, as real ones hardly ever are.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from papertrader_tui.domain.pools import V3
from papertrader_tui.domain.tokens import TokenId

#: First four bytes of the Keccak-256 of each signature.
EXACT_INPUT_SINGLE: Final = bytes.fromhex("04e45aaf")
EXACT_OUTPUT_SINGLE: Final = bytes.fromhex("5023b4df")
EXACT_INPUT: Final = bytes.fromhex("b858183f")
EXACT_OUTPUT: Final = bytes.fromhex("09b81346")
SWAP_EXACT_TOKENS: Final = bytes.fromhex("38ed1739")
SWAP_FOR_EXACT_TOKENS: Final = bytes.fromhex("8803dbee")
MULTICALL: Final = bytes.fromhex("ac9650d8")
APPROVE: Final = bytes.fromhex("095ea7b3")

_DEADLINE: Final = 1_767_571_200
_NONCE: Final = 200  # of one byte, which RLP writes as two


def _stand_in(name: str, size: int) -> bytes:
    """Bytes that do not compress, without a zero."""
    made = b""
    while len(made) < size:
        digest = blake2b(f"{name}{len(made)}".encode(), digest_size=64).digest()
        made += digest.replace(b"\0", b"")
    return made[:size]


ROUTER: Final = _stand_in("router", 20)
TRADER: Final = _stand_in("trader", 20)
_R: Final = int.from_bytes(_stand_in("r", 32), "big")
_S: Final = int.from_bytes(_stand_in("s", 32), "big")


def swap_calldata(
    path: Sequence[TokenId],
    pools: Sequence[tuple[str, int]],
    amount: int,
    bound: int,
    *,
    exact_out: bool,
) -> bytes:
    """What a router is told.

    Args:
        path: Tokens, from what is paid to what is received.
        pools: Kind and fee (millionths) of each pool between them.
        amount: Raw units in, or out if `exact_out`.
        bound: Least out, or most in.
        exact_out: The amount out is given.
    """
    tokens = [_address(token) for token in path]
    kinds = {kind for kind, _ in pools}
    if kinds == {V3}:
        fees = [fee for _, fee in pools]
        if len(fees) == 1:
            selector = EXACT_OUTPUT_SINGLE if exact_out else EXACT_INPUT_SINGLE
            words = (tokens[0], tokens[1], fees[0], TRADER, amount, bound, 0)
            return selector + _words(*words)
        way = tokens[0] + b"".join(
            fee.to_bytes(3, "big") + token for fee, token in zip(fees, tokens[1:], strict=True)
        )
        if exact_out:
            way = tokens[-1] + b"".join(
                fee.to_bytes(3, "big") + token
                for fee, token in zip(reversed(fees), tokens[-2::-1], strict=True)
            )
        selector = EXACT_OUTPUT if exact_out else EXACT_INPUT
        return selector + _words(32, 128, TRADER, amount, bound) + _bytes(way)
    if V3 not in kinds:
        selector = SWAP_FOR_EXACT_TOKENS if exact_out else SWAP_EXACT_TOKENS
        head = _words(amount, bound, 160, TRADER, _DEADLINE)
        return selector + head + _words(len(tokens), *tokens)
    # through pools of both kinds: one call after the other, what leaves one goes into the next
    calls = [
        swap_calldata(path[n : n + 2], pools[n : n + 1], amount, bound, exact_out=exact_out)
        for n in range(len(pools))
    ]
    heads, tail = [], b""
    for call in calls:
        heads.append(32 * len(calls) + len(tail))
        tail += _bytes(call)
    return MULTICALL + _words(32, len(calls), *heads) + tail


def approve_calldata() -> bytes:
    """A token is told that the router may take any amount."""
    return APPROVE + _words(ROUTER, (1 << 256) - 1)


def signed(
    chain_id: int, to: bytes, data: bytes, *, gas_limit: int, tip_wei: int, max_fee_wei: int
) -> bytes:
    """A signed EIP-1559 transaction, with its type byte."""
    fields: list[bytes | list[bytes]] = [
        _integer(chain_id), _integer(_NONCE), _integer(tip_wei), _integer(max_fee_wei),
        _integer(gas_limit), to, b"", data, [], _integer(1), _integer(_R), _integer(_S),
    ]  # fmt: skip
    return b"\x02" + rlp(fields)


def rlp(item: bytes | Sequence[bytes | Sequence[bytes]]) -> bytes:
    """Recursive length prefix of bytes, or of a list of them."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    inner = b"".join(rlp(part) for part in item)
    return _prefix(len(inner), 0xC0) + inner


def token_bytes(token: TokenId) -> bytes:
    """A token's address."""
    return _address(token)


def _prefix(size: int, base: int) -> bytes:
    if size < 56:
        return bytes([base + size])
    length = _integer(size)
    return bytes([base + 55 + len(length)]) + length


def _integer(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _address(token: TokenId) -> bytes:
    return bytes.fromhex(token.partition(":0x")[2])


def _words(*values: int | bytes) -> bytes:
    return b"".join(
        value.rjust(32, b"\0") if isinstance(value, bytes) else value.to_bytes(32, "big")
        for value in values
    )


def _bytes(data: bytes) -> bytes:
    """A dynamic byte string: its length, and itself filled up to whole words."""
    return _words(len(data)) + data + b"\0" * (-len(data) % 32)
