"""Is a request an order? What is wrong with it, in words, and how big is it?"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.gates import Gates
from papertrader_tui.domain.money import (
    USDC_DECIMALS,
    ZERO,
    add,
    divide,
    mul,
    plain,
    quantize_down,
    sub,
)
from papertrader_tui.domain.orders import Kind, Order, OrderRequest, Origin, Side, SizeBy
from papertrader_tui.intel.levels import Profile
from papertrader_tui.simulator.costs import NotEnoughLiquidity

_PRICED = (Kind.LIMIT, Kind.STOP, Kind.TAKE_PROFIT)
_HUNDRED = Decimal(100)
_RESERVED = ("bot-", "flatten-")


@dataclass(frozen=True, slots=True)
class Draft:
    """A request with its size worked out.

    Attributes:
        notional: USDC to spend, for a buy by notional or percent.
        quantity: Tokens to sell, or to receive exactly.
        problems: (rule, reason) of each check that it fails; empty: it can be accepted.
        warnings: Rules that advise a person against it.
    """

    notional: Decimal | None
    quantity: Decimal | None
    problems: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]


def draft(
    request: OrderRequest,
    market: TokenMarket | None,
    account: Account,
    gates: Gates,
    profile: Profile,
    gas_usd: Decimal,
    now: int,
    stale_after: int,
) -> Draft:
    """Check a request against the market, the account and its gates, and size it."""
    problems: list[tuple[str, str]] = []
    if market is None or market.price is None:
        problems.append(("price.none", "there is no price for this token yet"))
        return Draft(None, None, tuple(problems), ())
    garbled = _garbled(request)
    if garbled:
        return Draft(None, None, tuple(garbled), ())
    problems += _shape(request, now)
    problems += _price(request, market, now, stale_after)
    problems += _bracket(request, market.price)
    notional, quantity = _size(request, market, account, gas_usd)
    warnings: list[str] = []
    if request.size_by is SizeBy.NOTIONAL and request.side is Side.SELL:
        warnings += _capped(request, market, account)
    if request.side is Side.BUY:
        if request.token == market.chain.cash:
            symbol = market.token.symbol
            problems.append(("cash.token", f"{symbol} is what everything is paid in: not bought"))
        problems += _funds(notional, quantity, request, market, account, gas_usd)
        liquidity = market.depth.liquidity if market.depth is not None else None
        block = gates.entry_block(request.token, liquidity)
        if block is not None:
            problems.append(block)
        if market.unsafe:
            problems.append(("unsafe_token", f"the token is not safe: {market.unsafe}"))
        advice = _advice(notional, quantity, market, account, gates, profile, now)
        if request.origin is Origin.MANUAL:
            warnings += [text for _, text in advice]
        else:
            # sizing was done by the rules themselves; a cooldown binds the bot
            problems += [a for a in advice if a[0].startswith("gate.")]
    else:
        problems += _holding(quantity, request, market, account, gas_usd)
    return Draft(notional, quantity, tuple(problems), tuple(warnings))


def trial_order(request: OrderRequest, sized: Draft, now: int) -> Order:
    """The order that a request would be, to ask what it would cost."""
    return Order(
        "o0",
        request.client_id,
        now,
        request.token,
        request.side,
        request.kind,
        request.origin,
        request.size_by,
        request.size,
        sized.notional,
        sized.quantity,
        request.tolerance_bps,
        request.price,
    )


def _price(
    request: OrderRequest, market: TokenMarket, now: int, stale_after: int
) -> list[tuple[str, str]]:
    """Is there a price to buy on, or to sell on at once?"""
    if request.side is Side.SELL and request.kind is not Kind.MARKET:
        return []
    if market.stale(now, stale_after):
        age = f"its price is {(now - market.time) // 1000} s old: too old to trade on"
        return [("price.stale", market.doubt or age)]
    if market.price_of(request.side) is None:
        return [("price.doubted", market.doubt)]
    return []


def _garbled(request: OrderRequest) -> list[tuple[str, str]]:
    """Numbers that no arithmetic should see: not finite, or far beyond any token."""
    numbers = {
        "size": request.size,
        "price": request.price,
        "stop": request.stop,
        "target": request.target,
    }
    return [
        (name, f"{name} {value} is no usable number")
        for name, value in numbers.items()
        if value is not None
        and (
            not value.is_finite()
            or len(value.as_tuple().digits) > 40
            or not -30 <= value.adjusted() <= 30
        )
    ]


def _shape(request: OrderRequest, now: int) -> list[tuple[str, str]]:
    found = []
    if not request.size.is_finite() or request.size <= 0:
        found.append(("size", f"size {request.size} must be above zero"))
    if request.size_by is SizeBy.PERCENT and request.size > _HUNDRED:
        found.append(("size", f"{plain(request.size)} % is more than all of it"))
    if request.kind in _PRICED and request.price is None:
        found.append(("price.missing", f"a {request.kind.value} order needs a price"))
    if request.price is not None and request.price <= 0:
        found.append(("price.missing", f"price {request.price} must be above zero"))
    if request.kind is Kind.TRAILING_STOP:
        if request.side is Side.BUY:
            found.append(("kind", "a trailing stop sells; for a buy use a stop or a limit"))
        if request.trail_bps is None or not 1 <= request.trail_bps <= 9_000:
            found.append(("trail", "a trailing stop needs a distance from 1 to 9000 bps"))
    if not 1 <= request.tolerance_bps <= 5_000:
        found.append(
            ("tolerance", f"slippage tolerance {request.tolerance_bps} bps must lie in 1 to 5000")
        )
    if request.good_until is not None and request.good_until <= now:
        found.append(("time", "its time is already up"))
    if not request.client_id:
        found.append(("client_id", "an order needs a client id"))
    elif request.origin is Origin.MANUAL and (
        "/" in request.client_id or request.client_id.startswith(_RESERVED)
    ):
        names = ", ".join(_RESERVED)
        reason = f"client id {request.client_id!r}: / and the beginnings {names} are our own"
        found.append(("client_id", reason))
    return found


def _bracket(request: OrderRequest, price: Decimal) -> list[tuple[str, str]]:
    if request.stop is None and request.target is None:
        return []
    if request.side is Side.SELL:
        return [("bracket", "only a buy can carry a stop and a target")]
    entry = request.price if request.kind in _PRICED and request.price else price
    found = []
    if request.stop is not None and not 0 < request.stop < entry:
        found.append(
            ("bracket", f"stop {plain(request.stop)} must lie below the entry {plain(entry)}")
        )
    if request.target is not None and request.target <= entry:
        found.append(
            ("bracket", f"target {plain(request.target)} must lie above the entry {plain(entry)}")
        )
    return found


def _size(
    request: OrderRequest, market: TokenMarket, account: Account, gas_usd: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    """USDC to spend or tokens to move, on the grid of the smallest unit."""
    price = market.price_of(request.side) or market.price or ZERO
    decimals = market.token.decimals
    size = request.size if request.size.is_finite() and request.size > 0 else ZERO
    if request.side is Side.BUY:
        if request.size_by is SizeBy.NOTIONAL:
            return quantize_down(size, USDC_DECIMALS), None
        if request.size_by is SizeBy.QUANTITY:
            return None, quantize_down(size, decimals)
        # all of the cash is all but the gas of getting in and out again
        free = max(ZERO, sub(account.free_cash(), mul(gas_usd, Decimal(2))))
        return quantize_down(divide(mul(free, size), _HUNDRED), USDC_DECIMALS), None
    if request.size_by is SizeBy.QUANTITY:
        return None, quantize_down(size, decimals)
    available = account.available(request.token)
    if request.size_by is SizeBy.PERCENT:
        if size == _HUNDRED:
            return None, available
        return None, quantize_down(divide(mul(available, size), _HUNDRED), decimals)
    at = request.price if request.price and request.price > 0 else price
    return None, min(available, quantize_down(divide(size, at), decimals))


def _capped(request: OrderRequest, market: TokenMarket, account: Account) -> list[str]:
    """A sale by dollars sells all that is free where that is less; it is said."""
    at = request.price if request.price and request.price > 0 else market.price or ZERO
    worth = mul(account.available(request.token), at)
    if worth >= request.size:
        return []
    return [f"only {worth:,.2f} USDC worth of it is free, so all of that is sold"]


def _funds(
    notional: Decimal | None,
    quantity: Decimal | None,
    request: OrderRequest,
    market: TokenMarket,
    account: Account,
    gas_usd: Decimal,
) -> list[tuple[str, str]]:
    if notional == 0 or quantity == 0:
        return [("size", "the size comes to nothing: there is no free cash to spend")]
    at = request.price if request.price and request.price > 0 else market.price or ZERO
    if notional is not None:
        need = notional
    elif request.kind is Kind.LIMIT:
        need = mul(quantity or ZERO, at)
    else:
        try:
            pricer = market.pricer if request.price is None else market.pricer.at_price(at)
            swap = pricer.buy_exact(quantity or ZERO, at)
        except NotEnoughLiquidity as fault:
            return [("liquidity", str(fault))]
        reach = add(Decimal(1), mul(Decimal(request.tolerance_bps), Decimal("0.0001")))
        need = mul(swap.cash, reach)
    free = account.free_cash()
    if add(need, gas_usd) > free:
        text = f"{need:,.2f} USDC and {gas_usd:,.2f} gas are needed, {free:,.2f} is free"
        return [("cash", text)]
    return []


def _holding(
    quantity: Decimal | None,
    request: OrderRequest,
    market: TokenMarket,
    account: Account,
    gas_usd: Decimal,
) -> list[tuple[str, str]]:
    symbol = market.token.symbol
    held, available = account.held(request.token), account.available(request.token)
    if held == 0:
        return [("holding", f"no {symbol} is held")]
    if not quantity:
        return [
            ("holding", f"all {plain(held)} {symbol} are reserved by open orders")
            if available == 0
            else ("size", "the size comes to nothing")
        ]
    if quantity > available:
        text = f"{plain(quantity)} {symbol} asked, {plain(available)} free of {plain(held)} held"
        return [("holding", text)]
    value = mul(quantity, market.price or ZERO)
    if add(account.ledger.cash, value) < gas_usd:
        return [("cash", f"neither cash nor proceeds cover {gas_usd:,.2f} USDC of gas")]
    return []


def _advice(
    notional: Decimal | None,
    quantity: Decimal | None,
    market: TokenMarket,
    account: Account,
    gates: Gates,
    profile: Profile,
    now: int,
) -> list[tuple[str, str]]:
    """Sizing rules and cooldowns: they bind the bot, and only warn a person."""
    found = []
    cooldown = gates.cooldown(market.token.id, now)
    if cooldown is not None:
        found.append(cooldown)
    equity = account.ledger.equity()
    if equity <= 0:
        return found
    spend = notional if notional is not None else mul(quantity or ZERO, market.price or ZERO)
    position = account.ledger.positions.get(market.token.id)
    value = add(spend, position.value if position is not None else ZERO)
    share = value / equity * 100
    if share > Decimal(str(profile.max_position_pct)):
        text = (
            f"the position would be {share:.1f} % of equity; "
            f"level {profile.level} holds at most {profile.max_position_pct} %"
        )
        found.append(("size.position", text))
    exposed = (account.ledger.holdings() + spend) / equity * 100
    if exposed > Decimal(str(profile.max_exposure_pct)):
        text = (
            f"{exposed:.1f} % of equity would be exposed; "
            f"level {profile.level} exposes at most {profile.max_exposure_pct} %"
        )
        found.append(("size.exposure", text))
    return found
