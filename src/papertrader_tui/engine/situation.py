"""What of the desk its parts look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from papertrader_tui.bot.tokenmarket import TokenMarket
from papertrader_tui.domain import events as ev
from papertrader_tui.domain.account import Account
from papertrader_tui.domain.gates import Gates
from papertrader_tui.domain.market import Gas
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.intel.levels import Profile
from papertrader_tui.simulator.pools import PoolBook

Emit = Callable[[ev.Event], None]


class Situation(Protocol):
    """What of the desk the order desk looks at."""

    account: Account
    gates: Gates
    profile: Profile
    pools: PoolBook
    stale_after: int
    now: int

    @property
    def markets(self) -> Mapping[TokenId, TokenMarket]:
        """What is known of each token's market."""
        ...

    @property
    def gas(self) -> Mapping[str, Gas]:
        """The last gas price of each chain."""
        ...
