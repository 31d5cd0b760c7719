"""What a chain says of a pool, as the arithmetic wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from papertrader_tui.amm.bitmap import TickTable
from papertrader_tui.amm.concentrated import ConcentratedPool
from papertrader_tui.amm.constant_product import ConstantProductPool
from papertrader_tui.amm.path import AnyPool
from papertrader_tui.domain.pools import ConcentratedState, PairState

#: Nothing is known of a pool's ticks: enough for its price, not for a swap.
NO_TICKS: Final = TickTable({}, {})


def tick_table(words: Mapping[int, Mapping[int, tuple[int, bool]]], spacing: int) -> TickTable:
    """The known words of a pool's bitmap, as `PoolTicks.words` has them.

    Raises:
        AmmError: a tick that does not belong into its word.
    """
    nets = {word: {tick: net for tick, (net, _) in known.items()} for word, known in words.items()}
    return NO_TICKS.with_words(nets, spacing)


def core_of(state: PairState | ConcentratedState, spacing: int, table: TickTable) -> AnyPool:
    """A pool in the state that a chain told.

    Args:
        state: At the end of a block.
        spacing: Tick spacing of a concentrated pool.
        table: Its ticks, as far as they are known.

    Raises:
        AmmError: a state that no pool can be in.
    """
    if isinstance(state, PairState):
        return ConstantProductPool(state.reserve0, state.reserve1, state.fee_ppm)
    return ConcentratedPool(
        state.fee_ppm, spacing, state.sqrt_price_x96, state.tick, state.liquidity, table
    )
