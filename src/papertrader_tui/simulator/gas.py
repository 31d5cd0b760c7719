"""What a swap's gas costs: units x price, plus the data fee of an OP-stack chain, in USDC.

fee = units x (base fee + priority fee) + L1 data fee + operator fee, in wei of the native token
(EIP-1559; OP-stack specification, "L1 cost" and "Operator fee").
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from papertrader_tui.domain.chain_fees import TIP_PERCENTILES, ChainFees
from papertrader_tui.domain.execution import ExecutionGas
from papertrader_tui.domain.market import Gas
from papertrader_tui.domain.money import USDC_DECIMALS, mul, quantize_up
from papertrader_tui.domain.tokens import Chain
from papertrader_tui.simulator.gas_units import APPROVAL, swap_units
from papertrader_tui.simulator.l1_fee import ecotone_l1_fee, fjord_l1_fee, operator_fee
from papertrader_tui.simulator.paths import Run
from papertrader_tui.simulator.transactions import (
    ROUTER,
    approve_calldata,
    signed,
    swap_calldata,
    token_bytes,
)

_WEI = Decimal("1e-18")

#: Percentile of the tips paid lately that each gas strategy pays; adaptive ones while the base
#: fee does not rise.
_TIPS: Final = {
    "minimal": 10, "low": 25, "standard": 50, "adaptive": 50, "aggressive": 75, "ultra": 90,
}  # fmt: skip
_ADAPTIVE_RISING: Final = 75


@dataclass(frozen=True, slots=True)
class GasCost:
    """The gas of one order, and what it is made of.

    Attributes:
        usd: Rounded up to a millionth of a dollar.
        l1_fee_wei: Data fee and operator fee.
        made_of: What it was worked out from, None where it is a typical swap's.
    """

    usd: Decimal
    units: int
    price_wei: int
    l1_fee_wei: int
    native_usd: Decimal
    source: str
    made_of: ExecutionGas | None = None


@dataclass(frozen=True, slots=True)
class GasTerms:
    """What of an order, its account and its level decides its gas.

    Attributes:
        strategy: Of the level, as in `intel.levels`.
        approval: The router must be approved first.
        new_holder: Nothing is held yet of what is bought.
        bound: Least amount out, or most in, in raw units: it is part of the transaction.
        landed: The newest block is the one it landed in, rather than the one before.
    """

    strategy: str
    approval: bool = False
    new_holder: bool = False
    bound: int = 0
    landed: bool = False


def swap_gas(chain: Chain, gas: Gas | None) -> GasCost:
    """Gas of a typical swap on a chain at its last known fee, else at the bundled typical one."""
    price_wei = gas.price_wei if gas is not None else chain.gas_price_wei
    l1_fee_wei = gas.l1_fee_wei if gas is not None else chain.l1_fee_wei
    native_usd = gas.native_usd if gas is not None else chain.native_usd
    source = gas.source if gas is not None else "bundled"
    usd = gas_usd(chain.swap_gas, price_wei, l1_fee_wei, native_usd)
    return GasCost(usd, chain.swap_gas, price_wei, l1_fee_wei, native_usd, source)


def run_gas(chain: Chain, gas: Gas, fees: ChainFees, run: Run, terms: GasTerms) -> GasCost:
    """Gas of a swap through pools, by what it does in them and by what the node said of fees."""
    made_of = ExecutionGas(
        chain.chain_id,
        fees.base_fee_wei if terms.landed else fees.next_base_fee_wei,
        tip_wei(fees, terms.strategy),
        terms.approval,
        terms.new_holder,
        fees.l1,
        fees.l1_rule,
        fees.jovian,
    )
    units, price_wei, l1_fee_wei = charge(made_of, run, terms.bound)
    usd = gas_usd(units, price_wei, l1_fee_wei, gas.native_usd)
    return GasCost(usd, units, price_wei, l1_fee_wei, gas.native_usd, gas.source, made_of)


def gas_usd(units: int, price_wei: int, l1_fee_wei: int, native_usd: Decimal) -> Decimal:
    """A fee in USDC, rounded up to a millionth."""
    wei = Decimal(units * price_wei + l1_fee_wei)
    return quantize_up(mul(mul(wei, _WEI), native_usd), USDC_DECIMALS)


def tip_wei(fees: ChainFees, strategy: str) -> int:
    """Priority fee per unit of gas that a strategy pays; 0 where none was paid lately."""
    percentile = _TIPS[strategy]
    if strategy == "adaptive" and fees.next_base_fee_wei > fees.base_fee_wei:
        percentile = _ADAPTIVE_RISING
    place = TIP_PERCENTILES.index(percentile)
    return fees.tips_wei[place] if place < len(fees.tips_wei) else 0


def charge(made_of: ExecutionGas, run: Run, bound: int) -> tuple[int, int, int]:
    """Units, wei per unit, and wei for data and operator of a swap, its approval included."""
    price_wei = made_of.base_fee_wei + made_of.tip_wei
    swap = swap_units(run.work, new_holder=made_of.new_holder)
    units = swap + APPROVAL * made_of.approval
    if made_of.l1 is None:
        return units, price_wei, 0
    path = run.path
    pools = [(hop.kind, hop.pool.fee_ppm) for hop in path.hops]
    amount = run.amount_out if run.exact_out else run.amount_in
    data = swap_calldata(path.tokens, pools, amount, bound, exact_out=run.exact_out)
    fee = _data_fee(made_of, ROUTER, data, swap)
    if made_of.approval:
        fee += _data_fee(made_of, token_bytes(path.tokens[0]), approve_calldata(), APPROVAL)
    return units, price_wei, fee


def _data_fee(made_of: ExecutionGas, to: bytes, data: bytes, units: int) -> int:
    """L1 data fee and operator fee of one transaction."""
    if made_of.l1 is None:
        return 0
    transaction = signed(
        made_of.chain_id, to, data,
        gas_limit=units * 6 // 5,
        tip_wei=made_of.tip_wei,
        max_fee_wei=2 * made_of.base_fee_wei + made_of.tip_wei,
    )  # fmt: skip
    rule = ecotone_l1_fee if made_of.l1_rule == "ecotone" else fjord_l1_fee
    data_fee = rule(transaction, made_of.l1)
    return data_fee + operator_fee(units, made_of.l1, made_of.jovian)
