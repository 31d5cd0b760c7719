"""Small pools, and a desk that is told of them block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from papertrader_tui.amm.tick_math import sqrt_ratio_at_tick
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.chain_fees import ChainFees, L1Prices
from papertrader_tui.domain.commands import SetLevel
from papertrader_tui.domain.market import Gas
from papertrader_tui.domain.pools import (
    V2,
    V3,
    ConcentratedState,
    PairState,
    Pool,
    PoolInput,
    PoolTicks,
    Route,
)
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.simulator.pools import PoolBook
from tests.deskkit import PEPE, START, WETH, D, Kit

USDC = "base:0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
USDC_ETHEREUM = "ethereum:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
WETH_ETHEREUM = "ethereum:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
GWEI = 10**9

#: 1,000 WETH and 3,000,000 USDC: 3,000 USDC each. WETH's address is the lower one.
PAIR = Pool("base:0x" + "a1" * 20, V2, WETH, USDC, 18, 6, 3_000, 0, "test v2")
#: 0.05 %, as deep around 3,000 USDC.
DEEP = Pool("base:0x" + "b2" * 20, V3, WETH, USDC, 18, 6, 500, 10, "test v3")
#: On Ethereum: USDC (token0) and WETH (token1), then PEPE (token0) and WETH (token1).
ETHER = Pool(
    "ethereum:0x" + "c3" * 20, V2, USDC_ETHEREUM, WETH_ETHEREUM, 6, 18, 3_000, 0, "test v2"
)
PEPES = Pool("ethereum:0x" + "d4" * 20, V2, PEPE, WETH_ETHEREUM, 18, 18, 3_000, 0, "test v2")

BASE_L1 = L1Prices(10 * GWEI, GWEI, 2_269, 1_055_762)


def pair(
    pool: Pool = PAIR,
    block: int = 100,
    reserve0: int = 1_000 * 10**18,
    reserve1: int = 3_000_000 * 10**6,
    time: int = START,
) -> PairState:
    """A constant product pool at the end of a block."""
    return PairState(pool.id, time, block, reserve0, reserve1, pool.fee_ppm)


#: sqrt(3000e6 / 1e18), in ticks: 1.0001^t = 3e-9.
DEEP_TICK = -196_257
DEEP_NETS = {
    -200_000: 5 * 10**17, -197_000: 3 * 10**17, -196_300: 10**17, -196_200: -(10**17),
    -195_000: -3 * 10**17, -192_000: -5 * 10**17,
}  # fmt: skip


def ticks(
    pool: Pool = DEEP,
    nets: Mapping[int, int] = DEEP_NETS,
    words: Sequence[int] = range(-80, -73),
    crossed: Sequence[int] = (-196_300,),
    block: int = 100,
) -> PoolTicks:
    """A concentrated pool's ticks, in the words that are known of it."""
    known: dict[int, dict[int, tuple[int, bool]]] = {word: {} for word in words}
    for tick, net in nets.items():
        known[tick // pool.tick_spacing >> 8][tick] = net, tick in crossed
    return PoolTicks(pool.id, START, block, known)


def deep(
    pool: Pool = DEEP, tick: int = DEEP_TICK, block: int = 100, nets: Mapping[int, int] = DEEP_NETS
) -> ConcentratedState:
    """A concentrated pool at the end of a block, its price right on a tick."""
    liquidity = sum(net for at, net in nets.items() if at <= tick)
    price = sqrt_ratio_at_tick(tick)
    return ConcentratedState(pool.id, START, block, price, tick, liquidity, pool.fee_ppm)


def route(token: TokenId = WETH, *hops: Pool, fault: str = "", fee_bps: int = 0) -> Route:
    """How a token is swapped."""
    return Route(token, START, hops, "test", fault, fee_bps)


def fees(
    block: int,
    base: int = 10**7,
    tips: Sequence[int] = (1, 2, 3, 4, 5),
    following: int | None = None,
    l1: L1Prices | None = None,
) -> ChainFees:
    """What a node says of a block; tips are in thousandths of a gwei."""
    return ChainFees(
        block, base, base if following is None else following, 0.5,
        tuple(tip * 10**6 for tip in tips), l1, "fjord" if l1 is not None else "",
    )  # fmt: skip


def gas(said: ChainFees, chain: str = "base", time: int = START) -> Gas:
    """The same as an input, ether at 3,000 USDC."""
    return Gas(chain, time, said.base_fee_wei, 0, D(3000), "fee history", said)


def book(*items: PoolInput, chain: str = "base", block: int = 100) -> PoolBook:
    """A pool book that was told this, and of a block."""
    made = PoolBook(lambda: START)
    for item in items:
        made.step(item)
    made.hear(gas(fees(block), chain))
    return made


class PoolKit(Kit):
    """A desk on pools.

    Args:
        chain: Whose blocks come.
    """

    def __init__(self, cash: str = "100000", *, level: int = 5, chain: str = "base") -> None:
        super().__init__(cash)
        self.chain = chain
        self.block = 100
        self.l1: L1Prices | None = None
        self.base_fee = 10**7
        if level != 5:
            self.level(level)

    def level(self, level: int) -> None:
        """Turn the dial."""
        self.say(SetLevel(level))

    def tell(self, *items: PoolInput) -> None:
        """What a chain says, without a block."""
        for item in items:
            self._take(self.desk.step(item))

    def mine(self, *items: PoolInput, blocks: int = 1, after: int = 2_000) -> list[ev.Event]:
        """Another block, these states before it."""
        self.now += after
        self.block += blocks
        for item in items:
            self._take(self.desk.step(item))
        said = fees(self.block, self.base_fee, l1=self.l1)
        return self._take(self.desk.step(gas(said, self.chain, self.now)))

    def mine_until(self, kind: type[ev.Event], most: int = 6) -> list[ev.Event]:
        """Blocks without trades, until an event of a kind comes."""
        found: list[ev.Event] = []
        for _ in range(most):
            found += self.mine()
            if any(isinstance(event, kind) for event in found):
                return found
        msg = f"no {kind.__name__} in {most} blocks: {found}"
        raise AssertionError(msg)


def weth_on_pair(kit: PoolKit, price: str = "3000") -> None:
    """WETH in one constant product pool."""
    kit.price(price)
    kit.tell(route(WETH, PAIR), pair())
    kit.mine()


def pepe_over_ether(kit: PoolKit) -> None:
    """PEPE through two constant product pools on Ethereum: 0.00001 USDC each."""
    kit.price("0.00001", PEPE)
    kit.tell(
        route(PEPE, ETHER, PEPES),
        pair(ETHER, reserve0=3_000_000 * 10**6, reserve1=1_000 * 10**18),
        pair(PEPES, reserve0=300_000_000_000 * 10**18, reserve1=1_000 * 10**18),
    )
    kit.mine(after=12_000)


def dollars(value: Decimal) -> Decimal:
    """To the cent, to compare by eye."""
    return value.quantize(D("0.01"))
