"""The base fee of the next block, from its parent (EIP-1559), on Ethereum and OP-stack chains.

Sources: EIP-1559, "Specification"; OP-stack specification, Holocene ("Dynamic EIP-1559
Parameters") and Jovian ("Minimum Base Fee"). Where a node gives eth_feeHistory its last entry
says the same; chains with rules of their own (Arbitrum, Polygon) have nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class BaseFeeRule:
    """How fast a chain's base fee moves, and around which fill.

    Attributes:
        denominator: A full (or empty) block moves it by elasticity − 1 (or 1) over this.
        elasticity: The target is the gas limit divided by this.
        minimum_wei: It never falls below.
    """

    denominator: int = 8
    elasticity: int = 2
    minimum_wei: int = 0

    def __post_init__(self) -> None:
        if self.denominator < 1 or self.elasticity < 1 or self.minimum_wei < 0:
            msg = f"{self} is no base fee rule; read the parameters from the parent's header"
            raise ValueError(msg)


ETHEREUM: Final = BaseFeeRule(8, 2)
OP_CANYON: Final = BaseFeeRule(250, 6)

_HOLOCENE_BYTES: Final = 9
_JOVIAN_BYTES: Final = 17


def rule_of_extra_data(extra_data: bytes, default: BaseFeeRule = OP_CANYON) -> BaseFeeRule:
    """The rule that an OP-stack header carries in its extraData since Holocene.

    Version 0: denominator in bytes 1-4, elasticity in 5-8; version 1 (Jovian): the minimum in
    bytes 9-16 as well. A zero denominator means the chain's constants before Holocene.

    Args:
        extra_data: The parent's field; anything that is neither version gives `default`, as the
            headers before Holocene have it empty.
        default: The chain's own constants.
    """
    known = {(0, _HOLOCENE_BYTES), (1, _JOVIAN_BYTES)}
    if not extra_data or (extra_data[0], len(extra_data)) not in known:
        return default
    denominator = int.from_bytes(extra_data[1:5], "big")
    elasticity = int.from_bytes(extra_data[5:9], "big")
    minimum = int.from_bytes(extra_data[9:17], "big")
    if denominator == 0 or elasticity == 0:
        return BaseFeeRule(default.denominator, default.elasticity, minimum)
    return BaseFeeRule(denominator, elasticity, minimum)


def next_base_fee(
    base_fee_wei: int, gas_used: int, gas_limit: int, rule: BaseFeeRule = ETHEREUM
) -> int:
    """Base fee per gas of the block after this one, in wei.

    Args:
        base_fee_wei: The parent's base fee per gas.
        gas_used: The parent's gas; since Jovian the greater of its gasUsed and blobGasUsed.
        gas_limit: The parent's gas limit.
        rule: The chain's parameters, at the parent.

    Raises:
        ValueError: a negative figure, or a gas limit below the elasticity.
    """
    target = gas_limit // rule.elasticity
    if target < 1 or base_fee_wei < 0 or gas_used < 0:
        msg = (
            f"base fee {base_fee_wei}, gas used {gas_used}, gas limit {gas_limit} are not of a "
            "block; read its header again"
        )
        raise ValueError(msg)
    if gas_used > target:
        change = base_fee_wei * (gas_used - target) // target // rule.denominator
        following = base_fee_wei + max(change, 1)
    else:
        change = base_fee_wei * (target - gas_used) // target // rule.denominator
        following = base_fee_wei - change
    return max(following, rule.minimum_wei)
