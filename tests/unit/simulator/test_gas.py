from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from papertrader_tui.domain.chain_fees import L1Prices
from papertrader_tui.domain.execution import ExecutionGas
from papertrader_tui.simulator.gas import GasTerms, charge, run_gas, swap_gas, tip_wei
from papertrader_tui.simulator.gas_units import APPROVAL, swap_units
from papertrader_tui.simulator.l1_fee import ecotone_l1_fee, fjord_l1_fee, operator_fee
from papertrader_tui.simulator.paths import Run
from papertrader_tui.simulator.transactions import ROUTER, approve_calldata, signed, swap_calldata
from tests.deskkit import BASE, WETH, D
from tests.poolkit import BASE_L1, GWEI, PAIR, USDC, book, fees, gas, pair, route


def bought() -> Run:
    found = book(route(WETH, PAIR), pair()).pricer(WETH)
    assert found is not None
    run = found.buy(D(1000), D(1), 18).run
    assert run is not None
    return run


def made(**changes) -> ExecutionGas:
    return replace(ExecutionGas(8453, GWEI, 7, False, False), **changes)


def test_without_a_node_it_is_the_bundled_typical_swap() -> None:
    cost = swap_gas(BASE, None)
    assert (cost.units, cost.price_wei, cost.source) == (150_000, 10**7, "bundled")
    assert cost.usd == Decimal("0.0048")
    assert cost.made_of is None


def test_units_are_those_of_the_work_and_of_what_comes_with_it() -> None:
    run = bought()
    plain = swap_units(run.work)
    assert charge(made(), run, 0) == (plain, GWEI + 7, 0)
    assert charge(made(new_holder=True), run, 0)[0] == plain + 17_100
    assert charge(made(approval=True), run, 0)[0] == plain + APPROVAL


@pytest.mark.parametrize(
    ("strategy", "calm", "rising"),
    [
        ("minimal", 1, 1), ("low", 2, 2), ("standard", 3, 3), ("adaptive", 3, 4),
        ("aggressive", 4, 4), ("ultra", 5, 5),
    ],
)  # fmt: skip
def test_the_strategy_decides_the_tip(strategy: str, calm: int, rising: int) -> None:
    tips = [10, 20, 30, 40, 50]
    for following, place in ((GWEI - 1, calm), (GWEI, calm), (GWEI + 1, rising)):
        said = fees(1, GWEI, tips, following)
        assert tip_wei(said, strategy) == tips[place - 1] * 10**6
    assert tip_wei(fees(1, GWEI, ()), strategy) == 0


def test_a_preview_pays_the_next_blocks_base_fee_and_a_landing_its_own() -> None:
    said = fees(100, GWEI, following=GWEI * 9 // 8)
    run = bought()
    for landed, base in ((False, GWEI * 9 // 8), (True, GWEI)):
        cost = run_gas(BASE, gas(said), said, run, GasTerms("minimal", landed=landed))
        assert cost.price_wei == base + 10**6
        wei = Decimal(cost.units * cost.price_wei)
        assert 0 <= cost.usd - wei * 3000 / 10**18 < D("0.000001")


@pytest.mark.parametrize("rule", ["ecotone", "fjord"])
@pytest.mark.parametrize("jovian", [False, True])
def test_the_data_fee_is_that_of_the_bytes_and_operators_are_paid(rule: str, jovian: bool) -> None:
    prices = L1Prices(
        BASE_L1.base_fee_wei, BASE_L1.blob_base_fee_wei, BASE_L1.base_fee_scalar,
        BASE_L1.blob_base_fee_scalar, 10_000, 500,
    )  # fmt: skip
    run = bought()
    facts = made(l1=prices, l1_rule=rule, jovian=jovian)
    units = swap_units(run.work)
    data = swap_calldata([USDC, WETH], [("v2", 3_000)], 10**9, 123, exact_out=False)
    sent = {"tip_wei": 7, "max_fee_wei": 2 * GWEI + 7}
    swap = signed(8453, ROUTER, data, gas_limit=units * 6 // 5, **sent)
    fee = ecotone_l1_fee if rule == "ecotone" else fjord_l1_fee
    expected = fee(swap, prices) + operator_fee(units, prices, jovian)
    assert charge(facts, run, 123)[2] == expected
    # an approval is a transaction of its own, to the token, with its own fees
    approve = signed(
        8453, bytes.fromhex(USDC[7:]), approve_calldata(), gas_limit=APPROVAL * 6 // 5, **sent
    )
    more = fee(approve, prices) + operator_fee(APPROVAL, prices, jovian)
    assert charge(replace(facts, approval=True), run, 123)[2] == expected + more
