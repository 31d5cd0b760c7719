"""What an order would cost if it landed on the price on the screen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.commands import ClosePosition, PlaceOrder
from papertrader_tui.domain.money import ZERO
from papertrader_tui.domain.orders import Kind, Order, Side
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.checks import trial_order
from papertrader_tui.engine.command_desk import close_request
from papertrader_tui.engine.desk import Desk
from papertrader_tui.engine.outcomes import attack_gas, goes
from papertrader_tui.engine.snapshot import ExactQuote, Preview
from papertrader_tui.simulator.costs import Pricer, Swap
from papertrader_tui.simulator.gas import GasCost, gas_usd
from papertrader_tui.simulator.matching import quote_or_why, terms
from papertrader_tui.simulator.paths import Path
from papertrader_tui.simulator.pool_pricer import PoolPricer, raw_bound


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
    reference, pricer = market.price_of(request.side) or market.price, market.pricer
    if request.kind is not Kind.MARKET and request.price is not None and request.price > 0:
        reference = request.price
        pricer = pricer.at_price(reference)
    order = trial_order(request, draft, now)
    swap, why = quote_or_why(order, reference, pricer, market.token.decimals)
    problems = [reason for _, reason in draft.problems]
    spend = receive = minimum = price = lp_fee = impact = ZERO
    notional = ZERO
    if swap is None:
        problems.append(why)
    elif swap.quantity > 0:
        _, minimum = terms(order, swap, market.token.decimals)
        order = replace(order, bound=minimum)
        spend, receive = swap.cash, swap.quantity
        if request.side is Side.SELL:
            spend, receive = receive, spend
        price, lp_fee, impact, notional = swap.price, swap.lp_fee, swap.impact, swap.cash
    gas = desk.orders.gas_of(market, order, swap)
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
        _gas_note(gas),
        pricer.fidelity,
        tuple(problems),
        draft.warnings,
        _exposure(desk, market, order, pricer, swap, gas),
        "" if swap is None or swap.run is None else route_words(desk, swap.run.path),
        _exact(desk, market, order, swap, gas),
    )


def route_words(desk: Desk, path: Path) -> str:
    """`USDC -0.05%-> WETH -0.3%-> TOKEN`; what has no name here is called by its address."""
    names = [_name(desk, token) for token in path.tokens]
    names[0 if path.buying else -1] = "USDC"
    words = names[0]
    for hop, name in zip(path.hops, names[1:], strict=True):
        words += f" -{hop.pool.fee_ppm / 10_000:g}%-> {name}"
    return words


def _name(desk: Desk, token: TokenId) -> str:
    known = desk.registry.tokens.get(token)
    if known is not None:
        return known.symbol
    chain, _, address = token.partition(":")
    facts = desk.registry.chains[chain]
    return f"W{facts.native_symbol}" if token == facts.wrapped_native else address[:8]


def _gas_note(gas: GasCost) -> str:
    """Whose price it is, in the 15 cells that a ticket has for it."""
    if gas.made_of is None or not gas.l1_fee_wei:
        source = gas.source.partition(",")[0].removesuffix(" gas")
        return f"{source} + L1" if gas.l1_fee_wei else source
    l1 = gas_usd(0, 0, gas.l1_fee_wei, gas.native_usd)
    return f"L1 {l1:.3f} of it"


def _exposure(
    desk: Desk,
    market: TokenMarket,
    order: Order,
    pricer: Pricer,
    swap: Swap | None,
    gas: GasCost,
) -> Decimal:
    """What a sandwich would take; 0 where the order is not seen before it is mined."""
    seen = market.chain.public_mempool and not desk.profile.mev_protection
    if not seen or swap is None or swap.run is None or not isinstance(pricer, PoolPricer):
        return ZERO
    return pricer.sandwiched(swap, lambda s: goes(order, s), attack_gas(swap, gas)).mev


def _exact(
    desk: Desk, market: TokenMarket, order: Order, swap: Swap | None, gas: GasCost
) -> ExactQuote | None:
    if swap is None or swap.run is None:
        return None
    run = swap.run
    return ExactQuote(
        desk.pools.head(market.chain.key),
        tuple((hop.id.partition(":")[2], hop.pool.fee_ppm) for hop in run.path.hops),
        run.amount_in,
        run.amount_out,
        raw_bound(order, run.path),
        gas.units,
        gas.price_wei,
        gas.l1_fee_wei,
    )
