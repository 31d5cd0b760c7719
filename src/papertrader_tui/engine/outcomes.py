"""Would an order be executed as a swap, in what words is it told, and what does it leave?"""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.money import ZERO
from papertrader_tui.domain.orders import Order, Side
from papertrader_tui.simulator.costs import Swap
from papertrader_tui.simulator.gas import GasCost, gas_usd
from papertrader_tui.simulator.matching import moves, within
from papertrader_tui.simulator.mev import attack_units


def source_of(swap: Swap | None, market: TokenMarket, side: Side, block: int) -> str:
    """Who says the price that a swap is measured against: the pools at a block, or a source."""
    if swap is None or swap.run is None:
        return market.source_of(side)
    return f"onchain #{block}"


def goes(order: Order, swap: Swap) -> bool:
    """Would an order be executed as this swap?"""
    return moves(swap) and within(order, swap, order.bound or ZERO)


def what_failed(order: Order, swap: Swap | None, why: str) -> str:
    """What kept a swap from being executed."""
    if swap is None:
        return why
    if within(order, swap, order.bound or ZERO):
        return "cash no longer covers the swap and its gas"
    got = swap.quantity if order.side is Side.BUY and not order.exact_out else swap.cash
    word = "maximum in" if order.exact_out else "minimum out"
    return f"it would have come to {got:f}, the {word} was {order.bound or ZERO:f}"


def attack_gas(swap: Swap, gas: GasCost) -> Decimal:
    """USDC that the two swaps of a sandwich cost in gas, at what the order itself pays for it."""
    if swap.run is None:
        return ZERO
    return gas_usd(attack_units(swap.run), gas.price_wei, 0, gas.native_usd)


def position_changed(account: Account, fill: ev.Filled, now: int) -> ev.PositionChanged | None:
    """The position that a fill, already folded in, left or closed."""
    position, closed = account.ledger.positions.get(fill.token), account.closed_by
    seq, token, symbol = account.seq + 1, fill.token, fill.symbol
    if position is not None:
        return ev.PositionChanged(
            seq, now, token, symbol, position.quantity, position.cost, position.mark,
            position.realized, position.costs,
        )  # fmt: skip
    if closed is not None:
        return ev.PositionChanged(
            seq, now, token, symbol, ZERO, ZERO, fill.reference_price, closed.realized,
            closed.costs,
        )  # fmt: skip
    return None
