"""What a person says, done: the commands of a desk."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.bot.trader import Trader
from papertrader_tui.domain import commands as cmd
from papertrader_tui.domain import events as ev
from papertrader_tui.domain import risk
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.orders import OrderRequest, Side, SizeBy
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.orderdesk import OrderDesk
from papertrader_tui.engine.situation import Emit
from papertrader_tui.intel.levels import Profile


class Situation(Protocol):
    """What of the desk commands look at and change."""

    account: Account
    orders: OrderDesk
    trader: Trader
    profile: Profile
    now: int

    def profile_of(self, level: int) -> Profile:
        """The profile of a level."""
        ...

    def market_of(self, token: TokenId) -> TokenMarket | None:
        """What is known of a token's market."""
        ...

    def flag(self, market: TokenMarket) -> None:
        """Note whether it is held, worked and watched."""
        ...

    def record(self) -> None:
        """Emit the account as it stands."""
        ...


def close_request(command: cmd.ClosePosition) -> OrderRequest:
    """The sale that closing a position comes to: all of it, and it has to get out."""
    return OrderRequest(
        command.client_id,
        command.token,
        Side.SELL,
        SizeBy.PERCENT,
        Decimal(100),
        tolerance_bps=command.tolerance_bps,
        insist=True,
    )


class CommandDesk:
    """Does what a person says; what cannot be done is said in an alert."""

    __slots__ = ("_account", "_emit", "_of")

    def __init__(self, of: Situation, emit: Emit) -> None:
        self._of = of
        self._account = of.account
        self._emit = emit

    def do(self, command: cmd.Command) -> None:
        """Do it; nothing where nothing changes."""
        _COMMANDS[type(command)](self, command)

    def _place(self, command: cmd.PlaceOrder) -> None:
        self._of.orders.place(command.request)

    def _cancel(self, command: cmd.CancelOrder) -> None:
        problem = self._of.orders.cancel(command.order_id)
        if problem is not None:
            self._say("warning", problem)

    def _close(self, command: cmd.ClosePosition) -> None:
        if command.client_id in self._account.client_ids:
            return
        request = close_request(command)
        if self._of.orders.can_close(request):
            self._of.orders.cancel_all(command.token, Side.SELL, "its position is being closed")
        self._of.orders.place(request)

    def _switch_bot(self, command: cmd.SwitchBot) -> None:
        if command.on != self._account.bot:
            self._emit(ev.BotSwitched(self._account.seq + 1, self._of.now, command.on))
            self._of.trader.woken()

    def _set_level(self, command: cmd.SetLevel) -> None:
        if command.level == self._account.level:
            return
        try:
            profile = self._of.profile_of(command.level)
        except (KeyError, ValueError) as fault:
            self._say("warning", str(fault.args[0] if fault.args else fault))
            return
        self._of.profile = profile
        self._emit(
            ev.LevelChanged(self._account.seq + 1, self._of.now, profile.level, profile.name)
        )
        if profile.note:
            self._say("info", f"level {profile.level}, {profile.note}")
        self._of.trader.woken()

    def _set_kill(self, command: cmd.SetKill) -> None:
        if command.mode is self._account.kill:
            return
        self._emit(ev.KillSwitched(self._account.seq + 1, self._of.now, command.mode))
        if command.mode in (ev.KillMode.REDUCE_ONLY, ev.KillMode.FLATTEN):
            self._of.orders.cancel_all(None, Side.BUY, "the kill switch allows exits only")

    def _switch_gates(self, command: cmd.SwitchGates) -> None:
        if command.on != self._account.gates_on:
            self._emit(ev.GatesSwitched(self._account.seq + 1, self._of.now, command.on))

    def _reset_gate(self, command: cmd.ResetGate) -> None:
        if command.gate not in self._account.gates:
            self._say("info", f"gate {command.gate!r} is not closed")
            return
        if command.gate == risk.PEAK_LOSS:
            self._of.record()  # the peak is counted anew from here
        self._emit(ev.GateCleared(self._account.seq + 1, self._of.now, command.gate, "hand"))

    def _watch(self, command: cmd.Watch) -> None:
        market = self._of.market_of(command.token)
        if market is None:
            self._say("warning", f"token {command.token!r} is not known here")
        elif command.on != (command.token in self._account.watch):
            self._emit(
                ev.WatchChanged(self._account.seq + 1, self._of.now, command.token, command.on)
            )
            self._of.flag(market)

    def _mark_account(self, _: cmd.MarkAccount) -> None:
        self._of.record()

    def _say(self, severity: str, text: str) -> None:
        self._emit(ev.Alerted(self._account.seq + 1, self._of.now, severity, text))


_COMMANDS: dict[type, Callable[[CommandDesk, Any], None]] = {
    cmd.PlaceOrder: CommandDesk._place,
    cmd.CancelOrder: CommandDesk._cancel,
    cmd.ClosePosition: CommandDesk._close,
    cmd.SwitchBot: CommandDesk._switch_bot,
    cmd.SetLevel: CommandDesk._set_level,
    cmd.SetKill: CommandDesk._set_kill,
    cmd.SwitchGates: CommandDesk._switch_gates,
    cmd.ResetGate: CommandDesk._reset_gate,
    cmd.Watch: CommandDesk._watch,
    cmd.MarkAccount: CommandDesk._mark_account,
}
