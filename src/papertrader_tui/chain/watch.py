"""One chain, block by block: pools, fees and prices as they stand, told as inputs of the desk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Protocol

from papertrader_tui.amm.errors import AmmError
from papertrader_tui.chain.errors import Fault, RpcError
from papertrader_tui.chain.head import Head
from papertrader_tui.chain.loading import (
    LoadedPool,
    State,
    balances,
    calls_of,
    read_states,
    states_of,
)
from papertrader_tui.chain.multicall import Call
from papertrader_tui.chain.routes import Candidate, legs_of, mid_price
from papertrader_tui.chain.routing import Market, find_routes
from papertrader_tui.chain.safety import Safety, Verdict
from papertrader_tui.chain.standing import Standing
from papertrader_tui.domain.chain_fees import TIP_PERCENTILES, ChainFees
from papertrader_tui.domain.market import Gas, MarketInput
from papertrader_tui.domain.pools import Pool, Route
from papertrader_tui.domain.tokens import Chain, Token, TokenId
from papertrader_tui.simulator.l1_fee import fjord_l1_fee_of_length

_log = logging.getLogger(__name__)

#: Milliseconds after which a route is chosen anew.
ROUTE_MS: Final = 10 * 60_000
#: Routes found in one go: the first tokens can be traded before the last ones are found.
AT_ONCE: Final = 10
#: Milliseconds after which a chain that mines only what is sent says that it is still there.
REPEAT_MS: Final = 20_000
#: Seconds until a node that failed is asked again.
AGAIN: Final = 3.0

Tell = Callable[[Sequence[MarketInput]], None]

#: Length of a usual swap transaction after FastLZ, for estimates of what its data costs.
_USUAL_FASTLZ: Final = 180
#: Place of the median among the tips.
_MEDIAN: Final = TIP_PERCENTILES.index(50)


@dataclass(frozen=True, slots=True)
class BlockRead:
    """What was read at the end of a block.

    Attributes:
        answers: To the calls, in order; None for one that reverted.
        dollars: For one USDC; None with the reason where the feed that says so cannot be
            believed now.
    """

    answers: Sequence[bytes | None]
    fees: ChainFees
    dollars: tuple[Decimal | None, str]


class ChainReads(Protocol):
    """What is read of a chain."""

    async def head(self, block: int | str = "latest") -> Head | None:
        """A block's header; None where there is no such block."""
        ...

    async def read(self, calls: Sequence[Call], block: int | str) -> list[bytes | None]:
        """Many contract reads at one block."""
        ...

    async def disagreement(self, token: Token, block: int) -> str:
        """Why amounts of a token cannot be counted, by its own contract; "" if they can."""
        ...

    async def block(self, head: Head, calls: Sequence[Call]) -> BlockRead:
        """Reads at the end of a block, its fees and its dollar, in one batch."""
        ...


