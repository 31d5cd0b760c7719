"""Account gates at work: when one closes, when it opens, and what blocks an entry now."""

from __future__ import annotations

from decimal import Decimal

from papertrader_tui.domain import risk
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.events import Event, GateCleared, GateTripped, KillMode
from papertrader_tui.domain.gate_rows import GateState, gate_rows
from papertrader_tui.domain.market import DAY, HOUR, MINUTE
from papertrader_tui.domain.money import ZERO
from papertrader_tui.domain.orders import Side, Status
from papertrader_tui.domain.risk import GateRow
from papertrader_tui.domain.tokens import TokenId

_NEVER = 1 << 62


class Gates:
    """Judges an account by its limits. Stateless: all state is in the account's events."""

    __slots__ = ("_account", "_limits")

    def __init__(self, account: Account, limits: risk.RiskLimits) -> None:
        self._account = account
        self._limits = limits

    # ------------------------------------------------------------------ closing and opening

    def floor(self) -> Decimal:
        """Equity at or below which a loss gate closes; 0 where both are closed already."""
        account, limits = self._account, self._limits
        floors = [ZERO]
        if risk.DAILY_LOSS not in account.gates:
            floors.append(risk.threshold(account.day_equity, limits.daily_loss_pct))
        if risk.PEAK_LOSS not in account.gates:
            floors.append(risk.threshold(account.peak, limits.peak_loss_pct))
        return max(floors)

    def after_mark(self, equity: Decimal, seq: int, now: int) -> list[Event]:
        """Loss gates that this equity closes."""
        account, limits = self._account, self._limits
        found: list[Event] = []
        if not account.gates_on:
            return found
        daily = risk.threshold(account.day_equity, limits.daily_loss_pct)
        if equity <= daily and risk.DAILY_LOSS not in account.gates:
            found.append(
                GateTripped(
                    seq,
                    now,
                    risk.DAILY_LOSS,
                    f"equity {equity:,.2f} is {limits.daily_loss_pct} % below the day's start "
                    f"({account.day_equity:,.2f})",
                    now + limits.daily_loss_pause_h * HOUR,
                )
            )
        peak = risk.threshold(account.peak, limits.peak_loss_pct)
        if equity <= peak and risk.PEAK_LOSS not in account.gates:
            found.append(
                GateTripped(
                    seq + len(found),
                    now,
                    risk.PEAK_LOSS,
                    f"equity {equity:,.2f} is {limits.peak_loss_pct} % below its peak "
                    f"({account.peak:,.2f}); reset it by hand",
                    None,
                )
            )
        return found

    def after_fill(self, seq: int, now: int) -> list[Event]:
        """Counting gates that a fill closes."""
        account, limits = self._account, self._limits
        found: list[Event] = []
        if not account.gates_on:
            return found
        if account.fills_today >= limits.daily_trades and risk.DAILY_TRADES not in account.gates:
            found.append(
                GateTripped(
                    seq,
                    now,
                    risk.DAILY_TRADES,
                    f"{account.fills_today} trades today, the limit is {limits.daily_trades}",
                    (now // DAY + 1) * DAY,
                )
            )
        if account.losses >= limits.loss_streak and risk.LOSS_STREAK not in account.gates:
            found.append(
                GateTripped(
                    seq + len(found),
                    now,
                    risk.LOSS_STREAK,
                    f"{account.losses} losing positions in a row",
                    now + limits.loss_streak_pause_h * HOUR,
                )
            )
        return found

    def after_time(self, seq: int, now: int) -> list[Event]:
        """Gates whose time is up."""
        found: list[Event] = []
        for gate, (_, until) in self._account.gates.items():
            if until is not None and now >= until:
                found.append(GateCleared(seq + len(found), now, gate, "time"))
        return found

    def due(self) -> int:
        """When the next gate opens by itself."""
        times = [until for _, until in self._account.gates.values() if until is not None]
        return min(times, default=_NEVER)

    # ------------------------------------------------------------------ entries

    def entry_block(self, token: TokenId, liquidity: Decimal | None) -> tuple[str, str] | None:
        """The rule and the reason that forbid an entry now, to anyone; None if none does."""
        account, limits = self._account, self._limits
        if account.kill is not KillMode.OFF:
            return "kill_switch", f"the kill switch is on ({KILL_TEXT[account.kill]})"
        if not account.gates_on:
            return None
        for gate, (reason, _) in account.gates.items():
            return f"gate.{gate}", reason
        if len(account.ledger.positions) + len(account.open) >= limits.max_open_positions:
            taken = self._taken()
            if token in taken or len(taken) < limits.max_open_positions:
                return self._shallow(liquidity)
            most = limits.max_open_positions
            reason = f"{len(taken)} positions are open or being entered, the limit is {most}"
            return f"gate.{risk.OPEN_POSITIONS}", reason
        return self._shallow(liquidity)

    def _taken(self) -> set[TokenId]:
        """Tokens that are held or being entered."""
        account = self._account
        entering = {
            o.token for book in account.open.values() for o in book.values() if o.side is Side.BUY
        }
        return entering.union(account.ledger.positions)

    def _shallow(self, liquidity: Decimal | None) -> tuple[str, str] | None:
        least = self._limits.min_liquidity_usd
        if liquidity is None or liquidity >= least:
            return None
        reason = f"its pool holds {liquidity:,.0f} dollars, the least is {least:,.0f}"
        return f"gate.{risk.MIN_LIQUIDITY}", reason

    def cooldown(self, token: TokenId, now: int) -> tuple[str, str] | None:
        """The cooldown that forbids the bot another buy now, and only warns a person."""
        account, limits = self._account, self._limits
        if not account.gates_on:
            return None
        waits = (
            (risk.COOLDOWN_TOKEN, token, limits.cooldown_token_min, "of this token"),
            (risk.COOLDOWN_ANY, "", limits.cooldown_any_min, ""),
        )
        for gate, key, minutes, what in waits:
            last = self._last_buy(key)
            if last is not None and now - last < minutes * MINUTE:
                ago = (now - last) // 1000
                text = f"the last buy {what}".rstrip()
                return f"gate.{gate}", f"{text} was {ago} s ago, the cooldown is {minutes} min"
        return None

    def _last_buy(self, token: TokenId) -> int | None:
        """When a token ("": any) was last bought, or a buy that is under way was sent."""
        times = [self._account.last_buy[token]] if token in self._account.last_buy else []
        for book in self._account.open.values():
            times += [
                order.time
                for order in book.values()
                if order.side is Side.BUY
                and order.status is Status.SUBMITTED
                and token in ("", order.token)
            ]
        return max(times, default=None)

    # ------------------------------------------------------------------ how near

    def state(
        self,
        equity: Decimal,
        now: int,
        token: TokenId = "",
        liquidity: Decimal | None = None,
        pool: str = "",
    ) -> GateState:
        """What the gates look at now, to be told later or never.

        Args:
            equity: Of the account.
            now: Market milliseconds.
            token: Whose cooldown is meant; "" for that of the token bought last.
            liquidity: Dollars in the pool in question, None where not known.
            pool: Whose pool that is, "" where it goes without saying.
        """
        account = self._account
        last, last_any = self._last_buy(token), self._last_buy("")
        return GateState(
            now,
            equity,
            account.day_equity,
            account.peak,
            account.fills_today,
            account.losses,
            len(self._taken()) if account.open else len(account.ledger.positions),
            dict(account.gates),
            None if last is None else now - last,
            None if last_any is None else now - last_any,
            liquidity,
            pool,
        )

    def rows(
        self, equity: Decimal, now: int, liquidity: Decimal | None = None, pool: str = ""
    ) -> tuple[GateRow, ...]:
        """Every gate with how near it is; `liquidity` is that of the shallowest pool."""
        return gate_rows(self.state(equity, now, "", liquidity, pool), self._limits)


KILL_TEXT = {
    KillMode.OFF: "off: everything runs",
    KillMode.PAUSE: "pause: no new entries, exits go on",
    KillMode.REDUCE_ONLY: "reduce-only: exits only, resting entries are cancelled",
    KillMode.FLATTEN: "flatten: everything is being closed, then pause",
}
