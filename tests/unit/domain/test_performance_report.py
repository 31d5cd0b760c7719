"""A desk trades, and the report of it agrees with the desk's own books."""

from __future__ import annotations

from decimal import Decimal

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import MarkAccount, Watch
from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.domain.money import add, sub, total
from papertrader_tui.domain.performance import SLIPPAGE, Report, report
from tests.deskkit import PEPE, START, WETH, Kit
from tests.performancekit import tallied, traded_for_three_days

D = Decimal


@pytest.fixture(scope="module")
def kit() -> Kit:
    return traded_for_three_days()


@pytest.fixture(scope="module")
def found(kit: Kit) -> Report:
    return report(tallied(kit))


def test_the_curve_begins_with_the_cash_and_ends_with_the_equity(kit: Kit, found: Report):
    assert found.curve[0] == (START, D(10_000))
    assert found.curve[-1] == (kit.now, kit.desk.equity)
    assert found.metrics.total_return == pytest.approx(float(kit.desk.equity) / 10_000 - 1)


def test_costs_are_those_of_the_books_and_slippage_is_none_of_them(kit: Kit, found: Report):
    balances = kit.account.ledger.balances
    booked = {name: value for name, value in found.metrics.costs.items() if name != SLIPPAGE}
    assert booked == {name: balances[name] for name in booked}
    assert {"lp_fees", "impact", "gas"} <= set(booked)
    fills = [event for event in kit.events if isinstance(event, ev.Filled)]
    assert found.metrics.costs[SLIPPAGE] == total(fill.drift for fill in fills)
    assert found.metrics.traded == total(fill.cash for fill in fills)
    # what is booked and what was gained make up the change of equity, to the last digit
    ledger = kit.account.ledger
    gross = add(ledger.realized, ledger.unrealized())
    change = sub(found.metrics.end, found.metrics.start)
    assert sub(gross, total(booked.values())) == change


def test_closed_positions_are_told_apart_by_token_origin_and_level(kit: Kit, found: Report):
    assert [(one.label, one.closed, one.wins) for one in found.tokens] == [
        ("WETH", 1, 1),
        ("PEPE", 1, 0),
    ]
    assert {one.key: one.wins for one in found.opened_by} == {"manual": 1, "bot": 0}
    assert {one.key: one.wins for one in found.closed_by} == {"manual": 1, "exit": 0}
    assert [(one.key, one.wins) for one in found.levels] == [("5", 1), ("7", 0)]
    for group in (found.tokens, found.opened_by, found.closed_by, found.levels):
        assert sum(one.closed for one in group) == found.metrics.closed == 2
        assert all(sub(one.gross, one.costs) == one.net for one in group)
    assert found.open_positions == len(kit.account.ledger.positions) == 1
    assert found.metrics.wins == kit.account.wins


def test_days_add_up_to_the_period(found: Report):
    assert [one.start for one in found.days] == [START, START + DAY, START + 2 * DAY]
    change = sub(found.metrics.end, found.metrics.start)
    assert total(one.change for one in found.days) == change
    assert sum(one.fills for one in found.days) == found.fills == 5
    assert [one.closed for one in found.days] == [1, 1, 0]
    booked = [value for name, value in found.metrics.costs.items() if name != SLIPPAGE]
    assert total(one.costs for one in found.days) == total(booked)


def test_a_period_leaves_out_what_was_before_and_after(kit: Kit, found: Report):
    part = report(tallied(kit), START + DAY, START + 2 * DAY)
    assert (part.metrics.since, part.metrics.until) == (START + DAY, START + 2 * DAY)
    assert [one.label for one in part.tokens] == ["PEPE"]
    assert part.fills == 2
    assert part.metrics.start == found.days[0].close
    assert part.metrics.end == found.days[1].close
    assert report(tallied(kit), kit.now + DAY).curve == []


def test_periods_that_meet_share_nothing_and_miss_nothing(kit: Kit, found: Report):
    middle = START + DAY + HOUR
    parts = [report(tallied(kit), None, middle), report(tallied(kit), middle, None)]
    assert sum(part.fills for part in parts) == found.fills
    assert sum(part.metrics.closed for part in parts) == found.metrics.closed
    assert parts[0].metrics.end == parts[1].metrics.start


def test_an_account_that_never_traded_has_a_report():
    kit = Kit()
    kit.price("3000", after=HOUR)
    kit.price("3000", after=2 * DAY)
    kit.say(MarkAccount())
    found = report(tallied(kit))
    assert (found.metrics.total_return, found.metrics.closed, found.fills) == (0, 0, 0)
    assert (found.metrics.exposure, found.metrics.in_market) == (0, 0)
    assert found.tokens == ()


def test_gas_of_a_revert_is_a_cost_and_no_trade():
    kit = Kit()
    kit.gas(10**10)
    kit.price("3000")
    kit.buy("1000", tolerance=10)
    kit.price("3300")
    kit.say(MarkAccount())
    found = report(tallied(kit))
    assert (found.fills, found.reverts, found.metrics.closed) == (0, 1, 0)
    paid = kit.account.ledger.balances["gas"]
    assert found.metrics.costs["gas"] == paid > 0
    assert found.metrics.traded == 0
    assert found.metrics.end == sub(D(10_000), paid)


def test_buy_and_hold_is_of_the_first_watchlist_not_of_what_did_well_later():
    kit = Kit()
    kit.price("3000", after=HOUR)
    kit.say(Watch(PEPE, on=False))
    kit.price("3000", after=DAY)
    kit.say(MarkAccount())
    tally = tallied(kit)
    assert tally.watched(START) == [WETH, PEPE]
    assert tally.watched(START - DAY) == [WETH, PEPE]
    assert tally.watched(kit.now) == [WETH]
    prices = {WETH: [(START, 100.0), (START + HOUR, 110.0)], PEPE: []}
    hold = report(tally, prices=prices).hold
    assert hold is not None
    assert (hold.tokens, hold.left_out) == ((WETH,), (PEPE,))
    assert hold.metrics.total_return == pytest.approx(0.1)
    assert report(tally, prices={PEPE: []}).hold is None
