"""Everything that is read of one chain: its blocks, contracts, fees, and the dollar."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from papertrader_tui.chain.chainlink import (
    Feed,
    FeedFacts,
    fact_calls,
    feed_facts,
    read_round,
    round_call,
    sequencer_fault,
)
from papertrader_tui.chain.erc20 import disagreement, read_metadata
from papertrader_tui.chain.errors import RpcError
from papertrader_tui.chain.fees import FeeReader, block_in, tips, usual_tip
from papertrader_tui.chain.head import Head
from papertrader_tui.chain.multicall import Call, Multicall, eth_call
from papertrader_tui.chain.watch import BlockRead
from papertrader_tui.domain.money import ONE
from papertrader_tui.domain.tokens import Token


class ChainReader:
    """`chain.watch.ChainReads` over the nodes of a chain.

    Args:
        multicall: Of the chain.
        fees: How its fees are read.
        cash_feed: Who tells dollars per USDC; None on a chain that has no such feed: there
            everything is priced in USDC, which is what an account counts in.
        sequencer_feed: Address of the chain's uptime feed, "" if it has none.
    """

    def __init__(
        self,
        multicall: Multicall,
        fees: FeeReader,
        cash_feed: Feed | None = None,
        sequencer_feed: str = "",
    ) -> None:
        self._multicall, self._rpc = multicall, multicall.rpc
        self._fees, self._feed, self._sequencer = fees, cash_feed, sequencer_feed
        self._facts: FeedFacts | None = None
        self._tip = 0

    async def head(self, block: int | str = "latest") -> Head | None:
        """A block's header; None where there is no such block.

        Raises:
            RpcError: no node answered, or every one is behind.
        """
        if isinstance(block, str):
            return await self._rpc.head()
        answer = await self._rpc.request("eth_getBlockByNumber", [hex(block), False], block=block)
        return None if answer is None else block_in(self._rpc.chain, answer, block)

    async def read(self, calls: Sequence[Call], block: int | str) -> list[bytes | None]:
        """Many contract reads at one block; see `Multicall.read`."""
        return await self._multicall.read(calls, block)

    async def disagreement(self, token: Token, block: int) -> str:
        """Why amounts of a token cannot be counted, by its own contract; "" if they can.

        ERC-20 leaves decimals() to the contract: one that has none contradicts nothing that is
        known here. One that answers what cannot be does.
        """
        said = (await read_metadata(self._multicall, [token.address], block))[token.address]
        return "" if said.silent else disagreement(token, said)

    async def call(
        self, target: str, data: bytes, block: int, overrides: dict[str, object]
    ) -> bytes:
        """One call with some contracts replaced; see `chain.multicall.eth_call`."""
        return await eth_call(self._rpc, target, data, block, overrides=overrides)

    async def block(self, head: Head, calls: Sequence[Call]) -> BlockRead:
        """Reads at the end of a block with its fees and its dollar: one batch, one fee history.

        Raises:
            RpcError: no node answered.
        """
        fee_calls, feed_calls = self._fees.calls(), self._feed_calls()
        asked = [*calls, *fee_calls, *feed_calls]
        answers, history = await asyncio.gather(
            self._multicall.read(asked, head.number), self._history(head.number)
        )
        own, rest = answers[: len(calls)], answers[len(calls) :]
        told = rest[: len(fee_calls)]
        fees = self._fees.fees(head, history, told, self._tip)
        return BlockRead(own, fees, self._dollars(head, rest[len(fee_calls) :]))

    async def _history(self, block: int) -> object:
        ((method, params),) = self._fees.requests(block)
        try:
            history = await self._rpc.request(method, params, block=block)
        except RpcError:
            history = {}  # not every node keeps one; the header tells the base fee all the same
        if not (isinstance(history, dict) and tips(history)) and not self._tip:
            self._tip = await usual_tip(self._multicall)
        return history

    def _feed_calls(self) -> list[Call]:
        if self._feed is None:
            return []
        calls = [round_call(self._feed.address)]
        if self._sequencer:
            calls.append(round_call(self._sequencer))
        return calls if self._facts is not None else [*calls, *fact_calls(self._feed)]

    def _dollars(self, head: Head, answers: Sequence[bytes | None]) -> tuple[Decimal | None, str]:
        if self._feed is None:
            return ONE, ""
        latest, *rest = answers
        down = sequencer_fault(rest.pop(0), head.time) if self._sequencer else ""
        facts = self._facts or feed_facts(self._feed, *rest)
        if facts.decimals is not None:
            self._facts = facts
        reading = read_round(self._feed, facts, latest, head.time, down)
        return reading.usable, reading.fault
