"""The best way from USDC to a token and back: what each would really pay, by exact arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import gcd

from papertrader_tui.amm.errors import AmmError, TicksNotLoaded
from papertrader_tui.amm.path import Leg, path_in, path_spot, turned
from papertrader_tui.chain.discovery import Pair, in_order
from papertrader_tui.chain.loading import LoadedPool
from papertrader_tui.domain.money import ROUNDING, divide, parse_price
from papertrader_tui.domain.pools import Pool
from papertrader_tui.domain.tokens import Token, TokenId


class NeedWords(Exception):
    """The choice depends on words of tick bitmaps that were not read yet.

    Attributes:
        words: (pool, index of the word), each once.
    """

    def __init__(self, words: Sequence[tuple[Pool, int]]) -> None:
        super().__init__(f"{len(words)} words of tick bitmaps are not loaded")
        self.words = words


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way from USDC to a token: the pools in order."""

    pools: tuple[LoadedPool, ...]

    @property
    def hops(self) -> tuple[Pool, ...]:
        """What never changes about its pools."""
        return tuple(loaded.pool for loaded in self.pools)


def legs_of(
    pools: Sequence[LoadedPool], start: TokenId, *, priced_only: bool = False
) -> tuple[Leg, ...]:
    """A way through pools for the arithmetic.

    Args:
        pools: In order.
        start: The token that goes into the first of them.
        priced_only: Only the price is wanted: ticks are left out.

    Raises:
        ValueError: the pools do not hang together.
    """
    legs, token = [], start
    for loaded in pools:
        pool = loaded.pool
        if token not in (pool.token0, pool.token1):
            msg = f"pool {pool.id} does not trade {token}"
            raise ValueError(msg)
        zero_for_one = token == pool.token0
        legs.append(Leg(loaded.priced if priced_only else loaded.amm, zero_for_one))
        token = pool.token1 if zero_for_one else pool.token0
    return tuple(legs)


def mid_price(legs: Sequence[Leg], decimals: int, cash_decimals: int) -> Decimal | None:
    """USDC per token before any swap, to 24 significant digits; None where it is no price.

    Args:
        legs: From USDC to the token.
        decimals: Of the token.
        cash_decimals: Of USDC on that chain.
    """
    tokens, cash = path_spot(legs)
    if not tokens or not cash:
        return None
    # both are products of integers: reduced first, so that they fit the digits of a Decimal
    common = gcd(tokens, cash)
    ratio = divide(_short(cash // common), _short(tokens // common))
    return parse_price(str(ratio.scaleb(decimals - cash_decimals, ROUNDING)))


def _short(value: int) -> Decimal:
    """An integer to 96 significant digits."""
    return ROUNDING.create_decimal(value)


def pairs_for(token: Token, cash: Token, native: Token) -> list[Pair]:
    """The pairs whose pools may lie on a way from USDC to a token."""
    found = []
    for one, other in ((token, cash), (token, native), (native, cash)):
        pair = in_order(one, other)
        if one.id != other.id and pair not in found:
            found.append(pair)
    return found


def best_route(
    token: Token,
    cash: Token,
    native: Token,
    pools: Mapping[Pair, Sequence[LoadedPool]],
    spend: int,
) -> Candidate | None:
    """The way that keeps most of `spend` on a round trip; None where none can serve it.

    Args:
        token: To be bought.
        cash: USDC on its chain.
        native: The wrapped native token, through which a way may lead.
        pools: By pair, as they stand at one block.
        spend: Raw units of USDC.

    Raises:
        NeedWords: read those first and ask again.
    """
    needed: list[tuple[Pool, int]] = []
    best: tuple[int, Candidate] | None = None
    for candidate in _candidates(token, cash, native, pools):
        try:
            back = _round_trip(candidate, cash.id, spend)
        except _Missing as missing:
            needed.append((missing.pool, missing.word))
            continue
        if back is not None and (best is None or back > best[0]):
            best = back, candidate
    if needed:
        raise NeedWords(list(dict.fromkeys(needed)))
    return best[1] if best is not None else None


def _candidates(
    token: Token, cash: Token, native: Token, pools: Mapping[Pair, Sequence[LoadedPool]]
) -> list[Candidate]:
    direct = [Candidate((p,)) for p in pools.get(in_order(token, cash), ())]
    if token.id == native.id:
        return direct
    firsts = pools.get(in_order(native, cash), ())
    seconds = pools.get(in_order(token, native), ())
    return direct + [Candidate((one, two)) for one in firsts for two in seconds]


class _Missing(Exception):
    def __init__(self, pool: Pool, word: int) -> None:
        super().__init__(word)
        self.pool, self.word = pool, word


def _round_trip(candidate: Candidate, cash: TokenId, spend: int) -> int | None:
    """Raw USDC that is left after buying with `spend` and selling all of it again.

    The sale too is on the pools as they stand now: both ways are to be good.
    """
    try:
        there = legs_of(candidate.pools, cash)
    except AmmError:
        return None  # a state that no pool can be in
    amount = spend
    for legs, pools in ((there, candidate.pools), (turned(there), candidate.pools[::-1])):
        for leg, loaded in zip(legs, pools, strict=True):
            try:
                amount = path_in((leg,), amount)[0].amount_out
            except TicksNotLoaded as missing:
                raise _Missing(loaded.pool, missing.word) from None
            except AmmError:
                return None
            if amount <= 0:
                return None
    return amount
