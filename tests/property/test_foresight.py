"""What the desk does now depends on nothing that comes later, and on nothing but its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import SetLevel, SwitchBot
from papertrader_tui.domain.market import Bar, Candle, Depth, Gas, History, Quote, Trust
from papertrader_tui.domain.orders import Origin
from papertrader_tui.domain.risk import RiskLimits
from tests.deskkit import PEPE, START, WETH, D, Kit

BAR = 300_000
#: What may happen: kind, token, change of the price, milliseconds since the last.
MOMENTS = st.lists(
    st.tuples(
        st.sampled_from(["quote"] * 8 + ["bar", "bar", "depth", "gas", "doubt"]),
        st.sampled_from([WETH, WETH, PEPE]),
        st.floats(-0.02, 0.025, allow_nan=False),
        st.sampled_from([10_000, 60_000, 300_000]),
    ),
    min_size=4,
    max_size=40,
)
Moments = Sequence[tuple[str, str, float, int]]


def warmed() -> Kit:
    """A desk whose bot is on, at a level that trades, after twelve hours of a steady rise."""
    kit = Kit(limits=RiskLimits(cooldown_any_min=0, cooldown_token_min=0))
    for token, close in ((WETH, 3000.0), (PEPE, 0.00001)):
        candles, price = [], close / 1.15
        for index in range(150):
            opened, price = price, price * (1.0019 if index % 3 else 0.999)
            high, low = max(opened, price) * 1.0004, min(opened, price) * 0.9996
            start = START - (150 - index) * BAR
            candles.append(Candle(start, opened, high, low, price, 1_000.0))
        kit.desk.step(History(token, START, BAR, candles, "test"))
    kit.say(SetLevel(9))
    kit.say(SwitchBot(True))
    return kit


def told(moments: Moments) -> list[tuple[str, object]]:
    """The records of all events, cut at the moment after which each came."""
    kit = warmed()
    values = {WETH: 3000.0, PEPE: 0.00001}
    found: list[tuple[str, object]] = []
    for index, (kind, token, change, wait) in enumerate(moments):
        kit.now += wait
        before, values[token] = values[token], values[token] * (1 + change)
        value = values[token]
        price = Decimal(repr(value))
        item: object
        if kind == "depth":
            item = Depth(token, kit.now, D(10**7) + D(int(change * 10**8)), 1e6, D(5), "test")
        elif kind == "gas":
            item = Gas("base", kit.now, 10**7 + int(change * 10**8), 0, D(3000), "test")
        elif kind == "doubt":
            fault = "disputed" if change < 0 else ""
            item = Trust(token, kit.now, fault, 2, kit.now + 60_000, spread=abs(change))
        elif kind == "bar":
            high, low = max(before, value) * 1.001, min(before, value) * 0.999
            item = Bar(
                token, kit.now - wait, kit.now, before, high, low, value, 500.0, price,
                Decimal(repr(high)), Decimal(repr(low)), "test",
            )  # fmt: skip
        else:
            item = Quote(token, kit.now, price, value, "test", 100.0)
        found += [
            (f"{index}", (type(event).__name__, ev.to_record(event)))
            for event in kit.desk.step(item)  # type: ignore[arg-type]
        ]
    return found


@settings(max_examples=40)
@given(MOMENTS, MOMENTS)
def test_what_comes_later_changes_nothing_that_was_done_or_told(
    past: Moments, future: Moments
) -> None:
    alone = told(past)
    assert told([*past, *future])[: len(alone)] == alone


@settings(max_examples=20)
@given(MOMENTS)
def test_the_same_inputs_make_the_same_events_word_for_word(moments: Moments) -> None:
    assert told(moments) == told(moments)


def test_these_markets_make_decisions_that_order() -> None:
    """Otherwise the two above would hold of a desk that does nothing."""
    rise = [("quote", WETH, 0.0005, 60_000)] * 30 + [("quote", WETH, -0.02, 60_000)] * 8
    kinds = [name for _, (name, _) in told(rise)]  # type: ignore[misc]
    assert {"Decided", "OrderAccepted", "Filled", "PositionChanged"} <= set(kinds)
    decided = [body for _, (name, body) in told(rise) if name == "Decided"]  # type: ignore[misc]
    actions = {body["decision"]["action"] for body in decided}
    assert {"BUY", "SELL"} <= actions
    assert all(body["decision"]["factors"] and body["decision"]["checks"] for body in decided)


GATES = st.sampled_from(["daily_trades", "open_positions", "min_liquidity", "peak_loss"])


@settings(max_examples=25)
@given(GATES, st.sampled_from([Origin.MANUAL, Origin.BOT]), st.integers(1, 900))
def test_5_an_account_gate_binds_a_person_and_the_bot_alike(
    gate: str, origin: Origin, spend: int
) -> None:
    limits = RiskLimits(
        daily_trades=1, max_open_positions=1, cooldown_any_min=0, cooldown_token_min=0,
        peak_loss_pct=D(1), daily_loss_pct=D(100), min_liquidity_usd=D(20_000_000),
    )  # fmt: skip
    if gate != "min_liquidity":
        limits = RiskLimits(
            daily_trades=1 if gate == "daily_trades" else 50,
            max_open_positions=1 if gate == "open_positions" else 5,
            peak_loss_pct=D(1) if gate == "peak_loss" else D(100),
            daily_loss_pct=D(100), cooldown_any_min=0, cooldown_token_min=0,
        )  # fmt: skip
    kit = Kit(limits=limits)
    if gate == "min_liquidity":
        kit.price("3000")
    else:
        kit.hold("5000")
    kit.price("0.00001", PEPE)
    if gate == "peak_loss":
        kit.price("2700")
    refused = kit.buy(str(spend), PEPE, origin=origin)
    assert [e.rule for e in refused if isinstance(e, ev.OrderRejected)] == [f"gate.{gate}"]
    if gate != "min_liquidity":
        assert any(isinstance(e, ev.OrderAccepted) for e in kit.sell("50", origin=origin))


@settings(max_examples=25)
@given(st.integers(0, 170), st.integers(1, 100))
def test_5_a_cooldown_binds_the_bot_and_warns_a_person(seconds: int, spend: int) -> None:
    kit = Kit()
    kit.hold("1000")
    kit.price("0.00001", PEPE, after=max(1, seconds * 1_000))
    refused = kit.buy(str(spend), PEPE, origin=Origin.BOT)
    assert [e.rule for e in refused if isinstance(e, ev.OrderRejected)] == ["gate.cooldown_any"]
    accepted = [e for e in kit.buy(str(spend), PEPE) if isinstance(e, ev.OrderAccepted)]
    assert any("cooldown" in warning for warning in accepted[0].warnings)
