"""What this account's own swaps left in the pools: real pools never saw them.

Without it an order split in ten would cost ten times the impact of its tenth. A swap's amount in
stays on its pool until others have traded as much there; a swap the other way takes its amount
out off first. It is only ever put in before swaps of the same direction, so that it can cost the
trader something and never earn him anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from papertrader_tui.amm.sqrt_price_math import amount0_delta, amount1_delta
from papertrader_tui.domain.execution import Execution
from papertrader_tui.domain.pools import ConcentratedState, PairState, PoolId

PoolState = PairState | ConcentratedState


class Shadow:
    """Own amounts in by pool, token0's and token1's, in raw units."""

    __slots__ = ("_amounts", "_seen")

    def __init__(self) -> None:
        self._amounts: dict[PoolId, list[int]] = {}
        self._seen: dict[PoolId, PoolState] = {}

    def of(self, pool: PoolId, zero_for_one: bool) -> int:
        """What goes in before a swap of this direction."""
        amounts = self._amounts.get(pool)
        return 0 if amounts is None else amounts[0 if zero_for_one else 1]

    def add(self, execution: Execution, states: Mapping[PoolId, PoolState]) -> None:
        """Take note of an own swap, on pools that stand like this."""
        for hop in execution.hops:
            self._put(hop.pool, hop.zero_for_one, hop.amount_in, hop.amount_out)
            if hop.pool in states:
                self._seen[hop.pool] = states[hop.pool]

    def _put(self, pool: PoolId, zero_for_one: bool, amount_in: int, amount_out: int) -> None:
        amounts = self._amounts.setdefault(pool, [0, 0])
        same, other = (0, 1) if zero_for_one else (1, 0)
        netted = min(amounts[other], amount_out)
        amounts[other] -= netted
        # the part of the amount in that took nothing back, rounded up
        amounts[same] += -(-amount_in * (amount_out - netted) // amount_out)

    def pass_by(self, state: PoolState) -> None:
        """Others traded in a pool until it came to this: as much of the shadow is gone."""
        amounts = self._amounts.get(state.pool)
        if amounts is None:
            return
        before = self._seen.get(state.pool)
        self._seen[state.pool] = state
        if before is None or before.block > state.block:
            return  # a chain that was turned back has undone trades, not made any
        for place, moved in enumerate(_traded(before, state)):
            amounts[place] = max(0, amounts[place] - moved)
        if amounts == [0, 0]:
            del self._amounts[state.pool], self._seen[state.pool]

    def to_plain(self) -> dict[str, Any]:
        """Amounts, and the state that they were last compared with, as JSON values."""
        return {
            pool: [amounts, _plain(self._seen.get(pool))] for pool, amounts in self._amounts.items()
        }

    def from_plain(self, plain: Mapping[str, Any]) -> None:
        """Take that back in."""
        for pool, (amounts, seen) in plain.items():
            self._amounts[pool] = [int(amounts[0]), int(amounts[1])]
            if seen is not None:
                self._seen[pool] = _state(pool, seen)


def _traded(before: PoolState, after: PoolState) -> tuple[int, int]:
    """Raw units of token0 and token1 that went through a pool, net, between two states."""
    if isinstance(before, PairState) and isinstance(after, PairState):
        moved0, moved1 = after.reserve0 - before.reserve0, after.reserve1 - before.reserve1
        if (moved0 > 0) == (moved1 > 0):
            return 0, 0  # liquidity came or went
        return abs(moved0), abs(moved1)
    if isinstance(before, ConcentratedState) and isinstance(after, ConcentratedState):
        low, high = sorted((before.sqrt_price_x96, after.sqrt_price_x96))
        liquidity = min(before.liquidity, after.liquidity)
        return (
            amount0_delta(low, high, liquidity, False),
            amount1_delta(low, high, liquidity, False),
        )
    return 0, 0


def _plain(state: PoolState | None) -> list[int] | None:
    if state is None:
        return None
    if isinstance(state, PairState):
        return [state.time, state.block, state.reserve0, state.reserve1, state.fee_ppm]
    return [
        state.time, state.block, state.sqrt_price_x96, state.tick, state.liquidity, state.fee_ppm
    ]  # fmt: skip


def _state(pool: PoolId, plain: list[int]) -> PoolState:
    if len(plain) == 5:
        return PairState(pool, *plain)
    return ConcentratedState(pool, *plain)
