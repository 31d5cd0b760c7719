"""What level 10 learns from its record, and that it never leaves its limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertrader_tui.domain.record import CONFIDENCE_STEP, RISK_STEP, Count, Record
from papertrader_tui.intel.learning import (
    CONFIDENCE_RANGE,
    DECIDE_EVERY_MS,
    MOST_EXPOSURE,
    MOST_POSITION,
    NEEDED,
    RISK_RANGE,
    kelly,
    learn,
    learned_profile,
    odds,
    posterior,
)
from papertrader_tui.intel.levels import LEVELS, override

AUTONOMOUS = LEVELS[10]
Case = tuple[int, int, bool, float]


def record_of(cases: list[Case]) -> Record:
    """A record of cases: confidence, risk, whether a buy paid off, and how much."""
    record = Record()
    for confidence, risk, paid, size in cases:
        record.cases.add(paid)
        record.of_token.setdefault("base:x", Count()).add(paid)
        for bands, value, step in (
            (record.by_confidence, confidence, CONFIDENCE_STEP),
            (record.by_risk, risk, RISK_STEP),
        ):
            bands.setdefault(value - value % step, Count()).add(paid)
        if paid:
            record.won += size
        else:
            record.lost += size
    record.version = len(cases)
    return record


def spread(confidence: int, paid: int, of: int, risk: int = 30) -> list[Case]:
    return [(confidence, risk, index < paid, 0.01) for index in range(of)]


CASES = st.lists(
    st.tuples(
        st.integers(0, 99), st.integers(0, 99), st.booleans(),
        st.floats(0, 100, allow_nan=False),
    ),
    max_size=300,
)  # fmt: skip


@given(CASES)
def test_its_limits_hold_whatever_came_of_it(cases: list[Case]) -> None:
    made = learned_profile(AUTONOMOUS, record_of(cases))
    assert 0 < made.max_position_pct <= MOST_POSITION
    assert made.max_position_pct <= made.max_exposure_pct <= MOST_EXPOSURE
    assert CONFIDENCE_RANGE[0] <= made.min_confidence <= CONFIDENCE_RANGE[1]
    assert RISK_RANGE[0] <= made.risk_tolerance <= RISK_RANGE[1]
    assert made.stop_pct in (3, 5, 8)
    assert (made.level, made.name) == (10, "Autonomous")
    # what outcomes cannot tell stays as it is
    for name in ("mev_protection", "gas_strategy", "min_trade_usd"):
        assert getattr(made, name) == getattr(AUTONOMOUS, name)


@given(CASES)
def test_the_same_record_learns_the_same(cases: list[Case]) -> None:
    assert learn(record_of(cases)) == learn(record_of(cases))


@given(st.lists(CASES.filter(bool).map(lambda cases: cases[0]), max_size=NEEDED - 1))
def test_before_it_has_learned_it_is_level_5_but_for_its_name(cases: list[Case]) -> None:
    made = learned_profile(AUTONOMOUS, record_of(cases))
    named = {"level", "name", "note"}
    fields = [name for name in LEVELS[5].__slots__ if name not in named]
    assert [getattr(made, n) for n in fields] == [getattr(LEVELS[5], n) for n in fields]
    assert made.note == f"{len(cases)} of 50 outcomes: runs as level 5 (Balanced) until then"


def test_it_goes_lower_where_lower_confidence_pays() -> None:
    record = record_of([*spread(62, 8, 10), *spread(57, 9, 10), *spread(52, 1, 10),
                        *spread(47, 9, 10), *spread(80, 6, 20)])  # fmt: skip
    found = learn(record)
    assert found.break_even == pytest.approx(0.5)
    assert found.ready
    assert found.min_confidence == 55  # 50 to 55 does not pay, so what lies below is left alone
    made = learned_profile(AUTONOMOUS, record)
    assert (made.min_confidence, made.decide_every_ms) == (55, DECIDE_EVERY_MS)
    assert made.note.startswith("learned from 60 outcomes: confidence from 55")


def test_it_goes_higher_where_its_own_threshold_does_not_pay() -> None:
    record = record_of([*spread(66, 2, 20), *spread(71, 1, 9), *spread(76, 9, 10),
                        *spread(60, 1, 20)])  # fmt: skip
    assert learn(record).min_confidence == 75


def test_a_few_cases_move_nothing() -> None:
    record = record_of([*spread(62, 7, 7), *spread(66, 0, 7), *spread(90, 20, 40, risk=55)])
    assert learn(record).min_confidence == 65


def test_break_even_is_where_wins_make_up_for_losses() -> None:
    cases = [(70, 30, True, 0.03)] * 20 + [(70, 30, False, 0.01)] * 40
    found = learn(record_of(cases))
    assert (found.mean_win, found.mean_loss) == (pytest.approx(0.03), pytest.approx(0.01))
    assert found.break_even == pytest.approx(0.25)
    assert found.break_even * 0.03 == pytest.approx((1 - found.break_even) * 0.01)


def test_risk_that_pays_is_taken_and_the_stop_follows() -> None:
    cases = [*spread(80, 15, 20, risk=55), *spread(80, 15, 20, risk=65), *spread(80, 9, 20)]
    found = learn(record_of(cases))
    assert (found.risk_tolerance, found.stop_pct) == (70, 8)
    careful = [*spread(80, 2, 20, risk=45), *spread(80, 19, 40, risk=15)]
    found = learn(record_of(careful))
    assert (found.risk_tolerance, found.stop_pct) == (40, 5)


@pytest.mark.parametrize(
    ("part", "win", "loss", "stake"),
    [
        (0.5, 1.0, 1.0, 0.0),
        (0.6, 1.0, 1.0, 0.2),  # the coin of Kelly's paper: p - q
        (0.5, 2.0, 1.0, 0.25),
        (0.6, 0.01, 0.01, 1.0),  # twenty times the equity, which is more than there is
        (0.4, 1.0, 1.0, 0.0),
        (0.9, 0.0, 0.1, 0.0),
        (0.1, 0.1, 0.0, 1.0),
    ],
)
def test_kelly(part: float, win: float, loss: float, stake: float) -> None:
    assert kelly(part, win, loss) == pytest.approx(stake)


def test_without_an_edge_the_size_is_the_least_and_it_grows_with_the_evidence() -> None:
    losing = learn(record_of(spread(80, 10, 60)))
    assert (losing.kelly, losing.max_position_pct, losing.max_exposure_pct) == (0.0, 2, 10)
    sizes = []
    for count in (50, 60, 100, 150, 200, 500):
        found = learn(record_of(spread(80, count * 4 // 5, count)))
        sizes.append((found.max_position_pct, found.max_exposure_pct))
    assert sizes == [(10, 50), (11, 55), (15, 75), (20, 95), (25, 95), (25, 95)]


def test_what_a_user_set_stays() -> None:
    record = record_of([*spread(62, 9, 10), *spread(80, 40, 50)])
    own = override(AUTONOMOUS, min_confidence=77, max_position_pct=40, decide_every_ms=5_000)
    made = learned_profile(own, record)
    assert (made.min_confidence, made.max_position_pct, made.decide_every_ms) == (77, 40, 5_000)
    assert made.max_exposure_pct >= made.max_position_pct
    capped = learned_profile(override(AUTONOMOUS, max_exposure_pct=12), record)
    assert capped.max_exposure_pct == 12
    assert capped.max_position_pct <= 12


def test_a_posterior_begins_at_one_half() -> None:
    assert posterior(0, 0) == 0.5
    assert posterior(3, 3) == pytest.approx(4 / 5)


def test_odds_are_drawn_to_one_half_by_ten_cases() -> None:
    assert odds(Record(), "base:x") == (-1, (0, 0, 0, 0))
    record = record_of(spread(70, 30, 40))
    every = (30 + 5) / 50
    assert odds(record, "base:other") == (int(every * 10_000), (0, 0, 40, 30))
    own = (30 + 10 * every) / 50
    assert odds(record, "base:x") == (int(own * 10_000), (40, 30, 40, 30))


@given(st.integers(0, 200), st.integers(0, 200))
def test_odds_move_the_way_outcomes_do(right: int, wrong: int) -> None:
    before, _ = odds(record_of(spread(70, right, right + wrong)), "base:x")
    better, _ = odds(record_of(spread(70, right + 1, right + wrong + 1)), "base:x")
    worse, _ = odds(record_of(spread(70, right, right + wrong + 1)), "base:x")
    assert 0 <= worse <= better <= 10_000
    if before >= 0:
        assert worse <= before <= better
