"""Events in a trader's words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.orders import Kind, OrderRequest, Origin, Side, SizeBy
from papertrader_tui.tui.toasts import LIMIT, ToastGate
from papertrader_tui.tui.wording import Toast, order_words, toast_for
from tests.tui.fake_desk import FakeDesk

D = Decimal


def reverted(again: str) -> ev.Reverted:
    return ev.Reverted(
        1,
        0,
        "o1",
        "base:x",
        "WETH",
        Side.BUY,
        Origin.MANUAL,
        D(3400),
        D(3399),
        "demo",
        D(1),
        D("0.014"),
        1,
        1,
        0,
        D(1),
        "demo",
        ev.Fidelity.FLAT,
        "below the minimum out",
        again,
    )


def test_a_fill_says_quantity_price_and_costs():
    toast = toast_for(FakeDesk().filled(0), {})
    assert toast is not None
    assert toast.text == "Bought 0.147403 WETH at 3,388.21\ncosts 0.37 of 500.01"
    assert toast.mine


def test_a_closed_position_says_what_it_made_net():
    event = ev.PositionChanged(1, 0, "base:x", "WETH", D(0), D(0), D(1), D("12.5"), D("0.5"))
    toast = toast_for(event, {})
    assert toast is not None
    assert "made ▲ +12.00" in toast.text
    assert (
        toast_for(ev.PositionChanged(1, 0, "t", "WETH", D(1), D(1), D(1), D(1), D(0)), {}) is None
    )


@pytest.mark.parametrize(
    ("again", "words"),
    [("working", "It rests again."), ("submitted", "more tolerance"), ("reverted", "is gone.")],
)
def test_a_revert_says_that_the_gas_is_gone_and_what_happens_next(again, words):
    toast = toast_for(reverted(again), {})
    assert toast is not None
    assert "Gas 0.0140 is gone." in toast.text
    assert words in toast.text


@pytest.mark.parametrize(
    ("event", "part"),
    [
        (ev.GateTripped(1, 0, "loss_streak", "5 losses in a row.", None), "r resets it."),
        (ev.GateTripped(1, 0, "loss_streak", "5 losses.", 60_000), "opens again at 00:01Z"),
        (ev.GateCleared(1, 0, "loss_streak", "time"), "opened by time"),
        (ev.KillSwitched(1, 0, ev.KillMode.PAUSE), "No new entries"),
        (ev.LevelChanged(1, 0, 7, "Aggressive"), "Level 7 · Aggressive"),
        (ev.OrderCancelled(1, 0, "o3", "cancelled by hand"), "o3: cancelled by hand"),
        (ev.OrderExpired(1, 0, "o3"), "o3 reached the end"),
        (ev.Alerted(1, 0, "error", "a source\x1b[31m lies\u202e"), "a source[31m lies"),
        (
            ev.OrderRejected(1, 0, "c", "base:x", Side.BUY, Origin.MANUAL, "cash", "no cash"),
            "buy WETH: no cash",
        ),
    ],
)
def test_what_each_event_says(event, part):
    toast = toast_for(event, {"base:x": "WETH"})
    assert toast is not None
    assert part in toast.text


def test_what_a_person_need_not_be_told_is_not_told():
    assert toast_for(ev.WatchChanged(1, 0, "base:x", True), {}) is None
    assert toast_for(ev.SessionStarted(1, 0, "p", "d"), {}) is None


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (
            OrderRequest("c", "t", Side.BUY, SizeBy.NOTIONAL, D(500)),
            "buy 500.00 USDC of X at market",
        ),
        (
            OrderRequest(
                "c", "t", Side.SELL, SizeBy.PERCENT, D(25), Kind.TRAILING_STOP, trail_bps=300
            ),
            "sell 25% of X trailing stop 3.00%",
        ),
        (
            OrderRequest("c", "t", Side.BUY, SizeBy.QUANTITY, D("0.3"), Kind.LIMIT, D(3300)),
            "buy 0.3 X limit 3,300.00",
        ),
    ],
)
def test_orders_in_words(request_, words):
    assert order_words(request_, "X") == words


def test_a_fast_market_does_not_bury_the_screen():
    gate = ToastGate()
    flood = [Toast(f"t{n}", "Filled · bot") for n in range(50)]
    admitted = gate.admit([*flood, Toast("mine", "Filled", mine=True)], 100.0)
    assert len(admitted) == LIMIT + 1
    assert "and 46 more" in admitted[-1].text
    assert gate.admit(flood, 101.0) == []
    assert len(gate.admit(flood, 110.0)) == LIMIT
