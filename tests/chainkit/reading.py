"""Our arithmetic on a pool's state as it is on chain, read word by word when a swap needs it."""

from __future__ import annotations

from dataclasses import replace

from papertrader_tui.amm.bitmap import TickTable
from papertrader_tui.amm.concentrated import ConcentratedPool, ConcentratedSwap
from papertrader_tui.amm.constant_product import ConstantProductPool, ConstantProductSwap
from papertrader_tui.amm.errors import TicksNotLoaded
from papertrader_tui.simulator.gas_units import HopWork, work_of
from tests.chainkit.market import ChainMarket
from tests.chainkit.records import Pool, Route
from tests.chainkit.rpc import View

_TICK = "(uint128,int128,uint256,uint256)"
Swap = ConstantProductSwap | ConcentratedSwap


class ReadPool:
    """A pool at the end of the head block; read anew after a trade.

    Attributes:
        state: As the amm module has it, with the ticks read so far.
        crossed: Initialised ticks, of those read, that a swap has crossed before.
    """

    def __init__(self, market: ChainMarket, pool: Pool) -> None:
        self.pool = pool
        self.crossed: set[int] = set()
        self._rpc = market.rpc
        self._block = market.node.number
        self.state = self._read_v2() if pool.kind == "v2" else self._read_v3()

    def swap(
        self, zero_for_one: bool, amount: int, *, exact_out: bool = False, limit: int | None = None
    ) -> Swap:
        """What the pool would do; raises as the amm module does."""
        while True:
            state = self.state
            if isinstance(state, ConstantProductPool):
                ask = state.exact_out if exact_out else state.exact_in
                return ask(zero_for_one, amount)
            walk = state.exact_out if exact_out else state.exact_in
            try:
                return walk(zero_for_one, amount, limit)
            except TicksNotLoaded as missing:
                self._load(state, missing.word)

    def work(self, swap: Swap, *, exact_out: bool = False) -> HopWork:
        """What it would do, for its gas."""
        if isinstance(swap, ConstantProductSwap) or isinstance(self.state, ConstantProductPool):
            return HopWork()
        return work_of(self.state, swap, self.crossed, exact_out=exact_out)

    def _read_v2(self) -> ConstantProductPool:
        view = View(self.pool.address, "getReserves()", "(uint112,uint112)")
        ((reserve0, reserve1),) = self._rpc.view(view, block=self._block)
        return ConstantProductPool(reserve0, reserve1, self.pool.fee_ppm)

    def _read_v3(self) -> ConcentratedPool:
        address = self.pool.address
        (price, tick), (liquidity,), (fee_ppm,), (spacing,) = self._rpc.view(
            View(address, "slot0()", "(uint160,int24)"),
            View(address, "liquidity()", "(uint128)"),
            View(address, "fee()", "(uint24)"),
            View(address, "tickSpacing()", "(int24)"),
            block=self._block,
        )
        return ConcentratedPool(fee_ppm, spacing, price, tick, liquidity, TickTable({}, {}))

    def _load(self, state: ConcentratedPool, first: int) -> None:
        """The missing word, and those beside it, in two requests."""
        address, spacing = self.pool.address, state.tick_spacing
        known = state.ticks
        assert isinstance(known, TickTable)
        words = [word for word in range(first - 15, first + 16) if word not in known.words]
        bitmaps = self._rpc.view(
            *(View(address, "tickBitmap(int16)", "(uint256)", (word,)) for word in words),
            block=self._block,
        )
        ticks = {
            word: [(word * 256 + bit) * spacing for bit in range(256) if bits >> bit & 1]
            for word, (bits,) in zip(words, bitmaps, strict=True)
        }
        every = [tick for found in ticks.values() for tick in found]
        read = self._rpc.view(
            *(View(address, "ticks(int24)", _TICK, (tick,)) for tick in every), block=self._block
        )
        facts = dict(zip(every, read, strict=True))
        self.crossed |= {tick for tick, (_, _, one, two) in facts.items() if one or two}
        nets = {word: {tick: facts[tick][1] for tick in found} for word, found in ticks.items()}
        self.state = replace(state, ticks=known.with_words(nets, spacing))


def swaps_along(
    pools: list[ReadPool], route: Route, amount: int, *, exact_out: bool = False
) -> list[Swap]:
    """What each pool of a route would do, in the route's order."""
    hops = list(zip(pools, route.directions, strict=True))
    found: list[Swap] = []
    for pool, zero_for_one in reversed(hops) if exact_out else hops:
        swap = pool.swap(zero_for_one, amount, exact_out=exact_out)
        amount = swap.amount_in if exact_out else swap.amount_out
        found.append(swap)
    return found[::-1] if exact_out else found
