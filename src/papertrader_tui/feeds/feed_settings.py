"""How often and how long price sources are asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """How often and how long sources are asked, in seconds.

    Attributes:
        ttl: Between two cycles, and how long a price is served from the cache; 5 to 300.
        patience: A source that takes longer is not waited for; its answer counts when it comes.
        deadline: A request that takes longer has failed, and a cycle ends.

    Raises:
        ValueError: one of them is out of range.
    """

    ttl: float = 30.0
    patience: float = 3.0
    deadline: float = 10.0

    def __post_init__(self) -> None:
        if not 5 <= self.ttl <= 300:
            msg = f"price cache time {self.ttl:g} s is out of range; give 5 to 300 seconds"
            raise ValueError(msg)
        if not 0 < self.patience <= self.deadline:
            msg = (
                f"patience {self.patience:g} s must lie between 0 and deadline {self.deadline:g} s"
            )
            raise ValueError(msg)
