"""Which ticks are initialised, in words of 256 as the contracts keep them, and loaded as needed.

Source: `position` and `nextInitializedTickWithinOneWord` of TickBitmap (Uniswap v3 Core). A swap
looks no further than its word, so an empty word ends a step of its own, with its own rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from papertrader_tui.amm.errors import AmmError, TicksNotLoaded
from papertrader_tui.amm.tick_math import MAX_TICK, MIN_TICK


class Ticks(Protocol):
    """What a swap asks of a pool's ticks."""

    def next_initialized_within_word(self, tick: int, spacing: int, lte: bool) -> tuple[int, bool]:
        """The next tick at or below (`lte`), or above, or else the end of the word.

        Raises:
            TicksNotLoaded: the word is not known yet.
        """
        ...

    def net(self, tick: int) -> int:
        """Liquidity that joins when an initialised tick is crossed upward (negative: leaves)."""
        ...


def word_of(tick: int, spacing: int) -> int:
    """Index of the bitmap word that holds a tick; floors toward minus infinity."""
    return tick // spacing >> 8


@dataclass(frozen=True, slots=True)
class TickTable:
    """The known words of a pool's bitmap and the net liquidity of their ticks.

    Attributes:
        words: Bits by word index; a known word without ticks is 0.
        nets: Net liquidity by tick, for every bit set in `words`.
        complete: True if words that are not listed are empty, rather than unknown.
    """

    words: Mapping[int, int]
    nets: Mapping[int, int]
    complete: bool = False

    @classmethod
    def from_nets(cls, nets: Mapping[int, int], spacing: int) -> TickTable:
        """The table of a pool whose initialised ticks are all known.

        A tick is initialised while its gross liquidity is not 0, so a net of 0 counts.

        Raises:
            AmmError: a tick that is out of range or not a multiple of the spacing.
        """
        return cls(_words(nets, spacing), dict(nets), complete=True)

    def with_words(self, loaded: Mapping[int, Mapping[int, int]], spacing: int) -> TickTable:
        """A table that also knows these words.

        Args:
            loaded: Net liquidity of every initialised tick, by word index; {} for an empty word.
            spacing: Tick spacing of the pool.

        Raises:
            AmmError: a tick that does not belong into the word it was given for.
        """
        words, nets = dict(self.words), dict(self.nets)
        for word, ticks in loaded.items():
            found = _words(ticks, spacing)
            if found.keys() - {word}:
                msg = f"ticks {sorted(ticks)} are not all in word {word} at tick spacing {spacing}"
                raise AmmError(msg)
            words[word] = found.get(word, 0)
            nets.update(ticks)
        return TickTable(words, nets, self.complete)

    def next_initialized_within_word(self, tick: int, spacing: int, lte: bool) -> tuple[int, bool]:
        """See `Ticks`."""
        compressed = tick // spacing if lte else tick // spacing + 1
        word = compressed >> 8
        bits = self.words.get(word)
        if bits is None:
            if not self.complete:
                raise TicksNotLoaded(word)
            bits = 0
        position = compressed & 255
        if lte:
            bits &= (2 << position) - 1
            found = bits.bit_length() - 1 if bits else 0
        else:
            bits = bits >> position << position
            found = (bits & -bits).bit_length() - 1 if bits else 255
        return (word * 256 + found) * spacing, bits != 0

    def net(self, tick: int) -> int:
        """See `Ticks`.

        Raises:
            AmmError: the tick is not initialised.
        """
        try:
            return self.nets[tick]
        except KeyError:
            msg = f"no liquidity is known for tick {tick}; read the pool's ticks again"
            raise AmmError(msg) from None


def _words(nets: Mapping[int, int], spacing: int) -> dict[int, int]:
    words: dict[int, int] = {}
    for tick in nets:
        if tick % spacing or not MIN_TICK <= tick <= MAX_TICK:
            msg = f"tick {tick} cannot be initialised in a pool of tick spacing {spacing}"
            raise AmmError(msg)
        compressed = tick // spacing
        words[compressed >> 8] = words.get(compressed >> 8, 0) | 1 << (compressed & 255)
    return words
