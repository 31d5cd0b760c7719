"""papertrader headless on nodes that lie: what it believes of them, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chain.chain_side import token_of
from tests.chain.programs import papertrader, write_config
from tests.chain.test_end_to_end import headless, prices
from tests.chain.test_sessions import watched
from tests.rpc_server import Fault, RpcServer

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket

pytestmark = pytest.mark.xdist_group("chain")

CHAIN_ID = 31_337


@pytest.fixture
def liars() -> Iterator[dict[str, RpcServer]]:
    """Nodes in every way of lying that there is a name for."""
    with ExitStack() as stack:
        nodes = {
            "wrong chain": RpcServer(1),
            "error as text": RpcServer(CHAIN_ID),
            "empty": RpcServer(CHAIN_ID),
            "nothing": RpcServer(CHAIN_ID),
            "nested": RpcServer(CHAIN_ID),
            "without a pool": RpcServer(CHAIN_ID, block=1 << 40),
            "absurd head": RpcServer(CHAIN_ID),
        }
        for node in nodes.values():
            stack.enter_context(node)
        nodes["error as text"].misbehave(Fault.STRING_ERROR)
        nodes["empty"].misbehave(Fault.NULL)
        nodes["nothing"].misbehave(Fault.EMPTY)
        nodes["nested"].misbehave(Fault.NESTED)
        nodes["absurd head"].header = {
            "timestamp": hex(1 << 70), "baseFeePerGas": hex(1 << 250), "extraData": "0x1b5b33316d",
        }  # fmt: skip
        yield nodes


def asking(config: Path, urls: list[str]) -> None:
    """Ask these nodes instead."""
    text = "\n".join(
        f"rpc = [{', '.join(f'{url!r}' for url in urls)}]" if line.startswith("rpc = ") else line
        for line in config.read_text().splitlines()
    )
    config.write_text(text + "\n")


def test_liars_are_passed_over_for_the_node_that_tells_the_truth(
    chain_market: ChainMarket, tmp_path: Path, liars: dict[str, RpcServer]
) -> None:
    chain_market.node.follow_clock()
    config = write_config(chain_market, tmp_path, "gem")
    watched(chain_market, config)
    plain = [node for name, node in liars.items() if name not in ("without a pool", "absurd head")]
    asking(config, [*(node.url() for node in plain), chain_market.rpc_url])
    weth = token_of(chain_market, "weth").id
    with headless(config) as printed:
        rows = printed.wait(lambda rows: prices(rows, weth))
        assert abs(Decimal(prices(rows, weth)[-1]) - 3_000) < 10
        chain_market.trade(chain_market.route("weth", "v3 usdc/weth 100"), 15 * 10**18)
        printed.wait(lambda rows: len(prices(rows, weth)) > 1)
    assert all(node.requests for node in plain)


def test_where_all_lie_nothing_is_priced_and_the_session_goes_on(
    chain_market: ChainMarket, tmp_path: Path, liars: dict[str, RpcServer]
) -> None:
    config = write_config(chain_market, tmp_path, "gem", probe=1)
    watched(chain_market, config)
    asking(config, [node.url() for name, node in liars.items() if name != "without a pool"])
    with headless(config, "--wait") as printed:
        rows = printed.wait(
            lambda rows: [r for r in rows if r["tag"] == "ALERT" and "Local" in r["text"]]
        )
        assert not [row for row in rows if row["tag"] == "PRICE" and row.get("block")]
        assert all(row["text"].isprintable() for row in rows if "text" in row)
        assert printed.headless.process.poll() is None
    assert printed.headless.process.returncode == 0
    assert "Traceback" not in printed.headless.narration.decode()


def test_a_chain_that_knows_no_pool_is_no_price_source_and_that_is_said(
    chain_market: ChainMarket, tmp_path: Path, liars: dict[str, RpcServer]
) -> None:
    config = write_config(chain_market, tmp_path, "gem", probe=2)
    watched(chain_market, config)
    asking(config, [liars["without a pool"].url()])
    words = ("--market", "live", "--watchlist", "local", "--for", "1s")
    done = papertrader(config, "--data-dir", str(tmp_path / "data"), "headless", *words)
    assert done.returncode == 1
    assert "none knows a price of what is watched" in done.stderr
