"""Deploys the market: contracts, tokens that are plain and tokens that are odd, and their pools."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from eth_abi.abi import encode

from tests.chainkit.compiler import creation_code, runtime_code
from tests.chainkit.market import MAX_UINT256, ChainMarket
from tests.chainkit.node import Anvil
from tests.chainkit.records import Addresses, Pool, Token
from tests.chainkit.rpc import View, types_of

#: Where the contracts of these names are on real chains.
MULTICALL3 = "0xca11bde05977b3631167028862be2a173976ca11"
L1_BLOCK = "0x4200000000000000000000000000000000000015"

#: Symbol with markup, an escape sequence, a bell, a line break and a right-to-left override.
HOSTILE_SYMBOL = "[bold red]RICH[/]\x1b[2J\x07\n\u202eLIVE"
LYING_DECIMALS = 1_000

ETH_USD = 3_000
_SUPPLY = 10**12  # whole tokens
#: Token key -> (contract, constructor types, arguments but the supply, decimals, dollars each).
TOKENS: dict[str, tuple[str, str, tuple[Any, ...], int, Fraction]] = {
    "usdc": ("Token", "(string,string,uint256,uint256)", ("USD Coin", "USDC", 6), 6, Fraction(1)),
    "gem": ("Token", "(string,string,uint256,uint256)", ("Gem", "GEM", 18), 18, Fraction(1, 50)),
    "sats": (
        "Token", "(string,string,uint256,uint256)", ("Wrapped Bitcoin", "WBTC", 8), 8,
        Fraction(90_000),
    ),
    "taxed": ("TaxedToken", "(string,string,uint256,uint256)", ("Taxed", "TAX"), 18, Fraction(2)),
    "trap": ("TrapToken", "(string,string,uint256)", ("Trap", "TRAP"), 18, Fraction(5)),
    "maker": (
        "Bytes32Token", "(bytes32,bytes32,uint256)", (b"Maker", b"MKR"), 18, Fraction(1_500),
    ),
    "mute": ("MuteToken", "(uint256)", (), 18, Fraction(1)),
    "hostile": (
        "Token", "(string,string,uint256,uint256)", ("\x1b]0;owned\x07", HOSTILE_SYMBOL, 18), 18,
        Fraction(1),
    ),
    "lying": (
        "Token", "(string,string,uint256,uint256)", ("Lying", "LIE", LYING_DECIMALS), 18,
        Fraction(1),
    ),
}  # fmt: skip
TAX_BPS = 300

#: V2 pairs with the dollars on each side.
PAIRS = (
    ("usdc", "weth", 3_000_000),
    ("gem", "weth", 400_000),
    ("gem", "usdc", 150_000),
    ("sats", "usdc", 900_000),
    *((odd, "weth", 50_000) for odd in ("taxed", "trap", "maker", "mute", "hostile", "lying")),
)
#: Positions by their ends, in tick spacings from the price, with the dollars of each token. The
#: far ones are behind bitmap words without a tick; between them nothing but the full range is left.
_EVERYWHERE = (None, None, 60_000)
_LADDER = (
    (-1, 1, 40_000),
    (-2, 3, 50_000),
    (-4, 5, 50_000),
    (-6, 8, 30_000),
    (-11, 10, 70_000),
    (-25, 30, 90_000),
    (-70, 64, 120_000),
    (700, 760, 20_000),
    (-900, -820, 20_000),
)
#: V3 pools: tokens, fee in millionths, positions.
V3_POOLS: tuple[tuple[str, str, int, tuple[tuple[int | None, int | None, int], ...]], ...] = (
    ("usdc", "weth", 100, (_EVERYWHERE, *_LADDER)),
    ("usdc", "weth", 500, (_EVERYWHERE, *_LADDER)),
    ("usdc", "weth", 3_000, (_EVERYWHERE, *_LADDER)),
    ("usdc", "weth", 10_000, (_EVERYWHERE, *_LADDER)),
    ("gem", "weth", 3_000, (_EVERYWHERE, *_LADDER[:6])),
    ("gem", "weth", 10_000, (_EVERYWHERE,)),
    # Liquidity with holes, and an end.
    ("gem", "usdc", 500, ((-3, 3, 40_000), (8, 20, 30_000), (-300, -290, 30_000))),
    ("sats", "usdc", 3_000, (_EVERYWHERE, *_LADDER[:4])),
)
SPACINGS = {100: 1, 500: 10, 3_000: 60, 10_000: 200}
MAX_TICK = 887_272
FEEDS = {
    "eth/usd": (8, "ETH / USD", ETH_USD * 10**8),
    "usdc/usd": (8, "USDC / USD", 10**8),
    "btc/usd": (8, "BTC / USD", 90_000 * 10**8),
    "sequencer": (0, "L2 Sequencer Uptime Status Feed", 0),
}
_MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


def deploy(node: Anvil) -> ChainMarket:
    """The market on a fresh node."""
    return _Deployment(node).run()


def _break_in(market: ChainMarket) -> None:
    """Swap once each way in every pool.

    The first swap of a pool's life fills slots that no later one has to: it is not what a swap
    costs. What cannot be sold stays as it is.
    """
    for pool in market.pools.values():
        for token in (pool.token0, pool.token1):
            if token.key not in {"taxed", "trap"}:
                market.trade(market.route(token.key, pool.key), 10**token.decimals // 100)


class _Deployment:
    def __init__(self, node: Anvil) -> None:
        self.node = node
        self.deployer, self.trader, *_ = node.accounts
        self.tokens: dict[str, Token] = {}
        self.pools: dict[str, Pool] = {}
        self.dollars = {"weth": Fraction(ETH_USD)}

    def run(self) -> ChainMarket:
        node, deployer = self.node, self.deployer
        for account in (deployer, self.trader):
            node.rpc.call("anvil_setBalance", account, hex(10**6 * 10**18))
        node.rpc.call("anvil_setCode", MULTICALL3, "0x" + runtime_code("Multicall3"))
        node.rpc.call("anvil_setCode", L1_BLOCK, "0x" + runtime_code("L1Block"))
        weth = self.create("WETH9")
        factory_v2 = self.create("UniswapV2Factory", "(address)", deployer)
        factory_v3 = self.create("UniswapV3Factory")
        periphery = ("(address,address)", factory_v3, weth)
        self.contracts = {
            "factory_v2": factory_v2,
            "router_v2": self.create("UniswapV2Router02", "(address,address)", factory_v2, weth),
            "factory_v3": factory_v3,
            "router_v3": self.create("SwapRouter", *periphery),
            "quoter_v3": self.create("QuoterV2", *periphery),
            "positions_v3": self.create(
                "NonfungiblePositionManager",
                "(address,address,address)", factory_v3, weth, "0x" + "00" * 20,
            ),
        }  # fmt: skip
        node.transact(deployer, factory_v3, "enableFeeAmount(uint24,int24)", 100, 1)
        self.tokens["weth"] = Token("weth", weth, 18)
        for account in (deployer, self.trader):
            node.transact(account, weth, "deposit()", value=10**5 * 10**18)
        self.make_tokens()
        self.make_pairs()
        for one, other, fee_ppm, positions in V3_POOLS:
            self.make_v3_pool(one, other, fee_ppm, positions)
        feeds = {
            key: self.create("Feed", "(uint8,string,int256)", *facts)
            for key, facts in FEEDS.items()
        }
        addresses = Addresses(
            weth=weth,
            usdc=self.tokens["usdc"].address,
            multicall3=MULTICALL3,
            l1_block=L1_BLOCK,
            feeds=feeds,
            tokens={key: token.address for key, token in self.tokens.items()},
            **self.contracts,
        )
        market = ChainMarket(node, addresses, self.tokens, self.pools)
        _break_in(market)
        # A hundred nearly empty blocks have left no base fee to speak of.
        node.set_next_base_fee(10**9)
        node.mine()
        return market

    def create(self, name: str, types: str = "()", *args: Any) -> str:
        data = "0x" + creation_code(name) + encode(types_of(types), args).hex()
        address: str = self.node.send(self.deployer, None, data)["contractAddress"]
        return address

    def make_tokens(self) -> None:
        for key, (contract, types, claims, decimals, dollars) in TOKENS.items():
            supply = _SUPPLY * 10**decimals
            extra = (TAX_BPS,) if contract == "TaxedToken" else ()
            address = self.create(contract, types, *claims, supply, *extra)
            self.tokens[key] = Token(key, address, decimals)
            self.dollars[key] = dollars
            self.node.transact(
                self.deployer, address, "transfer(address,uint256)", self.trader, supply // 4
            )
        contracts = self.contracts
        for token in self.tokens.values():
            for account, spender in (
                (self.deployer, contracts["router_v2"]),
                (self.deployer, contracts["positions_v3"]),
                (self.trader, contracts["router_v2"]),
                (self.trader, contracts["router_v3"]),
            ):
                self.node.transact(
                    account, token.address, "approve(address,uint256)", spender, MAX_UINT256
                )

    def raw(self, key: str, dollars: int) -> int:
        return int(dollars / self.dollars[key] * 10 ** self.tokens[key].decimals)

    def ordered(self, one: str, other: str) -> tuple[Token, Token]:
        first, second = sorted((self.tokens[one], self.tokens[other]), key=_number)
        return first, second

    def make_pairs(self) -> None:
        for one, other, dollars in PAIRS:
            tokens = self.ordered(one, other)
            self.node.transact(
                self.deployer,
                self.contracts["router_v2"],
                "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
                *(token.address for token in tokens),
                *(self.raw(token.key, dollars) for token in tokens),
                1, 1, self.deployer, MAX_UINT256,
            )  # fmt: skip
            ends = tuple(token.address for token in tokens)
            find = View(self.contracts["factory_v2"], "getPair(address,address)", "(address)", ends)
            (address,) = self.node.rpc.view(find)[0]
            key = f"v2 {one}/{other}"
            self.pools[key] = Pool(key, "v2", address, *tokens, 3_000)

    def make_v3_pool(
        self,
        one: str,
        other: str,
        fee_ppm: int,
        positions: tuple[tuple[int | None, int | None, int], ...],
    ) -> None:
        token0, token1 = self.ordered(one, other)
        spacing = SPACINGS[fee_ppm]
        manager = self.contracts["positions_v3"]
        # A price that is no tick's own: a thousandth of a thousandth beside the round one.
        per0, per1 = (self.raw(token.key, 10**6) for token in (token0, token1))
        price = math.isqrt((per1 * 1_000_001 << 192) // (per0 * 1_000_000))
        self.node.transact(
            self.deployer,
            manager,
            "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
            token0.address, token1.address, fee_ppm, price,
        )  # fmt: skip
        middle = math.floor(math.log(per1 / per0) / math.log(1.0001)) // spacing
        end = MAX_TICK // spacing
        for lower, upper, dollars in positions:
            ticks = (
                (-end if lower is None else middle + lower) * spacing,
                (end if upper is None else middle + upper) * spacing,
            )
            amounts = (self.raw(token0.key, dollars), self.raw(token1.key, dollars))
            self.node.transact(
                self.deployer,
                manager,
                _MINT,
                (token0.address, token1.address, fee_ppm, *ticks, *amounts, 0, 0, self.deployer,
                 MAX_UINT256),
            )  # fmt: skip
        ends = (token0.address, token1.address, fee_ppm)
        find = View(
            self.contracts["factory_v3"], "getPool(address,address,uint24)", "(address)", ends
        )
        (address,) = self.node.rpc.view(find)[0]
        key = f"v3 {one}/{other} {fee_ppm}"
        self.pools[key] = Pool(key, "v3", address, token0, token1, fee_ppm, spacing)


def _number(token: Token) -> int:
    return int(token.address, 16)
