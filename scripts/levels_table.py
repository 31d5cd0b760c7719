"""Writes docs/levels.md: what each level did on recorded tapes, net of costs, beside holding.

`make levels TAPES="a.csv b.csv"`. Nothing is chosen: every tape that is named, all ten levels, one
seed, the default account. The same tapes give the same table.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "levels.md"
HEAD = """# What the levels did on recorded tapes

Made by `make levels TAPES="…"` ({program}); do not edit. Each level begins with $10,000, trades
what the tape holds with full costs (LP fee, impact, gas of Base where the tape says nothing
better), and is valued at the tape's last price. "Before costs" is the same level on the same tape
where swaps and gas cost nothing: it decides differently then, so it is no simple difference.
Buy-and-hold puts the cash in equal parts into the tape's tokens at the first price, without
costs; cash stays where it is.

A day or two of prices proves nothing about a level. The page is here so that nobody has to take our
word: it shows what was lost as it shows what was won.
"""
COLUMNS = (
    "| level | return | max drawdown | fills | closed, won | LP fee + impact + gas | before costs |"
)


def swept(tapes: list[Path], costs: str, folder: Path) -> dict[tuple[str, int], dict[str, str]]:
    """The sweep's rows by tape and level."""
    command = [sys.executable, "-m", "papertrader_tui", "sweep", *map(str, tapes)]
    command += ["--levels", "1-10", "--costs", costs, "--out", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with (folder / "sweep.csv").open(newline="") as file:
        return {(row["tape"], int(row["level"])): row for row in csv.DictReader(file)}


def percent(text: str) -> str:
    """A fraction as the tables have it."""
    return f"{float(text):+.2%}" if text else "–"


def table(tape: str, full: dict[tuple[str, int], dict[str, str]],
          free: dict[tuple[str, int], dict[str, str]]) -> str:  # fmt: skip
    """One tape's part of the page."""
    first = full[tape, 1]
    span = f"{first['since'][:16]} to {first['until'][:16]} UTC"
    held = f"{percent(first['hold_return'])} (drawdown {percent(first['hold_drawdown'])})"
    lines = [
        f"\n## {tape}\n",
        f"{span}. Buy-and-hold {held}, cash +0.00%.\n",
        COLUMNS,
        "|---|---|---|---|---|---|---|",
    ]
    for level in range(1, 11):
        row, without = full[tape, level], free[tape, level]
        costs = sum(float(row[name] or 0) for name in ("lp_fees", "impact", "mev", "gas"))
        lines.append(
            f"| {level} | {percent(row['total_return'])} | {percent(row['max_drawdown'])} "
            f"| {row['fills']} | {row['closed']}, {row['wins']} | ${costs:,.2f} "
            f"| {percent(without['total_return'])} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tapes", nargs="+", type=Path, metavar="TAPE")
    tapes = parser.parse_args().tapes
    missing = [str(tape) for tape in tapes if not tape.is_file()]
    if missing:
        parser.error(f"there is no file {missing[0]}")
    version = subprocess.run(
        [sys.executable, "-m", "papertrader_tui", "--version"], check=True, capture_output=True,
        text=True,
    ).stdout.strip()  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        full = swept(tapes, "full", Path(folder) / "full")
        free = swept(tapes, "none", Path(folder) / "none")
    parts = [table(tape.name, full, free) for tape in tapes]
    TARGET.write_text(HEAD.format(program=version) + "".join(parts))
    print(f"wrote {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
