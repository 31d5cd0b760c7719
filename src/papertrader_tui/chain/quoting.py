"""One quote at one block: the route found, the pools read, the swap and its gas worked out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.chain.errors import Fault, RpcError
from papertrader_tui.chain.head import Head
from papertrader_tui.chain.loading import balances
from papertrader_tui.chain.reader import ChainReader
from papertrader_tui.chain.routes import Candidate, legs_of, mid_price
from papertrader_tui.chain.routing import Market, find_routes
from papertrader_tui.chain.safety import Safety, Verdict
from papertrader_tui.domain.market import Gas
from papertrader_tui.domain.money import EXACT, ONE, ZERO, mul, plain, quantize_up
from papertrader_tui.domain.pools import V3, Pool, Route
from papertrader_tui.domain.tokens import Chain, Token
from papertrader_tui.intel.levels import Profile
from papertrader_tui.simulator.costs import NotEnoughLiquidity, Swap
from papertrader_tui.simulator.gas import GasCost, GasTerms, gas_usd, run_gas
from papertrader_tui.simulator.mev import attack_units
from papertrader_tui.simulator.pool_pricer import PoolPricer
from papertrader_tui.simulator.pools import PoolBook


class NoRoute(ValueError):
    """There is no pool that could serve it; says for which token and where."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be quoted: USDC to spend, or a quantity to sell or to buy.

    Attributes:
        tolerance_bps: Slippage that is accepted.
    """

    selling: bool
    spend: Decimal | None
    quantity: Decimal | None
    tolerance_bps: int


@dataclass(frozen=True, slots=True)
class Quotation:
    """What a swap would come to as the first transaction after a block.

    Attributes:
        swap: As the pools would execute it.
        minimum: Least that is accepted out, in tokens or USDC; most in for a purchase by quantity.
        mev: USDC that a sandwich would take, 0 where nobody sees the order.
        native_known: The native token's price is of its own pools, else the bundled one.
    """

    token: Token
    head: Head
    hops: tuple[Pool, ...]
    swap: Swap
    minimum: Decimal
    minimum_raw: int
    gas: GasCost
    mev: Decimal
    verdict: Verdict
    native_known: bool


async def quote(
    reader: ChainReader,
    chain: Chain,
    market: Market,
    token: Token,
    wanted: Wanted,
    profile: Profile,
    block: int | None = None,
) -> Quotation:
    """Quote on the state at the end of a block (default: the newest).

    Raises:
        NoRoute: no pool can serve it.
        RpcError: no node answered, or none has that block.
    """
    head = await reader.head("latest" if block is None else block)
    if head is None:
        raise RpcError(Fault.UNKNOWN_BLOCK, f"{chain.name} has no block {block}")
    _check(market, token, wanted)
    found = await _route(reader, chain, market, token, wanted, head)
    candidate, native = found
    read = await reader.block(head, ())
    usd = None
    if native is not None:
        legs = legs_of(native.pools, market.cash.id, priced_only=True)
        usd = mid_price(legs, market.native.decimals, market.cash.decimals)
    gas = Gas(
        chain.key, head.time, read.fees.next_base_fee_wei, 0, usd or chain.native_usd,
        "fee history", read.fees,
    )  # fmt: skip
    wrong = await reader.disagreement(token, head.number)
    if wrong:
        raise NoRoute(wrong)
    verdict = await _judge(reader, token, candidate, head)
    book = PoolBook(lambda: head.time)
    taken = verdict.transfer_fee_bps
    book.step(Route(token.id, head.time, candidate.hops, "onchain", transfer_fee_bps=taken))
    for loaded in candidate.pools:
        if loaded.pool.kind == V3:
            book.step(loaded.ticks)
        book.step(loaded.state)
    book.hear(gas)
    pricer = book.pricer(token.id)
    if pricer is None:
        raise NoRoute(f"the pools of {token.label} cannot be priced")
    try:
        swap = _swap(pricer, token, wanted)
    except NotEnoughLiquidity:
        msg = f"the pools of {token.label} cannot serve so much; ask for less"
        raise NoRoute(msg) from None
    if swap.run is None:
        raise NoRoute(f"so little of {token.label} comes to nothing; ask for more")
    minimum, raw = _bound(swap, token, wanted, pricer.route.usdc_decimals)
    cost = run_gas(chain, gas, read.fees, swap.run, GasTerms(profile.gas_strategy, bound=raw))
    mev = ZERO
    if chain.public_mempool and not profile.mev_protection:
        attack = gas_usd(attack_units(swap.run), cost.price_wei, 0, cost.native_usd)
        mev = pricer.sandwiched(swap, _passes(wanted, minimum), attack).mev
    return Quotation(
        token, head, candidate.hops, swap, minimum, raw, cost, mev, verdict, usd is not None
    )


def _check(market: Market, token: Token, wanted: Wanted) -> None:
    """Nothing is moved by less than the smallest unit."""
    amount, unit = wanted.spend, market.cash
    if amount is None:
        amount, unit = wanted.quantity or ZERO, token
    least = Decimal(1).scaleb(-unit.decimals)
    if amount < least:
        raise NoRoute(
            f"{plain(amount)} {unit.symbol} is less than its smallest unit, {plain(least)}; "
            "ask for more"
        )


async def _route(
    reader: ChainReader, chain: Chain, market: Market, token: Token, wanted: Wanted, head: Head
) -> tuple[Candidate, Candidate | None]:
    """The best way for that size, and the native token's."""
    cash, native = market.cash, market.native
    spend = None if wanted.spend is None else int(EXACT.scaleb(wanted.spend, cash.decimals))
    tokens = list(dict.fromkeys((token, native)))
    found = await find_routes(reader, market, tokens, head.time, head.number, spend)
    candidate, through = found.get(token.id), found.get(native.id)
    if candidate is not None and wanted.quantity is not None:
        mid = mid_price(
            legs_of(candidate.pools, cash.id, priced_only=True), token.decimals, cash.decimals
        )
        worth = int(EXACT.scaleb(mul(wanted.quantity, mid or ZERO), cash.decimals))
        again = await find_routes(reader, market, [token], head.time, head.number, max(1, worth))
        candidate = again.get(token.id) or candidate
    if candidate is None:
        raise NoRoute(
            f"no pool of {chain.name}'s factories can serve {token.label} at block "
            f"{head.number:,}; ask for less or at another block, or add a factory to "
            f"[chain.{chain.key}]"
        )
    return candidate, through


