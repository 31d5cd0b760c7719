"""Many reads of contracts in one request, at one block (Multicall3's aggregate3)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from papertrader_tui.chain.abi import BadAnswer, decode_aggregate3, encode_aggregate3
from papertrader_tui.chain.errors import Fault, RpcError
from papertrader_tui.chain.rpc import Rpc

#: Most calls in one request, and the gas that they may use in all: public nodes stop an eth_call
#: at 50 million, some at less.
CALLS: Final = 500
GAS: Final = 20_000_000
#: Units of gas that one call is taken to use unless it says otherwise.
CALL_GAS: Final = 30_000
#: Requests under way at a time.
TOGETHER: Final = 3


@dataclass(frozen=True, slots=True)
class Call:
    """One read.

    Attributes:
        target: Address of the contract.
        data: Selector and arguments.
        gas: Units that it is expected to use, to cut batches by.
    """

    target: str
    data: bytes
    gas: int = CALL_GAS


class Multicall:
    """Reads contracts of one chain.

    Args:
        rpc: The nodes that are asked.
        address: Of the Multicall3 contract.
    """

    def __init__(self, rpc: Rpc, address: str) -> None:
        self.rpc = rpc
        self.address = address

    async def read(self, calls: Sequence[Call], block: int | str = "latest") -> list[bytes | None]:
        """What each call answers at a block.

        An address without code answers `b""`, as in a plain eth_call: that is no failure.

        Args:
            calls: Any number; cut by count and by gas, and further where a node finds it too much.
            block: Its number, so that all are of one state; or `latest`.

        Returns:
            In the order of the calls; None where that call failed (it reverted).

        Raises:
            RpcError: no node answered, or what answered is no Multicall3.
            ValueError: a target is no address.
        """
        chunks = list(_chunks(calls))
        turn = asyncio.Semaphore(TOGETHER)

        async def one(chunk: Sequence[Call]) -> list[bytes | None]:
            async with turn:
                return await self._chunk(chunk, block)

        if len(chunks) <= 1:
            return await self._chunk(calls, block) if calls else []
        tasks = [asyncio.create_task(one(chunk)) for chunk in chunks]
        try:
            return [answer for answers in await asyncio.gather(*tasks) for answer in answers]
        finally:
            for task in tasks:
                task.cancel()

    async def _chunk(self, calls: Sequence[Call], block: int | str) -> list[bytes | None]:
        data = encode_aggregate3([(call.target, call.data) for call in calls])
        try:
            answer = await eth_call(self.rpc, self.address, data, block)
        except RpcError as error:
            if len(calls) == 1 or error.fault not in (Fault.TOO_MUCH, Fault.REVERTED):
                raise
            # one call that eats all the gas fails the others with it: halves find it
            middle = len(calls) // 2
            first = await self._chunk(calls[:middle], block)
            return first + await self._chunk(calls[middle:], block)
        if not answer:
            message = f"{self.rpc.chain}: no Multicall3 at {self.address} at block {block}"
            raise RpcError(Fault.REFUSED, f"{message}; set multicall3 in [chain.{self.rpc.chain}]")
        try:
            return decode_aggregate3(answer, len(calls))
        except BadAnswer as error:
            message = f"{self.rpc.chain}: {self.address} is no Multicall3: {error}"
            raise RpcError(Fault.GARBAGE, message) from None


async def eth_call(
    rpc: Rpc,
    target: str,
    data: bytes,
    block: int | str = "latest",
    *,
    sender: str = "",
    overrides: dict[str, object] | None = None,
) -> bytes:
    """What one call answers at a block; `b""` where there is no contract.

    `sender` is who calls, "" for the zero address. `overrides` is state by address, as geth's third
    parameter of eth_call has it; not every node takes it (`Fault.REFUSED`, `Fault.UNSUPPORTED`).

    Raises:
        RpcError: it reverted (with its data), or no node answered.
    """
    number = block if isinstance(block, int) else None
    asked: dict[str, object] = {"to": target, "data": "0x" + data.hex()}
    if sender:
        asked["from"] = sender
    at = block if isinstance(block, str) else hex(block)
    params = [asked, at] if overrides is None else [asked, at, overrides]
    answer = await rpc.request("eth_call", params, block=number)
    try:
        return bytes.fromhex(str(answer).removeprefix("0x"))
    except ValueError:
        message = f"{rpc.chain}: an answer to eth_call that is not hexadecimal"
        raise RpcError(Fault.GARBAGE, message) from None


def _chunks(calls: Sequence[Call]) -> list[Sequence[Call]]:
    found: list[Sequence[Call]] = []
    begin = gas = 0
    for index, call in enumerate(calls):
        if index > begin and (index - begin >= CALLS or gas + call.gas > GAS):
            found.append(calls[begin:index])
            begin, gas = index, 0
        gas += call.gas
    if begin < len(calls):
        found.append(calls[begin:])
    return found
