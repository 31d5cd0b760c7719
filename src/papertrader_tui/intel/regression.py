"""A rolling least squares line, updated in constant time per value."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

#: A fit with no residual at all has an infinite t-statistic; it is reported as this.
T_LIMIT = 999.0
_ZERO = 1e-12  # of the sum of squares: what is below is rounding


class Regression:
    """Least squares line through the last `size` values at x = 0, 1, … size-1.

    Slope, t-statistic and R² are the textbook ones: b = Sxy/Sxx, t = b / sqrt(SSE/(n-2)/Sxx),
    R² = Sxy²/(Sxx Syy) with the sign of the slope.

    Attributes:
        slope: Per value; None until `size` values are in.
        fit: R² with the sign of the slope, -1 to 1; 0 where all values are the same.
    """

    __slots__ = ("_last", "_mean_x", "_sum", "_sum_xy", "_sum_yy", "_sxx", "count", "fit", "size",
                 "slope")  # fmt: skip

    def __init__(self, size: int) -> None:
        self.size = size
        self._last = size - 1
        self._mean_x = (size - 1) / 2
        self._sxx = size * (size * size - 1) / 12
        self.clear()

    def clear(self) -> None:
        """Forget all values."""
        self.count = 0
        self._sum = self._sum_xy = self._sum_yy = 0.0
        self.slope: float | None = None
        self.fit = 0.0

    def push(self, new: float, old: float) -> None:
        """Add a value; `old` is the one that leaves (ignored while the window fills)."""
        if self.count == self.size:
            # every x moves down by one, which takes the sum of the values that stay off Sxy
            total = self._sum - old
            xy = self._sum_xy = self._sum_xy + self._last * new - total
            self._sum = total = total + new
            yy = self._sum_yy = self._sum_yy + new * new - old * old
        else:
            xy = self._sum_xy = self._sum_xy + self.count * new
            total = self._sum = self._sum + new
            yy = self._sum_yy = self._sum_yy + new * new
            self.count += 1
            if self.count < self.size:
                return
        sxy = xy - self._mean_x * total
        syy = yy - total * total / self.size
        self.slope = slope = sxy / self._sxx
        if syy > _ZERO * yy:
            fit = slope * sxy / syy
            if fit > 1.0:  # by rounding
                fit = 1.0
            self.fit = fit if sxy > 0.0 else -fit
        else:
            self.slope = self.fit = 0.0

    def recompute(self, values: Iterable[float]) -> None:
        """Start anew from these values (oldest first), dropping accumulated rounding."""
        self.clear()
        for value in values:
            self.push(value, 0.0)

    @property
    def t(self) -> float | None:
        """t-statistic of the slope, within ±`T_LIMIT`; None until `size` values are in."""
        if self.slope is None:
            return None
        share = abs(self.fit)
        free = 1.0 - share
        if free * T_LIMIT * T_LIMIT <= share * (self.size - 2):
            return T_LIMIT if self.fit > 0 else -T_LIMIT
        t = sqrt(share * (self.size - 2) / free)
        return t if self.fit > 0 else -t
