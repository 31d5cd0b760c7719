"""A tape as market inputs: CSV of trades, quotes or candles, streamed in constant memory.

No look-ahead: a candle's bar is handed out at the candle's end, and only its opening price at
its start, as a quote that orders may land on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, tzinfo
from heapq import heappop, heappush
from itertools import chain as chained
from itertools import islice
from pathlib import Path
from typing import Literal

from papertrader_tui.domain.market import MarketInput
from papertrader_tui.domain.tokens import Token, TokenId
from papertrader_tui.feeds import tape_runs
from papertrader_tui.feeds.tape_columns import Columns, find_columns
from papertrader_tui.feeds.tape_file import MAX_LINE, DamagedTapeError, TapeFile
from papertrader_tui.feeds.tape_lines import Lines, quoted, shape
from papertrader_tui.feeds.tape_report import TapeError, TapeReport, printable
from papertrader_tui.feeds.tape_rows import CandleRows, TradeRows, opening, quotes
from papertrader_tui.feeds.tape_symbols import name_tokens, split_pair, symbol_of_name
from papertrader_tui.feeds.tape_time import CountParser, IsoParser, names_zone, unit_of

#: Rows looked at before playing: symbols, the unit of time and the length of candles.
PREFIX_ROWS = 20_000

Stamp = Literal["start", "end"]


class TapeReader:
    """One tape: what it holds, and its inputs.

    Args:
        path: CSV file, plain or gzipped.
        chain: Chain that its tokens are put on.
        zone: Zone of times that name none; None reads them as UTC and says so.
        stamp: Whether a candle's time is its start or its end.
        symbol: Play only this symbol; for a file without a symbol column, its name.

    Attributes:
        tokens: By symbol as it stands in the file, in order of appearance.
        called: What the tape calls a token that it names by its id.
        intervals: Length of a candle per token, milliseconds; empty for other tapes.
        notes: How the file was understood, in sentences.
        first: Time of the first usable row.
        report: Rows read and left out so far; starts anew with `inputs`.

    Raises:
        TapeError: the file cannot be played; the message says why and what to do.
    """

    def __init__(
        self,
        path: Path,
        *,
        chain: str = "base",
        zone: tzinfo | None = None,
        stamp: Stamp = "start",
        symbol: str | None = None,
    ) -> None:
        self.file = TapeFile(path)
        self.report = TapeReport()
        self.columns: Columns = self._header()
        self.notes: list[str] = list(self.columns.notes)
        self._zone = zone
        self._stamp = stamp
        self.lone = (
            None
            if "symbol" in self.columns.at
            else symbol or symbol_of_name(path.name.split(".")[0])
        )
        self._unit: str | None = None
        self.called: dict[str, str] = {}
        self.first, seen, steps = self._look()
        only = symbol if self.lone is None else None
        self.tokens: dict[str, Token] = name_tokens(seen, chain, only, self.file.name, self.called)
        bare = [
            token.symbol
            for raw, token in self.tokens.items()
            if token.id != raw.lower() and not split_pair(self.called.get(raw, raw))[1]
        ]
        if bare:
            self.notes.append(f"{' '.join(bare[:6])}: no quote unit named, taken as dollars")
        self._labels = {token.id: token.symbol for token in self.tokens.values()}
        self.wanted: dict[str, TokenId | None] = {
            raw: self.tokens[raw].id if raw in self.tokens else None for raw in seen
        }
        self.intervals: dict[TokenId, int] = {}
        if self.columns.kind.endswith("candles"):
            self.intervals = self._lengths(steps)

    def inputs(self, awaited: Callable[[TokenId], bool] | None = None) -> Iterator[MarketInput]:
        """All inputs in time order, from the file's beginning.

        At one instant: the bars that end then, in the file's order, then the opening prices.

        Args:
            awaited: Whether anyone waits for a token's opening price, asked as each comes up;
                None hands out all of them.
        """
        self.report = TapeReport()
        kind = self.columns.kind
        lines = Lines(self)
        if kind == "trades":
            return tape_runs.trades(lines, TradeRows(self))
        if kind == "quotes":
            return quotes(self, chained.from_iterable(map(lines.rows, lines.blocks())))
        return self._in_order(lines, awaited)

    def describe(self) -> str:
        """One line: `candles of 1 min, BTC ETH LTC`."""
        names = [token.symbol for token in self.tokens.values()]
        shown = " ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        lengths = sorted(set(self.intervals.values()))
        length = f" of {'/'.join(f'{ms / 60_000:g}' for ms in lengths)} min" if lengths else ""
        return f"{self.columns.kind}{length}, {shown}"

    def label(self, token: TokenId) -> str:
        """The symbol of a token of this tape."""
        return self._labels[token]

    def blocks(self) -> Iterator[list[str]]:
        """All lines, some hundred at a time; damage to the file is reported."""
        try:
            yield from self.file.blocks()
        except DamagedTapeError as error:
            self.report.fault(self.report.rows + 2, str(error))

    def _lines(self) -> Iterator[str]:
        return chained.from_iterable(self.blocks())

    def _header(self) -> Columns:
        header = next(self._lines(), "")
        if self.report.bad or len(header) > MAX_LINE or "\0" in header:
            msg = f"{self.file.name} is not CSV text in UTF-8; convert or unpack it first"
            raise TapeError(msg)
        return find_columns(header, self.file.name)

    def _look(self) -> tuple[int, dict[str, int], dict[str, list[int]]]:
        """First time, rows per symbol, and steps between them, from a bounded part of the file."""
        columns = self.columns
        at_label = columns.at.get("label")
        parse: CountParser | IsoParser | None = None
        seen: Counter[str] = Counter()
        latest: dict[str, int] = {}
        steps: dict[str, list[int]] = {}
        first = 0
        problem = "it has no rows after the header"
        for line in islice(self._lines(), 1, PREFIX_ROWS):
            fields = (
                quoted(line, columns.delimiter) if '"' in line else line.split(columns.delimiter)
            )
            if len(fields) != columns.count:
                if line:
                    problem = shape(line, fields, columns.count)
                continue
            text = fields[columns.at["time"]]
            raw = fields[columns.at["symbol"]] if self.lone is None else self.lone
            try:
                if parse is None:
                    self._understand_time(text)
                    parse = self.parser()
                time = parse(text)
            except (ValueError, OverflowError) as error:
                problem = str(error)
                continue
            if not raw.strip():
                continue
            first = first or time
            seen[raw] += 1
            if at_label is not None:
                self.called.setdefault(raw, fields[at_label])
            step = time - latest.get(raw, time)
            latest[raw] = time
            if step > 0:
                steps.setdefault(raw, []).append(step)
        if not seen:
            msg = f"{self.file.name}: no row could be read: {problem}"
            raise TapeError(msg)
        return first, seen, steps

    def _understand_time(self, text: str) -> None:
        self._unit = unit_of(text)
        named = printable(self.columns.names["time"])
        if self._unit:
            self.notes.append(f"{named} counts {self._unit} since 1970, UTC")
        elif names_zone(text):
            self.notes.append(f"{named} is ISO 8601 with its zone")
        elif self._zone is None:
            self.notes.append(f"{named} names no zone and is read as UTC")
        else:
            self.notes.append(f"{named} names no zone and is read as {self._zone}")

    def parser(self) -> CountParser | IsoParser:
        """Reads this tape's times."""
        return CountParser(self._unit) if self._unit else IsoParser(self._zone or UTC)

    def _lengths(self, steps: dict[str, list[int]]) -> dict[TokenId, int]:
        every = [step for own in steps.values() for step in own]
        if not every:
            msg = (
                f"{self.file.name}: the length of its candles cannot be told from one candle a "
                "symbol; give a tape with more rows"
            )
            raise TapeError(msg)
        self.notes.append(f"a candle's time is its {self._stamp}")
        usual = _commonest(every)
        return {
            token.id: _commonest(steps[raw]) if raw in steps else usual
            for raw, token in self.tokens.items()
        }

    def _in_order(
        self, lines: Lines, awaited: Callable[[TokenId], bool] | None
    ) -> Iterator[MarketInput]:
        """Bars at their end, opening prices at their start, by one small queue."""
        shift = self.intervals if self._stamp == "end" else dict.fromkeys(self.intervals, 0)
        read = tape_runs.candles(lines, CandleRows(self, shift))
        if len(shift) == 1 and "liquidity" not in self.columns.at:
            # one symbol's candles never overlap: each bar is due before the next opening
            for bar, first, _ in read:
                if awaited is None or awaited(bar.token):
                    yield opening(bar, first)
                yield bar
            return
        waiting: list[tuple[int, int, MarketInput]] = []
        order = now = 0
        for bar, first, depth in read:
            start = bar.start
            while waiting and waiting[0][0] <= start:
                now, _, due = heappop(waiting)
                yield due
            # Where candles of several lengths are stamped by their end, a long one's opening may
            # be known only after later rows: too late to trade on.
            if start >= now:
                now = start
                if awaited is None or awaited(bar.token):
                    yield opening(bar, first)
            if depth is not None:
                heappush(waiting, (bar.end, order, depth))
            heappush(waiting, (bar.end, order + 1, bar))
            order += 2
        while waiting:
            yield heappop(waiting)[2]


def read_inputs(
    path: Path,
    *,
    chain: str = "base",
    zone: tzinfo | None = None,
    stamp: Stamp = "start",
    symbol: str | None = None,
) -> Iterator[MarketInput]:
    """All inputs of a tape; see `TapeReader` for the arguments.

    Raises:
        TapeError: the file cannot be played.
    """
    return TapeReader(path, chain=chain, zone=zone, stamp=stamp, symbol=symbol).inputs()


def _commonest(steps: list[int]) -> int:
    """The most frequent; of several such, the shortest."""
    counts = Counter(steps)
    return min(counts, key=lambda step: (-counts[step], step))
