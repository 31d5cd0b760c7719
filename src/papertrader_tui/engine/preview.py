"""What an order would cost if it landed on the price on the screen."""

from __future__ import annotations

from papertrader_tui.domain.commands import ClosePosition, PlaceOrder
from papertrader_tui.domain.money import ZERO
from papertrader_tui.domain.orders import Kind, Order, Side
from papertrader_tui.engine.command_desk import close_request
from papertrader_tui.engine.desk import Desk
from papertrader_tui.engine.snapshot import Preview
from papertrader_tui.simulator.matching import quote, terms


def preview(desk: Desk, command: PlaceOrder | ClosePosition, now: int) -> Preview | None:
    """The cost of an order now, and what speaks against it.

    A resting order is quoted at its own price, which is where it would execute.

    Returns:
        None for an unknown token or before its first price.
    """
    request = command.request if isinstance(command, PlaceOrder) else close_request(command)
    market = desk.markets.get(request.token)
    if market is None or market.price is None:
        return None
    draft = desk.orders.draft(request, max(now, desk.now))
    reference = market.price_of(request.side) or market.price
    if request.kind is not Kind.MARKET and request.price is not None and request.price > 0:
        reference = request.price
    order = Order(
        "o0",
        request.client_id,
        now,
        request.token,
        request.side,
        request.kind,
        request.origin,
        request.size_by,
        request.size,
        draft.notional,
        draft.quantity,
        request.tolerance_bps,
        request.price,
    )
    swap = quote(order, reference, market.pricer, market.token.decimals)
    gas = desk.orders.gas_of(market)
    problems = [reason for _, reason in draft.problems]
    spend = receive = minimum = price = lp_fee = impact = ZERO
    notional = ZERO
    if swap is None:
        problems.append("the pool cannot serve this size")
    elif swap.quantity > 0:
        _, minimum = terms(order, swap, market.token.decimals)
        spend, receive = swap.cash, swap.quantity
        if request.side is Side.SELL:
            spend, receive = receive, spend
        price, lp_fee, impact, notional = swap.price, swap.lp_fee, swap.impact, swap.cash
    return Preview(
        request,
        market.token,
        spend,
        receive,
        minimum,
        price,
        market.price,
        lp_fee,
        float(lp_fee / notional) if notional else 0.0,
        impact,
        float(impact / notional) if notional else 0.0,
        gas.usd,
        f"{gas.units:,} gas{' + L1 data' if gas.l1_fee_wei else ''}, {gas.source}",
        market.pricer.fidelity,
        tuple(problems),
        draft.warnings,
    )
