"""Units of gas of a swap, by what the swap really does.

Measured on a local node with the deployed Uniswap contracts and plain ERC-20 tokens: whole
transactions, calldata and the 21,000 included, already approved. Within 3 % of every receipt
measured; a token that does more than move a balance costs more. docs/execution.md has the table.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from papertrader_tui.amm.concentrated import ConcentratedPool, ConcentratedSwap

APPROVAL: Final = 46_569  # approve 0 -> max by a new spender, a transaction of its own

_V2_SWAP: Final = 98_272
_V2_HOP: Final = 55_205
_V3_SWAP: Final = 101_000
_V3_HOP: Final = 65_300
_V3_EXACT_OUT: Final = 2_450
_V3_EXACT_OUT_STEP: Final = -280  # each step after the first divides less
_V3_TICK_MOVED: Final = 6_980  # the pool writes its oracle
_V3_FIRST_CROSSING: Final = 6_400  # once a swap, the oracle is read
_V3_TICK_NEW: Final = 58_060  # fee growth slots from zero
_V3_TICK_AGAIN: Final = 23_860
_V3_EMPTY_WORD: Final = 7_400
_NEW_HOLDER: Final = 17_100  # the recipient's balance slot from zero
_NATIVE_IN: Final = 3_251
_V2_NATIVE_OUT: Final = 14_544
_V3_NATIVE_OUT: Final = 19_000  # the router's multicall: swap to itself, then unwrap


@dataclass(frozen=True, slots=True)
class HopWork:
    """What one pool does in a swap; the defaults are a constant product pool's.

    Attributes:
        concentrated: Uniswap V3 and forks, rather than V2.
        ticks_new: Initialised ticks crossed that no swap has crossed before.
        ticks_again: Initialised ticks crossed that had been.
        empty_words: Words of the tick bitmap that the swap only passed through.
        tick_moved: Whether the pool's tick ends elsewhere than it began.
        exact_out: Whether the amount out was given.
    """

    concentrated: bool = False
    ticks_new: int = 0
    ticks_again: int = 0
    empty_words: int = 0
    tick_moved: bool = False
    exact_out: bool = False


def work_of(
    pool: ConcentratedPool,
    swap: ConcentratedSwap,
    crossed_before: Collection[int],
    *,
    exact_out: bool = False,
) -> HopWork:
    """What a concentrated pool did in a swap.

    Args:
        pool: As it was before.
        swap: Its answer.
        crossed_before: Ticks that some swap has crossed earlier: those whose
            feeGrowthOutside0X128 or feeGrowthOutside1X128 is not 0.
        exact_out: Whether it was asked by amount out.
    """
    again = sum(tick in crossed_before for tick in swap.crossed)
    return HopWork(
        concentrated=True,
        ticks_new=swap.ticks_crossed - again,
        ticks_again=again,
        # Each crossing ends a step and the last step ends within a word; the rest are words.
        empty_words=max(0, swap.steps - swap.ticks_crossed - 1),
        tick_moved=swap.tick_after != pool.tick,
        exact_out=exact_out,
    )


def swap_units(
    hops: Sequence[HopWork],
    *,
    new_holder: bool = False,
    native_in: bool = False,
    native_out: bool = False,
) -> int:
    """Units of gas of a swap transaction over one pool or more.

    Args:
        hops: Its pools in order, to a token that was not on the way before.
        new_holder: The recipient holds nothing yet of the token bought.
        native_in: Paid in the chain's native token, wrapped by the router.
        native_out: Received in the native token, unwrapped by the router.

    Raises:
        ValueError: no hop.
    """
    if not hops:
        msg = "a swap goes through at least one pool; give its hops"
        raise ValueError(msg)
    units = _V3_SWAP if hops[0].concentrated else _V2_SWAP
    units += sum(_V3_HOP if hop.concentrated else _V2_HOP for hop in hops[1:])
    units += sum(_variable(hop) for hop in hops)
    unwrap = _V3_NATIVE_OUT if hops[-1].concentrated else _V2_NATIVE_OUT
    return units + _NEW_HOLDER * new_holder + _NATIVE_IN * native_in + unwrap * native_out


def _variable(hop: HopWork) -> int:
    if not hop.concentrated:
        return 0
    further_steps = hop.ticks_new + hop.ticks_again + hop.empty_words
    return (
        _V3_TICK_NEW * hop.ticks_new
        + _V3_TICK_AGAIN * hop.ticks_again
        + _V3_FIRST_CROSSING * (hop.ticks_new + hop.ticks_again > 0)
        + _V3_EMPTY_WORD * hop.empty_words
        + _V3_TICK_MOVED * hop.tick_moved
        + (_V3_EXACT_OUT + _V3_EXACT_OUT_STEP * further_steps) * hop.exact_out
    )
