"""When an order lands: some blocks later, drawn from the account's seed."""

from __future__ import annotations

from hashlib import blake2b

from papertrader_tui.domain.tokens import Chain

#: An order waits for one to three blocks, each as likely.
BLOCKS = (1, 2, 3)


def lands_at(chain: Chain, seed: int, order_id: str, attempt: int, now: int) -> int:
    """The time of the block that an order sent now lands in, in market milliseconds.

    The draw is a hash of seed, order and attempt: repeatable, and no generator whose state would
    have to be kept.
    """
    digest = blake2b(f"{seed}:{order_id}:{attempt}".encode(), digest_size=4).digest()
    blocks = BLOCKS[int.from_bytes(digest) % len(BLOCKS)]
    return (now // chain.block_ms + blocks) * chain.block_ms
