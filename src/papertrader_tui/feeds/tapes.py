"""Several tapes as one recording, merged by time, in constant memory. It has no clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path

from papertrader_tui.domain.market import MarketInput, Quote
from papertrader_tui.domain.tokens import Chain, Registry, Token, TokenId
from papertrader_tui.engine.rows import iso
from papertrader_tui.feeds.tape_past import Past, typical_gas
from papertrader_tui.feeds.tape_reader import Stamp, TapeReader
from papertrader_tui.feeds.tape_report import TapeError
from papertrader_tui.registry import load_registry

#: At one instant finished bars come before the prices that the next ones open with.
_Entry = tuple[int, bool, int, MarketInput]


class Tapes:
    """One or more tape files, read as one.

    A token may be in several of them, one after the other (a file a month), not at once.

    Args:
        paths: CSV files of trades, quotes or candles, plain or gzipped.
        chain: Chain whose gas and block time orders get.
        zone, stamp, symbol: As in `TapeReader`, for each of them.
        since: Market milliseconds before which inputs only warm the indicators.
        until: Market milliseconds after which nothing is played.

    Attributes:
        readers: One a file.
        registry: The bundled chains and the tapes' tokens.
        watchlist: The tokens, in order of appearance.
        interval: The longest candle in milliseconds, 0 where there are none.
        awaited: Set it to be spared opening prices that nobody waits for, as `TapeReader.inputs`;
            of several tapes all are read, since one is always read ahead of the others.

    Raises:
        TapeError: a file cannot be played, or the chain is not known.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        chain: str = "base",
        zone: tzinfo | None = None,
        stamp: Stamp = "start",
        symbol: str | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> None:
        bundled = load_registry()
        if chain not in bundled.chains:
            msg = f"chain {chain!r} is not known; choose one of {', '.join(bundled.chains)}"
            raise TapeError(msg)
        if not paths:
            msg = "no tape was named; give the path of a CSV file"
            raise TapeError(msg)
        self.chain: Chain = bundled.chains[chain]
        self.readers = [
            TapeReader(Path(path), chain=chain, zone=zone, stamp=stamp, symbol=symbol)
            for path in paths
        ]
        tokens: dict[TokenId, Token] = {}
        for reader in self.readers:
            for token in reader.tokens.values():
                tokens.setdefault(token.id, token)
        self.registry = Registry(bundled.chains).with_tokens(tokens.values())
        self.watchlist = list(tokens)
        self.interval = max((n for r in self.readers for n in r.intervals.values()), default=0)
        self.awaited: Callable[[TokenId], bool] | None = None
        self._since = since
        self._until = until
        self._parts = [str(part) for part in (chain, zone, stamp, symbol) if part]

    @property
    def names(self) -> list[str]:
        """File names, fit for a terminal."""
        return [
            reader.file.path.name.encode("ascii", "replace").decode() for reader in self.readers
        ]

    @property
    def identity(self) -> str:
        """What decides which inputs come out: the files' SHA-256, and how they are read."""
        digests = [reader.file.digest() for reader in self.readers]
        return ":".join(["tape", *digests, *self._parts, str(self._since), str(self._until)])

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return sum(reader.file.size for reader in self.readers)

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return sum(reader.file.position for reader in self.readers)

    @property
    def rows(self) -> int:
        """Rows read so far."""
        return sum(reader.report.rows for reader in self.readers)

    def play(self) -> tuple[list[MarketInput], Iterator[MarketInput]]:
        """What warms a desk, and the inputs of the period, from the beginning.

        Raises:
            TapeError: there is no usable row in the period. Later, from the iterator: a token
                turns out to be in two tapes at once.
        """
        one = self.readers[0]
        inputs = self._merged() if len(self.readers) > 1 else one.inputs(self._is_awaited)
        past = Past(self.watchlist, self.interval)
        last = 0
        for item in inputs:
            last = item.time
            if self._since is None or last >= self._since:
                if self._until is not None and last > self._until:
                    break
                gas = typical_gas(self.registry, self.chain, last)
                return [*gas, *past.inputs(last)], self._until_end(item, inputs)
            past.add(item)
        raise TapeError(self._nothing(last))

    def _is_awaited(self, token: TokenId) -> bool:
        return self.awaited is None or self.awaited(token)

    def _until_end(
        self, first: MarketInput, following: Iterator[MarketInput]
    ) -> Iterator[MarketInput]:
        yield first
        until = self._until
        if until is None:
            yield from following
            return
        for item in following:
            if item.time > until:
                break
            yield item

    def _nothing(self, last: int) -> str:
        names = ", ".join(reader.file.name for reader in self.readers)
        faults = [str(fault) for reader in self.readers for fault in reader.report.faults][:3]
        if not last:
            return (
                f"{names}: none of its rows is usable: {'; '.join(faults) or 'every row is dust'}"
            )
        first = min(reader.first for reader in self.readers)
        return f"{names}: no row lies in that period; it begins at {iso(first)}"

    def _merged(self) -> Iterator[MarketInput]:
        streams = [_numbered(reader, number) for number, reader in enumerate(self.readers)]
        owner: dict[TokenId, int] = {}
        done: set[tuple[TokenId, int]] = set()
        for _, _, number, item in heapq.merge(*streams, key=_place):
            token = getattr(item, "token", "")
            before = owner.get(token, number)
            if before != number:
                done.add((token, before))
            if (token, number) in done:
                label = self.registry.tokens[token].symbol
                one, other = self.readers[before].file.name, self.readers[number].file.name
                msg = (
                    f"{one} and {other} both have {label} at {iso(item.time)}; play tapes of one "
                    "token one after the other, or choose one of them"
                )
                raise TapeError(msg)
            owner[token] = number
            yield item


def _numbered(reader: TapeReader, number: int) -> Iterator[_Entry]:
    for item in reader.inputs():
        yield item.time, type(item) is Quote and item.opening, number, item


def _place(entry: _Entry) -> tuple[int, bool, int]:
    return entry[:3]
