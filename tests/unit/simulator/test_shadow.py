from __future__ import annotations

from papertrader_tui.domain.execution import Execution, HopExecution
from papertrader_tui.domain.pools import ConcentratedState, PairState
from papertrader_tui.simulator.shadow import Shadow

POOL = "base:0x" + "a1" * 20


def swapped(zero_for_one: bool, amount_in: int, amount_out: int) -> Execution:
    hop = HopExecution(
        POOL, "v2", zero_for_one, 3_000, 0, (1, 1), (), 0, amount_in, amount_out
    )  # fmt: skip
    return Execution(1, ("a", "b"), 6, 18, False, amount_in, amount_out, 0, (hop,))


def at(block: int, reserve0: int, reserve1: int) -> PairState:
    return PairState(POOL, 0, block, reserve0, reserve1, 3_000)


def of(shadow: Shadow) -> tuple[int, int]:
    return shadow.of(POOL, True), shadow.of(POOL, False)


def test_own_amounts_add_up_by_direction() -> None:
    shadow = Shadow()
    shadow.add(swapped(True, 100, 50), {})
    shadow.add(swapped(True, 10, 4), {})
    assert of(shadow) == (110, 0)


def test_a_swap_the_other_way_takes_its_amount_out_off_first() -> None:
    shadow = Shadow()
    shadow.add(swapped(True, 100, 50), {})
    shadow.add(swapped(False, 20, 40), {})
    assert of(shadow) == (60, 0)
    # 60 of the 90 that come out take the rest back; a third of the 45 that go in stays
    shadow.add(swapped(False, 45, 90), {})
    assert of(shadow) == (0, 15)


def test_what_others_trade_takes_as_much_away() -> None:
    shadow = Shadow()
    shadow.add(swapped(True, 100, 50), {POOL: at(1, 1_000, 500)})
    shadow.pass_by(at(2, 1_030, 486))
    assert of(shadow) == (70, 0)
    shadow.pass_by(at(3, 1_010, 496))  # the way back counts as well
    assert of(shadow) == (50, 0)
    shadow.pass_by(at(3, 1_010, 496))
    assert of(shadow) == (50, 0)
    shadow.pass_by(at(9, 2_000, 250))
    assert of(shadow) == (0, 0)
    assert shadow.to_plain() == {}


def test_liquidity_that_comes_or_goes_is_no_trade() -> None:
    shadow = Shadow()
    shadow.add(swapped(True, 100, 50), {POOL: at(1, 1_000, 500)})
    for block, reserves in ((2, (2_000, 1_000)), (3, (500, 250))):
        shadow.pass_by(at(block, *reserves))
    assert of(shadow) == (100, 0)


def test_a_chain_that_is_turned_back_undoes_no_shadow() -> None:
    shadow = Shadow()
    shadow.add(swapped(True, 100, 50), {POOL: at(5, 1_000, 500)})
    shadow.pass_by(at(4, 1_500, 333))
    assert of(shadow) == (100, 0)
    shadow.pass_by(at(5, 1_510, 331))
    assert of(shadow) == (90, 0)


def test_between_two_prices_of_a_concentrated_pool_its_liquidity_was_traded() -> None:
    shadow = Shadow()
    one = 1 << 96

    def state(block: int, price: int, liquidity: int) -> ConcentratedState:
        return ConcentratedState(POOL, 0, block, price, 0, liquidity, 500)

    shadow.add(swapped(False, 3_000, 3_000), {POOL: state(1, one, 10_000)})
    shadow.pass_by(state(2, one * 11 // 10, 20_000))  # a tenth up: 1,000 of token1 at the lesser
    assert of(shadow) == (0, 2_001)


def test_it_comes_back_from_what_was_kept() -> None:
    for state in (at(1, 1_000, 500), ConcentratedState(POOL, 7, 1, 1 << 96, -1, 10**9, 500)):
        shadow, again = Shadow(), Shadow()
        shadow.add(swapped(True, 100, 50), {POOL: state})
        again.from_plain(shadow.to_plain())
        later = (
            at(2, 1_030, 486)
            if isinstance(state, PairState)
            else ConcentratedState(POOL, 7, 2, (1 << 96) + (1 << 72), -1, 10**9, 500)
        )
        shadow.pass_by(later)
        again.pass_by(later)
        assert of(shadow) == of(again) != (100, 0)
        assert shadow.to_plain() == again.to_plain()
