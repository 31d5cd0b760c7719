"""Real pools on the local node: the contracts, the tokens, and trades through the routers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.chainkit.node import Anvil
from tests.chainkit.records import Addresses, Pool, Route, Token, Trade
from tests.chainkit.rpc import Rpc, View, calldata

MAX_UINT256 = (1 << 256) - 1
_DEADLINE = (1 << 32) - 1  # as long as any time of today; calldata is paid for by the byte

_ROUTER_ITSELF = "0x" + "00" * 20
_V3_ONE = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
_V3_ONE_OUT = "exactOutputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
_V3_PATH = "exactInput((bytes,address,uint256,uint256,uint256))"
_V3_PATH_OUT = "exactOutput((bytes,address,uint256,uint256,uint256))"


class ChainMarket:
    """Pools to trade in.

    Attributes:
        node: The node; mine, jump, kill and restart it.
        trader: Has plenty of every token and has approved both routers.
        newcomer: Has native tokens only.
        deployer: Owns the contracts.
        tokens, pools: By key; `v2 usdc/weth`, `v3 usdc/weth 500`.
    """

    def __init__(
        self, node: Anvil, addresses: Addresses, tokens: dict[str, Token], pools: dict[str, Pool]
    ) -> None:
        self.node = node
        self.addresses = addresses
        self.tokens = tokens
        self.pools = pools
        self.deployer, self.trader, self.newcomer, *_ = node.accounts

    @property
    def rpc(self) -> Rpc:
        return self.node.rpc

    @property
    def rpc_url(self) -> str:
        return self.node.rpc_url

    def route(self, token_in: str, *pools: str) -> Route:
        """A route by keys: `route("gem", "v2 gem/weth", "v2 usdc/weth")`."""
        return Route(self.tokens[token_in], tuple(self.pools[key] for key in pools))

    def balance(self, token: Token, account: str) -> int:
        """Raw units."""
        return self._held([token], account, native=False)[0]

    # -- the contracts' own answers

    def quote_view(self, route: Route, amount: int, *, exact_out: bool = False) -> View:
        """The call of `quote`, for a batch of them; the first value it returns is for `answer`."""
        if _kind(route) == "v2":
            name = "getAmountsIn" if exact_out else "getAmountsOut"
            path = [token.address for token in route.tokens]
            return View(
                self.addresses.router_v2,
                f"{name}(uint256,address[])",
                "(uint256[])",
                (amount, path),
            )
        name = "quoteExactOutput" if exact_out else "quoteExactInput"
        returns = "(uint256,uint160[],uint32[],uint256)"
        path_bytes = route.path(reverse=exact_out)
        return View(
            self.addresses.quoter_v3, f"{name}(bytes,uint256)", returns, (path_bytes, amount)
        )

    def quote(self, route: Route, amount: int, *, exact_out: bool = False) -> int:
        """What V2's router, or V3's quoter, says: the amount out, or the amount in for exact out.

        Raises:
            RpcError: it refuses.
        """
        first = self.rpc.view(self.quote_view(route, amount, exact_out=exact_out))[0][0]
        return answer(first, exact_out=exact_out)

    # -- swaps

    def trade(
        self,
        route: Route,
        amount: int,
        *,
        exact_out: bool = False,
        native: bool = False,
        account: str | None = None,
    ) -> Trade:
        """Swap through the router, in a block of its own.

        Args:
            route: Through pools of one kind.
            amount: Raw units of the first token, or of the last for exact out.
            exact_out: Whether `amount` is what is to come out.
            native: Pay, or be paid, in the native token where the route begins or ends at WETH.
            account: Who; by default `trader`.

        Raises:
            RuntimeError: it reverted.
        """
        who = account or self.trader
        ends = (route.token_in, route.token_out)
        before = self._held(ends, who, native)
        prepare = self._swap_v2 if _kind(route) == "v2" else self._swap_v3
        to, signature, args, value = prepare(route, amount, exact_out, native, who)
        receipt = self.node.transact(who, to, signature, *args, value=value)
        after = self._held(ends, who, native)
        gas_used = int(receipt["gasUsed"], 16)
        burned = gas_used * int(receipt["effectiveGasPrice"], 16)
        spent, got = before[0] - after[0], after[1] - before[1]
        if native:
            # The fee leaves the same balance as the native token that is traded.
            spent -= burned * (ends[0].key == "weth")
            got += burned * (ends[1].key == "weth")
        return Trade(spent, got, gas_used, receipt)

    def rehearse(
        self,
        route: Route,
        amount: int,
        *,
        exact_out: bool = False,
        native: bool = False,
        account: str | None = None,
    ) -> Trade:
        """What `trade` would do, first in the next block; done, and taken back."""
        with self.taken_back():
            return self.trade(route, amount, exact_out=exact_out, native=native, account=account)

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """Whatever happens on chain inside is undone at the end."""
        mark = self.node.snapshot()
        try:
            yield
        finally:
            self.node.revert(mark)

    def give(self, token: Token, account: str, amount: int) -> None:
        """Raw units, from the trader."""
        self.node.transact(self.trader, token.address, "transfer(address,uint256)", account, amount)

    def approve(self, token: Token, account: str) -> int:
        """Let both routers spend an account's tokens; gas of one approval."""
        receipts = [
            self.node.transact(
                account, token.address, "approve(address,uint256)", router, MAX_UINT256
            )
            for router in (self.addresses.router_v2, self.addresses.router_v3)
        ]
        return int(receipts[0]["gasUsed"], 16)

    def set_feed(self, key: str, answer: int) -> None:
        """A new round of a feed, answered in the next block."""
        self.node.transact(self.deployer, self.addresses.feeds[key], "set(int256)", answer)

    def set_feed_round(
        self, key: str, *, answer: int, updated_at: int, started_at: int = 0, number: int = 1_000
    ) -> None:
        """A round with whatever times; a sequencer feed tells since when by `started_at`."""
        self.node.transact(
            self.deployer,
            self.addresses.feeds[key],
            "setRound((uint80,int256,uint256,uint256,uint80))",
            (number, answer, started_at or updated_at, updated_at, number),
        )

    def set_l1_prices(
        self,
        *,
        base_fee: int,
        blob_base_fee: int,
        base_fee_scalar: int,
        blob_base_fee_scalar: int,
        operator_fee_scalar: int = 0,
        operator_fee_constant: int = 0,
    ) -> None:
        """What an OP-stack chain says of L1, at the address where it says it."""
        self.node.transact(
            self.deployer,
            self.addresses.l1_block,
            "set(uint256,uint256,uint32,uint32,uint32,uint64)",
            base_fee,
            blob_base_fee,
            base_fee_scalar,
            blob_base_fee_scalar,
            operator_fee_scalar,
            operator_fee_constant,
        )

    # -- inside

    def _held(self, tokens: Sequence[Token], account: str, native: bool) -> list[int]:
        requests: list[tuple[str, tuple[Any, ...]]] = []
        for token in tokens:
            if native and token.key == "weth":
                requests.append(("eth_getBalance", (account, "latest")))
            else:
                view = View(token.address, "balanceOf(address)", "(uint256)", (account,))
                requests.append(("eth_call", (view.request, "latest")))
        return [int(held, 16) for held in self.rpc.batch(requests)]

    def _swap_v2(
        self, route: Route, amount: int, exact_out: bool, native: bool, who: str
    ) -> tuple[str, str, tuple[Any, ...], int]:
        path = [token.address for token in route.tokens]
        most = self.quote(route, amount, exact_out=True) if exact_out else amount
        pays = native and route.token_in.key == "weth"
        paid = native and route.token_out.key == "weth"
        start = "ETH" if pays else "Tokens"
        end = "ETH" if paid else "Tokens"
        tail: tuple[Any, ...] = (path, who, _DEADLINE)
        to = self.addresses.router_v2
        if exact_out:
            if pays:
                name = "swapETHForExactTokens(uint256,address[],address,uint256)"
                return to, name, (amount, *tail), most
            name = f"swapTokensForExact{end}(uint256,uint256,address[],address,uint256)"
            return to, name, (amount, most, *tail), 0
        if pays:
            name = "swapExactETHForTokens(uint256,address[],address,uint256)"
            return to, name, (0, *tail), amount
        name = f"swapExact{start}For{end}(uint256,uint256,address[],address,uint256)"
        return to, name, (amount, 0, *tail), 0

    def _swap_v3(
        self, route: Route, amount: int, exact_out: bool, native: bool, who: str
    ) -> tuple[str, str, tuple[Any, ...], int]:
        most = self.quote(route, amount, exact_out=True) if exact_out else 0
        pays = native and route.token_in.key == "weth"
        paid = native and route.token_out.key == "weth"
        # What is to be unwrapped the router keeps for the call after the swap.
        recipient = _ROUTER_ITSELF if paid else who
        limits = (_DEADLINE, amount, most)
        if len(route.pools) > 1:
            name = _V3_PATH_OUT if exact_out else _V3_PATH
            order: tuple[Any, ...] = (route.path(reverse=exact_out), recipient, *limits)
        else:
            name = _V3_ONE_OUT if exact_out else _V3_ONE
            ends = (route.token_in.address, route.token_out.address, route.pools[0].fee_ppm)
            order = (*ends, recipient, *limits, 0)
        value = (most if exact_out else amount) if pays else 0
        if paid:
            calls = [calldata(name, order), calldata("unwrapWETH9(uint256,address)", 0, who)]
            packed = [bytes.fromhex(call[2:]) for call in calls]
            return self.addresses.router_v3, "multicall(bytes[])", (packed,), value
        return self.addresses.router_v3, name, (order,), value


def answer(first: Any, *, exact_out: bool) -> int:
    """The amount in what a `quote_view` returned first."""
    if isinstance(first, int):
        return first
    amount: int = first[0 if exact_out else -1]
    return amount


def _kind(route: Route) -> str:
    kinds = {pool.kind for pool in route.pools}
    if len(kinds) != 1:
        msg = f"the routers here take pools of one kind, not {sorted(kinds)}"
        raise ValueError(msg)
    return kinds.pop()
