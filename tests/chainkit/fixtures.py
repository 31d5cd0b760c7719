"""The fixtures, light to import: everything else is imported when a test asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.chainkit.market import ChainMarket
    from tests.chainkit.node import Anvil


@pytest.fixture(scope="session")
def deployed_market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainMarket]:
    """The market of this test process; take `chain_market`, which is clean."""
    from tests.chainkit.deploy import deploy
    from tests.chainkit.node import Anvil

    with Anvil(tmp_path_factory.mktemp("anvil")) as node:
        market = deploy(node)
        node.dump("deployed.json")
        yield market


@pytest.fixture
def chain_market(deployed_market: ChainMarket) -> Iterator[ChainMarket]:
    """A market as it was deployed; what a test does to it is undone."""
    node = deployed_market.node
    deployed, starts, mark = node.state, node.starts, node.snapshot()
    yield deployed_market
    if node.starts == starts and node.running and not node.follows_clock:
        node.revert(mark)
    else:
        node.state = deployed
        node.follows_clock = False
        node.restart()


@pytest.fixture
def new_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Anvil]]:
    """Starts empty nodes, with the keywords of `Anvil`; they are stopped after the test."""
    from tests.chainkit.node import Anvil

    nodes: list[Anvil] = []
    numbers = count()

    def start(**options: int) -> Anvil:
        folder = tmp_path_factory.mktemp(f"node{next(numbers)}")
        nodes.append(Anvil(folder, **options))  # type: ignore[arg-type]
        nodes[-1].start()
        return nodes[-1]

    yield start
    for node in nodes:
        node.stop()
