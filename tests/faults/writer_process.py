"""Writes facts for ever and says which are stored; killed by test_store_kill."""

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

from papertrader_tui.domain.orders import Side
from papertrader_tui.store.journal import SqliteJournal
from papertrader_tui.store.load import load
from papertrader_tui.store.lock import AccountLock
from tests.unit.store.helpers import WETH, Story


async def main(path: Path) -> None:
    lock = AccountLock(path)
    story = Story()
    with load(path) as loaded:
        for event in loaded.events():
            story.add(event)
        story.time = loaded.checkpoint.time if loaded.checkpoint else story.time
    journal = await SqliteJournal.open(path)
    if not story.events:
        story.open()
    done = 0 if story.account.seq == 1 else len(story.events)
    while True:
        order = story.order(Side.BUY, Decimal(10))
        story.fill(order, Decimal("0.001"), Decimal(2000))
        story.decide()
        story.mark()
        await journal.record([(WETH, story.time, Decimal(2000), 1.0)])
        await journal.append(
            story.events[done:],
            inputs=[],
            checkpoint=str(story.account.seq),
            cursor=story.account.seq,
            durable=True,
        )
        done = len(story.events)
        print(story.account.seq, flush=True)
    lock.release()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
