"""What a person can set about the console itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class UiSettings:
    """Plain settings of the terminal front end.

    Attributes:
        theme: Name of a theme, ours or one of Textual's own.
        reduce_motion: No flashes on a price tick, no animation.
        keys: Key per command id, `{"order.buy": "B"}`; several keys are separated by commas.
    """

    theme: str = "papertrader"
    reduce_motion: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
