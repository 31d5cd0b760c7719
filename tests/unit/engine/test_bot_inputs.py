"""What the market tells the desk reaches the bot's decisions, and how near gates are its view."""

from __future__ import annotations

from decimal import Decimal

import pytest

from papertrader_tui.bot.sampling import SIZES, sample
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.chain_fees import ChainFees
from papertrader_tui.domain.commands import SetKill, SwitchBot
from papertrader_tui.domain.decision import Decision
from papertrader_tui.domain.gate_rows import gate_rows
from papertrader_tui.domain.market import Depth, Gas, Trust
from papertrader_tui.domain.risk import GateRow, RiskLimits
from papertrader_tui.engine.desk import Desk
from papertrader_tui.simulator.costs import LiquidityPricer, NotEnoughLiquidity, Swap
from tests.deskkit import PEPE, WETH, D, Kit, only


def decided(kit: Kit, price: str = "3000", after: int = 300_000) -> Decision:
    return only(kit.price(price, after=after), ev.Decided).decision


def inputs(decision: Decision) -> dict[str, tuple[str, str, int]]:
    return {i.name: (i.value, i.source, i.age_ms) for f in decision.factors for i in f.inputs}


def test_how_far_sources_differ_and_how_full_blocks_are_is_weighed() -> None:
    kit = Kit()
    kit.say(SwitchBot(True))
    now = kit.now + 300_000
    fees = ChainFees(17, 10**7, 10**7, 0.9, (1, 2, 3, 4, 5))
    kit.desk.step(Gas("base", now, 10**7, 0, D(3000), "node", fees=fees))
    kit.desk.step(Trust(WETH, now, "", 2, now + 60_000, spread=0.01))
    decision = decided(kit)
    found = inputs(decision)
    assert found["spread"] == ("0.01", "test", 0)
    assert found["sources"][0] == "2"
    assert found["block_fullness"] == ("0.9", "node", 0)
    scores = {f.name: f.score for f in decision.factors if f.of == "risk"}
    assert scores["price quality"] == D("30.00")  # 20 for two sources, 10 for one percent
    assert scores["network"] == D("90.00")
    assert "gas of the day" in decision.missing


def test_the_change_of_a_days_volume_is_weighed() -> None:
    kit = Kit()
    kit.desk.step(Depth(WETH, kit.now + 3_600_000, D(10**7), 1.5e6, D(5), "test"))
    assert kit.desk.markets[WETH].volumes.ratio == 1.5


class Exact(LiquidityPricer):
    """A pool whose own arithmetic is known; it stops where it holds no more."""

    fidelity = ev.Fidelity.POOL

    def buy(self, spend: Decimal, reference: Decimal, decimals: int) -> Swap:
        if spend > 100_000:
            raise NotEnoughLiquidity(str(spend))
        return super().buy(spend, reference, decimals)


def test_costs_are_sampled_from_a_pool_that_is_known() -> None:
    curve = sample(Exact(D(10**7), D(5)), D(3000), 18)
    assert curve is not None
    for size in (64, 1024, 65_536):
        impact = size / (5_000_000 + size)
        assert curve.impact(size) == pytest.approx(impact, rel=1e-3)
        assert curve.both(size) == pytest.approx(2 * (0.0005 + impact), rel=1e-3)
    assert curve.impact(SIZES[-1]) == 1.0
    assert sample(LiquidityPricer(D(10**7), D(5)), D(3000), 18) is None
    assert sample(Exact(D(10**7), D(5)), D(0), 18) is None


# ---------------------------------------------------------------------- gates


def rows(desk: Desk, now: int) -> dict[str, GateRow]:
    return {row.gate: row for row in desk.gates.rows(desk.equity, now, D(60_000), "PEPE")}


def test_every_gate_has_a_row_that_says_how_near_it_is() -> None:
    kit = Kit()
    found = rows(kit.desk, kit.now)
    assert list(found) == [
        "daily_trades", "daily_loss", "peak_loss", "loss_streak", "open_positions",
        "cooldown_any", "cooldown_token", "min_liquidity",
    ]  # fmt: skip
    assert found["cooldown_any"].text == "none, 3 min"
    assert (found["min_liquidity"].text, round(found["min_liquidity"].used, 3)) == (
        "PEPE $60k, least $50k", 0.833,
    )  # fmt: skip
    assert not any(row.tripped for row in found.values())


def test_a_cooldown_runs_down_and_closes_nothing_for_a_person() -> None:
    kit = Kit()
    kit.hold("100")
    bought = kit.account.last_buy[WETH]
    found = rows(kit.desk, bought + 90_000)
    assert (found["cooldown_any"].text, found["cooldown_any"].used) == ("1:30 left of 3 min", 0.5)
    assert found["cooldown_any"].until == bought + 180_000
    assert found["cooldown_token"].text == "13:30 left of 15 min"
    assert not found["cooldown_any"].tripped
    found = rows(kit.desk, bought + 180_000)
    assert (found["cooldown_any"].text, found["cooldown_any"].used) == ("over, 3 min", 0.0)
    other = gate_rows(kit.desk.gates.state(D(1), bought, PEPE), kit.desk.limits)
    assert next(r for r in other if r.gate == "cooldown_token").text == "none, 15 min"


def test_a_position_that_is_being_entered_counts() -> None:
    kit = Kit(limits=RiskLimits(max_open_positions=2))
    kit.hold("100")
    kit.price("0.00001", PEPE)
    kit.buy("100", PEPE)
    assert rows(kit.desk, kit.now)["open_positions"].text == "2 of 2 positions"


def test_a_decision_keeps_the_gates_as_they_were() -> None:
    kit = Kit()
    kit.say(SwitchBot(True))
    decision = decided(kit)
    kit.hold("1000")
    at = {c.name: c.value for c in decision.checks if c.of == "account"}
    assert (at["open positions"], at["daily trades"]) == (
        "0 of 5 positions",
        "0 of 50 trades today",
    )


def test_a_decision_under_the_kill_switch_names_it() -> None:
    kit = Kit()
    kit.say(SwitchBot(True))
    kit.say(SetKill(ev.KillMode.PAUSE))
    decision = decided(kit)
    assert decision.rule == "skip.gate"
    hits = {c.name: c.value for c in decision.checks if c.hit and c.of == "account"}
    assert hits == {"kill switch": decision.reason}
