"""What a chain charges now: base fee, tips, and the L1 prices of an OP-stack chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Percentiles of the priority fees paid in recent blocks, in the order of `ChainFees.tips_wei`.
TIP_PERCENTILES: Final = (10, 25, 50, 75, 90)


@dataclass(frozen=True, slots=True)
class L1Prices:
    """The L1Block predeploy's values; the operator's pair is 0 before Isthmus or where unset.

    Attributes:
        base_fee_wei: Base fee per gas of the L1 origin block.
        blob_base_fee_wei: Blob base fee per gas of that block.
        base_fee_scalar: Share of calldata, in millionths.
        blob_base_fee_scalar: Share of blobs, in millionths.
        operator_fee_scalar: See `simulator.l1_fee.operator_fee`.
        operator_fee_constant: Wei per transaction.
    """

    base_fee_wei: int
    blob_base_fee_wei: int
    base_fee_scalar: int
    blob_base_fee_scalar: int
    operator_fee_scalar: int = 0
    operator_fee_constant: int = 0

    def __post_init__(self) -> None:
        negative = [name for name in self.__slots__ if getattr(self, name) < 0]
        if negative:
            msg = f"{negative[0]} is negative; read the L1Block contract again"
            raise ValueError(msg)

    @property
    def weighted(self) -> int:
        """16·base fee·scalar + blob base fee·scalar: wei per byte, times 16 and a million."""
        return (
            16 * self.base_fee_wei * self.base_fee_scalar
            + self.blob_base_fee_wei * self.blob_base_fee_scalar
        )


@dataclass(frozen=True, slots=True)
class ChainFees:
    """Fees as a node told them at the end of a block.

    Attributes:
        block: Number of that block, the newest there is.
        base_fee_wei: Per gas, of that block.
        next_base_fee_wei: Per gas, of the block after it: exact where EIP-1559's rule is known,
            else the node's own prediction.
        fullness: Gas used / gas limit of that block.
        tips_wei: Priority fees per gas paid in recent blocks, at TIP_PERCENTILES.
        l1: Prices of the L1 data of an OP-stack chain, None on others.
        l1_rule: `ecotone` or `fjord`: how data is counted; "" where there is no L1 fee.
        jovian: The operator fee is counted as since Jovian.
    """

    block: int
    base_fee_wei: int
    next_base_fee_wei: int
    fullness: float
    tips_wei: tuple[int, ...]
    l1: L1Prices | None = None
    l1_rule: str = ""
    jovian: bool = False
