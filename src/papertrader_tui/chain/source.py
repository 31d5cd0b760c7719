"""The chains as one more price source and witness: what the pools of a token's route pay.

Answers come from what was read with the last block; asking costs nothing. A price is the route's
mid price (fee and impact excluded) times dollars per USDC, which Chainlink tells; on a chain
without such a feed it is the price in USDC, which is what an account counts in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, Protocol

from papertrader_tui.chain.head import Head
from papertrader_tui.chain.loading import LoadedPool
from papertrader_tui.domain.market import MINUTE, Candle
from papertrader_tui.domain.money import ONE, add, divide, mul, parse_price, quantize_even
from papertrader_tui.domain.pools import Pool
from papertrader_tui.domain.tokens import Chain, Token, TokenId
from papertrader_tui.feeds.source import Answer, Fault, Found, Limits, SourceError, SourcePrice

NAME: Final = "onchain"
#: A head may be this old: so many milliseconds, or so many blocks.
STALE_MS: Final = 2 * MINUTE
_PPM_PER_BPS: Final = 100
_CENTS: Final = 2


class Watched(Protocol):
    """What is asked of a chain's watch (`chain.watch.ChainWatch`)."""

    chain: Chain
    fault: str
    seen: int
    ages: bool

    @property
    def head(self) -> Head | None:
        """The newest block that was read."""
        ...

    @property
    def dollars(self) -> tuple[Decimal | None, str]:
        """Dollars for one USDC; None with the reason where that cannot be believed."""
        ...

    def route(self, token: TokenId) -> tuple[LoadedPool, ...]:
        """The pools between USDC and a token."""
        ...

    def mid(self, token: TokenId) -> Decimal | None:
        """USDC per token."""
        ...

    def held_of(self, token: TokenId, pool: Pool) -> int:
        """What a pool holds of one of its tokens, raw."""
        ...


class OnchainSource:
    """`feeds.source.PriceSource` over the chains that are watched."""

    name = NAME
    witness = NAME
    requests = 0  # it answers from what was read: no limit to keep
    limits = Limits(per_minute=1e6, batch=10_000, networks=100, stale_ms=STALE_MS)

    def __init__(self) -> None:
        self._watches: dict[str, Watched] = {}

    def add(self, watch: Watched) -> None:
        """Answer for one more chain."""
        self._watches[watch.chain.key] = watch

    def covers(self, token: Token) -> bool:
        """Is there a way to it?"""
        watch = self._watches.get(token.chain)
        return watch is not None and bool(watch.route(token.id))

    def batches(self, tokens: Sequence[Token]) -> list[list[Token]]:
        """All that it covers."""
        found = [token for token in tokens if self.covers(token)]
        return [found] if found else []

    async def prices(self, tokens: Sequence[Token]) -> Answer:
        """What is known of these.

        Raises:
            SourceError: no node of theirs answers now.
        """
        watches = [w for t in tokens if (w := self._watches.get(t.chain)) is not None]
        if watches and all(watch.fault for watch in watches):
            raise SourceError(Fault.CONNECTION, watches[0].fault)
        return self.answer(tokens)

    def answer(self, tokens: Iterable[Token]) -> Answer:
        """What is known of these now."""
        found = Answer({}, frozenset(), {})
        unknown = set()
        for token in tokens:
            watch = self._watches.get(token.chain)
            if watch is None or watch.head is None or not watch.route(token.id):
                unknown.add(token.id)
                continue
            price, why = self._price(watch, token, watch.head)
            if price is None:
                found.dropped[token.id] = why
            else:
                found.prices[token.id] = price
        return Answer(found.prices, frozenset(unknown), found.dropped)

    def _price(self, watch: Watched, token: Token, head: Head) -> tuple[SourcePrice | None, str]:
        usd, why = watch.dollars
        mid = watch.mid(token.id)
        if usd is None:
            return None, why
        exact = None if mid is None else parse_price(str(mul(mid, usd)))
        if exact is None:
            return None, "its pools are at no price that can be used"
        pools = watch.route(token.id)
        last = pools[-1]
        fee = sum(loaded.state.fee_ppm for loaded in pools)
        # where blocks come only with transactions the newest one is as things are now
        observed = head.time if watch.ages else None
        return SourcePrice(
            token.id, exact, observed, watch.seen, age_from="answer",
            liquidity=_dollars_in(watch, token, last, exact), pool=last.pool.address,
            fee_bps=divide(Decimal(fee), Decimal(_PPM_PER_BPS)), block=head.number,
        ), ""  # fmt: skip

    async def candles(
        self, token: Token, interval: int, since: int, until: int
    ) -> Sequence[Candle]:
        """Nodes keep no candles."""
        del token, interval, since, until
        raise SourceError(Fault.UNSUPPORTED, f"{NAME} keeps no candles")

    async def search(self, text: str) -> Sequence[Found]:
        """Nodes cannot be searched."""
        del text
        raise SourceError(Fault.UNSUPPORTED, f"{NAME} cannot be searched")

    async def close(self) -> None:
        """Its nodes are closed by who watches them."""


def _dollars_in(watch: Watched, token: Token, loaded: LoadedPool, price: Decimal) -> Decimal | None:
    """Dollars in a pool, both sides, as when its route was found; None if that is unknown."""
    pool = loaded.pool
    other = pool.token1 if token.id == pool.token0 else pool.token0
    places = pool.decimals1 if token.id == pool.token0 else pool.decimals0
    worth = watch.mid(other) or ONE  # the other side is the wrapped native token, or USDC itself
    held, held_other = watch.held_of(token.id, pool), watch.held_of(other, pool)
    if not held and not held_other:
        return None
    own = quantize_even(mul(Decimal(held).scaleb(-token.decimals), price), _CENTS)
    rest = quantize_even(mul(Decimal(held_other).scaleb(-places), worth), _CENTS)
    return add(own, rest)
