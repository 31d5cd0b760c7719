"""What the chains said since the desk last asked, and news of what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from papertrader_tui.domain import events as ev
from papertrader_tui.domain.market import SECOND, Gas, MarketInput
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds.chains import Chains
from papertrader_tui.feeds.live_inputs import GasBoard

#: Milliseconds that a chain may be silent before it is said.
PATIENCE_MS = 15 * SECOND


class ChainInbox:
    """Keeps what the chains tell, in order, until the desk is free for it.

    Args:
        chains: None where no chain is watched.
        gas: Knows the live price of what gas is paid in.
        wake: Called when there is something.
    """

    def __init__(self, chains: Chains | None, gas: GasBoard, wake: Callable[[], None]) -> None:
        self._chains, self._gas, self._wake = chains, gas, wake
        self._said: list[MarketInput] = []
        self._since: dict[str, int] = {}
        self._told: set[str] = set()
        if chains is not None:
            chains.subscribe(self._hear)

    def __bool__(self) -> bool:
        return bool(self._said)

    def follow(self, tokens: Iterable[Token]) -> None:
        """Watch the pools of these too."""
        if self._chains is not None:
            self._chains.follow(tokens)

    def land(self, token: TokenId, block: int) -> None:
        """Tell what an order lands on that is the first transaction of a block."""
        if self._chains is not None:
            self._chains.land(token, block)

    def start(self) -> None:
        """Begin to watch, if that has not begun."""
        if self._chains is not None:
            self._chains.start()

    def take(self) -> list[MarketInput]:
        """What was said since the last call."""
        said, self._said = self._said, []
        return [self._gas.told(item) if isinstance(item, Gas) else item for item in said]

    def news(self, now: int) -> Sequence[ev.Event]:
        """Faults that have lasted, each once, and once when they are over.

        They are no facts of an account: their sequence number is 0.
        """
        faults = {} if self._chains is None else self._chains.faults()
        self._since = {chain: self._since.get(chain, now) for chain in faults}
        found: list[ev.Event] = []
        for chain, fault in faults.items():
            if chain not in self._told and now - self._since[chain] >= PATIENCE_MS:
                self._told.add(chain)
                found.append(ev.Alerted(0, now, "warning", fault))
        for chain in sorted(self._told - faults.keys()):
            self._told.discard(chain)
            found.append(ev.Alerted(0, now, "info", f"{chain} answers again"))
        return found

    def _hear(self, items: Sequence[MarketInput]) -> None:
        self._said += items
        self._wake()
