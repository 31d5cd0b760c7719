"""What an OP-stack chain charges beside gas: the L1 data fee and the operator fee, to the wei.

Sources: OP-stack specification: Ecotone ("L1-Cost fees"), Fjord ("L1-Cost fees"), Isthmus and
Jovian ("Operator fee"). The prices are those of the L1Block predeploy,
0x4200000000000000000000000000000000000015, in the block of the transaction. The bytes are those of
the whole signed, encoded transaction; a signature's 65 bytes do not compress, so a fixed dummy
signature without zero bytes stands for any.
"""

from __future__ import annotations

from typing import Final

from papertrader_tui.domain.chain_fees import L1Prices
from papertrader_tui.simulator.fastlz import fastlz_length

# Fjord's linear estimate of the Brotli size, in millionths of a byte.
_INTERCEPT: Final = -42_585_600
_PER_FASTLZ_BYTE: Final = 836_500
_MINIMUM: Final = 100_000_000


def calldata_gas(transaction: bytes) -> int:
    """Gas of bytes as calldata: 4 for a zero, 16 for any other (EIP-2028)."""
    zeros = transaction.count(0)
    return 4 * zeros + 16 * (len(transaction) - zeros)


def ecotone_l1_fee(transaction: bytes, prices: L1Prices) -> int:
    """L1 data fee in wei from Ecotone until Fjord, by zero and non-zero bytes.

    Args:
        transaction: Signed and encoded, with its type byte.
        prices: Of its block.
    """
    return calldata_gas(transaction) * prices.weighted // 16_000_000


def fjord_l1_fee(transaction: bytes, prices: L1Prices) -> int:
    """L1 data fee in wei since Fjord, by FastLZ length; arguments as in `ecotone_l1_fee`."""
    return fjord_l1_fee_of_length(fastlz_length(transaction), prices)


def fjord_l1_fee_of_length(fastlz_bytes: int, prices: L1Prices) -> int:
    """The same for a transaction whose FastLZ length is known."""
    size = max(_MINIMUM, _INTERCEPT + _PER_FASTLZ_BYTE * fastlz_bytes)
    return size * prices.weighted // 10**12


def operator_fee(gas_used: int, prices: L1Prices, jovian: bool = False) -> int:
    """Operator fee in wei: gas·scalar/1e6 + constant since Isthmus, gas·scalar·100 since Jovian."""
    scaled = gas_used * prices.operator_fee_scalar
    scaled = scaled * 100 if jovian else scaled // 1_000_000
    return scaled + prices.operator_fee_constant
