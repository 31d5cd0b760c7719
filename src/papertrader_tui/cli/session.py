"""`papertrader` and `papertrader headless`: one desk behind one of the two front ends."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from papertrader_tui import config
from papertrader_tui.cli.parser import flags
from papertrader_tui.domain.commands import MarkAccount
from papertrader_tui.launch import Launch, data_dir, file_of

if TYPE_CHECKING:
    from papertrader_tui.domain.performance import Report
    from papertrader_tui.ports import Judge


def run(arguments: argparse.Namespace) -> int:
    """Run the console, or the log where that was asked for or there is no terminal."""
    headless = arguments.command == "headless"
    if not headless:
        # Textual reads from the first and draws on the last.
        streams = {"stdin": sys.stdin, "stdout": sys.stdout, "stderr": sys.stderr}
        missing = [name for name, stream in streams.items() if not stream.isatty()]
        if missing:
            named = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
            what = f"{named} {'is' if len(missing) == 1 else 'are'} no terminal"
            print(f"papertrader: {what}, so this runs headless", file=sys.stderr)
            headless = True
    loaded = config.load(config=getattr(arguments, "config", None), flags=flags(arguments))
    tape = getattr(arguments, "tape", None)
    launch = Launch(
        headless=headless,
        tape=None if tape is None else Path(tape).expanduser(),
        zone=getattr(arguments, "zone", None),
        stamp=getattr(arguments, "stamp", "start"),
        symbol=getattr(arguments, "symbol", None),
        span=getattr(arguments, "span", None),
        level=getattr(arguments, "level", None),
        bot=getattr(arguments, "bot", None),
        gates=getattr(arguments, "gates", None),
        wait=getattr(arguments, "wait", False),
    )
    if headless:
        return asyncio.run(_headless(loaded, launch, arguments))
    # Read by Textual as it is imported; twice its frame rate halves the time from key to screen.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    return asyncio.run(_console(loaded, launch))


async def _headless(loaded: config.Loaded, launch: Launch, arguments: argparse.Namespace) -> int:
    from papertrader_tui.bootstrap import open_desk
    from papertrader_tui.headless import HeadlessOptions, run_headless

    async with open_desk(loaded, launch) as opened:
        options = HeadlessOptions(
            style=arguments.format,
            every_price=getattr(arguments, "every_price", False),
            tags=arguments.tags,
            symbols=opened.symbols,
            commands=launch.commands,
            narration=opened.narration,
            closing=opened.closing,
            span=launch.span,
            live=sys.stderr.isatty() and not sys.stdout.isatty(),
        )
        return await run_headless(opened.kernel, options, sys.stdout, sys.stderr)


async def _console(loaded: config.Loaded, launch: Launch) -> int:
    from papertrader_tui.switchboard import open_console
    from papertrader_tui.tui.app import PapertraderApp
    from papertrader_tui.tui.settings import UiSettings

    ui = loaded.settings.ui
    settings = UiSettings(theme=ui.theme, reduce_motion=ui.reduce_motion, keys=ui.keys)
    async with open_console(loaded, launch) as console:
        app = PapertraderApp(
            console.desk,
            settings,
            retry=console.retry,
            search=console.search,
            judge=_judge(loaded),
        )
        starts = [asyncio.ensure_future(console.desk.submit(c)) for c in launch.commands]
        try:
            await app.run_async()
            if app.failure is None:
                await console.desk.finish(MarkAccount())
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
        for sentence in console.closing():
            print(f"papertrader: {sentence}", file=sys.stderr)
        return app.return_code or 0


def _judge(loaded: config.Loaded) -> Judge:
    """Reads an account's file, in a thread, beside the desk that writes it."""

    async def judge(account: str) -> Report:
        from papertrader_tui.store import performance

        path = file_of(data_dir(loaded), account)
        return (await asyncio.to_thread(performance.judge, path)).report

    return judge
