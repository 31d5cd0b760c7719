"""A context as it was at one moment, for a story that may be told later or never.

Telling a decision's factors takes fifty times as long as making the decision, and a replay in
memory keeps many that nobody looks at. So a kept decision holds the numbers, and becomes words
when someone reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, overload

from papertrader_tui.domain.decision import Factor
from papertrader_tui.intel.context import Context

_CONTEXT = (
    "age_ms", "depth_source", "depth_time", "equity", "gas_rank", "gas_source", "gas_time",
    "gas_usd", "liquidity", "public_mempool", "source", "sources", "time", "value", "watch_drop",
)  # fmt: skip
_SERIES = (
    "atr", "bar_ms", "closed_at", "ema_fast", "ema_slow", "ref_bar", "ref_hour", "resistance",
    "rsi", "sigma", "sigma_long", "sigma_short", "support", "trend", "volume_ratio", "walks",
)  # fmt: skip
_FIT = ("t", "slope", "fit")
_context = attrgetter(*_CONTEXT)
_series = attrgetter(*_SERIES)
_fit = attrgetter(*_FIT)

Numbers = tuple[Any, Any, Any]


def take(ctx: Context) -> Numbers:
    """The numbers that a telling looks at."""
    return _context(ctx), _series(ctx.series), tuple(map(_fit, ctx.series.fits))


def view(numbers: Numbers) -> Any:
    """An object with the same attributes that the context had."""
    context, series, fits = numbers
    still = SimpleNamespace(**dict(zip(_CONTEXT, context, strict=True)))
    still.series = SimpleNamespace(**dict(zip(_SERIES, series, strict=True)))
    still.series.fits = tuple(SimpleNamespace(**dict(zip(_FIT, fit, strict=True))) for fit in fits)
    return still


class Told(Sequence[Factor]):
    """Factors that are worked out when someone first looks at them; equal to their tuple."""

    __slots__ = ("_factors", "_tell")

    def __init__(self, tell: Callable[[], tuple[Factor, ...]]) -> None:
        self._tell: Callable[[], tuple[Factor, ...]] | None = tell
        self._factors: tuple[Factor, ...] = ()

    def _all(self) -> tuple[Factor, ...]:
        if self._tell is not None:
            self._factors = self._tell()
            self._tell = None
        return self._factors

    @overload
    def __getitem__(self, index: int) -> Factor: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Factor]: ...

    def __getitem__(self, index: int | slice) -> Factor | Sequence[Factor]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[Factor]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Told):
            return self._all() == other._all()
        return self._all() == other

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())
