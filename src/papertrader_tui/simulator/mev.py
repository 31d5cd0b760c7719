"""Sandwiches: what someone who sees an order before it is mined takes from it.

A front-run buys ahead of the order in one of its pools, as much as leaves the order its minimum;
a back-run sells the same afterwards. It is done only where it pays: after LP fees, which the
pools' arithmetic takes from both swaps, and after the gas of both.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from papertrader_tui.amm.errors import AmmError
from papertrader_tui.amm.path import path_in
from papertrader_tui.domain.money import mul
from papertrader_tui.simulator.costs import NotEnoughLiquidity
from papertrader_tui.simulator.gas_units import HopWork, swap_units
from papertrader_tui.simulator.paths import Front, Run

#: The largest front-run is found to a millionth of itself.
_PRECISION: Final = 20
_DOUBLINGS: Final = 60


def attack_units(run: Run) -> int:
    """Units of gas of an attacker's two swaps, in a pool like the run's first."""
    concentrated = run.work[0].concentrated
    return 2 * swap_units([HopWork(concentrated=concentrated, tick_moved=concentrated)])


def sandwich(run: Run, passes: Callable[[Run], bool], attack_gas: Decimal) -> Front | None:
    """The front-run that earns an attacker the most, None where none pays.

    Args:
        run: The order without it.
        passes: Whether the order is still executed; false once it gets too little.
        attack_gas: USDC that the attacker's two swaps cost.
    """
    best: Front | None = None
    most = attack_gas
    for hop in range(len(run.swaps)):
        amount = _largest(run, hop, passes)
        if amount == 0:
            continue
        front = Front(hop, amount)
        earned = mul(Decimal(_profit(run, front)), run.path.worths[hop])
        if earned > most:
            best, most = front, earned
    return best


def _again(run: Run, front: Front) -> Run:
    amount = run.amount_out if run.exact_out else run.amount_in
    return run.path.run(amount, exact_out=run.exact_out, front=front)


def _largest(run: Run, hop: int, passes: Callable[[Run], bool]) -> int:
    """The most that can go in ahead of the order with the order still executed."""

    def ok(amount: int) -> bool:
        try:
            return passes(_again(run, Front(hop, amount)))
        except NotEnoughLiquidity:
            return False

    good, bad = 0, max(1, run.swaps[hop].amount_in >> 10)
    for _ in range(_DOUBLINGS):
        if not ok(bad):
            break
        good, bad = bad, bad * 2
    while bad - good > 1 + (good >> _PRECISION):
        middle = (good + bad) // 2
        if ok(middle):
            good = middle
        else:
            bad = middle
    return good


def _profit(run: Run, front: Front) -> int:
    """What is left of the front-run's amount after the back-run, in raw units of that token."""
    before = run.path.legs[front.hop]
    try:
        (ahead,) = path_in([before], front.amount_in)
        attacked = _again(run, front)
        after = attacked.swaps[front.hop].after
        (behind,) = path_in([type(before)(after, not before.zero_for_one)], ahead.amount_out)
    except (AmmError, NotEnoughLiquidity):
        return 0
    return behind.amount_out - front.amount_in
