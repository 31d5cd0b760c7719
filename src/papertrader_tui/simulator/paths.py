"""A route with its pools as they stand, in one direction: what swaps through it come to.

The pools are those of the chain with this account's earlier swaps (its shadow) put in first. The
price of the route is that of the pools without them: what the market says, not what we did to it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from papertrader_tui.amm.concentrated import ConcentratedPool, ConcentratedSwap
from papertrader_tui.amm.errors import AmmError
from papertrader_tui.amm.path import AnyPool, AnySwap, Leg, path_in, path_out
from papertrader_tui.domain.money import (
    EXACT,
    MAX_PRICE,
    MIN_PRICE,
    ROUNDING,
    ZERO,
    add,
    mul,
    price_digits,
    quantize_even,
)
from papertrader_tui.domain.pools import PoolId
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.simulator.costs import FEE_DECIMALS, NotEnoughLiquidity
from papertrader_tui.simulator.gas_units import HopWork, work_of

_ALL_BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Hop:
    """One pool of a route, and which way through it.

    Attributes:
        pool: As the chain has it.
        crossed: Ticks that some swap has crossed before.
        shadow: Raw units that go in before any swap: this account's own earlier ones.
    """

    id: PoolId
    kind: str
    pool: AnyPool
    zero_for_one: bool
    crossed: Collection[int] = ()
    shadow: int = 0

    def leg(self) -> Leg:
        """The pool with the shadow in it.

        Raises:
            NotEnoughLiquidity: it cannot take the shadow whole.
        """
        if self.shadow == 0:
            return Leg(self.pool, self.zero_for_one)
        return put_in(Leg(self.pool, self.zero_for_one), self.shadow)


@dataclass(frozen=True, slots=True)
class Front:
    """A front-run: which hop of the path it goes through, and with how much."""

    hop: int
    amount_in: int


@dataclass(frozen=True, slots=True)
class Run:
    """A swap through a path, pool by pool.

    Attributes:
        legs: The pools right before it.
        swaps: What each did.
    """

    path: Path
    legs: tuple[Leg, ...]
    swaps: tuple[AnySwap, ...]
    exact_out: bool
    front: Front | None = None

    @property
    def amount_in(self) -> int:
        """Raw units that went into the first pool."""
        return self.swaps[0].amount_in

    @property
    def amount_out(self) -> int:
        """Raw units that came out of the last pool."""
        return self.swaps[-1].amount_out

    @property
    def work(self) -> tuple[HopWork, ...]:
        """What each pool did, for its gas."""
        return tuple(
            work_of(leg.pool, swap, hop.crossed, exact_out=self.exact_out)
            if isinstance(leg.pool, ConcentratedPool) and isinstance(swap, ConcentratedSwap)
            else HopWork(exact_out=self.exact_out)
            for leg, swap, hop in zip(self.legs, self.swaps, self.path.hops, strict=True)
        )

    def lp_fee(self) -> Decimal:
        """What the pools' providers keep, in USDC at the route's price, to 18 decimals."""
        fees = (
            mul(Decimal(swap.fee_amount), worth)
            for swap, worth in zip(self.swaps, self.path.worths, strict=True)
        )
        total = ZERO
        for fee in fees:
            total = add(total, fee)
        return quantize_even(total, FEE_DECIMALS)


class Path:
    """A way through pools from USDC to a token, or back.

    Attributes:
        hops: In order.
        tokens: What goes into each hop, and at the end what comes out of the last.
        buying: It begins at USDC.
        worths: USDC per raw unit of what goes into each hop, at the pools' own prices.
        reference: USDC per token at the pools' own prices, to 24 digits.

    Raises:
        NotEnoughLiquidity: the pools have no usable price.
    """

    __slots__ = (
        "_legs",
        "buying",
        "hops",
        "reference",
        "token_decimals",
        "tokens",
        "transfer_fee_bps",
        "usdc_decimals",
        "worths",
    )

    def __init__(
        self,
        hops: Sequence[Hop],
        tokens: Sequence[TokenId],
        *,
        buying: bool,
        usdc_decimals: int,
        token_decimals: int,
        transfer_fee_bps: int = 0,
    ) -> None:
        self.hops = tuple(hops)
        self.tokens = tuple(tokens)
        self.buying = buying
        self.usdc_decimals = usdc_decimals
        self.token_decimals = token_decimals
        self.transfer_fee_bps = transfer_fee_bps
        self.worths, worth = self._worths()
        reference = price_digits(EXACT.scaleb(worth, token_decimals))
        if not MIN_PRICE <= reference <= MAX_PRICE:
            msg = f"the pools' price of {reference:.6g} USDC is no usable price"
            raise NotEnoughLiquidity(msg)
        self.reference = reference
        self._legs: tuple[Leg, ...] | None = None

    def _worths(self) -> tuple[tuple[Decimal, ...], Decimal]:
        """USDC per raw unit of what goes into each hop, and per raw unit of the token."""
        spots = [hop.pool.spot(hop.zero_for_one) for hop in self.hops]
        num, den = 1, 10**self.usdc_decimals
        found = []
        if self.buying:
            for out, paid in spots:
                found.append(_ratio(num, den))
                num, den = num * paid, den * out
            return tuple(found), _ratio(num, den)
        for out, paid in reversed(spots):
            num, den = num * out, den * paid
            found.append(_ratio(num, den))
        return tuple(reversed(found)), found[-1]

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The pools with this account's earlier swaps in them."""
        if self._legs is None:
            self._legs = tuple(hop.leg() for hop in self.hops)
        return self._legs

    def run(self, amount: int, *, exact_out: bool = False, front: Front | None = None) -> Run:
        """Swap an amount in, or for an amount out, exactly as the contracts would.

        Args:
            amount: Raw units.
            exact_out: The amount is what is to come out.
            front: Somebody else's swap goes before it.

        Raises:
            NotEnoughLiquidity: a pool cannot serve it, or not all that is needed of it is known.
        """
        legs = self.legs
        if front is not None:
            before, at, after = legs[: front.hop], legs[front.hop], legs[front.hop + 1 :]
            legs = (*before, put_in(at, front.amount_in), *after)
        try:
            swaps = path_out(legs, amount) if exact_out else path_in(legs, amount)
        except AmmError as fault:
            raise NotEnoughLiquidity(str(fault)) from fault
        return Run(self, legs, tuple(swaps), exact_out, front)

    def after_transfer(self, amount: int) -> int:
        """What arrives of an amount of the token, where it takes a fee of every transfer."""
        return amount * (_ALL_BPS - self.transfer_fee_bps) // _ALL_BPS

    def with_hops(self, hops: Sequence[Hop]) -> Path:
        """The same way through these pools."""
        return Path(
            hops,
            self.tokens,
            buying=self.buying,
            usdc_decimals=self.usdc_decimals,
            token_decimals=self.token_decimals,
            transfer_fee_bps=self.transfer_fee_bps,
        )


def put_in(leg: Leg, amount: int) -> Leg:
    """The pool after a swap.

    Raises:
        NotEnoughLiquidity: it cannot take it whole.
    """
    try:
        (swap,) = path_in([leg], amount)
    except AmmError as fault:
        raise NotEnoughLiquidity(str(fault)) from fault
    return replace(leg, pool=swap.after)


def _ratio(num: int, den: int) -> Decimal:
    if num <= 0 or den <= 0:
        msg = "a pool on the way is empty"
        raise NotEnoughLiquidity(msg)
    return price_digits(ROUNDING.divide(Decimal(num), Decimal(den)))
