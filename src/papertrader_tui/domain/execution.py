"""How a swap was executed on pools, whole: enough to quote it once more from itself."""

from __future__ import annotations

from dataclasses import dataclass

from papertrader_tui.domain.chain_fees import L1Prices
from papertrader_tui.domain.pools import PoolId
from papertrader_tui.domain.tokens import TokenId


@dataclass(frozen=True, slots=True)
class HopExecution:
    """One pool as the swap found it, and what went through it. Amounts are raw units.

    Attributes:
        kind: `v2` or `v3`.
        zero_for_one: Token0 went in.
        fee_ppm, tick_spacing: Of the pool in that block.
        state: Reserves 0 and 1 of a `v2` pool; square root price (Q64.96), tick and liquidity of
            a `v3` pool.
        words: The bitmap words that were looked at, each as its index and then, for every
            initialised tick in it, the tick, its net liquidity, and 1 if it had been crossed.
        shadow: What this account's earlier swaps had put in and others not yet traded away; it
            went in before this one.
    """

    pool: PoolId
    kind: str
    zero_for_one: bool
    fee_ppm: int
    tick_spacing: int
    state: tuple[int, ...]
    words: tuple[tuple[int, ...], ...]
    shadow: int
    amount_in: int
    amount_out: int


@dataclass(frozen=True, slots=True)
class ExecutionGas:
    """What its gas was made of.

    Attributes:
        base_fee_wei, tip_wei: Per unit: of the landing block, and by the gas strategy.
        approval: The router had to be approved first, in a transaction of its own.
        new_holder: The token had not been held before.
        l1, l1_rule, jovian: As in `ChainFees`.
    """

    chain_id: int
    base_fee_wei: int
    tip_wei: int
    approval: bool
    new_holder: bool
    l1: L1Prices | None = None
    l1_rule: str = ""
    jovian: bool = False


@dataclass(frozen=True, slots=True)
class Execution:
    """A swap as the first transaction of a block.

    Attributes:
        block: Its number; the pools are as they stood before it.
        path: Tokens from what was paid to what was received, one more than hops.
        usdc_decimals, token_decimals: Of the path's two ends.
        exact_out: The amount out was given, rather than the amount in.
        amount_in, amount_out: Raw units, what went into the first pool and came out of the last.
        bound: Raw units: least amount out, or most amount in for `exact_out`.
        transfer_fee_bps: What the token takes of a transfer.
        front_hop, front_in: Where a sandwich went first, and with how much; -1 and 0 for none.
    """

    block: int
    path: tuple[TokenId, ...]
    usdc_decimals: int
    token_decimals: int
    exact_out: bool
    amount_in: int
    amount_out: int
    bound: int
    hops: tuple[HopExecution, ...]
    gas: ExecutionGas | None = None
    transfer_fee_bps: int = 0
    front_hop: int = -1
    front_in: int = 0
