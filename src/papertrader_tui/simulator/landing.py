"""When an order lands: some blocks later, drawn from the account's seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from papertrader_tui.domain.tokens import Chain

#: An order waits for one to three blocks, each as likely.
BLOCKS = (1, 2, 3)
#: The same by gas strategy, where a node tells what others pay: who pays more waits less.
BLOCKS_BY_STRATEGY: Mapping[str, Sequence[int]] = {
    "minimal": (2, 3, 4, 5),
    "low": (1, 2, 3, 4),
    "standard": BLOCKS,
    "adaptive": BLOCKS,
    "aggressive": (1, 2),
    "ultra": (1,),
}

#: Blocks are taken to have been made since a node last told of one, for so many milliseconds:
#: after that the chain is silent, or makes them only when something is sent.
MOST_UNSEEN_MS = 60_000


def wait(seed: int, order_id: str, attempt: int, choices: Sequence[int] = BLOCKS) -> int:
    """How many blocks an order waits.

    The draw is a hash of seed, order and attempt: repeatable, and no generator whose state would
    have to be kept.
    """
    digest = blake2b(f"{seed}:{order_id}:{attempt}".encode(), digest_size=4).digest()
    return choices[int.from_bytes(digest) % len(choices)]


def lands_at(chain: Chain, blocks: int, now: int) -> int:
    """The time of the block so many from now on, in market milliseconds."""
    return (now // chain.block_ms + blocks) * chain.block_ms
