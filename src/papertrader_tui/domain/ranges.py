"""Settings that have to lie in ranges: one check for every group of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def check_ranges(settings: DataclassInstance, ranges: Mapping[str, tuple[int, int]]) -> None:
    """Hold every setting of a group to its range.

    Raises:
        ValueError: one is out of range; the message names it and the range.
        KeyError: one has no range: a fault of the program.
    """
    for item in fields(settings):
        low, high = ranges[item.name]
        value = getattr(settings, item.name)
        if not low <= value <= high:
            msg = f"{item.name} is {value}; it must lie between {low} and {high}"
            raise ValueError(msg)
