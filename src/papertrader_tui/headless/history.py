"""How far past candles have been filled in, as sentences for the narration."""

from __future__ import annotations

import math

from papertrader_tui.engine.snapshot import HistoryProgress

#: Series of candles between two sentences; a later round of fewer is not worth one.
STEP = 10


class HistoryWords:
    """Says where filling stands: when it begins, after every `STEP` series, when it is over."""

    def __init__(self) -> None:
        self._last: HistoryProgress | None = None
        self._filled = self._down = False

    def news(self, history: HistoryProgress | None) -> str:
        """A sentence about what is new since it was asked last, "" if there is nothing to say."""
        last, self._last = self._last, history
        if history is None or history == last:
            return ""
        filled, self._filled = self._filled, self._filled or history.over
        if filled and history.total < STEP and not history.failed:
            return ""  # the candles of the last minutes
        goes_on = last is not None and not last.over and last.total == history.total
        if goes_on and not history.over and last and history.done // STEP == last.done // STEP:
            return ""
        down, called_off = self._down, history.over and history.done < history.total
        self._down = called_off or (down and history.done < STEP and not history.over)
        if down and self._down:
            return ""  # no network, still: it is tried every minute
        return _ending(history) if history.over else _standing(history)


def _standing(history: HistoryProgress) -> str:
    text = f"history: {history.done} of {history.total} candle series filled in"
    if history.eta is None:
        return text
    minutes = math.ceil(history.eta / 60)
    return f"{text}, {'under a minute' if minutes <= 1 else f'about {minutes} minutes'} to go"


def _ending(history: HistoryProgress) -> str:
    if history.done < history.total:
        return "history: no source answers; it is filled in once one does"
    good = history.total - history.failed
    text = f"history: {good} of {history.total} candle series filled in"
    return f"{text}, the others are asked for again later" if history.failed else text
