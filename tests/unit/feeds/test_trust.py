"""Which price is believed: examples of every rule, and what holds whatever the sources say."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papertrader_tui.feeds.source import SourcePrice
from papertrader_tui.feeds.trust import gap, weigh
from papertrader_tui.feeds.trusted import NO_MEMORY, Grade, Said

D = Decimal

TOKEN = "base:0x" + "1" * 40
TTL = 30_000
T0 = 1_767_571_200_000
WITNESS = {"coingecko": "cg", "geckoterminal": "cg", "defillama": "cg"}
LIMITS = {"coingecko": 180_000, "defillama": 600_000}


def said(source, price, *, at=T0, age=None, pool=False, liquidity=None):
    observed = None if age is None else at - age
    answer = SourcePrice(
        TOKEN, D(price), observed, at, pool="0xpool" if pool else "",
        liquidity=D(liquidity) if liquidity else None,
    )  # fmt: skip
    return Said(source, WITNESS.get(source, source), answer, LIMITS.get(source))


def look(*answers, now=T0, memory=NO_MEMORY):
    return weigh(TOKEN, answers, now, TTL, memory)


def price(*answers, **more):
    return look(*answers, **more)[0]


# ---------------------------------------------------------------------- agreement


def test_nothing_said_is_no_price():
    assert price() is None


def test_one_witness_is_believed_and_counted_as_one():
    t = price(said("coingecko", "3000"))
    assert (t.price, t.grade, t.witnesses, t.fault) == (D(3000), Grade.SINGLE, 1, "")


def test_two_witnesses_give_the_middle_and_both_names():
    t = price(said("coingecko", "3000"), said("dexscreener", "3030"))
    assert (t.price, t.source, t.witnesses) == (D(3015), "coingecko+dexscreener", 2)
    assert t.grade is Grade.AGREED


def test_of_three_the_middle_one():
    t = price(said("coingecko", "3000"), said("dexscreener", "3030"), said("alchemy", "3010"))
    assert (t.price, t.source, t.witnesses) == (D(3010), "alchemy", 3)


def test_coingecko_geckoterminal_and_defillama_are_one_witness():
    t = price(said("coingecko", "3000"), said("geckoterminal", "3000"), said("defillama", "3000"))
    assert (t.witnesses, t.grade) == (1, Grade.SINGLE)


def test_of_one_witness_the_newest_observation_speaks():
    t = price(said("coingecko", "3000", age=60_000), said("geckoterminal", "3010"))
    assert (t.price, t.source) == (D(3010), "geckoterminal")


@pytest.mark.parametrize(
    ("other", "grade"),
    [
        ("2940", Grade.AGREED),  # exactly 2 % of the higher
        ("2939.99", Grade.FLAGGED),
        ("2850", Grade.FLAGGED),  # exactly 5 %
        ("2849.99", Grade.DISPUTED),
    ],
)
def test_where_flagged_and_disputed_begin(other, grade):
    t = price(said("coingecko", "3000"), said("dexscreener", other))
    assert t.grade is grade
    assert bool(t.fault) == grade.blocks


def test_a_dispute_names_both_with_their_prices():
    t = price(said("coingecko", "3000"), said("dexscreener", "2700"))
    assert t.fault == "disputed: coingecko 3,000 vs dexscreener 2,700 (10 %)"


def test_two_of_one_witness_can_dispute_too():
    assert price(said("coingecko", "3000"), said("defillama", "2000")).grade is Grade.DISPUTED


def test_a_flag_is_said_and_blocks_nothing():
    t = price(said("coingecko", "3000"), said("dexscreener", "2900"))
    assert t.note == "flagged: coingecko 3,000 vs dexscreener 2,900 (3.3 %)"
    assert t.fault == ""


def test_disputed_prices_are_never_mixed():
    _, memory = look(said("coingecko", "3000"), said("dexscreener", "3000"))
    t = price(said("coingecko", "3000"), said("dexscreener", "2100"), memory=memory)
    assert (t.price, t.source) == (D(3000), "coingecko")
    t = price(said("coingecko", "3000"), said("dexscreener", "2100"))  # nothing believed before
    assert (t.price, t.source) == (D(2100), "dexscreener")


def test_they_agree_again_and_the_dispute_is_over():
    _, memory = look(said("coingecko", "3000"), said("dexscreener", "2100"))
    later = T0 + 30_000
    t = price(
        said("coingecko", "3000", at=later), said("dexscreener", "3001", at=later),
        now=later, memory=memory,
    )  # fmt: skip
    assert (t.grade, t.fault) == (Grade.AGREED, "")


# ---------------------------------------------------------------------- staleness


def test_not_fetched_for_two_ttls_is_stale():
    one = said("dexscreener", "3000")
    fresh, memory = look(one, now=T0 + 2 * TTL)
    assert fresh.grade is Grade.SINGLE
    assert fresh.stale_at == T0 + 2 * TTL
    t = price(one, now=T0 + 2 * TTL + 1, memory=memory)
    assert (t.grade, t.price, t.fetched, t.exit_price) == (Grade.STALE, D(3000), T0, None)
    assert t.fault == "stale: nothing newer than dexscreener's price of 00:00:00Z"


@pytest.mark.parametrize(("source", "limit"), [("coingecko", 180_000), ("defillama", 600_000)])
def test_observed_longer_ago_than_the_sources_own_limit_is_stale(source, limit):
    _, memory = look(said(source, "3000"))
    fresh = said(source, "3000", at=T0 + 1, age=limit)
    assert price(fresh, now=T0 + 1, memory=memory).grade is Grade.SINGLE
    old = said(source, "3000", at=T0 + 1, age=limit + 1)
    assert price(old, now=T0 + 1, memory=memory).grade is Grade.STALE


def test_a_clock_ahead_of_ours_buys_no_time():
    ahead = said("coingecko", "3000", age=-3_600_000)
    assert ahead.seen == T0
    assert ahead.fresh_until(TTL) == T0 + 2 * TTL


def test_a_stale_source_is_no_witness_beside_a_fresh_one():
    old = said("coingecko", "2000", at=T0)
    t = price(old, said("dexscreener", "3000", at=T0 + 70_000), now=T0 + 70_000)
    assert (t.price, t.witnesses, t.fault) == (D(3000), 1, "")


# ---------------------------------------------------------------------- jumps


def repeat(source, prices, memory, **more):
    """One source alone, again and again, 30 s apart."""
    out = []
    for n, value in enumerate(prices, 1):
        at = T0 + n * 30_000
        t, memory = look(said(source, value, at=at, **more), now=at, memory=memory)
        out.append(t)
    return out, memory


def test_a_lone_jump_waits_for_three_answers_in_a_row():
    _, memory = look(said("coingecko", "3000"))
    (one, two, three), _ = repeat("coingecko", ["3900"] * 3, memory)
    assert (one.grade, two.grade, three.grade) == (Grade.JUMP, Grade.JUMP, Grade.SINGLE)
    assert (one.price, three.price) == (D(3000), D(3900))
    assert one.fault == (
        "jump: coingecko alone says 3,900 after 3,000 (+30 %); "
        "waiting for a second source or 2 more answers"
    )


def test_looking_twice_at_one_answer_is_not_two_answers():
    _, memory = look(said("coingecko", "3000"))
    jumped = said("coingecko", "3900", at=T0 + 1)
    for _ in range(5):
        t, memory = look(jumped, now=T0 + 1, memory=memory)
        assert t.grade is Grade.JUMP


def test_what_is_said_in_one_breath_counts_once():
    """Orders that land ask anew within seconds: a source repeats its mistake at once."""
    _, memory = look(said("coingecko", "3000"))
    for n in range(1, 6):
        at = T0 + n * 2_000
        t, memory = look(said("coingecko", "3900", at=at), now=at, memory=memory)
        assert t.grade is Grade.JUMP
    _, memory = cycles([("3000", None, "3000")])
    for n in range(1, 6):
        at = T0 + 30_000 + n * 2_000
        t, memory = look(
            said("coingecko", "3000", at=at), said("dexscreener", "2100", at=at, pool=True),
            now=at, memory=memory,
        )  # fmt: skip
        assert t.exit_price is None


def test_answers_in_a_row_have_to_tell_of_one_jump():
    _, memory = look(said("coingecko", "3000"))
    out, _ = repeat("coingecko", ["3900", "1500", "3900", "1500"], memory)
    assert {t.grade for t in out} == {Grade.JUMP}


def test_a_second_witness_confirms_a_jump_at_once():
    _, memory = look(said("coingecko", "3000"))
    at = T0 + 1
    t = price(
        said("coingecko", "3900", at=at), said("dexscreener", "3890", at=at), now=at, memory=memory
    )
    assert (t.grade, t.fault) == (Grade.AGREED, "")


def test_a_fifth_is_no_jump_yet():
    _, memory = look(said("coingecko", "3000"))
    assert price(said("coingecko", "3600", at=T0 + 1), now=T0 + 1, memory=memory).fault == ""


# ---------------------------------------------------------------------- exits


def test_exits_of_a_dispute_go_at_the_lowest_price_with_a_pool():
    _, memory = look(said("coingecko", "3000"), said("dexscreener", "3000", pool=True))
    t = price(said("coingecko", "3000"), said("dexscreener", "2700", pool=True), memory=memory)
    assert (t.exit_price, t.exit_source) == (D(2700), "dexscreener")


def test_a_lone_low_price_without_a_pool_is_no_exit():
    _, memory = look(said("alchemy", "3000"), said("dexscreener", "3000", pool=True))
    t = price(said("alchemy", "2100"), said("dexscreener", "3000", pool=True), memory=memory)
    assert t.exit_price == D(3000)


def test_without_pool_and_second_witness_exits_wait():
    _, memory = look(said("coingecko", "3000"))
    assert (
        price(said("coingecko", "3000"), said("alchemy", "2100"), memory=memory).exit_price is None
    )


def test_two_that_agree_back_an_exit_without_a_pool():
    _, memory = look(said("coingecko", "3000"))
    t = price(
        said("coingecko", "2400"), said("alchemy", "2410"), said("dexscreener", "3000"),
        memory=memory,
    )  # fmt: skip
    assert t.exit_price == D(2400)


def test_an_exit_is_never_above_the_price_shown():
    _, memory = look(said("coingecko", "3000"))
    t = price(said("coingecko", "3000"), said("dexscreener", "3900", pool=True), memory=memory)
    assert t.exit_price == D(3000)


def test_an_unconfirmed_fall_in_a_pool_is_an_exit_and_one_without_is_not():
    _, memory = look(said("dexscreener", "3000", pool=True))
    t = price(said("dexscreener", "2000", at=T0 + 1, pool=True), now=T0 + 1, memory=memory)
    assert (t.grade, t.price, t.exit_price) == (Grade.JUMP, D(3000), D(2000))
    _, memory = look(said("coingecko", "3000"))
    t = price(said("coingecko", "2000", at=T0 + 1), now=T0 + 1, memory=memory)
    assert (t.grade, t.exit_price) == (Grade.JUMP, None)


# ---------------------------------------------------------------------- outvoted


def cycles(story, *, memory=NO_MEMORY, start=T0):
    """`story`: per cycle, prices of (coingecko, alchemy, dexscreener's pool); None is silence."""
    out = []
    for n, prices in enumerate(story):
        at = start + n * 30_000
        answers = [
            said(name, value, at=at, pool=name == "dexscreener")
            for name, value in zip(("coingecko", "alchemy", "dexscreener"), prices, strict=True)
            if value
        ]  # fmt: skip
        t, memory = look(*answers, now=at, memory=memory)
        out.append(t)
    return out, memory


def test_a_pool_that_two_contradict_three_times_no_longer_counts():
    out, _ = cycles([("3000", "3001", "2100")] * 4)
    assert [t.grade for t in out] == [Grade.DISPUTED, Grade.DISPUTED, Grade.AGREED, Grade.AGREED]
    assert "dexscreener" not in out[-1].sources
    assert out[-1].note.startswith("outvoted: dexscreener")


def test_until_then_a_gross_contradiction_is_no_exit_and_a_modest_one_is():
    good = [("3000", "3001", "3000")]
    out, _ = cycles([*good, ("3000", "3001", "2100")])
    assert out[-1].exit_price == D(3000)
    out, _ = cycles([*good, ("3000", "3001", "2600")])
    assert out[-1].exit_price == D(2600)


def test_against_one_witness_too_a_gross_fall_of_a_pool_is_an_exit_at_its_third_answer():
    out, _ = cycles([("3000", None, "3000"), *[("3000", None, "2100")] * 3])
    assert [t.exit_price for t in out] == [None, None, None, D(2100)]
    assert {t.grade for t in out[1:]} == {Grade.DISPUTED}


def test_nobody_votes_on_what_he_has_not_seen():
    """Whoever averages is behind in a crash: the pool is not outvoted by old observations."""
    memory = cycles([("3000", "3001", "3000")])[1]
    lagging = []
    for n in range(1, 6):
        at = T0 + n * 30_000
        old = at - (T0 + 10_000)  # all observed before the fall
        t, memory = look(
            said("coingecko", "3000", at=at, age=old), said("alchemy", "3001", at=at, age=old),
            said("dexscreener", "2000", at=at, pool=True), now=at, memory=memory,
        )  # fmt: skip
        lagging.append(t)
    # two that agree are given time to look again; then exits go where the pool is
    assert [t.exit_price for t in lagging] == [*[D(3000)] * 4, D(2000)]


def test_in_a_crash_a_gross_liar_is_outvoted_by_two_that_are_late_by_turns():
    """One is 3 % behind the other: too much to agree, too little to dispute."""
    falls = [("2910", "2823", "1950"), ("2850", "2765", "1900"), ("2790", "2706", "1850")]
    out, _ = cycles([("3000", "3001", "3000"), *falls])
    assert [t.grade for t in out[1:]] == [Grade.DISPUTED, Grade.DISPUTED, Grade.FLAGGED]
    assert [t.exit_price for t in out[1:]] == [None, None, None]
    assert out[-1].note.startswith("outvoted: dexscreener")
    # as far apart as that they say nothing of one that is less than a jump away
    modest = [("2910", "2823", "2600"), ("2850", "2765", "2550"), ("2790", "2706", "2500")]
    out, _ = cycles([("3000", "3001", "3000"), *modest])
    assert out[-1].exit_price == D(2500)


def test_a_liar_is_not_believed_when_the_others_fall_silent():
    _, memory = cycles([("3000", "3001", "2100")] * 4)
    out, memory = cycles([(None, None, "2100")] * 5, memory=memory, start=T0 + 300_000)
    assert {(t.grade, t.exit_price) for t in out} == {(Grade.DISPUTED, None)}
    out, _ = cycles([("3000", "3001", "3002")], memory=memory, start=T0 + 600_000)
    assert (out[0].grade, out[0].witnesses) == (Grade.AGREED, 3)


# ---------------------------------------------------------------------- a depeg


def test_a_stablecoin_is_priced_like_anything():
    t = price(said("coingecko", "0.9123"), said("dexscreener", "0.9119"))
    assert t.price == D("0.9121")


# ---------------------------------------------------------------------- whatever they say

SOURCES = ("alchemy", "coingecko", "dexscreener", "geckoterminal", "defillama")
WILD = st.builds(lambda n, e: D(n).scaleb(e), st.integers(1, 10**6), st.integers(-24, 5))
NEAR = st.builds(D, st.integers(60, 140))


def answers_of(prices):
    """At most one answer a source: (source, price, age of the observation, lateness, pool)."""
    ages = st.none() | st.integers(-10_000, 700_000)
    one = st.tuples(
        st.sampled_from(SOURCES), prices, ages, st.sampled_from([0, 0, 40_000, 90_000]),
        st.booleans(),
    )  # fmt: skip
    return st.lists(one, max_size=5, unique_by=lambda answer: answer[0])


STORIES = st.lists(answers_of(NEAR), max_size=6) | st.lists(answers_of(WILD), max_size=6)


def told(story):
    """The answers of each cycle, with its time."""
    for n, cycle in enumerate(story):
        at = T0 + n * 30_000
        yield (
            at,
            [
                said(source, value, at=at - late, age=age, pool=pool)
                for source, value, age, late, pool in cycle
            ],
        )


@settings(max_examples=150, deadline=None)
@given(STORIES)
def test_no_price_is_ever_made_up(story):
    memory, published = NO_MEMORY, set()
    for at, answers in told(story):
        t, memory = look(*answers, now=at, memory=memory)
        if t is None:
            continue
        if t.grade in (Grade.STALE, Grade.JUMP):
            assert t.price in published  # the last one, and it says so
        elif "+" in t.source:
            low, high = sorted(a.price for a in answers if a.source in t.source.split("+"))
            assert gap(low, high) <= D("0.05")
            middle = (Fraction(low) + Fraction(high)) / 2
            assert abs(Fraction(t.price) - middle) <= middle / 10**23
        else:
            assert t.price in {a.price for a in answers}
        if t.exit_price is not None:
            assert t.exit_price <= t.price
            assert t.exit_price in {a.price for a in answers} | published
        published.add(t.price)


@settings(max_examples=150, deadline=None)
@given(STORIES)
def test_no_entry_is_possible_on_what_is_stale_or_apart(story):
    memory = NO_MEMORY
    for at, answers in told(story):
        t, memory = look(*answers, now=at, memory=memory)
        if t is None:
            continue
        fresh = {a.source: a for a in answers if at <= a.fresh_until(TTL)}
        counted = [a for a in answers if a.source in t.sources]
        assert t.grade.blocks == bool(t.fault)
        if not t.fault:
            assert set(t.sources) <= set(fresh)
            assert gap(min(a.price for a in counted), max(a.price for a in counted)) <= D("0.05")
            assert t.witnesses == len({a.witness for a in counted}) >= 1
            assert t.exit_price is None
            assert at <= t.stale_at
        if not fresh:
            assert t.grade is Grade.STALE
            assert t.exit_price is None


@settings(max_examples=60, deadline=None)
@given(STORIES)
def test_looking_again_changes_nothing(story):
    memory = NO_MEMORY
    for at, answers in told(story):
        once, memory = look(*answers, now=at, memory=memory)
        twice, memory_again = look(*answers, now=at, memory=memory)
        assert (twice, memory_again.jump, memory_again.apart) == (once, memory.jump, memory.apart)
