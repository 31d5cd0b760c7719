from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from papertrader_tui.domain.events import AccountOpened, Fidelity, Filled, Reverted
from papertrader_tui.domain.ledger import Ledger, Unbalanced, cost_of, postings
from papertrader_tui.domain.money import mul, sub
from papertrader_tui.domain.orders import Origin, Side

D = Decimal
TOKEN = "base:0x4200000000000000000000000000000000000006"


def fill(
    side: Side,
    quantity: str,
    cash: str,
    reference: str,
    fee: str = "0",
    gas: str = "0.01",
    cost: Decimal | None = None,
    seq: int = 2,
) -> Filled:
    """A fill whose impact is what the bookings' definition leaves over."""
    q, c, m, f = D(quantity), D(cash), D(reference), D(fee)
    value = mul(q, m)
    impact = sub(sub(c, f), value) if side is Side.BUY else sub(sub(value, f), c)
    cost = value if cost is None else cost
    realized = D(0) if side is Side.BUY else sub(value, cost)
    return Filled(
        seq,
        1_000,
        "o1",
        TOKEN,
        "WETH",
        side,
        Origin.MANUAL,
        q,
        c,
        D(0),
        m,
        "demo",
        D(0),
        f,
        impact,
        D(gas),
        150_000,
        10**9,
        0,
        D(3000),
        "demo",
        Fidelity.LIQUIDITY,
        cost,
        realized,
    )


def opened(cash: str = "10000") -> Ledger:
    ledger = Ledger()
    ledger.apply(AccountOpened(1, 0, "t", "demo", D(cash), 7, "0"))
    return ledger


def test_a_buy_books_cash_holdings_fee_impact_and_gas() -> None:
    ledger = opened()
    ledger.apply(fill(Side.BUY, "0.3", "1000", "3300", fee="3", gas="0.25"))
    assert ledger.balances == {
        "cash": D("8999.75"),
        "holdings": D(990),
        "lp_fees": D(3),
        "impact": D(7),
        "gas": D("0.25"),
        "realized": D(0),
        "capital": D(-10000),
        "mev": D(0),
    }
    assert ledger.reconciled()


def test_what_a_sandwich_took_is_booked_apart() -> None:
    ledger = opened()
    ledger.apply(replace(fill(Side.BUY, "0.3", "1000", "3300", fee="3"), impact=D(5), mev=D(2)))
    assert (ledger.balances["impact"], ledger.balances["mev"]) == (D(5), D(2))
    assert ledger.positions[TOKEN].mev == D(2)
    assert ledger.positions[TOKEN].costs == sum(
        (ledger.balances[name] for name in ("lp_fees", "impact", "mev", "gas")), D(0)
    )
    assert ledger.reconciled()


def test_a_sale_books_what_it_realised_against_the_average_cost() -> None:
    ledger = opened()
    ledger.apply(fill(Side.BUY, "1", "3000", "3000"))
    ledger.apply(fill(Side.BUY, "1", "3300", "3300"))
    ledger.apply(fill(Side.SELL, "0.5", "1700", "3400", cost=D(1575)))
    # 0.5 x 3400 - 0.5 x 3150, gross of costs
    assert ledger.realized == D(125)
    assert ledger.positions[TOKEN].quantity == D("1.5")
    assert ledger.positions[TOKEN].cost == D(4725)
    assert ledger.reconciled()


def test_a_sale_reduces_the_position_and_a_full_sale_ends_it() -> None:
    ledger = opened()
    ledger.apply(fill(Side.BUY, "2", "6000", "3000"))
    assert ledger.apply(fill(Side.SELL, "0.75", "2250", "3000", cost=D(2250))) is None
    assert ledger.positions[TOKEN].quantity == D("1.25")
    closed = ledger.apply(fill(Side.SELL, "1.25", "3750", "3000", cost=D(3750)))
    assert closed is not None
    assert TOKEN not in ledger.positions
    assert ledger.balances["holdings"] == 0


def test_a_completed_round_trip_at_the_same_price_is_no_win() -> None:
    ledger = opened()
    ledger.apply(fill(Side.BUY, "1", "3010", "3000", fee="9"))
    closed = ledger.apply(fill(Side.SELL, "1", "2990", "3000", fee="9", cost=D(3000)))
    assert closed is not None
    assert closed.realized == 0
    assert closed.net == D("-20.02")
    assert not closed.win


def test_a_profit_that_costs_eat_is_no_win() -> None:
    ledger = opened()
    ledger.apply(fill(Side.BUY, "1", "3010", "3000", fee="9"))
    closed = ledger.apply(fill(Side.SELL, "1", "3000", "3015", fee="9", cost=D(3000)))
    assert closed is not None
    assert closed.realized == 15
    assert not closed.win


def test_rounding_remainders_stay_with_the_holding() -> None:
    ledger = opened()
    ledger.apply(fill(Side.BUY, "3", "100", "33.333333333333333333"))
    position = ledger.positions[TOKEN]
    before = position.cost
    part = cost_of(position, D("1.000000000000000001"))
    ledger.apply(fill(Side.SELL, "1.000000000000000001", "30", "33", cost=part))
    assert ledger.positions[TOKEN].cost == sub(before, part)
    rest = ledger.positions[TOKEN]
    ledger.apply(fill(Side.SELL, str(rest.quantity), "60", "33", cost=rest.cost))
    assert ledger.balances["holdings"] == 0
    assert ledger.reconciled()


def test_a_revert_books_its_gas_and_nothing_else() -> None:
    ledger = opened()
    ledger.apply(
        Reverted(
            2,
            1_000,
            "o1",
            TOKEN,
            "WETH",
            Side.BUY,
            Origin.MANUAL,
            D(3000),
            D(3000),
            "demo",
            D(0),
            D("0.42"),
            150_000,
            10**9,
            0,
            D(3000),
            "demo",
            Fidelity.LIQUIDITY,
            "below",
            "reverted",
        )
    )
    assert ledger.cash == D("9999.58")
    assert ledger.balances["gas"] == D("0.42")
    assert ledger.reconciled()


def test_selling_what_is_not_held_is_refused() -> None:
    ledger = opened()
    with pytest.raises(Unbalanced, match="held 0"):
        ledger.apply(fill(Side.SELL, "1", "3000", "3000", cost=D(0)))


def test_an_event_whose_split_does_not_add_up_is_refused() -> None:
    ledger = opened()
    wrong = replace(fill(Side.BUY, "0.3", "1000", "3300", fee="3"), impact=D(6))
    with pytest.raises(Unbalanced, match="sum to"):
        ledger.apply(wrong)


def test_a_sale_that_books_another_cost_than_the_average_is_refused() -> None:
    ledger = opened()
    ledger.apply(fill(Side.BUY, "1", "3000", "3000"))
    with pytest.raises(Unbalanced, match="weighted average"):
        ledger.apply(fill(Side.SELL, "0.5", "1500", "3000", cost=D(1400)))


def test_every_events_legs_sum_to_zero() -> None:
    for event in (
        fill(Side.BUY, "0.123456789012345678", "431.123456", "3388.214567", fee="1.293370"),
        fill(Side.SELL, "0.1", "338", "3388.21", fee="1.01", cost=D("330.5")),
    ):
        total = D(0)
        for leg in postings(event):
            total = total + leg.amount
        assert total == 0
