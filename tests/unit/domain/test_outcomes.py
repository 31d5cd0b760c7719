"""When a decision was right, and what an account's record counts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.domain.decision import Action, Decision
from papertrader_tui.domain.market import HOUR, MINUTE
from papertrader_tui.domain.outcomes import (
    HORIZONS,
    REFERENCE,
    TOLERANCES,
    Outcome,
    Question,
    is_right,
    moved,
    question,
)
from papertrader_tui.domain.record import NEVER, Record

D = Decimal


def decision(number: int = 1, time: int = 0, **changes: object) -> Decision:
    """A buy at level 5 that expected three times its costs."""
    made = Decision(
        f"d{number}", time, "base:x", Action.BUY, D(70), D(20), D(60), 5, "Balanced", D(100),
        "entry.buy", "because", D(100), "test", 0, round_trip=D("0.01"), expected_move=D("0.03"),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def told(ident: str, move: str, right: bool, horizon: int = REFERENCE) -> Outcome:
    return Outcome(ident, horizon, 0, D(100), D(move), right)


@pytest.mark.parametrize(
    ("move", "buy", "skip", "sell", "keep"),
    [
        ("0.010001", True, False, False, True),
        ("0.01", False, True, False, True),  # what the costs eat is no gain
        ("0", False, True, False, True),
        ("-0.000001", False, True, True, False),
    ],
)
def test_what_makes_each_kind_of_decision_right(
    move: str, buy: bool, skip: bool, sell: bool, keep: bool
) -> None:
    found = [is_right(asked, D(move), D("0.01")) for asked in Question]
    assert found == [buy, skip, sell, keep]


def test_decisions_that_cannot_be_followed_are_not() -> None:
    assert question(decision()) is Question.BUY
    skipped = decision(action=Action.SKIP, rule="skip.cost")
    assert question(skipped) is Question.PASS
    assert question(replace(skipped, rule="skip.price")) is None  # its price was not believed
    assert question(replace(skipped, price=D(0))) is None
    assert question(replace(skipped, round_trip=None)) is None  # from before it was kept
    held = {"round_trip": None, "expected_move": None}
    assert question(decision(action=Action.SELL, rule="exit.trend", **held)) is Question.SELL
    assert question(decision(action=Action.HOLD, rule="hold.position", **held)) is Question.KEEP
    assert question(decision(action=Action.HOLD, rule="hold.opportunity")) is Question.PASS


@given(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12))
def test_a_move_has_six_decimals(price: float, base: float) -> None:
    move = moved(price, base)
    assert move >= -1
    assert move.as_tuple().exponent == -6
    if price / base < 1e6:
        assert float(move) == pytest.approx(price / base - 1, abs=1e-6)


def test_how_late_a_price_may_be() -> None:
    assert dict(zip(HORIZONS, TOLERANCES, strict=True)) == {
        15 * MINUTE: 5 * MINUTE, HOUR: 5 * MINUTE, 4 * HOUR: 20 * MINUTE, 24 * HOUR: 2 * HOUR,
    }  # fmt: skip


def test_what_is_due_comes_first_and_is_taken_in_order() -> None:
    record = Record()
    assert record.due("base:x") == NEVER
    record.follow(decision(1, 1_000))
    record.follow(decision(2, 61_000))
    assert record.due("base:x") == 1_000 + HORIZONS[0]
    record.take("base:x", (told("d1", "0", False, HORIZONS[0]),))
    assert record.due("base:x") == 61_000 + HORIZONS[0]
    assert [record.waiting(h) for h in HORIZONS] == [1, 2, 2, 2]
    assert record.due("base:x", 61_000 + HORIZONS[0]) == 1_000 + HORIZONS[1]
    record.take("base:x", (told("d2", "0", False),))  # d1 waits for history
    with pytest.raises(ValueError, match="nobody waits for the outcome of 'd2'"):
        record.take("base:x", (told("d2", "0", False),))
    record.take("base:x", (told("d1", "0", False),))
    assert [record.waiting(h) for h in HORIZONS] == [1, 2, 0, 2]
    with pytest.raises(ValueError, match="nobody waits for the outcome of 'd1'"):
        record.take("base:y", (told("d1", "0", False),))


def test_outcomes_that_overlap_count_once() -> None:
    record = Record()
    times = [0, HOUR, REFERENCE - 1, REFERENCE, REFERENCE + HOUR]
    for number, time in enumerate(times):
        record.follow(decision(number, time))
        record.follow(decision(100 + number, time, token="base:y"))
    for number in range(len(times)):
        record.take("base:x", (told(f"d{number}", "0.05", True),))
        record.take("base:y", (told(f"d{100 + number}", "0", False),))
    assert (record.cases.total, record.cases.right) == (4, 2)  # the first and the fourth of each
    assert record.won == pytest.approx(2 * 0.04)
    assert record.lost == pytest.approx(2 * 0.01)
    assert (record.of_token["base:x"].total, record.of_token["base:x"].right) == (2, 2)
    hits = record.hits_of("BUY", D("79.99"))
    assert (hits.total, hits.right) == (4, 2)
    assert record.hits_of("BUY", D(80)).total == 0
    assert record.hits_of("SKIP", D(70)).total == 0


def test_other_horizons_and_unknown_outcomes_count_for_nothing() -> None:
    record = Record()
    record.follow(decision())
    record.take("base:x", (told("d1", "0.05", True, HORIZONS[0]),))
    record.take("base:x", (Outcome("d1", REFERENCE, 0, None, None, None),))
    assert (record.cases.total, record.hits, record.unknown, record.version) == (0, {}, 1, 0)


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"action": Action.SKIP, "rule": "skip.confidence"}, True),
        ({"action": Action.SKIP, "rule": "skip.gate"}, True),
        ({"action": Action.SKIP, "rule": "skip.cost"}, False),
        ({"expected_move": D("0.0199")}, False),  # it could not pay for itself
        ({"expected_move": None}, False),
        ({"opportunity": D("15.99")}, False),
        ({"opportunity": D(16)}, True),
        ({"action": Action.SELL, "rule": "exit.risk", "round_trip": None}, False),
    ],
)
def test_a_case_is_what_only_confidence_risk_size_or_a_gate_kept_from_a_buy(
    changes: dict[str, object], counts: bool
) -> None:
    record = Record()
    record.follow(decision(**changes))
    record.take("base:x", (told("d1", "0.05", True),))
    assert record.cases.total == counts
