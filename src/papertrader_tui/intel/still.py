"""A context as it was at one moment, for a story that may be told later or never.

Telling a decision's factors takes fifty times as long as making the decision, and a replay in
memory keeps many that nobody looks at. So a kept decision holds the numbers, and becomes words
when someone reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, TypeVar, overload

from papertrader_tui.domain.market import DAY
from papertrader_tui.intel.context import Context

_CONTEXT = (
    "age_ms", "blocked", "blocked_reason", "cases", "cash", "curve", "depth_source", "depth_time",
    "equity", "exits", "exposure", "fault", "fee_bps", "gas_fullness", "gas_rank", "gas_source",
    "gas_time", "gas_usd", "held", "limit", "liquidity", "max_age_ms", "opened", "pnl", "profile",
    "public_mempool", "rules", "source", "sources", "spread", "time", "value", "volume_24h",
    "volume_change", "volume_span", "watch_drop",
)  # fmt: skip
_PLAN = ("entry", "guard", "high", "stop", "taken", "target")
_SERIES = (
    "atr", "bar_ms", "bars", "closed_at", "ema_fast", "ema_slow", "ref_bar", "ref_hour",
    "resistance", "rsi", "sigma", "sigma_long", "sigma_short", "support", "trend",
    "volume_ratio", "walks",
)  # fmt: skip
_FIT = ("t", "slope", "fit")
_context = attrgetter(*_CONTEXT)
_series = attrgetter(*_SERIES)
_fit = attrgetter(*_FIT)
_plan = attrgetter(*_PLAN)

Numbers = tuple[Any, ...]


def take(ctx: Context) -> Numbers:
    """The numbers that a telling looks at."""
    series, plan = ctx.series, ctx.plan
    return (
        _context(ctx),
        _series(series),
        tuple(map(_fit, series.fits)),
        None if plan is None else _plan(plan),
        ctx.marks.expected,
        series.at(ctx.time - DAY),
    )


def view(numbers: Numbers) -> Any:
    """An object with the same attributes that the context had."""
    context, series, fits, plan, expected, day = numbers
    still = SimpleNamespace(**dict(zip(_CONTEXT, context, strict=True)))
    still.series = SimpleNamespace(**dict(zip(_SERIES, series, strict=True)))
    still.series.fits = tuple(SimpleNamespace(**dict(zip(_FIT, fit, strict=True))) for fit in fits)
    still.day_before = day
    still.plan = None if plan is None else SimpleNamespace(**dict(zip(_PLAN, plan, strict=True)))
    still.marks = SimpleNamespace(expected=expected)
    return still


T = TypeVar("T")


class Told(Sequence[T]):
    """What is worked out when someone first looks at it; equal to its tuple."""

    __slots__ = ("_items", "_tell")

    def __init__(self, tell: Callable[[], tuple[T, ...]]) -> None:
        self._tell: Callable[[], tuple[T, ...]] | None = tell
        self._items: tuple[T, ...] = ()

    def _all(self) -> tuple[T, ...]:
        if self._tell is not None:
            self._items = self._tell()
            self._tell = None
        return self._items

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[T]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Told):
            return self._all() == other._all()
        return self._all() == other

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())
