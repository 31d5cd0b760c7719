"""What swaps of any size cost in one pool, from samples of its own arithmetic."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

#: Halvings of one segment: to within a millionth of its length.
_STEPS = 20


class Curve:
    """Costs as fractions of a size in dollars: linear between samples, flat outside of them.

    Samples are made non-decreasing first: in a pool whose own price lies beside the market's a
    small swap may gain, and no size may look cheaper than a smaller one.
    """

    __slots__ = ("_both", "_impact", "_sizes")

    def __init__(
        self, sizes: Sequence[float], both: Sequence[float], impact: Sequence[float]
    ) -> None:
        """Take samples.

        Args:
            sizes: Dollars, rising, two or more.
            both: LP fee and impact of buying for that much and selling again.
            impact: The larger impact of the two swaps.

        Raises:
            ValueError: fewer than two samples, or not one of each per size.
        """
        if not len(sizes) == len(both) == len(impact) >= 2:
            msg = f"{len(sizes)} sizes, {len(both)} costs, {len(impact)} impacts; two or more each"
            raise ValueError(msg)
        self._sizes = tuple(sizes)
        self._both = tuple(accumulate((max(0.0, c) for c in both), max))
        self._impact = tuple(accumulate((max(0.0, c) for c in impact), max))

    def both(self, size: float) -> float:
        """LP fee and impact of going in and out with a size."""
        return self._at(self._both, size)

    def impact(self, size: float) -> float:
        """Impact of one swap of a size."""
        return self._at(self._impact, size)

    def size_for_impact(self, most: float) -> float:
        """The largest size sampled, or between samples, whose impact is at most this."""
        impact, sizes = self._impact, self._sizes
        above = bisect_right(impact, most)
        if not above:
            return 0.0
        if above == len(sizes):
            return sizes[-1]
        part = (most - impact[above - 1]) / (impact[above] - impact[above - 1])
        return sizes[above - 1] + part * (sizes[above] - sizes[above - 1])

    def paying(self, budget: float, gas: float) -> tuple[float, float] | None:
        """Sizes between which all cost at most `budget`; None where no sample does.

        Args:
            budget: A fraction of the size, for LP fees, impact and gas both ways.
            gas: Dollars of one swap.
        """
        sizes = self._sizes
        pays = [self._pays(size, budget, gas) for size in sizes]
        if True not in pays:
            return None
        top = low = len(pays) - 1 - pays[::-1].index(True)
        while low and pays[low - 1]:
            low -= 1
        largest = sizes[top]
        if top + 1 < len(sizes):
            largest = self._edge(sizes[top], sizes[top + 1], budget, gas)
        if low:
            return self._edge(sizes[low], sizes[low - 1], budget, gas), largest
        # below the first sample only gas counts
        return (2 * gas / (budget - self._both[0]) if gas > 0.0 else 0.0), largest

    def _at(self, values: tuple[float, ...], size: float) -> float:
        sizes = self._sizes
        above = bisect_right(sizes, size)
        if not above:
            return values[0]
        if above == len(sizes):
            return values[-1]
        part = (size - sizes[above - 1]) / (sizes[above] - sizes[above - 1])
        return values[above - 1] + part * (values[above] - values[above - 1])

    def _pays(self, size: float, budget: float, gas: float) -> bool:
        return self.both(size) + 2 * gas / size <= budget

    def _edge(self, good: float, bad: float, budget: float, gas: float) -> float:
        """The size nearest to `bad` that still pays."""
        for _ in range(_STEPS):
            middle = (good + bad) / 2
            if self._pays(middle, budget, gas):
                good = middle
            else:
                bad = middle
        return good
