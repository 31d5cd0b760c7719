"""Rate limits, back-off and circuit breakers on a clock turned by hand."""

import math
from bisect import bisect_left
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papertrader_tui.feeds.policy import (
    BACKOFF_FIRST,
    BACKOFF_LAST,
    OPEN_FIRST,
    OPEN_LAST,
    RETRY_AFTER_MOST,
    UNAUTHORIZED_PAUSE,
    Breaker,
    Policy,
    TokenBucket,
)
from papertrader_tui.feeds.source import Fault, SourceError


class Clock:
    def __init__(self):
        self.time = 1000.0

    def __call__(self):
        return self.time


def fail(fault, retry_after=None):
    return SourceError(fault, "no", retry_after=retry_after)


def policy(clock, chance=0.5, per_minute=300):
    return Policy(per_minute, clock, lambda: chance)


@given(
    limit=st.floats(5, 600),
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=40),
)
@settings(max_examples=60, deadline=None)
def test_no_minute_ever_exceeds_the_documented_limit(limit, pauses):
    clock = Clock()
    bucket = TokenBucket(limit, clock)
    sent = []
    for pause in pauses:
        clock.time += pause
        while bucket.wait() == 0:
            bucket.take()
            sent.append(clock.time)
    for i, at in enumerate(sent):
        assert bisect_left(sent, at + 60) - i <= limit + 1e-6


@pytest.mark.parametrize("limit", [5, 30, 300])
def test_in_the_long_run_eight_tenths_of_the_limit_are_used(limit):
    clock = Clock()
    bucket = TokenBucket(limit, clock)
    sent = 0
    while clock.time < 1000 + 3_600:
        if bucket.wait() == 0:
            bucket.take()
            sent += 1
        else:
            clock.time += bucket.wait()
    assert sent / 60 == pytest.approx(0.8 * limit, rel=0.02)


def test_what_can_wait_leaves_half_of_a_burst_to_what_cannot():
    bucket = TokenBucket(100, Clock())  # a burst of 20
    went = 0
    while bucket.wait(background=True) == 0:
        bucket.take()
        went += 1
    assert went == 10
    assert bucket.wait() == 0


def test_requests_that_were_more_than_one_are_owed():
    clock = Clock()
    bucket = TokenBucket(60, clock)  # a burst of 12, 0.8 a second
    bucket.take(14)
    assert bucket.wait() == pytest.approx(3 / 0.8)


def test_retry_after_is_obeyed_to_the_second():
    clock = Clock()
    p = policy(clock)
    p.start()
    p.failed(fail(Fault.RATE_LIMITED, retry_after=42))
    assert p.wait() == pytest.approx(42)
    clock.time += 41.9
    assert p.wait() > 0
    clock.time += 0.2
    assert p.wait() == 0
    assert p.state is Breaker.CLOSED


def test_an_absurd_retry_after_is_cut():
    p = policy(Clock())
    p.start()
    p.failed(fail(Fault.RATE_LIMITED, retry_after=1e9))
    assert p.wait() == pytest.approx(RETRY_AFTER_MOST)


def test_without_retry_after_the_span_doubles_to_a_limit():
    clock = Clock()
    p = policy(clock, chance=1.0)
    waits = []
    for _ in range(12):
        p.start()
        p.failed(fail(Fault.RATE_LIMITED))
        waits.append(p.wait())
        clock.time += p.wait()
    assert waits[:4] == pytest.approx([BACKOFF_FIRST * 2**n for n in range(4)])
    assert waits[-1] == pytest.approx(BACKOFF_LAST)


@given(seed=st.integers(0, 10_000), refusals=st.integers(1, 60))
def test_jitter_is_full(seed, refusals):
    clock = Clock()
    draws = Random(seed)
    p = Policy(1e6, clock, draws.random)
    for n in range(refusals):
        p.start()
        p.failed(fail(Fault.RATE_LIMITED))
        span = min(BACKOFF_LAST, BACKOFF_FIRST * 2**n)
        assert 0 <= p.wait() <= span
        clock.time += p.wait() + 0.01


def test_an_answer_ends_the_back_off():
    clock = Clock()
    p = policy(clock, chance=1.0)
    for _ in range(5):
        p.start()
        p.failed(fail(Fault.RATE_LIMITED))
        clock.time += p.wait()
    p.start()
    p.succeeded()
    p.start()
    p.failed(fail(Fault.RATE_LIMITED))
    assert p.wait() == pytest.approx(BACKOFF_FIRST)


