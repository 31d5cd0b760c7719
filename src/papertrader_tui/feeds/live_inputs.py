"""A trusted price as inputs of the desk: price, trust, depth, gas."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from papertrader_tui.domain.market import MINUTE, Depth, Gas, Quote, Trust
from papertrader_tui.domain.tokens import Registry, Token, TokenId
from papertrader_tui.feeds.sources.ids import listing
from papertrader_tui.feeds.trusted import Trusted

#: Milliseconds between two prices of gas of one chain.
GAS_EVERY = MINUTE


def source_text(source: str, token: Token) -> str:
    """Whose price it is; a testnet token has none of its own: `WETH·ethereum by coingecko`."""
    place = listing(token)
    if not source or place is None or not place.priced_as:
        return source
    return f"{token.symbol}·{place.chain} by {source}"


def quote_of(trusted: Trusted, token: Token, time: int) -> Quote:
    """The price itself, dated when it was observed."""
    price = trusted.price
    return Quote(
        token.id, time, price, float(price), source_text(trusted.source, token),
        fetched=trusted.fetched, block=trusted.block,
    )  # fmt: skip


def trust_of(trusted: Trusted, token: Token, now: int) -> Trust:
    """How far it goes."""
    return Trust(
        token.id, now, trusted.fault, trusted.witnesses, trusted.stale_at, trusted.exit_price,
        source_text(trusted.exit_source, token), trusted.note, float(trusted.spread),
    )  # fmt: skip


def depth_of(trusted: Trusted, token: Token, now: int) -> Depth | None:
    """How deep its deepest pool is; None where no source told."""
    if trusted.depth is None:
        return None
    answer = trusted.depth.answer
    if answer.liquidity is None:
        return None
    volume = -1.0 if answer.volume_24h is None else float(answer.volume_24h)
    fee = token.fee_bps if answer.fee_bps is None else answer.fee_bps
    return Depth(
        token.id, now, answer.liquidity, volume, fee, source_text(trusted.depth.source, token)
    )  # fmt: skip


class GasBoard:
    """Gas prices of the chains in use, with the live price of what gas is paid in.

    Until a node has told a chain's, they are the bundled ones.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._chains: set[str] = set()
        self._natives: dict[TokenId, str] = {}
        self._usd: dict[str, Decimal] = {}
        self._told: dict[str, int] = {}
        self._node: dict[str, Gas] = {}

    def watch(self, chain: str) -> None:
        """A token of this chain is followed."""
        if chain not in self._chains:
            self._chains.add(chain)
            self._natives[self._registry.chains[chain].wrapped_native] = chain

    def all(self, now: int) -> Iterator[Gas]:
        """Every chain in use, as far as it is known."""
        for chain in sorted(self._chains):
            yield self._gas(chain, now)

    def heard(self, trusted: Trusted, now: int) -> Gas | None:
        """The gas of the chain whose native token this is, if that is news."""
        chain = self._natives.get(trusted.token)
        if chain is None or trusted.fault or self._usd.get(chain) == trusted.price:
            return None
        if now - self._told.get(chain, now - GAS_EVERY) < GAS_EVERY:
            return None
        self._usd[chain] = trusted.price
        self._told[chain] = now
        return self._gas(chain, now)

    def told(self, gas: Gas) -> Gas:
        """What a node said, with the live price of the native token where there is one."""
        self._node[gas.chain] = gas
        return self._gas(gas.chain, gas.time)

    def _gas(self, chain: str, now: int) -> Gas:
        facts = self._registry.chains[chain]
        usd = self._usd.get(chain)
        node = self._node.get(chain)
        if node is not None:
            # dated when the node said it, so that it is not taken for a newer block
            return Gas(
                chain, node.time, node.price_wei, node.l1_fee_wei,
                node.native_usd if usd is None else usd, node.source, node.fees,
            )  # fmt: skip
        source = f"bundled gas, {'bundled' if usd is None else 'live'} native price"
        return Gas(
            chain, now, facts.gas_price_wei, facts.l1_fee_wei,
            facts.native_usd if usd is None else usd, source,
        )  # fmt: skip
