"""`papertrader quote` against the contracts' own quoters, to the smallest unit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from papertrader_tui.chain.errors import Fault
from papertrader_tui.chain.quoting import NoRoute, Quotation, Wanted, quote
from papertrader_tui.chain.routing import Market
from papertrader_tui.domain.money import parse_amount
from papertrader_tui.intel.levels import profile
from tests.chain.chain_side import LOCAL, Watching, token_of, watching
from tests.chain.programs import answered, papertrader, write_config

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket

pytestmark = pytest.mark.xdist_group("chain")


def names_by_address(market: ChainMarket) -> dict[str, str]:
    return {pool.address.lower(): key for key, pool in market.pools.items()}


async def quoted(
    found: Watching, market: ChainMarket, key: str, *, level: int = 5, block: int | None = None,
    spend: str = "", sell: str = "", quantity: str = "",
) -> Quotation:  # fmt: skip
    factories = found.watch._market.factories
    return await quote(
        found.reader, LOCAL, Market(found.cash, found.native, factories), token_of(market, key),
        Wanted(
            bool(sell), parse_amount(spend) if spend else None,
            parse_amount(sell or quantity) if sell or quantity else None, 50,
        ),
        profile(level), block,
    )  # fmt: skip


@pytest.mark.parametrize("key", ["weth", "gem", "sats"])
@pytest.mark.parametrize("spend", ["1", "1000", "70000", "400000"])
async def test_a_purchase_is_what_the_quoters_say(
    chain_market: ChainMarket, key: str, spend: str
) -> None:
    names = names_by_address(chain_market)
    async with watching(chain_market) as found:
        one = await quoted(found, chain_market, key, spend=spend)
    run = one.swap.run
    assert run is not None
    amount, start = int(spend) * 10**6, "usdc"
    assert run.amount_in == amount
    for hop in run.path.hops:
        route = chain_market.route(start, names[hop.id.partition(":")[2]])
        amount = chain_market.quote(route, amount)
        start = route.token_out.key
    assert run.amount_out == amount
    assert one.minimum_raw == -(-amount * 9_950 // 10_000)


@pytest.mark.parametrize("quantity", ["0.01", "3", "120"])
async def test_a_sale_and_a_purchase_by_quantity(chain_market: ChainMarket, quantity: str) -> None:
    names = names_by_address(chain_market)
    async with watching(chain_market) as found:
        sale = await quoted(found, chain_market, "weth", sell=quantity)
        purchase = await quoted(found, chain_market, "weth", quantity=quantity)
    raw = int(parse_amount(quantity).scaleb(18))
    for one, start in ((sale, "weth"), (purchase, "usdc")):
        run = one.swap.run
        assert run is not None
        (hop,) = run.path.hops
        route = chain_market.route(start, names[hop.id.partition(":")[2]])
        if start == "weth":
            assert run.amount_out == chain_market.quote(route, raw)
        else:
            assert run.amount_in == chain_market.quote(route, raw, exact_out=True)


async def test_a_sale_of_what_takes_a_part_counts_what_arrives(chain_market: ChainMarket) -> None:
    names = names_by_address(chain_market)
    async with watching(chain_market) as found:
        sale = await quoted(found, chain_market, "taxed", sell="100")
        bought = await quoted(found, chain_market, "taxed", spend="50")
    run = sale.swap.run
    assert run is not None
    amount = 97 * 10**18
    assert (run.amount_in, sale.swap.quantity) == (amount, 100)
    first, second = run.path.hops
    route = chain_market.route("taxed", names[first.id.partition(":")[2]])
    amount = chain_market.quote(route, amount)
    then = chain_market.route(route.token_out.key, names[second.id.partition(":")[2]])
    assert run.amount_out == chain_market.quote(then, amount)
    assert bought.swap.run is not None
    raw = bought.swap.run.amount_out * 97 // 100
    assert bought.swap.quantity == parse_amount(str(raw)).scaleb(-18)


async def test_an_earlier_block_is_quoted_as_it_was(chain_market: ChainMarket) -> None:
    async with watching(chain_market) as found:
        before = await quoted(found, chain_market, "weth", spend="1000")
        name = names_by_address(chain_market)[before.hops[0].address]
        chain_market.trade(chain_market.route("usdc", name), 500_000 * 10**6)
        after = await quoted(found, chain_market, "weth", spend="1000")
        again = await quoted(found, chain_market, "weth", spend="1000", block=before.head.number)
    assert again.swap.quantity == before.swap.quantity != after.swap.quantity
    assert again.head.hash == before.head.hash
    assert again.gas == before.gas


async def test_a_sandwich_is_told_where_nothing_protects_the_order(
    chain_market: ChainMarket,
) -> None:
    async with watching(chain_market) as found:
        open_one = await quoted(found, chain_market, "gem", spend="30000", level=8)
        safe = await quoted(found, chain_market, "gem", spend="30000", level=5)
    assert not profile(8).mev_protection
    assert profile(5).mev_protection
    assert safe.mev == 0
    assert 0 < open_one.mev <= open_one.swap.cash * 50 / 10_000
    assert open_one.swap.quantity == safe.swap.quantity  # what the quote says is without it


async def test_what_cannot_be_quoted_says_why(chain_market: ChainMarket) -> None:
    async with watching(chain_market) as found:
        gone = replace(chain_market.tokens["gem"], key="gone", address="0x" + "ab" * 20)
        chain_market.tokens["gone"] = gone
        try:
            with pytest.raises(NoRoute, match="no pool of Local's factories"):
                await quoted(found, chain_market, "gone", spend="10")
        finally:
            del chain_market.tokens["gone"]
        with pytest.raises(NoRoute, match="1000 decimals"):
            await quoted(found, chain_market, "lying", spend="10")
        with pytest.raises(Exception, match="block") as caught:
            await quoted(found, chain_market, "weth", spend="10", block=10**9)
        assert getattr(caught.value, "fault", None) is Fault.UNKNOWN_BLOCK
        trap = await quoted(found, chain_market, "trap", spend="10")
        assert trap.verdict.fault.startswith("cannot be sold")


def test_the_command_prints_it(chain_market: ChainMarket, tmp_path: Path) -> None:
    config = write_config(chain_market, tmp_path, "gem", "taxed")
    said = answered(config, "quote", "gem@local", "--spend", "2,500", "--json")
    (hop,) = said["route"]
    name = names_by_address(chain_market)[hop["pool"]]
    amount = chain_market.quote(chain_market.route("usdc", name), 2_500 * 10**6)
    assert (said["amount_in_raw"], said["amount_out_raw"]) == (2_500 * 10**6, amount)
    assert (said["fidelity"], said["block"]) == ("pool", chain_market.node.number)
    assert said["gas_units"] > 90_000
    assert said["l1_fee_wei"] == 0
    text = papertrader(config, "quote", "gem@local", "--spend", "2500").stdout
    assert "you get" in text
    assert max(map(len, text.splitlines())) <= 80
    mind = papertrader(config, "quote", "taxed@local", "--sell", "--quantity", "10")
    assert mind.returncode == 0
    assert "takes 3 % of every transfer" in mind.stdout


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("gem@local",), 2, "--spend"),
        (("gem@local", "--spend", "5", "--quantity", "5"), 2, "--spend"),
        (("gem@local", "--sell", "--spend", "5"), 2, "--quantity"),
        (("gem@local", "--spend", "-5"), 2, "above zero"),
        (("nope", "--spend", "5"), 2, "nope"),
        (("weth", "--chain", "nowhere", "--spend", "5"), 2, "nowhere"),
        (("usdc", "--chain", "local", "--spend", "5"), 2, "USDC"),
        (("gem@local", "--spend", "5", "--block", "x"), 2, "block"),
        (("gem@local", "--spend", "5", "--slippage", "9000"), 2, "basis points"),
    ],
)
def test_bad_input_is_named(
    chain_market: ChainMarket, tmp_path: Path, words: tuple[str, ...], status: int, says: str
) -> None:
    done = papertrader(write_config(chain_market, tmp_path, "gem"), "quote", *words)
    assert done.returncode == status
    assert says in done.stderr
    assert done.stdout == ""


def test_a_node_that_is_gone_is_said(chain_market: ChainMarket, tmp_path: Path) -> None:
    config = write_config(chain_market, tmp_path, "gem")
    chain_market.node.dump()
    chain_market.node.kill()
    done = papertrader(config, "quote", "gem@local", "--spend", "5")
    assert done.returncode == 1
    assert "connection refused" in done.stderr
