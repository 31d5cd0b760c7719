"""What the live market asks of the chains; `chain` answers it, and tests do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from papertrader_tui.domain.market import MarketInput
from papertrader_tui.domain.tokens import Token, TokenId

ChainListener = Callable[[Sequence[MarketInput]], None]


class Chains(Protocol):
    """Watches the chains of followed tokens, block by block.

    With every new block that it sees it tells its listeners, in one batch: for pools of followed
    tokens whose state changed `PoolTicks` (where they changed) and then `PairState` or
    `ConcentratedState` at the end of that block, then the chain's `Gas` with `fees`. A `Route`
    comes once, before its pools' first state, and again when it changes.
    """

    def follow(self, tokens: Iterable[Token]) -> None:
        """Find the pools of these too, and watch them."""
        ...

    def land(self, token: TokenId, block: int) -> None:
        """An order on this token is the first transaction of `block`.

        As soon as that block exists the listeners are told, in one batch: the token's ticks and
        pool states at the end of `block` - 1, then `Gas` whose fees are of `block` itself.
        Only after that come newer states of those pools.
        """
        ...

    def subscribe(self, listener: ChainListener) -> Callable[[], None]:
        """Tell `listener` what is new, in order; returns unsubscribe."""
        ...

    def faults(self) -> Mapping[str, str]:
        """What is wrong now, a sentence for each chain: no node answers, a stale head."""
        ...

    def start(self) -> None:
        """Begin to watch; faults of nodes are survived until `close`."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...
