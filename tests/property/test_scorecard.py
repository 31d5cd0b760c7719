"""Outcomes know no future, level 10 begins as level 5, and no row counts what overlaps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.commands import SetLevel
from papertrader_tui.domain.decision import Action, Decision
from papertrader_tui.domain.market import HOUR, MINUTE, Quote
from papertrader_tui.domain.outcomes import HORIZONS, Outcome, Question
from papertrader_tui.intel.scorecard import KEYS, Result, apart, base_rate, grouped, sliced
from tests.deskkit import PEPE, WETH, D
from tests.property.test_foresight import warmed

#: Change of the price, and milliseconds since the last.
MOVES = st.lists(
    st.tuples(
        st.sampled_from([WETH, WETH, PEPE]),
        st.floats(-0.02, 0.025, allow_nan=False),
        st.sampled_from([MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR]),
    ),
    min_size=4,
    max_size=40,
)
Moves = Sequence[tuple[str, float, int]]


def played(moves: Moves, level: int = 9) -> list[tuple[int, str, dict[str, object]]]:
    """Every event as (index of the price it came with, kind, record)."""
    kit = warmed()
    kit.say(SetLevel(level))
    values = {WETH: 3000.0, PEPE: 0.00001}
    found: list[tuple[int, str, dict[str, object]]] = []
    for index, (token, change, wait) in enumerate(moves):
        kit.now += wait
        values[token] *= 1 + change
        price = Decimal(repr(values[token]))
        told = kit.desk.step(Quote(token, kit.now, price, values[token], "test", 100.0))
        found += [(index, type(event).__name__, ev.to_record(event)) for event in told]
    return found


@settings(max_examples=15)
@given(MOVES, MOVES)
def test_no_outcome_knows_a_later_price(past: Moves, future: Moves) -> None:
    alone = played(past)
    whole = [item for item in played([*past, *future]) if item[0] < len(past)]
    assert whole == alone


@settings(max_examples=15)
@given(MOVES)
def test_every_outcome_follows_from_the_price_of_its_moment(moves: Moves) -> None:
    """Told anew from the prices alone: the first at or after the moment, soon enough."""
    times, prices, now = [], [], warmed().now
    values = {WETH: 3000.0, PEPE: 0.00001}
    for token, change, wait in moves:
        now += wait
        values[token] *= 1 + change
        times.append((now, token))
        prices.append(values[token])
    decided = {}
    for _, kind, record in played(moves):
        if kind == "Decided":
            decision = record["decision"]
            decided[decision["id"]] = decision  # type: ignore[index]
        if kind != "Scored":
            continue
        for outcome in record["outcomes"]:  # type: ignore[union-attr]
            decision = decided[outcome["decision"]]
            due = decision["time"] + outcome["horizon"]
            index = next(
                i for i, (t, token) in enumerate(times) if token == record["token"] and t >= due
            )
            late = times[index][0] - due
            if late <= max(5 * MINUTE, outcome["horizon"] // 12):
                assert float(outcome["price"]) == prices[index]
                move = prices[index] / float(decision["price"]) - 1
                assert abs(float(outcome["move"]) - move) <= 1e-6
            assert outcome["horizon"] in HORIZONS


@settings(max_examples=8)
@given(MOVES)
def test_level_10_that_has_not_learned_decides_as_level_5_does(moves: Moves) -> None:
    def of(level: int) -> list[str]:
        told = [
            json.dumps([index, kind, record])
            for index, kind, record in played(moves, level)
            if kind != "Alerted"
        ]
        return [
            line.replace('"level": 10', '"level": 5')
            .replace("level 10", "level 5")
            .replace("Autonomous", "Balanced")
            for line in told
        ]

    assert of(10) == of(5)


RESULTS = st.lists(
    st.tuples(
        st.integers(0, 3 * HORIZONS[2]), st.sampled_from(["a", "b"]), st.integers(0, 100),
        st.sampled_from(list(Action)), st.integers(-50, 50),
    ),
    max_size=40,
)  # fmt: skip


def result(time: int, token: str, confidence: int, action: Action, move: int) -> Result:
    decision = Decision(
        "d1", time, token, action, D(confidence), D(0), D(0), 5, "Balanced", D(0), "rule", "",
        D(1), "test", 0, round_trip=D("0.01"),
    )  # fmt: skip
    asked = {
        Action.BUY: Question.BUY, Action.SELL: Question.SELL, Action.HOLD: Question.KEEP,
    }.get(action, Question.PASS)  # fmt: skip
    return Result(
        decision, Outcome("d1", HORIZONS[2], time, D(1), D(move).scaleb(-3), move > 0), asked
    )


@given(RESULTS)
def test_what_is_counted_lies_a_horizon_apart_and_nothing_more_would_fit(
    drawn: list[tuple[int, str, int, Action, int]],
) -> None:
    results = [result(*one) for one in sorted(drawn, key=lambda one: one[0])]
    kept = apart(results)
    for token in ("a", "b"):
        times = [r.decision.time for r in kept if r.decision.token == token]
        assert all(b - a >= HORIZONS[2] for a, b in pairwise(times))
        for r in results:
            if r.decision.token == token and r not in kept:
                assert any(0 <= r.decision.time - t < HORIZONS[2] for t in times)


@given(RESULTS)
def test_the_base_rate_looks_at_no_action(drawn: list[tuple[int, str, int, Action, int]]) -> None:
    """Whether a decision bought or did not changes nothing of what a buy would have come to."""
    asked = [one for one in drawn if one[3] in (Action.BUY, Action.SKIP)]
    results = [result(*one) for one in sorted(asked, key=lambda one: one[0])]
    bought = [replace(one, asked=Question.BUY) for one in results]
    found = base_rate(results)
    assert found == base_rate(bought)
    assert found.of == len(apart(results))
    assert found.paid == sum((one.outcome.move or 0) > D("0.01") for one in apart(results))
    never = [one for one in apart(results) if (one.outcome.move or 0) <= D("0.01")]
    assert found.rate is None or 1 - found.rate == pytest.approx(len(never) / found.of)


@given(RESULTS, st.sampled_from(sorted(KEYS)))
def test_rows_are_a_partition_and_their_figures_fit(
    drawn: list[tuple[int, str, int, Action, int]], by: str
) -> None:
    results = [result(*one) for one in sorted(drawn, key=lambda one: one[0])]
    rows = grouped(results, by)
    assert sum(row.outcomes for row in rows) == len(results)
    for row in (*rows, sliced("all", results)):
        assert row.right <= row.apart <= row.outcomes
        assert row.low <= row.rate <= row.high or not row.apart
        if row.apart:
            assert abs(row.worth * row.apart - row.worth_sum) < 1e-9
            assert row.brier is not None
            assert 0 <= row.brier <= 1
