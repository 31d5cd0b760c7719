"""Orders and events in a trader's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.events import KillMode
from papertrader_tui.domain.money import add, sub, total
from papertrader_tui.domain.orders import Kind, Order, OrderRequest, Origin, Side, SizeBy
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.tui import formatting as fmt

Severity = Literal["information", "warning", "error"]
Symbols = Mapping[str, str]

KIND_WORDS: dict[Kind, str] = {
    Kind.MARKET: "at market",
    Kind.LIMIT: "limit",
    Kind.STOP: "stop",
    Kind.TAKE_PROFIT: "take-profit",
    Kind.TRAILING_STOP: "trailing stop",
}

KILL_CHOICES: tuple[tuple[KillMode, str, str], ...] = (
    (KillMode.OFF, "Off", "Trade as usual."),
    (KillMode.PAUSE, "Pause", "No new entries, by hand or by bot; resting ones wait. Exits go on."),
    (KillMode.REDUCE_ONLY, "Reduce only", "Exits only. Resting entries are cancelled now."),
    (
        KillMode.FLATTEN,
        "Flatten",
        "Sell every position at market now, cancel every order, then pause.",
    ),
)
KILL_NAMES: dict[KillMode, str] = {mode: name for mode, name, _ in KILL_CHOICES}


@dataclass(frozen=True, slots=True)
class Toast:
    """A short notice.

    Attributes:
        mine: It answers to something the person did, and so is never dropped.
    """

    text: str
    title: str
    severity: Severity = "information"
    mine: bool = False


def size_words(order: Order | OrderRequest, symbol: str) -> str:
    """`500.00 USDC of WETH`, `0.3 WETH`, `25% of cash in WETH`."""
    if order.size_by is SizeBy.NOTIONAL:
        return f"{fmt.money(order.size)} USDC of {symbol}"
    if order.size_by is SizeBy.QUANTITY:
        return f"{fmt.quantity(order.size, 12)} {symbol}"
    share = f"{fmt.quantity(order.size, 8)}%"
    return f"{share} of {symbol}" if order.side is Side.SELL else f"{share} of cash in {symbol}"


def order_words(order: Order | OrderRequest, symbol: str) -> str:
    """An order in one line: `buy 500.00 USDC of WETH limit 3,300.00`."""
    words = f"{order.side.value} {size_words(order, symbol)} {KIND_WORDS[order.kind]}"
    if order.price is not None:
        words += f" {fmt.price(order.price)}"
    if order.trail_bps is not None:
        words += f" {bps(order.trail_bps)}"
    return words


def bps(value: int) -> str:
    """Basis points as a percentage: 50 is `0.50%`."""
    return fmt.percent(Decimal(value).scaleb(-4), sign=False)


def toast_for(event: ev.Event, symbols: Symbols, held: int = 0) -> Toast | None:
    """What to tell a person about an event, or None where nothing is to be told.

    Args:
        event: A stored fact.
        symbols: Token id to symbol, already safe to show.
        held: How many positions are open.
    """
    match event:
        case ev.Filled():
            return _filled(event, symbols)
        case ev.Reverted():
            return _reverted(event, symbols)
        case ev.NotIncluded():
            return _not_included(event, symbols)
        case ev.OrderAccepted(order=order, warnings=warnings):
            if order.origin is not Origin.MANUAL:
                return None
            text = order_words(order, symbols.get(order.token, order.token))
            note = "".join(f"\n{fmt.clean(warning)}" for warning in warnings)
            return Toast(
                f"{order.id}: {text}{note}",
                "Order accepted",
                "warning" if warnings else "information",
                mine=True,
            )
        case ev.OrderRejected():
            mine = event.origin is Origin.MANUAL
            symbol = symbols.get(event.token, event.token)
            return Toast(
                f"{event.side.value} {symbol}: {fmt.clean(event.reason)}",
                "Order rejected",
                "error" if mine else "warning",
                mine,
            )
        case ev.OrderCancelled():
            return Toast(f"{event.order_id}: {fmt.clean(event.reason)}", "Order cancelled")
        case ev.OrderExpired():
            return Toast(
                f"{event.order_id} reached the end of its time.", "Order expired", "warning"
            )
        case _:
            return _state_toast(event, symbols, held)


def _state_toast(event: ev.Event, symbols: Symbols, held: int) -> Toast | None:
    match event:
        case ev.PositionChanged(quantity=quantity) if quantity == 0:
            net = sub(event.realized, event.costs)
            made = fmt.money(net, sign=True)
            sign = f"{fmt.arrow(fmt.direction(made))} ".lstrip()
            return Toast(
                f"{_name(event.token, event.symbol, symbols)} made {sign}{made} "
                "after all its costs.",
                "Position closed",
            )
        case ev.GateTripped():
            how = (
                "r resets it."
                if event.until is None
                else (
                    f"It opens again at {fmt.clock(event.until, seconds=False)}; r resets it now."
                )
            )
            return Toast(
                f"{fmt.clean(event.reason)} {how}",
                f"Gate tripped: {event.gate}",
                "warning",
                mine=True,
            )
        case ev.GateCleared():
            return Toast(
                f"Entries go on; opened by {fmt.clean(event.by)}.", f"Gate open: {event.gate}"
            )
        case ev.BotSwitched():
            return Toast(
                _bot_trades(held) if event.on else "The bot orders nothing more. Positions stay.",
                "Bot on" if event.on else "Bot off",
                mine=True,
            )
        case ev.LevelChanged():
            return Toast(
                f"Level {event.level} · {fmt.clean(event.name)}", "Intelligence level", mine=True
            )
        case ev.KillSwitched():
            note = next(text for mode, _, text in KILL_CHOICES if mode is event.mode)
            return Toast(
                note,
                f"Kill switch: {KILL_NAMES[event.mode]}",
                "information" if event.mode is KillMode.OFF else "warning",
                mine=True,
            )
        case ev.Alerted():
            levels: dict[str, Severity] = {"warning": "warning", "error": "error"}
            return Toast(
                fmt.clean(event.text),
                "Alert",
                levels.get(event.severity, "information"),
                event.severity == "error",
            )
        case _:
            return None


def _bot_trades(held: int) -> str:
    """It makes no difference to the bot who opened a position."""
    if not held:
        return "The bot trades the watchlist."
    them = "the position that is" if held == 1 else f"the {held} positions that are"
    return f"The bot trades the watchlist and manages {them} open, with its own stops and targets."


def _name(token: TokenId, symbol: str, symbols: Symbols) -> str:
    return symbols.get(token) or fmt.clean(symbol, 12)


def _filled(event: ev.Filled, symbols: Symbols) -> Toast:
    symbol = _name(event.token, event.symbol, symbols)
    verb = "Bought" if event.side is Side.BUY else "Sold"
    costs = total((event.lp_fee, event.impact, event.mev, event.gas))
    text = (
        f"{verb} {fmt.quantity(event.quantity, 12)} {symbol} at {fmt.price(event.price)}"
        f"\ncosts {fmt.money(costs)}"
    )
    if event.side is Side.BUY:
        text += f" of {fmt.money(add(event.cash, event.gas))}"
    who = {Origin.MANUAL: "Filled", Origin.BOT: "Filled · bot", Origin.EXIT: "Filled · exit"}
    return Toast(text, who[event.origin], mine=event.origin is Origin.MANUAL)


_AGAIN = {"working": "It rests again.", "submitted": "It is sent again with more tolerance."}


def _not_included(event: ev.NotIncluded, symbols: Symbols) -> Toast:
    text = (
        f"{event.side.value} {_name(event.token, event.symbol, symbols)}: "
        f"{fmt.clean(event.reason)}\n"
        f"The relay left it out, it cost nothing. {_AGAIN.get(event.again, '')}"
    ).strip()
    return Toast(text, "Not included", "warning", mine=event.origin is Origin.MANUAL)


def _reverted(event: ev.Reverted, symbols: Symbols) -> Toast:
    text = (
        f"{event.side.value} {_name(event.token, event.symbol, symbols)}: "
        f"{fmt.clean(event.reason)}\n"
        f"Gas {fmt.money(event.gas, 4)} is gone. {_AGAIN.get(event.again, '')}"
    ).strip()
    return Toast(text, "Reverted", "warning", mine=event.origin is Origin.MANUAL)
