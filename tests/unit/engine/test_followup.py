"""The desk tells what became of its decisions, when that is known and not before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import SetLevel, SwitchBot
from papertrader_tui.domain.market import HOUR, MINUTE, Candle, History, Quote, Trust
from papertrader_tui.domain.outcomes import HORIZONS, REFERENCE, Outcome
from tests.deskkit import START, WETH, D, Kit, only

STEP = 5 * MINUTE


def watched() -> tuple[Kit, str]:
    """A desk that made its first decision, d1, at a price of 3000."""
    kit = Kit()
    kit.say(SwitchBot(True))
    decision = only(kit.price("3000"), ev.Decided).decision
    assert decision.rule == "skip.confidence"
    assert decision.round_trip is not None
    assert decision.round_trip > 0
    return kit, decision.id


def outcomes(kit: Kit, decision: str) -> list[Outcome]:
    return [
        o
        for event in kit.events
        if isinstance(event, ev.Scored)
        for o in event.outcomes
        if o.decision == decision
    ]


def test_a_decision_is_followed_at_four_horizons() -> None:
    kit, first = watched()
    decided = kit.now
    for index in range(1, 24 * 12 + 2):
        kit.price(f"{3000 + index}", after=STEP)
    found = outcomes(kit, first)
    assert [o.horizon for o in found] == list(HORIZONS)
    assert [o.time - decided for o in found] == list(HORIZONS)
    assert [o.price for o in found] == [D(3003), D(3012), D(3048), D(3288)]
    assert [o.move for o in found] == [D("0.001000"), D("0.004000"), D("0.016000"), D("0.096000")]
    # a buy costs about a tenth of a percent both ways in this pool
    assert [o.right for o in found] == [True, False, False, False]


def test_an_outcome_is_not_told_before_its_time() -> None:
    kit, first = watched()
    kit.price("3100", after=HORIZONS[0] - 1)
    assert outcomes(kit, first) == []
    kit.price("3200", after=1)
    assert [o.price for o in outcomes(kit, first)] == [D(3200)]


def test_a_price_counts_for_a_while_after_its_moment_and_not_longer() -> None:
    late, first = watched()
    late.price("3100", after=HORIZONS[0] + 5 * MINUTE)
    assert [(o.price, o.right) for o in outcomes(late, first)] == [(D(3100), False)]
    too_late, first = watched()
    too_late.price("3100", after=HORIZONS[0] + 5 * MINUTE + 1)
    assert outcomes(too_late, first) == []


def test_after_a_gap_an_outcome_is_unknown_and_never_made_up() -> None:
    kit, first = watched()
    kit.price("3500", after=3 * HOUR)
    kit.price("3500", after=STEP)
    found = outcomes(kit, first)
    assert [(o.horizon, o.price, o.move, o.right) for o in found] == [
        (HORIZONS[0], None, None, None), (HORIZONS[1], None, None, None),
    ]  # fmt: skip
    kit.price("3600", after=HOUR)
    assert [(o.horizon, o.price) for o in outcomes(kit, first)[2:]] == [(REFERENCE, D(3600))]
    assert kit.account.record.unknown >= 2


def candles(since: int, count: int, price: float) -> list[Candle]:
    return [Candle(since + i * STEP, price, price, price, price, 1.0) for i in range(count)]


def test_what_a_stop_left_open_is_finished_from_history() -> None:
    kit, first = watched()
    away = kit.now
    kit.now += 2 * HOUR
    kit.restart()
    assert kit.account.record.waiting(REFERENCE) == 1
    # the first prices come before the history does
    kit.price("3300", after=10_000)
    kit.price("3300", after=10_000)
    assert outcomes(kit, first) == []
    known = candles(away - away % STEP, 23, 3030.0)
    kit.desk.step(History(WETH, kit.now, STEP, known, "service"))
    kit.price("3300", after=MINUTE)
    found = outcomes(kit, first)
    assert [(o.horizon, o.price) for o in found] == [(h, D(3030)) for h in HORIZONS[:2]]
    assert [o.time - away for o in found] == list(HORIZONS[:2])
    kit.price("3300", after=2 * HOUR)
    assert outcomes(kit, first)[-1] == Outcome(
        first, REFERENCE, kit.now, D(3300), D("0.100000"), False
    )


def test_without_history_a_stop_leaves_them_unknown_in_the_end() -> None:
    kit, first = watched()
    kit.now += 2 * HOUR
    kit.restart()
    for _ in range(14):
        kit.price("3300", after=MINUTE)
    assert outcomes(kit, first) == []
    kit.price("3300", after=MINUTE)
    kit.price("3300", after=MINUTE)
    assert [(o.horizon, o.right) for o in outcomes(kit, first)] == [(h, None) for h in HORIZONS[:2]]


def test_nothing_is_told_twice_or_lost_by_restarts() -> None:
    steady, first = watched()
    often, same = watched()
    for index in range(1, 24 * 12 + 2):
        for kit in (steady, often):
            kit.price(f"{3000 + index}", after=STEP)
        if index % 7 == 0:
            often.restart()
            often.say(SwitchBot(True))
    assert first == same
    assert outcomes(often, first) == outcomes(steady, first)


def test_a_doubted_price_tells_nothing() -> None:
    kit, first = watched()
    now = kit.now + HORIZONS[0]
    kit.desk.step(Trust(WETH, now, "sources disagree", 2, now + 60_000, spread=0.4))
    kit.price("9000", after=HORIZONS[0])
    assert outcomes(kit, first) == []
    kit.desk.step(Trust(WETH, now, "", 2, now + 120_000))
    kit.price("3003", after=MINUTE)
    assert [o.price for o in outcomes(kit, first)] == [D(3003)]


def test_a_candles_open_tells_nothing() -> None:
    kit, first = watched()
    kit.price("9000", after=HORIZONS[0], opening=True)
    assert outcomes(kit, first) == []


def test_the_own_record_is_a_factor_once_there_is_one() -> None:
    """Cases: what only confidence kept from a buy. All of them fail, and confidence falls."""
    kit = Kit()
    closes = [3000 * 1.0015**i for i in range(150)]
    history = [
        Candle(START - (150 - i) * STEP, c / 1.0015, c * 1.0002, c / 1.0017, c, 1_000.0)
        for i, c in enumerate(closes)
    ]
    kit.desk.step(History(WETH, START, STEP, history, "test"))
    kit.say(SetLevel(1))
    kit.say(SwitchBot(True))
    price = closes[-1]
    first = only(kit.price(f"{price:.2f}", after=STEP), ev.Decided).decision
    assert "own record" in first.missing
    assert first.expected_move is not None
    for _ in range(60):
        kit.price(f"{price:.2f}", after=STEP)
    cases = kit.account.record.cases
    assert (cases.total, cases.right) == (1, 0)
    latest = [e.decision for e in kit.events if isinstance(e, ev.Decided)][-1]
    assert "own record" not in latest.missing
    (factor,) = [f for f in latest.factors if f.name == "own record"]
    # (0 + 5) / (1 + 10) of all, and of the token drawn to it: (0 + 10 x that) / (1 + 10)
    assert factor.score == Decimal("41.32")
    assert factor.weight == 10
    assert "0 of 1 such cases of this token" in factor.sentence
    assert {(i.name, i.value) for i in factor.inputs} >= {("of_token", "1"), ("paid_off", "0")}


@pytest.mark.parametrize("level", [5, 10])
def test_choosing_level_10_says_how_far_it_has_learned(level: int) -> None:
    kit = Kit()
    kit.say(SetLevel(4))
    said = [e.text for e in kit.say(SetLevel(level)) if isinstance(e, ev.Alerted)]
    expected = ["level 10, 0 of 50 outcomes: runs as level 5 (Balanced) until then"]
    assert said == (expected if level == 10 else [])


def test_prices_of_another_token_tell_nothing() -> None:
    kit, first = watched()
    kit.now += HORIZONS[0]
    other = "ethereum:0x6982508145454ce325ddbe47a25d4ec3d2311933"
    kit.desk.step(Quote(other, kit.now, D(1), 1.0, "test"))
    assert outcomes(kit, first) == []
