"""One pass over a tape's lines: numbered, split and timed; those that are not usable reported."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TYPE_CHECKING

from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.feeds.tape_file import MAX_LINE
from papertrader_tui.feeds.tape_report import printable

if TYPE_CHECKING:
    from papertrader_tui.feeds.tape_reader import TapeReader

Row = tuple[int, int, TokenId, list[str]]
"""Line number, time, token and fields."""


class Lines:
    """The lines of a tape after its header, some hundred at a time.

    Each block goes either through `rows`, or in one piece through `columns` and `passed`.

    Attributes:
        last: Time of the last usable row.
    """

    def __init__(self, reader: TapeReader) -> None:
        self._reader = reader
        self._report = reader.report
        self._parse = reader.parser()
        self._number = 0
        self.last = 0

    def blocks(self) -> Iterator[list[str]]:
        """The lines, block by block; every block has to be gone through before the next."""
        for block in self._reader.blocks():
            lines = block if self._number else block[1:]
            if not self._number:
                self._number = 1
            self._report.rows += len(lines)
            yield lines

    def rows(self, block: list[str]) -> Iterator[Row]:
        """Each usable row of a block; the others are reported."""
        report, columns = self._report, self._reader.columns
        delimiter, count = columns.delimiter, columns.count
        at_time = columns.at["time"]
        at_symbol = columns.at.get("symbol", -1)
        lone = self._reader.lone or ""
        wanted = self._reader.wanted
        parse = self._parse
        number = self._number
        self._number += len(block)
        for line in block:
            number += 1
            if not line:
                report.rows -= 1
                continue
            fields = line.split(delimiter) if '"' not in line else quoted(line, delimiter)
            if len(fields) != count or len(line) > MAX_LINE:
                report.fault(number, shape(line, fields, count))
                continue
            try:
                time = parse(fields[at_time])
            except (ValueError, OverflowError) as error:
                report.fault(number, str(error))
                continue
            if time < self.last:
                shown = printable(fields[at_time])
                report.fault(number, f"time {shown} is before the row above")
                continue
            raw = fields[at_symbol] if at_symbol >= 0 else lone
            token = wanted.get(raw, "")
            if not token:
                if token is None:
                    report.other += 1
                else:
                    report.fault(number, f"symbol {printable(raw)} is not in the first rows")
                continue
            self.last = time
            yield number, time, token, fields

    def columns(self, block: list[str]) -> tuple[list[int], list[TokenId], list[tuple[str, ...]]]:
        """Times, tokens and all columns of a block that has nothing to report.

        Taking a block apart by columns costs a third of going through its rows.

        Raises:
            ValueError: something in it is not plain; go through its rows.
        """
        reader = self._reader
        columns = reader.columns
        split = [line.split(columns.delimiter) for line in block]
        if (
            set(map(len, split)) != {columns.count}
            or max(map(len, block)) > MAX_LINE
            or '"' in "".join(block)
        ):
            raise ValueError
        cut = list(zip(*split, strict=True))
        try:
            times = self._parse.many(cut[columns.at["time"]])
        except OverflowError:
            raise ValueError from None
        if times[0] < self.last or any(map(int.__gt__, times, times[1:])):
            raise ValueError
        raws = cut[columns.at["symbol"]] if "symbol" in columns.at else (reader.lone or "",)
        tokens = {raw: reader.wanted.get(raw) for raw in set(raws)}
        if not all(tokens.values()):
            raise ValueError
        if len(tokens) == 1:
            known = list(tokens.values()) * len(block)
        else:
            known = [tokens[raw] for raw in raws]
        return times, known, cut  # type: ignore[return-value]

    def passed(self, block: list[str], last: int) -> None:
        """A whole block was taken apart by columns; its last row is from then."""
        self._number += len(block)
        self.last = last


def quoted(line: str, delimiter: str) -> list[str]:
    """The fields of a line with quotation marks; none if one is not closed."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def shape(line: str, fields: list[str], count: int) -> str:
    """What is wrong with a line that has not as many fields as the header."""
    if len(line) > MAX_LINE:
        return f"longer than {MAX_LINE:,} characters"
    if not fields:
        return "a quotation mark is not closed"
    return f"{len(fields)} fields where the header has {count}"
