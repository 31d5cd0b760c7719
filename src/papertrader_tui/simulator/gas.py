"""What a swap's gas costs: units x price, plus the data fee of an OP-stack chain, in USDC."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.domain.market import Gas
from papertrader_tui.domain.money import USDC_DECIMALS, mul, quantize_up
from papertrader_tui.domain.tokens import Chain

_WEI = Decimal("1e-18")


@dataclass(frozen=True, slots=True)
class GasCost:
    """The gas of one transaction, and what it is made of.

    Attributes:
        usd: Rounded up to a millionth of a dollar.
    """

    usd: Decimal
    units: int
    price_wei: int
    l1_fee_wei: int
    native_usd: Decimal
    source: str


def swap_gas(chain: Chain, gas: Gas | None) -> GasCost:
    """Gas of one swap on a chain at its last known fee, else at the bundled typical one.

    fee = units x (base fee + priority fee) + L1 data fee, in wei of the native token (EIP-1559;
    OP-stack specification, "L1 cost").
    """
    price_wei = gas.price_wei if gas is not None else chain.gas_price_wei
    l1_fee_wei = gas.l1_fee_wei if gas is not None else chain.l1_fee_wei
    native_usd = gas.native_usd if gas is not None else chain.native_usd
    source = gas.source if gas is not None else "bundled"
    wei = chain.swap_gas * price_wei + l1_fee_wei
    usd = quantize_up(mul(mul(Decimal(wei), _WEI), native_usd), USDC_DECIMALS)
    return GasCost(usd, chain.swap_gas, price_wei, l1_fee_wei, native_usd, source)
