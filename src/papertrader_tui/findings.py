"""One thing that `papertrader doctor` looked at, and how bad it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OK, NOTE, WARNING, FAULT = "ok", "note", "warning", "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        area: `settings`, `keys`, `sources`, `clock`, `chains`, `terminal` or `accounts`.
        state: `ok`, `note`, `warning` or `fault`.
        remedy: What to do about it, "" where nothing is.
        figures: What was measured, for programs.
    """

    area: str
    subject: str
    state: str
    text: str
    remedy: str = ""
    figures: Mapping[str, str | int | float | bool] = field(default_factory=dict)