async def _judge(reader: ChainReader, token: Token, candidate: Candidate, head: Head) -> Verdict:
    last = candidate.hops[-1]
    held = (await balances(reader, [last], head.number)).get(last, (0, 0))
    own = held[0] if token.id == last.token0 else held[1]
    return await Safety(reader.call).judge(token, last, own, head.number)


def _swap(pricer: PoolPricer, token: Token, wanted: Wanted) -> Swap:
    if wanted.selling:
        swap = pricer.sell(wanted.quantity or ZERO, ZERO)
    elif wanted.spend is not None:
        swap = pricer.buy(wanted.spend, ZERO, token.decimals)
    else:
        swap = pricer.buy_exact(wanted.quantity or ZERO, ZERO)
    return swap


def _bound(swap: Swap, token: Token, wanted: Wanted, cash_decimals: int) -> tuple[Decimal, int]:
    """The worst that is accepted, as an amount and raw."""
    assert swap.run is not None
    part = Decimal(wanted.tolerance_bps).scaleb(-4)
    by_quantity = not wanted.selling and wanted.spend is None
    # what arrives: a token may take a part of its own transfer
    if by_quantity:
        exact = mul(EXACT.scaleb(swap.cash, cash_decimals), EXACT.add(ONE, part))
        places = cash_decimals
    else:
        places = cash_decimals if wanted.selling else token.decimals
        arrives = EXACT.scaleb(swap.cash if wanted.selling else swap.quantity, places)
        exact = mul(arrives, EXACT.subtract(ONE, part))
    raw = int(quantize_up(exact, 0))
    return Decimal(raw).scaleb(-places), raw


def _passes(wanted: Wanted, minimum: Decimal) -> Callable[[Swap], bool]:
    if wanted.selling:
        return lambda swap: swap.cash >= minimum
    if wanted.spend is not None:
        return lambda swap: swap.quantity >= minimum
    return lambda swap: swap.cash <= minimum
