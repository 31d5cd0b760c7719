"""What a chain charges after a block: base fees, tips, and the L1 prices of an OP-stack chain.

Sources: EIP-1559; execution-apis, eth_feeHistory; OP-stack specification, "L1Block" and
"GasPriceOracle" (Ecotone, Fjord, Isthmus, Jovian).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from papertrader_tui.chain import abi
from papertrader_tui.chain.errors import Fault, RpcError
from papertrader_tui.chain.head import Head, head_of, quantity
from papertrader_tui.chain.multicall import Call, Multicall
from papertrader_tui.domain.chain_fees import TIP_PERCENTILES, ChainFees, L1Prices
from papertrader_tui.simulator.base_fee import ETHEREUM, next_base_fee, rule_of_extra_data

#: Kinds of fee market (`kind` in a chain's `gas_oracle`). `eip-1559` has Ethereum's rule,
#: `op-stack` the rule in its headers; `arbitrum` and `fee-history` one that only nodes know.
EIP_1559: Final = "eip-1559"
OP_STACK: Final = "op-stack"
ARBITRUM: Final = "arbitrum"
FEE_HISTORY: Final = "fee-history"
KINDS: Final = (EIP_1559, OP_STACK, ARBITRUM, FEE_HISTORY)

#: Predeploys of every OP-stack chain.
L1_BLOCK: Final = "0x4200000000000000000000000000000000000015"
GAS_PRICE_ORACLE: Final = "0x420000000000000000000000000000000000000f"

#: Blocks that tips are taken from.
BLOCKS: Final = 10
#: More than a million ether for one unit of gas is no fee that any chain charges.
MOST_WEI: Final = 10**24

_PRICES: Final = (
    abi.selector("0x5cf24969"),  # basefee()
    abi.selector("0xf8206140"),  # blobBaseFee()
    abi.selector("0xc5985918"),  # baseFeeScalar()
    abi.selector("0x68d5dca6"),  # blobBaseFeeScalar()
    abi.selector("0x4d5d9a2a"),  # operatorFeeScalar()
    abi.selector("0x16d3bc7f"),  # operatorFeeConstant()
)
_FORKS: Final = (
    abi.selector("0x4ef6e224"),  # isEcotone()
    abi.selector("0x960e3a23"),  # isFjord()
    abi.selector("0xb54501bc"),  # isIsthmus()
    abi.selector("0x105d0b81"),  # isJovian()
)


@dataclass(frozen=True, slots=True)
class FeeReader:
    """How the fees of one chain are read.

    Attributes:
        kind: One of `KINDS`.
    """

    kind: str = EIP_1559
    l1_block: str = L1_BLOCK
    oracle: str = GAS_PRICE_ORACLE

    def calls(self) -> list[Call]:
        """Contract reads that belong to a block's fees, for the multicall of that block."""
        if self.kind != OP_STACK:
            return []
        return [Call(self.l1_block, what) for what in _PRICES] + [
            Call(self.oracle, what) for what in _FORKS
        ]

    def requests(self, block: int) -> list[tuple[str, Sequence[object]]]:
        """Requests to the node that belong to a block's fees: its fee history."""
        return [("eth_feeHistory", [hex(BLOCKS), hex(block), list(TIP_PERCENTILES)])]

    def fees(
        self, head: Head, history: object, answers: Sequence[bytes | None] = (), tip_wei: int = 0
    ) -> ChainFees:
        """The fees at the end of a block.

        Args:
            head: Its header.
            history: The answer to `requests`, or the `RpcError` in its place.
            answers: Those to `calls`.
            tip_wei: A usual tip, for where the history has none.

        Raises:
            RpcError: fees that cannot be.
        """
        told = history if isinstance(history, Mapping) else {}
        l1, rule, jovian = self._l1(answers)
        found = ChainFees(
            block=head.number,
            base_fee_wei=head.base_fee_wei,
            next_base_fee_wei=self._next(head, told, jovian=jovian),
            fullness=head.gas_used / head.gas_limit if head.gas_limit else 0.0,
            tips_wei=tips(told) or (tip_wei,) * len(TIP_PERCENTILES),
            l1=l1,
            l1_rule=rule,
            jovian=jovian,
        )
        charged = [found.base_fee_wei, found.next_base_fee_wei, *found.tips_wei]
        charged += [] if l1 is None else [getattr(l1, name) for name in L1Prices.__slots__]
        if max(charged) > MOST_WEI:
            words = f"fees of {max(charged):.1e} wei at block {head.number} cannot be"
            raise RpcError(Fault.GARBAGE, f"{words}; ask another node")
        return found

    def _next(self, head: Head, history: Mapping[str, Any], *, jovian: bool) -> int:
        predicted = _prediction(history, head.number)
        if self.kind in (EIP_1559, OP_STACK) and head.base_fee_wei and head.gas_limit:
            own = self.kind == OP_STACK
            rule = rule_of_extra_data(head.extra_data) if own else ETHEREUM
            used = max(head.gas_used, head.blob_gas_used) if jovian else head.gas_used
            if head.gas_limit >= rule.elasticity:
                return next_base_fee(head.base_fee_wei, used, head.gas_limit, rule)
        return head.base_fee_wei if predicted is None else predicted

    def _l1(self, answers: Sequence[bytes | None]) -> tuple[L1Prices | None, str, bool]:
        """L1 prices, the rule that they count by, and whether Jovian's; none before Ecotone."""
        if len(answers) != len(_PRICES) + len(_FORKS):
            return None, "", False
        values = [_uint(data) for data in answers]
        base_fee, blob_fee, scalar, blob_scalar, *operator = values[: len(_PRICES)]
        ecotone, fjord, isthmus, jovian = (value == 1 for value in values[len(_PRICES) :])
        if base_fee is None or blob_fee is None or scalar is None or blob_scalar is None:
            return None, "", False
        if not (ecotone or fjord):
            return None, "", False
        charged = operator if isthmus or jovian else (0, 0)
        prices = L1Prices(base_fee, blob_fee, scalar, blob_scalar, charged[0] or 0, charged[1] or 0)
        return prices, "fjord" if fjord else "ecotone", jovian


