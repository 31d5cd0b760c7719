"""What was wrong with a tape: the error that stops it, and the rows that were left out."""

from __future__ import annotations

from dataclasses import dataclass, field

#: How many faults and gaps are kept word for word; all are counted.
KEPT = 20


class TapeError(ValueError):
    """A file that cannot be played; the message names it and the remedy."""


def printable(text: str, limit: int = 40) -> str:
    """Text from a file, fit for a terminal: ASCII, in quotes, cut."""
    shown = text if len(text) <= limit else text[:limit] + "..."
    return ascii(shown)


@dataclass(frozen=True, slots=True)
class Fault:
    """One row that was left out, or one gap.

    Attributes:
        line: Line in the file, the header being 1.
    """

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(slots=True)
class TapeReport:
    """What has been read so far, and what was not usable.

    Attributes:
        rows: Rows read, the header and empty lines not counted.
        bad: Rows left out because something in them is wrong.
        dust: Trades under a cent left out: their price is rounding.
        other: Rows of symbols that were not asked for.
        gaps: Times that candles are missing between two of a symbol.
        gap_ms: Market milliseconds missing in all gaps.
        faults, gap_list: The first of them.
    """

    rows: int = 0
    bad: int = 0
    dust: int = 0
    other: int = 0
    gaps: int = 0
    gap_ms: int = 0
    faults: list[Fault] = field(default_factory=list)
    gap_list: list[Fault] = field(default_factory=list)

    def fault(self, line: int, reason: str) -> None:
        """Count a bad row."""
        self.bad += 1
        if len(self.faults) < KEPT:
            self.faults.append(Fault(line, reason))

    def gap(self, line: int, symbol: str, missing_ms: int) -> None:
        """Count missing candles."""
        self.gaps += 1
        self.gap_ms += missing_ms
        if len(self.gap_list) < KEPT:
            reason = f"{symbol}: {missing_ms / 60_000:g} min of candles are missing before this row"
            self.gap_list.append(Fault(line, reason))

    def summary(self) -> str:
        """One line: `7,343 rows, 2 bad, 31 gaps (1,320 min)`."""
        parts = [f"{self.rows:,} rows"]
        parts += [
            f"{n:,} {what}"
            for n, what in (
                (self.bad, "bad"),
                (self.dust, "dust"),
                (self.other, "of other symbols"),
            )
            if n
        ]
        if self.gaps:
            parts.append(f"{self.gaps:,} gaps ({self.gap_ms / 60_000:,.0f} min)")
        return ", ".join(parts)