class ChainWatch:
    """Watches one chain.

    Args:
        chain: Which.
        market: What its routes are found between.
        reads: Its nodes.
        tell: Called with what is new, in order.
        priced: Called with the watch whenever its prices may have changed.
        safety: Finds out whether a token can be sold again.
        poll: Seconds between two looks for a new block.
        wall: Market milliseconds.
        ages: The newest block may be too old. Not on a node that mines only what is sent to it.

    Attributes:
        tried: A node was asked, whether it answered or not.
        seen: When a node last said what its newest block is, 0 for never.
        fault: What is wrong now, "" if nothing.
        dollars: For one USDC at the newest block; None with the reason where it is not known.
        held: What each pool held of its two tokens when its route was found, raw.
    """

    def __init__(
        self,
        chain: Chain,
        market: Market,
        reads: ChainReads,
        tell: Tell,
        *,
        priced: Callable[[ChainWatch], None],
        safety: Safety,
        poll: float,
        wall: Callable[[], int],
        ages: bool = True,
    ) -> None:
        self.chain = chain
        self._market, self._reads, self._tell = market, reads, tell
        self._priced, self._safety, self._poll, self._wall = priced, safety, poll, wall
        self.seen = 0
        self.tried = False
        self.ages = ages
        self.dollars: tuple[Decimal | None, str] = (None, "not read yet")
        self.held: dict[Pool, tuple[int, int]] = {}
        self._tokens: dict[TokenId, Token] = {market.native.id: market.native}
        self._routes: dict[TokenId, Candidate | None] = {}
        self._chosen: dict[TokenId, int] = {}
        self._pools = Standing()
        self._told_routes: dict[TokenId, tuple[object, ...]] = {}
        self._verdicts: dict[TokenId, Verdict] = {}
        self._landings: dict[int, set[TokenId]] = {}
        self._head: Head | None = None
        self._last_gas: Gas | None = None
        self._wake = asyncio.Event()
        self.fault = f"{chain.name}: no node has answered yet"

    # ------------------------------------------------------------------ what it is asked

    def follow(self, tokens: Iterable[Token]) -> None:
        """Find routes to these too."""
        new = {t.id: t for t in tokens if t.id not in self._tokens}
        if new:
            self._tokens.update(new)
            self._wake.set()

    def land(self, token: TokenId, block: int) -> None:
        """See `feeds.chains.Chains.land`."""
        self._landings.setdefault(block, set()).add(token)
        self._wake.set()

    @property
    def head(self) -> Head | None:
        """The newest block that was read, None before the first."""
        return self._head

    def route(self, token: TokenId) -> tuple[LoadedPool, ...]:
        """The pools between USDC and a token as they stand; () where there is no way."""
        candidate = self._routes.get(token)
        return () if candidate is None else tuple(self._pools[pool] for pool in candidate.hops)

    def mid(self, token: TokenId) -> Decimal | None:
        """USDC per token in the pools of its route; None where there is none."""
        pools = self.route(token)
        if not pools:
            return None
        try:
            legs = legs_of(pools, self._market.cash.id, priced_only=True)
        except AmmError:
            return None  # a state that no pool can be in
        return mid_price(legs, self._tokens[token].decimals, self._market.cash.decimals)

    def held_of(self, token: TokenId, pool: Pool) -> int:
        """What a pool holds of one of its tokens, raw; 0 where it is not known."""
        both = self.held.get(pool, (0, 0))
        return both[0] if token == pool.token0 else both[1]

    def priced(self) -> list[Token]:
        """Tokens that there is a way to."""
        return [self._tokens[token] for token, found in self._routes.items() if found is not None]

    # ------------------------------------------------------------------ running

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            pause = self._poll
            try:
                await self.look()
                self.tried = True
            except RpcError as error:
                self.tried = True
                said = str(error).removeprefix(f"{self.chain.key}: ")
                self.fault = f"{self.chain.name}: {said}"
                _log.info("%s", self.fault)
                pause = max(pause, AGAIN)
            except Exception:
                # what a node made up must not end the watch: the next answer may be sane
                self.fault = f"{self.chain.name}: an answer that cannot be; its node is asked again"
                _log.exception("%s", self.fault)
                pause = max(pause, AGAIN)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            self._wake.clear()

    async def look(self) -> None:
        """Look for a new block, and tell what it brought.

        Raises:
            RpcError: no node answered; what was asked for is asked again the next time.
        """
        head = await self._reads.head()
        if head is None:
            return
        head = self._dated(head)
        self.seen = self._wall()
        await self._land(head)
        new = self._head is None or head.hash != self._head.hash
        if new:
            await self._advance(head)
        await self._route(head)
        if not new and not self.ages:
            self._repeat()
        self.fault = ""

    def _repeat(self) -> None:
        """Where blocks come only with transactions, the newest one is as things are now."""
        now, last = self._wall(), self._last_gas
        if last is not None and last.fees is not None and now - last.time >= REPEAT_MS:
            self._say([self._gas(now, last.fees)])

    def _dated(self, head: Head) -> Head:
        """A block is never of a time to come: what it says moves the desk's clock."""
        return replace(head, time=min(head.time, self._wall()))

    async def _advance(self, head: Head) -> None:
        """Tell what a new block changed."""
        pools = list(self._pools)
        read = await self._reads.block(head, calls_of(pools))
        states = states_of(pools, read.answers, head.time, head.number)
        news = await self._take_in(pools, states, head.number, head.time)
        self.dollars = read.dollars
        self._head = head
        self._say([*news, self._gas(head.time, read.fees)])
        self._priced(self)

    async def _take_in(
        self, pools: Sequence[Pool], states: Mapping[Pool, State], block: int, time: int
    ) -> list[MarketInput]:
        """Keep states of a block, with ticks where those known are old or do not fit; the news."""
        await self._pools.take_in(self._reads, states, block, time)
        gone = [item for pool in pools if pool not in states for item in self._drop(pool, time)]
        return [*gone, *(item for pool in states for item in self._pools.news(pool))]

    def _drop(self, pool: Pool, now: int) -> list[MarketInput]:
        """A pool cannot be traded in any more: other ways are looked for."""
        self._pools.drop(pool)
        self.held.pop(pool, None)
        news: list[MarketInput] = []
        for token, candidate in self._routes.items():
            if candidate is not None and pool in candidate.hops:
                self._routes[token] = None
                self._chosen.pop(token, None)
                news += self._way(Route(token, now, (), self.source))
        return news

    def _way(self, route: Route) -> list[MarketInput]:
        """A route, if it is not what was told last."""
        key = route.hops, route.fault, route.transfer_fee_bps
        if self._told_routes.get(route.token) == key:
            return []
        self._told_routes[route.token] = key
        return [route]

    # ------------------------------------------------------------------ landing

    async def _land(self, head: Head) -> None:
        """Tell of the blocks that orders land in, each with the state that it began on."""
        for block in sorted(b for b in self._landings if b <= head.number):
            if any(token in self._tokens and token not in self._chosen
                   for token in self._landings[block]):  # fmt: skip
                continue  # the way to it is looked for first, right after a start
            try:
                await self._land_in(block)
            except RpcError as error:
                if error.fault not in (Fault.PRUNED, Fault.UNKNOWN_BLOCK):
                    raise
                # no node has that block any more: it lands on the newest state there is
                _log.info("block %s cannot be read any more: %s", block, error)
                self._head = None
            del self._landings[block]

    async def _land_in(self, block: int) -> None:
        before, own = await self._reads.head(block - 1), await self._reads.head(block)
        if before is None or own is None:
            raise RpcError(Fault.UNKNOWN_BLOCK, f"block {block} is not there")
        if own.parent and before.hash and own.parent != before.hash:
            raise RpcError(Fault.STALE, f"block {block} was replaced while it was read")
        before, own = self._dated(before), self._dated(own)
        pools = {
            pool
            for token in self._landings[block]
            if (candidate := self._routes.get(token)) is not None
            for pool in candidate.hops
        }
        self._pools.doubt(pools)
        which = sorted(pools, key=_id)
        # what is noted as told below is told: nothing is read between
        read = await self._reads.block(own, ())
        states = await read_states(self._reads, which, before.time, before.number)
        news = await self._take_in(which, states, before.number, before.time)
        self._head = None  # what came after it is told again
        self._say([*news, self._gas(own.time, read.fees)])

    # ------------------------------------------------------------------ routes

    async def _route(self, head: Head) -> None:
        """Find ways to tokens that have none, and look again whether there are better ones."""
        now = head.time
        due = [
            token
            for token_id, token in self._tokens.items()
            if token_id not in self._chosen or now - self._chosen[token_id] >= ROUTE_MS
        ]
        while due:
            some, due = due[:AT_ONCE], due[AT_ONCE:]
            found = await find_routes(self._reads, self._market, some, now, head.number)
            for token in some:
                candidate = found.get(token.id)
                if candidate is not None:
                    await self._take(token, candidate, head)
                else:
                    self._routes[token.id] = None
                    self._say(self._way(Route(token.id, now, (), self.source)))
                self._chosen[token.id] = now
            self._forget()
            self._priced(self)

    async def _take(self, token: Token, candidate: Candidate, head: Head) -> None:
        """Go a way from now on, once it is known what the token does when it is moved."""
        last = candidate.hops[-1]
        held = await balances(self._reads, candidate.hops, head.number)
        one, other = held.get(last, (0, 0))
        verdict = await self._safety.judge(
            token, last, one if token.id == last.token0 else other, head.number
        )
        wrong = await self._reads.disagreement(token, head.number)
        # nothing is kept before all of it was read: after a failure it is asked for again
        if not verdict.tried:
            verdict = self._verdicts.get(token.id, verdict)  # another node had allowed it
        self._verdicts[token.id] = verdict
        self.held |= held
        self._routes[token.id] = candidate
        for loaded in candidate.pools:
            self._pools.add(loaded, head.time)
        route = Route(
            token.id, head.time, candidate.hops, self.source, wrong or verdict.fault,
            verdict.transfer_fee_bps,
        )  # fmt: skip
        states = [item for loaded in candidate.pools for item in self._pools.news(loaded.pool)]
        self._say([*self._way(route), *states])

    def _forget(self) -> None:
        """Stop reading pools that no route leads through any more."""
        used = {pool for c in self._routes.values() if c is not None for pool in c.hops}
        for pool in self._pools.keep_only(used):
            self.held.pop(pool, None)

    # ------------------------------------------------------------------ saying

    @property
    def source(self) -> str:
        """Who says it."""
        return "onchain"

    def _gas(self, time: int, fees: ChainFees) -> Gas:
        """Fees, and what they make of a usual swap, for estimates."""
        usual = self.chain.l1_fee_wei
        if fees.l1 is not None:
            usual = fjord_l1_fee_of_length(_USUAL_FASTLZ, fees.l1)
        price = fees.next_base_fee_wei + fees.tips_wei[_MEDIAN]
        native = self.mid(self._market.native.id) or self.chain.native_usd
        self._last_gas = Gas(self.chain.key, time, price, usual, native, "fee history", fees)
        return self._last_gas

    def _say(self, items: Sequence[MarketInput]) -> None:
        if items:
            self._tell(items)


def _id(pool: Pool) -> str:
    return pool.id
