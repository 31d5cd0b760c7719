"""What the status line says, and what it leaves out where there is no room. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from papertrader_tui.domain.events import KillMode
from papertrader_tui.domain.money import sub
from papertrader_tui.engine.snapshot import Snapshot
from papertrader_tui.tui import formatting as fmt
from papertrader_tui.tui import speeds
from papertrader_tui.tui.wording import KILL_NAMES

MUTED = "$foreground 56%"
Part = tuple[str, str]
GAP = 3


@dataclass(frozen=True, slots=True)
class Item:
    """One fact of the status line.

    Attributes:
        parts: Texts with their styles.
        rank: 0 stays longest; the highest rank goes first on a narrow terminal.
    """

    parts: tuple[Part, ...]
    rank: int

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return sum(cell_len(text) for text, _ in self.parts)


def items(snapshot: Snapshot) -> list[Item]:
    """Every fact, in the order in which they stand."""
    totals = snapshot.totals
    gain = sub(totals.equity, totals.initial)
    fraction = float(gain) / float(totals.initial) if totals.initial else 0.0
    day = fmt.money(snapshot.day_pnl, sign=True)
    found = [
        Item(((f" {fmt.clean(snapshot.badge, 10)} ", _badge_style(snapshot.badge)),), 0),
        Item(
            (
                ("equity ", MUTED),
                (fmt.money(totals.equity), "bold"),
                _gain(fraction),
            ),
            0,
        ),
        Item(
            (
                ("day ", MUTED),
                (day, _style(day)),
            ),
            3,
        ),
        Item((("cash ", MUTED), (fmt.money(totals.cash), "")), 4),
        _feed(snapshot),
        *_history(snapshot),
        Item((("bot ", MUTED), ("ON", "$accent bold") if snapshot.bot else ("OFF", "bold")), 1),
        Item(((f"L{snapshot.level} ", "bold"), (fmt.clean(snapshot.level_name, 20), "")), 5),
    ]
    if snapshot.kill is not KillMode.OFF:
        text = f" KILL {KILL_NAMES[snapshot.kill].upper()} "
        found.append(Item(((text, "$background on $warning bold"),), 0))
    tripped = [gate.gate for gate in snapshot.gates if gate.tripped]
    if not snapshot.gates_on:
        found.append(Item((("gates off", "$warning"),), 2))
    elif tripped:
        more = f" +{len(tripped) - 1}" if len(tripped) > 1 else ""
        name = fmt.clean(tripped[0].replace("_", " "), 20)
        found.append(Item(((f"gate {name}{more}", "$warning bold"),), 1))
    found.append(
        Item((("reconciled ", MUTED), ("✓", "$success")), 7)
        if totals.reconciled
        else Item((("NOT RECONCILED", "$background on $error bold"),), 0)
    )
    found.append(Item(((fmt.clean(snapshot.account, 16), MUTED),), 9))
    return found


def clock_item(snapshot: Snapshot) -> Item:
    """The market's clock with its speed, at the right edge."""
    parts: list[Part] = []
    if snapshot.progress is not None:
        parts.append((f"{fmt.percent(snapshot.progress, 0, sign=False)} ", MUTED))
    if snapshot.market != "live":
        parts.append((f"{speeds.words(snapshot.speed)} ", "$warning"))
    parts.append((fmt.clock(snapshot.now), ""))
    return Item(tuple(parts), 2)


def fit(found: Sequence[Item], clock: Item, width: int) -> list[Part]:
    """As much as fits into one line of `width` cells: what matters least is left out whole."""
    kept = [*found, clock]
    while len(kept) > 1 and _length(kept) > width:
        least = max(item.rank for item in kept)
        last = max(i for i, item in enumerate(kept) if item.rank == least)
        del kept[last]
    line: list[Part] = []
    used = 0
    for item in kept:
        if item is clock and line:
            gap = max(1, width - used - item.width - 1)
        else:
            gap = GAP if line else 0
        line.append((" " * gap, ""))
        line += item.parts
        used += gap + item.width
    return line


def _length(kept: Sequence[Item]) -> int:
    return sum(item.width for item in kept) + GAP * (len(kept) - 1) + 1


def _feed(snapshot: Snapshot) -> Item:
    """Sources that answer, of those asked, of a live market; fresh prices on others."""
    if snapshot.feed is not None:
        up, total = snapshot.feed.up, snapshot.feed.asked
        stale = any(row.stale for row in snapshot.tokens)
        none = "$error" if total else "$warning"  # nobody has been asked yet
        tone = "$success" if 0 < up == total and not stale else "$warning" if up else none
        return Item((("● ", tone), ("sources ", MUTED), (f"{up}/{total}", "")), 6)
    priced = [row for row in snapshot.tokens if row.price is not None]
    fresh = sum(1 for row in priced if not row.stale)
    style = "$success" if fresh == len(snapshot.tokens) and fresh else "$warning"
    return Item((("● ", style), ("prices ", MUTED), (f"{fresh}/{len(snapshot.tokens)}", "")), 6)


def _history(snapshot: Snapshot) -> list[Item]:
    """How far past candles are filled in, while they are: indicators are not warm before."""
    history = snapshot.feed.history if snapshot.feed is not None else None
    if history is None or history.over:
        return []
    return [Item((("history ", MUTED), (f"{history.done}/{history.total}", "")), 2)]


def _badge_style(badge: str) -> str:
    return "$background on $success bold" if badge == "LIVE" else "$background on $warning bold"


def _gain(fraction: float) -> Part:
    text = fmt.percent(fraction)
    arrow = fmt.arrow(fmt.direction(text)).strip()
    return f" {arrow} {text}" if arrow else f" {text}", _style(text)


def _style(text: str) -> str:
    """Of a change as it is shown: what rounds to zero is neither gain nor loss."""
    return (MUTED, "$success", "$error")[fmt.direction(text)]
