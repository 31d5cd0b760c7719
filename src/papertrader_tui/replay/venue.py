"""What trading costs in a replay: all of it, or nothing. An object that is plugged in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from papertrader_tui.domain.market import Depth, Gas, MarketInput
from papertrader_tui.domain.tokens import Registry
from papertrader_tui.simulator.costs import Pricing, free_pricer, pricer_for

_NO_FEE = Decimal(0)


class Venue(Protocol):
    """Where swaps are made, and what that costs.

    Attributes:
        pricing: What prices swaps.
    """

    pricing: Pricing

    def registry(self, registry: Registry) -> Registry:
        """Chains and tokens with what gas and LP fees usually are here."""
        ...

    def inputs(self, inputs: Iterable[MarketInput]) -> Iterator[MarketInput]:
        """What the market says, as it is here."""
        ...


class UsualVenue:
    """LP fee, impact and gas as everywhere else in papertrader."""

    pricing: Pricing = staticmethod(pricer_for)

    def registry(self, registry: Registry) -> Registry:
        """The same."""
        return registry

    def inputs(self, inputs: Iterable[MarketInput]) -> Iterator[MarketInput]:
        """The same."""
        return iter(inputs)


class FreeVenue:
    """No LP fee, no impact, no gas, and the bot knows it: what is left is what prices did.

    Depth stays what it is: the bot's risk and its sizes go by it.
    """

    pricing: Pricing = staticmethod(free_pricer)

    def registry(self, registry: Registry) -> Registry:
        """Chains without gas, tokens without LP fees."""
        chains = {
            key: replace(chain, gas_price_wei=0, l1_fee_wei=0)
            for key, chain in registry.chains.items()
        }
        tokens = [replace(token, fee_bps=_NO_FEE) for token in registry.tokens.values()]
        return Registry(chains).with_tokens(tokens)

    def inputs(self, inputs: Iterable[MarketInput]) -> Iterator[MarketInput]:
        """Gas at a price of nothing, pools without a fee."""
        for item in inputs:
            if type(item) is Gas:
                yield Gas(item.chain, item.time, 0, 0, item.native_usd, "none")
            elif type(item) is Depth:
                yield Depth(
                    item.token, item.time, item.liquidity, item.volume_24h, _NO_FEE, item.source
                )
            else:
                yield item


VENUES: dict[str, Venue] = {"full": UsualVenue(), "none": FreeVenue()}
