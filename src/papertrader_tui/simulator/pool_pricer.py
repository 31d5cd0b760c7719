"""Swaps of one token priced by the pools themselves, to the smallest unit.

The reference price is the route's own mid price, not the feed's, so that LP fee and impact
together are exactly what the swap lost against the pools as they stood.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from papertrader_tui.amm.concentrated import ConcentratedPool
from papertrader_tui.amm.path import AnyPool
from papertrader_tui.domain.events import Fidelity
from papertrader_tui.domain.money import (
    EXACT,
    ROUNDING,
    USDC_DECIMALS,
    ZERO,
    add,
    divide,
    mul,
    quantize_down,
    quantize_up,
    sub,
)
from papertrader_tui.domain.orders import Order, Side
from papertrader_tui.simulator.costs import LiquidityPricer, Pricer, Swap
from papertrader_tui.simulator.mev import sandwich
from papertrader_tui.simulator.paths import Path, Run

_PPM: Final = 1_000_000


class PoolPricer:
    """Implements `costs.Pricer` on a route; make a new one when a pool changes.

    Args:
        way_in: From USDC to the token.
        way_out: Back, over the same pools.
    """

    __slots__ = ("_way_in", "_way_out")

    fidelity = Fidelity.POOL

    def __init__(self, way_in: Path, way_out: Path) -> None:
        self._way_in = way_in
        self._way_out = way_out

    @property
    def reference(self) -> Decimal:
        """USDC per token at the pools' own prices."""
        return self._way_in.reference

    @property
    def decimals(self) -> int:
        """Of the token, as its pool has them."""
        return self._way_in.token_decimals

    @property
    def route(self) -> Path:
        """The way from USDC to the token."""
        return self._way_in

    def buy(self, spend: Decimal, reference: Decimal, decimals: int) -> Swap:
        """See `Pricer.buy`; the reference is the pools' own."""
        del reference, decimals
        raw = to_raw(spend, self._way_in.usdc_decimals)
        if raw == 0:
            return self._nothing()
        return swap_of(self._way_in.run(raw), cash=spend)

    def buy_exact(self, quantity: Decimal, reference: Decimal) -> Swap:
        """See `Pricer.buy_exact`; the reference is the pools' own."""
        del reference
        raw = to_raw(quantity, self._way_in.token_decimals)
        if raw == 0:
            return self._nothing()
        return swap_of(self._way_in.run(raw, exact_out=True))

    def sell(self, quantity: Decimal, reference: Decimal) -> Swap:
        """See `Pricer.sell`; the reference is the pools' own."""
        del reference
        raw = self._way_out.after_transfer(to_raw(quantity, self._way_out.token_decimals))
        if raw == 0:
            return self._nothing()
        return swap_of(self._way_out.run(raw), quantity=quantity)

    def at_price(self, reference: Decimal) -> Pricer:
        """An estimate for another price: constant product on the depth that the pools have here.

        Depth in a row adds up like resistances: 1/R = Σ 1/Rᵢ.
        """
        del reference
        shallow = ZERO
        keep = Decimal(1)
        for hop, worth in zip(self._way_in.hops, self._way_in.worths, strict=True):
            depth = mul(Decimal(_virtual_reserve(hop.pool, hop.zero_for_one)), worth)
            if depth == 0:
                return LiquidityPricer(ZERO, ZERO)
            shallow = ROUNDING.add(shallow, divide(Decimal(1), depth))
            keep = mul(keep, divide(Decimal(_PPM - hop.pool.fee_ppm), Decimal(_PPM)))
        liquidity = quantize_down(divide(Decimal(2), shallow), USDC_DECIMALS)
        return LiquidityPricer(liquidity, mul(sub(Decimal(1), keep), Decimal(10_000)))

    def sandwiched(self, swap: Swap, passes: Callable[[Swap], bool], attack_gas: Decimal) -> Swap:
        """The swap as a sandwich leaves it, or the same where none would have paid.

        Args:
            swap: One of this pricer's.
            passes: Whether the order would still go through with a swap.
            attack_gas: USDC that the attacker's two swaps cost.
        """
        run = swap.run
        if run is None:
            return swap

        def goes_on(attacked: Run) -> bool:
            return passes(swap_of(attacked, cash=swap.cash, quantity=swap.quantity, plain=swap))

        front = sandwich(run, goes_on, attack_gas)
        if front is None:
            return swap
        amount = run.amount_out if run.exact_out else run.amount_in
        attacked = run.path.run(amount, exact_out=run.exact_out, front=front)
        return swap_of(attacked, cash=swap.cash, quantity=swap.quantity, plain=swap)

    def _nothing(self) -> Swap:
        return Swap(ZERO, ZERO, self.reference, ZERO, ZERO, self.fidelity)


def to_raw(value: Decimal, decimals: int) -> int:
    """Smallest units in an amount; what is finer than one is left out."""
    return int(EXACT.scaleb(value, decimals))


def raw_bound(order: Order, path: Path) -> int:
    """An order's least amount out, or most in, in raw units; 0 before it has one."""
    received = order.side is Side.BUY and not order.exact_out
    return to_raw(order.bound or ZERO, path.token_decimals if received else path.usdc_decimals)


def from_raw(raw: int, decimals: int) -> Decimal:
    """An amount of so many smallest units, exactly."""
    return EXACT.scaleb(Decimal(raw), -decimals)


def swap_of(
    run: Run,
    *,
    cash: Decimal | None = None,
    quantity: Decimal | None = None,
    plain: Swap | None = None,
) -> Swap:
    """A run in dollars and tokens, its cost split at the pools' own price.

    Args:
        run: Through a path.
        cash: What a buy by notional spends.
        quantity: What a sale gives away.
        plain: The same swap without the sandwich that this one is in.
    """
    path = run.path
    reference = path.reference
    if path.buying:
        quantity = from_raw(path.after_transfer(run.amount_out), path.token_decimals)
        if run.exact_out or cash is None:
            cash = quantize_up(from_raw(run.amount_in, path.usdc_decimals), USDC_DECIMALS)
        lost = sub(cash, mul(quantity, reference))
    else:
        if quantity is None:
            quantity = from_raw(run.amount_in, path.token_decimals)
        cash = quantize_down(from_raw(run.amount_out, path.usdc_decimals), USDC_DECIMALS)
        lost = sub(mul(quantity, reference), cash)
    mev = ZERO
    if plain is not None:
        fewer = mul(sub(plain.quantity, quantity), reference)
        mev = add(fewer, sub(cash, plain.cash) if path.buying else sub(plain.cash, cash))
    fee = run.lp_fee()
    impact = sub(sub(lost, fee), mev)
    return Swap(quantity, cash, reference, fee, impact, Fidelity.POOL, mev, run)


def _virtual_reserve(pool: AnyPool, zero_for_one: bool) -> int:
    """Of the token in: the reserve of the constant product that the pool is right here."""
    if isinstance(pool, ConcentratedPool):
        if zero_for_one:
            return (pool.liquidity << 96) // pool.sqrt_price_x96
        return pool.liquidity * pool.sqrt_price_x96 >> 96
    return pool.reserves(zero_for_one)[0]
