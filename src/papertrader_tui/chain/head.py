"""The header of a block, as far as prices and gas need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Head:
    """A block.

    Attributes:
        time: Milliseconds since 1970.
        base_fee_wei: Per gas; 0 on a chain without EIP-1559.
        blob_gas_used: 0 where the header has none (since Jovian, the data footprint).
    """

    number: int
    time: int
    hash: str
    parent: str
    base_fee_wei: int = 0
    gas_used: int = 0
    gas_limit: int = 0
    extra_data: bytes = b""
    blob_gas_used: int = 0


def quantity(value: object) -> int:
    """A whole number as JSON-RPC writes it.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str) and value.startswith(("0x", "0X")) and 2 < len(value) <= 66:
        return int(value, 16)
    msg = f"{str(value)[:40]!r} is no quantity"
    raise ValueError(msg)


def head_of(block: object) -> Head | None:
    """The header in an answer to eth_getBlockByNumber, None for `null` (no such block).

    Raises:
        ValueError: it is no block.
    """
    if block is None:
        return None
    if not isinstance(block, dict):
        msg = "no block"
        raise ValueError(msg)
    fields: dict[str, Any] = block
    return Head(
        number=quantity(fields.get("number")),
        time=quantity(fields.get("timestamp")) * 1_000,
        hash=_text(fields.get("hash")),
        parent=_text(fields.get("parentHash")),
        base_fee_wei=_or_0(fields.get("baseFeePerGas")),
        gas_used=_or_0(fields.get("gasUsed")),
        gas_limit=_or_0(fields.get("gasLimit")),
        extra_data=bytes.fromhex(_text(fields.get("extraData")).removeprefix("0x")),
        blob_gas_used=_or_0(fields.get("blobGasUsed")),
    )


def _or_0(value: object) -> int:
    return 0 if value is None else quantity(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