def fee_reader(facts: Mapping[str, Any]) -> FeeReader:
    """How the fees of a chain are read, by its `gas_oracle` in data/chains.toml."""
    told = facts.get("gas_oracle", {})
    return FeeReader(
        told.get("kind", EIP_1559),
        str(told.get("l1_block", L1_BLOCK)).lower(),
        str(told.get("gas_price_oracle", GAS_PRICE_ORACLE)).lower(),
    )


async def read_fees(reader: FeeReader, multicall: Multicall, block: int | None = None) -> ChainFees:
    """The fees at the end of a block (default: the newest), by themselves.

    Raises:
        RpcError: no node answered, or none has that block.
    """
    rpc = multicall.rpc
    if block is None:
        block = (await rpc.head()).number
    said = await rpc.batch(
        [("eth_getBlockByNumber", [hex(block), False]), *reader.requests(block)], block=block
    )
    head = block_in(rpc.chain, said[0], block)
    answers = await multicall.read(reader.calls(), block)
    tip = 0
    if not (isinstance(said[1], Mapping) and tips(said[1])):
        tip = await usual_tip(multicall)
    return reader.fees(head, said[1], answers, tip)


async def usual_tip(multicall: Multicall) -> int:
    """What the node takes for a usual tip in wei, 0 where it does not say."""
    try:
        return quantity(await multicall.rpc.request("eth_maxPriorityFeePerGas"))
    except (RpcError, ValueError):
        return 0


def block_in(chain: str, answer: object, number: int) -> Head:
    """The header in one answer of a batch.

    Raises:
        RpcError: the node has no such block, or sent something else.
    """
    if isinstance(answer, RpcError):
        raise answer
    try:
        head = head_of(answer)
    except ValueError:
        raise RpcError(Fault.GARBAGE, f"{chain}: block {number} is no block") from None
    if head is None or head.number != number:
        raise RpcError(Fault.UNKNOWN_BLOCK, f"{chain}: no node has block {number}")
    return head


def tips(history: Mapping[str, Any]) -> tuple[int, ...]:
    """Medians over recent blocks of the tips at each percentile, in wei; () where there are none.

    Blocks without transactions say nothing and do not count; forms that are no fee history are
    none.
    """
    rewards, ratios = history.get("reward"), history.get("gasUsedRatio")
    if not isinstance(rewards, list):
        return ()
    empty = _empty(ratios, len(rewards))
    rows: list[list[int]] = []
    for row, nothing in zip(rewards, empty, strict=True):
        if nothing or not isinstance(row, list) or len(row) != len(TIP_PERCENTILES):
            continue
        try:
            rows.append([quantity(one) for one in row])
        except ValueError:
            continue
    if not rows:
        return ()
    return tuple(sorted(statistics.median_low(column) for column in zip(*rows, strict=True)))


def _empty(ratios: object, count: int) -> list[bool]:
    if not isinstance(ratios, list) or len(ratios) != count:
        return [False] * count
    return [ratio == 0 for ratio in ratios]


def _prediction(history: Mapping[str, Any], block: int) -> int | None:
    """The next block's base fee: the history's last entry, if it is the history up to `block`."""
    fees = history.get("baseFeePerGas")
    if not isinstance(fees, list) or len(fees) < 2:
        return None
    try:
        if quantity(history.get("oldestBlock")) + len(fees) - 2 != block:
            return None
        return quantity(fees[-1])
    except ValueError:
        return None


def _uint(data: bytes | None) -> int | None:
    try:
        return abi.uint(data) if data else None
    except abi.BadAnswer:
        return None
