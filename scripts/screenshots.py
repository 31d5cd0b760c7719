"""Makes the pictures in screenshots/ from the real application on the demo market.

The account is new, in a folder of its own that is thrown away: the bot first trades some simulated
hours as fast as possible, then the console opens on that account and a few keys are pressed. Seed
and keys are fixed, so pictures of one version differ by seconds of market time only.

PNGs are drawn by resvg, which `make install` sets up, in the first monospaced font of `FONTS`
that the machine has.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import resvg_py
from rich.cells import cell_len

from papertrader_tui import config
from papertrader_tui.bootstrap import open_desk
from papertrader_tui.domain.market import HOUR
from papertrader_tui.launch import Launch
from papertrader_tui.ports import Desk
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui.app import PapertraderApp
from papertrader_tui.tui.settings import UiSettings

OUT = Path(__file__).resolve().parent.parent / "screenshots"
SEED = "7"
LEVEL = 7
HOURS = 12
FONTS = "JetBrains Mono, Fira Code, DejaVu Sans Mono, Menlo, Consolas, monospace"
CELL = 12.2  # width of a cell in Textual's SVG
_TEXT = re.compile(r'<text ([^>]*?)x="([\d.]+)"([^>]*?) textLength="[\d.]+"([^>]*)>([^<]*)</text>')
_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


@dataclass(frozen=True)
class Shot:
    """One picture: its file name, the terminal's size, and the keys pressed before it.

    A word in angle brackets is a price that is typed: `<0.95>` is the selected token's, less 5 %.
    """

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    theme: str = "papertrader"


# To a token that is held, a buy at a limit that rests, then a bracket that is being written.
_FIND = ("/", *"weth base", "enter")
_RESTS = (*"b250", "up", "right", "down", "down", "<0.97>", "enter", "enter")
_BRACKET = (*"b100", "down", "<0.95>", "down", "<1.08>", "enter")
SHOTS = (
    Shot("desk", (140, 42), (*_FIND, *_RESTS, *_BRACKET)),
    Shot("desk-80x24", (80, 24), _FIND),
    Shot("desk-light", (140, 42), (*_FIND, *_RESTS), theme="papertrader-light"),
)


async def trade(folder: Path) -> None:
    """Let the bot trade, so that there is something to show."""
    settings = config.load(flags=_flags("max"), env=_env(folder))
    launch = Launch(headless=True, span=HOURS * HOUR, level=LEVEL, bot=True)
    async with open_desk(settings, launch) as opened:
        run = asyncio.ensure_future(opened.kernel.run())
        for command in launch.commands:
            await opened.kernel.submit(command)
        await run


async def shoot(folder: Path, shot: Shot) -> str:
    """The screen after the keys, as SVG."""
    settings = config.load(flags=_flags("120"), env=_env(folder))
    async with open_desk(settings, Launch(headless=False)) as opened:
        desk: Desk = opened.kernel
        app = PapertraderApp(desk, UiSettings(theme=shot.theme, reduce_motion=True))
        async with app.run_test(size=shot.size) as pilot:
            await until_ready(app)
            for key in shot.keys:
                await pilot.press(*_typed(key, app))
                await pilot.pause(0.05)
            app.clear_notifications()
            await pilot.pause(0.5)
            picture = app.export_screenshot(title="papertrader")
            await app.action_quit()
            await pilot.pause(0.5)
    return picture


def _typed(key: str, app: PapertraderApp) -> list[str]:
    """A named key as it is, a price as its digits."""
    row = app.desk_screen.selected_row
    if key == " ":
        return ["space"]
    if not key.startswith("<") or row is None or row.price is None:
        return [key]
    price = row.price * Decimal(key.strip("<>"))
    return list(f"{price:.{fmt.decimals_for(price)}f}")


async def until_ready(app: PapertraderApp) -> None:
    """Wait until tokens have prices, and most of them a decision."""
    for _ in range(600):
        await asyncio.sleep(0.05)
        rows = app.desk_screen.rows.values()
        if rows and sum(row.action is not None for row in rows) > len(rows) / 2:
            return
    raise SystemExit("the desk brought no decisions")


def on_the_grid(svg: str) -> str:
    """Place every character by itself: in whatever font, columns stay columns.

    Textual stretches runs of text to their width, which not every renderer can; it also names a
    font on a server, which a picture in a repository should not fetch.
    """

    def place(match: re.Match[str]) -> str:
        before, x, between, after, text = match.groups()
        places, characters = [], []
        at = float(x)
        for character in html.unescape(text):
            if not character.isspace():
                places.append(f"{at:.1f}")
                characters.append(html.escape(character))
            at += CELL * cell_len(character)
        if not places:
            return ""
        return f'<text {before}x="{" ".join(places)}"{between}{after}>{"".join(characters)}</text>'

    return _FACES.sub("", _TEXT.sub(place, svg)).replace("Fira Code, monospace", FONTS)


def write(name: str, svg: str) -> None:
    """Write the SVG and the PNG."""
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.svg").write_text(svg, encoding="utf-8")
    (OUT / f"{name}.png").write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=1720)))
    print(f"{name}.svg {name}.png", file=sys.stderr)


def _flags(speed: str) -> dict[str, tuple[str, str]]:
    wanted = {"market.kind": "demo", "market.seed": SEED, "market.speed": speed}
    return {name: ("screenshots", value) for name, value in wanted.items()}


def _env(folder: Path) -> dict[str, str]:
    nothing = folder / "config.toml"
    nothing.touch()
    return {
        **{name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ},
        "PAPERTRADER_DATA_DIR": str(folder / "data"),
        "PAPERTRADER_CONFIG": str(nothing),
    }


async def main() -> None:
    wanted = [shot for shot in SHOTS if not sys.argv[1:] or shot.name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await trade(folder)
        for shot in wanted:
            write(shot.name, on_the_grid(await shoot(folder, shot)))


if __name__ == "__main__":
    # Textual asks the environment about colours; a picture has them all.
    os.environ.pop("NO_COLOR", None)
    os.environ["COLORTERM"] = "truecolor"
    asyncio.run(main())