@pytest.mark.parametrize("fault", [Fault.SERVER, Fault.GARBAGE, Fault.TIMEOUT, Fault.CONNECTION])
def test_three_failures_in_a_row_open_the_circuit(fault):
    clock = Clock()
    p = policy(clock, chance=1.0)
    for _ in range(2):
        p.start()
        p.failed(fail(fault))
        assert p.state is Breaker.CLOSED
        assert p.wait() == 0
    p.start()
    p.failed(fail(fault))
    assert p.state is Breaker.OPEN
    assert p.wait() == pytest.approx(OPEN_FIRST)


@pytest.mark.parametrize("fault", [Fault.NOT_FOUND, Fault.BAD_REQUEST, Fault.UNSUPPORTED])
def test_a_question_it_cannot_answer_is_no_outage(fault):
    p = policy(Clock())
    for _ in range(10):
        p.start()
        p.failed(fail(fault))
    assert p.state is Breaker.CLOSED
    assert p.wait() == 0


def test_a_question_that_its_adapter_never_asks_is_no_sign_of_life():
    clock = Clock()
    p = policy(clock)
    for _ in range(3):
        p.start()
        p.failed(fail(Fault.TIMEOUT))
    clock.time += OPEN_LAST
    p.start()
    p.failed(fail(Fault.UNSUPPORTED))
    assert p.state is Breaker.HALF_OPEN
    assert p.wait() == 0
    p.start()
    p.failed(fail(Fault.TIMEOUT))
    assert p.state is Breaker.OPEN


def test_one_probe_at_a_time_decides_whether_it_is_back():
    clock = Clock()
    p = policy(clock, chance=1.0)
    for _ in range(3):
        p.start()
        p.failed(fail(Fault.TIMEOUT))
    clock.time += OPEN_FIRST
    assert p.state is Breaker.HALF_OPEN
    assert p.wait() == 0
    p.start()
    assert p.wait() == math.inf
    p.failed(fail(Fault.TIMEOUT))
    assert p.state is Breaker.OPEN
    assert p.wait() == pytest.approx(2 * OPEN_FIRST)
    clock.time += p.wait()
    p.start()
    p.succeeded()
    assert p.state is Breaker.CLOSED
    assert p.wait() == 0


def test_a_probe_that_is_called_off_lets_another_one_go():
    clock = Clock()
    p = policy(clock)
    for _ in range(3):
        p.start()
        p.failed(fail(Fault.TIMEOUT))
    clock.time += OPEN_LAST
    p.start()
    p.abandoned()
    assert p.wait() == 0


def test_the_pause_between_probes_has_an_end():
    clock = Clock()
    p = policy(clock, chance=1.0)
    waits = []
    for _ in range(30):
        p.start()
        p.failed(fail(Fault.CONNECTION))
        waits.append(p.wait())
        clock.time += p.wait()
    assert max(waits) == pytest.approx(OPEN_LAST)


def test_a_refused_key_is_left_alone_for_long_and_heals():
    clock = Clock()
    p = policy(clock)
    p.start()
    p.failed(fail(Fault.UNAUTHORIZED))
    assert p.state is Breaker.OPEN
    assert p.wait() == pytest.approx(UNAUTHORIZED_PAUSE)
    clock.time += UNAUTHORIZED_PAUSE
    p.start()
    p.succeeded()
    assert p.state is Breaker.CLOSED


def test_a_person_who_asks_ends_an_outages_pause_and_no_other():
    clock = Clock()
    down = policy(clock)
    for _ in range(3):
        down.failed(fail(Fault.CONNECTION))
    assert down.state is Breaker.OPEN
    down.hurry()
    assert (down.state, down.wait()) == (Breaker.HALF_OPEN, 0)

    told = policy(clock)
    for _ in range(3):
        told.failed(fail(Fault.SERVER, retry_after=7))
    told.hurry()
    assert told.wait() == 7

    refused = policy(clock)
    refused.failed(fail(Fault.UNAUTHORIZED))
    refused.hurry()
    assert refused.wait() == UNAUTHORIZED_PAUSE
