"""What the chains have said of pools, kept so that a block of news costs next to nothing.

News only replaces what was known; a pricer is made when somebody asks for one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from papertrader_tui.amm.bitmap import TickTable
from papertrader_tui.amm.errors import AmmError
from papertrader_tui.amm.path import AnyPool
from papertrader_tui.domain.execution import Execution
from papertrader_tui.domain.market import Gas
from papertrader_tui.domain.pools import (
    V3,
    PairState,
    Pool,
    PoolId,
    PoolInput,
    PoolTicks,
    Route,
)
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.simulator.cores import NO_TICKS, core_of, tick_table
from papertrader_tui.simulator.costs import NotEnoughLiquidity
from papertrader_tui.simulator.paths import Hop, Path
from papertrader_tui.simulator.pool_pricer import PoolPricer
from papertrader_tui.simulator.shadow import PoolState, Shadow

#: A chain that has said nothing for so many milliseconds is silent: its pools are not traded on.
SILENCE: Final = 60_000

_Known = tuple[AnyPool, frozenset[int]]


class PoolBook:
    """Routes, pools, ticks and heads of chains, as far as they have been told.

    Args:
        clock: Market milliseconds now.
    """

    __slots__ = (
        "_before", "_began", "_clock", "_cores", "_heads", "_pricers", "_routes", "_said",
        "_states", "_tables", "_ticks", "_users", "shadow",
    )  # fmt: skip

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._routes: dict[TokenId, Route] = {}
        self._users: dict[PoolId, set[TokenId]] = {}
        self._states: dict[PoolId, PoolState] = {}
        self._ticks: dict[PoolId, PoolTicks] = {}
        self._tables: dict[PoolId, tuple[TickTable, frozenset[int]]] = {}
        self._cores: dict[PoolId, _Known | None] = {}
        self._pricers: dict[TokenId, PoolPricer | None] = {}
        #: per chain: newest block, and when it was heard of
        self._heads: dict[str, tuple[int, int]] = {}
        #: per chain: what had been the newest block until then
        self._before: dict[str, int] = {}
        #: per chain: the block that was told last, and its time
        self._said: dict[str, tuple[int, int]] = {}
        self._began = -SILENCE - 1
        self.shadow = Shadow()

    def begin(self) -> None:
        """A session begins: nothing that chains said in an earlier one is known."""
        self._began = self._clock()

    # ------------------------------------------------------------------ what chains say

    def step(self, item: PoolInput) -> None:
        """Take in a route, a pool's state or its ticks."""
        if isinstance(item, Route):
            self._reroute(item)
            return
        if isinstance(item, PoolTicks):
            self._ticks[item.pool] = item
            self._tables.pop(item.pool, None)
        else:
            self.shadow.pass_by(item)
            self._states[item.pool] = item
        self._forget(item.pool)

    def hear(self, gas: Gas) -> None:
        """Note that a chain has a newer block.

        The same fees of the same moment once more are no word of the chain: they are told again
        when others say a new price of its native token.
        """
        if gas.fees is None or self._said.get(gas.chain) == (gas.fees.block, gas.time):
            return
        self._said[gas.chain] = gas.fees.block, gas.time
        if gas.fees.block != self.head(gas.chain):
            self._before[gas.chain] = self.head(gas.chain)
        self._heads[gas.chain] = gas.fees.block, self._clock()

    def _reroute(self, route: Route) -> None:
        before = self._routes.get(route.token)
        for pool in before.hops if before is not None else ():
            self._users[pool.id].discard(route.token)
        self._routes[route.token] = route
        self._pricers.pop(route.token, None)
        for pool in route.hops:
            self._users.setdefault(pool.id, set()).add(route.token)

    def _forget(self, pool: PoolId) -> None:
        """What was made of a pool has to be made anew."""
        self._cores.pop(pool, None)
        for token in self._users.get(pool, ()):
            self._pricers.pop(token, None)

    # ------------------------------------------------------------------ what is asked

    def head(self, chain: str) -> int:
        """Number of the newest block heard of, 0 for none."""
        return self._heads.get(chain, (0, 0))[0]

    def silent(self, chain: str) -> bool:
        """Has the chain said nothing for too long?"""
        return self._clock() - self._heads.get(chain, (0, -SILENCE - 1))[1] > SILENCE

    def settling(self) -> bool:
        """Did a session begin just now? Chains may still have to say what was missed."""
        return self._clock() - self._began <= SILENCE

    def stands_before(self, token: TokenId, block: int) -> bool:
        """Are the states of a token's pools those that the first transaction of a block finds?

        A pool that is not mentioned with a block did not change in it. So a state is that of the
        end of `block` - 1 if it is from then, or from earlier and nothing was missed since.
        """
        route = self._routes.get(token)
        if route is None or not route.hops:
            return False
        through = self._before.get(token.partition(":")[0], 0)
        states = [self._states.get(pool.id) for pool in route.hops]
        return all(
            s is not None and s.block < block and (s.block == block - 1 or through >= block - 1)
            for s in states
        )

    def knows(self, token: TokenId) -> bool:
        """Has a chain told of the token's route?"""
        return token in self._routes

    def fault(self, token: TokenId) -> str:
        """Why a token must not be bought, "" if it may."""
        route = self._routes.get(token)
        return route.fault if route is not None else ""

    def venues(self, token: TokenId) -> tuple[Pool, ...]:
        """The pools of a token's route, from USDC on."""
        route = self._routes.get(token)
        return route.hops if route is not None else ()

    def pricer(self, token: TokenId) -> PoolPricer | None:
        """What prices a token by its pools; None where they are unknown or the chain is silent."""
        if token not in self._routes or self.silent(token.partition(":")[0]):
            return None
        if token not in self._pricers:
            self._pricers[token] = self._price(self._routes[token])
        return self._pricers[token]

    def book(self, execution: Execution) -> None:
        """An own swap went through pools."""
        self.shadow.add(execution, self._states)
        for hop in execution.hops:
            for token in self._users.get(hop.pool, ()):
                self._pricers.pop(token, None)

    # ------------------------------------------------------------------ making it

    def _price(self, route: Route) -> PoolPricer | None:
        cores = [self._core(pool) for pool in route.hops]
        ends = _ends(route)
        if not cores or ends is None:
            return None
        hops = []
        for pool, core, paid in zip(route.hops, cores, ends, strict=False):
            if core is None:
                return None
            zero_for_one = pool.token0 == paid
            shadow = self.shadow.of(pool.id, zero_for_one)
            hops.append(Hop(pool.id, pool.kind, core[0], zero_for_one, core[1], shadow))
        back = [
            Hop(
                h.id, h.kind, h.pool, not h.zero_for_one, h.crossed,
                self.shadow.of(h.id, not h.zero_for_one),
            )
            for h in reversed(hops)
        ]  # fmt: skip
        first, last = route.hops[0], route.hops[-1]
        usdc = first.decimals0 if first.token0 == ends[0] else first.decimals1
        token = last.decimals0 if last.token0 == route.token else last.decimals1
        fee = route.transfer_fee_bps
        try:
            return PoolPricer(
                Path(hops, ends, buying=True, usdc_decimals=usdc, token_decimals=token,
                     transfer_fee_bps=fee),
                Path(back, ends[::-1], buying=False, usdc_decimals=usdc, token_decimals=token,
                     transfer_fee_bps=fee),
            )  # fmt: skip
        except NotEnoughLiquidity:
            return None

    def _core(self, pool: Pool) -> _Known | None:
        if pool.id not in self._cores:
            try:
                self._cores[pool.id] = self._build(pool)
            except AmmError:
                self._cores[pool.id] = None  # no pool can be like that
        return self._cores[pool.id]

    def _build(self, pool: Pool) -> _Known | None:
        state = self._states.get(pool.id)
        if isinstance(state, PairState):
            return core_of(state, 0, NO_TICKS), frozenset()
        if state is None or pool.kind != V3:
            return None
        known = self._table(pool)
        return None if known is None else (core_of(state, pool.tick_spacing, known[0]), known[1])

    def _table(self, pool: Pool) -> tuple[TickTable, frozenset[int]] | None:
        found = self._tables.get(pool.id)
        ticks = self._ticks.get(pool.id)
        if found is None and ticks is not None:
            crossed = frozenset(
                tick for known in ticks.words.values() for tick, (_, was) in known.items() if was
            )
            found = tick_table(ticks.words, pool.tick_spacing), crossed
            self._tables[pool.id] = found
        return found

    # ------------------------------------------------------------------ checkpoints

    def to_plain(self) -> dict[str, Any]:
        """The shadow, which no event and no chain says, as JSON values."""
        return self.shadow.to_plain()

    def from_plain(self, plain: dict[str, Any]) -> None:
        """Take that back in."""
        self.shadow.from_plain(plain)
        self._pricers.clear()


def _ends(route: Route) -> tuple[TokenId, ...] | None:
    """The tokens from USDC to the route's own, None where the hops do not hang together."""
    tokens = [route.token]
    for pool in reversed(route.hops):
        if tokens[-1] not in (pool.token0, pool.token1):
            return None
        tokens.append(pool.token0 if tokens[-1] == pool.token1 else pool.token1)
    return tuple(reversed(tokens))
