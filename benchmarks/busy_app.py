"""The console on a busy market, through the real kernel, desk, account file and application.

Run as a program in a terminal: `python -m benchmarks.busy_app FOLDER [TOKENS [HERTZ]]`; it writes
what it measured of itself to FOLDER/measured.json as it ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from decimal import Decimal
from pathlib import Path

from benchmarks.busy_market import BusyMarket
from benchmarks.desks import new_kernel
from benchmarks.stopwatch import Stopwatch
from papertrader_tui.domain.commands import SetLevel, SwitchBot
from papertrader_tui.engine.candles import CandleBook
from papertrader_tui.tui.app import PapertraderApp

LEVEL = 7


async def run(folder: Path, tokens: int, rate: float) -> None:
    """Show the console until it is left."""
    market = BusyMarket(tokens, rate)
    stopwatch = Stopwatch(lambda: market.cursor)
    async with new_kernel(folder, market, CandleBook(), cash=Decimal(100_000)) as kernel:
        app = PapertraderApp(kernel)
        starts = [
            asyncio.ensure_future(kernel.submit(c)) for c in (SetLevel(LEVEL), SwitchBot(True))
        ]
        stopwatch.begin()
        await app.run_async()
        measured = stopwatch.plain()
        await asyncio.gather(*starts)
        totals = kernel.snapshot().totals
        measured |= {"decisions": totals.decisions, "reconciled": totals.reconciled}
    (folder / "measured.json").write_text(json.dumps(measured))


if __name__ == "__main__":
    asyncio.run(
        run(
            Path(sys.argv[1]),
            int(sys.argv[2]) if len(sys.argv) > 2 else 100,
            float(sys.argv[3]) if len(sys.argv) > 3 else 10.0,
        )
    )
